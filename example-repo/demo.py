"""Show on the example project what labelmeta is for: `make demo`.

Builds the project anew, then runs real commands in it and prints what they print; of DVC's output
its hints and echoes are left out (CHATTER), nothing else. Every state is checked on the way: the
exit code is 1 if anything is not as the headings say.
"""

from __future__ import annotations

import argparse
import os
import re
import subprocess
import sys
import textwrap
import time
from pathlib import Path

from build import HERE, TARGET, Failed, author, build, environment, prepared

WIDTH, HEIGHT = 80, 24
PATCH = HERE / "narrow-complaint.patch"
HELD = HERE / "labels-hold.yaml"
BROKEN = HERE / "broken.jsonl"
CHATTER = re.compile(
    r"\s*$|> |\tgit add |\tdvc config |To track the changes|To enable auto staging|Use `dvc push`|"
    r"(Updating|Generating) lock file|'.*\.dvc' didn't change"
)
BACKDATE = (
    """f=$(grep -rl '"approved"' labelmeta/ledger); said=$(sed s/2026-02-04/2026-01-04/ $f); """
    """printf %s "$said" >$f"""
)
HEARSAY = "(friend|neighbour) (said|says)|I heard"
GATES = tuple(
    f"Running stage 'labelmeta/dvc.yaml:gate@data/{split}.csv'"
    for split in ("dev", "train", "test")
)
OPEN = "gate open: data/{}.csv (intent {})"


class Screen:
    """One state: a heading, and commands with what they print."""

    def __init__(self, target: Path, heading: str) -> None:
        self.target = target
        self.heading = heading
        self.lines = [f"=== {heading} ==="]

    def run(
        self, command: str, *, code: int = 0, has: tuple[str, ...] = (), lacks: tuple[str, ...] = ()
    ) -> str:
        """Run a command; raises Failed if exit code or output are not those expected."""
        done = subprocess.run(
            ["sh", "-c", command],
            cwd=self.target,
            env=environment(self.target) | author("ines", "2026-03-02T11:00:00"),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            stdin=subprocess.DEVNULL,
            check=False,
        )
        text = done.stdout.decode(errors="replace")
        self.lines.append(f"$ {command}")
        printed = text.splitlines()
        if command.startswith("dvc"):
            printed = [line for line in printed if not CHATTER.match(line)]
        self.lines += [row for line in printed for row in wrapped(line)]
        reasons = [f"it does not print: {words}" for words in has if words not in text]
        reasons += [f"it prints: {words}" for words in lacks if words in text]
        if done.returncode != code:
            reasons.append(f"exit code {done.returncode}, expected {code}")
        if reasons:
            raise Failed(f"{self.heading}\n`{command}`: {'; '.join(reasons)}\n\n{text}")
        return text

    def show(self) -> None:
        """Print the state; it has to fit on one screen."""
        rows = [row for line in self.lines for row in wrapped(line)]
        print("\n" + "\n".join(rows), flush=True)
        if len(rows) >= HEIGHT:
            raise Failed(f"{self.heading}: {len(rows)} rows do not fit on a screen of {HEIGHT}")


def wrapped(line: str) -> list[str]:
    """Return a line as rows of the screen, further rows indented like the first."""
    indent = " " * (len(line) - len(line.lstrip()))
    return textwrap.wrap(
        line, WIDTH, subsequent_indent=indent, break_on_hyphens=False, drop_whitespace=True
    ) or [""]


def aligned(target: Path) -> None:
    """Show that only the gates run while everything is aligned."""
    screen = Screen(target, "1. Every split is aligned with its guideline: only the gates run")
    screen.run("labelmeta status", has=("data/test.csv", "2.1.1", "frozen"), lacks=("LM1",))
    screen.run(
        "dvc repro",
        has=(
            *GATES,
            *(
                f"Stage '{stage}' didn't change"
                for stage in ("prepare", "weigh", "train", "evaluate")
            ),
        ),
        lacks=("Running stage 'train'", "Running stage 'evaluate'", "Running stage 'prepare'"),
    )
    if screen.run("git status --short"):
        raise Failed("an aligned `dvc repro` changed files")
    screen.show()


def changed(target: Path) -> None:
    """Show a change of the guideline in a branch."""
    screen = Screen(target, "2. In a branch, somebody narrows the label `complaint`")
    screen.run("git switch -qc narrow-complaint")
    screen.run(f"git am {os.path.relpath(PATCH, target)}", has=("intent 3.0.0",))
    screen.run(
        "git diff -U0 main -- guidelines",
        has=('-version: "2.1.1"', '+version: "3.0.0"', "+    definition:"),
    )
    screen.show()


def stopped(target: Path) -> None:
    """Show that `dvc repro` stops before training and says why."""
    commit = Screen(target, "").run("git rev-parse --short=12 HEAD").strip()
    screen = Screen(target, "3. The labels were made under the old wording: `dvc repro` stops")
    screen.run(
        'dvc repro; echo "exit code $?"',
        has=("LM105", "data/dev.csv", "intent 2.1.1", "3.0.0", commit, "exit code 255"),
        lacks=("Running stage 'train'",),
    )
    screen.run("labelmeta status | grep 'test.csv.*LM105'", has=("1 (major)", "data/test.csv"))
    screen.show()


def queued(target: Path) -> None:
    """Show which labels need another look first."""
    screen = Screen(target, "4. Which labels need another look first, and why?")
    screen.run(
        "labelmeta annotations queue data/train.csv --limit 5",
        has=("rest on complaint, reworded since 2.1.0", "flagged in 1 record", "5 items shown"),
    )
    screen.show()


def linked_anew(target: Path) -> None:
    """Show that linking anew opens the gates, and what then runs."""
    screen = Screen(target, "5. A search finds no hearsay, the labels hold: link anew, and train")
    screen.run(f'cat data/*.csv | grep -ciE "{HEARSAY}"', code=1, has=("0",))
    screen.run("labelmeta link --all | grep -e '->'", has=("data/test.csv -> intent 3.0.0",))
    screen.run(
        "dvc repro",
        has=(
            *(OPEN.format(split, "3.0.0") for split in ("dev", "train", "test")),
            "Stage 'prepare' didn't change",
            "Stage 'weigh' didn't change",
            "Running stage 'train'",
            "Running stage 'evaluate'",
        ),
        lacks=("Running stage 'prepare'",),
    )
    screen.run('git add -A && git commit -qm "Link the splits to intent 3.0.0"')
    screen.show()


def excused(target: Path) -> None:
    """Show that records of an older wording are told, and accepted for a reason."""
    screen = Screen(target, "6. The records still say 2.1.0: label again, or write down why not")
    screen.run(
        "labelmeta check | grep error",
        has=("LM320 incompatible-records", "3 splits checked: 3 errors"),
    )
    screen.run(f"cat {os.path.relpath(HELD, target)} | tee -a labelmeta.yaml")
    screen.run('git commit -qam "Keep the labels: none rests on hearsay"')
    screen.run("labelmeta check", has=("3 ignored (LM320)", "3 splits checked: aligned"))
    screen.show()


def agreed(target: Path) -> None:
    """Show what the annotation records say of the labels."""
    screen = Screen(target, "7. How sure were the annotators, and do they agree?")
    screen.run(
        "labelmeta annotations stats data/train.csv | head -17",
        has=("annotators  3", "1 superseded", "2.1.0 ", "alpha (nominal)   0.719"),
    )
    screen.show()


def refused(target: Path) -> None:
    """Show how an export with faults is refused, each with its line."""
    screen = Screen(target, "8. An export with faults: each is told with its line")
    records = "data/dev.csv.annotations.jsonl"
    screen.run(f"cat {os.path.relpath(BROKEN, target)} >> {records}")
    screen.run(
        'labelmeta annotations validate data/dev.csv; echo "exit code $?"',
        has=(
            *(f"{records}:{line}:" for line in range(61, 67)),
            "m1599-a05 questoin",
            "exit code 1",
        ),
    )
    screen.run(f"git checkout -q {records}")
    screen.show()


def traced(target: Path) -> None:
    """Show every label that an item had, and the wording between two of them."""
    Screen(target, "").run("git switch -q main")
    screen = Screen(target, "9. Where does this label come from?")
    screen.run(
        "labelmeta trace m1284 | grep -v -e '^$' -e tool -e committed -e ledger | tail -n +5",
        has=(
            "superseded by m1284-a02-r1",
            "[-than-] {+then+}",
            "under intent 2.1.1",
            "2 of 2 versions of the records read in Git",
        ),
    )
    screen.show()


def verified(target: Path) -> None:
    """Show that a ledger that somebody rewrote is found out."""
    screen = Screen(target, "10. Has anybody rewritten what happened?")
    screen.run("labelmeta ledger verify", has=("1 anchor: intact",))
    screen.run(BACKDATE)
    screen.run("labelmeta ledger verify", code=1, has=("error changed-event",))
    screen.run("git checkout -q labelmeta")
    screen.run("labelmeta ledger verify", has=("intact",))
    screen.show()


def audited(target: Path) -> None:
    """Show what an audit finds in a branch that somebody made in a hurry."""
    screen = Screen(target, "11. What would an auditor find?")
    screen.run("labelmeta audit | tail -1", has=("19 events audited: 1 note open",))
    report = ".labelmeta/audit.txt"
    screen.run(
        f'labelmeta audit --branch hurried-fix -o {report}; echo "exit code $?"',
        has=("exit code 1",),
    )
    screen.run(
        f"grep -v '^      ' {report} | head -12",
        has=("AU401 unrecorded-change", "LM501 unapproved-version", "AU501 rewritten-frozen-split"),
    )
    screen.show()
    Screen(target, "").run("git switch -q narrow-complaint")


STATES = (
    aligned, changed, stopped, queued, linked_anew, excused, agreed, refused, traced, verified,
    audited,
)  # fmt: skip


def main() -> int:
    """Build, show each state, and say whether all was as it should be."""
    parser = argparse.ArgumentParser(description="Build the example and show eleven states of it.")
    parser.add_argument("folder", nargs="?", type=Path, default=TARGET)
    start = time.monotonic()
    try:
        target = prepared(parser.parse_args().folder, force=True)
        print(f"building the example in {os.path.relpath(target)} (DVC's hints are left out below)")
        build(target)
        for state in STATES:
            state(target)
    except Failed as why:
        print(f"\ndemo.py: not as expected: {why}", file=sys.stderr)
        return 1
    seconds = time.monotonic() - start
    print(f"\nAll eleven states are as they should be ({seconds:.0f} s). Look around: {target}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
