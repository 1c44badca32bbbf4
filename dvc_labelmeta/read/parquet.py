"""Rows of a Parquet file as plain values, through DuckDB; imported only where that is there."""

from __future__ import annotations

import base64
import datetime as dt
import decimal
import math
from collections.abc import Iterator
from typing import Any

import duckdb

from dvc_labelmeta.errors import UnreadableFile

_BATCH = 2_000


def values(path: str) -> Iterator[dict[str, Any]]:
    """Yield the rows of a file in its order, as JSON can hold them: times and dates as ISO text."""
    connection = duckdb.connect(config={"autoinstall_known_extensions": "false", "threads": "1"})
    with connection:
        try:
            # times with a zone would need the package pytz: text says the same
            described = connection.execute(
                "SELECT column_name, column_type FROM (DESCRIBE SELECT * FROM read_parquet(?))",
                [path],
            ).fetchall()
            connection.execute("SET TimeZone = 'UTC'")
            shown = ", ".join(_shown(name, type_) for name, type_ in described)
            rows = connection.execute(f"SELECT {shown} FROM read_parquet(?)", [path])  # noqa: S608  # quoted names
            names = [name for name, _ in described]
            while batch := rows.fetchmany(_BATCH):
                for row in batch:
                    yield {name: _plain(item) for name, item in zip(names, row, strict=True)}
        except duckdb.Error as error:
            raise UnreadableFile(f"{path}: {str(error).splitlines()[0]}") from None


def _shown(name: str, type_: str) -> str:
    quoted = '"' + name.replace('"', '""') + '"'
    if type_ == "TIMESTAMP WITH TIME ZONE":
        return f"strftime(timezone('UTC', {quoted}), '%Y-%m-%dT%H:%M:%S.%f+00:00')"
    return quoted


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(item) for item in value]
    if value is None or isinstance(value, (str, bool, int)):
        return value
    return _converted(value)


def _converted(value: Any) -> Any:
    if isinstance(value, (float, decimal.Decimal)):
        return float(value) if math.isfinite(value) else None
    if isinstance(value, (dt.datetime, dt.date, dt.time)):
        return value.isoformat()
    return base64.b64encode(value).decode() if isinstance(value, bytes) else str(value)
