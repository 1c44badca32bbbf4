"""The latest moment at which committed records can have been made: by the commit, not the clock."""

from __future__ import annotations

import os
import posixpath
from collections.abc import Iterable
from typing import NamedTuple

from dvc_labelmeta.model.event import utc
from dvc_labelmeta.model.snapshot import Record, Snapshot, enclosing
from dvc_labelmeta.read.git import open_repository

_CHUNK = 1000  # paths in one question: a command line is not endless
_DAY = 86400  # clocks of tools differ, and times come without the right zone


class Committed(NamedTuple):
    """What `latest` asks of Git, once for many records.

    moment: a day after the commit of HEAD, "" where there is none. changed: files that differ.
    """

    moment: str
    changed: frozenset[str]


def committed(snapshot: Snapshot, paths: Iterable[str]) -> Committed:
    """Return what Git says of records at some paths, from the root, and of what records them."""
    repository = open_repository(snapshot.root)
    if not repository.head:
        return Committed("", frozenset())
    asked = sorted({each for path in paths for each in _recorded(snapshot, path)})
    changed: set[str] = set()
    for start in range(0, len(asked), _CHUNK):
        specs = (f":(literal){each}" for each in asked[start : start + _CHUNK])
        changed |= repository.git.status(specs).keys()
    seconds = int(repository.git.text("show", "-s", "--format=%ct", repository.head))
    return Committed(utc(seconds + _DAY), frozenset(changed))


def _tracked(snapshot: Snapshot, path: str) -> list[Record]:
    return [snapshot.records[one] for one in (path, *enclosing(path)) if one in snapshot.records]


def _recorded(snapshot: Snapshot, path: str) -> set[str]:
    """Return the files that hold records at a path, or what is recorded of them."""
    lock = posixpath.join(posixpath.dirname(path), "dvc.lock")
    return {path, f"{path}.dvc", lock, *(one.place.path for one in _tracked(snapshot, path))}


def latest(snapshot: Snapshot, path: str, state: Committed | None = None) -> str:
    """Return a day after the commit of HEAD (RFC 3339) for records at `path`, from the root.

    "" where they are not committed yet, or nothing is: then they may be as new as they like. Of
    what DVC tracks only the size is compared, since a hash means to read all of it. state: of this
    path among others, where it was asked for.
    """
    for one in _tracked(snapshot, path):
        if one.hash != "git" and one.size not in {None, _size(snapshot.root, one.path)}:
            return ""
    state = committed(snapshot, [path]) if state is None else state
    recorded = _recorded(snapshot, path)
    if any(one in recorded or recorded & {*enclosing(one)} for one in state.changed):
        return ""
    return state.moment


def _size(root: str, path: str) -> int | None:
    """Return the bytes of a file, or of all files in a folder; None where they are not here."""
    full = os.path.join(root, path)
    files = [os.path.join(folder, name) for folder, _, names in os.walk(full) for name in names]
    try:
        return sum(os.stat(file).st_size for file in (files if os.path.isdir(full) else [full]))
    except OSError:
        return None
