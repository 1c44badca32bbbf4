"""The hashes of the records of a split, as an event claims them: of what a command will write,
of what is on disk, or of what DVC recorded.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Mapping

from dvc_labelmeta.errors import UnreadableFile
from dvc_labelmeta.model.sidecar import Layer, Sidecar
from dvc_labelmeta.read import dvc
from dvc_labelmeta.read.digest import md5_of, records_hash
from dvc_labelmeta.read.line_ends import committed
from dvc_labelmeta.read.sources import format_of, shards

Pending = Mapping[str, bytes | None]


def record_hashes(root: str, one: Sidecar, pending: Pending) -> dict[str, dict[str, str]]:
    """Return {"md5": …, "git": …} by layer for the records that a sidecar names.

    pending: what files will hold, by path from the root. md5 is as DVC has it; git, the hash of
    the blob, only for a file that DVC does not track. Where there are no records, nothing is said.
    """
    return {
        layer.name: _hashes(root, one, layer, pending)
        for layer in one.layers
        if layer.annotations is not None
    }


def _hashes(root: str, one: Sidecar, layer: Layer, pending: Pending) -> dict[str, str]:
    path = one.records(layer)
    full, pointer = os.path.join(root, path), f"{path}.dvc"
    content = pending.get(path)
    tracked = pending[pointer] is not None if pointer in pending else os.path.exists(full + ".dvc")
    if content is not None:
        return {"md5": md5_of(content)} if tracked else _kept(full, content, layer)
    if pending.get(pointer):
        return recorded(pointer, pending[pointer] or b"")
    try:
        if not tracked and os.path.isfile(full):
            return _kept(full, _bytes(full), layer)
        own = None if tracked else _md5_kept
        return {"md5": records_hash(full, _files(full, layer, tracked=tracked), md5=own)}
    except (UnreadableFile, OSError):
        return recorded(pointer, _disk(full + ".dvc")) if tracked else {}


def _kept(full: str, content: bytes, layer: Layer) -> dict[str, str]:
    """Return the hashes of a file as Git keeps it, so that they are the same in every clone."""
    kept = committed(full, content)
    return {"md5": md5_of(kept), "git": _blob(kept, layer)}


def _md5_kept(path: str) -> str:
    return md5_of(committed(path, _bytes(path)))


def _files(full: str, layer: Layer, *, tracked: bool) -> list[str]:
    """Return the files of records; of a folder that DVC tracks all, as DVC has it."""
    if tracked and os.path.isdir(full):
        return [os.path.join(folder, name) for folder, _, names in os.walk(full) for name in names]
    format_ = layer.annotations.format if layer.annotations else ""
    return shards(full, format_ or format_of(full) or "jsonl")


def _bytes(path: str) -> bytes:
    with open(path, "rb") as file:
        return file.read()


def _disk(path: str) -> bytes:
    try:
        return _bytes(path)
    except OSError:
        return b""


def _blob(content: bytes, layer: Layer) -> str:
    """Return Git's hash of a file; the repository uses the algorithm of the link's object."""
    algorithm = "sha1" if len(layer.guideline.object) == 40 else "sha256"
    digest = hashlib.new(algorithm, b"blob %d\0" % len(content), usedforsecurity=False)
    digest.update(content)
    return digest.hexdigest()


def recorded(pointer: str, content: bytes) -> dict[str, str]:
    """Return what a .dvc file says; nothing where it cannot be read."""
    try:
        found = dvc.file_records(pointer, content)
    except UnreadableFile:
        return {}
    return {"md5": found[0].value} if found and found[0].value else {}
