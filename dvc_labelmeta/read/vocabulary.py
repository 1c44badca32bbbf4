"""The label ids of every version of a guideline, read from its history."""

from __future__ import annotations

import posixpath
from typing import Any

from dvc_labelmeta.errors import UnreadableFile
from dvc_labelmeta.model.guideline import Guideline
from dvc_labelmeta.model.snapshot import Snapshot
from dvc_labelmeta.read.files import decode, misfits, parse
from dvc_labelmeta.read.git import Objects, Repository, open_bare, open_repository
from dvc_labelmeta.read.guidelines import structured_path
from dvc_labelmeta.read.snapshot import clone_folder

Vocabularies = dict[str, frozenset[str] | None]


def vocabularies(snapshot: Snapshot, guideline: Guideline) -> Vocabularies:
    """Return the label ids of a guideline by version, None for a version that lists none.

    All versions in the history of HEAD, in the linked commits and among the releases. The
    versions of prose are the first 12 of its object. Empty where the guideline is not here.
    """
    repository = repository_of(snapshot, guideline)
    if repository is None or not repository.head:
        return {}
    git = repository.git
    head = snapshot.head if guideline.repo is None else repository.head
    path = git.above(guideline.path)
    linked = [commit for id_, commit, _ in snapshot.pins if id_ == guideline.id]
    history = [commit.hash for commit in git.log(head, "--", f":(top,literal){path}")]
    found: Vocabularies = {}
    with git.objects() as objects:
        for commit in (*linked, *history):
            entry = objects.entry(commit, path) if objects.get(commit) else None
            if entry is not None:
                _add(found, objects, path, entry.object, folder=entry.mode == "40000")
    for release in guideline.releases:
        found.setdefault(release.version, None)
    return found


def repository_of(snapshot: Snapshot, guideline: Guideline) -> Repository | None:
    """Return the repository that holds a guideline, None where it is not fetched yet."""
    if guideline.repo is None:
        return open_repository(snapshot.root)
    folder = clone_folder(snapshot.root, snapshot.config, guideline.repo)
    return None if folder is None else open_bare(folder)


def _add(found: Vocabularies, objects: Objects, path: str, object_: str, *, folder: bool) -> None:
    """Add what one state of a guideline says; states of one version are taken together."""
    where = structured_path(path, folder=folder)
    blob: str | None = object_ if where and not folder else None
    if folder and where:
        name = posixpath.basename(where)
        blob = next((e.object for e in objects.entries(object_) if e.name == name), None)
    value = structure(objects.blob(blob)) if blob else None
    if value is None:
        found.setdefault(object_[:12], None)
        return
    labels = frozenset(label["id"] for label in value.get("labels", ())) or None
    before = found.get(value["version"])
    found[value["version"]] = (before | labels) if before and labels else (labels or before)


def structure(content: bytes | None) -> dict[str, Any] | None:
    """Return what a guideline.yaml holds, None where it does not fit its schema."""
    if content is None:
        return None
    try:
        value = parse(decode(content))
    except UnreadableFile:
        return None
    return None if misfits("guideline", value) else value
