"""A query's rows as a JSONL, CSV or Parquet file: in its order, whole or not at all."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from dvc_labelmeta.errors import Refused
from dvc_labelmeta.write.edits import rewriting

if TYPE_CHECKING:
    import duckdb

_FORMATS = {".jsonl": "jsonl", ".csv": "csv", ".parquet": "parquet"}
_BATCH = 2000


def format_named(path: str) -> str:
    """Return the format that a file name asks for; raises Refused where it names none."""
    kind = _FORMATS.get(os.path.splitext(path)[1])
    if kind is None:
        raise Refused(f"{path}: the name must end in {', '.join(_FORMATS)}")
    return kind


def write_rows(
    connection: duckdb.DuckDBPyConnection,
    query: str,
    path: str,
    metadata: Mapping[str, str] | None = None,
) -> None:
    """Write the rows of a query to `path`, atomically; its ending says the format.

    JSONL leaves out what is NULL; CSV holds lists as JSON. metadata: goes into a Parquet file.
    Raises Refused where the file cannot be written.
    """
    import shutil  # noqa: PLC0415  # no other command needs them, and all import this module
    import tempfile  # noqa: PLC0415  # see above

    kind = format_named(path)
    described = connection.execute(f"DESCRIBE {query}").fetchall()
    types = {str(row[0]): str(row[1]) for row in described}
    if kind == "jsonl":
        _write_jsonl(connection, query, path, types)
        return
    shown = ", ".join(_column(name, type_, kind) for name, type_ in types.items())
    options = "FORMAT csv, HEADER" if kind == "csv" else "FORMAT parquet"
    if kind == "parquet" and metadata:
        pairs = ", ".join(f"{_text(key)}: {_text(value)}" for key, value in metadata.items())
        options += f", KV_METADATA {{{pairs}}}"
    with tempfile.TemporaryDirectory() as folder:
        made = os.path.join(folder, "rows")
        connection.execute(
            f"COPY (SELECT {shown} FROM ({query})) TO {_text(made)} ({options})"  # noqa: S608  # our own names, quoted texts
        )
        with rewriting(path) as file, open(made, "rb") as rows:
            shutil.copyfileobj(rows, file)


def _write_jsonl(
    connection: duckdb.DuckDBPyConnection, query: str, path: str, types: Mapping[str, str]
) -> None:
    rows = connection.execute(query)
    with rewriting(path) as file:
        while batch := rows.fetchmany(_BATCH):
            for row in batch:
                pairs = zip(types.items(), row, strict=True)
                record = {
                    name: json.loads(value) if type_ == "JSON" else value
                    for (name, type_), value in pairs
                    if value is not None
                }
                line = json.dumps(record, ensure_ascii=False, default=_plain)
                file.write(line.encode(errors="backslashreplace") + b"\n")


def _plain(value: Any) -> str:
    return str(value.isoformat())


def _column(name: str, type_: str, kind: str) -> str:
    if type_ == "JSON":
        return f"{name} ->> '$' AS {name}"
    if kind == "csv" and type_.endswith("[]"):
        return f"to_json({name})::VARCHAR AS {name}"
    return name


def _text(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"
