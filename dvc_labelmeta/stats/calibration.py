"""Whether confidence tells how often a label is right: reliability bins, ECE and Brier score.

Sources: G. W. Brier (1950), Verification of forecasts expressed in terms of probability (the
two-class form of today, 0 best, 1 worst); M. P. Naeini, G. F. Cooper, M. Hauskrecht (2015),
Obtaining well calibrated probabilities using Bayesian binning (expected calibration error).
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from dvc_labelmeta.stats.votes import Refusal

BINS = 10


class Bin(NamedTuple):
    """The labels with a confidence from `number` / bins on, below the next (the last: with 1).

    labels: how many; right: of those, how many are as the reference; confidence: the sum of
    theirs; squares: the sum of (confidence - right)^2 over them.
    """

    number: int
    labels: int
    right: int
    confidence: float
    squares: float


class Calibration(NamedTuple):
    """labels: those compared. accuracy, confidence: the means. ece, brier: 0 best, 1 worst."""

    labels: int
    accuracy: float
    confidence: float
    ece: float
    brier: float
    bins: tuple[Bin, ...]


def bin_of(confidence: float, bins: int = BINS) -> int:
    """Return the number of the bin of a confidence (0..1); bins are of equal width."""
    return min(int(confidence * bins), bins - 1)


def binned(pairs: Iterable[tuple[float, bool]], bins: int = BINS) -> list[Bin]:
    """Return the bins, those that hold something, of (confidence, whether the label is right)."""
    found: dict[int, Bin] = {}
    for confidence, right in pairs:
        at = bin_of(confidence, bins)
        one = found.get(at, Bin(at, 0, 0, 0.0, 0.0))
        found[at] = Bin(
            at,
            one.labels + 1,
            one.right + right,
            one.confidence + confidence,
            one.squares + (confidence - right) ** 2,
        )
    return sorted(found.values())


def calibration(bins: Iterable[Bin]) -> Calibration | Refusal:
    """Return how far confidence and being right are apart.

    ece: the mean over labels of |share right - mean confidence| of their bin. brier: the mean of
    (confidence - right)^2 of each label.
    """
    held = tuple(sorted(one for one in bins if one.labels))
    labels = sum(one.labels for one in held)
    if not labels:
        return Refusal("no label has both a confidence and a reference to compare it with")
    return Calibration(
        labels,
        sum(one.right for one in held) / labels,
        sum(one.confidence for one in held) / labels,
        sum(abs(one.right - one.confidence) for one in held) / labels,
        sum(one.squares for one in held) / labels,
        held,
    )
