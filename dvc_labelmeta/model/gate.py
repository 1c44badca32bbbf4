"""The gate of a split: the bytes that training stages depend on."""

from __future__ import annotations

from json.encoder import encode_basestring
from typing import TYPE_CHECKING

from dvc_labelmeta.model.guideline import semver

if TYPE_CHECKING:
    from dvc_labelmeta.model.sidecar import Sidecar
    from dvc_labelmeta.model.snapshot import Record

SCHEMA = "labelmeta/gate/v1"
FOLDER = "labelmeta/gates"
GATES_FILE = "labelmeta/dvc.yaml"


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
    quote = encode_basestring
    layers = ",".join(
        f'\n    {quote(name)}: {{\n      "guideline": {quote(link.id)},\n'
        f'      "version": {quote(meaning(link.version, link.object))}\n    }}'
        for name, link, *_ in sorted(sidecar.layers)
    )
    # as json.dumps(..., indent=2, sort_keys=True) has it, ten times faster
    text = (
        f'{{\n  "data": {{\n    "hash": {quote(record.hash)},\n    "value": {quote(record.value)}\n'
        f'  }},\n  "layers": {{{layers}{layers and chr(10) + "  "}}},\n'
        f'  "schema": {quote(SCHEMA)},\n  "split": {quote(sidecar.split)}\n}}\n'
    )
    # a file name that is not UTF-8 comes as lone surrogates; JSON can spell those as \udc..
    return text.encode(errors="backslashreplace")


def meaning(version: str, object_: str) -> str:
    """Return major.minor of a semantic version, else the object."""
    parts = semver(version)
    return object_ if parts is None else f"{parts[0]}.{parts[1]}"
