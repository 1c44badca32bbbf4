"""What an attack on a ledger is, and the ways by which a change of files gets to others."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from types import MappingProxyType
from typing import Any, NamedTuple

from dvc_labelmeta.model.chain import Verdict
from dvc_labelmeta.model.event import Event, event_of
from tests.forgery import Commit, Mode, Tree, contents, edited, filtered

NOTHING: Mapping[str, Any] = MappingProxyType({})
PUSHES, REWRITES, WRITES = "outsider", "maintainer", "writer"
EVE = "Eve <eve@example.org>"
LATER = 1_768_468_000  # seconds since 1970: an hour or two after the last commit


class Attack(NamedTuple):
    """One thing that somebody does. row: of the README's table. who: PUSHES, REWRITES or WRITES.

    commits: the history that he leaves; () = as it was. disk: files that are not committed. tags:
    what Git's tags are to be, by name: None = none, (number of a commit, "") = a light one, (number, message).
    found: the findings of which one has to be there, "severity kind"; () = nothing finds it.
    outside: the same when a head and a count are known from outside.
    """

    row: str
    who: str
    kind: str
    name: str
    found: tuple[str, ...] = ()
    commits: tuple[Commit, ...] = ()
    disk: Mapping[str, Mode | None] = NOTHING
    tags: Mapping[str, tuple[int, str] | None] = NOTHING
    outside: tuple[str, ...] = ()
    signed: bool = False


class Target(NamedTuple):
    """The project that is attacked. tags: by name the number of its commit and its message."""

    commits: tuple[Commit, ...]
    tags: Mapping[str, tuple[int, str]]

    @property
    def files(self) -> Tree:
        """What HEAD holds."""
        return self.commits[-1].files

    @property
    def events(self) -> list[Event]:
        """All events, those before others first; the order does not rest on hashes."""
        found = contents(self.files).items()
        events = [event_of(hash_, json.loads(content)) for hash_, content in found]
        return sorted(events, key=lambda one: (one.at, one.total, one.subject))


def pushed(
    target: Target, files: Tree, who: str = EVE, seconds: int = LATER, authored: int = 0
) -> tuple[Commit, ...]:
    """Return the history with one more commit."""
    author, committer = f"{who} {authored or seconds} +0000", f"{who} {seconds} +0000"
    one = Commit("", (len(target.commits) - 1,), author, committer, "Tidy up\n", files)
    return (*target.commits, one)


def amended(target: Target, files: Tree) -> tuple[Commit, ...]:
    """Return the history with another tree in its last commit."""
    return (*target.commits[:-1], target.commits[-1]._replace(hash="", files=files))


def everywhere(target: Target, edits: Mapping[str, Mode | None]) -> tuple[Commit, ...]:
    """Return the history with files changed in all commits that have them; new ones in the last."""
    known = {path for one in target.commits for path in one.files}

    def change(files: Tree) -> Tree:
        return edited(files, {path: one for path, one in edits.items() if path in files})

    done = filtered(target.commits, change)
    new = {path: one for path, one in edits.items() if path not in known}
    last = done[-1]._replace(hash="", files=edited(done[-1].files, new)) if new else done[-1]
    return (*done[:-1], last)


def spread(
    target: Target,
    start: Attack,
    edits: Mapping[str, Mode | None],
    rewritten: Sequence[str] | None = None,
) -> Iterator[Attack]:
    """Yield the same change of files left on disk, pushed, and in all of a rewritten history.

    rewritten: what is found then, where that is something else.
    """
    yield start._replace(disk=edits, who=WRITES, name=f"{start.name}, on disk")
    files = edited(target.files, edits)
    yield start._replace(commits=pushed(target, files), who=PUSHES, name=f"{start.name}, pushed")
    yield start._replace(
        commits=everywhere(target, edits),
        who=REWRITES,
        name=f"{start.name}, in all of history",
        found=start.found if rewritten is None else tuple(rewritten),
    )


def said(verdict: Verdict) -> set[str]:
    """Return what a verification found."""
    return {f"{one.severity} {one.kind}" for one in verdict.breaches}
