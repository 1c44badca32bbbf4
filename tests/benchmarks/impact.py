"""The impact of a guideline change against validation: python -m tests.benchmarks.impact [N ...].

Both read the same files in this process, in turns; medians in milliseconds.
"""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import duckdb

from dvc_labelmeta.diff.impact import LayerImpact, judged, wanted
from dvc_labelmeta.diff.operation import Operation, Touch
from dvc_labelmeta.model.facts import Expected
from dvc_labelmeta.read.impact import Tally
from dvc_labelmeta.read.validate import facts
from tests.annotated import VOCABULARIES, write_jsonl
from tests.benchmarks.annotations import medians
from tests.benchmarks.timing import Row, table

RUNS = 5
ENDS = "1.1.0", "2.0.0"
CHANGE = (
    Operation("LABEL_MERGED", "label", ("a1",), (), (Touch("mapped", "label", ("a1", "a2")),)),
    Operation("EDGE_CASE_FLIPPED", "edge case", ("E2",), (), (Touch("relabel", "cites", ("E2",)),)),
    Operation("SCALE_CHANGED", "field", (), (), (Touch("rescale", "field", ("confidence",)),)),
    Operation("RULE_ADDED", "rule", ("R9",), (), (Touch("review", "all", (), 30),)),
)
LAYER = LayerImpact("data/train.csv", "labels", ENDS[0])


def _impact(path: Path, format_: str) -> Callable[[], object]:
    def run() -> None:
        asked = wanted(CHANGE, "classification")
        with Tally([str(path)], format_, Expected(), asked) as tally:
            found, chosen = judged(CHANGE, tally.groups, LAYER, ENDS)
            assert tally.durations(chosen).records == found.work > 0

    return run


def _validation(path: Path, format_: str) -> Callable[[], object]:
    return lambda: facts([str(path)], format_, Expected("L2", VOCABULARIES))


def _rows(folder: Path, count: int) -> Iterator[Row]:
    lines, columns = folder / f"{count}.jsonl", folder / f"{count}.parquet"
    write_jsonl(lines, count)
    duckdb.execute(f"COPY (SELECT * FROM read_json('{lines}')) TO '{columns}'")
    for path, format_ in ((lines, "jsonl"), (columns, "parquet")):
        ours, peer = medians(RUNS, _impact(path, format_), _validation(path, format_))
        yield Row(f"impact on {count} {format_}, validation of them", ours, peer, 1.5)


def main() -> None:
    """Print the table."""
    counts = [int(number) for number in sys.argv[1:]] or [100_000, 1_000_000]
    with tempfile.TemporaryDirectory() as folder:
        rows = [row for count in counts for row in _rows(Path(folder), count)]
    print(table(rows))


if __name__ == "__main__":
    main()
