"""Exports as a stream of flat rows with their places: CSV, TSV, JSON lines, Parquet.

A row that cannot be read is told with its number and does not hide the rest. No more than one
row is in memory at a time.
"""

from __future__ import annotations

import csv
import gzip
import json
from collections.abc import Iterator
from typing import IO, Any, NamedTuple

from dvc_labelmeta.errors import LabelMetaError, UnreadableFile

MAX_ROW = 16 * 2**20
_ENDINGS = {
    ".csv": "csv",
    ".tsv": "tsv",
    ".tab": "tsv",
    ".jsonl": "jsonl",
    ".ndjson": "jsonl",
    ".parquet": "parquet",
}


class Row(NamedTuple):
    """One row: place counts from 1 (lines of text, rows of Parquet); fault: why it is unread."""

    place: int
    values: dict[str, Any]
    fault: str = ""


def kind_of(path: str) -> str:
    """Return how a file is read, by its ending; raises UnreadableFile for other endings."""
    name = path.lower().removesuffix(".gz")
    for ending, kind in _ENDINGS.items():
        if name.endswith(ending) and not (kind == "parquet" and path.lower().endswith(".gz")):
            return kind
    known = ", ".join(_ENDINGS)
    raise UnreadableFile(f"{path}: its ending tells no table; known are {known}, also with .gz")


def rows(path: str, delimiter: str | None = None) -> Iterator[Row]:
    """Yield the rows of an export; nested keys become dotted names, lists stay values."""
    kind = kind_of(path)
    if kind == "parquet":
        yield from _parquet(path)
    elif kind == "jsonl":
        yield from _json_rows(path)
    else:
        yield from _table(path, delimiter or ("\t" if kind == "tsv" else ","))


def _open(path: str, mode: str, **options: str) -> IO[Any]:
    try:
        if path.lower().endswith(".gz"):
            return gzip.open(path, mode, **options)  # type: ignore[call-overload,no-any-return]
        return open(path, mode, **options)  # type: ignore[call-overload,no-any-return]
    except OSError as error:
        raise UnreadableFile(f"{path}: {error.strerror or error}") from None


def _table(path: str, delimiter: str) -> Iterator[Row]:
    before = csv.field_size_limit(MAX_ROW)
    try:
        options = {"encoding": "utf-8-sig", "errors": "surrogateescape", "newline": ""}
        with _open(path, "rt", **options) as file:
            yield from _table_rows(path, csv.reader(file, delimiter=delimiter, strict=True))
    except (OSError, EOFError) as error:
        raise UnreadableFile(f"{path}: {error}") from None
    finally:
        csv.field_size_limit(before)


def _table_rows(path: str, reader: Any) -> Iterator[Row]:
    head = _head(path, reader)
    while True:
        place = reader.line_num + 1
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            last = reader.line_num  # an open quote swallows lines: say how many
            reach = f", up to line {last}" if last > place else ""
            yield Row(place, {}, f"is no CSV row: {error}{reach}")
            continue
        if not cells:  # an empty line
            continue
        if len(cells) != len(head):
            yield Row(place, {}, f"has {len(cells)} columns instead of {len(head)}")
        elif fault := _undecoded(cells):
            yield Row(place, {}, fault)
        else:
            yield Row(place, dict(zip(head, cells, strict=True)))


def _head(path: str, reader: Any) -> list[str]:
    try:
        head = [name.strip() for name in next(reader, ())]
    except csv.Error as error:
        raise UnreadableFile(f"{path}: the head is no CSV row: {error}") from None
    if not any(head):
        raise UnreadableFile(f"{path}: holds no head: the first line must name the columns")
    if fault := _undecoded(head):
        raise UnreadableFile(f"{path}: the head {fault}")
    head = [name or f"column {number}" for number, name in enumerate(head, 1)]
    twice = sorted({name for name in head if head.count(name) > 1})
    if twice:
        raise UnreadableFile(f"{path}: has the column {twice[0]!r} twice")
    return head


def _undecoded(cells: list[str]) -> str:
    """Say what is wrong with the text of cells, "" for nothing."""
    for cell in cells:
        if "\0" in cell:
            return "holds a NUL byte"
        if not cell.isascii() and any("\ud800" <= char <= "\udfff" for char in cell):
            return "is not UTF-8"
    return ""


def _json_rows(path: str) -> Iterator[Row]:
    try:
        with _open(path, "rb") as file:
            place = 0
            while line := file.readline(MAX_ROW):
                place += 1
                if len(line) == MAX_ROW and not line.endswith(b"\n"):
                    while line and not line.endswith(b"\n"):
                        line = file.readline(MAX_ROW)
                    yield Row(place, {}, f"is longer than {MAX_ROW:,} bytes")
                elif line.strip():
                    yield _json_row(place, line)
    except (OSError, EOFError) as error:
        raise UnreadableFile(f"{path}: {error}") from None


def _json_row(place: int, line: bytes) -> Row:
    try:
        return Row(place, _json_values(line.removeprefix(b"\xef\xbb\xbf") if place == 1 else line))
    except UnicodeDecodeError:
        fault = "is not UTF-8"
    except json.JSONDecodeError as error:
        fault = f"is not valid JSON: {error.msg}"
    except RecursionError:
        fault = "is nested too deep"
    except ValueError as error:
        fault = str(error)
    return Row(place, {}, fault)


def _json_values(line: bytes) -> dict[str, Any]:
    text = line.decode()
    value = json.loads(text, parse_constant=_no_number, object_pairs_hook=_once)
    if not isinstance(value, dict):
        raise ValueError("is no JSON object")  # noqa: TRY004  # about the file, not our types
    flat: dict[str, Any] = {}
    _flatten(value, "", flat)
    if "\\ud" in text.lower() and _lone_surrogate(flat):
        raise ValueError("holds half a character (a lone surrogate)")
    return flat


def _lone_surrogate(flat: dict[str, Any]) -> bool:
    text = json.dumps(flat, ensure_ascii=False)
    return any("\ud800" <= char <= "\udfff" for char in text)


def _no_number(name: str) -> Any:
    raise ValueError(f"holds {name}, which is no JSON")


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    value = dict(pairs)
    if len(value) != len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise ValueError(f"has the key {twice!r} twice")
    return value


def _flatten(value: dict[str, Any], prefix: str, flat: dict[str, Any]) -> None:
    for key, item in value.items():
        name = prefix + key
        if isinstance(item, dict) and item:
            _flatten(item, name + ".", flat)
        elif name in flat:
            raise ValueError(f"has the key {name!r} twice, once nested")
        else:
            flat[name] = item


def _parquet(path: str) -> Iterator[Row]:
    try:
        from dvc_labelmeta.read.parquet import values  # noqa: PLC0415  # DuckDB is an extra
    except ImportError:
        raise LabelMetaError(
            f"{path}: Parquet needs DuckDB: pip install 'dvc-labelmeta[annotations]'"
        ) from None
    for place, value in enumerate(values(path), 1):
        flat: dict[str, Any] = {}
        try:
            _flatten(value, "", flat)
        except ValueError as error:
            yield Row(place, {}, str(error))
        else:
            yield Row(place, flat)
