"""The events of a ledger from its heads down, newest first, each read when its turn comes."""

from __future__ import annotations

import heapq
from collections import Counter
from collections.abc import Iterable, Iterator

from dvc_labelmeta.model.event import PEOPLE, Event, person_path
from dvc_labelmeta.read.ledger import Files, event, opened, tips


def walk(
    files: Files, heads: Iterable[str], older: frozenset[str] = frozenset()
) -> Iterator[Event]:
    """Yield events after all that follow them and, as far as that leaves a choice, by time.

    older: events that are left out, with all before them. Of one line of events none is read
    before its turn; of several lines those are that may come before it.
    """
    line = _Line(files, older)
    line.add(heads)
    line.settle(min((one.total for one in line.known.values()), default=0))
    ready = [_turn(one) for one in line.known.values() if not line.followers[one.hash]]
    heapq.heapify(ready)
    passed = Counter[str]()
    while ready:
        one = line.known.get(heapq.heappop(ready)[2])
        if one is None:
            continue  # counts that are not right may bring an event up twice
        yield one
        line.settle(one.total - 1)
        del line.known[one.hash]
        for hash_ in one.parents:
            passed[hash_] += 1
            parent = line.known.get(hash_)
            if parent is not None:
                line.settle(parent.total)
                if passed[hash_] == line.followers[hash_]:
                    heapq.heappush(ready, _turn(parent))


class _Line:
    """Events that were read and not yet given out, and how many events follow each."""

    def __init__(self, files: Files, older: frozenset[str]) -> None:
        self.files, self.older = files, older
        self.known: dict[str, Event] = {}
        self.followers = Counter[str]()
        self._waiting: list[tuple[int, str]] = []
        self._seen = set(older)

    def add(self, hashes: Iterable[str]) -> None:
        """Read events, each once."""
        for hash_ in hashes:
            if hash_ not in self._seen:
                self._seen.add(hash_)
                self.known[hash_] = event(self.files, hash_)
                heapq.heappush(self._waiting, (-self.known[hash_].total, hash_))

    def settle(self, total: int) -> None:
        """Read on until all that follows an event of `total` is counted: it holds more."""
        while self._waiting and -self._waiting[0][0] > total:
            one = self.known[heapq.heappop(self._waiting)[1]]
            self.followers.update(one.parents)
            self.add(one.parents)


def _turn(one: Event) -> tuple[int, int, str]:
    moment = int("".join(filter(str.isdigit, one.at)))
    return -moment, -one.total, one.hash


def last_events(files: Files) -> dict[str, tuple[Event, ...]]:
    """Return the last events of each subject; several where branches met since."""
    found: dict[str, tuple[Event, ...]] = {}
    for hashes in tips(files).values():
        for hash_ in hashes:
            one = event(files, hash_)
            found[one.subject] = (*found.get(one.subject, ()), one)
    return found


def names(files: Files) -> dict[str, str]:
    """Return the persons behind all commitments that can still be opened."""
    persons = Persons(files)
    known = (name.removesuffix(".json") for name in files.names(PEOPLE))
    return {one: persons.name(one) for one in known if persons.name(one)}


class Persons:
    """Who is behind a commitment: each opening is read once."""

    def __init__(self, files: Files) -> None:
        self.files = files
        self._known: dict[str, str] = {}

    def name(self, commitment: str) -> str:
        """Return "Name <mail>", "" where the opening is gone or is not the one."""
        if commitment not in self._known:
            content = self.files.read(person_path(commitment)) or b""
            self._known[commitment] = opened(commitment, content)
        return self._known[commitment]
