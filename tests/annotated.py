"""Annotation records with a fixed seed: skewed workload, gaps, several versions, planted faults."""

from __future__ import annotations

import json
import random
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

VOCABULARIES = {
    "1.0.0": frozenset({"a1", "a2", "a3"}),
    "1.1.0": frozenset({"a1", "a2", "a3"}),
    "2.0.0": frozenset({"a1", "a2", "a3", "a4"}),
}
Record = dict[str, Any]


def records(count: int, seed: int = 7) -> Iterator[Record]:
    """Yield good records of level L2; four labels an item, by four different annotators."""
    chance = random.Random(seed)
    for number in range(count):
        version = chance.choices(list(VOCABULARIES), (1, 3, 6))[0]
        worker = 4 * min(int(chance.paretovariate(1.2)), 400) + number % 4
        record: Record = {
            "id": f"r{number:09d}",
            "item": f"doc-{number // 4}",
            "label": chance.choice(("a1", "a2", "a3")),
            "source": "label-studio:42",
            "annotator": f"a-{worker:05d}",
            "annotator_type": "person",
            "annotated_at": (
                f"2026-02-{1 + number * 27 // count:02d}T{number % 24:02d}:{number % 60:02d}:00+01:00"
            ),
            "tool": "label-studio",
            "tool_version": "1.13.1",
            "guideline_version": version,
            "guideline_version_source": "recorded",
            "status": "submitted",
            "duration_seconds": round(chance.lognormvariate(2.5, 0.8), 1),
        }
        if chance.random() < 0.8:
            record["confidence"] = round(chance.random(), 2)
        if chance.random() < 0.5:
            record["note"] = "the writer names a deadline and then takes it back"
        if chance.random() < 0.3:
            record["cites"] = ["R1", "E2"]
        yield record


def as_line(record: Record) -> str:
    """Return a record as a line of JSONL."""
    return json.dumps(record) + "\n"


def write_jsonl(path: Path, count: int, seed: int = 7) -> None:
    """Write good records."""
    with path.open("w", encoding="utf-8") as file:
        file.writelines(as_line(record) for record in records(count, seed))


def _set(**values: Any) -> Callable[[Record, list[Record]], None]:
    return lambda record, _: record.update(values)


def _relabel(record: Record, before: list[Record]) -> None:
    record.update(item=before[0]["item"], annotator=before[0]["annotator"])


# (kind, field): how often, how; `before` are records that nothing else touches
PLANTED: dict[tuple[str, str], tuple[int, Callable[[Record, list[Record]], None]]] = {
    ("missing", "source"): (3, lambda record, _: record.pop("source")),
    ("missing", "tool"): (4, _set(tool="")),
    ("missing", "label"): (2, _set(label=None)),
    ("unzoned_time", "annotated_at"): (6, _set(annotated_at="2026-02-03T10:00:00")),
    ("impossible_time", "annotated_at"): (5, _set(annotated_at="2026-02-30T10:00:00Z")),
    ("out_of_range", "confidence"): (7, _set(confidence=1.5)),
    ("out_of_range", "score"): (8, _set(score=-0.1)),
    ("out_of_range", "duration_seconds"): (2, _set(duration_seconds=-3.0)),
    ("unknown_choice", "status"): (9, _set(status="done")),
    ("unknown_choice", "annotator_type"): (1, _set(annotator_type="human")),
    ("unknown_version", "guideline_version"): (4, _set(guideline_version="9.9.9")),
    ("unknown_label", "label"): (11, _set(label="a4", guideline_version="1.0.0")),
    ("duplicate_id", "id"): (6, lambda record, before: record.update(id=before[1]["id"])),
    ("missing_superseded", "supersedes"): (5, _set(supersedes="r-none")),
    ("later_superseded", "supersedes"): (3, lambda r, _: r.update(supersedes=r["id"])),
    ("relabelled", "label"): (7, _relabel),
}
# what only a format without column types can hold
LOOSE: dict[tuple[str, str], tuple[int, Callable[[Record, list[Record]], None]]] = {
    ("wrong_type", "confidence"): (5, _set(confidence="high")),
    ("wrong_type", "cites"): (3, _set(cites="R1")),
}
STRICT: dict[tuple[str, str], tuple[int, Callable[[Record, list[Record]], None]]] = {
    ("wrong_type", "tool"): (4, _set(tool=7)),
    ("wrong_type", "score"): (2, _set(score="0.5")),
    ("wrong_type", "is_gold"): (2, _set(is_gold="yes")),
}


def planted(
    count: int, *tables: dict[tuple[str, str], Any], seed: int = 7
) -> tuple[list[Record], dict[tuple[str, str], list[int]]]:
    """Return records and, for each (kind, field), the numbers (from 0) of those that have it."""
    made = list(records(count, seed))
    chance = random.Random(seed + 1)
    free = chance.sample(range(count // 2, count), sum(n for t in tables for n, _ in t.values()))
    where: dict[tuple[str, str], list[int]] = {}
    for table in tables:
        for key, (times, spoil) in table.items():
            where[key] = sorted(free.pop() for _ in range(times))
            for number in where[key]:
                spoil(made[number], made)
    return made, where
