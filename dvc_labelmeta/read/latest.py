"""The latest moment at which committed records can have been made: by the commit, not the clock."""

from __future__ import annotations

import datetime as dt
import os
import posixpath

from dvc_labelmeta.model.snapshot import Snapshot, enclosing
from dvc_labelmeta.read.git import open_repository

_DAY = dt.timedelta(days=1)  # clocks of tools differ, and times come without the right zone


def latest(snapshot: Snapshot, path: str) -> str:
    """Return a day after the commit of HEAD (RFC 3339) for records at `path`, from the root.

    "" where they are not committed yet, or nothing is: then they may be as new as they like. Of
    what DVC tracks only the size is compared, since a hash means to read all of it.
    """
    repository = open_repository(snapshot.root)
    if not repository.head:
        return ""
    recorded = {path, f"{path}.dvc", posixpath.join(posixpath.dirname(path), "dvc.lock")}
    tracked = [snapshot.records[one] for one in (path, *enclosing(path)) if one in snapshot.records]
    for one in tracked:
        recorded.add(one.place.path)
        if one.hash != "git" and one.size not in {None, _size(snapshot.root, one.path)}:
            return ""
    if repository.git.status(f":(literal){each}" for each in sorted(recorded)):
        return ""
    seconds = int(repository.git.text("show", "-s", "--format=%ct", repository.head))
    moment = dt.datetime.fromtimestamp(seconds, dt.timezone.utc) + _DAY
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")


def _size(root: str, path: str) -> int | None:
    """Return the bytes of a file, or of all files in a folder; None where they are not here."""
    full = os.path.join(root, path)
    files = [os.path.join(folder, name) for folder, _, names in os.walk(full) for name in names]
    try:
        return sum(os.stat(file).st_size for file in (files if os.path.isdir(full) else [full]))
    except OSError:
        return None
