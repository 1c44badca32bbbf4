"""Statistics as plain values: a number, or None and beside it, under `refused`, the reason."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from dvc_labelmeta.stats.agreement import agreement
from dvc_labelmeta.stats.uncertainty import (
    QUANTILES,
    Dispersion,
    dispersion,
    distribution,
    histogram,
)
from dvc_labelmeta.stats.votes import Refusal, Votes

if TYPE_CHECKING:
    from dvc_labelmeta.stats.bootstrap import Interval


def number_of(name: str, value: float | Refusal) -> dict[str, Any]:
    """Return {name: value}, or None and under `refused` why there is none."""
    if isinstance(value, Refusal):
        return {name: None, "refused": {name: value.reason}}
    return {name: value}


def numbers_of(**values: float | Refusal) -> dict[str, Any]:
    """Return several values as `number_of` does."""
    refused = {name: one.reason for name, one in values.items() if isinstance(one, Refusal)}
    numbers = {name: None if isinstance(one, Refusal) else one for name, one in values.items()}
    return numbers | ({"refused": refused} if refused else {})


def interval_of(found: Interval | None) -> list[float] | None:
    """Return [low, high] of an interval, None where there is none."""
    return None if found is None else [found.low, found.high]


def agreement_of(votes: Votes, level: str, annotators: int, resamples: int) -> dict[str, Any]:
    """Return the agreement of votes; annotators: how many there are."""
    found = agreement(votes, level, annotators=annotators, resamples=resamples)
    return {
        "items": found.items,
        "labels": found.labels,
        **numbers_of(percent=found.percent, alpha=found.alpha, fleiss_kappa=found.fleiss),
        "alpha_interval": interval_of(found.interval),
        "warnings": list(found.warnings),
    }


def confidence_of(counts: Mapping[float | None, int]) -> dict[str, Any]:
    """Return the distribution of {confidence: votes}; histogram: votes by tenth of 0..1."""
    found = distribution(counts)
    if isinstance(found, Refusal):
        return {"known": 0, "unknown": sum(counts.values()), "refused": {"mean": found.reason}}
    return {
        "known": found.known,
        "unknown": found.unknown,
        "unknown_share": found.unknown_share,
        "mean": found.mean,
        "quantiles": dict(zip(map(str, QUANTILES), found.quantiles, strict=True)),
        "histogram": list(histogram(counts)),
    }


def dispersion_of(votes: Votes) -> dict[str, Any]:
    """Return how far the labels of an item scatter."""
    found = dispersion(votes)
    if isinstance(found, Dispersion):
        return found._asdict()
    return {"items": 0, "refused": {"dispute": found.reason}}
