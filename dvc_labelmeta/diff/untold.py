"""What nobody told the ledger: the state of a project held against the last events."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from dvc_labelmeta.model.claims import MERGED, PERSONS, Claims, approvers, kind_of, split_of
from dvc_labelmeta.model.event import Draft, Event

AGAIN = "again"  # the detail of an event that repeats another one, by its hash
# what was told last of each subject, or is about to be; several events after a merge
Last = Mapping[str, Sequence[Event | Draft]]
_KINDS = {"waiver": "waived", "stage": "transformed", "guideline": "retired"}


class Released(NamedTuple):
    """A version of a guideline that was published; approved_by: names."""

    version: str
    object: str
    commit: str = ""
    approved_by: tuple[str, ...] = ()


def untold(now: Mapping[str, Claims], last: Last, names: Mapping[str, str]) -> Iterator[Draft]:
    """Yield an event for each subject that is not what its last events claim.

    now: the claims of every subject that should have been told, {} for one that is gone. names:
    of persons, by commitment.
    """
    moved = _moved(now, last)
    for subject, claims in now.items():
        known = last.get(subject, ())
        if not known and not claims:
            continue
        other = next((one for one in known if not same(one.claims, claims, names)), None)
        if known and other is None:
            continue
        details = moved.get(subject, {})
        kind = subject.partition(":")[0]
        type_ = _KINDS.get(kind) or _kind_of_split(known, other, claims)
        yield Draft("moved" if details else type_, subject, claims, details)


def _kind_of_split(
    known: Sequence[Event | Draft], other: Event | Draft | None, claims: Claims
) -> str:
    """Return the type of an event of a split; other: one of the last that claims another thing."""
    told = [split_of(one.claims) for one in known]
    if claims and any(one != told[0] for one in told):
        return MERGED
    return kind_of(other.claims if other else None, claims)


def same(told: Claims, now: Claims, names: Mapping[str, str]) -> bool:
    """Whether an event claims what holds now; persons, there as commitments, are compared by name.

    Of a person who was erased nobody can say who it was: then only their number counts.
    """
    if PERSONS not in told or PERSONS not in now:
        return dict(told) == dict(now)
    then = [names.get(commitment) for commitment in approvers(told)]
    if None in then:
        equal = len(then) == len(now[PERSONS])
    else:
        equal = sorted(map(str, then)) == sorted(now[PERSONS])
    return equal and {**told, PERSONS: 0} == {**now, PERSONS: 0}


def _moved(now: Mapping[str, Claims], last: Last) -> dict[str, dict[str, str]]:
    """Return {"from": path} or {"to": path} by subject: one went, one to the same data came."""
    gone = [one for one, claims in now.items() if not claims and last.get(one)]
    new = [one for one, claims in now.items() if claims and not last.get(one)]
    found: dict[str, dict[str, str]] = {}
    for old in gone:
        was = split_of(last[old][0].claims)
        for subject in new:
            if was and subject not in found and now[subject]["data"] == was["data"]:
                found[subject] = {"from": old.partition(":")[2]}
                found[old] = {"to": subject.partition(":")[2]}
                break
    return found


def releases(
    id_: str, published: Sequence[Released], told: Iterable[Event | Draft]
) -> Iterator[Draft]:
    """Yield an event for each release after the last one that was told, in any of `told`.

    Earlier ones stay as they are: told afterwards, they would look like what holds now.
    """
    contents = {version_of(one) for one in told}
    known = [number for number, one in enumerate(published) if one[:2] in contents]
    for one in published[known[-1] + 1 if known else 0 :]:
        claims: dict[str, Any] = {"version": one.version, "object": one.object}
        if one.approved_by:
            claims[PERSONS] = sorted(one.approved_by)
        details = {"commit": one.commit} if one.commit else {}
        yield Draft("released", f"guideline:{id_}", claims, details)


def version_of(event: Event | Draft) -> tuple[str, str]:
    """Return the version and the object that an event of a guideline claims, "" for none."""
    return event.claims.get("version", ""), event.claims.get("object", "")


def retired(id_: str, version: str, object_: str, last: Sequence[Event | Draft]) -> Iterator[Draft]:
    """Yield the event that says a guideline is retired, unless that was told."""
    claims = {"version": version, "object": object_, "status": "retired"}
    if not any(dict(one.claims) == claims for one in last):
        yield Draft("retired", f"guideline:{id_}", claims)


def gone(last: Last, kind: str, there: Iterable[str]) -> dict[str, Claims]:
    """Return {} for each subject of a kind that the ledger holds and that is no longer there."""
    left = set(there)
    return {
        subject: {}
        for subject, events in sorted(last.items())
        if subject.startswith(kind + ":")
        and subject not in left
        and any(one.claims for one in events)
    }


def missing(past: Sequence[Draft], told: Iterable[Event]) -> list[Draft]:
    """Return the events of Git's history that the ledger does not hold.

    told: all that it holds, newest first. A guideline about which it holds something newer is told
    once more as it was told last, so that what is told of its past does not look like today's.
    """
    known: Counter[str] = Counter()
    newest: dict[str, Event] = {}
    for event in told:
        newest.setdefault(event.subject, event)
        if event.type != "approved" and AGAIN not in event.details:
            known[_claimed(event)] += 1
    found: dict[int, Draft] = {}
    latest: dict[str, int] = {}
    for number, draft in enumerate(past):
        latest[_claimed(draft)] = number
        known[_claimed(draft)] -= 1
        if known[_claimed(draft)] < 0:
            found[number] = draft
    final = {draft.subject: number for number, draft in found.items()}
    again = (
        newest[subject]
        for subject, number in final.items()
        if subject.startswith("guideline:")
        and subject in newest
        and latest.get(_claimed(newest[subject]), len(past)) > number
    )
    return [*found.values(), *map(_again, again)]


def _again(event: Event) -> Draft:
    claims = {key: value for key, value in event.claims.items() if key != PERSONS}
    type_ = "released" if event.type == "approved" else event.type
    return Draft(type_, event.subject, claims, {AGAIN: event.hash})


def _claimed(one: Event | Draft) -> str:
    claims = {key: value for key, value in one.claims.items() if key != PERSONS}
    return json.dumps([one.subject, claims], sort_keys=True)
