"""Kinds of clones and checkouts: shallow, blobless, worktree, submodule, other repositories, CRLF."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tests.lived import IN_GIT, lines, live
from tests.repo import Repo

pytestmark = pytest.mark.inside

TRAIN = "data/train.csv.labelmeta.yaml"
DEV = "data/dev.csv.labelmeta.yaml"


def clone(repo: Repo, name: str, *options: str) -> Repo:
    """Clone a repository over file://, as from a server."""
    target = repo.path.parent / name
    repo.git("clone", "-q", *options, f"file://{repo.path}", str(target))
    return Repo(target)


def test_aligned_depth_1_clone_passes_with_a_note(linked: Repo) -> None:
    linked.write("unrelated.txt", "one more commit\n")
    linked.commit("Something else")
    shallow = clone(linked, "shallow", "--depth", "1")
    found = shallow.findings(code=0)
    assert {f["code"] for f in found} == {"LM103"}
    assert {f["severity"] for f in found} == {"note"}
    assert "gate open" in shallow.labelmeta("gate").out
    assert "LM103" in shallow.labelmeta("status").out
    sidecar = shallow.read(TRAIN)
    shallow.labelmeta("link", "--repair")
    shallow.labelmeta("link", "data/train.csv")
    assert shallow.read(TRAIN) == sidecar  # the commit it names is true; the clone is not whole
    assert shallow.git("status", "--porcelain") == ""


def test_depth_1_clone_with_other_content_cannot_be_judged(linked: Repo) -> None:
    linked.bump("2.0.0", "delighted")
    shallow = clone(linked, "shallow", "--depth", "1")
    found = shallow.findings(code=2)
    assert {f["code"] for f in found} == {"LM117"}
    assert all("git fetch --unshallow" in f["fix"] for f in found)
    gate = shallow.labelmeta("gate", "data/train.csv", code=2)
    assert "git fetch --unshallow" in gate.err
    shallow.git("fetch", "-q", "--unshallow")
    assert "LM105" in shallow.codes(code=1)


def test_a_version_that_a_shallow_clone_does_not_show_may_well_exist(linked: Repo) -> None:
    live(linked)
    assert "LM310" not in linked.codes()
    shallow = clone(linked, "shallow", "--depth", "1")
    assert "LM310" not in shallow.codes()
    told = shallow.labelmeta("audit", code=None).text
    assert "not checked: " in told
    assert (
        "what is before the first commit of this shallow clone"
        in shallow.labelmeta("--verbose", "audit", code=None).text
    )
    shallow.git("fetch", "-q", "--unshallow")
    shallow.write(IN_GIT, lines("1.0.0", "9.0.0"))
    assert "LM310" in shallow.codes()


def test_blobless_clone_is_judged_without_a_fetch(linked: Repo) -> None:
    linked.bump("1.1.0", "content")
    linked.bump("1.2.0", "happy")
    linked.labelmeta("link", "data/train.csv", "data/dev.csv")
    linked.commit("Link two; train was not run again")
    linked.bump("1.3.0", "cheerful")
    linked.git("config", "uploadpack.allowFilter", "true")
    blobless = clone(linked, "blobless", "--filter=blob:none")
    missing = blobless.git("rev-list", "--objects", "--all", "--missing=print")
    assert "\n?" in missing
    trace = blobless.path.parent / "trace"
    ran = blobless.labelmeta("check", "--format", "json", code=None, GIT_TRACE=str(trace))
    assert ran.code == 1  # the frozen test split is behind, as in the full clone
    assert "cat-file" in trace.read_text()
    assert "fetch" not in trace.read_text()
    assert blobless.git("rev-list", "--objects", "--all", "--missing=print") == missing
    whole = {(f["code"], f["split"], f["severity"]) for f in linked.findings(code=1)}
    assert ("LM123", "data/train.csv", "note") in whole
    partial = {(f["code"], f["split"], f["severity"]) for f in blobless.findings(code=1)}
    assert partial == {found for found in whole if found[0] != "LM123"}
    err = blobless.labelmeta("link", "data/train.csv", "--guideline", "tone@HEAD~3", code=2).err
    assert "is not in this partial clone" in err  # nobody may guess the version
    assert blobless.git("status", "--porcelain") == ""
    blobless.labelmeta("link", "--all")
    assert not {"LM104", "LM105"} & set(blobless.codes())


def test_detached_head_and_linked_worktree_are_like_any_checkout(linked: Repo) -> None:
    linked.git("checkout", "-q", "--detach")
    assert linked.codes(code=0) == []
    hook = {"GIT_DIR": "/nowhere", "GIT_INDEX_FILE": "/nowhere/index", "GIT_PREFIX": "data/"}
    linked.labelmeta("check", code=0, **hook)  # what Git sets for its hooks does not mislead
    linked.git("checkout", "-q", "main")
    linked.git("worktree", "add", "-q", "-b", "other", "../tree")
    tree = Repo(linked.path.parent / "tree")
    assert tree.codes(code=0) == []
    assert "gate open: data/train.csv" in tree.labelmeta("gate", "data/train.csv", cwd=".").out
    tree.bump("2.0.0", "delighted")
    assert "LM105" in tree.codes(code=1)
    assert linked.codes(code=0) == []
    tree.labelmeta("link", "--all")
    assert "LM105" not in tree.codes()
    assert linked.git("status", "--porcelain") == ""


def test_project_as_a_submodule(linked: Repo, new_repo: Callable[[str], Repo]) -> None:
    outer = new_repo("outer")
    outer.git("-c", "protocol.file.allow=always", "submodule", "add", "-q", f"file://{linked.path}", "libs/p")  # fmt: skip
    outer.commit("Add the project")
    inner = Repo(outer.path / "libs/p")
    assert inner.codes(code=0) == []
    assert inner.labelmeta("check", cwd="data").code == 0
    inner.bump("2.0.0", "delighted")
    assert "LM105" in inner.codes(code=1)
    assert "LM105" in outer.labelmeta("--root", "libs/p", "check", code=1).out
    err = outer.labelmeta("check", code=2).err
    assert "no labelmeta.yaml" in err
    assert "labelmeta init" in err


def test_autocrlf_checkout_is_clean_and_its_gates_are_byte_identical(linked: Repo) -> None:
    crlf = clone(linked, "crlf", "-c", "core.autocrlf=true")
    assert "\r\n" in crlf.read(TRAIN)
    assert "\r\n" in crlf.read("guidelines/tone/guideline.yaml")
    for split in ("train", "dev", "test"):
        gate = f"labelmeta/gates/data/{split}.csv.json"
        assert crlf.read(gate) == linked.read(gate)
    assert crlf.codes(code=0) == []
    assert "gate open" in crlf.labelmeta("gate").out
    assert crlf.git("status", "--porcelain") == ""
    assert "nothing to change" in crlf.labelmeta("link", "data/train.csv").out
    assert "\r\n" in crlf.read("labelmeta/dvc.yaml")

    text = crlf.guideline_yaml("tone", "1.1.0", "content").replace("\n", "\r\n")
    crlf.write("guidelines/tone/guideline.yaml", text)
    assert "LM108" in crlf.codes()
    crlf.commit("Tone 1.1.0")
    crlf.labelmeta("link", "--all")
    assert crlf.read(TRAIN).count("\n") == crlf.read(TRAIN).count("\r\n")
    assert "LM105" not in crlf.codes()


def test_signatures_that_git_shows_do_not_stand_in_the_way(linked: Repo) -> None:
    key = linked.path.parent / "key"
    if shutil.which("ssh-keygen") is None:
        pytest.skip("signing needs ssh-keygen")
    linked.run("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(key))
    for name, value in (
        ("gpg.format", "ssh"), ("user.signingkey", f"{key}.pub"), ("commit.gpgsign", "true"),
        ("log.showSignature", "true"),
    ):  # fmt: skip
        linked.git("config", name, value)
    commit = linked.bump("2.0.0", "delighted", "Signed")
    assert "No signature" in linked.git("log", "-1")
    found = linked.findings("data/train.csv", code=1)
    assert any(line.startswith(commit[:12]) for line in found[0]["details"])
    linked.labelmeta("link", "data/train.csv")
    assert commit in linked.read(TRAIN)


def test_repository_of_another_user_is_refused_with_the_way_out(linked: Repo) -> None:
    if os.geteuid() != 0:
        pytest.skip("only root can give a repository to another user")
    for path in (linked.path, linked.path / ".git"):
        os.chown(path, 65534, 65534)
    for command in (["check"], ["gate", "data/train.csv"], ["link", "data/train.csv"], ["status"]):
        err = linked.labelmeta(*command, code=2, cwd="data" if command[0] == "check" else ".").err
        assert f"Git refuses {linked.path}: another user owns it" in err
        assert f"git config --global --add safe.directory {linked.path}\n" in err
        assert "Traceback" not in err
    linked.write("sub/labelmeta.yaml", "version: 1\n")
    err = linked.labelmeta("check", code=2, cwd="sub").err
    assert f"safe.directory {linked.path}\n" in err  # the repository, not the project below it
    trusted = Path(os.environ["HOME"]) / "gitconfig"
    trusted.write_text(f"[safe]\n\tdirectory = {linked.path}\n")
    linked.labelmeta("check", GIT_CONFIG_GLOBAL=str(trusted), code=0)


# --- guidelines in another repository -------------------------------------------------------------


@pytest.fixture
def remote(project: Repo) -> tuple[Repo, Repo]:
    """A project whose guideline `pages` is in the repository `docs` beside it, by relative URL."""
    docs = Repo(project.path.parent / "docs")
    docs.path.mkdir()
    docs.git("init", "-q", "-b", "main")
    docs.write("pages/intro.md", "Label every line.\n")
    docs.commit("Pages, first text")
    project.write(
        "labelmeta.yaml",
        "version: 1\nguidelines:\n  pages: {path: pages/intro.md, repo: docs}\n"
        "repos:\n  docs: {url: ../docs}\n",
    )
    project.commit("Guidelines are in docs")
    return project, docs


def test_guideline_of_another_repository_is_fetched_only_when_told(
    remote: tuple[Repo, Repo],
) -> None:
    project, docs = remote
    project.labelmeta("link", "data/dev.csv", "--guideline", "pages")
    project.commit("Link")
    assert project.codes("data/dev.csv", code=0) == []

    fresh = clone(project, "fresh")  # the relative URL is ../docs from here too
    found = fresh.findings(code=2)
    assert [f["code"] for f in found] == ["LM126"]
    assert "labelmeta check --fetch" in found[0]["fix"]
    assert "check --fetch" in fresh.labelmeta("gate", "data/dev.csv", code=2).err
    fresh.git("checkout", "-q", "--", "labelmeta")
    assert not (fresh.path / ".labelmeta/cache/repos").exists()
    assert fresh.codes("--fetch", code=0) == []
    assert fresh.git("status", "--porcelain") == ""

    first = docs.git("rev-parse", "HEAD")
    docs.write("pages/intro.md", "Label every sentence.\n")
    second = docs.commit("Label sentences\n\nLabelmeta-Change: major")
    assert fresh.codes(code=0) == []  # not fetched, so not known yet
    (outdated,) = fresh.findings("--fetch", code=1)
    assert outdated["code"] == "LM105"
    assert "major, 1 version, 1 commit behind" in outdated["message"]
    assert any(second[:12] in line for line in outdated["details"])

    docs.write("pages/intro.md", "Label every sentence twice.\n")
    third = docs.commit("Twice")
    fresh.labelmeta("link", "data/dev.csv", "--guideline", f"pages@{third}")  # fetches on demand
    assert third in fresh.read(DEV)
    assert first not in fresh.read(DEV)
    assert fresh.codes(code=0) == []
    err = fresh.labelmeta("link", "data/dev.csv", "--guideline", "pages@v9", code=2).err
    assert "v9" in err


def test_guideline_rebased_away_in_the_other_repository(remote: tuple[Repo, Repo]) -> None:
    project, docs = remote
    project.labelmeta("link", "data/dev.csv", "--guideline", "pages")
    project.commit("Link")
    old = docs.git("rev-parse", "HEAD")
    docs.git("commit", "-q", "--amend", "-m", "Pages, first text, said better")
    note = [("LM103", "data/dev.csv")]
    both = clone(project, "both")
    with ThreadPoolExecutor(2) as pool:
        for ran in pool.map(lambda _: both.labelmeta("check", "--fetch"), range(2)):
            assert ran.code == 0
    assert both.git("status", "--porcelain") == ""  # the clone is out of Git's sight
    assert [(f["code"], f["split"]) for f in project.findings("--fetch", code=0)] == note
    fresh = clone(project, "fresh")
    assert [(f["code"], f["split"]) for f in fresh.findings("--fetch", code=0)] == note
    assert old in fresh.read(DEV)
    fresh.labelmeta("link", "--repair")
    assert docs.git("rev-parse", "HEAD") in fresh.read(DEV)
    assert fresh.codes(code=0) == []

    docs.write("pages/intro.md", "Label nothing.\n")
    docs.git("commit", "-q", "-a", "--amend", "-m", "Another first text")
    assert project.codes("--fetch", code=0) == ["LM109"]  # this clone still has the old commit
    docs.git("reflog", "expire", "--expire=now", "--expire-unreachable=now", "--all")
    docs.git("gc", "-q", "--prune=now")
    other = clone(project, "other")
    assert other.codes("--fetch", code=1) == ["LM102"]


@pytest.mark.parametrize(
    "url",
    ["../nowhere", "ext::sh -c 'touch pwned'", "--upload-pack=touch pwned", "file:///nowhere"],
)
def test_url_that_cannot_be_fetched(remote: tuple[Repo, Repo], url: str) -> None:
    project, _ = remote
    config = project.read("labelmeta.yaml").replace("../docs", f'"{url}"')
    project.write("labelmeta.yaml", config)
    for command in (["link", "data/dev.csv"], ["check", "--fetch"]):
        ran = project.labelmeta(*command, code=2)
        assert "repository 'docs' cannot be fetched" in ran.err
    assert not (project.path / "pwned").exists()
    assert not list((project.path / ".labelmeta/cache/repos").glob("*"))
    assert not (project.path / DEV).exists()
