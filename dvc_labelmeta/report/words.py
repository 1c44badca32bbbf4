"""What changed word by word, as HTML that a comment folds away."""

from __future__ import annotations

import html
import json
from collections.abc import Iterator, Sequence
from itertools import groupby
from typing import Any

from dvc_labelmeta.diff.comparison import Comparison
from dvc_labelmeta.diff.operation import ABSENT, Edit
from dvc_labelmeta.diff.prose import compare
from dvc_labelmeta.diff.spans import Span
from dvc_labelmeta.diff.summary import where
from dvc_labelmeta.report.markdown import safe, verbatim
from dvc_labelmeta.report.text import plain

Word = tuple[str, str]  # tag ("": unchanged), text

_CONTEXT = 5  # unchanged words shown on each side of a change
_WIDE, _LONG = 100, 200  # characters of a line; of a word
_LINES = 30  # of a passage; a longer one becomes several, so that a cut loses little


def passages(found: Comparison) -> Iterator[str]:
    """Yield each place of clauses, then each section of prose, whose words changed: title, text.

    A single word, as a status or the id of a label, is told by the operation.
    """
    for operation in found.operations:
        for edit in operation.edits:
            before, after = value_text(edit.before), value_text(edit.after)
            if len(edit.path) > 1 and edit.path[0] != "prose" and " " in before + after:
                spans = [
                    span for section in compare(before, after).sections for span in section.spans
                ]
                yield from _passage(place_text(edit), spans)
    for file in found.files:
        for section in file.prose.changed if file.prose else ():
            title = " > ".join((file.name, *section.path))
            yield from _passage(title, section.spans)


def place_text(edit: Edit) -> str:
    """Return how an edit's place is called: the clause, and the field."""
    field = f" {edit.path[2].replace('_', ' ')}" if len(edit.path) > 2 else ""
    return where(edit.path) + field


def value_text(value: Any) -> str:
    """Return a value of guideline.yaml as text: a list or a clause has a line for each part."""
    if value is ABSENT or value is None:
        return ""
    if isinstance(value, str):
        return value
    if isinstance(value, dict):
        return "\n\n".join(f"{key}: {_flat(part)}" for key, part in value.items())
    if isinstance(value, list):
        return "\n\n".join(map(_flat, value))
    return _flat(value)


def _flat(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _passage(title: str, spans: Sequence[Span]) -> Iterator[str]:
    lines = list(_lines(_words(spans)))
    for start in range(0, len(lines), _LINES):
        more = " (more)" if start else ""
        yield f"\n{safe(title)}{more}\n\n{verbatim(lines[start : start + _LINES])}"


def _words(spans: Sequence[Span]) -> Iterator[Word]:
    """Yield the words that changed, and a few around them."""
    for at, span in enumerate(spans):
        if span.kind == "moved":
            continue
        if span.kind != "same":
            yield from (("del", word) for word in span.before)
            yield from (("ins", word) for word in span.after)
            continue
        first = span.after[:_CONTEXT] if at else ()
        last = span.after[-_CONTEXT:] if at < len(spans) - 1 else ()
        if len(first) + len(last) >= len(span.after) and at and last:
            first, last = span.after, ()
        yield from (("", word) for word in first)
        if len(first) + len(last) < len(span.after):
            yield ("", "…")
        yield from (("", word) for word in last)


def _lines(words: Iterator[Word]) -> Iterator[str]:
    """Yield HTML of at most so many characters a line as are read without scrolling."""
    line: list[Word] = []
    width = 0
    for tag, word in words:
        shown = plain(word)
        shown = shown if len(shown) <= _LONG else shown[:_LONG] + "…"
        if line and width + len(shown) > _WIDE:
            yield _html(line)
            line, width = [], 0
        line.append((tag, shown))
        width += len(shown) + 1
    if any(tag for tag, _ in line) or width:
        yield _html(line)


def _html(line: Sequence[Word]) -> str:
    parts = []
    for tag, run in groupby(line, key=lambda word: word[0]):
        text = html.escape(" ".join(word for _, word in run), quote=False)
        parts.append(f"<{tag}>{text}</{tag}>" if tag else text)
    return " ".join(parts)
