"""Crowd labels on arguments: one file a side of the debate, as train and as test."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from tests.repo import Repo

TRAIN = "data/firefox-vs-internet-explorer_it-has-a-cute-logo-oh-and-extensions-err-add-ons.xml"
TEST = (
    "data/firefox-vs-internet-explorer_there-s-more-browsers-than-the-ie-firefox-is-an-animal.xml"
)
GUIDELINE = "guidelines/convincing.md"
TEXT = "# Which argument is more convincing?\n\nRead both, choose a1, a2 or equal.\n"


@pytest.fixture
def convarg(shared: Path, tmp_path: Path) -> Repo:
    """Both files, added by DVC and linked under a prose guideline; the second is frozen."""
    repo = Repo(tmp_path / "convarg")
    repo.path.mkdir()
    repo.git("init", "-q", "-b", "main")
    repo.dvc("init", "-q")
    for path in (TRAIN, TEST):
        (repo.path / path).parent.mkdir(exist_ok=True)
        shutil.copyfile(shared / "data/ukp_convarg" / path, repo.path / path)
    repo.dvc("add", "-q", TRAIN, TEST)
    repo.write(GUIDELINE, TEXT)
    repo.write(
        "labelmeta.yaml",
        f"version: 1\nguidelines:\n  convincing: {{path: {GUIDELINE}}}\nsplits: ['data/*.xml']\n",
    )
    repo.commit("Add two debates")
    link = ("--guideline", "convincing", "--dataset", "convarg")
    repo.labelmeta("link", TRAIN, *link, "--split", "train")
    repo.labelmeta("link", TEST, *link, "--split", "test", "--mode", "frozen")
    repo.commit("Link them")
    return repo


def severities(repo: Repo, code: int) -> dict[tuple[str, str], str]:
    """Return the severity of each finding by its code and split."""
    return {(f["code"], f["split"]): f["severity"] for f in repo.findings(code=code)}


def test_two_debates_are_linked_and_a_new_guideline_parts_them(convarg: Repo) -> None:
    assert severities(convarg, code=0) == {}
    ran = convarg.dvc("repro", "-q", "-P")
    assert f"gate open: {TRAIN}" in ran.text
    assert convarg.git("status", "--porcelain", "--", "labelmeta/gates") == ""

    convarg.write(GUIDELINE, TEXT + "\nSay why in one sentence.\n")
    convarg.commit("Ask for a reason")
    assert severities(convarg, code=1) == {("LM105", TRAIN): "warning", ("LM105", TEST): "error"}
    train = convarg.labelmeta("check", TRAIN).text
    assert "bump not declared, 1 version, 1 commit behind" in train

    convarg.git("commit", "-q", "--amend", "-m", "Ask for a reason\n\nLabelmeta-Change: patch")
    assert severities(convarg, code=0) == {("LM105", TRAIN): "note", ("LM105", TEST): "note"}


def test_a_changed_debate_is_told_by_its_role(convarg: Repo) -> None:
    for path in (TRAIN, TEST):
        content = (convarg.path / path).read_bytes()
        assert content.count(b"<value>a1</value>") > 100
        convarg.write(path, content.replace(b"<value>a1</value>", b"<value>a2</value>", 1))
    refused = convarg.labelmeta("link", TRAIN, code=2).text
    assert f"{TRAIN} differs from what DVC recorded" in refused
    convarg.dvc("add", "-q", TRAIN, TEST)
    assert severities(convarg, code=1) == {("LM106", TRAIN): "error", ("LM113", TEST): "error"}
