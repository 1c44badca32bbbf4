"""A law of `ledger verify`: what was verified before never changes what a later run finds."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from dvc_labelmeta.model.event import EVENTS, Draft
from dvc_labelmeta.read.verified import FILE
from tests.attacked import add, mail
from tests.inside import Inside

pytestmark = pytest.mark.inside
HOW = "verified_before"  # the one word that may differ: it says how


class Team:
    """A project with events by two people, each on a branch of his own, days after each other."""

    def __init__(self, path: Path) -> None:
        self.repo = Inside(path)

    def begin(self) -> None:
        self.repo.git("checkout", "-q", "-b", "side")
        self.tell("Bob", 6)
        self.tell("Bob", 8, 2)
        self.repo.git("checkout", "-q", "main")
        self.tell("Ada", 7)
        self.tell("Ada", 9)

    def tell(self, who: str, day: int, number: int = 1, **more: Any) -> None:
        """Write events and commit them."""
        at = f"2026-01-{day:02}T09:00:00Z"
        drafts = [Draft("audited", "project:", note=f"{who} {day} {n}") for n in range(number)]
        add(self.repo.path, mail(who), at, *more.get("drafts", drafts))
        self.repo.commit(f"{who} {day}", at)

    def git(self, day: int, *args: str) -> None:
        """Run Git on a day."""
        at = f"2026-01-{day:02}T09:00:00Z"
        self.repo.git(*args, GIT_AUTHOR_DATE=at, GIT_COMMITTER_DATE=at)


def merged(team: Team) -> None:
    team.git(10, "merge", "-q", "--no-ff", "-m", "Merge", "side")
    team.tell("Ada", 11)


def merged_the_other_way(team: Team) -> None:
    team.git(10, "checkout", "-q", "side")
    team.git(10, "merge", "-q", "--no-ff", "-m", "Merge", "main")
    team.git(10, "checkout", "-q", "main")
    team.git(10, "merge", "-q", "--ff-only", "side")
    team.tell("Bob", 11)


def squashed(team: Team) -> None:
    team.git(14, "merge", "-q", "--squash", "side")
    team.git(14, "commit", "-q", "-m", "Squash")
    team.tell("Ada", 15)


def squashed_and_merged(team: Team) -> None:
    squashed(team)
    team.git(16, "merge", "-q", "--no-ff", "-m", "Merge", "side")


def rebased(team: Team) -> None:
    team.git(14, "checkout", "-q", "side")
    team.git(14, "rebase", "-q", "main")
    team.git(14, "checkout", "-q", "main")
    team.git(14, "merge", "-q", "--ff-only", "side")
    team.tell("Ada", 15)


def picked(team: Team) -> None:
    team.git(13, "cherry-pick", "side~1")
    team.tell("Ada", 14)
    team.git(15, "merge", "-q", "--no-ff", "-m", "Merge", "side")


def corrected(team: Team) -> None:
    """A claim that Git bears out later only, and one that a later event takes back."""
    repo = team.repo
    (real,) = (
        one
        for one in (json.loads(p.read_bytes()) for p in (repo.path / EVENTS).rglob("*.json"))
        if one["subject"] == "split:data/dev.csv"
    )
    then = repo.git("rev-parse", "HEAD")
    data = {"hash": "md5", "value": "a" * 32}
    lie = {**real["claims"], "data": data}
    team.tell("Ada", 10, drafts=[Draft("relinked", real["subject"], lie)])
    pinned = {path: repo.read(path) for path in ("data/dev.csv.dvc", "data/dev.csv.labelmeta.yaml")}
    for path, text in pinned.items():
        repo.write(path, text.replace(real["claims"]["data"]["value"], "a" * 32))
    team.tell("Ada", 11)
    for path, text in pinned.items():
        repo.write(path, text)
    told = {"commit": then}
    team.tell("Bob", 12, drafts=[Draft("relinked", real["subject"], real["claims"], told)])
    team.tell("Bob", 13, drafts=[Draft("relinked", real["subject"], lie, told)])
    team.tell("Ada", 14, drafts=[Draft("relinked", real["subject"], real["claims"])])


HISTORIES = (
    merged, merged_the_other_way, squashed, squashed_and_merged, rebased, picked, corrected,
)  # fmt: skip


@pytest.fixture(scope="module")
def started(built_linked: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("again") / "project"
    shutil.copytree(built_linked, path, symlinks=True)
    Team(path).begin()
    return path


@pytest.fixture
def team(started: Path, tmp_path: Path) -> Team:
    shutil.copytree(started, tmp_path / "project", symlinks=True)
    return Team(tmp_path / "project")


def verify(repo: Inside, *args: str) -> dict[str, Any]:
    ran = repo.labelmeta("ledger", "verify", "--format", "json", *args, code=None)
    value: dict[str, Any] = json.loads(ran.out)
    return value


def at(repo: Inside, commit: str, *args: str) -> dict[str, Any]:
    repo.git("checkout", "-q", commit)
    return verify(repo, *args)


def kept_at_each(repo: Inside) -> Iterator[bytes]:
    """Yield what a run at each commit keeps: alone, and after those before it."""
    commits = repo.git("rev-list", "--topo-order", "--reverse", "main", "side").split()
    first = commits.index(repo.git("merge-base", "main", "side~3"))
    for alone in (True, False):
        for commit in commits[first:]:
            if alone:
                (repo.path / FILE).unlink(missing_ok=True)
            at(repo, commit)
            yield (repo.path / FILE).read_bytes() if (repo.path / FILE).exists() else b""


@pytest.mark.parametrize("history", HISTORIES, ids=lambda one: one.__name__)
def test_earlier_runs_change_nothing(team: Team, history: Callable[[Team], None]) -> None:
    history(team)
    repo = team.repo
    known = dict.fromkeys(filter(None, kept_at_each(repo)))
    whole = at(repo, "main", "--full")
    assert len(known) >= 5
    how = set[int]()
    for content in known:
        repo.write(FILE, content)
        found = verify(repo)
        how.add(found[HOW])
        assert found | {HOW: 0} == whole | {HOW: 0}
    assert max(how) > 0, "some of that was of use"


def test_a_squashed_branch_is_a_note_and_a_branch_that_lagged_is_nothing(team: Team) -> None:
    repo = team.repo
    team.git(14, "merge", "-q", "--no-ff", "-m", "Merge", "side")
    assert [one["kind"] for one in verify(repo, "--full")["findings"] if one["kind"] != "fork"] == [
        "other-author"
    ]
    repo.git("reset", "-q", "--hard", "main~1")
    squashed(team)
    (found,) = (one for one in verify(repo)["findings"] if one["kind"] == "back-dated")
    assert found["severity"] == "note"
    assert "added 3 events like it more than a day later" in found["message"]
