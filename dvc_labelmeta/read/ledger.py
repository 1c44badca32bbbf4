"""The ledger as files: its heads, the last events of each subject, and events by their hash."""

from __future__ import annotations

import datetime as dt
import hashlib
import heapq
import json
import os
from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple, Protocol

from dvc_labelmeta.errors import UnreadableFile
from dvc_labelmeta.model.event import (
    HEADS,
    PEOPLE,
    TIPS,
    Event,
    canonical,
    event_of,
    event_path,
    person_path,
)
from dvc_labelmeta.read.files import MAX_BYTES, content, misfits, names

_CANONICAL = "sorted keys, no spaces, each key once (RFC 8785)"
KEY = 16  # hexadecimal digits of a subject's hash, in the names of TIPS


class Files(Protocol):
    """Where the files of a ledger are read from: a working tree or a commit."""

    def read(self, path: str) -> bytes | None:
        """Return the content of a file from the root, None where there is none."""

    def names(self, folder: str) -> list[str]:
        """Return the names in a folder from the root, sorted; none where there is no folder.

        Without those that begin with a dot: temporary files that a killed process left.
        """


class Disk:
    """The files below a folder, as they are on disk."""

    def __init__(self, root: str) -> None:
        self.root = root

    def read(self, path: str, limit: int = MAX_BYTES) -> bytes | None:
        """See Files; nothing larger than `limit` bytes is read."""
        try:
            return content(os.path.join(self.root, path), limit)
        except UnreadableFile as error:
            raise UnreadableFile(f"{path} {error}") from None

    def names(self, folder: str) -> list[str]:
        """See Files."""
        return names(os.path.join(self.root, folder))


class Ledger(NamedTuple):
    """What a writer has to know of a ledger; nothing of it depends on how long the ledger is.

    heads: events that no other one follows, with `total` events in their history. tips: hashes of
    the last events by the key of their subject. people: commitments by "Name <mail>".
    """

    heads: tuple[Event, ...]
    total: int
    tips: Mapping[str, tuple[str, ...]]
    people: Mapping[str, str]


def key_of(subject: str) -> str:
    """Return the beginning of a subject's SHA-256, by which TIPS names it."""
    return hashlib.sha256(subject.encode(errors="surrogateescape")).hexdigest()[:KEY]


def event(files: Files, hash_: str) -> Event:
    """Return an event; raises UnreadableFile where it is not there or not what its name says."""
    path = event_path(hash_)
    found = files.read(path)
    if found is None:
        raise UnreadableFile(f"{path} is not there, though the ledger names it")
    return parsed(path, hash_, found)


def parsed(path: str, hash_: str, content: bytes) -> Event:
    """Return the event that a file holds; raises UnreadableFile for any other content."""
    found = judged(hash_, content)
    if isinstance(found, Event):
        return found
    kind, told = found
    raise UnreadableFile(f"{path} {told}" if kind != "unfit-event" else f"{path}: {told}")


def judged(hash_: str, content: bytes) -> Event | tuple[str, str]:
    """Return the event that a file holds, or the kind of the Flaw that it has, and in words."""
    if hashlib.sha256(content).hexdigest() != hash_:
        return "changed-event", "is not what it was when it was written: its hash is another"
    try:
        value: Any = DECODE(content.decode())
        canonical_ = canonical(value) == content
    except (ValueError, RecursionError):
        return "uncanonical-event", "is no JSON of an event, which has no fractions"
    if not canonical_:
        return "uncanonical-event", f"is not written in the one canonical way: {_CANONICAL}"
    problem = _misfit(value)
    return ("unfit-event", problem) if problem else event_of(hash_, value)


def _misfit(value: Any) -> str:
    """Return why a value is no event, "" where it is one."""
    if problems := misfits("event", value):
        return problems[0][1]
    try:
        dt.datetime.fromisoformat(value["at"][:-1])
    except ValueError:
        return f"{value['at']} is a time that no calendar has"
    return ""


def _refuse(text: str) -> Any:
    raise ValueError(text)  # numbers with a point: their canonical form is not Python's


DECODE = json.JSONDecoder(parse_float=_refuse, parse_constant=_refuse).decode


def tips(files: Files) -> dict[str, tuple[str, ...]]:
    """Return the hashes of the last events by the key of their subject."""
    found: dict[str, tuple[str, ...]] = {}
    for name in files.names(TIPS):
        key, _, hash_ = name.partition("-")
        found[key] = (*found.get(key, ()), hash_)
    return found


def opened(commitment: str, content: bytes) -> str:
    """Return the name that an opening holds, "" where it opens something else, or nothing."""
    if hashlib.sha256(content).hexdigest() != commitment:
        return ""
    try:
        value: Any = json.loads(content)
    except (ValueError, RecursionError):
        return ""
    name = value.get("name") if type(value) is dict else None
    return name if type(name) is str else ""


def people(files: Files) -> dict[str, str]:
    """Return the commitments to persons by their names; the first one where there are several."""
    found: dict[str, str] = {}
    for file in files.names(PEOPLE):
        commitment = file.removesuffix(".json")
        if name := opened(commitment, files.read(person_path(commitment)) or b""):
            found.setdefault(name, commitment)
    return found


def ledger(files: Files) -> Ledger:
    """Return what a writer has to know; raises UnreadableFile where a head is not there or broken.

    Nobody should add to a history that is not whole.
    """
    last = tips(files)
    heads = tuple(event(files, hash_) for hash_ in head_names(files, last))
    return Ledger(heads, united(files, heads), last, people(files))


def head_names(files: Files, last: Mapping[str, tuple[str, ...]]) -> list[str]:
    """Return the hashes of the heads; raises UnreadableFile where all are gone.

    last: the tips, which say that there are events. Without heads the next event would begin anew.
    """
    heads = files.names(HEADS)
    if last and not heads:
        raise UnreadableFile(f"{HEADS} names no event, though {TIPS} does")
    return heads


def united(files: Files, heads: Iterable[Event]) -> int:
    """Return how many events the histories of some events hold together.

    Reads only what lies between them and the last event that is before all of them.
    """
    found, before = between(files, heads)
    return len(found) - len(before) + sum(before.values())


def between(files: Files, starts: Iterable[Event]) -> tuple[dict[str, Event], dict[str, int]]:
    """Return the events from some back to the last one that is before all of them, and how many
    the history of that one holds; nothing for that where there is none.
    """
    found = {one.hash: one for one in starts}
    queue = [(-one.total, one.hash) for one in found.values()]
    heapq.heapify(queue)
    while queue:
        one = found[heapq.heappop(queue)[1]]
        if not queue:  # all others are before this one
            return found, {one.hash: one.total}
        for parent in one.parents:
            if parent not in found:
                found[parent] = event(files, parent)
                heapq.heappush(queue, (-found[parent].total, parent))
    return found, {}
