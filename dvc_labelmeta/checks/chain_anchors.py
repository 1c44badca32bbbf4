"""Whether the ledger still holds what was written down elsewhere of how far it went."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping

from dvc_labelmeta.checks.ancestry import Node, united
from dvc_labelmeta.model.anchor import Anchor
from dvc_labelmeta.model.chain import Breach
from dvc_labelmeta.model.event import EVENTS, HEADS

_ASK = "ask who made it; fetch what others have (git fetch --tags), and compare"
_LOST = (
    "is not in this ledger: later events were cut off, history was rewritten, or this branch does "
    "not hold it yet"
)


def of_anchors(anchors: Iterable[Anchor], nodes: Mapping[str, Node]) -> Iterator[Breach]:
    """Yield which anchors the ledger does not bear out."""
    for one in anchors:
        yield from _of(one, nodes)


def _of(one: Anchor, nodes: Mapping[str, Node]) -> Iterator[Breach]:
    name = _name(one)
    if one.fault:
        yield Breach("unusable-anchor", "error", one.name, f"{name}: {one.fault}", _ASK)
        return
    if one.held is not None and one.held != one.heads:
        message = (
            f"{name} names heads that its commit {one.commit[:12]} does not have: it was moved"
        )
        yield Breach("anchor-mismatch", "error", one.name, message, _ASK)
    for hash_ in one.heads:
        if hash_ not in nodes:
            message = f"{name} names event {hash_[:12]}, which {_LOST}"
            yield Breach("lost-head", "error", one.name, message, _ASK, hash_)
    known = [nodes[hash_] for hash_ in one.heads if hash_ in nodes]
    if len(known) == len(one.heads) and united(known) != one.total:
        message = f"{name} says {one.total} events, the history of its heads holds {united(known)}"
        yield Breach("anchor-mismatch", "error", one.name, message, _ASK)


def _name(one: Anchor) -> str:
    return f"{one.kind} {one.name[:12] if one.kind == 'trailer' else one.name}"


def of_expected(expected: str, nodes: Iterable[str]) -> Iterator[Breach]:
    """Yield that no event has the hash, or its beginning, that somebody wrote down."""
    if expected and not any(hash_.startswith(expected) for hash_ in nodes):
        message = f"event {expected[:12]} {_LOST}"
        yield Breach("lost-head", "error", EVENTS, message, _ASK, expected)


def of_count(least: int, total: int) -> Iterator[Breach]:
    """Yield that there are fewer events than somebody counted."""
    if total < least:
        message = f"holds {total} events, at least {least} were expected: some are missing"
        yield Breach("too-few-events", "error", EVENTS, message, _ASK)


def is_signed(one: Anchor) -> bool:
    """Whether somebody who is known here has signed an anchor that can be used."""
    return one.signature == "good" and not one.fault


def of_signatures(
    anchors: Collection[Anchor], wrong: Collection[str], total: int
) -> Iterator[Breach]:
    """Yield bad signatures, and that no good one covers all events: asked with --signed.

    wrong: the names of anchors that the ledger does not bear out.
    """
    for one in anchors:
        if one.signature == "bad":
            message = f"{_name(one)} has a signature that does not fit what it says"
            yield Breach("bad-signature", "error", one.name, message, _ASK)
    held = [one.total for one in anchors if is_signed(one) and one.name not in wrong]
    fix = "labelmeta ledger anchor, with a signature"
    if not held:
        message = "no anchor has a signature of somebody whose key is known here"
        yield Breach("unsigned", "error", HEADS, message, fix)
    elif after := total - max(held):
        some = "event comes" if after == 1 else "events come"
        message = f"{after} {some} after the last signature"
        yield Breach("unsigned", "warning", HEADS, message, fix)
