"""Each step of the real guideline histories in one line: `python -m tests.real.diff_table`."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

from dvc_labelmeta.diff.prose import ProseDiff, compare
from tests.real.logs import Histories, Row, histories

# which columns a row has
HEAD = ("page", "n", "date", "change", "bump", "-", "+", "sections", "subject")


def steps(logs: Histories) -> Iterator[tuple[str, Row, ProseDiff]]:
    """Yield (page, row of the log, difference from the row before) for every change of a text."""
    for page, rows in logs.pages.items():
        texts = [(row, row.file) for row in rows if row.file]
        for (_, old), (row, new) in pairwise(texts):
            yield page, row, compare(*(path.read_bytes().decode() for path in (old, new)))


def line(page: str, row: Row, diff: ProseDiff) -> tuple[str, ...]:
    """Return a step as the cells of a row of the table."""
    states = [one.state for one in diff.changed]
    told = [f"{states.count(state)} {state}" for state in dict.fromkeys(sorted(states))]
    gone, come = diff.counts()
    day, subject = row.commit_date[:10], row.subject[:50]
    return (page, str(row.n), day, diff.change, diff.bump, str(gone), str(come),
            ", ".join(told) or "-", subject)  # fmt: skip


def main() -> None:
    """Print the table, then how often each kind of change was found."""
    source = Path(__file__).resolve().parents[3] / "shared" / "data" / "ud_lithuanian_hse"
    if not source.is_dir():
        sys.exit("the real data sets are not beside this checkout (../shared/data)")
    found = list(steps(histories(source)))
    rows = [HEAD, *(line(*one) for one in found)]
    widths = [max(len(row[column]) for row in rows) for column in range(len(HEAD))]
    for row in rows:
        print(
            "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
        )
    kinds = [diff.change for _, _, diff in found]
    print("\n" + ", ".join(f"{kinds.count(kind)} {kind}" for kind in sorted(set(kinds))))


if __name__ == "__main__":
    main()
