"""Planted faults are found, all and no others: python -m tests.benchmarks.planted [N].

Plants each kind of fault a known number of times in N records (1e6), and compares counts and the
first lines with what both engines find in JSONL and in Parquet, one file and ten.
"""

from __future__ import annotations

import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import nullcontext
from pathlib import Path

import duckdb

from dvc_labelmeta.model.facts import SHOWN, Expected
from dvc_labelmeta.read.validate import facts
from dvc_labelmeta.read.workers import Workers
from tests.annotated import LOOSE, PLANTED, STRICT, VOCABULARIES, as_line, planted

L2 = Expected("L2", VOCABULARIES)
SHARDS = 10
Found = dict[tuple[str, str], tuple[int, list[tuple[str, int]]]]
ODD = ("odd_duration", "duration_seconds")  # lognormal durations have a few of them unplanted


def _jsonl(folder: Path, count: int) -> tuple[list[str], dict[tuple[str, str], list[int]]]:
    made, where = planted(count, PLANTED, LOOSE, STRICT)
    lines = [as_line(record) for record in made]
    for number in (100, 300):
        lines[number] = lines[number].replace('"tool":', '"item": "x", "tool":', 1)
    for number in (200, 400, 500):
        lines[number] = lines[number][:40] + "\n"
    where |= {("repeated_key", ""): [100, 300], ("malformed", ""): [200, 400, 500]}
    size = count // SHARDS
    for shard in range(SHARDS):
        with (folder / f"{shard}.jsonl").open("w") as file:
            file.writelines(lines[shard * size : (shard + 1) * size])
    return sorted(str(file) for file in folder.glob("*.jsonl")), where


def _parquet(folder: Path, count: int) -> tuple[list[str], dict[tuple[str, str], list[int]]]:
    made, where = planted(count, PLANTED)
    columns = {name: "VARCHAR" for record in made for name in record} | {"cites": "VARCHAR[]"}
    columns |= dict.fromkeys(("confidence", "score", "duration_seconds"), "DOUBLE")
    lines = folder / "all.json"
    with lines.open("w") as file:
        file.writelines(map(as_line, made))
    size = count // SHARDS
    with duckdb.connect() as db:
        db.execute(f"CREATE TABLE made AS FROM read_json('{lines}', columns={columns})")
        for shard in range(SHARDS):
            rows = f"rowid >= {shard * size} AND rowid < {(shard + 1) * size}"
            target = folder / f"{shard}.parquet"
            db.execute(f"COPY (FROM made WHERE {rows} ORDER BY rowid) TO '{target}'")
    lines.unlink()
    return sorted(str(file) for file in folder.glob("*.parquet")), where


def _wanted(files: list[str], where: dict[tuple[str, str], list[int]], count: int) -> Found:
    size = count // SHARDS
    return {
        key: (len(at), [(files[n // size], n % size + 1) for n in sorted(at)[:SHOWN]])
        for key, at in where.items()
    }


def _told(files: list[str], format_: str, workers: Workers | None) -> Found:
    found = facts(files, format_, L2, None, workers)
    told = {
        (flaw.kind, flaw.field): (flaw.records, [(at.file, at.line) for at in flaw.places])
        for flaw in found.flaws
    }
    told.pop(ODD, None)
    return told


def _results(count: int) -> Iterator[tuple[str, str, float, bool]]:
    for format_, make in (("jsonl", _jsonl), ("parquet", _parquet)):
        with tempfile.TemporaryDirectory() as folder:
            files, where = make(Path(folder), count)
            wanted = _wanted(files, where, count)
            for engine in ("duckdb", "dask"):
                with Workers() if engine == "dask" else nullcontext() as workers:
                    start = time.perf_counter()
                    found = _told(files, format_, workers)
                    yield format_, engine, time.perf_counter() - start, found == wanted


def main() -> int:
    """Print what was compared; return 1 where a count or place differs."""
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000
    right = True
    for format_, engine, seconds, same in _results(count):
        print(f"{count} {format_:8} {engine:7} {seconds:6.2f} s {'equal' if same else 'DIFFERENT'}")
        right &= same
    return 0 if right else 1


if __name__ == "__main__":
    sys.exit(main())
