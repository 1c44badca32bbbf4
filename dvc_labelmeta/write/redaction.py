"""One identity replaced in files of annotation records; all other bytes of JSONL and CSV stay.

Replaced are: `annotator`, `reviewer`, `session` and `batch` that are the identity; ids of records
where it is a part of them (also in what names such ids); keys and values in `extra` that are it.
What people wrote (`note`, `rationale`) and what they judged stays.
"""

from __future__ import annotations

import functools
import gzip
import json
import re
from collections.abc import Callable, Iterator
from typing import BinaryIO, NamedTuple, cast

from dvc_labelmeta.errors import Refused

WHOLE = ("annotator", "reviewer", "session", "batch")
PARTS = ("id", "supersedes", "migrated_from", "derived_from")
EXTRA = "extra"
_LITERAL = re.compile(r'"(?:[^"\\]|\\.)*"')
_SPACE = re.compile(r"\s*")


class Swap(NamedTuple):
    """The identity that goes, and the pseudonym that takes its place."""

    old: str
    new: str

    def whole(self, text: str) -> str:
        """Return the pseudonym for the identity, any other text as it is."""
        return self.new if text == self.old else text

    def part(self, text: str) -> str:
        """Return the text with the identity replaced where it stands between other signs."""
        return _between(self.old).sub(lambda _: self.new, text)

    def of(self, field: str) -> Callable[[str], str] | None:
        """Return what is done to the texts in a field, None for nothing."""
        if field in PARTS:
            return self.part
        return self.whole if field in WHOLE or field == EXTRA else None


@functools.lru_cache(maxsize=8)
def _between(text: str) -> re.Pattern[str]:
    return re.compile(rf"(?<![A-Za-z0-9]){re.escape(text)}(?![A-Za-z0-9])")


def opened(path: str, mode: str = "rb") -> BinaryIO:
    """Open a file of records, packed or not; raises Refused for one that cannot be packed again."""
    if path.endswith(".zst"):
        raise Refused(f"{path} is packed with zstd; unpack it first, and pack it again afterwards")
    if path.endswith(".gz"):
        return cast("BinaryIO", gzip.GzipFile(path, mode, mtime=0))
    return cast("BinaryIO", open(path, mode))


def packed(path: str, target: BinaryIO) -> BinaryIO:
    """Return where the content of `path` is to be written so that `target` is packed as it is."""
    if path.endswith(".gz"):
        return cast("BinaryIO", gzip.GzipFile("", "wb", fileobj=target, mtime=0))
    return target


def jsonl(source: BinaryIO, target: BinaryIO, swap: Swap) -> int:
    """Copy lines of JSONL with the identity replaced; return how many records had it."""
    changed = 0
    needle = swap.old.encode()
    for line in source:
        after = line
        if needle in line or b"\\" in line:  # it may be escaped
            after = _line(line, swap)
        changed += after != line
        target.write(after)
    return changed


def csv(source: BinaryIO, target: BinaryIO, swap: Swap, delimiter: str) -> int:
    """Copy rows of CSV with the identity replaced; return how many rows had it."""
    changed, header = 0, None
    for row in _rows(source):
        if header is None:
            header = [_unquoted(cell) for cell in _cells(row.removeprefix("\ufeff"), delimiter)]
            after = row
        elif swap.old in row:
            after = _row(row, header, swap, delimiter)
        else:
            after = row
        changed += after != row
        target.write(after.encode("utf-8", "surrogateescape"))
    return changed


def _line(line: bytes, swap: Swap) -> bytes:
    try:
        text = line.decode("utf-8")
        members = [*_members(text)]
    except ValueError:  # no record
        return line
    for key, start, end in reversed(members):
        change = swap.of(key)
        if change is not None:
            text = text[:start] + _literals(text[start:end], change) + text[end:]
    return text.encode()


def _members(text: str) -> Iterator[tuple[str, int, int]]:
    """Yield key, begin and end of each value of a JSON object; raises ValueError for other text."""
    decode = json.JSONDecoder().raw_decode
    at = _past(text, 0)
    if text[at : at + 1] != "{":
        raise ValueError
    at = _past(text, at + 1)
    while text[at : at + 1] == '"':
        key, at = decode(text, at)
        start = _past(text, _past(text, at) + 1)  # the colon
        _, end = decode(text, start)
        yield key, start, end
        at = _past(text, _past(text, end) + 1)  # a comma, or the end


def _past(text: str, at: int) -> int:
    """Return where the white space at a position ends."""
    match = _SPACE.match(text, at)
    return match.end() if match else at


def _literals(text: str, change: Callable[[str], str]) -> str:
    """Return JSON text with each text in it changed, keys too; those that stay keep their bytes."""

    def changed(match: re.Match[str]) -> str:
        before = json.loads(match[0])
        after = change(before)
        return match[0] if after == before else json.dumps(after, ensure_ascii=match[0].isascii())

    return _LITERAL.sub(changed, text)


def _rows(source: BinaryIO) -> Iterator[str]:
    """Yield rows with their line ends; a cell in quotes may go over several lines."""
    pending = ""
    for line in source:
        pending += line.decode("utf-8", "surrogateescape")
        if pending.count('"') % 2 == 0:
            yield pending
            pending = ""
    if pending:
        yield pending


@functools.lru_cache(maxsize=2)
def _cell(delimiter: str) -> re.Pattern[str]:
    other = rf"[^{re.escape(delimiter)}\r\n]*"
    return re.compile(rf'("(?:[^"]|"")*"{other}|{other})({re.escape(delimiter)}|[\r\n]*\Z)')


def _cells(row: str, delimiter: str) -> list[str]:
    """Return the cells of a row as they are written, without what separates them."""
    return [match[1] for match in _found(row, delimiter)]


def _found(row: str, delimiter: str) -> Iterator[re.Match[str]]:
    at = 0
    while (match := _cell(delimiter).match(row, at)) is not None:
        yield match
        at = match.end()
        if match[2] != delimiter:
            return


def _row(row: str, header: list[str], swap: Swap, delimiter: str) -> str:
    parts: list[str] = []
    for number, match in enumerate(_found(row, delimiter)):
        change = swap.of(header[number]) if number < len(header) else None
        cell = match[1]
        if change is not None:
            before = _unquoted(cell)
            nested = before[:1] in {"{", "["}
            after = _literals(before, change) if nested else change(before)
            cell = cell if after == before else _quoted(after, cell, delimiter)
        parts += [cell, match[2]]
    return "".join(parts)


def _unquoted(cell: str) -> str:
    return cell[1:-1].replace('""', '"') if cell[:1] == '"' else cell


def _quoted(text: str, before: str, delimiter: str) -> str:
    if before[:1] == '"' or any(sign in text for sign in (delimiter, '"', "\r", "\n")):
        return '"' + text.replace('"', '""') + '"'
    return text


def literal(text: str) -> tuple[str, ...]:
    """Return the ways in which JSON writes a text."""
    return tuple(dict.fromkeys(json.dumps(text, ensure_ascii=escaped) for escaped in (True, False)))
