"""The facts about the annotation records of a project's layers, for `check` and `validate`."""

from __future__ import annotations

import os
import posixpath

from dvc_labelmeta.errors import UnreadableFile
from dvc_labelmeta.model.facts import Expected, RecordFacts
from dvc_labelmeta.model.sidecar import Layer, Sidecar
from dvc_labelmeta.model.snapshot import Snapshot
from dvc_labelmeta.read.vocabulary import vocabularies

MISSING = 'annotation records need DuckDB; pip install "dvc-labelmeta[annotations]"'


def is_missing(error: ModuleNotFoundError) -> bool:
    """Whether an import failed since the extra is not installed."""
    return error.name == "duckdb"


def records_path(root: str, one: Sidecar, layer: Layer) -> str:
    """Return where the records of a layer are; the path in the sidecar is relative to it."""
    path = layer.annotations.path if layer.annotations else ""
    return os.path.join(root, posixpath.normpath(posixpath.join(posixpath.dirname(one.path), path)))


def expected_of(snapshot: Snapshot, layer: Layer) -> Expected:
    """Return what the records of a layer are held to: the labels of its guideline's versions."""
    link = layer.guideline
    guideline = snapshot.guidelines.get(link.id)
    known = vocabularies(snapshot, guideline) if guideline is not None else {}
    return Expected("L0", known or None, link.version, link.id, layer.name)


def with_facts(snapshot: Snapshot) -> Snapshot:
    """Return the snapshot with facts about the records of every layer that has any.

    A layer whose records cannot be read, or DuckDB not being there, is told as text in their
    place. Records are read from the working tree only.
    """
    found: dict[tuple[str, str], RecordFacts | str] = {}
    for one in snapshot.sidecars:
        for layer in one.layers:
            if layer.annotations is not None:
                found[one.split, layer.name] = _facts(snapshot, one, layer)
    return snapshot._replace(annotations=found) if found else snapshot


def _facts(snapshot: Snapshot, one: Sidecar, layer: Layer) -> RecordFacts | str:
    try:
        from dvc_labelmeta.read.records import shards  # noqa: PLC0415  # DuckDB is an extra
        from dvc_labelmeta.read.validate import facts  # noqa: PLC0415  # DuckDB is an extra
    except ModuleNotFoundError as error:
        if not is_missing(error):
            raise
        return MISSING
    if layer.annotations is None:
        return RecordFacts()
    path = records_path(snapshot.root, one, layer)
    try:
        files = shards(path, layer.annotations.format)
        told = facts(files, layer.annotations.format, expected_of(snapshot, layer))
    except UnreadableFile as error:
        return f"{os.path.relpath(path, snapshot.root)}: {error}"
    names = tuple(os.path.relpath(file, snapshot.root).replace(os.sep, "/") for file in files)
    new = dict(zip(files, names, strict=True))
    return told._replace(
        files=names,
        flaws=tuple(
            flaw._replace(places=tuple(at._replace(file=new[at.file]) for at in flaw.places))
            for flaw in told.flaws
        ),
    )
