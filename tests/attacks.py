"""All attacks, and what `ledger verify` says of each: `python -m tests.attacks` prints the table."""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from dvc_labelmeta.checks.verification import Wanted
from dvc_labelmeta.cli.verifying import Job, verified
from dvc_labelmeta.read.git import Git, Objects, open_repository
from dvc_labelmeta.read.signatures import Signers
from dvc_labelmeta.read.verified import FILE
from tests import attacks_on_files, attacks_on_history, attacks_on_trust
from tests.attack import Attack, Target, said
from tests.attacked import build
from tests.forgery import Mode, history, made
from tests.inside import Inside
from tests.ssh import Keys

Source = Callable[[Target], Iterator[Attack]]
SOURCES: tuple[Source, ...] = (
    attacks_on_files.of_fields,
    attacks_on_files.of_forms,
    attacks_on_files.of_values,
    attacks_on_files.of_names,
    attacks_on_files.of_markers,
    attacks_on_history.of_drops,
    attacks_on_history.of_changes,
    attacks_on_history.of_order,
    attacks_on_history.of_tails,
    attacks_on_history.of_places,
    attacks_on_history.of_merges,
    attacks_on_trust.of_times,
    attacks_on_trust.of_claims,
    attacks_on_trust.of_lies,
    attacks_on_trust.of_people,
    attacks_on_trust.of_tags,
    attacks_on_trust.of_trailers,
)


QUIET = {"note fork", "note other-author", "warning unsigned"}  # of no attack by itself


class Result(NamedTuple):
    """What was found of an attack; outside: with a head and a count that somebody wrote down."""

    attack: Attack
    found: frozenset[str]
    outside: frozenset[str] = frozenset()

    @property
    def fits(self) -> bool:
        """Whether that is what has to be found; of what nothing finds, nothing else may be told."""
        one = self.attack
        seen = bool(self.found & {*one.found}) if one.found else not self.found - QUIET
        return seen and (not one.outside or bool(self.outside & {*one.outside}))

    @property
    def told(self) -> str:
        """Return how the verification ended: a column of the table."""
        for severity in ("error", "warning", "note"):
            if any(one.startswith(severity) for one in self.attack.found):
                return "found" if severity == "error" else "told"
        return "with an anchor" if self.attack.outside else "not"


COLUMNS = ("found", "told", "with an anchor", "not")


def table(results: Iterable[Result]) -> list[str]:
    """Return the lines of a table: each kind of attack, how often it was tried, what came of it."""
    by_kind: dict[str, list[Result]] = {}
    for one in results:
        by_kind.setdefault(one.attack.kind, []).append(one)
    lines = [f"{'kind':42}{'tried':>6}" + "".join(f"{name:>16}" for name in COLUMNS) + "  by what"]
    for kind, some in [*by_kind.items(), ("all", [one for s in by_kind.values() for one in s])]:
        ends = Counter(one.told for one in some)
        why = Counter(
            w for r in some for w in (r.attack.found or r.attack.outside) if kind != "all"
        )
        by = ", ".join(dict.fromkeys(name.partition(" ")[2] for name, _ in why.most_common()))
        numbers = "".join(f"{ends[name] or '-':>16}" for name in COLUMNS)
        lines.append(f"{kind:42}{len(some):>6}{numbers}  {by}")
    return lines


def attacks(target: Target, *, signed: bool) -> list[Attack]:
    """Return all attacks on a project."""
    sources = (*SOURCES, *([attacks_on_trust.of_signatures] if signed else []))
    return [one for source in sources for one in source(target)]


def some(known: Iterable[Attack], most: int) -> list[Attack]:
    """Return a few attacks of each kind, by each who tries it, with each end; spread evenly."""
    alike: dict[tuple[str, str, str], list[Attack]] = {}
    for one in known:
        alike.setdefault((one.kind, one.who, " ".join(one.found)), []).append(one)
    return [one for each in alike.values() for one in each[:: -(-len(each) // most)]]


class Victim:
    """A clone into which attacks come, one after the other."""

    def __init__(self, folder: Path, keys: Keys | None) -> None:
        self.repo = Inside(folder / "project")
        self.repo.path.mkdir()
        build(self.repo, keys)
        self.root = str(self.repo.path)
        self.git = Git(self.root)
        commits = history(self.repo.path)
        numbers = {one.hash: number for number, one in enumerate(commits)}
        form = "--format=%(refname:short)%00%(*objectname)%00%(contents)%01"
        told = self.git.text("for-each-ref", form, "--sort=creatordate", "refs/tags")
        tags = dict[str, tuple[int, str]]()
        for record in filter(str.strip, told.split("\x01")):
            name, commit, message = record.lstrip("\n").split("\0")
            tags[name] = numbers[commit], message
        self.target = Target(commits, tags)
        self.objects_of_tags = {
            name: self.git.text("rev-parse", f"refs/tags/{name}") for name in tags
        }
        self.at = commits[-1].hash
        self.full = True
        self.repo.labelmeta("ledger", "verify")
        self.verdict_of_head = (self.repo.path / FILE).read_bytes()
        self.repository = open_repository(self.root)

    def results(self, attacks: Sequence[Attack], *, full: bool = True) -> Iterator[Result]:
        """Yield what comes of attacks, one after the other.

        full: verify all; else what is new since HEAD was verified, as far as that can be judged.
        """
        self.full = full
        histories = [one.commits or self.target.commits for one in attacks]
        with self.git.objects() as objects:  # they never change, so one process tells of all
            for one, hashes in zip(attacks, made(self.repo.path, histories), strict=True):
                objects.forget([f"refs/tags/{name}" for name in self.objects_of_tags])
                yield self._suffered(one, hashes, objects)
        self._go_to(self.target.commits[-1].hash)

    def _suffered(self, one: Attack, hashes: list[str], objects: Objects) -> Result:
        """Let an attack in, verify, and put everything back."""
        self._go_to(hashes[-1])
        self._set(one.tags, hashes)
        for path, mode in one.disk.items():
            self._write(path, mode)
        try:
            found = self.verdict(Wanted(signed=one.signed), objects)
            head, total = self.target.events[-1].hash, len(self.target.events)
            outside = self.verdict(Wanted(head, total), objects) if one.outside else frozenset()
        finally:
            for path in one.disk:
                self._write(path, self.target.files.get(path))
            self._set(dict.fromkeys(one.tags), hashes)
            self._restore(one.tags)
        return Result(one, found, outside)

    def verdict(self, wanted: Wanted, objects: Objects) -> frozenset[str]:
        """Return what a full verification finds."""
        repository = self.repository._replace(head=self.at)
        signers = Signers(repository, "") if wanted.signed else None
        job = Job(self.root, repository, objects, wanted, signers=signers, full=self.full)
        if not self.full:
            self.repo.write(FILE, self.verdict_of_head)
        return frozenset(said(verified(job)))

    def _go_to(self, commit: str) -> None:
        if commit != self.at:
            self.git.run("reset", "-q", "--hard", commit)
            self.at = commit

    def _write(self, path: str, mode: Mode | None) -> None:
        file = self.repo.path / path
        if os.path.lexists(file):
            file.unlink()
        if mode is None:
            return
        file.parent.mkdir(parents=True, exist_ok=True)
        if mode[0] == "120000":
            file.symlink_to(os.fsdecode(mode[1]))
        else:
            file.write_bytes(mode[1])

    def _set(self, tags: Mapping[str, tuple[int, str] | None], hashes: list[str]) -> None:
        lines = []
        for name, tag in tags.items():
            if tag is None:
                lines.append(f"delete refs/tags/{name}\n")
                continue
            object_ = hashes[tag[0]]
            if tag[1]:
                text = (
                    f"object {object_}\ntype commit\ntag {name}\n"
                    f"tagger Ada <ada@example.org> 1768294800 +0000\n\n{tag[1]}"
                )
                object_ = self.git.run("mktag", stdin=text.encode()).decode().strip()
            lines.append(f"update refs/tags/{name} {object_}\n")
        if lines:
            self.git.run("update-ref", "--stdin", stdin="".join(lines).encode())

    def _restore(self, tags: Mapping[str, object]) -> None:
        lines = [
            f"update refs/tags/{name} {object_}\n"
            for name, object_ in self.objects_of_tags.items()
            if name in tags
        ]
        if lines:
            self.git.run("update-ref", "--stdin", stdin="".join(lines).encode())


def main() -> None:
    """Print the table of all attacks, and what was not as it has to be."""
    kept = {k: v for k, v in os.environ.items() if not k.startswith("GIT_")}
    os.environ.clear()
    os.environ.update(kept | {"GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_NOSYSTEM": "1"})
    with tempfile.TemporaryDirectory() as folder:
        keys = Keys.made(Path(folder)) if shutil.which("ssh-keygen") else None
        victim = Victim(Path(folder), keys)
        results = [*victim.results(attacks(victim.target, signed=keys is not None))]
    print("\n".join(table(results)))
    wrong = [one for one in results if not one.fits]
    for one in wrong:
        print(f"{one.attack.kind}, {one.attack.name}: {sorted(one.found)}, {sorted(one.outside)}")
    sys.exit(bool(wrong))


if __name__ == "__main__":
    main()
