"""Where annotation records are: what a name on the command line or in a script stands for.

Needs no engine: only names, and what a folder holds.
"""

from __future__ import annotations

import glob
import os
from typing import NamedTuple

from dvc_labelmeta.errors import Refused, UnreadableFile
from dvc_labelmeta.model.shell import typed
from dvc_labelmeta.model.sidecar import Layer, Sidecar
from dvc_labelmeta.model.snapshot import Snapshot

FORMATS = ("jsonl", "csv", "parquet")
_ENDINGS = {"jsonl": (".jsonl", ".ndjson"), "csv": (".csv", ".tsv"), "parquet": (".parquet",)}
_PACKED = ("", ".gz", ".zst")


class Source(NamedTuple):
    """One set of records. path: a file, folder or pattern; format: one of FORMATS.

    sidecar, layer: whose records they are; None for a bare file.
    """

    path: str
    format: str
    sidecar: Sidecar | None = None
    layer: Layer | None = None

    @property
    def layer_name(self) -> str:
        """The name of the layer, "" for a bare file."""
        return self.layer.name if self.layer is not None else ""


def sources(snapshot: Snapshot, split: str, layer: str = "") -> list[Source]:
    """Return the records of a linked split, one entry a layer that has any, or that layer's.

    split: path from the root. Raises Refused where the split is not linked, has no such layer, or
    names no records, and UnreadableFile where its sidecar cannot be read.
    """
    one = next((one for one in snapshot.sidecars if one.split == split), None)
    if one is None:
        raise Refused(f"{split} is not linked: labelmeta link {typed(split)} --guideline ID")
    names = [each.name for each in one.layers]
    if layer and layer not in names:
        raise Refused(f"{split} has no layer {layer!r}; it has {', '.join(names)}")
    found = [
        source_of(snapshot, one, each)
        for each in one.layers
        if each.annotations is not None and layer in {"", each.name}
    ]
    if not found:
        raise Refused(
            f"{one.path} names no annotations{f' for layer {layer}' if layer else ''}: import "
            "them (`labelmeta annotations import`), or give the file of records instead"
        )
    return found


def source_of(snapshot: Snapshot, one: Sidecar, layer: Layer) -> Source:
    """Return the records that a layer names; their path in the sidecar is relative to it."""
    named = layer.annotations
    assert named is not None  # noqa: S101  # for the type checker: callers ask first
    path = one.records(layer)
    if path.split("/").count("..") > snapshot.prefix.count("/"):
        raise Refused(
            f"{one.path}: the annotations of layer {layer.name} are outside the repository"
        )
    full = os.path.normpath(os.path.join(snapshot.root, path))
    return Source(full, named.format or _held(full, path) or "jsonl", one, layer)


def bare(path: str, name: str) -> Source:
    """Return the records of a file, folder or pattern; `name` is what the user called it.

    Raises Refused where there is none, or where a folder holds several formats.
    """
    if not os.path.exists(path) and not glob.glob(path):
        raise Refused(f"{name}: there is no such file, nor is it a linked split")
    kind = _held(path, name)
    if kind is None:
        raise Refused(f"{name} holds no file of annotations (.jsonl, .csv, .parquet)")
    return Source(path, kind)


def _held(path: str, name: str) -> str | None:
    """Return the format that a name tells, or that of all the files that a folder holds."""
    told = format_of(path)
    if told is not None or not os.path.isdir(path):
        return told
    held = [kind for kind in FORMATS if _files(path, kind)]
    if len(held) > 1:
        raise Refused(f"{name} holds files of several formats: {', '.join(held)}")
    return held[0] if held else None


def shards(path: str, format_: str) -> list[str]:
    """Return the files that `path` stands for, sorted: a file, a folder of shards or a pattern.

    Raises UnreadableFile where there is none of that format.
    """
    found = _files(path, format_)
    if not found and not os.path.lexists(path):
        raise UnreadableFile("is not there")
    if not found:
        raise UnreadableFile(f"holds no {format_} file ({', '.join(_ENDINGS[format_])})")
    return found


def _files(path: str, format_: str) -> list[str]:
    if not os.path.isdir(path):
        return [path] if os.path.isfile(path) else sorted(glob.glob(path))
    endings = tuple(end + packed for end in _ENDINGS[format_] for packed in _PACKED)
    return sorted(
        os.path.join(folder, name)
        for folder, _, names in os.walk(path)
        for name in names
        if name.endswith(endings)
    )


def format_of(path: str) -> str | None:
    """Return the format that a file name tells, or None."""
    for format_, endings in _ENDINGS.items():
        if path.endswith(tuple(end + packed for end in endings for packed in _PACKED)):
            return format_
    return None
