"""How far a number differs between two sets of labels, with an interval: items drawn anew.

An item is drawn together with its labels on both sides, so that items labelled on both stay
pairs and all others are independent samples: B. Efron, R. J. Tibshirani (1993), An Introduction
to the Bootstrap, sections 8.3 and 13.3 (percentile interval). Several comparisons share one error
rate: each interval covers 1 - 0.05 / comparisons (O. J. Dunn 1961, Multiple comparisons among
means; Bonferroni), so that all of them hold together in 95 of 100 studies.

Items that agree by luck would have an interval without width, so resamples are drawn from the items
and, on each side, one more like the most and one like the least agreeing item of either side: what
A. Agresti, B. Caffo (2000), Simple and effective confidence intervals for proportions, add to
counts. Beyond MANY kinds of items the interval is the normal limit, with the standard error from
the influence of each item (F. R. Hampel 1974, The influence curve).
"""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Callable, Mapping, Sequence
from random import Random
from statistics import NormalDist
from typing import Any, NamedTuple

from dvc_labelmeta.stats.agreement import ONE_VALUE
from dvc_labelmeta.stats.bootstrap import MANY, SEED, Interval, multinomial, quantile
from dvc_labelmeta.stats.scale import observed
from dvc_labelmeta.stats.votes import Pattern, Refusal, size

LEAST = 20  # items: with fewer, even a set without one dispute proves little
ERROR = 0.05
RESAMPLES = 2000
BEYOND = 10  # how many resamples shall lie beyond each end of an interval

Unit = tuple[float, float]
Cell = tuple[tuple[Any, Any], int]
Cells = Mapping[tuple[Any, Any], int]
Rows = Sequence[Any]
Counts = Sequence[int]


class Statistic(NamedTuple):
    """A number of a set of items, where each item is given as what it contributes.

    holds: whether an item says anything. rank: sorts those that do. of: for items, the function
    from how often each was drawn to the number, None where it is undefined. influence: how far
    each moves the number.
    """

    holds: Callable[[Any], bool]
    rank: Callable[[Any], float]
    of: Callable[[Rows], Callable[[Counts], float | None]]
    influence: Callable[[Rows, Counts], list[float]]


class Estimate(NamedTuple):
    """A number of one set of items; interval: of 95 %, None where no resample defined it."""

    value: float
    interval: Interval | None
    items: int


class Faced(NamedTuple):
    """What can be compared; items: before and after. paired: they are the same items."""

    kept: list[Cell]
    items: tuple[int, int]
    paired: bool


class Difference(NamedTuple):
    """Two numbers, and the interval of after - before.

    items: before and after. paired: they are the same items; others are left out.
    """

    before: float
    after: float
    interval: Interval
    items: tuple[int, int]
    paired: bool

    @property
    def sign(self) -> int:
        """1 where the number rose, -1 where it fell, 0 where the interval cannot tell."""
        return (self.interval.low > 0) - (self.interval.high < 0)


def estimate(units: Mapping[Any, int], statistic: Statistic) -> Estimate | Refusal:
    """Return the number for {what an item contributes: items}, refused for less than LEAST."""
    held = sorted((unit, items) for unit, items in units.items() if statistic.holds(unit))
    rows, counts = [unit for unit, _ in held], [items for _, items in held]
    if sum(counts) < LEAST:
        return Refusal(f"{sum(counts)} items can be compared; fewer than {LEAST} prove little")
    value = statistic.of(rows)
    found = value(counts)
    if found is None:
        return ONE_VALUE
    interval = _interval(value, lambda: statistic.influence(rows, counts), counts, 1)
    return Estimate(found, interval, sum(counts))


def face(cells: Cells, statistic: Statistic) -> Faced | Refusal:
    """Return what can be compared of {(what an item contributes before, after): items}.

    An item that has no labels on a side contributes nothing there. Items on both sides are
    compared with themselves where there are LEAST of them, else all count as different items.
    """
    holds = statistic.holds
    both = {cell: items for cell, items in cells.items() if holds(cell[0]) and holds(cell[1])}
    every = {cell: items for cell, items in cells.items() if holds(cell[0]) or holds(cell[1])}
    paired = sum(both.values()) >= LEAST
    kept = sorted((both if paired else every).items())
    before, after = (sum(n for cell, n in kept if holds(cell[side])) for side in (0, 1))
    if min(before, after) < LEAST:
        return Refusal(
            f"{before} items before and {after} after can be compared; "
            f"fewer than {LEAST} prove little"
        )
    return Faced(kept, (before, after), paired)


def compare(faced: Faced, statistic: Statistic, comparisons: int = 1) -> Difference | Refusal:
    """Return how a number differs; comparisons: how many are made in all, see the module."""
    counts = [items for _, items in faced.kept]
    before, after = (
        statistic.of([cell[side] for cell, _ in faced.kept])(counts) for side in (0, 1)
    )
    if before is None or after is None:
        return ONE_VALUE
    many = len(faced.kept) > MANY
    drawn = faced.kept if many else faced.kept + _extremes(faced, statistic)
    interval = _interval_of_difference(drawn, statistic, comparisons)
    if interval is None:
        return ONE_VALUE
    return Difference(before, after, interval, faced.items, faced.paired)


def _extremes(faced: Faced, statistic: Statistic) -> list[Cell]:
    """Return one more item of most and one of least agreement for each side."""
    held = [unit for cell, _ in faced.kept for unit in cell if statistic.holds(unit)]
    low, high = min(held, key=statistic.rank), max(held, key=statistic.rank)
    if faced.paired:
        return [((low, high), 1), ((high, low), 1)]
    none = next(unit for cell, _ in faced.kept for unit in cell if not statistic.holds(unit))
    return [((low, none), 1), ((high, none), 1), ((none, low), 1), ((none, high), 1)]


def _interval_of_difference(
    kept: Sequence[Cell], statistic: Statistic, comparisons: int
) -> Interval | None:
    counts = [items for _, items in kept]
    units = [[cell[side] for cell, _ in kept] for side in (0, 1)]
    before, after = map(statistic.of, units)

    def apart(drawn: Counts) -> float | None:
        was, became = before(drawn), after(drawn)
        return None if was is None or became is None else became - was

    def influence() -> list[float]:
        was, became = (statistic.influence(rows, counts) for rows in units)
        return [y - x for x, y in zip(was, became, strict=True)]

    return _interval(apart, influence, counts, comparisons)


def _interval(
    value: Callable[[Counts], float | None],
    influence: Callable[[], list[float]],
    counts: list[int],
    comparisons: int,
) -> Interval | None:
    tail = ERROR / comparisons / 2
    if len(counts) > MANY:
        found = value(counts) or 0.0
        wide = NormalDist().inv_cdf(1 - tail) * _standard_error(influence(), counts)
        return Interval(found - wide, found + wide, "normal")
    random = Random(SEED)  # noqa: S311  # no secret: the same draw each time is what is wanted
    resamples = max(RESAMPLES, math.ceil(BEYOND / tail))
    drawn = (value(multinomial(counts, random)) for _ in range(resamples))
    kept = sorted(one for one in drawn if one is not None)
    if not kept:
        return None
    ends = quantile(kept, tail), quantile(kept, 1 - tail)
    return Interval(*ends, "items", resamples - len(kept))


def _standard_error(influence: Sequence[float], counts: Counts) -> float:
    mean = _product(influence, counts) / sum(counts)
    return math.sqrt(_product([(one - mean) ** 2 for one in influence], counts))


def _product(numbers: Sequence[float], counts: Counts) -> float:
    return sum(map(float.__mul__, numbers, map(float, counts)))


def _weighs(unit: Unit) -> bool:
    return unit[1] > 0


def _share(unit: Unit) -> float:
    return unit[0] / unit[1]


def _ratio(rows: Rows) -> Callable[[Counts], float | None]:
    above, below = [unit[0] for unit in rows], [unit[1] for unit in rows]

    def value(drawn: Counts) -> float | None:
        weight = _product(below, drawn)
        return _product(above, drawn) / weight if weight else None

    return value


def _ratio_influence(rows: Rows, counts: Counts) -> list[float]:
    weight = _product([below for _, below in rows], counts)
    mean = _product([above for above, _ in rows], counts) / weight
    return [(above - mean * below) / weight for above, below in rows]


class _Kept(NamedTuple):
    """A pattern of two labels or more; at: its place, within: its disagreement."""

    at: int
    pattern: Pattern
    within: float


def _compares(pattern: Pattern) -> bool:
    return size(pattern) > 1


def _dispute(pattern: Pattern) -> float:
    return observed(pattern, None) / size(pattern)


def _kept(rows: Rows) -> list[_Kept]:
    return [
        _Kept(at, pattern, observed(pattern, None))
        for at, pattern in enumerate(rows)
        if _compares(pattern)
    ]


def _sums(kept: Sequence[_Kept], drawn: Counts) -> tuple[Mapping[Any, int], float, float]:
    """Return how often each label was given, disagreement within items, and of all pairs."""
    given: defaultdict[Any, int] = defaultdict(int)
    within = 0.0
    for one in kept:
        if times := drawn[one.at]:
            within += one.within * times
            for label, labels in one.pattern:
                given[label] += labels * times
    number = sum(given.values())
    return given, within, float(number**2 - sum(labels**2 for labels in given.values()))


def _alpha(rows: Rows) -> Callable[[Counts], float | None]:
    kept = _kept(rows)

    def value(drawn: Counts) -> float | None:
        given, within, chance = _sums(kept, drawn)
        return 1 - (sum(given.values()) - 1) * within / chance if chance else None

    return value


def _alpha_influence(rows: Rows, counts: Counts) -> list[float]:
    """The differential of 1 - (n - 1) D / C, where n, D and C are sums over items."""
    kept = _kept(rows)
    given, within, chance = _sums(kept, counts)
    number = sum(given.values())
    found = [0.0] * len(rows)
    for one in kept:
        labels = size(one.pattern)
        pairs = 2 * (number * labels - sum(given[label] * times for label, times in one.pattern))
        found[one.at] = (
            -(labels * within + (number - 1) * one.within) / chance
            + (number - 1) * within * pairs / chance**2
        )
    return found


RATIO = Statistic(_weighs, _share, _ratio, _ratio_influence)
ALPHA = Statistic(_compares, _dispute, _alpha, _alpha_influence)


def sides(cells: Cells, unit: Callable[[Any], Any]) -> Counter[tuple[Any, Any]]:
    """Return cells with each side made into what it contributes; equal ones are merged."""
    found: Counter[tuple[Any, Any]] = Counter()
    for (before, after), items in cells.items():
        found[unit(before), unit(after)] += items
    return found
