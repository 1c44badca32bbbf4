"""What the history of a guideline says of each version: its labels, its task, since when it is."""

from __future__ import annotations

import datetime as dt
import posixpath
from typing import Any, NamedTuple

from dvc_labelmeta.errors import UnreadableFile
from dvc_labelmeta.model.guideline import Guideline, structured_path
from dvc_labelmeta.model.snapshot import Snapshot
from dvc_labelmeta.model.values import Task
from dvc_labelmeta.read.files import decode, misfits, parse
from dvc_labelmeta.read.git import Objects, Repository, open_bare, open_repository
from dvc_labelmeta.read.source import clone_folder


class Known(NamedTuple):
    """What is known of the versions of a guideline.

    vocabularies: label ids, None for a version that lists none. tasks: what the answers are, where
    the version names its task. since: the first day (ISO) of each, the one it names itself
    (`effective_from`) or that of its first commit; nothing where the history is cut. cut: there
    may be versions that this clone does not show.
    """

    vocabularies: dict[str, frozenset[str] | None]
    tasks: dict[str, Task]
    since: dict[str, str]
    cut: bool = False


def known(snapshot: Snapshot, guideline: Guideline) -> Known:
    """Return what is known of every version of a guideline, nothing where it is not here.

    All versions in the history of HEAD, in the linked commits and among the releases. The
    versions of prose are the first 12 of its object.
    """
    found = Known({}, {}, {})
    repository = repository_of(snapshot, guideline)
    if repository is None or not repository.head:
        return found
    git = repository.git
    head = snapshot.head if guideline.repo is None else repository.head
    path = git.above(guideline.path)
    linked = {commit: "" for id_, commit, _ in snapshot.pins if id_ == guideline.id}
    history = {one.hash: one.date for one in git.log(head, "--", f":(top,literal){path}")}
    with git.objects() as objects:
        for commit, day in (linked | history).items():
            entry = objects.entry(commit, path) if objects.get(commit) else None
            if entry is not None:
                folder = entry.mode == "40000"
                _add(found, state_of(objects, path, entry.object, folder=folder), day)
    for release in guideline.releases:
        found.vocabularies.setdefault(release.version, None)
    if repository.shallow:
        found.since.clear()
        return found._replace(cut=True)
    return found


def begins(day: str) -> str:
    """Return a moment (RFC 3339) before which a day has begun nowhere, a day being without zone."""
    before = dt.date.fromisoformat(day) - dt.timedelta(days=1)
    return f"{before.isoformat()}T00:00:00Z"


def repository_of(snapshot: Snapshot, guideline: Guideline) -> Repository | None:
    """Return the repository that holds a guideline, None where it is not fetched yet."""
    if guideline.repo is None:
        return open_repository(snapshot.root)
    folder = clone_folder(snapshot.root, snapshot.config, guideline.repo)
    return None if folder is None else open_bare(folder)


def state_of(objects: Objects, path: str, object_: str, *, folder: bool) -> dict[str, Any]:
    """Return what one state of a guideline says; prose has only a version."""
    where = structured_path(path, folder=folder)
    blob: str | None = object_ if where and not folder else None
    if folder and where:
        name = posixpath.basename(where)
        blob = next((e.object for e in objects.entries(object_) if e.name == name), None)
    value = _structure(objects.blob(blob)) if blob else None
    return {"version": object_[:12]} if value is None else value


def _add(found: Known, value: dict[str, Any], day: str) -> None:
    """Add what one state says, first of all the newest; those of one version count together."""
    version = value["version"]
    labels = frozenset(label["id"] for label in value.get("labels", ())) or None
    before = found.vocabularies.get(version)
    found.vocabularies[version] = (before | labels) if before and labels else (labels or before)
    if "task" in value:
        scale = value.get("scale", {})
        found.tasks.setdefault(version, Task(value["task"], scale.get("min"), scale.get("max")))
    days = [day, value.get("effective_from", ""), found.since.get(version, "")]
    if any(days):
        found.since[version] = min(filter(None, days))


def _structure(content: bytes | None) -> dict[str, Any] | None:
    """Return what a guideline.yaml holds, None where it does not fit its schema."""
    if content is None:
        return None
    try:
        value = parse(decode(content))
    except UnreadableFile:
        return None
    return None if misfits("guideline", value) else value
