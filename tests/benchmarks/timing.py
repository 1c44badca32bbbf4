"""Whole processes timed one after the other: A B A B ..., medians, one Markdown table."""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

SCRIPTS = Path(sys.executable).parent
LABELMETA = str(SCRIPTS / "labelmeta")
DVC = str(SCRIPTS / "dvc")
DATE = "2026-01-05T09:00:00+00:00"


@dataclass(frozen=True)
class Timed:
    """A command and the folder it runs in; `before` is called ahead of each run, untimed."""

    command: Sequence[str]
    folder: Path
    before: Callable[[], None] = lambda: None
    codes: tuple[int, ...] = (0,)


@dataclass(frozen=True)
class Row:
    """One line of the table; `ours` and `peer` in milliseconds, or plain counts."""

    what: str
    ours: float
    peer: float
    goal: float
    unit: str = "ms"

    def cells(self) -> list[str]:
        """Return the cells of the line."""
        ratio = self.ours / self.peer
        verdict = "met" if ratio <= self.goal else "missed"
        numbers = [f"{self.ours:.0f} {self.unit}", f"{self.peer:.0f} {self.unit}"]
        return [self.what, *numbers, f"{ratio:.2f}", f"<= {self.goal:g}", verdict]


def table(rows: Sequence[Row]) -> str:
    """Return the rows as a Markdown table."""
    head = ["what", "ours", "peer", "ratio", "goal", ""]
    lines = [head, ["---"] * len(head), *(row.cells() for row in rows)]
    return "\n".join("| " + " | ".join(cells) + " |" for cells in lines)


def isolate(home: Path) -> None:
    """Take out of the environment what a person's own settings would change."""
    # PYTHON…: bytecode is kept, as in any installed program
    taken = ("GIT_", "DVC_", "XDG_", "PYTHON")
    kept = {k: v for k, v in os.environ.items() if not k.startswith(taken)}
    os.environ.clear()
    os.environ.update(kept)
    os.environ.update({
        "HOME": str(home),
        "PATH": f"{SCRIPTS}{os.pathsep}{kept['PATH']}",
        "GIT_CONFIG_GLOBAL": os.devnull,
        "GIT_CONFIG_NOSYSTEM": "1",
        "GIT_AUTHOR_NAME": "Ada",
        "GIT_AUTHOR_EMAIL": "ada@example.org",
        "GIT_AUTHOR_DATE": DATE,
        "GIT_COMMITTER_NAME": "Ada",
        "GIT_COMMITTER_EMAIL": "ada@example.org",
        "GIT_COMMITTER_DATE": DATE,
        "DVC_NO_ANALYTICS": "1",
        "DVC_SITE_CACHE_DIR": str(home / "dvc-site"),
        "NO_COLOR": "1",
    })  # fmt: skip


def run(folder: Path, *command: str, stdin: bytes | None = None) -> str:
    """Run a command of the set-up; it must succeed."""
    done = subprocess.run(command, cwd=folder, input=stdin, capture_output=True, check=False)
    if done.returncode != 0:
        raise SystemExit(
            f"{' '.join(command)}: {done.returncode}\n{(done.stdout + done.stderr).decode()}"
        )
    return done.stdout.decode().strip()


def medians(runs: int, *timed: Timed) -> list[float]:
    """Return the median milliseconds of each command: one warm-up each, then in turns."""
    for one in timed:
        _once(one)
    taken: list[list[float]] = [[] for _ in timed]
    for _ in range(runs):
        for number, one in enumerate(timed):
            taken[number].append(_once(one))
    return [statistics.median(times) * 1000 for times in taken]


def _once(one: Timed) -> float:
    one.before()
    start = time.perf_counter()
    done = subprocess.run(
        one.command, cwd=one.folder, capture_output=True, stdin=subprocess.DEVNULL, check=False
    )
    taken = time.perf_counter() - start
    if done.returncode not in one.codes:
        shown = (done.stdout + done.stderr).decode(errors="replace")[-2000:]
        raise SystemExit(f"{' '.join(one.command)} in {one.folder}: {done.returncode}\n{shown}")
    return taken
