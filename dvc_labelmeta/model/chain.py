"""All that the ledger and Git tell of events, as frozen facts for those who verify them."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, NamedTuple

from dvc_labelmeta.model.event import Event
from dvc_labelmeta.model.finding import SEVERITIES

_NONE: Mapping[Any, Any] = MappingProxyType({})


class Flaw(NamedTuple):
    """What reading found wrong with one file of the ledger. told: "" where the kind says it all.

    kind: "unknown-file", "special-file", "unreadable-file", "changed-event", "uncanonical-event",
    "unfit-event", "filled-marker", "changed-opening".
    """

    kind: str
    path: str
    told: str = ""


class Files(NamedTuple):
    """What the files of a ledger say, each event held against its own name.

    events: by hash, only those without a flaw. heads, tips: the names of the markers. people: names
    by commitment, where they are opened. keys: what names the subjects of events in `tips`.
    """

    events: Mapping[str, Event]
    heads: frozenset[str] = frozenset()
    tips: frozenset[str] = frozenset()
    people: Mapping[str, str] = _NONE
    keys: Mapping[str, str] = _NONE
    flaws: tuple[Flaw, ...] = ()


class Added(NamedTuple):
    """The first commit that holds an event; authored, committed: seconds since 1970.

    author: "Name <mail>". cut: a shallow clone ends here, so that the event may be older.
    """

    commit: str
    authored: int
    committed: int
    author: str
    cut: bool = False


class Undone(NamedTuple):
    """A commit that changed ("M") or removed ("D") the file of an event."""

    hash: str
    letter: str
    commit: str


class Past(NamedTuple):
    """What Git's history says of the events. shallow: it is cut. merged: pairs of heads whose
    commits stand beside each other, neither before the other. before: the heads of what was
    verified before, whose history is not in `added`; old: all events that were. graph: the commits
    that touch events, and merges, each with those right before it, parents first; only where it
    is asked for.
    """

    added: Mapping[str, Added] = _NONE
    undone: tuple[Undone, ...] = ()
    shallow: bool = False
    merged: frozenset[tuple[str, str]] = frozenset()
    before: Mapping[str, Added] = _NONE
    old: frozenset[str] = frozenset()
    graph: Mapping[str, tuple[str, ...]] = _NONE


class Pair(NamedTuple):
    """Two persons: as one of them `events` were written that the other committed. hash: of one."""

    name: str
    author: str
    events: int
    hash: str


class Told(NamedTuple):
    """One part of a claim held against a commit. found: None = the commit has nothing there.

    what: as a user calls it ("the hash of the data"). unknown: why it could not be looked at, "" =
    it was.
    """

    what: str
    claimed: Any
    found: Any = None
    unknown: str = ""


class State(NamedTuple):
    """What a commit says of the subject of an event, part by part. () = there is nothing to hold
    it against. now: the same at the newest commit, for the last event of a subject that did not
    agree with its own.
    """

    hash: str
    commit: str
    parts: tuple[Told, ...] = ()
    now: tuple[Told, ...] | None = None


class Breach(NamedTuple):
    """One thing that is wrong with the ledger, or worth knowing. event: a hash, or ""."""

    kind: str
    severity: str
    path: str
    message: str
    fix: str = ""
    event: str = ""


class Verdict(NamedTuple):
    """What came of a verification.

    heads: the last events. first, last: the earliest and latest time told. new: how many events no
    commit holds yet. claims: how many events were held against a commit, unchecked: how many could
    not be, by reason. anchors: how many there are, and signed. kept: how many events were verified
    by an earlier run. passing: whether a later commit can change what was said of an event.
    """

    total: int
    heads: tuple[str, ...]
    first: str = ""
    last: str = ""
    new: int = 0
    claims: int = 0
    unchecked: Mapping[str, int] = _NONE
    anchors: int = 0
    signed: int = 0
    kept: int = 0
    passing: bool = False
    pairs: tuple[Pair, ...] = ()
    breaches: tuple[Breach, ...] = ()

    def ordered(self) -> tuple[Breach, ...]:
        """Return the breaches, the worst first."""
        worst = SEVERITIES[::-1]
        return tuple(sorted(self.breaches, key=lambda one: (worst.index(one.severity), *one)))
