"""Differences between two sets of labels: definitions, laws, and how often the interval errs."""

from __future__ import annotations

import math
from collections import Counter
from functools import partial
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dvc_labelmeta.stats import clarity as c
from dvc_labelmeta.stats import difference as d
from dvc_labelmeta.stats.agreement import alpha, per_label, percent_agreement
from dvc_labelmeta.stats.uncertainty import Dispersion, dispersion
from dvc_labelmeta.stats.votes import Pattern, Refusal, votes_of

LABELS = st.lists(st.sampled_from("xyz"), max_size=5)
ITEMS = st.lists(LABELS, min_size=25, max_size=60)
PAIRS = st.lists(st.tuples(LABELS, LABELS), min_size=45, max_size=60)


@pytest.fixture(autouse=True)
def few_resamples(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(d, "RESAMPLES", 40)
    monkeypatch.setattr(d, "BEYOND", 1)


def pattern(labels: list[str] | str) -> Pattern:
    return tuple(sorted(Counter(labels).items()))


def value(metric: str, items: list[list[str]], label: str | None = None) -> float | None:
    statistic, unit = c.measure(metric, label)
    found = d.estimate(Counter(unit(pattern(item)) for item in items), statistic)
    return None if isinstance(found, Refusal) else found.value


@settings(max_examples=25)
@given(ITEMS)
def test_numbers_are_those_of_the_statistics(items: list[list[str]]) -> None:
    votes = votes_of(items)
    compared = [item for item in items if len(item) > 1]
    spread = dispersion(votes)
    wanted: dict[str, float | Refusal] = {
        "percent": percent_agreement(votes),
        "alpha": alpha(votes),
        "dispute": spread.dispute if isinstance(spread, Dispersion) else spread,
    }
    for metric, one in wanted.items():
        found = value(metric, items)
        if len(compared) < d.LEAST or isinstance(one, Refusal):
            assert found is None
        else:
            assert found is not None
            assert math.isclose(found, one, abs_tol=1e-9)
    for each in per_label(votes, resamples=0):
        name = str(each.value)
        held = [item for item in compared if name in item]
        if len(held) >= d.LEAST:
            assert not isinstance(each.specific, Refusal)
            assert not isinstance(each.alpha, Refusal)
            assert math.isclose(value("percent", items, name) or 0, each.specific, abs_tol=1e-9)
            assert math.isclose(value("alpha", items, name) or 0, each.alpha, abs_tol=1e-9)
            unsure = sum(len(set(item)) > 1 for item in held) / len(held)
            assert value("dispute", items, name) == unsure


def test_disagreement_is_what_is_left_of_agreement() -> None:
    for labels in ("xxy", "xyz", "xx", "x", ""):
        one = pattern(labels)
        for differ, agree in (
            (c.apart, c.together),
            (partial(c.apart_on, label="x"), partial(c.together_on, label="x")),
        ):
            assert differ(one)[1] == agree(one)[1]
            assert math.isclose(differ(one)[0] + agree(one)[0], agree(one)[1])
    assert c.apart(pattern("xxy")) == (2 / 3, 1)
    assert c.apart_on(pattern("xxy"), "x") == (1, 2)
    assert c.apart_on(pattern("xxy"), "z") == (0, 0)


@settings(max_examples=25)
@given(PAIRS, st.sampled_from(["percent", "alpha"]))
def test_sides_swapped_is_the_difference_negated(
    pairs: list[tuple[list[str], list[str]]], metric: str
) -> None:
    statistic, unit = c.measure(metric, None)
    cells = Counter((pattern(one), pattern(other)) for one, other in pairs)
    there = d.face(d.sides(cells, unit), statistic)
    turned = Counter({(other, one): items for (one, other), items in cells.items()})
    back = d.face(d.sides(turned, unit), statistic)
    if isinstance(there, Refusal) or isinstance(back, Refusal):
        assert isinstance(there, Refusal) == isinstance(back, Refusal)
        return
    first, second = d.compare(there, statistic), d.compare(back, statistic)
    assert not isinstance(first, Refusal)
    assert not isinstance(second, Refusal)
    assert (first.before, first.after) == pytest.approx((second.after, second.before))
    assert first.items == second.items[::-1]
    assert first.paired == second.paired == (sum(
        len(one) > 1 and len(other) > 1 for one, other in pairs) >= d.LEAST)  # fmt: skip
    assert first == d.compare(there, statistic), "the same bytes"


@settings(max_examples=15)
@given(ITEMS, st.sampled_from(["percent", "alpha"]))
def test_influence_is_the_derivative(items: list[list[str]], metric: str) -> None:
    statistic, unit = c.measure(metric, None)
    found = Counter(unit(pattern(item)) for item in items)
    rows, counts = list(found), [float(n) for n in found.values()]
    number = statistic.of(rows)
    if number(counts) is None:
        return
    step = 1e-5
    for at, slope in enumerate(statistic.influence(rows, counts)):
        more, less = ([n + s * (i == at) for i, n in enumerate(counts)] for s in (step, -step))
        rise = ((number(more) or 0) - (number(less) or 0)) / (2 * step)
        assert math.isclose(rise, slope, abs_tol=1e-6)


def made(items: int, sure: float, random: Random, labels: int = 3) -> list[Pattern]:
    """Items with three labels: the truth with that chance, else any of three."""
    found = []
    for _ in range(items):
        truth = random.choice("xyz")
        found.append(
            pattern(
                [truth if random.random() < sure else random.choice("xyz") for _ in range(labels)]
            )
        )
    return found


def compared(before: list[Pattern], after: list[Pattern], comparisons: int = 1) -> d.Difference:
    cells = Counter([(one, ()) for one in before] + [((), one) for one in after])
    faced = d.face(d.sides(cells, c.apart), d.RATIO)
    assert isinstance(faced, d.Faced)
    found = d.compare(faced, d.RATIO, comparisons)
    assert isinstance(found, d.Difference)
    return found


@pytest.mark.parametrize(
    ("before", "after", "sure"), [(20, 20, 0.9), (20, 200, 0.97), (60, 60, 0.6)]
)
def test_no_change_is_seldom_called_one(
    before: int, after: int, sure: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(d, "RESAMPLES", 150)
    monkeypatch.setattr(d, "BEYOND", 1)
    random = Random(4)
    wrong = sum(
        compared(made(before, sure, random), made(after, sure, random)).sign != 0 for _ in range(60)
    )
    assert wrong <= 6, "3 of 60 are expected at most"


def test_a_change_is_told_and_more_comparisons_ask_for_more(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(d, "RESAMPLES", 1500)
    random = Random(5)
    before, after = made(80, 0.95, random), made(80, 0.5, random)
    worse, better = compared(before, after), compared(after, before)
    assert (c.verdict(worse), c.verdict(better)) == (c.LESS_CLEAR, c.CLEARER)
    assert c.verdict(compared(before, before)) == c.CANNOT_TELL
    assert c.fell("dispute", worse)
    assert not c.fell("alpha", worse)
    assert c.fell("percent", better)
    wide = compared(before, after, 10).interval
    assert wide.low < worse.interval.low < worse.interval.high < wide.high
    # by hand: independent samples, resampled apart
    drawn = sorted(
        sum(c.apart(one)[0] for one in random.choices(after, k=80)) / 80
        - sum(c.apart(one)[0] for one in random.choices(before, k=80)) / 80
        for _ in range(1000)
    )
    assert abs(worse.interval.low - drawn[25]) < 0.03
    assert abs(worse.interval.high - drawn[974]) < 0.03


def test_pairs_are_compared_with_themselves() -> None:
    random = Random(6)
    before = made(40, 0.5, random)
    # each third pair of labels falls apart: small beside how much items differ
    after = [pattern("xyz") if n % 4 == 0 else one for n, one in enumerate(before)]
    faced = d.face(d.sides(Counter(zip(before, after, strict=True)), c.apart), d.RATIO)
    assert isinstance(faced, d.Faced)
    found = d.compare(faced, d.RATIO)
    assert isinstance(found, d.Difference)
    apart = compared(before, after)
    assert (found.paired, apart.paired) == (True, False)
    assert (found.before, found.after) == pytest.approx((apart.before, apart.after))
    assert c.verdict(found) == c.LESS_CLEAR
    assert found.interval.high - found.interval.low < apart.interval.high - apart.interval.low


@pytest.mark.parametrize("statistic", [d.RATIO, d.ALPHA])
def test_the_interval_of_many_kinds_is_the_limit(
    statistic: d.Statistic, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(d, "RESAMPLES", 600)
    random = Random(8)
    cells = Counter(zip(made(400, 0.7, random, 5), made(400, 0.6, random, 5), strict=True))
    unit = c.apart if statistic is d.RATIO else pattern_itself
    faced = d.face(d.sides(cells, unit), statistic)
    assert isinstance(faced, d.Faced)
    by_items = d.compare(faced, statistic)
    monkeypatch.setattr(d, "MANY", 1)
    limit = d.compare(faced, statistic)
    assert isinstance(by_items, d.Difference)
    assert isinstance(limit, d.Difference)
    assert (by_items.interval.method, limit.interval.method) == ("items", "normal")
    width = by_items.interval.high - by_items.interval.low
    assert abs(limit.interval.low - by_items.interval.low) < 0.15 * width
    assert abs(limit.interval.high - by_items.interval.high) < 0.15 * width


def pattern_itself(one: Pattern) -> Pattern:
    return one


def test_what_proves_nothing_is_refused() -> None:
    few = d.face({((1.0, 1.0), (0.0, 0.0)): 19, ((0.0, 0.0), (1.0, 1.0)): 99}, d.RATIO)
    assert few == Refusal(
        "19 items before and 99 after can be compared; fewer than 20 prove little"
    )
    assert d.estimate({(1.0, 1.0): 19, (0.0, 0.0): 99}, d.RATIO) == Refusal(
        "19 items can be compared; fewer than 20 prove little"
    )
    same = pattern("xx")
    assert d.estimate({same: 50}, d.ALPHA) is d.ONE_VALUE
    faced = d.face({(same, pattern("xy")): 50}, d.ALPHA)
    assert isinstance(faced, d.Faced)
    assert d.compare(faced, d.ALPHA) is d.ONE_VALUE


def test_without_a_resample_there_is_no_interval(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(d, "RESAMPLES", 0)
    monkeypatch.setattr(d, "BEYOND", 0)
    assert d.estimate({(1.0, 1.0): 20}, d.RATIO) == d.Estimate(1, None, 20)
    faced = d.face({((1.0, 1.0), (0.0, 1.0)): 20}, d.RATIO)
    assert isinstance(faced, d.Faced)
    assert d.compare(faced, d.RATIO) is d.ONE_VALUE


def test_confidence_is_the_mean_over_votes() -> None:
    statistic, unit = c.measure("confidence", None)
    found = d.estimate({unit((1.5, 2.0)): 10, unit((0.5, 1.0)): 10}, statistic)
    assert isinstance(found, d.Estimate)
    assert found.value == 20 / 30
