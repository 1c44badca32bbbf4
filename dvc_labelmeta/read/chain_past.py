"""What Git's history says of the files of events: which commit added, changed or removed each."""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Iterable, Iterator

from dvc_labelmeta.model.chain import Added, Past, Undone
from dvc_labelmeta.model.event import EVENTS
from dvc_labelmeta.read.git import Repository

_PATH = re.compile(r".*/([0-9a-f]{2})/(\1[0-9a-f]{62})\.json\Z", re.DOTALL)
# large folders are kept as differences from each other: Git forgets too many of them with its 96 MB
MEMORY = ("-c", "core.deltaBaseCacheLimit=256m")
_FORM = "%x01%H %ct %at %an <%ae>"


def past(repository: Repository, span: str) -> Past:
    """Return what the history of a revision ("" = there is none), or of a range, says of events.

    Nothing is simplified away: a merge that takes one side only would hide what the other had.
    """
    if not span:
        return Past()
    git = repository.git
    how = ("--full-history", "--topo-order", "--root", "-c", "--name-status", "--no-renames", "-z")
    spec = f":(top,literal){git.above(EVENTS)}"
    log = (*MEMORY, "log", *how, f"--format={_FORM}", span, "--", spec)
    cut = _boundary(repository)
    added: dict[str, Added] = {}
    undone: list[Undone] = []
    for commit, files in _commits(git.run(*log)):
        hash_, committed, authored, author = commit.split(" ", 3)
        told = Added(hash_, int(authored), int(committed), author, hash_ in cut)
        for event, letters in files:
            if not letters.strip("A"):
                added[event] = told  # the oldest one, which comes last, stays
            else:
                undone.append(Undone(event, "M" if letters.strip("D") else "D", hash_))
    return Past(added, tuple(undone), repository.shallow)


def graph(repository: Repository, span: str) -> dict[str, tuple[str, ...]]:
    """Return the commits of a range that touch events, and merges, each with those right before
    it: parents first.
    """
    git = repository.git
    spec = f":(top,literal){git.above(EVENTS)}"
    how = ("--parents", "--full-history", "--topo-order", "--reverse", span, "--", spec)
    lines = git.text(*MEMORY, "rev-list", *how).splitlines()
    return {commit: tuple(parents) for commit, *parents in map(str.split, lines)}


def _commits(out: bytes) -> Iterator[tuple[str, list[tuple[str, str]]]]:
    """Yield each commit, newest first, with the events whose files it touched, and how.

    Letters and paths alternate; NUL is the only sign that no name of an author can hold.
    """
    header, letters, files = "", "", list[tuple[str, str]]()
    for part in out.decode(errors="replace").split("\0"):
        if part.startswith("\x01"):
            if header:
                yield header, files
            header, letters, files = part[1:], "", []
        elif letters:
            match = _PATH.match(part)
            if match:
                files.append((sys.intern(match[2]), letters))
            letters = ""
        else:
            letters = part.strip()
    if header:
        yield header, files


def _boundary(repository: Repository) -> frozenset[str]:
    """Return the commits at which a shallow clone ends."""
    if not repository.shallow:
        return frozenset()
    git = repository.git
    path = os.path.join(git.folder, git.text("rev-parse", "--git-path", "shallow"))
    with open(path, encoding="ascii") as file:
        return frozenset(file.read().split())


def beside(repository: Repository, known: Past, heads: Iterable[str]) -> frozenset[tuple[str, str]]:
    """Return the pairs of heads whose commits stand beside each other: a merge brought them
    together. Each is paired with the first one.
    """
    first, *others = sorted(heads) or [""]
    found, commits = set(), {**known.before, **known.added}
    for other in others:
        pair = [commits[hash_].commit for hash_ in (first, other) if hash_ in commits]
        if len({*pair}) == 2:
            out = repository.git.text("merge-base", "--independent", *pair)
            if len(out.split()) == 2:
                found.add((first, other))
    return frozenset(found)
