"""A DuckDB that reads annotation files: no network, all processors, memory that has an end."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import TYPE_CHECKING

import duckdb

if TYPE_CHECKING:
    from typing_extensions import Self

# shows how far a query is, given what tells the percentage
Watch = Callable[[Callable[[], float]], AbstractContextManager[object]]

_MOST = 2 << 30  # bytes; what does not fit goes to temporary files


class Workspace:
    """A connection, and a folder for what does not fit into memory; close it (or use `with`)."""

    def __init__(self) -> None:
        self.folder = tempfile.TemporaryDirectory(prefix="labelmeta-")
        self.db = connect(self.folder.name)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Free memory and temporary files."""
        self.db.close()
        self.folder.cleanup()


def connect(folder: str, parts: int = 1) -> duckdb.DuckDBPyConnection:
    """Return a connection that keeps what does not fit into memory in `folder`.

    parts: how many processes share the machine. Rows stay in the order in which files hold them.
    """
    settings: dict[str, str | bool | int | float | list[str]] = {
        "autoinstall_known_extensions": "false",
        "memory_limit": f"{_limit() // parts >> 20}MiB",
        "preserve_insertion_order": "true",
        "temp_directory": folder,
        "threads": str(max(1, (os.cpu_count() or 1) // parts)),
    }
    db = duckdb.connect(config=settings)
    db.execute("SET TimeZone = 'UTC'")
    db.execute("SET enable_progress_bar = true")  # so that it can be asked
    db.execute("SET enable_progress_bar_print = false")  # it would go to the standard output
    return db


def _limit() -> int:
    """Return half of the machine's memory in bytes, at most 2 GiB less what Python needs."""
    try:
        memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    except (AttributeError, ValueError, OSError):  # Windows
        memory = 2 * _MOST
    return min(_MOST * 3 // 4, memory // 2)
