"""What is said of labels beside two versions: by migration files, and by versions before them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from dvc_labelmeta.errors import LabelMetaError
from dvc_labelmeta.model.guideline import in_order, precedes
from dvc_labelmeta.model.migration import Migration, label_map
from dvc_labelmeta.read.git import Git, Objects
from dvc_labelmeta.read.migrations import parsed
from dvc_labelmeta.read.vocabulary import state_of


def declared_labels(
    files: Mapping[str, bytes], previous: str, current: str
) -> dict[str, tuple[str, ...]]:
    """Return what became of labels between two versions: previous id -> current ids.

    files: migration files by name; what is wrong with one, `migrate` tells.
    """
    return label_map(_readable(files), previous, current)


def _readable(files: Mapping[str, bytes]) -> Iterator[Migration]:
    for name, content in files.items():
        if name.endswith(".yaml"):
            try:
                yield parsed(name, content)
            except LabelMetaError:
                continue


def used_labels(
    git: Git, objects: Objects, commit: str, paths: Iterable[str], before: str, ids: set[str]
) -> dict[str, Mapping[str, Any]]:
    """Return labels with these ids in versions older than `before`, as they were last defined.

    paths: where the guideline is, or was, from the top level. Where no id is asked for, nothing
    is read; a history that is cut tells what is left of it.
    """
    found: dict[str, tuple[str, Mapping[str, Any]]] = {}
    seen: set[str] = set()
    specs = [f":(top,literal){path}" for path in sorted(paths)]
    for one in git.log(commit, "--", *specs) if ids else ():
        for path in paths:
            entry = objects.entry(one.hash, path)
            if entry is None or entry.object in seen:
                continue
            seen.add(entry.object)
            state = state_of(objects, path, entry.object, folder=entry.mode == "40000")
            version = state["version"]
            for label in state.get("labels", ()) if precedes(version, before) else ():
                id_ = label["id"]
                if id_ in ids and (id_ not in found or in_order(found[id_][0]) < in_order(version)):
                    found[id_] = version, label
    return {id_: label for id_, (_, label) in found.items()}
