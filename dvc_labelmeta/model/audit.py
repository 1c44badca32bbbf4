"""What an audit knows of each commit, and what it finds; a cache keeps these values as lists."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from dvc_labelmeta.model.finding import SEVERITIES


class LayerFact(NamedTuple):
    """One layer of a split at one commit.

    path: of its records from the root, "" for none; records: their hashes by algorithm ("md5",
    "git"). approved_by: who approved the version that it is linked to. own: see Layer.
    """

    name: str
    guideline: str
    version: str
    object: str
    commit: str
    mode: str
    own: bool
    approved_by: tuple[str, ...] = ()
    path: str = ""
    format: str = ""
    level: str = ""
    records: Mapping[str, str] = {}


class SplitFact(NamedTuple):
    """One linked split at one commit.

    pinned: the data as the sidecar names it; data: as DVC or Git recorded it, "" where nothing is
    recorded; stage: what makes it, "" for nothing. origin: source, licence and the like.
    """

    split: str
    sidecar: str
    owners: tuple[str, ...]
    dataset: str
    pinned: tuple[str, str]
    data: str
    stage: str
    origin: Mapping[str, Any]
    layers: tuple[LayerFact, ...]


class EventFact(NamedTuple):
    """An event of the ledger that a commit added."""

    hash: str
    type: str
    subject: str
    claims: Mapping[str, Any]


class Form(NamedTuple):
    """What the records of one batch have: fields that each has, tools and guideline versions."""

    fields: frozenset[str]
    tools: frozenset[str]
    versions: frozenset[str]


class Waiver(NamedTuple):
    """An entry of `ignore:` in labelmeta.yaml."""

    rule: str
    path: str
    reason: str
    until: str
    approved_by: str


class Spot(NamedTuple):
    """A commit of a history: where something began or ended."""

    commit: str = ""
    date: str = ""
    author: str = ""


class Flaw(NamedTuple):
    """Something that is wrong as long as it is there. subject: "split:PATH", "guideline:ID" …

    path: the file that it is about. evidence: hashes, paths, commits. key tells it from others.
    """

    code: str
    name: str
    severity: str
    subject: str
    path: str
    message: str
    fix: str
    evidence: tuple[str, ...] = ()
    mark: str = ""

    @property
    def key(self) -> tuple[str, str, str, str]:
        """What stays the same while numbers in the message change."""
        return self.code, self.subject, self.path, self.mark


class Delta(NamedTuple):
    """What one commit changed of what an audit looks at; all else is as its first parent had it.

    flaws: what the rules of `check` say of each subject that it touched, [] for nothing any more.
    splits: None for a split that is no more. removed: events that it took away. guidelines:
    paths from the top level whose text it touched. rest: (ledger is on, waivers), where it
    touched labelmeta.yaml. strays: records that no sidecar names and data without a sidecar, where
    that may have changed. broken: why nothing could be read.
    """

    spot: Spot
    subject: str = ""
    trailer: str = ""
    flaws: Mapping[str, tuple[Flaw, ...]] = {}
    splits: Mapping[str, SplitFact | None] = {}
    events: tuple[EventFact, ...] = ()
    removed: tuple[str, ...] = ()
    guidelines: tuple[str, ...] = ()
    settings: tuple[bool, tuple[Waiver, ...]] | None = None
    strays: tuple[tuple[str, ...], tuple[str, ...]] | None = None
    broken: str = ""


class Episode(NamedTuple):
    """A flaw and how long it was there; until: None while it still is, else the commit that ended
    it. branches: those whose history has it, owners: who answers for its subject.
    """

    flaw: Flaw
    since: Spot
    until: Spot | None = None
    branches: tuple[str, ...] = ()
    owners: tuple[str, ...] = ()


class Audit(NamedTuple):
    """All that an audit says.

    heads: (branch, commit, date) of each history. checked, unchecked: sentences. timeline: by
    split, (commit, what it changed).
    """

    episodes: tuple[Episode, ...]
    heads: tuple[tuple[str, str, str], ...]
    commits: int
    splits: int
    events: int
    checked: tuple[str, ...] = ()
    unchecked: tuple[str, ...] = ()
    timeline: Mapping[str, tuple[tuple[Spot, str], ...]] = {}
    since: str = ""

    @property
    def open(self) -> tuple[Episode, ...]:
        """What is still there."""
        return tuple(one for one in self.episodes if one.until is None)

    @property
    def past(self) -> tuple[Episode, ...]:
        """What was there once."""
        return tuple(one for one in self.episodes if one.until is not None)

    def count(self, severity: str) -> int:
        """Return how many open findings have this severity."""
        return sum(one.flaw.severity == severity for one in self.open)

    def fails(self, fail_on: str, *, past: bool) -> bool:
        """Whether something is at or above a severity; past: what ended counts, too."""
        floor = SEVERITIES.index(fail_on)
        asked = self.episodes if past else self.open
        return any(SEVERITIES.index(one.flaw.severity) >= floor for one in asked)
