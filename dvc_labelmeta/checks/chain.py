"""Whether the events of a ledger hang together: files, parents, counts, times, markers, people."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence

from dvc_labelmeta.checks.ancestry import Node, is_redundant
from dvc_labelmeta.model.chain import Breach, Files
from dvc_labelmeta.model.claims import BY, PERSONS, approvers
from dvc_labelmeta.model.event import FOLDER, HEADS, TIPS, Event, event_path, person_path

TOLERANCE = 300  # seconds: the clocks of two machines may differ so much
RESTORE = (
    f"restore it: git checkout COMMIT -- {FOLDER}, with the last COMMIT at which `labelmeta ledger "
    "verify --rev COMMIT` finds nothing"
)
_FLAWS = {
    "unknown-file": ("does not belong into a ledger", "move it elsewhere"),
    "special-file": ("is no regular file, and nothing of it was read", RESTORE),
    "unreadable-file": ("cannot be read", "make it readable, or fetch it"),
    "changed-event": ("is not what it was when it was written: its hash is another", RESTORE),
    "uncanonical-event": ("is not in the form that labelmeta writes (RFC 8785)", RESTORE),
    "unfit-event": ("is no event", RESTORE),
    "filled-marker": ("is a marker, and has to be empty", "empty it"),
    "changed-opening": ("does not open the commitment that it is named by", RESTORE),
}


def seconds(at: str) -> float:
    """Return the seconds since 1970 of a time in UTC, as events have it."""
    return dt.datetime.fromisoformat(at[:-1] + "+00:00").timestamp()


def of_files(files: Files) -> Iterator[Breach]:
    """Yield what is wrong with single files."""
    for flaw in files.flaws:
        what, fix = _FLAWS[flaw.kind]
        told = f": {flaw.told}" if flaw.told else ""
        yield Breach(flaw.kind, "error", flaw.path, what + told, fix)


def of_chain(files: Files, nodes: Mapping[str, Node]) -> Iterator[Breach]:
    """Yield what is wrong with how events name the ones before them."""
    missing: dict[str, str] = {}
    flawed = {flaw.path for flaw in files.flaws}
    for hash_, node in nodes.items():
        one = files.events[hash_]
        if not node.whole:
            missing |= {name: hash_ for name in one.parents if name not in files.events}
        parent = files.events.get(one.parents[0]) if len(one.parents) == 1 else None
        if parent is None or one.total != node.total or parent.at > one.at:
            yield from _links(one, files, nodes)  # else nothing can be wrong: most are so
    for hash_, child in missing.items():
        if event_path(hash_) not in flawed:
            yield Breach(
                "missing-parent",
                "error",
                event_path(hash_),
                f"is not there, though event {child[:12]} follows it: somebody removed it, or "
                "wrote an event that follows nothing",
                RESTORE,
                hash_,
            )
    yield from _after_erasure(files, nodes)


def _after_erasure(files: Files, nodes: Mapping[str, Node]) -> Iterator[Breach]:
    """Yield events of somebody whose erasure they follow: nobody could ever see who it is."""
    erasures: dict[str, list[str]] = {}
    for one in files.events.values():
        if one.type == "redacted":
            for name in redacted([one]):
                erasures.setdefault(name, []).append(one.hash)
    if not erasures:
        return
    for one in files.events.values():
        known = (hash_ for hash_ in erasures.get(one.actor, ()) if hash_ != one.hash)
        erasure = next((hash_ for hash_ in known if nodes[one.hash].holds(nodes[hash_])), None)
        if erasure is not None:
            yield Breach(
                "erased-actor",
                "error",
                event_path(one.hash),
                f"was written by somebody whom event {erasure[:12]} before it says to have been "
                "erased, so that nobody can see who it was",
                "this event was not written by labelmeta; ask whoever committed it",
                one.hash,
            )


def _links(one: Event, files: Files, nodes: Mapping[str, Node]) -> Iterator[Breach]:
    node, parents, path = nodes[one.hash], one.parents, event_path(one.hash)
    if len(parents) > 1 and (list(parents) != sorted({*parents}) or is_redundant(one, nodes)):
        yield Breach(
            "wrong-parents",
            "error",
            path,
            "names parents as labelmeta would not: unordered, twice, or one before another",
            "this event was not written by labelmeta; ask its author",
            one.hash,
        )
    if node.whole and one.total != node.total and not _inherited(one, files, nodes):
        yield Breach(
            "wrong-count",
            "error",
            path,
            f"says that its history holds {one.total} events; it holds {node.total}",
            "this event was not written by labelmeta; ask its author",
            one.hash,
        )
    for hash_ in parents:
        parent = files.events.get(hash_)
        late = parent is not None and parent.at > one.at  # as text: they are of one form
        if parent is not None and late and seconds(parent.at) > seconds(one.at) + TOLERANCE:
            yield Breach(
                "clock-order",
                "error",
                path,
                f"says {one.at}, but follows event {hash_[:12]} of {parent.at}: it was back-dated, "
                "or a clock was wrong",
                "ask its author; an event cannot be changed, a later one can tell what was true",
                one.hash,
            )


def _inherited(one: Event, files: Files, nodes: Mapping[str, Node]) -> bool:
    """Whether a wrong count is that of the parent, counted on."""
    wrong = one.total - nodes[one.hash].total
    return any(files.events[p].total - nodes[p].total == wrong for p in one.parents)


def heads_of(events: Mapping[str, Event]) -> frozenset[str]:
    """Return the events that no other one follows."""
    return frozenset(events) - {hash_ for one in events.values() for hash_ in one.parents}


def tips_of(events: Mapping[str, Event], nodes: Mapping[str, Node]) -> dict[str, list[str]]:
    """Return the last events of each subject: those that none of the same subject follows."""
    found: dict[str, list[str]] = {}
    for hash_, node in nodes.items():
        subject = events[hash_].subject
        last = [other for other in found.get(subject, ()) if not node.holds(nodes[other])]
        found[subject] = [*last, hash_]
    return found


def of_markers(files: Files, tips: Mapping[str, Sequence[str]], *, whole: bool) -> Iterator[Breach]:
    """Yield what is wrong with the markers of heads and tips, those of subjects in `keys`.

    tips: the last events of each subject. whole: no event is known to be missing; where one is,
    which ones are the last is not known.
    """
    wanted = {f"{key}-{hash_}" for name, key in files.keys.items() for hash_ in tips[name]}
    for folder, there, known in (
        (HEADS, files.heads, heads_of(files.events)),
        (TIPS, files.tips, frozenset(wanted)),
    ):
        yield from _stray(folder, there - known, {flaw.path for flaw in files.flaws})
        if whole:
            yield from _unmarked(folder, known - there)


def _unmarked(folder: str, names: Iterable[str]) -> Iterator[Breach]:
    for name in sorted(names):
        yield Breach(
            "missing-marker",
            "error",
            f"{folder}/{name}",
            "is not there: an event after this one was removed, or the marker",
            f"if all events are there: make it as an empty file, or {RESTORE}",
            name.rpartition("-")[2],
        )


def _stray(folder: str, names: Iterable[str], flawed: Collection[str]) -> Iterator[Breach]:
    for name in sorted(names):
        hash_ = name.rpartition("-")[2]
        if event_path(hash_) not in flawed:  # told already
            yield Breach(
                "stray-marker",
                "error",
                f"{folder}/{name}",
                "marks an event that is not there, or that others follow: later events were "
                "written without it, or its event was removed",
                f"if all events are there: remove it, or {RESTORE}",
                hash_,
            )


def persons(one: Event) -> tuple[str, ...]:
    """Return the commitments to persons that an event holds."""
    by = one.details.get(BY)
    return one.actor, *approvers(one.claims), *([by] if isinstance(by, str) else [])


def redacted(events: Iterable[Event]) -> frozenset[str]:
    """Return the commitments that redactions removed."""
    return frozenset(
        name
        for one in events
        if one.type == "redacted" and isinstance(one.details.get("removed"), list)
        for name in one.details["removed"]
        if isinstance(name, str)
    )


def of_people(files: Files, erased: frozenset[str]) -> Iterator[Breach]:
    """Yield which persons nobody can see any more, though no redaction says why, and the other
    way round. erased: what redactions removed.
    """
    used = Counter(one.actor for one in files.events.values())
    used.update(
        name
        for one in files.events.values()
        if PERSONS in one.claims or BY in one.details
        for name in persons(one)[1:]
    )
    flawed = {flaw.path for flaw in files.flaws}
    for name in sorted(used.keys() - files.people.keys() - erased):
        if person_path(name) not in flawed:
            yield Breach(
                "unopened-actor",
                "error",
                person_path(name),
                f"is not there, so that nobody can see who is behind {used[name]} events, and no "
                "event tells of an erasure",
                f"{RESTORE}; a person is erased with `labelmeta annotators redact`",
            )
    for name in sorted(erased & files.people.keys()):
        yield Breach(
            "still-opened",
            "warning",
            person_path(name),
            "names a person whom an event says to have been erased",
            "remove the file",
        )


def of_forks(
    heads: Iterable[str], merged: frozenset[tuple[str, str]], new: frozenset[str]
) -> Iterator[Breach]:
    """Yield that there are several heads. merged: pairs whose commits stand beside each other;
    new: events that no commit holds yet.
    """
    first, *others = sorted(heads) or [""]
    for other in others:
        known = (first, other) in merged
        why = "branches were merged that both wrote events"
        if not known:
            why = "no merge in Git explains it: a squash or a rebase, or somebody left events out"
            if {first, other} & new:
                why = "one of them is not committed yet, and was written without the other"
        yield Breach(
            "fork",
            "note" if known else "warning",
            f"{HEADS}/{other}",
            f"is a head beside {first[:12]}: {why}",
            "nothing to do: the next event follows both",
            other,
        )
