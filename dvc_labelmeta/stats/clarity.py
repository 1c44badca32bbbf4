"""What each item contributes to a measure of agreement, and what a difference of it says."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from dvc_labelmeta.stats.difference import ALPHA, RATIO, Difference, Statistic, Unit
from dvc_labelmeta.stats.scale import observed
from dvc_labelmeta.stats.votes import Pattern, Value, against_rest, size

CLEARER, LESS_CLEAR, CANNOT_TELL = "clearer", "less clear", "cannot tell"


def verdict(apart: Difference) -> str:
    """Return what the interval of a difference in disagreement says, and nothing but it."""
    return {1: LESS_CLEAR, -1: CLEARER, 0: CANNOT_TELL}[apart.sign]


def fell(metric: str, difference: Difference) -> bool:
    """Whether a metric got worse: dispute rose, any other fell."""
    return difference.sign == (1 if metric == "dispute" else -1)


def apart(pattern: Pattern) -> Unit:
    """Return (share of pairs of labels that differ, 1); its mean is 1 - percent agreement."""
    number = size(pattern)
    return (observed(pattern, None) / number, 1.0) if number > 1 else (0.0, 0.0)


def apart_on(pattern: Pattern, label: Value) -> Unit:
    """Return (sum over those who gave a label of the share of others who did not, who gave it).

    The ratio of the sums is 1 - specific agreement, see `stats.agreement`.
    """
    number, given = size(pattern), dict(pattern).get(label, 0)
    return (given * (number - given) / (number - 1), float(given)) if number > 1 else (0.0, 0.0)


def together(pattern: Pattern) -> Unit:
    """Return (share of pairs of labels that agree, 1), whose mean is percent agreement."""
    differ, counted = apart(pattern)
    return counted - differ, counted


def together_on(pattern: Pattern, label: Value) -> Unit:
    """Return what specific agreement on a label is made of."""
    differ, given = apart_on(pattern, label)
    return given - differ, given


def disputed(pattern: Pattern) -> Unit:
    """Return (1 where not all labels agree, 1): the mean is the dispute of a dispersion."""
    return (float(len(pattern) > 1), 1.0) if size(pattern) > 1 else (0.0, 0.0)


def disputed_on(pattern: Pattern, label: Value) -> Unit:
    """Return (1 where only some gave the label, 1); nothing for an item where nobody did."""
    given = dict(pattern).get(label, 0)
    return (float(given < size(pattern)), 1.0) if given and size(pattern) > 1 else (0.0, 0.0)


def measure(metric: str, label: Value | None) -> tuple[Statistic, Callable[[Any], Any]]:
    """Return the statistic of a metric, and what an item is to it.

    label: only agreement on that label counts: alpha of it against the rest, specific agreement,
    dispute among items where somebody gave it. For `confidence` an item is (sum, votes) already.
    """
    if metric == "alpha":
        return ALPHA, lambda pattern: pattern if label is None else _split(pattern, label)
    if metric == "confidence":
        return RATIO, lambda unit: unit
    whole, one = {"percent": (together, together_on), "dispute": (disputed, disputed_on)}[metric]
    return RATIO, whole if label is None else lambda pattern: one(pattern, label)


def _split(pattern: Pattern, label: Value) -> Pattern:
    return next(iter(against_rest({pattern: 1}, label)))
