"""The queue for review, for people and for other programs: why each item is in it, with numbers."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from dvc_labelmeta.model.queue import Entry
from dvc_labelmeta.report.text import plain

FORMATS = ("text", "csv", "jsonl", "json")
COLUMNS = ("rank", "item", "score", "reasons", "labels", "records", "guideline_versions")


def queue_lines(entries: Iterable[Entry], size: int, format_: str) -> Iterator[str]:
    """Yield the queue as lines of a format; size: how many items have a reason, shown or not."""
    return _FORMATS[format_](entries, size)


def words(one: Entry) -> dict[str, str]:
    """Return {reason: why in words, with its numbers}, in the order of the reasons."""
    return {name: _WORDS[name](one) for name in one.worth}


def _counted(number: int, noun: str) -> str:
    return f"{number} {noun}{'' if number == 1 else 's'}"


def _changed(one: Entry) -> str:
    votes = sum(times for _, times in one.labels)
    return (
        f"{one.moved} of {_counted(votes, 'vote')} rest on {', '.join(one.clauses)}, "
        f"reworded since {', '.join(one.since)}"
    )


def _disputed(one: Entry) -> str:
    (label, most), *others = one.labels
    votes = most + sum(times for _, times in others)
    rest = ", ".join(f"{times} said {other}" for other, times in others)
    return f"{most} of {votes} said {label}, {rest}"


def _close(one: Entry) -> str:
    told = []
    if len(one.labels) > 1 and (apart := one.labels[0][1] - one.labels[1][1]) <= 1:
        told.append("one vote decides" if apart else "the two commonest labels are level")
    if one.near is not None:
        told.append(f"a model's score of {one.near:g} is near 0.5")
    return ", ".join(told)


def _unsure(one: Entry) -> str:
    return f"mean confidence {one.confidence:.2f} of {_counted(one.sure, 'vote')}"


_WORDS: dict[str, Callable[[Entry], str]] = {
    "flagged": lambda one: f"flagged in {_counted(one.flagged, 'record')}",
    "rejected": lambda one: f"rejected in review and not replaced: {one.rejected}",
    "changed": _changed,
    "unsure": _unsure,
    "disputed": _disputed,
    "close": _close,
    "pending": lambda one: f"waits for review: {_counted(one.pending, 'record')}",
    "lone": lambda _: "one vote only, other items have more",
}


def _row(rank: int, one: Entry) -> dict[str, Any]:
    told = words(one)
    return {
        "rank": rank,
        "item": one.item,
        "score": one.score,
        "reasons": [
            {"reason": name, "worth": worth, "words": told[name]}
            for name, worth in one.worth.items()
        ],
        "labels": dict(one.labels),
        "records": list(one.records),
        "guideline_versions": list(one.versions),
    }


def _text(entries: Iterable[Entry], size: int) -> Iterator[str]:
    shown = 0
    for shown, one in enumerate(entries, 1):
        labels = ", ".join(f"{label} {times}" for label, times in one.labels) or "no vote"
        under = f" (guideline {', '.join(one.versions)})" if one.versions else ""
        yield plain(f"{shown}. {one.item}  score {one.score:.2f}  {labels}{under}")
        yield plain(f"   {'; '.join(words(one).values())}")
        if one.records:
            yield plain(f"   records {' '.join(one.records)}")
    more = size - shown
    yield (
        f"{_counted(shown, 'item')} shown, {more} more (--limit)"
        if more
        else f"{_counted(shown, 'item')}, no more"
    )


def _csv(entries: Iterable[Entry], size: int) -> Iterator[str]:
    del size
    yield _csv_line(COLUMNS)
    for rank, one in enumerate(entries, 1):
        told = "; ".join(words(one).values())
        labels = ", ".join(f"{label} {times}" for label, times in one.labels)
        yield _csv_line(
            (rank, one.item, one.score, told, labels, " ".join(one.records), " ".join(one.versions))
        )


def _csv_line(cells: Iterable[object]) -> str:
    line = io.StringIO()
    csv.writer(line, lineterminator="\r\n").writerow(cells)  # quotes what is in the line end
    return line.getvalue().removesuffix("\r\n")


def _jsonl(entries: Iterable[Entry], size: int) -> Iterator[str]:
    del size
    for rank, one in enumerate(entries, 1):
        yield json.dumps(_row(rank, one), ensure_ascii=False)


def _json(entries: Iterable[Entry], size: int) -> Iterator[str]:
    rows = [_row(rank, one) for rank, one in enumerate(entries, 1)]
    yield json.dumps({"items": size, "shown": rows}, indent=2, ensure_ascii=False)


_FORMATS: dict[str, Callable[[Iterable[Entry], int], Iterator[str]]] = {
    "text": _text,
    "csv": _csv,
    "jsonl": _jsonl,
    "json": _json,
}
