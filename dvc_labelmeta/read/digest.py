"""The hash of annotation records: of a file as DVC has it, of shards as a folder of just them."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType

_NONE: Mapping[str, str] = MappingProxyType({})


def records_hash(
    path: str,
    files: Sequence[str],
    held: Mapping[str, str] = _NONE,
    md5: Callable[[str], str] | None = None,
) -> str:
    """Return the md5 of the only file, or `<md5>.dir` of the list of several, by their names.

    path: the folder or pattern that `files` were found by. held: where a file that is about to
    be written has its content now. md5: what hashes a file, where that is not its bytes on disk.
    """
    hashed = md5 or _md5
    if list(files) == [path]:
        return hashed(held.get(path, path))
    folder = path if os.path.isdir(path) else os.path.dirname(path)
    entries = [
        {
            "md5": hashed(held.get(file, file)),
            "relpath": os.path.relpath(file, folder).replace(os.sep, "/"),
        }
        for file in files
    ]
    listed = json.dumps(sorted(entries, key=lambda entry: entry["relpath"]), sort_keys=True)
    return md5_of(listed.encode()) + ".dir"


def md5_of(content: bytes) -> str:
    """Return the hash that DVC has of a file with this content."""
    return hashlib.md5(content, usedforsecurity=False).hexdigest()


def _md5(path: str) -> str:
    with open(path, "rb") as file:
        digest = hashlib.md5(usedforsecurity=False)
        while block := file.read(1 << 20):
            digest.update(block)
    return digest.hexdigest()
