"""Whether records are missing only since DVC has them elsewhere: a checkout holds no data."""

from __future__ import annotations

import os
from fnmatch import fnmatch

from dvc_labelmeta.model.facts import Unpulled
from dvc_labelmeta.model.snapshot import Snapshot, enclosing
from dvc_labelmeta.read.sources import format_of


def unpulled(snapshot: Snapshot, path: str) -> Unpulled | None:
    """Return what DVC tracks of records, by their path from the root, and is not here."""
    found = []
    for name in _tracked(snapshot, path):
        there = path if name in enclosing(path) else name
        if not os.path.lexists(os.path.join(snapshot.root, there)):
            found.append(there)
    return Unpulled(tuple(sorted(found))) if found else None


def _tracked(snapshot: Snapshot, path: str) -> list[str]:
    """Return the data that DVC recorded and that is these records, holds them or is one of them."""
    in_git = {out.path for stage in snapshot.stages for out in stage.outs if not out.cache}
    above = {path, *enclosing(path)}
    return [
        name
        for name, record in snapshot.records.items()
        if record.hash != "git" and record.value and name not in in_git
        if name in above or _part(name, path)
    ]


def _part(name: str, path: str) -> bool:
    """Whether a file is one of a folder of records, or one that a pattern names."""
    return (name.startswith(f"{path}/") and format_of(name) is not None) or fnmatch(name, path)
