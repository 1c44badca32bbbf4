"""The gate of a split: the bytes that training stages depend on."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from dvc_labelmeta.model.guideline import semver

if TYPE_CHECKING:
    from dvc_labelmeta.model.sidecar import Sidecar
    from dvc_labelmeta.model.snapshot import Record

SCHEMA = "labelmeta/gate/v1"
FOLDER = "labelmeta/gates"


def gate_path(split: str) -> str:
    """Where the gate of a split is kept, from the root."""
    return f"{FOLDER}/{split}.json"


def gate(sidecar: Sidecar, record: Record) -> bytes:
    """Return the gate of a split.

    It holds only what must make a model train again: the data and, for each layer, the
    guideline with major.minor of its version (the object where a guideline has no semantic
    version). No commit, mode, policy, tool version or time: a repair, a patch release or a
    changed setting must leave the bytes as they are.
    """
    layers = {
        layer.name: {
            "guideline": layer.guideline.id,
            "version": meaning(layer.guideline.version, layer.guideline.object),
        }
        for layer in sidecar.layers
    }
    value = {
        "schema": SCHEMA,
        "split": sidecar.split,
        "data": {"hash": record.hash, "value": record.value},
        "layers": layers,
    }
    text = json.dumps(value, indent=2, sort_keys=True, ensure_ascii=False) + "\n"
    # a file name that is not UTF-8 comes as lone surrogates; JSON can spell those as \udc..
    return text.encode(errors="backslashreplace")


def meaning(version: str, object_: str) -> str:
    """Return major.minor of a semantic version, else the object."""
    parts = semver(version)
    return object_ if parts is None else f"{parts[0]}.{parts[1]}"
