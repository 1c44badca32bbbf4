"""How far two values are apart on a scale: nominal, ordinal or interval.

Krippendorff's ordinal distance of c and k, (sum of n_g from c to k) - (n_c + n_k) / 2, is the
difference of their mid-ranks, so that an ordinal scale is an interval scale of mid-ranks.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from dvc_labelmeta.stats.votes import Pattern, size

NOMINAL, ORDINAL, INTERVAL = "nominal", "ordinal", "interval"
LEVELS = (NOMINAL, ORDINAL, INTERVAL)


def scores(given: Mapping[Any, float], level: str) -> dict[Any, float] | None:
    """Return where each value lies on its scale; None for a nominal one.

    given: how often each value was given.
    """
    if level == NOMINAL:
        return None
    if level == INTERVAL:
        return {value: float(value) for value in given}
    found, before = {}, 0.0
    for value in sorted(given):
        found[value] = before + given[value] / 2
        before += given[value]
    return found


def expected(given: Mapping[Any, float], at: Mapping[Any, float] | None) -> float:
    """Return the disagreement of all pairs of labels, whichever item they are of.

    Both orders are counted: sum of n_c n_k distance(c, k), in closed form; 0 for one value.
    """
    number = sum(given.values())
    if sum(times > 0 for times in given.values()) < 2:
        return 0.0
    if at is None:
        return number**2 - sum(times**2 for times in given.values())
    mean = sum(times * at[value] for value, times in given.items()) / number
    return 2 * number * sum(times * (at[value] - mean) ** 2 for value, times in given.items())


def observed(pattern: Pattern, at: Mapping[Any, float] | None) -> float:
    """Return the disagreement of the pairs of one item, both orders, 1 / (labels - 1) each."""
    number = size(pattern)
    if at is None:
        return (number**2 - sum(times**2 for _, times in pattern)) / (number - 1)
    mean = sum(times * at[value] for value, times in pattern) / number
    apart = sum(times * (at[value] - mean) ** 2 for value, times in pattern)
    return 2 * number * apart / (number - 1)
