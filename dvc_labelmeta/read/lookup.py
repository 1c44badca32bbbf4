"""Annotation records by id or by item, without an engine where the files are plain JSONL."""

from __future__ import annotations

import contextlib
import gzip
import json
import mmap
import os
import re
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from typing import Any

from dvc_labelmeta.errors import UnreadableFile
from dvc_labelmeta.model import annotation
from dvc_labelmeta.read.sources import Source, shards

_BLANKS = 8  # before a value; where there are only blanks, the line is read to be sure
Wanted = Callable[[dict[str, Any]], bool]

FIELDS = (
    "id", "layer", "annotated_at", "guideline_id", "guideline_version", "guideline_commit",
    "guideline_version_source",
)  # fmt: skip


def looked_up(source: Source, id_: str) -> list[dict[str, Any]]:
    """Return the records with this id, each with its FIELDS; those absent, or no text, are None.

    JSONL is searched for the bytes of the id, twenty times faster than reading it (DuckDB also
    costs a tenth of a second to start); all else is asked with DuckDB. Raises UnreadableFile.
    """
    files = shards(source.path, source.format)
    if _by_engine(files, source.format):
        return _asked(files, source.format, id_)
    found = [
        record
        for file in files
        for record in _lines(file, [id_], lambda record: record.get("id") == id_)
    ]
    return [{name: _text(record.get(name)) for name in FIELDS} for record in found]


def named(
    files: Sequence[str], format_: str, names: Collection[str], fields: Sequence[str]
) -> list[dict[str, Any]]:
    """Return whole records, those fields that they have, with one of `names` in one of `fields`.

    fields: of "id" and "item". Raises UnreadableFile.
    """
    if not _by_engine(files, format_):
        wanted = _wanted(names, fields)
        return [record for file in files for record in _lines(file, names, wanted)]
    return _whole(files, format_, names, fields)


def named_in(content: bytes, names: Collection[str]) -> list[dict[str, Any]]:
    """Return the same of the content of a JSONL file, by id or item."""
    return [*_matching(content, names, _wanted(names, ("id", "item")))]


def _wanted(names: Collection[str], fields: Sequence[str]) -> Wanted:
    return lambda record: any(_text(record.get(field)) in names for field in fields)


def _by_engine(files: Sequence[str], format_: str) -> bool:
    return format_ != "jsonl" or any(file.endswith(".zst") for file in files)


def _text(value: Any) -> str | None:
    return value if isinstance(value, str) else None


def _asked(files: list[str], format_: str, id_: str) -> list[dict[str, Any]]:
    from dvc_labelmeta.read.records import open_records  # noqa: PLC0415  # needs DuckDB

    with open_records(files, format_) as connection:
        rows = connection.execute(
            f"SELECT {', '.join(FIELDS)} FROM records WHERE id = $id",  # noqa: S608  # own names
            {"id": id_},
        ).fetchall()
    found = [dict(zip(FIELDS, row, strict=True)) for row in rows]
    for one in found:
        one["annotated_at"] = _moment(one["annotated_at"])
    return found


def _moment(time: Any) -> str | None:
    return time.isoformat() + "Z" if time else None  # in UTC


def _whole(
    files: Sequence[str], format_: str, names: Collection[str], fields: Sequence[str]
) -> list[dict[str, Any]]:
    from dvc_labelmeta.read.records import open_records  # noqa: PLC0415  # needs DuckDB

    columns = [field.name for field in annotation.FIELDS]
    places = ", ".join(f"${number}" for number in range(1, len(names) + 1))
    found = []
    with open_records(files, format_) as connection:
        for field in fields:  # one after the other: OR would read the columns of all rows
            found += connection.execute(
                f"SELECT {', '.join(columns)} FROM records WHERE {field} IN ({places})",  # noqa: S608  # own names
                [*names],
            ).fetchall()
    records = (_typed(dict(zip(columns, row, strict=True))) for row in found)
    return [*{json.dumps(one, sort_keys=True): one for one in records}.values()]


def _typed(row: dict[str, Any]) -> dict[str, Any]:
    """Return a row as JSONL would have it: without what is absent, label and value as JSON."""
    row["annotated_at"] = _moment(row["annotated_at"])
    for name in ("label", "value", "extra"):
        text = row[name]
        if isinstance(text, str) and (name != "label" or text[:1] in {"[", "{"}):
            with contextlib.suppress(ValueError, RecursionError):
                row[name] = json.loads(text)
    return {name: value for name, value in row.items() if value is not None and value != ""}


def _lines(file: str, names: Collection[str], wanted: Wanted) -> Iterator[dict[str, Any]]:
    """Yield the records of a JSONL file that are wanted, of those that hold one of the names."""
    try:
        if file.endswith(".gz"):
            with gzip.open(file, "rb") as packed:
                yield from _matching(packed.read(), names, wanted)
        elif os.path.getsize(file):
            with (
                open(file, "rb") as plain,
                mmap.mmap(plain.fileno(), 0, access=mmap.ACCESS_READ) as data,
            ):
                yield from _matching(data, names, wanted)
    except (OSError, EOFError) as error:
        raise UnreadableFile(f"{file} cannot be read: {error}") from None


def _matching(
    data: bytes | mmap.mmap, names: Collection[str], wanted: Wanted
) -> Iterator[dict[str, Any]]:
    """Yield the records that are wanted, in their order, however they are written.

    Escapes of plain ASCII, which nobody needs, are looked for so that nothing hides behind them;
    those of other characters, which are common, only where nothing is found without.
    """
    needles = {
        json.dumps(name, ensure_ascii=ascii_).encode("utf-8", "surrogatepass")
        for name in names
        for ascii_ in (True, False)
    }
    text = "".join(names)
    plain = {place for needle in needles for place in _places(data, needle)}
    plain.update(_escaped(data, filter(str.isascii, text)))
    found = [one for place in sorted(plain) if (one := _record(data, place, wanted))]
    if not found and not text.isascii():
        others = sorted({*_escaped(data, text)} - plain)
        found = [one for place in others if (one := _record(data, place, wanted))]
    yield from found


def _places(data: bytes | mmap.mmap, needle: bytes) -> Iterator[int]:
    """Yield the start of each line where these bytes are the value of a key."""
    at = data.find(needle)
    while at >= 0:
        before = data[max(0, at - _BLANKS) : at].rstrip()
        if before and not before.endswith(b":"):
            at = data.find(needle, at + 1)
            continue
        yield data.rfind(b"\n", 0, at) + 1
        end = data.find(b"\n", at)
        at = data.find(needle, end) if end >= 0 else -1


def _escaped(data: bytes | mmap.mmap, characters: Iterable[str]) -> Iterator[int]:
    """Yield the start of each line with an escape of one of these characters."""
    units = "".join(characters).encode("utf-16-be", "surrogatepass")
    codes = {units[at : at + 2].hex() for at in range(0, len(units), 2)}
    slash = rb"|\\/" if "002f" in codes else b""
    if codes:
        search = rb"\\u(?:" + "|".join(sorted(codes)).encode() + rb")" + slash
        for found in re.finditer(search, data, re.IGNORECASE):
            yield data.rfind(b"\n", 0, found.start()) + 1


def _record(data: bytes | mmap.mmap, start: int, wanted: Wanted) -> dict[str, Any] | None:
    end = data.find(b"\n", start)
    try:
        value = json.loads(data[start : end if end >= 0 else len(data)])
    except (ValueError, RecursionError):
        return None
    return value if isinstance(value, dict) and wanted(value) else None
