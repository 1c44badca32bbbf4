"""Migration of annotation records beside a DuckDB copy of them: python -m tests.benchmarks.migrate [N].

Each run is a process of its own, so that peak memory is its own; medians of three.
"""

from __future__ import annotations

import resource
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import duckdb

from dvc_labelmeta.cli.migrating import carried_cases
from dvc_labelmeta.diff.migration import fields
from dvc_labelmeta.model.migration import LabelMap, Listed, Migration
from dvc_labelmeta.read.carry import Carrying, Target
from dvc_labelmeta.read.sources import Source
from dvc_labelmeta.write.migrated import add_records
from tests.annotated import write_jsonl
from tests.benchmarks.timing import Row, table

RUNS = 3
MANUAL = "semapv:ManualMappingCuration"
STEP = Migration(
    "2.0.0.yaml",
    "1.1.0",
    "2.0.0",
    labels=(
        LabelMap("a1", "skos:exactMatch", "b1", MANUAL),
        LabelMap("a2", "skos:broadMatch", "b1", MANUAL),
    ),
    listed=(Listed("review", "cites", "R1", "the rule is gone"),),
    labels_after=frozenset({"b1", "a3"}),
)
FIRST = Migration("", "1.0.0", "1.1.0")


def migrate(path: str, format_: str) -> None:
    """Carry the records of a file over, as the command does."""
    target = Target("g", "2.0.0", "0" * 40, "1.1.0")
    with tempfile.TemporaryDirectory() as folder:
        asked = fields((FIRST, STEP))
        carrying = Carrying(Source(path, format_), [path], target, asked, folder)
        versions = carrying.versions()
        routes = {"1.0.0": (FIRST, STEP), "1.1.0": (STEP,)}
        cases = carried_cases(carrying, {version: routes[version] for version in versions})
        assert sum(case.records for case in cases) == sum(versions.values())
        carrying.refuse_taken_ids()
        new = carrying.select()
        add_records(carrying.db, path, format_, new, carrying.form.source, carrying.form.added)


def copy(path: str, format_: str) -> None:
    """Copy the records of a file with DuckDB."""
    del format_
    with duckdb.connect() as db:
        db.execute(f"COPY (SELECT * FROM '{path}') TO '{path}.copy' (FORMAT parquet)")


def _timed(job: str, path: Path, format_: str) -> tuple[float, int]:
    """Return milliseconds of one run in a process of its own, and its peak memory in MiB."""
    command = [sys.executable, "-m", "tests.benchmarks.migrate", job, str(path), format_]
    took, peak = subprocess.run(command, capture_output=True, text=True, check=True).stdout.split()
    return float(took), int(peak)


def _measure(job: str, source: Path, format_: str) -> tuple[float, int]:
    runs = []
    for _ in range(RUNS):
        path = source.parent / "run" / source.name
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(source.read_bytes())
        runs.append(_timed(job, path, format_))
    return statistics.median(took for took, _ in runs), max(peak for _, peak in runs)


def main(count: int) -> None:
    """Print the table."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        lines, rows = folder / "r.jsonl", folder / "r.parquet"
        write_jsonl(lines, count)
        text = lines.read_text("utf-8").replace(
            '"guideline_version": "2.0.0"', '"guideline_version": "1.1.0"'
        )
        lines.write_text(text, "utf-8")
        with duckdb.connect() as db:
            db.execute(f"COPY (SELECT * FROM '{lines}') TO '{rows}' (FORMAT parquet)")
            db.execute(f"COPY (SELECT * FROM '{lines}') TO '{folder / 'r.csv'}' (FORMAT csv)")
        peer, _ = _measure("copy", rows, "parquet")
        told = []
        for path, format_ in ((rows, "parquet"), (lines, "jsonl"), (folder / "r.csv", "csv")):
            took, peak = _measure("migrate", path, format_)
            told.append(Row(f"{count} records, {format_}; copy of the Parquet file", took, peer, 3))
            told.append(Row(f"{format_}: peak memory", peak, 2048, 1, "MiB"))
        print(table(told))


def run(job: str, path: str, format_: str) -> None:
    """Run one job and print milliseconds and MiB."""
    start = time.perf_counter()
    {"migrate": migrate, "copy": copy}[job](path, format_)
    took = (time.perf_counter() - start) * 1000
    print(took, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss >> 10)


if __name__ == "__main__":
    if len(sys.argv) == 4:
        run(*sys.argv[1:])
    else:
        main(int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000)
