"""The items of a split as it lies on disk: the files of a folder, or a column of its table."""

# ruff: noqa: S608  # SQL is put together from quoted names

from __future__ import annotations

import hashlib
import os
import re

import duckdb

from dvc_labelmeta.errors import UnreadableFile
from dvc_labelmeta.model.facts import Items
from dvc_labelmeta.read.cells import quoted
from dvc_labelmeta.read.lines import csv_header, csv_source
from dvc_labelmeta.read.sources import format_of

_USUAL = ("item", "id")


def items_of(path: str, column: str = "") -> Items | None:
    """Return where the items of the split at `path` are, or None where that cannot be told.

    The data may not be here (`check` works without them), be in a format that has no columns, or
    have no column that names the item. column: the one that does, "" for `item` or else `id`.
    """
    files = _files(path)
    kinds = {format_of(file) for file in files}
    if os.path.isdir(path) and files and None in kinds:
        names = [os.path.relpath(file, path) for file in files]
        return Items((path,), "folder", "", _digest(names))
    kind = kinds.pop() if len(kinds) == 1 else None
    if kind is None:
        return None
    try:
        with duckdb.connect(config={"autoinstall_known_extensions": "false"}) as db:
            wanted = (column,) if column else _USUAL
            there = _columns(db, files, kind)
            named = next((name for name in wanted if name in there), "")
            if not named:
                return None
            states = [
                f"{file} {os.stat(file).st_size} {os.stat(file).st_mtime_ns}" for file in files
            ]
            found = Items(tuple(files), kind, named, _digest(states))
            read = db.execute(f"SELECT count(*) FROM ({hashes_in(found)})").fetchone()
    except (duckdb.Error, OSError, EOFError, UnicodeDecodeError, UnreadableFile):
        return None  # whoever reads the data will say what is wrong with them
    return found if read != (0,) else None


def hashes_in(items: Items) -> str:
    """Return SQL for DuckDB's hash of the name of each item: two of 1e7 collide once in 300,000."""
    return f"SELECT hash(name) FROM ({_names(items)}) WHERE name IS NOT NULL"


def _names(items: Items) -> str:
    """Return SQL for the names of the items in `name`; files also without their extension."""
    if items.format == "folder":
        (folder,) = items.paths
        pattern = re.sub(r"([\[\]*?])", r"[\1]", folder)
        start = len(folder.rstrip(os.sep)) + 2
        files = f"SELECT substr(file, {start}) AS name FROM glob({quoted(pattern + '/**')})"
        bare = r"regexp_replace(name, '(.)\.[^./]+$', '\1')"
        return f"SELECT unnest([name, {bare}]) AS name FROM ({files})"
    name = '"' + items.column.replace('"', '""') + '"'
    return f"SELECT {name}::VARCHAR AS name FROM {_table(items.paths, items.format, items.column)}"


def _table(files: tuple[str, ...], kind: str, column: str) -> str:
    if kind == "csv":
        return csv_source(files)
    names = "[" + ", ".join(quoted(file) for file in files) + "]"
    if kind == "parquet":
        return f"read_parquet({names}, union_by_name=true)"
    columns = f"{{{quoted(column)}: 'VARCHAR'}}"
    return f"read_json({names}, format='newline_delimited', columns={columns})"


def _columns(db: duckdb.DuckDBPyConnection, files: list[str], kind: str) -> list[str]:
    if kind == "csv":
        return csv_header(files[0])
    names = "[" + ", ".join(quoted(file) for file in files) + "]"
    options = "union_by_name=true" if kind == "parquet" else "format='newline_delimited'"
    reader = "read_parquet" if kind == "parquet" else "read_json"
    return [
        row[0]
        for row in db.execute(f"DESCRIBE SELECT * FROM {reader}({names}, {options})").fetchall()
    ]


def _files(path: str) -> list[str]:
    if not os.path.isdir(path):
        return [path] if os.path.isfile(path) else []
    return sorted(os.path.join(at, name) for at, _, names in os.walk(path) for name in names)


def _digest(texts: list[str]) -> str:
    return hashlib.sha256("\0".join(texts).encode(errors="surrogateescape")).hexdigest()
