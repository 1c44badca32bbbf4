"""Versions of data in DVC's cache, by the hash that was recorded of them."""

from __future__ import annotations

import json
import os
import posixpath
import re
import subprocess
import sys
from functools import cache

from dvc_labelmeta.errors import LabelMetaError, UnreadableFile
from dvc_labelmeta.model.snapshot import Record
from dvc_labelmeta.read.source import upward

_USUAL = ".dvc/cache"
_HASH = re.compile(r"[0-9a-f]{32}(\.dir)?")


def link_cached(root: str, record: Record, folder: str) -> str:
    """Give the cached files of a record their names below `folder`.

    Returns where it is then, "" where the cache does not hold all of it.
    """
    places = (os.path.join(folder, _USUAL) for folder in upward(root))
    usual = next(filter(os.path.isdir, places), None)
    found = _linked(usual, record, folder) if usual else ""
    return found or _linked(_asked(root), record, folder)


def _linked(place: str, record: Record, folder: str) -> str:
    top = os.path.join(folder, posixpath.basename(record.path))
    names = {".": record.value}
    if record.folder:
        listing = cached(place, record.hash, record.value)
        if not os.path.exists(listing):
            return ""
        with open(listing, encoding="utf-8") as listed:
            names = {one["relpath"]: one["md5"] for one in json.load(listed)}
    held = {name: cached(place, record.hash, value) for name, value in names.items()}
    if not all(map(os.path.exists, held.values())):
        return ""
    for name, file in held.items():
        target = os.path.normpath(os.path.join(top, name))
        if target != top and not target.startswith(top + os.sep):
            raise UnreadableFile(f"{record.path}: its list names {name}, which is outside of it")
        os.makedirs(os.path.dirname(target), exist_ok=True)
        os.symlink(file, target)  # the name tells the engine how a file is packed
    return top


def cached(place: str, algorithm: str, value: str) -> str:
    """Return where a cache holds a content; "" for what is no hash and would lead out of it."""
    if not is_hash(value):
        return ""
    below = ("files", algorithm) if algorithm == "md5" else ()
    return os.path.join(place, *below, value[:2], value[2:])


def is_hash(value: str) -> bool:
    """Whether a value that was recorded as one of DVC's hashes is one."""
    return bool(_HASH.fullmatch(value))


@cache
def _asked(root: str) -> str:
    """Return where DVC keeps its cache: it may be configured in five places, so DVC is asked."""
    command = [sys.executable, "-m", "dvc", "cache", "dir"]
    done = subprocess.run(command, cwd=root, capture_output=True, text=True, check=False)  # noqa: S603  # fixed
    if done.returncode != 0:
        raise LabelMetaError(f"`dvc cache dir` failed in {root}: {done.stderr.strip()}")
    return done.stdout.strip()
