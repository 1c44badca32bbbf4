"""Agreement: published examples, and the definitions written out pair by pair."""

from __future__ import annotations

import math
from collections import Counter
from itertools import combinations, permutations
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dvc_labelmeta.stats import agreement as a
from dvc_labelmeta.stats.bootstrap import MANY, _by_items, _root, binomial, bootstrap, multinomial
from dvc_labelmeta.stats.scale import INTERVAL, LEVELS, NOMINAL, ORDINAL
from dvc_labelmeta.stats.votes import (
    Refusal,
    against_rest,
    as_numbers,
    pairable,
    size,
    totals,
    votes_of,
)

N = None
# Krippendorff (2011), example C: four observers, twelve units
FOUR = [
    [1, 2, 3, 3, 2, 1, 4, 1, 2, N, N, N],
    [1, 2, 3, 3, 2, 2, 4, 1, 2, 5, N, 3],
    [N, 3, 3, 3, 2, 3, 4, 2, 2, 5, 1, N],
    [1, 2, 3, 3, 2, 4, 4, 1, 2, 5, 1, N],
]
# Fleiss' example as it is taught: ten subjects, fourteen raters, five categories
TEN = [
    (0, 0, 0, 0, 14), (0, 2, 6, 4, 2), (0, 0, 3, 5, 6), (0, 3, 9, 2, 0), (2, 2, 8, 1, 1),
    (7, 7, 0, 0, 0), (3, 2, 6, 3, 0), (2, 5, 3, 2, 2), (6, 5, 2, 1, 0), (0, 2, 2, 3, 7),
]  # fmt: skip

ITEMS = st.lists(st.lists(st.none() | st.integers(0, 4), max_size=6), max_size=12)


def number(value: float | Refusal) -> float:
    assert not isinstance(value, Refusal), value
    return value


def reason(value: float | Refusal) -> str:
    assert isinstance(value, Refusal), value
    return value.reason


def distance(level: str, one: int, other: int, given: Counter[int]) -> float:
    """Krippendorff (2011), section D, as printed there."""
    if level == NOMINAL:
        return float(one != other)
    if level == INTERVAL:
        return float(one - other) ** 2
    low, high = sorted((one, other))
    between = sum(given[g] for g in range(low, high + 1))
    return (between - (given[low] + given[high]) / 2) ** 2


def alpha_by_pairs(items: list[list[int | None]], level: str) -> float | None:
    """Alpha by its definition: mean distance within units over that of all pairs of labels."""
    units = [[v for v in item if v is not None] for item in items]
    units = [unit for unit in units if len(unit) > 1]
    every = [v for unit in units for v in unit]
    given = Counter(every)
    if len(given) < 2:
        return None
    inside = sum(
        sum(distance(level, c, k, given) for c, k in permutations(unit, 2)) / (len(unit) - 1)
        for unit in units
    )
    outside = sum(distance(level, c, k, given) for c, k in permutations(every, 2))
    return 1 - (inside / len(every)) / (outside / (len(every) * (len(every) - 1)))


@pytest.mark.parametrize(
    ("level", "published"), [(NOMINAL, 0.743), (ORDINAL, 0.815), (INTERVAL, 0.849)]
)
def test_alpha_of_krippendorffs_four_observers(level: str, published: float) -> None:
    units = [list(unit) for unit in zip(*FOUR, strict=True)]
    found = number(a.alpha(votes_of(units), level))
    assert round(found, 3) == published
    wanted = alpha_by_pairs(units, level)
    assert wanted is not None
    assert math.isclose(found, wanted, abs_tol=1e-12)


def test_alpha_of_krippendorffs_two_observers() -> None:
    binary = zip("0100000010", "1110010000", strict=True)
    assert round(number(a.alpha(votes_of(binary))), 3) == 0.095
    nominal = zip("aabbdcccedda", "babbbccceddd", strict=True)
    assert round(number(a.alpha(votes_of(nominal))), 3) == 0.692


def test_coincidences_are_those_krippendorff_prints() -> None:
    found = a.coincidences(votes_of(zip(*FOUR, strict=True)))
    assert {pair: round(weight, 9) for pair, weight in found.items()} == {
        (1, 1): 7, (1, 2): round(4 / 3, 9), (2, 1): round(4 / 3, 9), (1, 3): round(1 / 3, 9),
        (3, 1): round(1 / 3, 9), (1, 4): round(1 / 3, 9), (4, 1): round(1 / 3, 9),
        (2, 2): 10, (2, 3): round(4 / 3, 9), (3, 2): round(4 / 3, 9), (2, 4): round(1 / 3, 9),
        (4, 2): round(1 / 3, 9), (3, 3): 8, (3, 4): round(1 / 3, 9), (4, 3): round(1 / 3, 9),
        (4, 4): 4, (5, 5): 3,
    }  # fmt: skip


def test_fleiss_kappa_of_the_known_example() -> None:
    items = [[c for c, times in enumerate(row) for _ in range(times)] for row in TEN]
    found = number(a.fleiss_kappa(votes_of(items)))
    assert round(found, 3) == 0.210
    per_item = [(sum(t * t for t in row) - 14) / (14 * 13) for row in TEN]
    chance = sum((sum(row[c] for row in TEN) / 140) ** 2 for c in range(5))
    wanted = (sum(per_item) / 10 - chance) / (1 - chance)
    assert math.isclose(found, wanted, abs_tol=1e-12)
    assert math.isclose(number(a.percent_agreement(votes_of(items))), sum(per_item) / 10)


@pytest.mark.parametrize(
    ("rows", "kappa"),
    [
        (((88, 10, 2), (14, 40, 6), (18, 10, 12)), 0.29 / 0.59),  # Cohen (1960), .70 and .41
        (((20, 5), (10, 15)), 0.4),
        (((45, 15), (25, 15)), 0.06 / 0.46),
        (((25, 35), (5, 35)), 0.14 / 0.54),
    ],
)
def test_cohens_kappa_of_tables(rows: tuple[tuple[int, ...], ...], kappa: float) -> None:
    table = {(i, j): items for i, row in enumerate(rows) for j, items in enumerate(row)}
    assert math.isclose(number(a.cohen_kappa(table)), kappa, abs_tol=1e-9)


@given(ITEMS, st.sampled_from(LEVELS))
def test_alpha_is_its_definition(items: list[list[int | None]], level: str) -> None:
    found, wanted = a.alpha(votes_of(items), level), alpha_by_pairs(items, level)
    if wanted is None:
        assert isinstance(found, Refusal)
    else:
        assert math.isclose(number(found), wanted, abs_tol=1e-9)


@given(ITEMS)
def test_agreement_on_each_label_is_its_definition(items: list[list[int | None]]) -> None:
    units = [[v for v in item if v is not None] for item in items]
    for one in a.per_label(votes_of(items), resamples=0):
        assert one.labels == sum(unit.count(one.value) for unit in units)  # type: ignore[arg-type]
        split: list[list[int | None]] = [[int(v == one.value) for v in unit] for unit in units]
        wanted = alpha_by_pairs(split, NOMINAL)
        assert (wanted is None) == isinstance(one.alpha, Refusal)
        if wanted is not None:
            assert math.isclose(number(one.alpha), wanted, abs_tol=1e-9)
        # of an annotator who gave it, the share of the others who gave it too
        shares = [
            (unit.count(one.value) - 1) / (len(unit) - 1)  # type: ignore[arg-type]
            for unit in units
            if len(unit) > 1
            for v in unit
            if v == one.value
        ]
        if shares:
            wanted = sum(shares) / len(shares)
            assert math.isclose(number(one.specific), wanted, abs_tol=1e-9)
        else:
            assert isinstance(one.specific, Refusal)


@given(ITEMS)
def test_percent_agreement_and_fleiss_are_their_definitions(items: list[list[int | None]]) -> None:
    units = [[v for v in item if v is not None] for item in items]
    shares = [
        sum(x == y for x, y in combinations(unit, 2)) / math.comb(len(unit), 2)
        for unit in units
        if len(unit) > 1
    ]
    found = a.percent_agreement(votes_of(items))
    kappa = a.fleiss_kappa(votes_of(items))
    if not shares:
        assert isinstance(found, Refusal)
        assert isinstance(kappa, Refusal)
        return
    same = sum(shares) / len(shares)
    assert math.isclose(number(found), same, abs_tol=1e-9)
    every = Counter(v for unit in units for v in unit)
    if len({len(unit) for unit in units if unit}) > 1 or len(every) < 2:
        assert isinstance(kappa, Refusal)
    else:
        chance = sum((n / every.total()) ** 2 for n in every.values())
        assert math.isclose(number(kappa), (same - chance) / (1 - chance), abs_tol=1e-9)


@given(st.lists(st.tuples(st.integers(0, 3), st.integers(0, 3)), max_size=20))
def test_cohens_kappa_is_its_definition(pairs: list[tuple[int, int]]) -> None:
    found = a.cohen_kappa(Counter(pairs))
    if not pairs or len({v for pair in pairs for v in pair}) == 1:
        assert isinstance(found, Refusal)
        return
    same = sum(x == y for x, y in pairs) / len(pairs)
    chance = sum(x == y for x, _ in pairs for _, y in pairs) / len(pairs) ** 2
    assert math.isclose(number(found), (same - chance) / (1 - chance), abs_tol=1e-9)


@given(ITEMS, st.randoms(use_true_random=False))
def test_names_of_labels_and_order_of_items_mean_nothing(
    items: list[list[int | None]], random: Random
) -> None:
    names = list("vwxyz")
    random.shuffle(names)
    renamed = [[None if v is None else names[v] for v in item] for item in items]
    random.shuffle(renamed)
    one, other = a.alpha(votes_of(items)), a.alpha(votes_of(renamed))
    assert one == other or math.isclose(number(one), number(other), abs_tol=1e-9)


def test_votes_count_labels() -> None:
    votes = votes_of([["b", "a", "b"], ["a", None], [None], ["b", "b", "a"]])
    assert votes == {(("a", 1), ("b", 2)): 2, (("a", 1),): 1}
    assert list(totals(votes).items()) == [("b", 4), ("a", 3)]
    assert pairable(votes) == {(("a", 1), ("b", 2)): 2}
    assert [size(pattern) for pattern in votes] == [3, 1]
    assert against_rest(votes, "a") == {((False, 2), (True, 1)): 2, ((True, 1),): 1}
    assert as_numbers(votes_of([["1", "1.0", "2"]])) == {((1.0, 2), (2.0, 1)): 1}


@pytest.mark.parametrize(
    ("items", "words"),
    [
        ([], "there is no label"),
        ([[None, None]], "there is no label"),
        ([["x"], ["y"]], "no item has labels from two annotators"),
        ([["x", "x"], ["x", "x", None]], "only one label was ever given"),
        ([["x", "x"], ["y"]], "only one label was ever given"),  # y is on no compared item
    ],
)
def test_alpha_is_refused_where_it_means_nothing(items: list[list[str]], words: str) -> None:
    assert words in reason(a.alpha(votes_of(items)))


def test_other_numbers_are_refused_where_they_mean_nothing() -> None:
    assert "no item in common" in reason(a.cohen_kappa({}))
    assert "only one label" in reason(a.cohen_kappa({("x", "x"): 7}))
    assert "different numbers" in reason(a.fleiss_kappa(votes_of([["x", "y"], ["x", "y", "y"]])))
    assert "only one label" in reason(a.fleiss_kappa(votes_of([["x", "x"]])))
    assert "two annotators" in reason(a.fleiss_kappa(votes_of([["x"], ["y", "z"], []][:1])))
    assert "labelled an item twice" in reason(a.consistency({}))
    for value, words in (("x", "no number"), ("inf", "infinite"), ("nan", "infinite")):
        assert words in reason(a.alpha(votes_of([["1", value]]), ORDINAL))
    found = a.agreement(votes_of([["x"], ["y"]]), annotators=1)
    assert reason(found.alpha) == "there is one annotator only"
    assert (found.items, found.labels, found.interval) == (0, 0, None)
    assert "no number" in reason(a.agreement(votes_of([["x", "y"]]), INTERVAL).alpha)


def test_consistency_is_the_share_of_repeats_that_agree() -> None:
    assert a.consistency(votes_of([["x", "x"], ["x", "y"], ["y", "y"], ["z", "z"]])) == 0.75


def test_unanimity_noise_and_opposition_are_told() -> None:
    unanimous = a.agreement(votes_of([["x", "x"]] * 10 + [["y", "y"]] * 10))
    assert unanimous.alpha == 1
    assert "no disagreement on any of 20 items" in unanimous.warnings[0]
    assert a.agreement(votes_of([["x", "x"]] * 10 + [["y", "y"]] * 9)).warnings == ()
    random = Random(7)
    noise = a.agreement(votes_of([[random.choice("xy") for _ in range(2)] for _ in range(60)]))
    assert noise.interval is not None
    assert noise.interval.low < 0 < noise.interval.high
    assert [text.split(":")[0] for text in noise.warnings] == ["noise"]
    opposed = a.agreement(votes_of([["x", "y"]] * 30 + [["x", "x"]] * 2))
    assert "more than by chance" in opposed.warnings[0]
    good = a.agreement(votes_of([["x", "x"]] * 20 + [["y", "y"]] * 20 + [["x", "y"]] * 3))
    assert good.warnings == ()


def made(items: int, labels: int, seed: int = 3) -> list[list[int]]:
    """Items of three to five labels, three quarters of them as the truth has it."""
    random = Random(seed)
    found = []
    for _ in range(items):
        truth = random.randrange(labels)
        number_of = random.choice((3, 4, 5))
        found.append(
            [
                truth if random.random() < 0.75 else random.randrange(labels)
                for _ in range(number_of)
            ]
        )
    return found


@pytest.mark.parametrize("level", LEVELS)
def test_interval_is_that_of_resampled_items(level: str) -> None:
    items = made(60, 3)
    found = bootstrap(votes_of(items), level, 800)
    assert found is not None
    random = Random(11)
    drawn = sorted(
        number(a.alpha(votes_of(random.choices(items, k=len(items))), level)) for _ in range(800)
    )
    assert found.method == "items"
    assert abs(found.low - drawn[20]) < 0.03
    assert abs(found.high - drawn[779]) < 0.03
    assert found == bootstrap(votes_of(reversed(items)), level, 800), "the same votes"


def test_interval_of_many_patterns_is_the_limit_of_resampled_items() -> None:
    items = made(4000, 20)
    votes = votes_of(items)
    assert len(votes) > MANY
    limit = bootstrap(votes, NOMINAL, 2000)
    assert limit is not None
    assert limit.method == "normal"
    drawn = sorted(_by_items(sorted(votes.items()), NOMINAL, 300))
    width = drawn[292] - drawn[7]
    assert abs(limit.low - drawn[7]) < 0.1 * width
    assert abs(limit.high - drawn[292]) < 0.1 * width
    assert bootstrap(votes, INTERVAL) is None


def test_one_item_has_no_interval_and_so_no_noise() -> None:
    found = a.agreement(votes_of([["a", "b"]]))
    assert (found.alpha, found.interval, found.warnings) == (0, None, ())


def test_interval_without_resamples_or_with_undefined_ones() -> None:
    votes = votes_of([["x", "x"], ["y", "y"]])
    assert bootstrap(votes, NOMINAL, 0) is None
    found = bootstrap(votes, NOMINAL, 400)
    assert found is not None
    assert 130 < found.dropped < 270, "half of the resamples hold one value only"
    assert (found.low, found.high) == (1, 1)


@pytest.mark.parametrize(
    ("trials", "chance"), [(12, 0.3), (40, 0.9), (300, 0.1), (5000, 0.5), (3, 0.0), (25, 0.45)]
)
def test_binomial_draws_have_the_binomial_distribution(trials: int, chance: float) -> None:
    random, draws = Random(5), 20_000
    found = Counter(binomial(trials, chance, random) for _ in range(draws))
    worst = reached = wanted = 0.0
    for k in range(trials + 1):
        if chance:
            log = math.lgamma(trials + 1) - math.lgamma(k + 1) - math.lgamma(trials - k + 1)
            log += k * math.log(chance) + (trials - k) * math.log(1 - chance)
            wanted += math.exp(log)
        else:
            wanted = 1.0
        reached += found[k] / draws
        worst = max(worst, abs(reached - wanted))
    assert worst < 1.63 / math.sqrt(draws), "Kolmogorov-Smirnov at 1 %"
    assert set(found) <= set(range(trials + 1))


@given(st.lists(st.integers(1, 50), min_size=1, max_size=8), st.integers(0, 10))
def test_multinomial_draws_add_up(counts: list[int], seed: int) -> None:
    drawn = multinomial(counts, Random(seed))
    assert len(drawn) == len(counts)
    assert sum(drawn) == sum(counts)
    assert min(drawn) >= 0


def test_root_of_a_singular_matrix() -> None:
    matrix = [[4.0, 0.0, 2.0], [0.0, 0.0, 0.0], [2.0, 0.0, 5.0]]
    root = _root(matrix)
    for i in range(3):
        for j in range(3):
            assert math.isclose(sum(root[i][k] * root[j][k] for k in range(3)), matrix[i][j])
