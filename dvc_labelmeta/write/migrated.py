"""New records put beside the old ones: appended to the file, or a shard of their own in a folder.

Old lines of JSONL keep their bytes. CSV and Parquet are written anew as a whole, rows in order.
"""

# ruff: noqa: S608  # SQL is put together from our own field names and quoted texts

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Mapping
from typing import TYPE_CHECKING, BinaryIO

from dvc_labelmeta.errors import Refused
from dvc_labelmeta.write.edits import rewriting

if TYPE_CHECKING:
    import duckdb

_PACKED = {".gz": "gzip", ".zst": "zstd"}
# JSON text holds neither of them
_RAW = "FORMAT csv, HEADER false, DELIMITER '\x01', QUOTE '', ESCAPE ''"


def add_records(
    db: duckdb.DuckDBPyConnection,
    path: str,
    format_: str,
    new: str,
    old: str,
    added: Mapping[str, str],
) -> None:
    """Put the rows of a query beside the records at `path`, in one atomic step.

    new: SQL of whole rows, of JSONL its lines. old: SQL of the rows that are there. added: columns
    (name: type) that only new rows have. Raises Refused where that cannot be done.
    """
    with tempfile.TemporaryDirectory() as folder:
        made = os.path.join(folder, "rows")
        if os.path.isdir(path):
            if added and format_ == "csv":
                raise Refused(
                    f"{path}: shards of CSV need the columns {', '.join(added)} first: all must "
                    "have the same; or make them Parquet or JSONL"
                )
            target = _shard(path, format_)
            _copy(db, new, made, format_, target)
        elif format_ == "jsonl":
            target = path
            _copy(db, new, made, format_, target)
        else:
            target = path
            nulls = "".join(f', NULL::{type_} AS "{name}"' for name, type_ in added.items())
            whole = f"SELECT *{nulls} FROM ({old}) UNION ALL BY NAME SELECT * FROM ({new})"
            _copy(db, whole, made, format_, target)
        with rewriting(target) as file:
            if format_ == "jsonl" and target == path:
                _copy_lines(path, file)
            with open(made, "rb") as rows:
                shutil.copyfileobj(rows, file, 1 << 20)


def _shard(folder: str, format_: str) -> str:
    """Return the first free name for a shard of new records."""
    number = 1
    while os.path.exists(path := os.path.join(folder, f"migrated-{number:04d}.{format_}")):
        number += 1
    return path


def _copy(db: duckdb.DuckDBPyConnection, query: str, made: str, format_: str, target: str) -> None:
    options = {"jsonl": _RAW, "csv": "FORMAT csv, HEADER", "parquet": "FORMAT parquet"}[format_]
    ending = os.path.splitext(target)[1]
    if format_ != "parquet" and ending in _PACKED:
        options += f", COMPRESSION {_PACKED[ending]}"
    if format_ == "csv" and ".tsv" in os.path.basename(target):
        options += ", DELIMITER '\t'"
    db.execute(f"COPY ({query}) TO '{made.replace(chr(39), chr(39) * 2)}' ({options})")


def _copy_lines(path: str, target: BinaryIO) -> None:
    """Copy a file of lines; the last one gets its line end, unless the file is packed."""
    with open(path, "rb") as file:
        shutil.copyfileobj(file, target, 1 << 20)
        packed = os.path.splitext(path)[1] in _PACKED
        if not packed and file.tell():
            file.seek(-1, os.SEEK_END)
            target.write(b"" if file.read() == b"\n" else b"\n")
