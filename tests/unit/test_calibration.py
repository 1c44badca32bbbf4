"""Calibration and uncertainty against loops over the labels."""

from __future__ import annotations

import math
from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dvc_labelmeta.stats.calibration import Bin, bin_of, binned, calibration
from dvc_labelmeta.stats.uncertainty import (
    QUANTILES,
    Dispersion,
    Distribution,
    dispersion,
    distribution,
    entropy,
    histogram,
)
from dvc_labelmeta.stats.votes import Refusal, votes_of

PAIRS = st.lists(st.tuples(st.floats(0, 1), st.booleans()), min_size=1, max_size=60)


@given(PAIRS, st.integers(1, 20))
def test_calibration_is_a_loop_over_labels(pairs: list[tuple[float, bool]], bins: int) -> None:
    found = calibration(binned(pairs, bins))
    assert not isinstance(found, Refusal)
    ece = 0.0
    for at in range(bins):
        held = [
            (c, y) for c, y in pairs if c * bins >= at and (c * bins < at + 1 or at == bins - 1)
        ]
        if held:
            right = sum(y for _, y in held) / len(held)
            mean = sum(c for c, _ in held) / len(held)
            ece += len(held) / len(pairs) * abs(right - mean)
    assert math.isclose(found.ece, ece, abs_tol=1e-9)
    brier = sum((c - y) ** 2 for c, y in pairs) / len(pairs)
    assert math.isclose(found.brier, brier, abs_tol=1e-9)
    assert math.isclose(found.accuracy, sum(y for _, y in pairs) / len(pairs), abs_tol=1e-9)
    assert math.isclose(found.confidence, sum(c for c, _ in pairs) / len(pairs), abs_tol=1e-9)
    assert found.labels == len(pairs) == sum(one.labels for one in found.bins)


def test_calibration_by_hand() -> None:
    found = calibration(binned([(0.9, True), (0.9, True), (0.9, False), (0.6, True), (1.0, True)]))
    assert not isinstance(found, Refusal)
    # 0.6 alone: |1 - 0.6|; 0.9 and 1.0 share the last bin: |3 - 3.7|
    assert math.isclose(found.ece, (0.4 + 0.7) / 5)
    assert math.isclose(found.brier, (0.01 + 0.01 + 0.81 + 0.16 + 0) / 5)
    assert [one.number for one in found.bins] == [6, 9]
    assert [bin_of(c) for c in (0.0, 0.0999, 0.1, 1.0)] == [0, 0, 1, 9]


@pytest.mark.parametrize("bins", [[], [Bin(3, 0, 0, 0.0, 0.0)]])
def test_calibration_is_refused_without_a_label_to_compare(bins: list[Bin]) -> None:
    found = calibration(bins)
    assert isinstance(found, Refusal)
    assert "no label has both" in found.reason


@given(st.lists(st.none() | st.floats(0, 1), max_size=40))
def test_distribution_is_that_of_the_given(values: list[float | None]) -> None:
    found = distribution(Counter(values))
    known = sorted(v for v in values if v is not None)
    if not known:
        assert isinstance(found, Refusal)
        return
    assert isinstance(found, Distribution)
    assert (found.known, found.unknown) == (len(known), len(values) - len(known))
    assert math.isclose(found.unknown_share, found.unknown / len(values), abs_tol=1e-12)
    assert math.isclose(found.mean, sum(known) / len(known), abs_tol=1e-9)
    for share, value in zip(QUANTILES, found.quantiles, strict=True):
        assert value == known[max(math.ceil(share * len(known)) - 1, 0)]


@given(st.lists(st.none() | st.floats(0, 1), max_size=40))
def test_histogram_counts_each_given_value_once(values: list[float | None]) -> None:
    found = histogram(Counter(values))
    known = [v for v in values if v is not None]
    assert len(found) == 10
    assert sum(found) == len(known)
    assert found[9] == sum(v >= 0.9 for v in known)


def test_a_bin_holds_its_lower_end() -> None:
    tenths = histogram({n / 10: 1 for n in range(10)} | {1.0: 1, None: 7})
    assert tenths == (1, 1, 1, 1, 1, 1, 1, 1, 1, 2)


def test_entropy_is_shannons() -> None:
    assert entropy((("x", 5),)) == 0
    assert entropy((("x", 2), ("y", 2))) == 1
    assert math.isclose(entropy((("x", 3), ("y", 1))), 2 - 0.75 * math.log2(3))


def test_dispersion_counts_items_that_can_be_compared() -> None:
    found = dispersion(votes_of([["x", "x"], ["x", "y"], ["x", "x", "y"], ["z", "z"], ["x"]]))
    assert isinstance(found, Dispersion)
    assert (found.items, found.dispute, found.ties) == (4, 0.5, 0.25)
    assert math.isclose(found.entropy, (1 + math.log2(3) - 2 / 3) / 4)
    assert isinstance(dispersion(votes_of([["x"]])), Refusal)
