"""What is known of one file of annotation records by itself, and where its lines are.

A position says which line of which file: the number of the file times 2^40, plus the line from 0.
"""

from __future__ import annotations

import json
from array import array
from collections.abc import Mapping
from typing import Any, NamedTuple

from dvc_labelmeta.model.facts import At, Flaw
from dvc_labelmeta.read.lines import csv_lines, shown_row

FILE = 40  # bits of a position that count lines

# the columns that lines of several files are compared by; `bad`: has a fault of its own;
# version: of records that are judged, "" where they name none
COMPARED: Mapping[str, str] = {
    "bad": "BOOLEAN",
    "id": "UBIGINT",
    "answer": "UBIGINT",
    "supersedes": "UBIGINT",
    "moment": "TIMESTAMPTZ",
    "duration": "DOUBLE",
    "item": "UBIGINT",
    "version": "VARCHAR",
}


class Shard(NamedTuple):
    """The facts about one file: see RecordFacts; its places name no file, which may be moved.

    bad: lines that have a fault of their own; flaws: these faults. latest: when the last record was
    made, to the second, "" where no record says.
    """

    lines: int = 0
    records: int = 0
    bad: int = 0
    flaws: tuple[Flaw, ...] = ()
    versions: tuple[tuple[str, int], ...] = ()
    unknown: tuple[tuple[str, int], ...] = ()
    latest: str = ""


class Lines:
    """Turns positions into the numbers of lines; `files`: by their number."""

    def __init__(self, files: Mapping[int, str], format_: str) -> None:
        self.files, self.format = files, format_
        self.begins: dict[int, array[int]] = {}

    def of(self, position: int) -> tuple[str, int]:
        """Return the file and the line (row in Parquet), from 1."""
        number, nth = position >> FILE, position & ((1 << FILE) - 1)
        file = self.files[number]
        if self.format != "csv":
            return file, nth + 1
        if number not in self.begins:
            self.begins[number] = csv_lines(file)
        return file, self.begins[number][nth]

    def at(self, position: int, raw: str | None, field: str) -> At:
        """Return the place of a fault in a field of the line that holds `raw`."""
        file, line = self.of(position)
        row = shown_row(raw)
        if not isinstance(row, dict):
            return At(file, line, "", str(row)[:80])
        return At(file, line, str(row.get("id") or ""), _shown(row.get(field)))


def _shown(value: Any) -> str:
    value = "" if value is None else value
    return (value if isinstance(value, str) else json.dumps(value, ensure_ascii=False))[:80]
