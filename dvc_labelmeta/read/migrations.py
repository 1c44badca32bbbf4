"""Migration files, and the versions of a guideline that they lead from and to."""

from __future__ import annotations

import os
import posixpath
from typing import NamedTuple

from dvc_labelmeta.errors import LabelMetaError, UnreadableFile
from dvc_labelmeta.model.guideline import Guideline
from dvc_labelmeta.model.migration import Migration, faults, migration, migrations_folder
from dvc_labelmeta.model.snapshot import Snapshot
from dvc_labelmeta.read.files import MAX_BYTES, decode, misfits, parse, places
from dvc_labelmeta.read.vocabulary import repository_of, state_of


class State(NamedTuple):
    """One version of a guideline as it was last in the history. labels: those that may be used.

    None for a version that lists none; task: "" where it names none.
    """

    version: str
    commit: str
    labels: frozenset[str] | None
    task: str


def folder_of(guideline: Guideline) -> str:
    """Return where the migrations of a guideline are, from the root.

    Those of a guideline that another repository holds are here, in guidelines/.
    """
    path = f"guidelines/{guideline.id}" if guideline.repo else guideline.path
    return migrations_folder(path, guideline.id)


def migrations(root: str, guideline: Guideline) -> dict[str, Migration]:
    """Return the migrations of a guideline by the version that they lead to.

    Raises LabelMetaError with the place of everything that is wrong in them.
    """
    folder = folder_of(guideline)
    try:
        names = sorted(os.listdir(os.path.join(root, folder)))
    except (FileNotFoundError, NotADirectoryError):
        return {}
    found = [_read(root, posixpath.join(folder, name)) for name in names if name.endswith(".yaml")]
    return {one.current: one for one in found}


def _read(root: str, path: str) -> Migration:
    try:
        with open(os.path.join(root, path), "rb") as file:
            content = file.read(MAX_BYTES + 1)
    except OSError as error:
        raise UnreadableFile(f"{path}: {error.strerror}") from None
    return parsed(path, content)


def parsed(path: str, content: bytes) -> Migration:
    """Return what a migration file holds. Raises LabelMetaError with the place of each fault."""
    try:
        text = decode(content)
        value = parse(text)
    except UnreadableFile as error:
        raise UnreadableFile(f"{path}:{error.line}:{error.column}: {error}") from None
    wrong = misfits("migration", value) or faults(value)
    if not wrong and posixpath.basename(path) != f"{value['to']}.yaml":
        wrong = [(("to",), f"to: a migration to {value['to']} is named {value['to']}.yaml")]
    if wrong:
        spots = places(text, [pointer for pointer, _ in wrong])
        told = [
            f"{path}:{line}:{column}: {message}"
            for (line, column), (_, message) in zip(spots, wrong, strict=True)
        ]
        raise LabelMetaError("\n".join(told))
    return migration(path, value)


def lineage(snapshot: Snapshot, guideline: Guideline) -> list[State]:
    """Return the versions of a guideline in the history of HEAD, oldest first."""
    repository = repository_of(snapshot, guideline)
    if repository is None or not repository.head:
        return []
    git = repository.git
    head = snapshot.head if guideline.repo is None else repository.head
    path = git.above(guideline.path)
    found: dict[str, State] = {}
    with git.objects() as objects:
        for commit in git.log(head, "--", f":(top,literal){path}"):
            entry = objects.entry(commit.hash, path)
            if entry is None:
                continue
            value = state_of(objects, path, entry.object, folder=entry.mode == "40000")
            labels = [
                label["id"]
                for label in value.get("labels", ())
                if label.get("status", "active") != "retired"
            ]
            state = State(
                value["version"], commit.hash, frozenset(labels) or None, value.get("task", "")
            )
            found.setdefault(state.version, state)
    return [*reversed(found.values())]
