"""Drafts of events as edits: chained to all heads, each file named by the hash of its bytes."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

from dvc_labelmeta.errors import Refused
from dvc_labelmeta.model.claims import BY, PERSONS
from dvc_labelmeta.model.event import (
    HEADS,
    LARGEST,
    TIPS,
    Draft,
    Event,
    Stamp,
    canonical,
    event_path,
    opening,
    person_path,
    value_of,
)
from dvc_labelmeta.write.edits import Edit


class Before(NamedTuple):
    """The ledger to add to: its heads, the events they hold together,
    the last events of subjects, commitments by name.

    tips: hashes of the last events by subject, for the subjects of the drafts.
    """

    heads: tuple[str, ...]
    total: int
    tips: Mapping[str, tuple[str, ...]]
    people: Mapping[str, str]
    keys: Mapping[str, str]


class Written(NamedTuple):
    """Edits, and the events that they write."""

    edits: list[Edit]
    events: list[Event]


def commitments(
    names: Sequence[str], known: Mapping[str, str]
) -> tuple[dict[str, str], list[Edit]]:
    """Return the commitment of each person by name, and the edits that keep the openings."""
    found, edits = {}, []
    for name in dict.fromkeys(names):
        if name in known:
            found[name] = known[name]
            continue
        content = opening(name, secrets.token_hex(16))
        found[name] = hashlib.sha256(content).hexdigest()
        edits.append(Edit(person_path(found[name]), None, content))
    return found, edits


def appended(before: Before, stamp: Stamp, drafts: Sequence[Draft]) -> Written:
    """Return the edits that add events, each after the one before it, and move the markers.

    Markers are empty files, so that branches merge without a conflict: one in HEADS for each event
    that none follows, one in TIPS for the last event of each subject. Old ones go last: a killed
    process leaves a marker too many, never none.
    """
    named = [name for draft in drafts for name in _persons(draft)]
    found, edits = commitments([stamp.actor, *named], before.people)
    heads, total, events = before.heads, before.total, []
    tips = {subject: list(hashes) for subject, hashes in before.tips.items()}
    for draft in drafts:
        total += 1
        one = _event(_committed(draft, found), stamp.at, found[stamp.actor], heads, total)
        edits.append(Edit(event_path(one.hash), None, canonical(value_of(one))))
        events.append(one)
        heads, tips[draft.subject] = (one.hash,), [one.hash]
    gone = [Edit(f"{HEADS}/{hash_}", b"", None) for hash_ in before.heads if events]
    if events:
        edits += [Edit(f"{HEADS}/{hash_}", None, b"") for hash_ in heads]
    for subject, hashes in tips.items():
        key, old = before.keys[subject], before.tips.get(subject, ())
        edits += [Edit(f"{TIPS}/{key}-{hash_}", None, b"") for hash_ in hashes if hash_ not in old]
        gone += [Edit(f"{TIPS}/{key}-{hash_}", b"", None) for hash_ in old if hash_ not in hashes]
    return Written([*edits, *gone], events)


def _persons(draft: Draft) -> Iterator[str]:
    yield from draft.claims.get(PERSONS, ())
    if BY in draft.details:
        yield draft.details[BY]


def _committed(draft: Draft, found: Mapping[str, str]) -> Draft:
    """Return a draft with the commitments of persons in place of their names."""
    if names := draft.claims.get(PERSONS):
        persons = sorted(found[name] for name in names)
        draft = draft._replace(claims={**draft.claims, PERSONS: persons})
    if BY in draft.details:
        draft = draft._replace(details={**draft.details, BY: found[draft.details[BY]]})
    return draft


def _event(draft: Draft, at: str, actor: str, parents: Sequence[str], total: int) -> Event:
    type_, subject, claims, details, note = draft
    one = Event("", type_, subject, at, actor, tuple(sorted(parents)), total, claims, details, note)
    try:
        content = canonical(value_of(one))
    except UnicodeEncodeError:
        raise Refused(f"{subject!r} holds text that is not Unicode; the ledger cannot") from None
    if len(content) > LARGEST:
        raise Refused(
            f"an event about {subject} would be {len(content):,} bytes, and those over {LARGEST:,} "
            "are not read; where it is a stage, let it depend on folders instead of their files"
        )
    return one._replace(hash=hashlib.sha256(content).hexdigest())
