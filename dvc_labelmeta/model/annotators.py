"""The registry of annotators as frozen values, and what records say of each of them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import Any, NamedTuple

REGISTRY = "annotators.yaml"
PERSON, SOFTWARE = "person", "software"
KINDS = (PERSON, SOFTWARE)
_NONE: Mapping[str, Any] = MappingProxyType({})


class Training(NamedTuple):
    """What an annotator was trained in, and when (ISO date); "" where that is not said."""

    what: str
    version: str = ""
    at: str = ""


class Consent(NamedTuple):
    """Leave to use somebody's labels: days (ISO) on which it was given and withdrawn, or ""."""

    given: str = ""
    scope: str = ""
    withdrawn: str = ""


class Annotator(NamedTuple):
    """One entry of the registry; id: the pseudonym that records name.

    since, until: ISO dates between which labels are made, "" where that is open. person: the
    commitment to who it is (labelmeta/ledger/people/). redacted: ISO date of the erasure.
    """

    id: str
    type: str = PERSON
    role: str = ""
    expertise: str = ""
    training: tuple[Training, ...] = ()
    since: str = ""
    until: str = ""
    consent: Consent = Consent()
    tools: tuple[str, ...] = ()
    conditions: Mapping[str, Any] = _NONE
    notes: str = ""
    person: str = ""
    redacted: str = ""


class Seen(NamedTuple):
    """What the records of one layer say of one annotator; aggregates are left out.

    first, last: ISO dates in UTC, "" where no record says. software: records that a program made;
    nameless: those of them that name neither model nor tool. reviews: records of others that name
    it as reviewer.
    """

    annotator: str
    records: int
    first: str = ""
    last: str = ""
    software: int = 0
    nameless: int = 0
    reviews: int = 0
    tools: tuple[str, ...] = ()
    versions: tuple[str, ...] = ()


def annotators(value: Mapping[str, Any]) -> dict[str, Annotator]:
    """Return the entries of annotators.yaml, fit for its schema, by pseudonym."""
    return {id_: _annotator(id_, told) for id_, told in value["annotators"].items()}


def united(found: Iterable[Seen]) -> Seen:
    """Return what several layers say of one annotator, as one."""
    all_ = [*found]
    return Seen(
        all_[0].annotator,
        sum(one.records for one in all_),
        min((one.first for one in all_ if one.first), default=""),
        max((one.last for one in all_), default=""),
        sum(one.software for one in all_),
        sum(one.nameless for one in all_),
        sum(one.reviews for one in all_),
        tuple(sorted({tool for one in all_ for tool in one.tools})),
        tuple(dict.fromkeys(version for one in all_ for version in one.versions)),
    )


def outside(one: Annotator, seen: Seen) -> str:
    """Say which of the records lie outside the active period of their annotator, "" for none."""
    if one.since and seen.first and seen.first < one.since:
        return f"the first is of {seen.first}, before {one.since}"
    if one.until and seen.last > one.until:
        return f"the last is of {seen.last}, after {one.until}"
    return ""


def contradicted(one: Annotator, seen: Seen) -> str:
    """Say how records contradict the type of their annotator, "" where they do not."""
    people = seen.records - seen.software
    if one.type == PERSON and seen.software:
        return f"is a person there, and {seen.software} of the records are of software"
    if one.type == SOFTWARE and people:
        return f"is software there, and {people} of the records are of a person"
    return ""


def _annotator(id_: str, told: Mapping[str, Any]) -> Annotator:
    active, consent = told.get("active", _NONE), told.get("consent", _NONE)
    return Annotator(
        id_,
        told.get("type", PERSON),
        told.get("role", ""),
        told.get("expertise", ""),
        tuple(
            Training(one["what"], one.get("version", ""), one.get("at", ""))
            for one in told.get("training", ())
        ),
        active.get("from", ""),
        active.get("until", ""),
        Consent(consent.get("given", ""), consent.get("scope", ""), consent.get("withdrawn", "")),
        tuple(told.get("tools", ())),
        told.get("conditions", _NONE),
        told.get("notes", ""),
        told.get("person", ""),
        told.get("redacted", ""),
    )
