"""The cache of what Git said about the history: it may save a walk, never change an answer."""

from __future__ import annotations

import json
import shutil

import pytest

from tests.repo import Repo

pytestmark = pytest.mark.inside

CACHE = ".labelmeta/cache/history.json"


def fresh(repo: Repo) -> str:
    """Return what a check prints without the cache."""
    shutil.rmtree(repo.path / ".labelmeta/cache", ignore_errors=True)
    return repo.labelmeta("check", code=None).text


def test_answers_are_the_same_with_the_cache_as_without_while_history_grows(linked: Repo):
    linked.labelmeta("check")
    before = json.loads(linked.read(CACHE))["head"]
    assert before == linked.git("rev-parse", "HEAD")
    linked.bump("1.1.0", "very pleased")
    linked.git("checkout", "-q", "-b", "side")
    linked.bump("1.2.0", "very much pleased")
    linked.git("checkout", "-q", "main")
    linked.git("merge", "-q", "--no-ff", "-m", "Merge", "side")
    kept = linked.labelmeta("check", code=None).text
    assert "2 versions, 2 commits behind" in kept
    assert json.loads(linked.read(CACHE))["head"] == linked.git("rev-parse", "HEAD")
    assert linked.labelmeta("check", code=None).text == kept == fresh(linked)


def test_without_a_merge_only_the_new_commits_are_walked(linked: Repo):
    old = linked.bump("1.1.0", "very pleased")
    linked.labelmeta("check", code=1)
    linked.commit("Nothing about labels")
    new = linked.bump("1.1.1", "very pleased indeed")
    trace = linked.path / ".git" / "trace"
    kept = linked.labelmeta("check", code=1, GIT_TRACE=str(trace)).text
    assert "2 versions, 2 commits behind" in kept
    logs = [line for line in trace.read_text().splitlines() if "git log" in line]
    assert len(logs) == 1
    assert f"{old}..{new}" in logs[0]
    assert fresh(linked) == kept


def test_a_rewritten_history_is_asked_anew_before_and_after_gc(linked: Repo):
    linked.labelmeta("check")
    assert linked.codes() == []
    linked.git("checkout", "-q", "--orphan", "squashed")
    linked.commit("All in one")
    linked.git("branch", "-q", "-D", "main")
    kept = linked.labelmeta("check").text
    assert "not in the history of HEAD" in kept
    linked.git("reflog", "expire", "--expire=now", "--all")
    linked.git("gc", "-q", "--prune=now")
    assert linked.labelmeta("check").text == kept == fresh(linked)


@pytest.mark.parametrize(
    "content",
    ["", "{", "[]", "null", '{"head": 1, "inside": 2, "outside": 3, "logs": 4}', "\udcff",
     '{"head": "HEAD", "inside": [[]], "outside": [], "logs": {}}',
     '{"head": "-x", "inside": [], "outside": [], "logs": {}}',
     '{"head": "x", "inside": [], "outside": [], "logs": {"a": [["b"]]}}'],
)  # fmt: skip
def test_a_broken_cache_only_costs_time(linked: Repo, content: str):
    wanted = fresh(linked)
    linked.write(CACHE, content.encode(errors="surrogateescape"))
    assert linked.labelmeta("check").text == wanted


def test_a_cache_that_cannot_be_written_is_no_matter(linked: Repo):
    shutil.rmtree(linked.path / ".labelmeta")
    linked.write(".labelmeta", "a file where the folder should be")
    linked.labelmeta("check")
