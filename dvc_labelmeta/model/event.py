"""One entry of the ledger as a frozen value: canonical bytes that name themselves by their hash."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, NamedTuple

from dvc_labelmeta.model.config import LEDGER

SCHEMA = "labelmeta/event/v1"
FOLDER = LEDGER
EVENTS, HEADS, TIPS, PEOPLE = (f"{FOLDER}/{name}" for name in ("events", "heads", "tips", "people"))
TYPES = (
    "linked",
    "relinked",
    "repaired",
    "unlinked",
    "moved",
    "merged",
    "imported",
    "migrated",
    "relabelled",
    "rolled-back",
    "released",
    "approved",
    "retired",
    "transformed",
    "audited",
    "waived",
    "redacted",
)
LARGEST = 1 << 20  # bytes of an event; what is larger is not read
_NONE: Mapping[str, Any] = MappingProxyType({})
_ENCODE = json.JSONEncoder(ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode
_ENCODE_AS_IT_IS = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode
_BASIC = "\uffff"  # beyond it, the order of code points is not that of UTF-16


class Event(NamedTuple):
    """One thing that happened, as the file named `hash` says.

    subject: "split:PATH", "guideline:ID", "stage:DVC_YAML:NAME", "waiver:RULE:PATH", "project:" or
    "person:COMMITMENT". at: RFC 3339, in UTC. actor: commitment to a person (`opening`). parents:
    the heads that its writer saw, sorted. total (`count` in the file): how many events its history
    holds, itself included. claims: the state of the subject afterwards, which can be held against
    Git and DVC; {} = it is no more. details: what else is told and cannot be held against anything.
    """

    hash: str
    type: str
    subject: str
    at: str
    actor: str
    parents: tuple[str, ...]
    total: int
    claims: Mapping[str, Any] = _NONE
    details: Mapping[str, Any] = _NONE
    note: str = ""


class Draft(NamedTuple):
    """An event before it has a place in the history; fields as in Event."""

    type: str
    subject: str
    claims: Mapping[str, Any] = _NONE
    details: Mapping[str, Any] = _NONE
    note: str = ""


class Stamp(NamedTuple):
    """Who writes events and when; actor: "Name <mail>", as Git has it. at: RFC 3339, in UTC."""

    actor: str
    at: str


def utc(seconds: int) -> str:
    """Return a time as events have it, which is in order as text; before or after all of them for
    one that no calendar has.
    """
    try:
        at = dt.datetime.fromtimestamp(seconds, dt.timezone.utc)
    except (ValueError, OverflowError, OSError):
        return "" if seconds < 0 else "~"
    return f"{at.isoformat()[:-6]}Z"


def canonical(value: Mapping[str, Any]) -> bytes:
    """Return the bytes of a value in the JSON Canonicalization Scheme (RFC 8785).

    Only for values without floating point numbers, such as events: there Python's own encoder does
    what the scheme asks for, but for the order of keys beyond the basic plane; a test holds it
    against an implementation of all of it. Raises UnicodeEncodeError for text that is not Unicode.
    """
    text = _ENCODE(value)
    if not text.isascii() and max(text) > _BASIC:
        text = _ENCODE_AS_IT_IS(_in_order(value))
    return text.encode()


def _in_order(value: Any) -> Any:
    """Return a value with its keys in the order of their UTF-16 code units."""
    if isinstance(value, Mapping):
        keys = sorted(value, key=lambda key: str(key).encode("utf-16-be", "surrogatepass"))
        return {key: _in_order(value[key]) for key in keys}
    return [_in_order(one) for one in value] if isinstance(value, list) else value


def value_of(event: Event) -> dict[str, Any]:
    """Return an event as the value that its file holds; what is empty is left out."""
    value = {
        "schema": SCHEMA,
        "type": event.type,
        "subject": event.subject,
        "at": event.at,
        "actor": event.actor,
        "parents": list(event.parents),
        "count": event.total,
        "claims": dict(event.claims),
        "details": dict(event.details),
        "note": event.note,
    }
    kept = ("parents", "claims")
    return {key: item for key, item in value.items() if item or key in kept}


def event_of(hash_: str, value: Mapping[str, Any]) -> Event:
    """Build an event from what its file holds, fit for its schema."""
    return Event(
        hash_,
        value["type"],
        value["subject"],
        value["at"],
        value["actor"],
        tuple(value["parents"]),
        value["count"],
        value["claims"],
        value.get("details", _NONE),
        value.get("note", ""),
    )


def event_path(hash_: str) -> str:
    """Where an event is kept, from the root."""
    return f"{EVENTS}/{hash_[:2]}/{hash_}.json"


def opening(name: str, salt: str) -> bytes:
    """Return the bytes that open the commitment to a person; their SHA-256 is the commitment.

    As long as they are kept, everybody can see who it is; without them nobody can find out, as the
    salt (hexadecimal, 128 random bits) cannot be guessed.
    """
    return canonical({"name": name, "salt": salt})


def person_path(commitment: str) -> str:
    """Where the opening of a commitment is kept, from the root."""
    return f"{PEOPLE}/{commitment}.json"
