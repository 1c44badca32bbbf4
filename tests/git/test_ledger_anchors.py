"""Trailers and tags that anchor the ledger outside its files: made, refused, read back."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path

import pytest

from dvc_labelmeta.model.anchor import TRAILER, Anchor
from dvc_labelmeta.read.anchors import anchors
from dvc_labelmeta.read.git import open_repository
from dvc_labelmeta.read.ledger import Disk
from dvc_labelmeta.read.signatures import Signers
from tests.repo import Repo
from tests.ssh import Keys

pytestmark = pytest.mark.inside

HEADS = "labelmeta/ledger/heads"


def read(repo: Repo, *, signed: bool = False, folder: str = "", allowed: str = "") -> list[Anchor]:
    repository = open_repository(str(repo.path / folder))
    signers = Signers(repository, allowed) if signed else None
    with repository.git.objects() as objects:
        return anchors(repository, objects, Disk(str(repo.path / folder)), signers)


def heads(repo: Repo, folder: str = "") -> tuple[str, ...]:
    return tuple(sorted(path.name for path in (repo.path / folder / HEADS).iterdir()))


def test_a_commit_takes_the_trailer_and_tells_it(linked: Repo) -> None:
    linked.bump("2.0.0", "delighted")
    linked.labelmeta("link", "--all")
    said = linked.labelmeta("ledger", "anchor").out.strip()
    (head,) = heads(linked)
    assert said.startswith(f"Labelmeta-Ledger: {head} ")
    linked.git("add", "-A")
    linked.git("commit", "-q", "-m", "Link anew", "--trailer", said)
    commit = linked.git("rev-parse", "HEAD")
    (one,) = read(linked)
    assert (one.kind, one.name, one.commit, one.heads) == ("trailer", commit, commit, (head,))
    assert one.held == (head,)
    assert one.total == len([*linked.path.glob("labelmeta/ledger/events/*/*.json")])
    assert (one.inside, one.signature, one.fault) == (True, "", "")


def test_of_a_merge_all_heads_are_told(linked: Repo) -> None:
    linked.bump("2.0.0", "delighted")
    for split in ("dev", "train"):
        linked.git("checkout", "-q", "-b", split, "main")
        linked.labelmeta("link", f"data/{split}.csv")
        linked.commit(f"Link {split} anew")
    linked.git("merge", "-q", "--no-edit", "dev")
    both = heads(linked)
    assert len(both) == 2
    said = linked.labelmeta("ledger", "anchor").out.strip()
    total = len([*linked.path.glob("labelmeta/ledger/events/*/*.json")])
    assert said == f"Labelmeta-Ledger: {','.join(both)} {total}"
    linked.git("commit", "-q", "--amend", "--no-edit", "--trailer", said)
    (one,) = read(linked)
    assert one.heads == one.held == both


def test_a_trailer_that_says_nothing_and_one_of_a_squash(linked: Repo) -> None:
    old = "a" * 64
    linked.git("commit", "-q", "--allow-empty", "-m", "x\n\nLabelmeta-Ledger: soon")
    linked.git(
        "commit", "-q", "--allow-empty", "-m",
        f"y\n\nLabelmeta-Ledger: {old} 1\nlabelmeta-ledger: {heads(linked)[0]} 2",
    )  # fmt: skip
    two, one = read(linked)
    assert "'soon'" in one.fault
    assert (two.heads, two.total) == (heads(linked), 2)  # the last one counts


def test_a_tag_needs_a_ledger_that_is_committed(
    linked: Repo, new_repo: Callable[[str], Repo]
) -> None:
    linked.labelmeta("unlink", "data/dev.csv")
    ran = linked.labelmeta("ledger", "anchor", "--tag", code=2)
    assert "HEAD does not hold the ledger" in ran.err
    linked.commit("Unlink")
    total = len([*linked.path.glob("labelmeta/ledger/events/*/*.json")])
    name = f"labelmeta/{total}"
    assert "would tag" in linked.labelmeta("ledger", "anchor", "--tag", "--dry-run").out
    assert linked.git("tag") == ""
    assert f"{name} tags" in linked.labelmeta("ledger", "anchor", "--tag").out
    assert "is there already" in linked.labelmeta("ledger", "anchor", "--tag").out
    (one,) = read(linked, signed=True)
    commit = linked.git("rev-parse", "HEAD")
    assert one == Anchor(
        "tag", name, commit, heads(linked), total, heads(linked), inside=True, signature="none"
    )
    ran = linked.labelmeta("ledger", "anchor", "--tag", "--sign", code=2)
    assert "unsigned" in ran.err

    empty = new_repo("empty")
    empty.write("labelmeta.yaml", "version: 1\nguidelines: {}\n")
    assert "no event yet" in empty.labelmeta("ledger", "anchor", code=2).err
    assert read(empty) == []


def test_options_that_mean_nothing_together(linked: Repo) -> None:
    assert "--tag too" in linked.labelmeta("ledger", "anchor", "--sign", code=2).err
    for more in (("--rev", "HEAD"), ("--into", "x")):
        ran = linked.labelmeta("ledger", "anchor", "--tag", *more, code=2)
        assert "without --rev" in ran.err
    assert "no such file" in linked.labelmeta("ledger", "anchor", "--into", "x", code=2).err


def test_tags_that_were_moved_or_made_by_hand_are_told(linked: Repo) -> None:
    linked.labelmeta("ledger", "anchor", "--tag")
    name = linked.git("tag")
    text = linked.git("tag", "-l", "--format=%(contents)", name)
    first = linked.git("rev-parse", "HEAD~1")
    linked.git("tag", "-f", "-a", "-m", text, name, first)
    (one,) = read(linked)
    assert (one.commit, one.heads, one.held) == (first, heads(linked), ())
    ran = linked.labelmeta("ledger", "anchor", "--tag", code=2)
    assert "or a commit with another one" in ran.err

    linked.git("tag", "-f", "-a", "-m", text, "labelmeta/77", "HEAD")
    linked.git("tag", "labelmeta/88")
    linked.git("tag", "-a", "-m", "x", "labelmeta/99", "HEAD")
    linked.git("tag", "-a", "-m", text, "labelmeta/111", "HEAD^{tree}")
    linked.git("tag", "-a", "-m", "of a guideline", "labelmeta/tone/1.0.0", "HEAD")
    linked.git("checkout", "-q", "--orphan", "other")
    linked.git("commit", "-q", "-m", "another history")
    faults = {one.name: (one.inside, one.fault) for one in read(linked)}
    total = name.partition("/")[2]
    assert faults == {
        name: (False, ""),
        "labelmeta/77": (False, f"its message says {total} events, its name 77"),
        "labelmeta/88": (False, "it is no annotated tag, so it says nothing"),
        "labelmeta/99": (False, "its message holds no Labelmeta-Ledger that can be read"),
        "labelmeta/111": (False, "it is on no commit"),
    }


def test_what_a_clone_does_not_hold_is_not_told(linked: Repo, tmp_path: Path) -> None:
    said = linked.labelmeta("ledger", "anchor").out.strip()
    linked.git("commit", "-q", "--allow-empty", "-m", "x", "--trailer", said)
    linked.labelmeta("ledger", "anchor", "--tag")
    old = heads(linked)
    linked.labelmeta("unlink", "data/dev.csv")
    linked.commit("More")
    linked.git("config", "uploadpack.allowFilter", "true")
    clones = [type(linked)(tmp_path / name) for name in ("treeless", "shallow")]
    url = f"file://{linked.path}"
    linked.git("clone", "-q", "--filter=tree:0", url, str(clones[0].path))
    linked.git("clone", "-q", "--depth=1", "--single-branch", url, str(clones[1].path))
    (tag,) = linked.git("tag").split()
    clones[1].git("fetch", "-q", "--depth=1", "origin", f"refs/tags/{tag}:refs/tags/{tag}")
    told = [[(one.kind, one.held, one.fault) for one in read(clone)] for clone in clones]
    assert told == [
        [("trailer", None, ""), ("tag", None, "")],
        [("tag", old, "")],
    ]


def test_signed_tags_and_commits_name_the_signer(linked: Repo, keys: Keys) -> None:
    keys.configure(linked, "ada")
    linked.labelmeta("ledger", "anchor", "--tag", "--sign")
    said = linked.labelmeta("ledger", "anchor").out.strip()
    linked.git("commit", "-q", "--allow-empty", "-S", "-m", "x", "--trailer", said)
    told = [(one.kind, one.signature, one.signed) for one in read(linked, signed=True)]
    assert told == [("trailer", "good", "ada@example.org"), ("tag", "good", "ada@example.org")]
    strict = keys.allowed("eve")  # somebody else decides whom to believe
    others = read(linked, signed=True, allowed=str(strict))
    assert [(one.signature, one.signed) for one in others] == [("unknown", "")] * 2
    linked.git("config", "--unset", "gpg.ssh.allowedSignersFile")
    assert {one.signature for one in read(linked, signed=True)} == {"unknown"}


def test_a_signature_does_not_fit_what_was_changed(linked: Repo, keys: Keys) -> None:
    keys.configure(linked, "ada")
    linked.labelmeta("ledger", "anchor", "--tag", "--sign")
    name = linked.git("tag")
    content = linked.git("cat-file", "tag", name).replace("Ledger of", "ledger of") + "\n"
    (linked.path / "forged").write_text(content)
    forged = linked.git("hash-object", "-t", "tag", "-w", "forged")
    linked.git("update-ref", f"refs/tags/{name}", forged)
    assert [one.signature for one in read(linked, signed=True)] == ["bad"]


@pytest.mark.skipif(shutil.which("gpg") is None, reason="needs the command gpg")
def test_openpgp_signatures_count_where_the_key_is_trusted(
    linked: Repo, monkeypatch: pytest.MonkeyPatch
) -> None:
    with tempfile.TemporaryDirectory() as folder:  # its agent's socket needs a short name
        homes = [Path(folder) / name for name in ("ada", "bob")]
        for home in homes:
            home.mkdir(mode=0o700)
        monkeypatch.setenv("GNUPGHOME", str(homes[0]))
        gpg = ("gpg", "--batch", "-q")
        make = ("--passphrase", "", "--quick-gen-key", "Ada <ada@example.org>", "ed25519", "sign")
        linked.run(*gpg, *make)
        linked.git("config", "user.signingkey", "ada@example.org")
        linked.labelmeta("ledger", "anchor", "--tag", "--sign")
        told = [[(one.signature, one.signed) for one in read(linked, signed=True)]]
        linked.run(*gpg, "--export", "-o", "exported")
        linked.run("gpgconf", "--kill", "all")
        monkeypatch.setenv("GNUPGHOME", str(homes[1]))
        told += [[(one.signature, one.signed) for one in read(linked, signed=True)]]
        linked.run(*gpg, "--import", "exported")  # known, but nobody here says whose it is
        told += [[(one.signature, one.signed) for one in read(linked, signed=True)]]
        linked.run("gpgconf", "--kill", "all")
    assert told == [[("good", "Ada <ada@example.org>")], [("unknown", "")], [("unknown", "")]]


def test_the_hook_anchors_what_is_committed_and_nothing_else(linked: Repo) -> None:
    hook = linked.path / ".git/hooks/commit-msg"
    hook.write_text("#!/bin/sh\necho seen >> seen\n")
    hook.chmod(0o755)
    linked.labelmeta("hook", "install", "--trailer")
    assert "nothing to change" in linked.labelmeta("hook", "install", "--trailer").out
    (linked.path / ".git/hooks/pre-commit").unlink()  # the check, which is not what is tested
    linked.git("commit", "-q", "--allow-empty", "-m", "no change of the ledger")
    assert read(linked) == []

    linked.labelmeta("unlink", "data/dev.csv")
    linked.git("add", "-A")
    one = heads(linked)
    linked.labelmeta("unlink", "data/test.csv")  # stays uncommitted
    linked.run("git", "commit", "-q", "-m", "", "--allow-empty-message", "--no-verify", code=0)
    linked.git("reset", "-q", "--soft", "HEAD~1")
    linked.git("commit", "-q", "-m", "Unlink\n\nReviewed-by: Bob")
    (found,) = read(linked)
    assert found.heads == found.held == one != heads(linked)
    assert linked.git("log", "-1", "--format=%(trailers:only)").startswith("Reviewed-by: Bob\n")
    ran = linked.run("git", "commit", "-q", "-a", "-m", "Half of it", code=1)
    assert "git add labelmeta/ledger" in ran.err
    linked.git("add", "-A")
    linked.git("commit", "-q", "--amend", "--no-edit")
    (found,) = read(linked)
    assert found.heads == found.held == heads(linked)
    linked.git("commit", "-q", "--amend", "--no-verify", "-m", f"x\n\n{TRAILER}: {'a' * 64} 1")
    linked.git("commit", "-q", "--amend", "--no-edit")  # as after a rebase
    (found,) = read(linked)
    assert found.heads == found.held == heads(linked)
    assert linked.git("log", "-1", "--format=%B").count(TRAILER) == 1
    assert linked.run("git", "commit", "-q", "-m", "  ", "--allow-empty", code=1).code == 1

    linked.labelmeta("hook", "uninstall")
    assert hook.read_text() == "#!/bin/sh\necho seen >> seen\n"
    assert not (linked.path / ".git/hooks/pre-commit").exists()


def test_two_projects_of_a_repository_do_not_take_each_others_anchors(
    linked: Repo, tmp_path: Path
) -> None:
    top = type(linked)(tmp_path / "top")
    top.path.mkdir()
    top.git("init", "-q", "-b", "main")
    for name in ("a b", "c"):
        top.run("cp", "-R", str(linked.path), str(top.path / name))
        top.run("rm", "-rf", f"{name}/.git", f"{name}/.dvc")
    top.labelmeta("--root", "c", "unlink", "data/dev.csv")
    top.commit("Two projects")
    for name in ("a b", "c"):
        said = top.labelmeta("--root", name, "ledger", "anchor").out.strip()
        assert said.endswith(f" {name}")
        top.git("commit", "-q", "--allow-empty", "-m", name, "--trailer", said)
        top.labelmeta("--root", name, "ledger", "anchor", "--tag")
    assert [one.rpartition("/")[0] for one in top.git("tag").split()] == [
        "labelmeta/a%20b", "labelmeta/c",
    ]  # fmt: skip
    before = {name: heads(top, name) for name in ("a b", "c")}
    for name in before:
        top.labelmeta("--root", name, "hook", "install", "--trailer")
        top.labelmeta("--root", name, "unlink", "data/train.csv")
    (top.path / ".git/hooks/pre-commit").unlink()
    top.git("add", "-A")
    top.git("commit", "-q", "-m", "Change both", "-m", "Signed-off-by: Ada")
    top.git("commit", "-q", "--amend", "--no-edit")
    keys = top.git("log", "-1", "--format=%(trailers:only,keyonly)").split()
    assert keys == ["Signed-off-by", TRAILER, TRAILER]
    for name in ("a b", "c"):
        first, *found = read(top, folder=name)
        assert first.heads == first.held == heads(top, name)
        assert [one.kind for one in found] == ["trailer", "tag"]
        assert {one.heads for one in found} == {before[name]} == {one.held for one in found}
        assert not any(one.fault for one in found)
