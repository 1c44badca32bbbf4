"""Lines of annotation files as Python sees them: mended copies, CSV rows, rows to show."""

from __future__ import annotations

import csv
import gzip
import io
import json
import os
import zlib
from array import array
from collections.abc import Sequence
from typing import Any, NamedTuple

from dvc_labelmeta.errors import UnreadableFile
from dvc_labelmeta.read.cells import quoted


class Cleaned(NamedTuple):
    """Files of JSONL to read in place of those given; `longest`: of their lines, 0 for usual."""

    files: tuple[str, ...]
    longest: int = 0


def clean(files: Sequence[str], folder: str) -> Cleaned:
    r"""Return copies in `folder` that have the same lines, as far as an engine can read them.

    A line ends with \n or \r\n. One that is no UTF-8, or holds a bare carriage return or \x01
    (JSON allows neither in a text), becomes a line that is no JSON and shows what it was.
    """
    copies, longest = [], 0
    for number, file in enumerate(files):
        copy = os.path.join(folder, f"{number}.jsonl")
        with _opened(file) as source, open(copy, "wb") as target:
            for line in source:
                mended = _mended(line)
                longest = max(longest, len(mended))
                target.write(mended + b"\n")
        copies.append(copy)
    return Cleaned(tuple(copies), max(2 * longest, 1 << 21))


def _opened(file: str) -> Any:
    if file.endswith(".gz"):
        return gzip.open(file, "rb")
    if file.endswith(".zst"):
        raise UnreadableFile(
            "is damaged, a packed CSV, or has lines that are no UTF-8 or end in several ways; "
            "unpack it to see which"
        )
    return open(file, "rb")


def _mended(line: bytes) -> bytes:
    line = line.removesuffix(b"\n").removesuffix(b"\r")
    try:
        line.decode("utf-8")
    except UnicodeDecodeError:
        return b"! " + repr(line)[2:-1].encode()
    if b"\r" in line or b"\x01" in line:
        return b"! " + repr(line.decode("utf-8"))[1:-1].encode()
    return line


def delimiter(file: str) -> str:
    """Return what separates the columns of a file, as its name says."""
    return "\t" if ".tsv" in os.path.basename(file) else ","


def csv_header(file: str) -> list[str]:
    """Return the names of the columns of a CSV file; raises UnreadableFile."""
    try:
        with _opened(file) as source, io.TextIOWrapper(source, "utf-8-sig", newline="") as text:
            return next(csv.reader(text, delimiter=delimiter(file)), [])
    except (OSError, EOFError, zlib.error, UnicodeDecodeError, csv.Error) as error:
        raise UnreadableFile(f"has no first line that can be read: {error}") from None


def csv_source(files: Sequence[str], more: str = "") -> str:
    """Return SQL for the rows of CSV files of the same columns; more: options, after a comma.

    It leaves nothing to guess: a guess takes first rows for a preface, or ids that begin with #
    for comments. Raises UnreadableFile where the first line of the first does not name each
    column once.
    """
    header = csv_header(files[0])
    if not header or len(set(header)) < len(header):
        raise UnreadableFile("has no first line that names each column once")
    names = ", ".join(quoted(file) for file in files)
    columns = ", ".join(f"{quoted(name)}: 'VARCHAR'" for name in header)
    return (
        f"read_csv([{names}], auto_detect=false, header=true, columns={{{columns}}}, "
        f"delim={quoted(delimiter(files[0]))}, quote='\"', escape='\"'{more})"
    )


def csv_lines(file: str) -> array[int]:
    """Return the line, from 1, on which each record of a CSV file begins."""
    lines = array("Q")
    with _opened(file) as source, io.TextIOWrapper(source, "utf-8", newline="") as text:
        reader = csv.reader(text, delimiter=delimiter(file))
        next(reader, None)
        begins = reader.line_num + 1
        for row in reader:
            if row:
                lines.append(begins)
            begins = reader.line_num + 1
    return lines


def shown_row(raw: str | None) -> Any:
    """Return the record that a line holds, or its text where it holds none."""
    try:
        row = json.loads(raw or "")
    except (ValueError, RecursionError):
        return raw or ""
    return row if isinstance(row, dict) else raw
