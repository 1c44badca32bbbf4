"""Validation of annotation records against peers: python -m tests.benchmarks.annotations [N ...].

Everything runs in this process, in turns, on files that were just read; medians in milliseconds.
"""

from __future__ import annotations

import itertools
import json
import resource
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import duckdb
import jsonschema

from dvc_labelmeta.model.annotation import json_schema
from dvc_labelmeta.model.facts import Expected, RecordFacts
from dvc_labelmeta.read.cache import Cache
from dvc_labelmeta.read.validate import facts
from dvc_labelmeta.read.workers import Workers
from tests.annotated import VOCABULARIES, as_line, records, write_jsonl
from tests.benchmarks.timing import Row, table

RUNS = 5
SHARDS = 100
SLOW = 100_000  # more records than that are too many for a loop in Python
L2 = Expected("L2", VOCABULARIES)


def _count(path: Path) -> Callable[[], object]:
    columns = "columns={id: 'VARCHAR'}"
    sql = f"SELECT count(*) FROM read_json('{path}', format='newline_delimited', {columns})"
    return lambda: duckdb.connect().execute(sql).fetchall()


def _columns(path: Path) -> Callable[[], object]:
    sql = f"SELECT sum(hash(COLUMNS(*)) & 1) FROM '{path}'"
    return lambda: duckdb.connect().execute(sql).fetchall()


def _rust(path: Path) -> Callable[[], object] | None:
    """Return a loop with the quickest validator of JSON Schema there is, where it is installed."""
    try:
        import jsonschema_rs
    except ModuleNotFoundError:
        return None
    validator = jsonschema_rs.validator_for(json_schema())

    def run() -> int:
        with path.open() as lines:
            return sum(validator.is_valid(json.loads(line)) for line in lines)

    return run


def _loop(path: Path) -> Callable[[], object]:
    validator = jsonschema.Draft202012Validator(json_schema())

    def run() -> int:
        with path.open() as lines:
            return sum(validator.is_valid(json.loads(line)) for line in lines)

    return run


def _ours(path: Path, format_: str) -> Callable[[], object]:
    def run() -> None:
        found = facts([str(path)], format_, L2)
        assert {flaw.kind for flaw in found.flaws} <= {"odd_duration"}, found

    return run


def medians(runs: int, *jobs: Callable[[], object]) -> list[float]:
    """Return the median milliseconds of each job, done in turns in this process."""
    taken: list[list[float]] = [[] for _ in jobs]
    for number in range(runs + 1):
        for times, job in zip(taken, jobs, strict=True):
            start = time.perf_counter()
            job()
            if number:  # the first run warms up
                times.append((time.perf_counter() - start) * 1000)
    return [statistics.median(times) for times in taken]


def _again(folder: Path, count: int) -> Iterator[Row]:
    """Time a layer of 100 files: all new, nothing changed, one file new."""
    files = [folder / f"{count}-{number:02}.jsonl" for number in range(SHARDS)]
    made = records(count)
    for file in files:
        file.write_text("".join(as_line(one) for one in itertools.islice(made, count // SHARDS)))
    names = [str(file) for file in files]

    def judge(cache: Cache, names: list[str]) -> RecordFacts:
        keys = cache.keys(names, "jsonl", L2)
        known = cache.facts(keys, names, L2.until)
        return known if known is not None else facts(names, "jsonl", L2, cache)

    cold, warm, new = [], [], []
    for number in range(RUNS):
        cache = Cache(str(folder / str(number)), "layer")
        cold.append(_seconds(lambda cache=cache: judge(cache, names)))
        warm.append(_seconds(lambda cache=cache: judge(cache, names)))
        judge(cache, names[1:])
        new.append(_seconds(lambda cache=cache: judge(cache, names)))
    all_new, again, one_new = (statistics.median(times) * 1000 for times in (cold, warm, new))
    yield Row(f"{count} in {SHARDS} files, nothing changed, all new", again, all_new, 0.05)
    yield Row(f"{count} in {SHARDS} files, one new, all new", one_new, all_new, 0.05)
    (alone,) = medians(1, lambda: facts(names, "jsonl", L2))
    with Workers() as workers:
        (spread,) = medians(1, lambda: facts(names, "jsonl", L2, None, workers))
    yield Row(f"{count} in {SHARDS} files, two Dask workers, one process", spread, alone, 4)


def _seconds(job: Callable[[], object]) -> float:
    start = time.perf_counter()
    job()
    return time.perf_counter() - start


def _rows(folder: Path, count: int) -> Iterator[Row]:
    lines, columns = folder / f"{count}.jsonl", folder / f"{count}.parquet"
    write_jsonl(lines, count)
    duckdb.execute(f"COPY (SELECT * FROM read_json('{lines}')) TO '{columns}'")
    ours, peer = medians(RUNS, _ours(lines, "jsonl"), _count(lines))
    yield Row(f"{count} JSONL, DuckDB count(*)", ours, peer, 5)
    mine, peer = medians(RUNS, _ours(columns, "parquet"), _columns(columns))
    yield Row(f"{count} Parquet, DuckDB reading every column", mine, peer, 4.5)
    rust = _rust(lines)
    if rust is not None:
        (peer,) = medians(1, rust)
        yield Row(f"{count} JSONL, loop with jsonschema-rs (shape only)", ours, peer, 0.4)
    yield from _again(folder, count)
    if count <= SLOW:
        (peer,) = medians(1, _loop(lines))
        yield Row(f"{count} JSONL, loop with jsonschema (shape only)", ours, peer, 0.1)


def main() -> None:
    """Print the table."""
    counts = [int(number) for number in sys.argv[1:]] or [100_000, 1_000_000]
    with tempfile.TemporaryDirectory() as folder:
        rows = [row for count in counts for row in _rows(Path(folder), count)]
    print(table(rows))
    print(f"peak memory {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024} MiB")


if __name__ == "__main__":
    main()
