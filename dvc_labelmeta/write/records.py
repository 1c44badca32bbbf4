"""Annotation records appended to a JSONL file: never overwritten, never twice, never half."""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import sqlite3
from collections.abc import Callable, Iterable, Iterator
from typing import Any, BinaryIO, NamedTuple

from dvc_labelmeta.errors import Refused
from dvc_labelmeta.write.edits import rewriting

_PLAIN = json.JSONEncoder(ensure_ascii=False)
_SORTED = json.JSONEncoder(ensure_ascii=False, sort_keys=True)
_FEW = 5
_CACHE_KIB = 65_536


class Appended(NamedTuple):
    """What became of a file: records new and there before, all in it (as it would be), its MD5."""

    new: int
    there: int
    total: int
    md5: str
    written: bool = False


class _Index:
    """Ids and contents of records, on disk once they are many: memory stays bounded."""

    def __init__(self) -> None:
        self.base = sqlite3.connect("")
        self.base.execute(f"PRAGMA cache_size = -{_CACHE_KIB}")
        self.base.execute("PRAGMA journal_mode = OFF")
        self.base.execute(
            "CREATE TABLE seen (id BLOB PRIMARY KEY, content BLOB NOT NULL) WITHOUT ROWID"
        )

    def add(self, id_: str, content: bytes) -> bool | None:
        """Remember a record. True: it is new; False: the same is there; None: another is there."""
        key = hashlib.sha256(id_.encode()).digest()[:16]
        done = self.base.execute("INSERT OR IGNORE INTO seen VALUES (?, ?)", (key, content))
        if done.rowcount:
            return True
        row = self.base.execute("SELECT content FROM seen WHERE id = ?", (key,)).fetchone()
        return False if row[0] == content else None


class _Withheld(Exception):  # no error: the new file is not wanted
    """Raised to throw the new file away."""


def append(
    path: str,
    records: Iterable[dict[str, Any]],
    *,
    dry_run: bool = False,
    wanted: Callable[[], bool] = lambda: True,
) -> Appended:
    """Append records to a JSONL file (a new one, where there is none) in one atomic step.

    A record whose id is there with the same content is skipped. Raises Refused, and changes
    nothing, where an id is there with other content. wanted: asked once all records are read;
    no = nothing is written.
    """
    index = _Index()
    with contextlib.closing(index.base):
        if dry_run:
            return _append(path, records, index, None)
        try:
            with rewriting(path) as file:
                done = _append(path, records, index, file)
                if not wanted() or (not done.new and os.path.exists(path)):
                    raise _Withheld  # noqa: TRY301  # on purpose: out of the `with`
        except _Withheld:
            return done
        return done._replace(written=True)


def _append(
    path: str, records: Iterable[dict[str, Any]], index: _Index, file: BinaryIO | None
) -> Appended:
    md5 = hashlib.md5(usedforsecurity=False)
    count, new, there, other = 0, 0, 0, 0
    conflicts: list[str] = []

    def put(line: bytes) -> None:
        md5.update(line)
        if file is not None:
            file.write(line)

    for line in _lines(path):
        put(line)
        count += _known(line, index)
    for record in records:
        text = _PLAIN.encode(record)
        added = index.add(record["id"], _digest(record))
        if added:
            put(text.encode() + b"\n")
            new += 1
        elif added is None:
            other += 1
            conflicts += [record["id"]] if len(conflicts) < _FEW else []
        else:
            there += 1
    if other:
        more = f" and {other - len(conflicts)} more" if other > len(conflicts) else ""
        raise Refused(
            f"{path}: nothing was written: {other} records have an id that another record has "
            f"({', '.join(conflicts)}{more}). Records are never overwritten: is the id of the "
            "mapping unique, and is the salt the one of the first import?"
        )
    return Appended(new, there, count + new, md5.hexdigest())


def _lines(path: str) -> Iterator[bytes]:
    """Yield the lines of a file that is there; the last one gets its line end."""
    try:
        with open(path, "rb") as file:
            for line in file:
                yield line if line.endswith(b"\n") else line + b"\n"
    except FileNotFoundError:
        return
    except OSError as error:
        raise Refused(f"cannot read {path}: {error.strerror}") from None


def _known(line: bytes, index: _Index) -> int:
    """Index a line of the file; 1 where it holds a record. A broken one stays as it is."""
    try:
        value = json.loads(line)
    except (ValueError, RecursionError):
        return 0
    if not isinstance(value, dict) or not isinstance(value.get("id"), str):
        return 0
    with contextlib.suppress(UnicodeEncodeError):  # half a character: no record of ours
        index.add(value["id"], _digest(value))
    return 1


def _digest(record: dict[str, Any]) -> bytes:
    return hashlib.sha256(_SORTED.encode(record).encode()).digest()[:16]


def default_path(split: str, layer: str, *, only: bool) -> str:
    """Return where the records of a layer are kept by default: beside the split."""
    return f"{split}.annotations.jsonl" if only else f"{split}.{layer}.annotations.jsonl"


def block(sidecar_path: str, path: str, done: Appended, salt: str) -> dict[str, Any]:
    """Return the sidecar's `annotations:` for a file; both paths are from the root.

    salt: check value of the salt, "" where there is none: then that of an earlier import stays.
    """
    relative = os.path.relpath(path, os.path.dirname(sidecar_path) or ".").replace(os.sep, "/")
    return {
        "path": relative,
        "format": "jsonl",
        "hash": "md5",
        "value": done.md5,
        "count": done.total,
    } | ({"salt": salt} if salt else {})
