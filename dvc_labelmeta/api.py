"""The public API: read a project at a revision, judge it. Typer is not needed."""

from __future__ import annotations

import datetime as dt
import os

from dvc_labelmeta.checks import catalogue
from dvc_labelmeta.errors import LabelMetaError
from dvc_labelmeta.model.finding import Finding, Report
from dvc_labelmeta.model.snapshot import Snapshot
from dvc_labelmeta.read import snapshot as reading

__all__ = ["Finding", "LabelMetaError", "Report", "Snapshot", "check", "load"]


def load(path_or_repo: str | os.PathLike[str] | object = ".", rev: str | None = None) -> Snapshot:
    """Return the frozen snapshot of a project.

    path_or_repo: a folder in the project, or a Git or DVC repository object (anything with
        `working_dir`, `root_dir` or `path`). rev: any Git revision; None = the working tree.

    Raises NotARepository, NoSuchRevision, BadConfig (all LabelMetaError).
    """
    path = path_or_repo
    if not isinstance(path, (str, os.PathLike)):
        for name in ("working_dir", "root_dir", "path"):
            if isinstance(getattr(path_or_repo, name, None), str):
                path = getattr(path_or_repo, name)
                break
        else:
            raise TypeError(f"load() takes a path or a repository, not {path_or_repo!r}")
    return reading.load(os.fspath(path), rev)


def check(snapshot: Snapshot, *, today: str | None = None) -> Report:
    """Return what the rules find in a snapshot, with the line of each finding.

    today: ISO date against which `until` of ignores is held; default the current day.
    """
    day = today or dt.datetime.now(tz=dt.timezone.utc).date().isoformat()
    return reading.located(snapshot, catalogue.judge(snapshot, day))
