"""Labels that may be one under two ids: proposed by likeness for a person to declare."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from difflib import SequenceMatcher
from typing import Any

from dvc_labelmeta.diff.operation import Operation, Proposal
from dvc_labelmeta.diff.text import plain, plains

_LIKELY = 0.6  # two definitions of one label share most words; of neighbours about half
_MOST_PAIRS = 10_000  # compared in a second; with more, a list of proposals would help nobody


def proposals(operations: Iterable[Operation]) -> tuple[Proposal, ...]:
    """Return the likeliest pairs of a removed and an added label, best first, each label once."""
    found = tuple(operations)
    gone = {o.ids[0]: o.edits[-1].before for o in found if _whole(o, "LABEL_REMOVED")}
    come = {o.ids[0]: o.edits[-1].after for o in found if _whole(o, "LABEL_ADDED")}
    if len(gone) * len(come) > _MOST_PAIRS:
        return ()
    pairs = (
        Proposal(before, after, round(likeness(gone[before], come[after]), 2))
        for before in gone
        for after in come
    )
    likely = sorted((pair for pair in pairs if pair.likeness >= _LIKELY), key=_best_first)
    chosen: list[Proposal] = []
    for pair in likely:
        if all(pair.previous != c.previous and pair.current != c.current for c in chosen):
            chosen.append(pair)
    return tuple(chosen)


def likeness(before: Mapping[str, Any], after: Mapping[str, Any]) -> float:
    """Return how alike two labels are, 0..1: the mean of names, words that define, and examples.

    Names: Ratcliff and Obershelp's ratio, 1 where one is an alias of the other. Words, examples:
    Dice's coefficient of the two sets, where both labels have some.
    """
    one, two = _names(before), _names(after)
    named = SequenceMatcher(None, before.get("name", one[0]), after.get("name", two[0])).ratio()
    parts = [1.0 if set(one) & set(two) else named]
    for words in (_words, _examples):
        ours, theirs = words(before), words(after)
        if ours and theirs:
            parts.append(2 * len(ours & theirs) / (len(ours) + len(theirs)))
    return sum(parts) / len(parts)


def _whole(operation: Operation, rule: str) -> bool:
    """Tell whether an operation adds or removes a label, not only changes its status."""
    return operation.rule == rule and len(operation.edits[-1].path) == 2


def _best_first(pair: Proposal) -> tuple[float, str, str]:
    return (-pair.likeness, pair.previous, pair.current)


def _names(label: Mapping[str, Any]) -> list[str]:
    names = (label["id"], label.get("name", ""), *label.get("aliases", ()))
    return [name.casefold() for name in names if name]


def _words(label: Mapping[str, Any]) -> frozenset[str]:
    texts = (
        label.get("definition", ""),
        *label.get("use_when", ()),
        *label.get("avoid_when", ()),
    )
    return frozenset(plain(" ".join(texts)).casefold().split())


def _examples(label: Mapping[str, Any]) -> frozenset[str]:
    return plains(label.get("examples", []))
