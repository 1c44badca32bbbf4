"""What votes come to, in SQL: against loops over the votes, and against the published table."""

from __future__ import annotations

import random
from collections import Counter, defaultdict

import duckdb
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dvc_labelmeta.read.consensus import (
    FIELDS,
    ROUNDS,
    TOLERANCE,
    Shape,
    conclude,
    dawid_skene,
    majority,
    overlap,
    rows,
    skills,
)
from dvc_labelmeta.stats.consensus import AGREED, AMBIGUOUS, FEW, LONE, kind, meaningless
from dvc_labelmeta.stats.votes import Refusal
from tests.dawid_skene import Vote, anaesthetists, fit


def connected(
    votes: list[Vote], nameless: frozenset[str] = frozenset()
) -> duckdb.DuckDBPyConnection:
    """Return a connection with the tables that Tallies makes, as far as a consensus needs them."""
    connection = duckdb.connect(config={"threads": "1"})
    more = "".join(f", {field} VARCHAR" for field in FIELDS)
    connection.execute(
        "CREATE TEMP TABLE votes (item VARCHAR, annotator VARCHAR, label VARCHAR, nameless BOOLEAN, "
        f"id VARCHAR, guideline_version VARCHAR{more}, annotated_at TIMESTAMP, gold BOOLEAN)"
    )
    nulls = ", ".join("NULL" for _ in FIELDS)
    connection.executemany(
        f"INSERT INTO votes VALUES (?, ?, ?, ?, ?, '1.0.0', {nulls}, NULL, false)",
        [
            (item, who, label, who in nameless, f"r{number}")
            for number, (item, who, label) in enumerate(votes)
        ],
    )
    connection.execute("CREATE TEMP VIEW current_records AS FROM votes")
    return connection


def soft(connection: duckdb.DuckDBPyConnection) -> dict[str, dict[str, float]]:
    found: defaultdict[str, dict[str, float]] = defaultdict(dict)
    for item, label, share in connection.execute("FROM soft").fetchall():
        found[item][label] = share
    return found


VOTES = st.lists(
    st.tuples(st.sampled_from("ABCD"), st.sampled_from("abcdef"), st.sampled_from("xyz")),
    min_size=1,
    max_size=24,
    unique_by=lambda vote: vote[:2],
)


@settings(max_examples=10)
@given(VOTES)
def test_majority_is_what_loops_over_the_votes_say(votes: list[Vote]) -> None:
    connection = connected(votes)
    majority(connection)
    shapes = conclude(connection)
    assert sum(shapes.values()) == len({item for item, _, _ in votes})
    rated = {who: (compared, skill, able) for who, compared, skill, able in skills(connection)}
    by_item = defaultdict(list)
    for item, who, label in votes:
        by_item[item].append((who, label))
    check_skills(votes, rated)
    found = list(rows(connection, {shape: kind(*shape) for shape in shapes}))
    assert [one["item"] for one in found] == sorted(by_item)
    for one in found:
        times = Counter(label for _, label in by_item[one["item"]])
        top = max(times.values())
        best = [label for label in sorted(times) if times[label] == top]
        assert one["soft_label"] == pytest.approx(
            {label: times[label] / times.total() for label in times}, abs=1e-12
        )
        assert sum(one["soft_label"].values()) == pytest.approx(1, abs=1e-12)
        assert one["tie"] == (len(best) > 1)
        assert one["label"] == (None if one["tie"] else best[0])
        assert one["probability"] == pytest.approx(top / times.total(), abs=1e-12)
        able = Counter(
            label for who, label in by_item[one["item"]] if rated.get(who, (0, 0, False))[2]
        )
        assert (one["votes"], one["most"], one["labels"]) == (times.total(), top, len(times))
        assert (one["skilled"], one["skilled_most"]) == (
            able.total(), max(able.values(), default=0),
        )  # fmt: skip
    apart = rows(connection, {shape: kind(*shape) for shape in shapes}, apart=True)
    assert [one["item"] for one in apart] == [one["item"] for one in found if one["kind"] != AGREED]


def check_skills(votes: list[Vote], rated: dict[str, tuple[int, float, bool]]) -> None:
    agreeing = defaultdict(list)
    for item, who, label in votes:
        others = [other for one, name, other in votes if one == item and name != who]
        if others:
            agreeing[who].append(others.count(label) / len(others))
    assert rated.keys() == agreeing.keys()
    for who, shares in agreeing.items():
        assert rated[who][0] == len(shares)
        assert rated[who][1] == pytest.approx(sum(shares) / len(shares), abs=1e-9)


def test_dawid_skene_gives_the_published_figures() -> None:
    """Dawid and Skene (1979), table 2: marginal probabilities .40 .42 .11 .07."""
    connection = connected(anaesthetists())
    fitted = dawid_skene(connection)
    assert fitted.converged
    assert 0 < fitted.rounds < ROUNDS
    found = soft(connection)
    marginals = [sum(one.get(label, 0) for one in found.values()) / 45 for label in "1234"]
    assert [round(value, 2) for value in marginals] == [0.40, 0.42, 0.11, 0.07]
    chosen = "".join(max(one, key=one.__getitem__) for _, one in sorted(found.items()))
    assert Counter(chosen) == {"1": 18, "2": 19, "3": 5, "4": 3}


def crowd(seed: int, items: int = 25) -> tuple[list[Vote], dict[str, str]]:
    """Return votes of seven annotators, from good to one that guesses, and the true labels."""
    chance = random.Random(seed)
    truth = {f"i{n:03}": chance.choice("xyz") for n in range(items)}
    votes = [
        (item, who, label if chance.random() < skill else chance.choice("xyz"))
        for item, label in truth.items()
        for who, skill in zip("abcdefg", (0.95, 0.9, 0.85, 0.6, 0.5, 0.3, 0.0), strict=True)
        if chance.random() < 0.7
    ]
    return votes, truth


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_dawid_skene_is_what_plain_loops_give(seed: int) -> None:
    votes, _ = crowd(seed)
    connection = connected(votes)
    fitted = dawid_skene(connection)
    wanted, found = fit(votes, fitted.rounds), soft(connection)
    assert found.keys() == wanted.keys()
    for item, one in wanted.items():
        for label, share in one.items():
            assert abs(found[item].get(label, 0) - share) < 1e-9
        assert abs(sum(found[item].values()) - 1) < 1e-8
    before = fit(votes, fitted.rounds - 1)
    moved = [sum(abs(wanted[i][j] - before[i][j]) for j in "xyz") / 2 for i in wanted]
    assert fitted.change == pytest.approx(sum(moved) / len(moved), abs=1e-9)
    assert fitted.converged == (fitted.change <= TOLERANCE)
    other = connected(votes[::-1])
    assert dawid_skene(other) == fitted
    assert soft(other) == found, "the order of records does not matter, to the last bit"


def test_skill_pays_and_noise_is_told_from_ambiguity() -> None:
    votes, truth = crowd(7, items=60)
    votes = [vote for vote in votes if vote[1] not in "df"]
    right = {}
    for method in (majority, dawid_skene):
        connection = connected(votes)
        method(connection)
        shapes = conclude(connection)
        found = list(rows(connection, {shape: kind(*shape) for shape in shapes}))
        right[method] = sum(one["label"] == truth[one["item"]] for one in found)
        rated = skills(connection)
        assert {who for who, _, _, able in rated if able} == {"a", "b", "c"}
        assert rated[0][0] == "g"
    assert right[dawid_skene] > right[majority]


def test_votes_without_an_annotator_share_one_matrix_and_have_no_skill() -> None:
    votes, _ = crowd(5)
    renamed = [(i, f"?{n}" if who in "fg" else who, x) for n, (i, who, x) in enumerate(votes)]
    nameless = frozenset(who for _, who, _ in renamed if who.startswith("?"))
    connection = connected(renamed, nameless)
    fitted = dawid_skene(connection)
    wanted = fit([(i, "?" if who in "fg" else who, x) for i, who, x in votes], fitted.rounds)
    found = soft(connection)
    assert all(abs(found[i].get(j, 0) - wanted[i][j]) < 1e-9 for i in wanted for j in "xyz")
    assert {who for who, *_ in skills(connection)} == set("abcde")


@pytest.mark.parametrize(
    ("shape", "expected"),
    [
        (Shape(1, 1, 1, 1, 1), FEW),
        (Shape(2, 1, 2, 2, 1), FEW),
        (Shape(2, 2, 1, 0, 0), AGREED),
        (Shape(3, 2, 2, 2, 1), AMBIGUOUS),
        (Shape(3, 2, 2, 2, 2), LONE),
        (Shape(3, 2, 2, 0, 0), LONE),
        (Shape(4, 3, 2, 4, 3), LONE),  # one skilled vote against three: a slip
        (Shape(5, 3, 2, 5, 3), AMBIGUOUS),
        (Shape(5, 3, 2, 3, 3), LONE),
        (Shape(4, 2, 2, 1, 1), FEW),
        (Shape(4, 2, 2, 0, 0), FEW),
    ],
)
def test_kinds(shape: Shape, expected: str) -> None:
    assert kind(*shape) == expected


def test_a_consensus_that_would_mean_nothing_is_refused() -> None:
    alone = overlap(connected([("A", "a", "x"), ("B", "a", "y")]))
    assert alone == (1, 0, 2)
    assert "two annotators" in reason(meaningless(*alone))
    assert "no item has two votes" in reason(meaningless(2, 0, 2))
    assert "101 different labels" in reason(meaningless(2, 9, 101))
    assert meaningless(2, 1, 1) is None


def reason(refused: Refusal | None) -> str:
    assert refused is not None
    return refused.reason


def test_no_vote_is_told_apart_from_one_annotator() -> None:
    refused = [meaningless(annotators, 0, 0) for annotators in (0, 1)]
    assert [one and one.reason.split()[0] for one in refused] == ["no", "a"]
