"""The latest moment at which committed records can have been made: by the commit, not the clock."""

from __future__ import annotations

import datetime as dt
import posixpath

from dvc_labelmeta.model.snapshot import Snapshot
from dvc_labelmeta.read.git import open_repository

_DAY = dt.timedelta(days=1)  # clocks of tools differ, and times come without the right zone


def latest(snapshot: Snapshot, path: str) -> str:
    """Return a day after the commit of HEAD (RFC 3339) for records at `path`, from the root.

    "" where they are not committed yet, or nothing is: then they may be as new as they like.
    """
    repository = open_repository(snapshot.root)
    if not repository.head:
        return ""
    recorded = (path, f"{path}.dvc", posixpath.join(posixpath.dirname(path), "dvc.lock"))
    if repository.git.status(f":(literal){each}" for each in recorded):
        return ""
    seconds = int(repository.git.text("show", "-s", "--format=%ct", repository.head))
    moment = dt.datetime.fromtimestamp(seconds, dt.timezone.utc) + _DAY
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")
