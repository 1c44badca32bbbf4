"""The interval of alpha: items drawn anew with replacement, from counts, with a fixed seed.

A resample of items is a multinomial draw of the counts of the patterns, so that its cost is the
number of patterns, not of items. B. Efron (1979), Bootstrap methods. Where there are more
patterns than MANY, so that there are thousands of items, the sums that nominal alpha is made of
are drawn from the normal distribution that the bootstrap sums have in the limit.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterator
from random import Random
from typing import Any, NamedTuple

from dvc_labelmeta.stats.scale import NOMINAL, ORDINAL, expected, observed, scores
from dvc_labelmeta.stats.votes import Pattern, Votes, size, totals

SEED = 20260105
MANY = 1000


class Interval(NamedTuple):
    """The middle 95 % of resamples. method: "items" drawn anew, or their "normal" limit.

    dropped: resamples with one value only, in which alpha is undefined.
    """

    low: float
    high: float
    method: str = "items"
    dropped: int = 0


def bootstrap(votes: Votes, level: str = NOMINAL, resamples: int = 1000) -> Interval | None:
    """Return the percentile interval of alpha of pairable votes; the same votes, the same interval.

    None: no resamples were asked for, all were undefined, there is one item, which always comes
    out the same, or another scale than the nominal one has more than MANY patterns.
    """
    ordered = sorted(votes.items())
    if sum(votes.values()) == 1:
        return None
    if len(ordered) <= MANY:
        found, method = list(_by_items(ordered, level, resamples)), "items"
    elif level == NOMINAL:
        found, method = list(_by_limit(ordered, resamples)), "normal"
    else:
        return None
    if not found:
        return None
    found.sort()
    return Interval(quantile(found, 0.025), quantile(found, 0.975), method, resamples - len(found))


def quantile(ordered: list[float], share: float) -> float:
    """Return a quantile of sorted numbers, linear between them (type 7 of Hyndman, Fan 1996)."""
    place = share * (len(ordered) - 1)
    below = math.floor(place)
    above = min(below + 1, len(ordered) - 1)
    return ordered[below] + (place - below) * (ordered[above] - ordered[below])


def _by_items(ordered: list[tuple[Pattern, int]], level: str, resamples: int) -> Iterator[float]:
    random = Random(SEED)  # noqa: S311  # no secret: the same draw each time is what is wanted
    patterns = [pattern for pattern, _ in ordered]
    counts = [items for _, items in ordered]
    at = scores(totals(dict(ordered)), level)
    apart = [observed(pattern, at) for pattern in patterns]
    for _ in range(resamples):
        drawn = multinomial(counts, random)
        given: defaultdict[Any, int] = defaultdict(int)
        for pattern, items in zip(patterns, drawn, strict=True):
            if items:
                for value, times in pattern:
                    given[value] += times * items
        if level == ORDINAL:  # mid-ranks are of the labels in the resample
            at = scores(given, level)
            apart = [
                observed(pattern, at) if items else 0.0
                for pattern, items in zip(patterns, drawn, strict=True)
            ]
        chance = expected(given, at)
        if chance:
            seen = sum(map(float.__mul__, apart, map(float, drawn)))
            yield 1 - (sum(given.values()) - 1) * seen / chance


def multinomial(counts: list[int], random: Random) -> list[int]:
    """Return how often each kind comes up in sum(counts) draws with probabilities as counts."""
    left = total = sum(counts)
    found = []
    for items in counts:
        drawn = binomial(left, items / total, random) if total > items else left
        found.append(drawn)
        left -= drawn
        total -= items
    return found


def binomial(number: int, chance: float, random: Random) -> int:
    """Return the successes in `number` trials.

    Few expected: waiting times (L. Devroye 1986, X.4.2). Many: transformed rejection with the
    squeeze (W. Hörmann 1993, algorithm BTRS).
    """
    if chance > 0.5:
        return number - binomial(number, 1 - chance, random)
    if number * chance < 10:
        return _by_waiting(number, chance, random)
    return _by_rejection(number, chance, random)


def _by_waiting(number: int, chance: float, random: Random) -> int:
    found, place = -1, 0
    rate = math.log1p(-chance)
    while place <= number:
        found += 1
        place += math.floor(math.log(1 - random.random()) / rate) + 1 if rate else number + 1
    return found


def _by_rejection(number: int, chance: float, random: Random) -> int:
    spread = math.sqrt(number * chance * (1 - chance))
    b = 1.15 + 2.53 * spread
    a = -0.0873 + 0.0248 * b + 0.01 * chance
    middle = number * chance + 0.5
    squeeze = 0.92 - 4.2 / b
    while True:
        u = random.random() - 0.5
        v = 1 - random.random()
        near = 0.5 - abs(u)
        found = math.floor((2 * a / near + b) * u + middle) if near else -1
        if near >= 0.07 and v <= squeeze:
            return found
        if 0 <= found <= number:
            v *= (2.83 + 5.1 / b) * spread / (a / near**2 + b)
            if math.log(v) <= _log_ratio(found, number, chance):
                return found


def _log_ratio(found: int, number: int, chance: float) -> float:
    """Return the logarithm of P(found) / P(mode)."""
    mode = math.floor((number + 1) * chance)
    return (
        math.lgamma(mode + 1)
        + math.lgamma(number - mode + 1)
        - math.lgamma(found + 1)
        - math.lgamma(number - found + 1)
        + (found - mode) * math.log(chance / (1 - chance))
    )


def _by_limit(ordered: list[tuple[Pattern, int]], resamples: int) -> Iterator[float]:
    """Yield nominal alphas from sums (disagreement, labels, chance), drawn as normal.

    Chance, the sum over items of n_c times n_ic, is the linear part of the sum of n_c squared;
    what is left out is of the order of 1 / items of it.
    """
    given = totals(dict(ordered))
    rows = []
    for pattern, items in ordered:
        chance = sum(given[value] * times for value, times in pattern)
        rows.append((items, (observed(pattern, None), float(size(pattern)), float(chance))))
    number = sum(items for items, _ in rows)
    means = [sum(items * row[i] for items, row in rows) / number for i in range(3)]
    spread = [
        [sum(n * (row[i] - means[i]) * (row[j] - means[j]) for n, row in rows) for j in range(3)]
        for i in range(3)
    ]
    root = _root(spread)
    random = Random(SEED)  # noqa: S311  # as above
    squares = sum(times**2 for times in given.values())
    for _ in range(resamples):
        z = [random.gauss(0, 1) for _ in range(3)]
        seen, labels, chance_sum = (
            number * means[i] + sum(root[i][j] * z[j] for j in range(i + 1)) for i in range(3)
        )
        yield 1 - (labels - 1) * seen / (labels**2 - (2 * chance_sum - squares))


def _root(matrix: list[list[float]]) -> list[list[float]]:
    """Return the lower Cholesky factor of a matrix that may be singular (a constant, say)."""
    side = len(matrix)
    found = [[0.0] * side for _ in range(side)]
    for i in range(side):
        for j in range(i + 1):
            left = matrix[i][j] - sum(found[i][k] * found[j][k] for k in range(j))
            if i == j:
                found[i][i] = math.sqrt(left) if left > 1e-12 * matrix[i][i] else 0.0
            elif found[j][j]:
                found[i][j] = left / found[j][j]
    return found
