"""What the tool found in the replayed treebank, as a table: `python -m tests.real.table`."""

from __future__ import annotations

import os
import re
import sys
import tempfile
from collections import Counter
from pathlib import Path
from typing import Any

from tests.real.logs import PAGES, Histories, histories
from tests.real.replay import live_through

_BEHIND = re.compile(
    r"is linked to guideline (?P<page>\S+) (?P<old>\S+); HEAD has (?P<new>\S+) "
    r"\(bump not declared, (?P<versions>\d+) versions?, (?P<commits>\d+) commits? behind\)"
)
LEGEND = """\
page cells: linked version / all versions, commits behind when the new data came and after today
data, lag:  findings before linking anew (LM106 changed, LM113 frozen changed, LM105 outdated)
clean:      nothing is found once linked anew; today: LM105 findings against today's guidelines
"""


def lags(findings: list[dict[str, Any]]) -> dict[tuple[str, str], int]:
    """Return how many commits each (split, page) is behind, as the findings say it."""
    behind: dict[tuple[str, str], int] = {}
    for one in findings:
        if one["code"] == "LM105":
            match = _BEHIND.search(one["message"])
            assert match is not None, one["message"]
            assert match["versions"] == match["commits"], one["message"]
            behind[one["split"], match["page"]] = int(match["commits"])
    return behind


def table(logs: Histories, seen: dict[str, Any]) -> str:
    """Return the table of all data versions; `seen` is what `live_through` returned."""
    days = seen["days"]
    origin = {new: old for old, new in seen["commits"].items()}
    head = ["n", "date", *PAGES, "data", "lag", "clean", "today"]
    rows = [head, *(_row(logs, day, origin) for day in days)]
    widths = [max(len(row[column]) for row in rows) for column in range(len(head))]
    lines = ("  ".join(map(str.ljust, row, widths)).rstrip() for row in rows)
    return "\n".join(lines) + "\n\n" + LEGEND


def _row(logs: Histories, day: dict[str, Any], origin: dict[str, str]) -> list[str]:
    n = day["n"]
    split = logs.paths(n)["train"]
    before, today = lags(day.get("before", [])), lags(day["today"])
    cells = []
    for page, rows in logs.pages.items():
        commit = origin.get(day["linked"][split].get(page, ""))
        version = next((row.n for row in rows if row.commit == commit), None)
        counts = f"{before.get((split, page), 0)}, {today.get((split, page), 0)}"
        cells.append(f"{version}/{len(rows)} ({counts})" if version else "-")
    codes = Counter(one["code"] for one in day.get("before", []))
    changed = codes["LM106"] + codes["LM113"]
    date = logs.data[n][0].commit_date
    clean = "no" if day["after"] else "yes"
    return [str(n), date, *cells, str(changed), str(codes["LM105"]), clean, str(len(today))]


def main() -> None:
    """Replay the histories in a temporary folder and print the table."""
    source = Path(__file__).resolve().parents[3] / "shared" / "data" / "ud_lithuanian_hse"
    if not source.is_dir():
        sys.exit("the real data sets are not beside this checkout (../shared/data)")
    os.environ |= {"GIT_CONFIG_GLOBAL": os.devnull, "DVC_NO_ANALYTICS": "1"}
    os.environ |= {"GIT_AUTHOR_EMAIL": "a@example.org", "GIT_COMMITTER_EMAIL": "a@example.org"}
    logs = histories(source)
    with tempfile.TemporaryDirectory() as folder:
        seen = live_through(logs, Path(folder))
    sys.stdout.write(table(logs, seen))


if __name__ == "__main__":
    main()
