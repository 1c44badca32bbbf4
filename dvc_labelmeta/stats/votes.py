"""The counts that agreement is computed from: how many items got which labels how often.

A pattern is what one item got: ((value, times), ...), by value, each value once. Votes map a
pattern to the number of items that got just that, so a million labels are a few hundred counts.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable, Iterable, Mapping
from typing import Any, NamedTuple, TypeAlias

Value: TypeAlias = Hashable
Pattern: TypeAlias = tuple[tuple[Any, int], ...]
Votes: TypeAlias = Mapping[Pattern, int]


class Refusal(NamedTuple):
    """Why there is no number: it would mean nothing."""

    reason: str


def votes_of(items: Iterable[Iterable[Value]]) -> dict[Pattern, int]:
    """Return the votes for items, each given as the labels it got (None = no label)."""
    found: Counter[Pattern] = Counter()
    for labels in items:
        given: Counter[Any] = Counter(label for label in labels if label is not None)
        if given:
            found[tuple(sorted(given.items()))] += 1
    return dict(found)


def size(pattern: Pattern) -> int:
    """Return how many labels an item of this pattern has."""
    return sum(times for _, times in pattern)


def pairable(votes: Votes) -> dict[Pattern, int]:
    """Return the votes for items with two labels or more; the others say nothing of agreement."""
    return {pattern: items for pattern, items in votes.items() if items and size(pattern) > 1}


def totals(votes: Votes) -> dict[Value, int]:
    """Return how often each value was given, most often first."""
    found: Counter[Value] = Counter()
    for pattern, items in votes.items():
        for value, times in pattern:
            found[value] += times * items
    return dict(sorted(found.items(), key=lambda pair: (-pair[1], str(pair[0]))))


def against_rest(votes: Votes, value: Value) -> dict[Pattern, int]:
    """Return the votes with all values but one taken as one: True is that value, False the rest."""
    found: Counter[Pattern] = Counter()
    for pattern, items in votes.items():
        yes = sum(times for other, times in pattern if other == value)
        no = size(pattern) - yes
        found[tuple(pair for pair in ((False, no), (True, yes)) if pair[1])] += items
    return dict(found)


def as_numbers(votes: Votes) -> dict[Pattern, int] | Refusal:
    """Return the votes with values as numbers, as ordinal and interval scales need them."""
    found: Counter[Pattern] = Counter()
    for pattern, items in votes.items():
        try:
            merged: Counter[float] = Counter()
            for value, times in pattern:
                merged[float(value)] += times
        except (TypeError, ValueError):
            return Refusal(f"the label {value!r} is no number, so labels have no order")
        if not all(abs(number) < 1e150 for number in merged):
            return Refusal("labels that are infinite or no numbers have no distance")
        found[tuple(sorted(merged.items()))] += items
    return dict(found)
