"""Measure labelmeta against its peers in the same run; prints a Markdown table.

python tests/benchmarks/run.py [--only NAME] [--runs N]

Whole processes, A B A B ..., medians. Nothing is asserted about time: machines differ, the
ratio of two programs on one machine differs less.
"""

from __future__ import annotations

import argparse
import shutil
import sys
import tempfile
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import ledger as ledgers
import repos
from timing import DVC, LABELMETA, Row, Timed, isolate, medians, run, table

PARSE = """
import glob, yaml
for path in glob.iglob("data/**/*.labelmeta.yaml", recursive=True):
    with open(path, "rb") as file:
        yaml.load(file.read(), yaml.CSafeLoader)
"""
COUNTING_GIT = '#!/bin/sh\necho "$*" >> "{log}"\nexec "{git}" "$@"\n'


def gate(folder: Path, runs: int) -> Iterator[Row]:
    """One gate against `dvc status`."""
    repo = repos.small(folder / "always", "always")
    ours, peer = medians(
        runs,
        Timed([LABELMETA, "gate", "data/train.csv"], repo),
        Timed([DVC, "status"], repo),
    )
    yield Row("`gate SPLIT` / `dvc status`, 4 stages", ours, peer, 0.25)


def repro(folder: Path, runs: int) -> Iterator[Row]:
    """`dvc repro` with gates against without."""
    plain, always, single = medians(
        runs,
        Timed([DVC, "repro"], repos.small(folder / "plain", None)),
        Timed([DVC, "repro"], repos.small(folder / "always", "always")),
        Timed([DVC, "repro"], repos.small(folder / "single", "single")),
    )
    yield Row("no-op `dvc repro`, 3 splits gated / without gates", always, plain, 1.7)
    yield Row("the same, single-stage template / without gates", single, plain, 1.35)


def check200(folder: Path, runs: int) -> Iterator[Row]:
    """200 splits, 200 stages: `check` against `dvc repro` of the same stages without gates."""
    linked = repos.many(folder / "linked", 200, 200)
    plain = repos.many(folder / "plain", 200, 200, gated=False)
    shown = run(plain, DVC, "repro")
    if "Running" in shown:
        raise SystemExit(f"this is no no-op:\n{shown}")
    ours, peer = medians(runs, Timed([LABELMETA, "check"], linked), Timed([DVC, "repro"], plain))
    yield Row("`check` / no-op `dvc repro`, 200 splits, 200 stages", ours, peer, 0.15)


def check10000(folder: Path, runs: int) -> Iterator[Row]:
    """10,000 sidecars: `check` without any cache against parsing those files alone."""
    repo = repos.many(folder / "many", 10_000, 0)
    ours, peer = medians(
        runs,
        Timed([LABELMETA, "check"], repo, before=lambda: forget(repo)),
        Timed([sys.executable, "-c", PARSE], repo),
    )
    yield Row("`check`, 10,000 sidecars, cold / parsing them with CSafeLoader", ours, peer, 2.0)


def history(folder: Path, runs: int) -> Iterator[Row]:
    """100,000 commits against 100, with and without a commit graph.

    The cache of the history is there, removed before each run, or from one commit ago.
    """
    for behind in (False, True):
        name = "behind" if behind else "aligned"
        plain = [repos.history(folder / f"{name}{n}", n, behind=behind) for n in (100_000, 100)]
        graph = [repos.with_graph(one, folder / f"{one.name}-graph") for one in plain]
        for kind, both in (("no commit graph", plain), ("commit graph", graph)):
            what = f"`check`, 100,000 / 100 commits, links {name}, {kind}"
            for state, before in (("", None), (", cache removed", forget), (", HEAD new", grow)):
                timed = [Timed([LABELMETA, "check"], one, partial(before, one)) if before
                         else Timed([LABELMETA, "check"], one) for one in both]  # fmt: skip
                yield Row(what + state, *medians(runs, *timed), 1.3)


def processes(folder: Path, runs: int) -> Iterator[Row]:
    """Git processes of one check of 1,000 links against 3."""
    del runs
    many, few = (count_git(repos.many(folder / f"links{n}", n, 0), folder) for n in (1000, 3))
    yield Row("git processes of `check`, 1,000 / 3 links", many, few, 1.0, "")


def log(folder: Path, runs: int) -> Iterator[Row]:
    """The life of one split against Git's own log of the same path."""
    for commits in (10_000, 100_000):
        repo = repos.life(folder / str(commits), commits)
        ours, peer = medians(
            runs,
            Timed([LABELMETA, "log", "data/train.csv"], repo),
            Timed(["git", "log", "--", "data/train.csv.labelmeta.yaml"], repo),
        )
        yield Row(f"`log SPLIT` / `git log -- PATH`, {commits:,} commits", ours, peer, 1.5)


def as_seen(folder: Path, runs: int) -> Iterator[Row]:
    """The text under which one of 100,000 records was made, against `dvc status`."""
    repo, records = repos.recorded(folder / "repo", 100_000)
    asked = [LABELMETA, "guideline", "show", "tone", "--as-seen"]
    last, none, peer = medians(
        runs,
        Timed([*asked, records[-1]], repo),
        Timed([*asked, "none"], repo, codes=(2,)),
        Timed([DVC, "status"], repo),
    )
    yield Row("`guideline show --as-seen`, 100,000 records / `dvc status`", last, peer, 0.5)
    yield Row("the same for a record that is not there / `dvc status`", none, peer, 0.5)


def ledger(folder: Path, runs: int) -> Iterator[Row]:
    """Ledgers of 100,000 and of 10 events."""
    yield from ledgers.rows(folder, runs)


def count_git(repo: Path, folder: Path) -> int:
    """Return how many git processes a check starts."""
    log, wrapper = folder / f"{repo.name}.log", folder / f"{repo.name}-bin" / "git"
    wrapper.parent.mkdir()
    wrapper.write_text(COUNTING_GIT.format(log=log, git=shutil.which("git")))
    wrapper.chmod(0o755)
    run(repo, "env", f"PATH={wrapper.parent}:/usr/bin:/bin", LABELMETA, "check")
    return len(log.read_text().splitlines())


def forget(repo: Path) -> None:
    """Remove what labelmeta keeps between runs."""
    shutil.rmtree(repo / ".labelmeta" / "cache", ignore_errors=True)


def grow(repo: Path) -> None:
    """Commit something that has nothing to do with labels."""
    run(repo, "git", "commit", "-q", "--allow-empty", "-m", "step")


ALL: dict[str, Callable[[Path, int], Iterator[Row]]] = {
    one.__name__: one
    for one in (gate, repro, check200, check10000, history, log, as_seen, processes, ledger)
}


def main() -> None:
    """Run the benchmarks asked for and print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)  # fmt: skip
    parser.add_argument("--only", action="append", choices=list(ALL), help="may be repeated")
    parser.add_argument("--runs", type=int, default=7, help="timed runs of each command")
    parser.add_argument("--folder", type=Path, help="keep the repositories in this folder")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="labelmeta-bench-") as name:
        folder = asked.folder or Path(name)
        (folder / "home").mkdir(parents=True, exist_ok=True)
        isolate(folder / "home")
        rows = []
        for one in asked.only or ALL:
            print(f"measuring: {one}", file=sys.stderr, flush=True)
            rows += ALL[one](folder / one, asked.runs)
        print(table(rows))


if __name__ == "__main__":
    main()
