"""What lines are compared by as Parquet files: how workers and the cache hand it on."""

# ruff: noqa: S608  # SQL is put together from our own names

from __future__ import annotations

import csv
import os
import zlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

import duckdb

from dvc_labelmeta.errors import UnreadableFile
from dvc_labelmeta.read.cells import quoted
from dvc_labelmeta.read.shard import COMPARED, FILE


def save(db: duckdb.DuckDBPyConnection, lines: str, table: str) -> None:
    """Write what lines (SQL) are compared by to a Parquet file, which appears when complete."""
    part = f"{table}.{os.getpid()}"
    try:
        db.execute(f"COPY ({lines}) TO {quoted(part)} (FORMAT parquet)")
        os.replace(part, table)
    finally:
        if os.path.exists(part):
            os.unlink(part)


def stored(tables: Mapping[int, str]) -> str:
    """Return SQL for the positions of lines and what they are compared by, of saved tables."""
    bases = [number << FILE for number in tables]
    paths = ", ".join(quoted(table) for table in tables.values())
    return (
        f"SELECT file_row_number + {bases}[file_index::BIGINT + 1] AS position, "
        f"{', '.join(COMPARED)} FROM read_parquet([{paths}], file_row_number=true)"
    )


@contextmanager
def readable(format_: str) -> Iterator[None]:
    """Say that files cannot be read, whatever the engine or Python said of them."""
    try:
        yield
    except RuntimeError as error:
        if "interrupted" in str(error):  # the engine's word for Ctrl-C
            raise KeyboardInterrupt from None
        raise
    except duckdb.Error as error:
        reason = str(error).split("\n", 1)[0]
        raise UnreadableFile(f"cannot be read as {format_}: {reason}") from None
    except (OSError, EOFError, zlib.error, csv.Error, UnicodeDecodeError) as error:
        raise UnreadableFile(f"cannot be read as {format_}: {error}") from None
