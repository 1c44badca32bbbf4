"""trace of an item or a record in records of any size: python -m tests.benchmarks.trace [N ...].

Whole processes, medians in milliseconds. Parquet in one file and in 100 shards, with records in the
order of their ids and items all over the file, and JSONL; the peer is a process that only counts the
records of the item with DuckDB. Default: 10,000,000 Parquet and 1,000,000 JSONL records.
"""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import duckdb

from tests.benchmarks.timing import LABELMETA, Row, Timed, isolate, medians, run, table
from tests.repo import Repo

RUNS = 5
SHARDS = 100
GOAL = 2_000  # milliseconds, whole process
_SELECT = """SELECT printf('r%09d', i) AS id, 'doc-' || (hash(i // 4) % {items}) AS item,
    'a' || (1 + hash(i) % 3)::INT AS label, 'label-studio:42' AS source,
    printf('a-%05d', hash(i * 7) % 400) AS annotator, 'person' AS annotator_type,
    strftime(TIMESTAMP '2026-02-01' + to_seconds(i // 5), '%Y-%m-%dT%H:%M:%SZ') AS annotated_at,
    'label-studio' AS tool, '1.13.1' AS tool_version, '1.0.0' AS guideline_version,
    'recorded' AS guideline_version_source, 'submitted' AS status,
    (hash(i * 5) % 100) / 100.0 AS confidence,
    CASE WHEN i % 2 = 0 THEN 'the writer names a deadline and then takes it back' END AS note
    FROM range({start}, {end}) AS numbers(i)"""
_PEER = "import duckdb; print(duckdb.sql({query!r}).fetchall())"


def project(folder: Path, records: str) -> Repo:
    """Make a project with one linked split whose sidecar names `records`."""
    repo = Repo(folder)
    folder.mkdir()
    repo.git("init", "-q", "-b", "main")
    repo.write("guidelines/tone/guideline.yaml", repo.guideline_yaml("tone", "1.0.0"))
    repo.write("labelmeta.yaml", "version: 1\nguidelines:\n  tone: {path: guidelines/tone}\n")
    repo.write("data/train.csv", "id\n1\n")
    repo.write(".gitignore", f"/data/{records}\n")
    repo.commit("Begin")
    run(folder, LABELMETA, "link", "data/train.csv", "--guideline", "tone")
    side = "data/train.csv.labelmeta.yaml"
    text = repo.read(side)
    named = f"    annotations: {{path: {records}}}\n    guideline:\n"
    repo.write(side, text.replace("    guideline:\n", named))
    repo.commit("Link")
    return repo


def _rows(base: Path, kind: str, count: int) -> Iterator[Row]:
    name = {"parquet": "records.parquet", "shards": "records", "jsonl": "records.jsonl"}[kind]
    repo = project(base / f"{kind}-{count}", name)
    path = repo.path / "data" / name
    if kind == "shards":
        path.mkdir()
    parts = SHARDS if kind == "shards" else 1
    for part in range(parts):
        start, end = count * part // parts, count * (part + 1) // parts
        query = _SELECT.format(items=count // 4, start=start, end=end)
        target = path / f"{part:03d}.parquet" if kind == "shards" else path
        form = "json" if kind == "jsonl" else "parquet"
        duckdb.execute(f"COPY ({query}) TO '{target}' (FORMAT {form})")
    files = f"'{path}/*.parquet'" if kind == "shards" else f"'{path}'"
    if kind == "jsonl":
        files = f"read_json({files}, format='newline_delimited', columns={{item: 'VARCHAR'}})"
    item = duckdb.sql(
        _SELECT.format(items=count // 4, start=count // 2, end=count // 2 + 1)
    ).fetchall()[0][1]
    peer = Timed(
        [
            sys.executable,
            "-c",
            _PEER.format(query=f"SELECT count(*) FROM {files} WHERE item = '{item}'"),
        ],
        repo.path,
    )
    for what, asked in (("record", f"r{count // 2:09d}"), ("item", item)):
        ours = Timed([LABELMETA, "trace", asked, "--split", "data/train.csv"], repo.path)
        taken, counted = medians(RUNS, ours, peer)
        yield Row(f"trace of a {what} among {count} ({kind}), goal {GOAL} ms", taken, GOAL, 1)
        yield Row(f"the same, counting the records of the item ({kind})", taken, counted, 3)


def main() -> None:
    """Print the table."""
    counts = [int(number) for number in sys.argv[1:]] or [10_000_000]
    with tempfile.TemporaryDirectory() as folder:
        isolate(Path(folder))
        rows = [
            row
            for count in counts
            for kind, many in (("parquet", count), ("shards", count), ("jsonl", count // 10))
            for row in _rows(Path(folder), kind, many)
        ]
    print(table(rows))


if __name__ == "__main__":
    main()
