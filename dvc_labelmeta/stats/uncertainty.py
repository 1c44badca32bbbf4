"""How unsure labels are: what annotators said of it, and what their disagreement shows."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import NamedTuple

from dvc_labelmeta.stats.votes import Pattern, Refusal, Votes, pairable, size

QUANTILES = (0.0, 0.25, 0.5, 0.75, 1.0)
NOT_ASKED = Refusal("no record has a confidence")


class Distribution(NamedTuple):
    """known, unknown: labels with and without a confidence; quantiles: at QUANTILES."""

    known: int
    unknown: int
    mean: float
    quantiles: tuple[float, ...]

    @property
    def unknown_share(self) -> float:
        """The share of labels of which nobody said how sure they are."""
        return self.unknown / (self.known + self.unknown)


class Dispersion(NamedTuple):
    """Of items with two labels or more. dispute: the share on which not all agree.

    entropy: the mean over items of the entropy of their labels, in bits; ties: the share without
    one most frequent label.
    """

    items: int
    dispute: float
    entropy: float
    ties: float


def distribution(counts: Mapping[float | None, int]) -> Distribution | Refusal:
    """Return the distribution of {confidence: labels}; None is "not asked".

    A quantile is the smallest confidence that at least that share of the labels does not exceed
    (type 1 of Hyndman and Fan 1996), so one that was given.
    """
    given = sorted((value, times) for value, times in counts.items() if value is not None)
    known = sum(times for _, times in given)
    if not known:
        return NOT_ASKED
    return Distribution(
        known,
        counts.get(None, 0),
        sum(value * times for value, times in given) / known,
        tuple(_quantile(given, share * known) for share in QUANTILES),
    )


def histogram(counts: Mapping[float | None, int], bins: int = 10) -> tuple[int, ...]:
    """Return how many labels of {confidence: labels} fall into each of `bins` parts of 0..1.

    A part holds its lower end, the last one also 1.
    """
    found = [0] * bins
    for value, times in counts.items():
        if value is not None:
            found[min(int(value * bins), bins - 1)] += times
    return tuple(found)


def _quantile(given: list[tuple[float, int]], place: float) -> float:
    reached, found = 0, given[0][0]
    for value, times in given:
        if reached >= place and reached:
            break
        reached, found = reached + times, value
    return found


def entropy(pattern: Pattern) -> float:
    """Return the entropy of the labels of one item, in bits; C. E. Shannon (1948)."""
    number = size(pattern)
    return -sum(times / number * math.log2(times / number) for _, times in pattern) + 0.0


def dispersion(votes: Votes) -> Dispersion | Refusal:
    """Return how far the labels of an item scatter, over all items with two or more."""
    compared = pairable(votes)
    items = sum(compared.values())
    if not items:
        return Refusal("no item has labels from two annotators")
    apart, bits, ties = 0, 0.0, 0
    for pattern, number in compared.items():
        most = max(times for _, times in pattern)
        apart += number * (len(pattern) > 1)
        ties += number * (sum(times == most for _, times in pattern) > 1)
        bits += number * entropy(pattern)
    return Dispersion(items, apart / items, bits / items, ties / items)
