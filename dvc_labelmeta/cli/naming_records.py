"""`link --annotations`: which records a layer of a split is to name."""

from __future__ import annotations

import os
import posixpath

from dvc_labelmeta.errors import Refused
from dvc_labelmeta.model.sidecar import Layer, Records, Sidecar
from dvc_labelmeta.model.snapshot import Snapshot
from dvc_labelmeta.read.source import leaves
from dvc_labelmeta.read.sources import bare, format_of
from dvc_labelmeta.read.unpulled import unpulled


def asked_records(snapshot: Snapshot, start: str, name: str, level: str) -> Records:
    """Return records as they were asked for from the current folder; `path` is from the root.

    level: "" for that of before. Raises Refused where they are outside of the repository, or
    neither there nor tracked by DVC.
    """
    full = os.path.normpath(os.path.join(os.path.realpath(start), name.removesuffix(".dvc")))
    full = os.path.join(os.path.realpath(os.path.dirname(full)), os.path.basename(full))
    path = os.path.relpath(full, snapshot.root).replace(os.sep, "/")
    if leaves(path, snapshot.prefix.count("/")):
        raise Refused(f"--annotations {name}: is outside the repository")
    if unpulled(snapshot, path):
        return Records(path, format_of(path) or "", level)
    if not os.path.exists(full):
        raise Refused(f"--annotations {name}: is not there, and DVC does not track it")
    return Records(path, bare(full, f"--annotations {name}").format, level)


def with_records(one: Sidecar, name: str | None, asked: Records) -> Sidecar:
    """Return a sidecar whose only layer, or the one with that name, names these records."""
    names = [layer.name for layer in one.layers]
    if name is None and len(names) > 1:
        raise Refused(f"{one.split} has several layers; --layer {' or '.join(names)}")
    path = posixpath.relpath(asked.path, posixpath.dirname(one.path) or ".")
    return one._replace(
        layers=tuple(
            _naming(one, layer, asked._replace(path=path)) if name in {None, layer.name} else layer
            for layer in one.layers
        )
    )


def _naming(one: Sidecar, layer: Layer, asked: Records) -> Layer:
    """Return the layer; what a sidecar tells of other records is never made to speak of these."""
    known = layer.annotations
    if known is not None and posixpath.normpath(known.path) != asked.path:
        raise Refused(
            f"{one.path}: layer {layer.name} names the records {known.path}; "
            "take its `annotations:` out first"
        )
    if known is not None:
        return layer._replace(annotations=known._replace(level=asked.level or known.level))
    return layer._replace(annotations=asked._replace(level=asked.level or Records("").level))
