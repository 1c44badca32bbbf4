"""Rewritten and moving Git history: what happens to links whose guideline commit moved or vanished."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest

from dvc_labelmeta.read.git import Git
from tests.repo import Repo

pytestmark = pytest.mark.inside

TRAIN = "data/train.csv.labelmeta.yaml"
GATE = "labelmeta/gates/data/train.csv.json"
CONFIG = "labelmeta.yaml"


def link_in_branch(repo: Repo, version: str = "2.0.0") -> str:
    """On a branch `pr`: change the guideline, link the splits anew; return the guideline commit."""
    repo.git("checkout", "-q", "-b", "pr")
    commit = repo.bump(version, "delighted", "Narrow pos")
    repo.labelmeta("link", "--all")
    repo.commit("Link the splits to it")
    return commit


def squash(repo: Repo) -> None:
    """Merge `pr` into main as one new commit and delete the branch."""
    repo.git("checkout", "-q", "main")
    repo.git("merge", "-q", "--squash", "pr")
    repo.commit("Squashed pull request", "2026-01-06T09:00:00+00:00")
    repo.git("branch", "-q", "-D", "pr")


def collect(repo: Repo) -> None:
    """Drop everything that no ref names, as a server does in time."""
    repo.git("reflog", "expire", "--expire=now", "--expire-unreachable=now", "--all")
    repo.git("gc", "-q", "--prune=now")


def commits_in(sidecar: str) -> list[str]:
    return re.findall(r'commit: "([0-9a-f]{40})"', sidecar)


def test_change_and_link_in_one_branch_pass_there_and_after_a_merge(linked: Repo) -> None:
    link_in_branch(linked)
    assert not [c for c in linked.codes() if c not in ("LM123", "LM122")]
    linked.git("checkout", "-q", "main")
    linked.write("unrelated.txt", "main moved on\n")
    linked.commit("Something else")
    linked.git("merge", "-q", "--no-edit", "pr")
    assert linked.codes(code=0) == ["LM123"]  # training is outstanding, the links are aligned
    assert "gate open" in linked.labelmeta("gate", "data/train.csv").out


def test_squash_is_one_note_before_and_after_gc_and_repair_mends_it(linked: Repo) -> None:
    commit = link_in_branch(linked)
    squash(linked)
    before = linked.findings("data/train.csv", "data/dev.csv", "data/test.csv", code=0)
    notes = [f for f in before if f["code"] == "LM103"]
    assert [f["split"] for f in notes] == ["data/dev.csv", "data/test.csv", "data/train.csv"]
    assert all(f["severity"] == "note" and "at HEAD" in f["message"] for f in notes)
    assert all(commit[:12] in f["message"] for f in notes)
    collect(linked)
    linked.git("cat-file", "-e", commit, code=1)
    assert linked.findings(*(f["split"] for f in notes), code=0) == before

    sidecar, gate = linked.read(TRAIN), linked.read(GATE)
    assert "gate open" in linked.labelmeta("gate", "data/train.csv").out
    dry = linked.labelmeta("link", "--repair", "--dry-run").out
    assert f"would change {TRAIN}" in dry
    assert linked.git("status", "--porcelain") == ""
    linked.labelmeta("link", "--repair")
    assert commits_in(linked.read(TRAIN)) == [linked.git("rev-parse", "HEAD")]
    assert linked.read(TRAIN).replace(linked.git("rev-parse", "HEAD"), commit) == sidecar
    assert linked.read(GATE) == gate
    assert linked.git("status", "--porcelain", "--", ".", ":!labelmeta/ledger").split() == [
        "M", "data/dev.csv.labelmeta.yaml", "M", "data/test.csv.labelmeta.yaml", "M", TRAIN,
    ]  # fmt: skip
    assert "LM103" not in linked.codes(code=0)
    assert "nothing to change" in linked.labelmeta("link", "--repair").out


def test_repair_of_a_split_with_other_data_does_not_open_its_gate(linked: Repo) -> None:
    link_in_branch(linked)
    squash(linked)
    record = linked.read("data/train.csv.dvc")
    linked.write("data/train.csv.dvc", re.sub(r"md5: \w{32}", "md5: " + "f" * 32, record))
    gate = linked.read(GATE)
    linked.labelmeta("link", "--repair")
    assert linked.read(GATE) == gate
    assert "LM106" in linked.codes(code=1)


@pytest.mark.parametrize("also_gc", [False, True])
def test_squash_then_a_further_change_names_the_commit_that_has_the_content(
    linked: Repo, also_gc: bool
) -> None:
    link_in_branch(linked)
    squash(linked)
    squashed = linked.git("rev-parse", "HEAD")
    linked.bump("2.1.0", "delighted", "Say more about irony")
    if also_gc:
        collect(linked)
    found = {f["code"]: f for f in linked.findings("data/train.csv", code=0)}
    assert f"commit {squashed[:12]}" in found["LM103"]["message"]
    assert found["LM105"]["severity"] == "warning"
    assert "1 version, 1 commit behind" in found["LM105"]["message"]
    linked.labelmeta("link", "--repair")
    assert commits_in(linked.read(TRAIN)) == [squashed]
    assert "LM105" in linked.codes("data/dev.csv")
    assert "LM103" not in linked.codes("data/dev.csv")


def test_rebase_and_amend_are_the_same_note(linked: Repo) -> None:
    old = link_in_branch(linked)
    linked.git("checkout", "-q", "main")
    linked.write("unrelated.txt", "main moved on\n")
    linked.commit("Something else")
    linked.git("checkout", "-q", "pr")
    linked.git("rebase", "-q", "main")
    assert linked.git("merge-base", "--is-ancestor", old, "HEAD", code=1) == ""
    assert "LM103" in linked.codes("data/train.csv", code=0)
    linked.labelmeta("link", "--repair")
    linked.commit("Mend the links")
    assert "LM103" not in linked.codes("data/train.csv", code=0)
    rebased = linked.git("rev-parse", "HEAD~2")
    assert commits_in(linked.read(TRAIN)) == [rebased]

    linked.git("checkout", "-q", "--orphan", "flat")
    linked.commit("Start history anew")
    assert "LM103" in linked.codes("data/train.csv")


def test_amended_guideline_commit_keeps_the_link_unless_the_text_changed(linked: Repo) -> None:
    linked.bump("2.0.0", "delighted", "Narrow pos")
    linked.labelmeta("link", "--all")
    linked.git("commit", "-q", "--amend", "-m", "Narrow pos, said better", "--", "guidelines")
    assert "LM103" in linked.codes("data/train.csv")
    linked.labelmeta("link", "--repair")
    linked.commit("Link")
    assert "LM103" not in linked.codes("data/train.csv")

    linked.git("reset", "-q", "--soft", "HEAD~1")
    text = linked.guideline_yaml("tone", "2.0.0", "overjoyed")
    linked.write("guidelines/tone/guideline.yaml", text)
    linked.git("add", "-A")
    linked.git("commit", "-q", "--amend", "-m", "Narrow pos further")
    collect(linked)
    found = {f["code"] for f in linked.findings("data/train.csv", code=1)}
    assert "LM102" in found
    assert "LM103" not in found
    told = linked.labelmeta("link", "--repair").out
    assert "data/dev.csv and 2 more: no commit here holds tone 2.0.0" in told
    assert told.endswith("nothing to change\n")
    assert "gate shut" in linked.labelmeta("gate", "data/train.csv", code=1).err


def test_renamed_guideline_folder_follows_the_configuration(linked: Repo) -> None:
    linked.git("mv", "guidelines/tone", "guidelines/mood")
    linked.commit("Rename the folder")
    found = linked.findings(code=1)
    assert [f["code"] for f in found] == ["LM118"]
    assert "guidelines/tone is not there at HEAD" in found[0]["message"]
    config = linked.read(CONFIG)
    linked.write(CONFIG, config.replace("guidelines/tone", "guidelines/mood"))
    linked.commit("Follow it")
    assert linked.codes(code=0) == []

    text = linked.guideline_yaml("tone", "1.1.0", edge_cases="[]")
    linked.write("guidelines/mood/guideline.yaml", text)
    linked.commit("Tone 1.1.0")
    found = linked.findings("data/train.csv", code=0)
    assert [f["code"] for f in found] == ["LM105"]
    assert "HEAD has 1.1.0 (minor, 1 version, 2 commits behind)" in found[0]["message"]
    linked.labelmeta("link", "--all")
    assert not {"LM105", "LM104", "LM103"} & set(linked.codes(code=0))


def test_renamed_changed_and_squashed_in_one_branch(linked: Repo) -> None:
    linked.git("checkout", "-q", "-b", "pr")
    linked.git("mv", "guidelines/tone", "guidelines/mood")
    config = linked.read(CONFIG).replace("guidelines/tone", "guidelines/mood")
    linked.write(CONFIG, config)
    text = linked.guideline_yaml("tone", "1.1.0", "content")
    linked.write("guidelines/mood/guideline.yaml", text)
    linked.commit("Rename and change")
    linked.labelmeta("link", "data/train.csv", "data/dev.csv")
    linked.commit("Link")
    squash(linked)
    collect(linked)
    found = {(f["split"], f["code"]) for f in linked.findings(code=1)}
    assert {("data/train.csv", "LM103"), ("data/dev.csv", "LM103")} <= found
    assert ("data/test.csv", "LM105") in found


def test_deleted_guideline_is_an_error_and_its_return_is_clean(linked: Repo) -> None:
    linked.git("rm", "-q", "-r", "guidelines/tone")
    assert "LM108" in linked.codes()
    linked.commit("Delete it")
    assert linked.codes(code=1) == ["LM118"]
    assert "gate shut" in linked.labelmeta("gate", "data/train.csv", code=1).err
    linked.git("checkout", "-q", "--", "labelmeta")
    refused = linked.labelmeta("link", "data/train.csv", code=2).err
    assert "guidelines/tone is not there at HEAD" in refused
    linked.git("revert", "--no-edit", "HEAD")
    assert linked.codes(code=0) == []


def test_revert_of_a_guideline(linked: Repo) -> None:
    linked.bump("2.0.0", "delighted", "Narrow pos")
    linked.labelmeta("link", "data/dev.csv")
    linked.commit("Link dev")
    linked.git("revert", "--no-edit", "HEAD~1")
    found = {(f["split"], f["code"]): f for f in linked.findings(code=1)}
    assert ("data/train.csv", "LM105") not in found  # its text is back at HEAD
    assert ("data/test.csv", "LM105") not in found
    behind = found["data/dev.csv", "LM105"]
    assert behind["severity"] == "error"
    assert "2.0.0; HEAD has 1.0.0 (major, 1 version, 1 commit behind)" in behind["message"]


def test_a_clock_that_was_wrong_takes_no_commit_out_of_the_history(
    new_repo: Callable[[str], Repo],
) -> None:
    repo = new_repo("skewed")
    first = repo.commit("Made in the future", "2030-01-05T09:00:00+00:00")
    for number in range(20):
        head = repo.commit(f"Commit {number}")
    assert repo.git("rev-list", first, f"^{head}") == first, "what Git's quick walk says"
    assert Git(str(repo.path)).outside([first], head) == frozenset()
    repo.git("checkout", "-q", "--orphan", "other")
    other = repo.commit("Elsewhere")
    assert Git(str(repo.path)).outside([first, other], head) == {other}
