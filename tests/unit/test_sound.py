"""The fast way through JSONL finds what the slow one finds, whatever is in the lines."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import duckdb
import pytest

from dvc_labelmeta.model.facts import Expected
from dvc_labelmeta.read.batch import Batch
from dvc_labelmeta.read.reader import Reader
from dvc_labelmeta.read.shard import Shard
from tests.annotated import VOCABULARIES, as_line, records

EXPECTED = Expected("L2", VOCABULARIES)
GOOD = [as_line(record) for record in records(40)]
MORE = [as_line({**record, "lead_time": 3, 'odd"key': [1]}) for record in records(40)]


@pytest.fixture
def db(tmp_path: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect(config={"threads": "2"}) as connection:
        connection.execute("SET TimeZone = 'UTC'")
        yield connection


def found(
    db: duckdb.DuckDBPyConnection, folder: Path, files: list[list[str]], *, sound: bool
) -> tuple[dict[int, Shard], bool]:
    """Return the facts about files of these lines, and whether the fast way was taken."""
    paths = {}
    for number, lines in enumerate(files):
        paths[number] = str(folder / f"{number}.jsonl")
        Path(paths[number]).write_bytes("".join(lines).encode())
    db.execute(
        "CREATE OR REPLACE TEMP TABLE faults (position BIGINT, kind UTINYINT, field VARCHAR)"
    )
    reader = Reader(db, paths, "jsonl", str(folder))
    if not sound:
        reader.sound = None
    batch = Batch(reader, EXPECTED, "kept")
    return batch.shards(), reader.sound is not None


def other(**change: object) -> list[str]:
    """Return good lines with one more that is changed."""
    record = json.loads(GOOD[-1])
    return [*GOOD[:-1], as_line({**record, **change})]


@pytest.mark.parametrize(
    ("files", "fast"),
    [
        ([GOOD], True),
        ([GOOD[:7], MORE, GOOD[7:]], False),  # a key that the first file does not show
        ([MORE, GOOD], True),
        ([other(confidence=3, label="b", status="done", annotated_at="2026-02-30")], True),
        ([other(note='\u00e9"\\ \u2028', label=[1.50, {"a": None}], extra={"a": {"b": []}})], True),
        ([other(note=None)], False),  # a null is no cell, so keys are more than cells
        ([[*GOOD, "\n", GOOD[0]]], False),
        ([[*GOOD, "  " + GOOD[0]]], False),
        ([[*GOOD, "null\n", "5\n"]], False),
        ([[*GOOD, '["a"]\n']], False),
        ([[*GOOD, '{"id": "a", "id": "b"}\n']], False),
        ([[*GOOD, '{"ID": "a", "Item": 1}\n']], False),
        ([[*GOOD, '{"ID": "a", "id": "b", "item": 1}\n']], False),
        ([[*GOOD, '{"id": \n']], False),
        ([[*GOOD, '{"id": "a"} x\n']], False),
        ([[*GOOD, '{"id": "a"}{"id": "b"}\n']], False),
        ([[*GOOD, "{}\n"]], True),
        ([[line.replace("\n", "\r\n") for line in GOOD]], True),
        ([["{}\n"]], True),
        ([[], GOOD], False),  # the first file shows no key
    ],
    ids=range(20),
)
def test_both_ways_find_the_same(
    db: duckdb.DuckDBPyConnection, tmp_path: Path, files: list[list[str]], fast: bool
) -> None:
    quick, taken = found(db, tmp_path, files, sound=True)
    slow, never = found(db, tmp_path, files, sound=False)
    assert quick == slow
    assert (taken, never) == (fast, False)
    assert sum(shard.lines for shard in quick.values()) == sum(map(len, files))
