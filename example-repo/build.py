"""Build the example project as a Git and DVC repository: python example-repo/build.py [FOLDER].

Authors and dates are fixed, so the same inputs give the same commits. Needs git, dvc and
labelmeta; uses neither the network nor anything of the user's own configuration.
"""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import records

HERE = Path(__file__).resolve().parent
TARGET = HERE / "build"
PROJECT = HERE / "project"
HISTORY = HERE / "history"
SPLITS = ("data/train.csv", "data/dev.csv", "data/test.csv")
PEOPLE = {
    "mara": "Mara Lindqvist",
    "tomasz": "Tomasz Nowak",
    "ines": "Inês Duarte",
    "ruth": "Ruth Okafor",
}
PERSONS = "labelmeta/ledger/people/*.json"
MARK = "labelmeta-example"
PROPOSED = "clarify-and-merge"
HURRIED = "hurried-fix"
MODEL = "intent-model"


class Failed(Exception):
    """A step of the build went wrong."""


def environment(target: Path) -> dict[str, str]:
    """Return the environment of every command: nothing of the user's but PATH and the like.

    HOME and DVC's own folders lie inside `.git` of the repository, where no one trips over them.
    """
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("GIT_", "DVC_", "XDG_"))}
    home = target / ".git" / MARK
    return kept | {
        "PATH": os.path.dirname(sys.executable) + os.pathsep + os.environ.get("PATH", ""),
        "HOME": str(home),
        "GIT_CONFIG_GLOBAL": os.devnull,
        "GIT_CONFIG_NOSYSTEM": "1",
        "DVC_NO_ANALYTICS": "1",
        "DVC_GLOBAL_CONFIG_DIR": str(home),
        "DVC_SYSTEM_CONFIG_DIR": str(home),
        "DVC_SITE_CACHE_DIR": str(home / "dvc"),
        "PYTHONDONTWRITEBYTECODE": "1",
        "PYTHONUNBUFFERED": "1",
        "PYTHONUTF8": "1",
        "LC_ALL": "C",
        "COLUMNS": "80",
        "TZ": "UTC",
    }


def author(who: str, date: str) -> dict[str, str]:
    """Return the variables that make a person the author and committer of a commit at a date."""
    fields = {"NAME": PEOPLE[who], "EMAIL": f"{who}@parcels.example", "DATE": f"{date}+01:00"}
    return {f"GIT_{role}_{k}": v for role in ("AUTHOR", "COMMITTER") for k, v in fields.items()}


class Builder:
    """A repository being built."""

    def __init__(self, target: Path) -> None:
        self.target = target
        self.env = environment(target)

    def run(self, *command: str, **env: str) -> None:
        """Run a command; raises Failed with what it printed if it does not succeed."""
        try:
            done = subprocess.run(
                command,
                cwd=self.target,
                env=self.env | env,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                stdin=subprocess.DEVNULL,
                check=False,
            )
        except FileNotFoundError:
            raise Failed(f"{command[0]} is not installed here; `make demo` sets it up") from None
        if done.returncode:
            shown = done.stdout.decode(errors="replace")
            raise Failed(f"{' '.join(command)}: exit code {done.returncode}\n{shown}")

    def copy(self, *names: str) -> None:
        """Copy files of the project into the repository."""
        for name in names:
            (self.target / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(PROJECT / name, self.target / name)

    def edit(self, name: str, old: str, new: str) -> None:
        """Replace a text that is in a file once."""
        file = self.target / name
        text = file.read_text(encoding="utf-8")
        if text.count(old) != 1:
            raise Failed(f"{name} does not hold once: {old}")
        file.unlink()  # a link into DVC's cache, perhaps
        file.write_text(text.replace(old, new), encoding="utf-8", newline="")

    def commit(self, who: str, date: str, message: str) -> None:
        """Commit everything."""
        self.run("git", "add", "-A")
        self.run("git", "commit", "-q", "-m", message, **author(who, date))

    def train(self, who: str, date: str, message: str, version: str, *relabelled: str) -> None:
        """Train, tell the ledger what it was not told, commit, and tag the model."""
        by = author(who, date)
        self.run("git", "add", "-A")
        self.run("dvc", "repro", "-q", "-P", **by)
        for split in relabelled:  # which versions the labels were made under, for `trace`
            self.run("labelmeta", "annotations", "stats", split, "--write", **by)
        self.run("labelmeta", "ledger", "record", "--note", message, **by)
        self.commit(who, date, message)
        self.run("git", "tag", "-a", f"{MODEL}@{version}", "-m", message, **by)

    def guideline(self, *versions: str) -> None:
        """Apply versions of the guideline; author, date and message are in the patches."""
        patches = [str(HISTORY / f"intent-{version}.patch") for version in versions]
        apply_patches(self, patches)


def apply_patches(builder: Builder, patches: Sequence[str]) -> None:
    """Commit patches; the committer is a robot, at the author's date."""
    robot = {"GIT_COMMITTER_NAME": "Merge Bot", "GIT_COMMITTER_EMAIL": "bot@parcels.example"}
    builder.run(
        "git", "am", "-q", "--keep-cr", "--committer-date-is-author-date", *patches, **robot
    )


def build(target: Path) -> None:
    """Build the repository in an empty or new folder."""
    target.mkdir(parents=True, exist_ok=True)
    repo = Builder(target)
    repo.run("git", "init", "-q", "-b", "main")
    (target / ".git" / MARK).mkdir()
    repo.run("dvc", "init", "-q")
    repo.copy(".gitignore", "README.md")
    repo.commit("ines", "2025-09-01T09:00:00", "Start the project")
    repo.guideline("1.0.0", "1.0.1", "1.0.2", "1.1.0", "1.2.0", "1.3.0", "2.0.0", "2.1.0")

    repo.copy("raw/annotations.csv", "data/dev.csv", "data/test.csv")
    repo.run("dvc", "add", "-q", "raw/annotations.csv", "data/dev.csv", "data/test.csv")
    repo.commit("tomasz", "2026-01-21T14:20:00", "Add the messages, labelled under intent 2.1.0")

    scripts = [f"scripts/{path.name}" for path in sorted((PROJECT / "scripts").glob("*.py"))]
    repo.copy("dvc.yaml", *scripts)
    repo.run("dvc", "repro", "-q", "prepare")
    repo.commit("ines", "2026-01-22T11:10:00", "Keep what two of three annotators agree on")

    # the ledger names persons by a hash with a random salt; with these the commits stay the same
    repo.copy("labelmeta.yaml", *(str(p.relative_to(PROJECT)) for p in PROJECT.glob(PERSONS)))
    repo.run("labelmeta", "init")
    repo.run(
        "labelmeta", "link", *SPLITS,
        "--guideline", "intent", "--dataset", "help-desk", "--owner", "help-desk-quality",
        **author("ines", "2026-01-26T10:00:00"),
    )  # fmt: skip
    repo.commit("ines", "2026-01-26T10:00:00", "Link the splits to intent 2.1.0")
    repo.copy("annotators.yaml")
    records.write(target)
    for stage in ("train", "evaluate"):
        repo.run("labelmeta", "stage", "require", stage)
    repo.train(
        "ines", "2026-01-26T15:30:00", "Keep who labelled what, and train", "v1.0.0", *SPLITS
    )
    repo.guideline("2.1.1")
    provenance(repo)
    branches(repo)


def provenance(repo: Builder) -> None:
    """Follow the last version of the guideline: approved, one label made again, deployed."""
    repo.run("labelmeta", "link", "--all", **author("ines", "2026-02-03T09:30:00"))
    repo.commit("ines", "2026-02-03T09:30:00", "Follow intent 2.1.1: a typo, no label changes")
    mara, ruth = author("mara", "2026-02-03T14:00:00"), author("ruth", "2026-02-04T08:50:00")
    repo.run(
        "labelmeta", "guideline", "release", "intent",
        "--approved-by", "Ruth Okafor", "--effective-from", "2026-02-02", **mara,
    )  # fmt: skip
    repo.commit("mara", "2026-02-03T14:00:00", "Release intent 2.1.1")
    repo.run("labelmeta", "ledger", "approve", "intent", "--note", "Read with Mara.", **ruth)
    repo.commit("ruth", "2026-02-04T08:50:00", "Approve intent 2.1.1")
    records.review(repo.target)
    again = "Take over a label that was made again"
    repo.train("ines", "2026-02-06T16:20:00", again, "v1.1.0", SPLITS[0])
    last = author("ines", "2026-02-09T09:00:00")
    repo.run("git", "tag", "-a", f"{MODEL}#prod#1", "-m", "Deployed", **last)
    repo.run("labelmeta", "ledger", "anchor", "--tag", **last)


def branches(repo: Builder) -> None:
    """Add a branch that proposes a version, and one that an audit has something to say of."""
    repo.run("git", "switch", "-q", "-c", PROPOSED)
    apply_patches(repo, [str(HERE / f"{PROPOSED}.patch")])
    repo.run("git", "switch", "-q", "-c", HURRIED, "main")
    evening = "2026-02-12T18:20:00", "2026-02-12T18:50:00", "2026-02-12T19:15:00"
    repo.edit("guidelines/intent/guideline.yaml", '"2.1.1"', '"2.1.2"')
    repo.edit("guidelines/intent/guideline.yaml", "of a message to the help desk want", "want")
    repo.edit("guidelines/intent/guideline.yaml", "Spelling of the guide", "Shorter title")
    repo.commit("tomasz", evening[0], "intent 2.1.2: shorten the title")
    by = author("tomasz", evening[1])
    repo.edit("data/test.csv", "ever comes?,complaint", "ever comes?,question")
    repo.run("dvc", "add", "-q", "data/test.csv")
    repo.run("labelmeta", "link", "--all", "data/test.csv", **by)
    repo.run("dvc", "repro", "-q", "-P", **by)
    repo.commit("tomasz", evening[1], "Correct a label that the model gets wrong")
    record = '"id": "m1604-a01", "item": "m1604", "label": "{}"'
    repo.edit("data/dev.csv.annotations.jsonl", record.format("praise"), record.format("question"))
    repo.commit("tomasz", evening[2], "Fix one more label")
    repo.run("git", "switch", "-q", "main")
    repo.run("dvc", "checkout", "-q")


def prepared(target: Path, *, force: bool) -> Path:
    """Return the folder once it is free; removes only what this script built, and if `force`."""
    target = target.resolve()
    if target.exists() and any(target.iterdir()):
        if not (target / ".git" / MARK).is_dir():
            raise Failed(f"{target} holds something else; name another folder")
        if not force:
            raise Failed(f"{target} is built already; --force builds it anew")
        shutil.rmtree(target)
    return target


def main() -> int:
    """Build and say where."""
    parser = argparse.ArgumentParser(description="Build the example project.")
    parser.add_argument("folder", nargs="?", type=Path, default=TARGET)
    parser.add_argument("--force", action="store_true", help="build anew what was built before")
    given = parser.parse_args()
    try:
        target = prepared(given.folder, force=given.force)
        build(target)
    except Failed as why:
        print(f"build.py: {why}", file=sys.stderr)
        return 1
    print(f"built {target}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
