"""Values kept in files of .labelmeta/cache/, each checked by a hash: a damaged one only costs time.

None is used that Git tracks.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import sys
from collections.abc import Iterator
from functools import lru_cache
from typing import Any

from dvc_labelmeta.read.own import prepare, shipped


def recalled(root: str, path: str) -> Any:
    """Return the value that a file of the project at `root` keeps, None for none of use."""
    try:
        with open(path, "rb") as file:
            digest, _, content = file.read().partition(b"\n")
    except OSError:
        return None
    if digest.decode("ascii", "replace") != digest_of(content) or shipped(root):
        return None
    try:
        return json.loads(content)
    except (ValueError, RecursionError):
        return None


def keep(root: str, path: str, value: object) -> bool:
    """Keep a value; return whether that worked, though nothing depends on it."""
    content = json.dumps(value, separators=(",", ":"), default=dict).encode()
    temporary = f"{path}.{os.getpid()}"
    with contextlib.suppress(OSError):
        prepare(root, os.path.dirname(path))
        try:
            with open(temporary, "wb") as file:
                file.write(digest_of(content).encode() + b"\n" + content)
            os.replace(temporary, path)
            return True
        finally:
            if os.path.exists(temporary):
                os.unlink(temporary)
    return False


def digest_of(content: bytes) -> str:
    """Return the SHA-256 of some bytes."""
    return hashlib.sha256(content).hexdigest()


@lru_cache(maxsize=4)
def programs(*packages: str) -> str:
    """Return a hash of all that reads and judges: nobody has to remember to count a version up."""
    digest = hashlib.sha256(sys.version.encode())
    top = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
    for path in sorted(path for name in packages for path in _sources(os.path.join(top, name))):
        with open(path, "rb") as file:
            digest.update(hashlib.sha256(file.read()).digest())
    return digest.hexdigest()


def _sources(folder: str) -> Iterator[str]:
    with os.scandir(folder) as entries:
        yield from (entry.path for entry in entries if entry.name.endswith(".py"))
