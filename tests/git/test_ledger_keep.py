"""Guideline contents that links need survive squashed branches, `git gc` and fresh clones."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from dvc_labelmeta.model.kept import REFS
from tests.repo import Repo

pytestmark = pytest.mark.inside

TRAIN = "data/train.csv.labelmeta.yaml"
TEXT = "guidelines/tone/guideline.yaml"


def collect(repo: Repo) -> None:
    """Drop everything that no ref names, as a server does in time."""
    repo.git("reflog", "expire", "--expire=now", "--expire-unreachable=now", "--all")
    repo.git("gc", "-q", "--prune=now")


def linked_in_a_branch(repo: Repo) -> str:
    """On branch `pr`: label under 2.0.0, then change the text again; return the commit of 2.0.0."""
    repo.git("checkout", "-q", "-b", "pr")
    commit = repo.bump("2.0.0", "delighted", "Narrow pos")
    repo.labelmeta("link", "data/train.csv")
    repo.commit("Label train under it")
    repo.bump("2.1.0", "very delighted", "Say more")
    return commit


def squashed(repo: Repo) -> None:
    """Merge `pr` into main as one commit, and delete it: 2.0.0 never was on main."""
    repo.git("checkout", "-q", "main")
    repo.git("merge", "-q", "--squash", "pr")
    repo.commit("Squashed pull request", "2026-01-06T09:00:00+00:00")
    repo.git("branch", "-q", "-D", "pr")


def clone(repo: Repo, path: Path, *specs: str) -> Repo:
    """Clone as a stranger would (no hard links), and fetch more refs where told."""
    repo.git("clone", "-q", "--no-local", str(repo.path), str(path))
    there = type(repo)(path)
    for spec in specs:
        there.git("fetch", "-q", "origin", spec)
    return there


def codes(repo: Repo, split: str = "data/train.csv") -> set[str]:
    return {code for code in repo.codes(split) if code in {"LM102", "LM103", "LM109"}}


def test_without_keep_the_text_is_lost_and_both_commands_say_so(linked: Repo) -> None:
    commit = linked_in_a_branch(linked)
    squashed(linked)
    assert codes(linked) == {"LM109"}  # not merged, but still here
    collect(linked)
    found = {one["code"]: one for one in linked.findings("data/train.csv", code=1)}
    assert "refs/labelmeta/* (then labelmeta link --repair)" in found["LM102"]["fix"]
    told = linked.labelmeta("link", "--repair").out
    assert f"fetch REMOTE '+{REFS}'" in told
    assert "nothing to change" in told
    assert "is no revision" in linked.labelmeta(
        "guideline", "show", "tone", "--rev", commit, code=2
    ).err.replace("there is no commit", "is no revision")
    ran = linked.labelmeta("ledger", "keep", code=1)
    assert "LOST tone 2.0.0" in ran.out


def test_keep_survives_squash_gc_and_clones_with_the_refspec(linked: Repo, tmp_path: Path) -> None:
    commit = linked_in_a_branch(linked)
    dry = linked.labelmeta("ledger", "keep", "--dry-run").out
    ref = f"refs/labelmeta/keep/tone/2.0.0-{commit[:12]}"
    assert f"would keep tone 2.0.0 as {ref}" in dry
    assert linked.git("for-each-ref", "refs/labelmeta") == ""
    told = linked.labelmeta("ledger", "keep").out
    assert f"keep tone 2.0.0 as {ref}" in told
    assert f"git push REMOTE '{REFS}'" in told
    assert "2 kept before, 0 kept now" in linked.labelmeta("ledger", "keep").out
    squashed(linked)
    collect(linked)
    assert codes(linked) == {"LM109"}
    shown = linked.labelmeta("guideline", "show", "tone", "--rev", commit).out
    assert "definition: delighted" in shown
    diff = linked.labelmeta("diff", commit, "HEAD", "--guideline", "tone", code=None).out
    assert "tone 2.0.0 -> 2.1.0" in diff

    without = clone(linked, tmp_path / "without")
    assert codes(without) == {"LM102"}
    there = clone(linked, tmp_path / "with", "+" + REFS)
    assert codes(there) == {"LM109"}
    assert there.labelmeta("guideline", "show", "tone", "--rev", commit).out == shown
    # what one clone lost comes back from another one that kept it
    assert "now fetches" in without.labelmeta(
        "ledger", "keep", "--configure", "origin", code=1
    ).out  # fmt: skip
    without.git("fetch", "-q")
    assert "fetches refs/labelmeta/*" in without.labelmeta(
        "ledger", "keep", "--configure", "origin"
    ).out  # fmt: skip
    assert without.git("config", "--get-all", "remote.origin.fetch").count(REFS) == 1
    assert codes(without) == {"LM109"}
    server = tmp_path / "server.git"
    linked.git("init", "-q", "--bare", str(server))
    linked.git("push", "-q", str(server), REFS)
    assert ref in linked.git("ls-remote", str(server), ref)
    assert "no such remote" in linked.labelmeta(
        "ledger", "keep", "--configure", "nowhere", code=2
    ).err  # fmt: skip


def test_a_content_that_no_commit_holds_gets_one_of_its_own(linked: Repo, tmp_path: Path) -> None:
    commit = linked_in_a_branch(linked)
    tree = linked.git("rev-parse", f"{commit}:guidelines/tone")
    linked.git("update-ref", "refs/test/tree", tree)  # Git lets a ref name a tree
    squashed(linked)
    collect(linked)
    assert codes(linked) == {"LM102"}
    assert "run `labelmeta ledger keep`" in linked.labelmeta("link", "--repair").out
    told = linked.labelmeta("ledger", "keep").out
    ref = f"refs/labelmeta/keep/tone/2.0.0-{tree[:12]}"
    assert f"keep tone 2.0.0 as {ref}" in told
    kept = linked.git("rev-parse", ref)
    linked.git("update-ref", "-d", "refs/test/tree")
    linked.git("update-ref", "-d", ref)
    linked.git("config", "i18n.commitEncoding", "ISO-8859-1")
    linked.labelmeta(
        "ledger", "keep", GIT_AUTHOR_NAME="Bob", GIT_COMMITTER_DATE="@1700000000 +0000"
    )
    assert linked.git("rev-parse", ref) == kept  # the same in every clone
    collect(linked)
    assert linked.git("ls-tree", "-r", "--name-only", kept).split() == [
        "guidelines/tone/guide.md", TEXT,
    ]  # fmt: skip
    assert "0 kept now" in linked.labelmeta("ledger", "keep").out

    there = clone(linked, tmp_path / "there", "+" + REFS)
    assert codes(there) == {"LM102"}  # the commit is gone; its content is not
    assert "data/train.csv: commit mended" in there.labelmeta("link", "--repair").out
    assert re.findall(r'commit: "(\w+)"', there.read(TRAIN)) == [kept]
    assert codes(there) == {"LM109"}
    assert (
        "definition: delighted" in there.labelmeta("guideline", "show", "tone", "--rev", kept).out
    )
    assert '"type":"repaired"' in "".join(
        one.read_text() for one in there.path.glob("labelmeta/ledger/events/*/*.json")
    )


def test_history_and_prose_of_a_single_file_are_kept_too(linked: Repo) -> None:
    first = linked.git("rev-parse", "HEAD")
    linked.labelmeta("link", "data/dev.csv", "--guideline", "prose")
    linked.commit("Another guideline for dev")
    linked.labelmeta("unlink", "data/dev.csv")
    linked.commit("And none")
    linked.labelmeta("ledger", "keep")
    refs = linked.git("for-each-ref", "--format=%(refname)", "refs/labelmeta").split()
    assert len([ref for ref in refs if ref.startswith("refs/labelmeta/keep/prose/")]) == 1
    blob = linked.git("rev-parse", f"{first}:guidelines/prose.md")
    (ref,) = (ref for ref in refs if "/prose/" in ref)
    assert linked.git("rev-parse", f"{ref}:guidelines/prose.md") == blob
    # another history with the same files: only the blob is left of it
    linked.git("update-ref", "refs/test/blob", blob)
    linked.git("rm", "-q", "guidelines/prose.md")
    linked.git("checkout", "-q", "--orphan", "anew")
    linked.commit("Start anew")
    for name in ["refs/heads/main", *refs]:
        linked.git("update-ref", "-d", name)
    collect(linked)
    told = linked.labelmeta("ledger", "keep", code=None).out
    alone = re.search(r"keep prose \w+ as (\S+)", told)
    assert alone, told
    assert linked.git("rev-parse", f"{alone[1]}:guidelines/prose.md") == blob


def test_a_ref_that_names_something_else_is_not_overwritten(linked: Repo) -> None:
    linked.labelmeta("ledger", "keep")
    (ref,) = linked.git("for-each-ref", "--format=%(refname)", "refs/labelmeta").split()
    linked.git("update-ref", ref, "HEAD")
    ran = linked.labelmeta("ledger", "keep", code=2)
    assert f"git update-ref -d {ref}" in ran.err
