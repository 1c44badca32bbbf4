"""The end of the ledger, held against nothing yet: its heads, the events before them, and the last
event of each subject. However long the ledger is, as many files are read.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from dvc_labelmeta.errors import UnreadableFile
from dvc_labelmeta.model.event import HEADS, TIPS, Event, event_path
from dvc_labelmeta.model.ledger_facts import LedgerFacts, LedgerFault
from dvc_labelmeta.model.sidecar import Sidecar
from dvc_labelmeta.model.snapshot import Record
from dvc_labelmeta.read.digest import md5_of
from dvc_labelmeta.read.files import MAX_BYTES
from dvc_labelmeta.read.ledger import event, key_of, tips, united
from dvc_labelmeta.read.source import Source

TAIL = 100  # events before the heads that are read on each check; `ledger verify` reads all


def ledger_facts(
    source: Source, sidecars: Iterable[Sidecar], records: Mapping[str, Record]
) -> LedgerFacts | None:
    """Return the end of the ledger; None where the project has none.

    records: what DVC or Git recorded of data, by path.
    """
    heads, known = source.names(HEADS), tips(source)
    if not heads and not known:
        return None
    linked = list(sidecars)
    reader = _Tail(source)
    if not heads:
        reader.fault(HEADS, "names no event, though there are some")
    total = reader.walk(heads)
    last = {}
    for one in linked:
        subject = f"split:{one.split}"
        found = [reader.last(hash_, subject) for hash_ in known.get(key_of(subject), ())]
        last[one.split] = reader.ends([each for each in found if each is not None])
    keys = {key_of(f"split:{split}") for split in last}
    last |= reader.lost({key: hashes for key, hashes in known.items() if key not in keys})
    return LedgerFacts(
        tuple(heads), total, last, tuple(reader.faults), _contents(source, linked, records)
    )


class _Tail:
    """Reads events; each one that is not as it should be becomes a fault, told once."""

    def __init__(self, source: Source) -> None:
        self.source = source
        self.faults: list[LedgerFault] = []
        self.known: dict[str, Event | None] = {}

    def fault(self, path: str, message: str) -> None:
        self.faults.append(LedgerFault(path, message))

    def get(self, hash_: str) -> Event | None:
        if hash_ not in self.known:
            self.known[hash_] = None
            try:
                self.known[hash_] = event(self.source, hash_)
            except UnreadableFile as error:
                self.fault(event_path(hash_), str(error))
        return self.known[hash_]

    def last(self, hash_: str, subject: str) -> Event | None:
        """Return the event that a marker names, if it is about that subject."""
        one = self.get(hash_)
        if one is not None and one.subject != subject:
            self.fault(
                f"{TIPS}/{key_of(subject)}-{hash_}",
                f"names an event about {one.subject} as the last one about {subject}",
            )
            return None
        return one

    def lost(self, known: Mapping[str, Iterable[str]]) -> dict[str, tuple[Event, ...]]:
        """Return the last events of splits that they claim to be linked; known: tips by key."""
        found: dict[str, list[Event]] = {}
        for key, hashes in known.items():
            for one in filter(None, map(self.get, hashes)):
                kind, _, split = one.subject.partition(":")
                if key_of(one.subject) != key:
                    self.fault(f"{TIPS}/{key}-{one.hash}", f"names an event about {one.subject}")
                elif kind == "split":
                    found.setdefault(split, []).append(one)
        ends = {split: self.ends(events) for split, events in found.items()}
        return {split: last for split, last in ends.items() if all(one.claims for one in last)}

    def ends(self, events: list[Event]) -> tuple[Event, ...]:
        """Return those of some events that none of the others follows, as far as was read.

        `git checkout` brings back the marker of an event, and leaves that of the one after it.
        """
        if len(events) < 2:
            return tuple(events)
        queue, passed = [*events], set[str]()
        while queue:
            new = set(queue.pop().parents) - passed
            passed |= new
            queue += [one for hash_ in new if (one := self.known.get(hash_))]
        return tuple(one for one in events if one.hash not in passed)

    def walk(self, heads: list[str]) -> int:
        """Read the last events, newest first; return how many there are in all, 0 if unknown."""
        queue = [one for hash_ in heads if (one := self.get(hash_))]
        for _ in range(TAIL):
            if not queue:
                break
            queue.sort(key=lambda one: (one.total, one.hash))
            one = queue.pop()
            parents = [(hash_, hash_ in self.known, self.get(hash_)) for hash_ in one.parents]
            self._counted(one, [parent for _, _, parent in parents])
            queue += [parent for _, seen, parent in parents if parent and not seen]
        try:
            ends = [one for hash_ in heads if (one := self.known[hash_])]
            return united(self.source, ends) if len(ends) == len(heads) else 0
        except UnreadableFile:
            return 0  # the fault was told, or is too far back for a check

    def _counted(self, one: Event, parents: list[Event | None]) -> None:
        before = max((parent.total for parent in parents if parent), default=0)
        exact = len(parents) <= 1 and None not in parents
        if one.total <= before or (exact and one.total != before + 1):
            self.fault(
                event_path(one.hash), f"says it is event {one.total}, but {before} come before it"
            )


def _contents(
    source: Source, sidecars: Iterable[Sidecar], records: Mapping[str, Record]
) -> dict[tuple[str, str], Mapping[str, str]]:
    """Return what is known of the records of each layer: from DVC's record, or from Git's index."""
    paths = {
        (one.split, layer.name): path
        for one in sidecars
        for layer in one.layers
        if (path := one.records(layer))
    }
    in_git = [path for path in paths.values() if path not in records and path in source.index]
    dirty = source.dirty(in_git, staged=False)
    found: dict[tuple[str, str], Mapping[str, str]] = {}
    for key, path in paths.items():
        if path in records:
            found[key] = {"md5": records[path].value} if records[path].value else {}
        elif path in source.index and path not in dirty:
            found[key] = {"git": source.index[path].object}
        else:
            found[key] = _on_disk(source, path)
    return found


def _on_disk(source: Source, path: str) -> dict[str, str]:
    """Return the hash of a small file that Git does not hold as it is."""
    try:
        content = source.read(path, MAX_BYTES)
    except UnreadableFile:
        return {}
    if content is None:
        return {}
    return {"md5": md5_of(content)}
