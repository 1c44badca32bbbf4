"""Rows for `dvc plots`: what they add up to, whatever the votes."""

from __future__ import annotations

import json
import math

from hypothesis import given
from hypothesis import strategies as st

from dvc_labelmeta.report import plots
from dvc_labelmeta.stats.agreement import coincidences
from dvc_labelmeta.stats.votes import pairable, size, totals, votes_of

ITEMS = st.lists(st.lists(st.sampled_from("xyz"), max_size=4), max_size=12)


@given(ITEMS)
def test_what_others_chose_adds_up_to_all_of_them(items: list[list[str]]) -> None:
    votes = votes_of(items)
    rows = plots.label_rows(coincidences(votes), totals(votes))
    for label in {row["label"] for row in rows}:
        mine = [row for row in rows if row["label"] == label]
        assert math.isclose(sum(row["share"] for row in mine), 1, abs_tol=1e-3)
        assert [row["order"] for row in mine] == list(range(len(mine)))
    labels = sum(size(pattern) * number for pattern, number in pairable(votes).items())
    assert math.isclose(sum(row["pairs"] for row in rows), labels, abs_tol=1e-2)
    assert json.loads(plots.rows_text(rows)) == rows


def test_only_as_many_labels_as_can_be_read_are_drawn() -> None:
    votes = votes_of([[f"l{n}", f"l{n}"] for n in range(40)])
    rows = plots.label_rows(coincidences(votes), totals(votes))
    assert len(rows) == 30 * 30


def test_nobody_asked_for_a_confidence_is_no_histogram() -> None:
    assert plots.histogram_rows([0] * 10) == []
    assert plots.histogram_rows(()) == []
    assert [row["to"] for row in plots.histogram_rows([1, 0])] == [0.5, 1.0]
