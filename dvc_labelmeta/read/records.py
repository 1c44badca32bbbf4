"""Annotation files as one typed view in DuckDB: the same columns from JSONL, CSV and Parquet.

DuckDB is an extra (`pip install dvc-labelmeta[annotations]`); only this module and those that
take its connection import it.
"""

# ruff: noqa: S608  # SQL is put together from our own field names and quoted texts

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterable

import duckdb

from dvc_labelmeta.model.annotation import ANY, FIELDS, FLAG, NUMBER, TEXT, TEXTS, TIME
from dvc_labelmeta.read.cells import quoted
from dvc_labelmeta.read.lines import csv_source
from dvc_labelmeta.read.reader import refuse_foreign, refuse_other_columns

_CASTS = {
    TEXT: "VARCHAR",
    NUMBER: "DOUBLE",
    TIME: "TIMESTAMP",  # in UTC
    FLAG: "BOOLEAN",
    TEXTS: "VARCHAR[]",
    ANY: "VARCHAR",
}


def open_records(files: Iterable[str], format_: str) -> duckdb.DuckDBPyConnection:
    """Return a connection with the view `records`: one row a record, one column a field.

    A value of the wrong type is NULL there (validation reads the files another way), and so is
    an absent one; a label that is plain text is that text, any other its JSON. No network, no
    extension is loaded.
    """
    connection = duckdb.connect(
        config={
            "autoinstall_known_extensions": "false",
            "threads": str(os.cpu_count() or 1),
            # what does not fit into memory; the default is a folder beside the user's files
            "temp_directory": os.path.join(tempfile.gettempdir(), f"labelmeta-{os.getpid()}"),
        }
    )
    connection.execute("SET TimeZone = 'UTC'")
    connection.execute("SET enable_progress_bar_print = false")  # it goes to the standard output
    select = {"jsonl": _jsonl, "csv": _csv, "parquet": _parquet}[format_](connection, list(files))
    connection.execute(f"CREATE VIEW records AS {select}")
    return connection


def _jsonl(connection: duckdb.DuckDBPyConnection, files: list[str]) -> str:
    del connection
    columns = ", ".join(f"{field.name}: 'JSON'" for field in FIELDS)
    shown = ", ".join(_json_column(field.name, field.type) for field in FIELDS)
    return (
        f"SELECT filename AS file, {shown} FROM read_json({_named(files)}, "
        f"format='newline_delimited', columns={{{columns}}}, ignore_errors=true, filename=true) "
        # a line that is no record comes out empty
        "WHERE id IS NOT NULL OR item IS NOT NULL"
    )


def _json_column(name: str, type_: str) -> str:
    if type_ == TEXTS:
        return f"TRY_CAST({name} AS VARCHAR[]) AS {name}"
    text = f"({name} ->> '$')"
    if type_ in {TEXT, TIME}:
        text = f"CASE json_type({name}) WHEN 'VARCHAR' THEN {text} END"
    elif type_ == NUMBER:
        text = f"CASE WHEN json_type({name}) NOT IN ('VARCHAR', 'BOOLEAN') THEN {text} END"
    return f"{_cast(text, type_)} AS {name}"


def _cast(source: str, type_: str) -> str:
    if type_ == TIME:
        return f"timezone('UTC', TRY_CAST({source} AS TIMESTAMPTZ))"
    return f"TRY_CAST({source} AS {_CASTS[type_]})"


def _csv(connection: duckdb.DuckDBPyConnection, files: list[str]) -> str:
    refuse_other_columns(files)
    return _present(connection, csv_source(files, ", filename=true"))


def _parquet(connection: duckdb.DuckDBPyConnection, files: list[str]) -> str:
    return _present(connection, f"read_parquet({_named(files)}, filename=true, union_by_name=true)")


def _present(connection: duckdb.DuckDBPyConnection, source: str) -> str:
    """Select the fields that a table has, and NULL for all others."""
    described = connection.execute(f"DESCRIBE SELECT * FROM {source}").fetchall()
    there = {row[0]: row[1] for row in described}
    refuse_foreign([name for name in there if name != "filename"])  # which the engine added
    shown = []
    for field in FIELDS:
        cast = _CASTS[field.type]
        if field.name not in there:
            shown.append(f"NULL::{cast} AS {field.name}")
        elif field.type == TEXTS and there[field.name] == "VARCHAR":
            shown.append(f"TRY_CAST(TRY_CAST({field.name} AS JSON) AS VARCHAR[]) AS {field.name}")
        else:
            shown.append(f"{_cast(field.name, field.type)} AS {field.name}")
    return f"SELECT filename AS file, {', '.join(shown)} FROM {source}"


def _named(files: list[str]) -> str:
    return "[" + ", ".join(quoted(file) for file in files) + "]"
