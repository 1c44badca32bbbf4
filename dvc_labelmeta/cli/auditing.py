"""An audit put together: histories of branches, what is so at their heads, who answers for it."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

from dvc_labelmeta import __version__
from dvc_labelmeta.checks.audit_drift import fields
from dvc_labelmeta.checks.audit_history import Played, merged
from dvc_labelmeta.checks.catalogue import judge
from dvc_labelmeta.checks.ignores import in_force
from dvc_labelmeta.cli.audit_history import History, flaw_of, history, is_commit
from dvc_labelmeta.errors import Refused
from dvc_labelmeta.model.audit import Audit, Episode, Flaw, Form, Spot
from dvc_labelmeta.model.codeowners import owners_of
from dvc_labelmeta.model.config import glob_matcher
from dvc_labelmeta.model.facts import RecordFacts
from dvc_labelmeta.model.snapshot import Snapshot
from dvc_labelmeta.read.audit_cache import Known
from dvc_labelmeta.read.git import Objects, Repository, open_repository
from dvc_labelmeta.read.owners import codeowners_at
from dvc_labelmeta.read.record_forms import forms
from dvc_labelmeta.read.snapshot import load
from dvc_labelmeta.read.steps import steps

# rules that say at the heads what the audit says of all history
_UNTOLD = ("unrecorded-change", "split-without-events")
_SAME = {"LM402": _UNTOLD, "LM403": _UNTOLD, "LM404": _UNTOLD}
_OF_RECORDS = frozenset({"field-drift", "batch-drift"})
_COVERED = frozenset({"LM130", "LM401"})  # by unapproved-waiver and unverified-ledger
_DAY = re.compile(r"\d{4}-\d{2}-\d{2}\Z")


class Asked(NamedTuple):
    """What a user wants audited. branches: names; none: that of HEAD."""

    root: str
    branches: Sequence[str]
    everything: bool
    since: str
    profile: str
    today: str
    full: bool


class Result(NamedTuple):
    """An audit; why something could not be judged; the audited commit; prefix: see Snapshot."""

    audit: Audit
    unjudged: tuple[str, ...]
    head: str
    prefix: str


def run(asked: Asked) -> Result:
    """Audit a project."""
    repository = open_repository(asked.root)
    if not repository.head:
        raise Refused("there is no commit yet; an audit is of what was committed")
    named = branches(repository, asked)
    with repository.git.objects() as objects:
        known = Known(
            asked.root, __version__, asked.profile, keep=not (asked.full or repository.shallow)
        )
        known.recall()
        objects.ask(sorted(known.present))
        if any(is_commit(objects, one) != there for one, there in known.present.items()):
            known.forget()
        found = [
            history(repository, objects, asked.root, asked.profile, one, known) for one in named
        ]
        known.write()
        return _Auditor(asked, repository, objects).told(found)


def branches(repository: Repository, asked: Asked) -> list[tuple[str, str]]:
    """Return the branches to audit with their commits, by name."""
    git = repository.git
    if asked.everything:
        form = "--format=%(refname:short) %(objectname)"
        rows = git.text("for-each-ref", form, "refs/heads").split("\n")
        named = [(name, commit) for name, _, commit in (row.rpartition(" ") for row in rows)]
        return sorted(one for one in named if one[0]) or [("HEAD", repository.head)]
    if not asked.branches:
        name = git.run("symbolic-ref", "--short", "-q", "HEAD", ok=(0, 1)).decode().strip()
        return [(name or "HEAD", repository.head)]
    return sorted({(name, git.commit(name)) for name in asked.branches})


class _Auditor:
    """Holds what is learnt while branches are looked at."""

    def __init__(self, asked: Asked, repository: Repository, objects: Objects) -> None:
        self.asked, self.repository, self.objects = asked, repository, objects
        self.snapshots: list[Snapshot] = []
        self.unchecked: dict[str, None] = {}
        self.unjudged: dict[str, None] = {}

    def told(self, found: Sequence[History]) -> Result:
        """Return the audit of some histories."""
        rows: list[tuple[str, list[Episode]]] = []
        timeline: dict[str, tuple[tuple[Spot, str], ...]] = {}
        splits, events = set[str](), 0
        for one in found:
            played = Played()
            played.play(one.deltas)
            episodes = self._at_head(one, played)
            cut = self._before(one.line[-1])
            rows.append((one.branch, [each for each in episodes if _counts(each, cut)]))
            for split, said in played.timeline.items():
                kept = tuple(each for each in said if each[0].commit not in cut)
                timeline.setdefault(split, kept)
            splits |= played.splits.keys()
            events = max(events, played.events)
        commits = len({commit for one in found for commit in one.line})
        heads = tuple((one.branch, one.line[-1], self._day(one.line[-1])) for one in found)
        self._scope(found)
        audit = Audit(
            merged(rows, self._owners),
            heads,
            commits,
            len(splits),
            events,
            self._checked(commits),
            tuple(self.unchecked),
            dict(sorted(timeline.items())),
            self.asked.since,
        )
        return Result(audit, tuple(self.unjudged), found[0].line[-1], self.repository.git.prefix)

    def _day(self, commit: str) -> str:
        return self.repository.git.log("-1", commit)[0].date

    def _before(self, head: str) -> frozenset[str]:
        """Return the commits before what --since names, a revision or a day."""
        since, git = self.asked.since, self.repository.git
        if not since:
            return frozenset()
        args = [f"--before={since}T00:00:00Z", head] if _DAY.match(since) else [git.commit(since)]
        return frozenset(git.text("rev-list", *args).split())

    def _at_head(self, one: History, played: Played) -> list[Episode]:
        """Return all episodes of a branch: of the rules, what is open is what the head says."""
        head = one.line[-1]
        snapshot = load(self.asked.root, head, profile=self.asked.profile)
        snapshot = snapshot._replace(codeowners=codeowners_at(self.objects, head))
        here = head == self.repository.head
        if here:
            snapshot = self._with_records(snapshot)
        self.snapshots.append(snapshot)
        episodes = [each for each in played.open() if not each.flaw.code.startswith("LM")]
        found = [*self._of_rules(snapshot, episodes)]
        episodes = [each for each in episodes if not _approval_asked(each.flaw, found, snapshot)]
        if here:
            found += [*fields(self._forms(snapshot), played.splits.values()), *self._broken()]
        since = {flaw.key: self._since(flaw, played) for flaw in found}
        last = self._last(head, {flaw.path for flaw in found if since[flaw.key] is None})
        episodes += [Episode(flaw, since[flaw.key] or last[flaw.path]) for flaw in found]
        kept = [each for each in episodes if not self._waived(each, snapshot)]
        return [*kept, *played.past]

    def _of_rules(self, snapshot: Snapshot, episodes: Sequence[Episode]) -> Iterator[Flaw]:
        """Yield what the rules of `check` find, save what the audit tells already."""
        told = {(each.flaw.name, each.flaw.subject) for each in episodes}
        for finding in judge(snapshot, self.asked.today).findings:
            if finding.unjudged:
                self.unjudged[finding.message] = None
            one = flaw_of(finding)
            same = any((name, one.subject) in told for name in _SAME.get(finding.code, ()))
            if not same and finding.code not in _COVERED:
                yield one

    def _broken(self) -> list[Flaw]:
        """Return what is wrong with the ledger, where it can be told."""
        # it reads all events, and what signs them
        from dvc_labelmeta.cli.audit_ledger import broken  # noqa: PLC0415

        asked = self.asked
        return broken(asked.root, self.repository, self.objects, full=asked.full)

    def _waived(self, one: Episode, snapshot: Snapshot) -> bool:
        """Whether `ignore:` of labelmeta.yaml takes a finding of the audit back; it is told."""
        names = {one.flaw.code, one.flaw.name.upper()}
        paths = {one.flaw.path, one.flaw.subject.partition(":")[2]}
        for entry in snapshot.config.ignore:
            match = glob_matcher((entry.path,)).match
            held = in_force(entry, self.asked.today) and entry.rule.upper() in names
            if held and any(match(path) for path in paths):
                by = f", approved by {entry.approved_by}" if entry.approved_by else ""
                told = f"waived: {one.flaw.code} {one.flaw.subject} ({entry.reason}{by})"
                self.unchecked[told] = None
                return True
        return False

    def _since(self, one: Flaw, played: Played) -> Spot | None:
        """Return since when something is so, None where the history does not tell."""
        known = played.since(one)
        if known is not None:
            return known
        kind, _, name = one.subject.partition(":")
        if one.name in _OF_RECORDS or one.code.startswith("LM3"):
            linked = [
                split
                for split, fact in played.splits.items()
                if any(layer.guideline == name for layer in fact.layers)
            ]
            return _newest(played, [name] if kind == "split" else linked, "records")
        return _newest(played, [name] if kind == "split" else [])

    def _last(self, head: str, paths: set[str]) -> dict[str, Spot]:
        """Return the commit that last changed each file; the head for one that was never there."""
        git = self.repository.git
        told = git.log("-1", head)[0]
        found = dict.fromkeys(paths, Spot(head, told.date, told.author))
        for step in steps(git, head, "", sorted(paths)) if paths else ():
            for path in step.files.keys() & paths:
                found[path] = Spot(step.hash, step.date, step.author)
        return found

    def _with_records(self, snapshot: Snapshot) -> Snapshot:
        """Return the snapshot with facts about records, where those on disk are those of HEAD."""
        named = [one.records(layer) for one in snapshot.sidecars for layer in one.layers]
        paths = [path for path in named if path]
        if not paths:
            return snapshot
        git = self.repository.git
        specs = [f":(top,literal){git.above(path)}{end}" for path in paths for end in ("", ".dvc")]
        dirty = sorted(git.status(specs))
        if dirty:
            self.unchecked[f"records, as {dirty[0]} is not as HEAD has it"] = None
            return snapshot
        from dvc_labelmeta.cli.record_facts import with_facts  # noqa: PLC0415  # only with records

        return with_facts(snapshot)

    def _forms(self, snapshot: Snapshot) -> dict[tuple[str, str], dict[str, Form]]:
        found = {}
        for one in snapshot.sidecars:
            for layer in one.layers:
                path = one.records(layer)
                if path and layer.annotations and (one.split, layer.name) in snapshot.annotations:
                    full = os.path.join(snapshot.root, path)
                    found[one.split, layer.name], why = forms(full, layer.annotations.format)
                    if why:
                        self.unchecked[f"{path}: {why}"] = None
        return found

    def _owners(self, one: Flaw) -> tuple[str, ...]:
        """Return who answers for a subject: its own owners, else those of CODEOWNERS."""
        kind, _, name = one.subject.partition(":")
        for snapshot in self.snapshots:
            lines, settings = snapshot.codeowners or (), snapshot.config
            if kind == "split":
                for side in snapshot.sidecars:
                    if side.split == name and side.owners:
                        return side.owners
                found = owners_of(lines, snapshot.prefix + name)
                found = found or owners_of(lines, snapshot.prefix + one.path)
            elif kind == "guideline":
                facts = snapshot.guideline_facts.get(name)
                found = tuple(facts.structure.get("owners", ())) if facts else ()
                own = (ref for ref in settings.guidelines if ref.id == name)
                ref = next(own, None)
                found = found or (ref.owners if ref else ())
                found = found or owners_of(lines, snapshot.prefix + (ref.path if ref else ""))
            else:
                found = owners_of(lines, snapshot.prefix + one.path)
            if found:
                return found
        return ()

    def _checked(self, commits: int) -> tuple[str, ...]:
        steps = (
            "at each commit that touched them: links and data of splits (LM1xx) and guidelines "
            "(LM2xx, LM5xx), on the day of the commit; drift, gaps, events, approvals, waivers"
        )
        return (
            f"{commits} commits, by first parents: what a merge brought in counts as the merge's",
            steps,
            f"at the heads: all rules of `labelmeta check`, on {self.asked.today}",
        )

    def _scope(self, found: Iterable[History]) -> None:
        if self.repository.shallow:
            self.unchecked["what is before the first commit of this shallow clone"] = None
        foreign = {
            ref.id
            for one in self.snapshots
            for ref in one.config.guidelines
            if ref.repo is not None
        }
        for id_ in sorted(foreign):
            self.unchecked[f"history of links to {id_}, a guideline of another repository"] = None
        for one in self.snapshots:
            for key, why in one.annotations.items():
                if not isinstance(why, RecordFacts):
                    told = why if isinstance(why, str) else why.told
                    self.unchecked[f"records of {key[0]}: {told}"] = None
        if any(one.line[-1] != self.repository.head for one in found):
            self.unchecked["records of branches that are not checked out"] = None
        self.unchecked["records (LM3xx), pipelines (LM119-LM123) and LM107 before the heads"] = None


def _newest(played: Played, splits: Iterable[str], what: str = "") -> Spot | None:
    """Return the last commit that changed something of some splits."""
    rows = [row for split in splits for row in played.timeline.get(split, ())]
    found = [spot for spot, told in rows if what in told] or [spot for spot, _ in rows]
    return max(found, key=lambda spot: (spot.date, spot.commit), default=None)


def _approval_asked(one: Flaw, found: Iterable[Flaw], snapshot: Snapshot) -> bool:
    """Whether LM501 says already that nobody approved the version whose use a flaw tells of."""
    facts = snapshot.guideline_facts.get(one.subject.partition(":")[2])
    asked = any(each.code == "LM501" and each.subject == one.subject for each in found)
    return (
        one.name == "unapproved-use" and asked and facts is not None and one.mark == facts.version
    )


def _counts(one: Episode, cut: frozenset[str]) -> bool:
    """Whether an episode reaches into the time that is asked for."""
    return one.until is None or one.until.commit not in cut
