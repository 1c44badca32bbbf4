"""How far annotators agree, from counts.

Sources of the formulas: J. Cohen (1960), A coefficient of agreement for nominal scales;
J. L. Fleiss (1971), Measuring nominal scale agreement among many raters; K. Krippendorff (2011),
Computing Krippendorff's alpha-reliability; D. V. Cicchetti, A. R. Feinstein (1990), High
agreement but low kappa II (specific agreement).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from itertools import combinations
from typing import Any, NamedTuple

from dvc_labelmeta.stats.bootstrap import Interval, bootstrap
from dvc_labelmeta.stats.scale import NOMINAL, expected, scores
from dvc_labelmeta.stats.votes import (
    Refusal,
    Value,
    Votes,
    against_rest,
    as_numbers,
    pairable,
    size,
    totals,
)

NO_LABELS = Refusal("there is no label")
NO_OVERLAP = Refusal("no item has labels from two annotators")
ONE_ANNOTATOR = Refusal("there is one annotator only")
ONE_VALUE = Refusal("only one label was ever given, so chance agreement is already complete")

UNANIMOUS_FROM = 20  # items without one disagreement: below, that is no surprise


class Agreement(NamedTuple):
    """How far annotators agree on a set of items.

    items, labels: those that can be compared, which are items with two labels or more. percent:
    see `percent_agreement`. interval: of alpha, None where it could not be had. warnings: what
    makes the numbers doubtful.
    """

    items: int
    labels: int
    percent: float | Refusal
    alpha: float | Refusal
    interval: Interval | None
    fleiss: float | Refusal
    warnings: tuple[str, ...]


class LabelAgreement(NamedTuple):
    """How far annotators agree on one label against all others.

    labels: how often it was given. specific: of those who gave it, the share of the item's other
    annotators who gave it too.
    """

    value: Value
    labels: int
    specific: float | Refusal
    alpha: float | Refusal
    interval: Interval | None


def coincidences(votes: Votes) -> dict[tuple[Value, Value], float]:
    """Return {(value, value): weight}: each pair of labels of an item, 1 / (its labels - 1) each.

    Both orders are in it, so it is symmetric, and its sum is the number of pairable labels.
    Krippendorff (2011), section C.
    """
    found: defaultdict[tuple[Value, Value], float] = defaultdict(float)
    for pattern, items in pairable(votes).items():
        weight = items / (size(pattern) - 1)
        for value, times in pattern:
            if times > 1:
                found[value, value] += weight * times * (times - 1)
        for (one, some), (other, more) in combinations(pattern, 2):
            found[one, other] += weight * some * more
            found[other, one] += weight * some * more
    return dict(found)


def alpha_of(counts: Mapping[tuple[Any, Any], float], level: str = NOMINAL) -> float | Refusal:
    """Return Krippendorff's alpha from coincidence counts, 1 - observed / expected disagreement.

    level: nominal, ordinal or interval; values of the last two are numbers.
    """
    given: defaultdict[Value, float] = defaultdict(float)
    for (one, _), weight in counts.items():
        given[one] += weight
    if not given:
        return NO_OVERLAP
    at = scores(given, level)
    if at is None:
        apart = sum(weight for (one, other), weight in counts.items() if one != other)
    else:
        apart = sum(weight * (at[one] - at[other]) ** 2 for (one, other), weight in counts.items())
    chance = expected(given, at)
    return 1 - (sum(given.values()) - 1) * apart / chance if chance else ONE_VALUE


def alpha(votes: Votes, level: str = NOMINAL) -> float | Refusal:
    """Return Krippendorff's alpha of votes; missing labels are simply not there."""
    scaled = _on_scale(votes, level)
    return scaled if isinstance(scaled, Refusal) else alpha_of(coincidences(scaled), level)


def _on_scale(votes: Votes, level: str) -> Votes | Refusal:
    if not totals(votes):
        return NO_LABELS
    return votes if level == NOMINAL else as_numbers(votes)


def percent_agreement(votes: Votes) -> float | Refusal:
    """Return the mean over items of the share of its pairs of labels that agree.

    Fleiss (1971), formula 2 and the mean of it; here items may have different numbers of labels.
    """
    compared = pairable(votes)
    if not compared:
        return NO_OVERLAP
    same = sum(items * _agreeing(pattern) for pattern, items in compared.items())
    return same / sum(compared.values())


def _agreeing(pattern: tuple[tuple[Value, int], ...]) -> float:
    number = size(pattern)
    return sum(times * (times - 1) for _, times in pattern) / (number * (number - 1))


def fleiss_kappa(votes: Votes) -> float | Refusal:
    """Return Fleiss' kappa; all items must have the same number of labels, two or more."""
    same = percent_agreement(votes)
    if isinstance(same, Refusal):
        return same
    if len({size(pattern) for pattern, items in votes.items() if items}) > 1:
        return Refusal("items have different numbers of labels")
    given = totals(votes)
    number = sum(given.values())
    chance = sum((times / number) ** 2 for times in given.values())
    return (same - chance) / (1 - chance) if len(given) > 1 else ONE_VALUE


def cohen_kappa(table: Mapping[tuple[Any, Any], float]) -> float | Refusal:
    """Return Cohen's kappa from {(label of the first, label of the second): items}."""
    first: defaultdict[Value, float] = defaultdict(float)
    second: defaultdict[Value, float] = defaultdict(float)
    for (one, other), items in table.items():
        first[one] += items
        second[other] += items
    number = sum(first.values())
    if not number:
        return Refusal("the two annotators have no item in common")
    same = sum(items for (one, other), items in table.items() if one == other) / number
    chance = sum(first[value] * second.get(value, 0) for value in first) / number**2
    return (same - chance) / (1 - chance) if chance < 1 else ONE_VALUE


def agreement(
    votes: Votes, level: str = NOMINAL, *, annotators: int | None = None, resamples: int = 1000
) -> Agreement:
    """Return all of it for a set of items, with what makes it doubtful.

    annotators: how many there are, where known, so that a refusal can name the reason.
    """
    compared = pairable(votes)
    scaled = _on_scale(votes, level)
    value: float | Refusal
    interval = None
    if isinstance(scaled, Refusal):
        value = scaled
    else:
        value = alpha_of(coincidences(scaled), level)
        if not isinstance(value, Refusal):
            interval = bootstrap(pairable(scaled), level, resamples)
    if annotators == 1 and value is NO_OVERLAP:
        value = ONE_ANNOTATOR
    return Agreement(
        sum(compared.values()),
        sum(size(pattern) * items for pattern, items in compared.items()),
        percent_agreement(votes),
        value,
        interval,
        fleiss_kappa(votes),
        _warnings(compared, value, interval),
    )


def _warnings(
    compared: Votes, value: float | Refusal, interval: Interval | None
) -> tuple[str, ...]:
    found = []
    items = sum(compared.values())
    if items >= UNANIMOUS_FROM and all(len(pattern) == 1 for pattern in compared):
        found.append(
            f"suspicious unanimity: no disagreement on any of {items} items; "
            "were the labels copied, or made together?"
        )
    if interval is not None and not isinstance(value, Refusal):
        if interval.low <= 0 <= interval.high:
            found.append("noise: the interval of alpha holds 0, which is agreement by chance")
        elif interval.high < 0:
            found.append(
                "annotators disagree more than by chance: do they read a label oppositely?"
            )
    return tuple(found)


def per_label(votes: Votes, *, resamples: int = 1000) -> tuple[LabelAgreement, ...]:
    """Return the agreement on each label against the rest, the most given label first."""
    found = []
    for value, labels in totals(votes).items():
        split = against_rest(votes, value)
        counts = coincidences(split)
        given = counts.get((True, True), 0.0) + counts.get((True, False), 0.0)
        one = alpha(split)
        found.append(
            LabelAgreement(
                value,
                labels,
                counts.get((True, True), 0.0) / given if given else NO_OVERLAP,
                one,
                None
                if isinstance(one, Refusal)
                else bootstrap(pairable(split), NOMINAL, resamples),
            )
        )
    return tuple(found)


def consistency(repeated: Votes) -> float | Refusal:
    """Return how often annotators agree with themselves: the share of agreeing pairs of labels.

    repeated: votes where a pattern is what one annotator gave one item, several times.
    """
    found = percent_agreement(repeated)
    return Refusal("no annotator labelled an item twice") if isinstance(found, Refusal) else found
