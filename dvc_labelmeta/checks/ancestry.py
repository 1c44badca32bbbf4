"""Which event is before which: places in chains, so that no ancestry is ever written out."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from types import MappingProxyType
from typing import NamedTuple

from dvc_labelmeta.model.event import Event

_NONE: Mapping[int, int] = MappingProxyType({})


class Node(NamedTuple):
    """Where an event stands: at a place of a chain, each event of which is before the next one.

    base: the last place of each chain that is before it, its own chain's left out or out of date;
    shared by all events of a run. total: the events of its history, with itself. whole: none is
    missing there.
    """

    chain: int
    place: int
    base: Mapping[int, int]
    total: int
    whole: bool

    def holds(self, other: Node) -> bool:
        """Whether another event is this one or before it."""
        if other.chain == self.chain:
            return other.place <= self.place
        return self.base.get(other.chain, -1) >= other.place


def ordered(events: Mapping[str, Event]) -> Iterator[Event]:
    """Yield the events, parents before children; always in the same order."""
    done: set[str] = set()
    for first in sorted(events.values(), key=lambda one: (one.total, one.hash)):
        if len(first.parents) == 1 and first.parents[0] in done and first.hash not in done:
            done.add(first.hash)
            yield first  # nearly all are so
            continue
        waiting = [first]
        while waiting:
            one = waiting[-1]
            before = [hash_ for hash_ in one.parents if hash_ in events and hash_ not in done]
            if before:
                waiting += (events[hash_] for hash_ in before)
                continue
            waiting.pop()
            if one.hash not in done:
                done.add(one.hash)
                yield one


def ancestry(
    events: Mapping[str, Event], verified: Mapping[str, int] = MappingProxyType({})
) -> dict[str, Node]:
    """Return where each event stands, parents before children.

    verified: how many events the history of one holds, if that is known and is not looked at; all
    others follow it.

    As many chains as branches were ever open at once, or little more: the time is that of reading
    the events, times the chains only where branches begin and meet.
    """
    nodes: dict[str, Node] = {}
    lengths: list[int] = []
    for one in ordered(events):
        if one.hash in verified:  # as good as the end of one chain
            lengths.append(verified[one.hash])
            end = lengths[-1]
            nodes[one.hash] = Node(len(lengths) - 1, end - 1, _NONE, end, whole=True)
            continue
        parents = [nodes[hash_] for hash_ in one.parents if hash_ in nodes]
        whole = len(parents) == len(one.parents) and all(node.whole for node in parents)
        if len(parents) == 1 and lengths[parents[0].chain] == parents[0].place + 1:
            chain, place, base, total, _ = parents[0]
            lengths[chain] += 1
            nodes[one.hash] = Node(chain, place + 1, base, total + 1, whole)
            continue
        base = _joined(parents)
        chain = next((c for c, place in base.items() if lengths[c] == place + 1), len(lengths))
        if chain == len(lengths):
            lengths.append(0)
        nodes[one.hash] = Node(chain, lengths[chain], base, united(parents) + 1, whole)
        lengths[chain] += 1
    return nodes


def united(nodes: Sequence[Node]) -> int:
    """Return how many events the histories of some events hold together."""
    base = _joined(nodes)
    return sum(base.values()) + len(base)


def _joined(parents: Sequence[Node]) -> Mapping[int, int]:
    """Return the last place of each chain that any of the parents is at or after."""
    found: dict[int, int] = {}
    for node in parents:
        for chain, place in (*node.base.items(), (node.chain, node.place)):
            found[chain] = max(place, found.get(chain, -1))
    return found or _NONE


def is_redundant(one: Event, nodes: Mapping[str, Node]) -> bool:
    """Whether an event names a parent that another one of its parents has before it already."""
    known = [nodes[hash_] for hash_ in one.parents if hash_ in nodes]
    return len(known) > 1 and any(a is not b and a.holds(b) for a in known for b in known)
