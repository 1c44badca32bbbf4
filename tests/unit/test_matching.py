"""Agreement on spans and boxes: the best matching by brute force, laws, numbers by hand."""

from __future__ import annotations

import json
import math
from itertools import combinations, permutations
from pathlib import Path
from random import Random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dvc_labelmeta.cli.app import run
from dvc_labelmeta.cli.shapes import shapes_of
from dvc_labelmeta.read import shapes as given_shapes
from dvc_labelmeta.read.records import open_records
from dvc_labelmeta.read.tallies import Tallies
from dvc_labelmeta.stats import matching as m
from dvc_labelmeta.stats.matching import Shape

WEIGHTS = st.integers(1, 5).flatmap(
    lambda width: st.lists(
        st.lists(
            st.sampled_from([0.0, 0.0, 1.0]) | st.floats(0, 1), min_size=width, max_size=width
        ),
        min_size=1,
        max_size=5,
    )
)
SIDES = st.tuples(st.integers(0, 6), st.integers(1, 4)).map(lambda s: (float(s[0]), float(sum(s))))
SPANS = st.lists(st.builds(Shape, st.sampled_from("ab"), st.tuples(SIDES)), max_size=4)
BOXES = st.lists(st.builds(Shape, st.sampled_from("ab"), st.tuples(SIDES, SIDES)), max_size=4)


def brute(weights: Any) -> float:
    """The best of all ways to give each row a column of its own."""
    if not weights or not weights[0]:
        return 0.0
    if len(weights) > len(weights[0]):
        weights = list(zip(*weights, strict=True))
    ways = permutations(range(len(weights[0])), len(weights))
    return max(sum(row[j] for row, j in zip(weights, way, strict=True)) for way in ways)


@given(WEIGHTS)
def test_the_best_total_is_that_of_brute_force(weights: list[list[float]]) -> None:
    assert math.isclose(m.best_total(weights), brute(weights), abs_tol=1e-9)
    turned = [list(row) for row in zip(*weights, strict=True)]
    assert math.isclose(m.best_total(turned), brute(weights), abs_tol=1e-9)


@settings(max_examples=60)
@given(SPANS, SPANS, BOXES, BOXES, st.randoms(use_true_random=False))
def test_laws_of_matching(
    spans: list[Shape], more: list[Shape], boxes: list[Shape], others: list[Shape], random: Random
) -> None:
    for some, rest in ((spans, more), (boxes, others)):
        for weigh in m.MEASURES[m.SPAN if some is spans else m.BOX].values():
            found = m.matched_weight(some, rest, weigh)
            wanted = brute([[weigh(one, other) for other in rest] for one in some])
            assert math.isclose(found, wanted, abs_tol=1e-9), "in parts as in one piece"
            assert math.isclose(m.matched_weight(rest, some, weigh), found, abs_tol=1e-9)
            shuffled = random.sample(some, len(some))
            assert math.isclose(m.matched_weight(shuffled, rest, weigh), found, abs_tol=1e-9)
            assert math.isclose(m.matched_weight(some, some, weigh), len(some), abs_tol=1e-9)
    for one in (*spans, *boxes):
        assert m.iou(one, one) == 1
    for one, other in (*zip(spans, more, strict=False), *zip(boxes, others, strict=False)):
        assert 0 <= m.iou(one, other) == m.iou(other, one) <= 1


def by_loops(items: list[list[list[Shape]]], kind: str, label: str, measure: str) -> float | None:
    """Twice the weight of the best matching by the shapes; the mean over pairs, summed."""
    weigh, above, below = m.MEASURES[kind][measure], 0.0, 0.0
    for answers in items:
        kept = [[s for s in a if s.kind == kind and label in {"", s.label}] for a in answers]
        pairs = list(combinations(kept, 2))
        for some, rest in pairs:
            same = [[weigh(a, b) * (a.label == b.label) for b in rest] for a in some]
            above += 2 * brute(same) / len(pairs)
            below += (len(some) + len(rest)) / len(pairs)
    return above / below if below else None


@settings(max_examples=30)
@given(st.lists(st.lists(SPANS | BOXES, min_size=1, max_size=3), max_size=4))
def test_agreement_is_its_definition(items: list[list[list[Shape]]]) -> None:
    found = m.agreement_on_shapes(items)
    for kind, measures in m.MEASURES.items():
        for measure in measures:
            for label in ("", "a", "b"):
                wanted = by_loops(items, kind, label, measure)
                one = next((o for o in found if o[:3] == (kind, label, measure)), None)
                assert (one is None) == (wanted is None)
                if one is not None and wanted is not None:
                    assert math.isclose(one.found.value, wanted, abs_tol=1e-9)
                    assert one.found.interval is None, "of so few items"


def span(start: int, end: int, label: str = "a") -> dict[str, Any]:
    return {"start": start, "end": end, "label": label}


def box(x: float, y: float, width: float, height: float, **more: Any) -> dict[str, Any]:
    return {"x": x, "y": y, "width": width, "height": height, **more}


def test_numbers_by_hand() -> None:
    one, half, near = (m.shape_of(box(x, 0, 10, 10)) for x in (0, 5, 1))
    assert one is not None
    assert half is not None
    assert near is not None
    assert math.isclose(m.iou(one, half), 50 / 150)
    assert math.isclose(m.iou(one, near), 90 / 110)
    # a greedy search takes the closest pair (0..10 and 0..11) and leaves the two others apart
    spans = [m.shape_of(span(*ends)) for ends in ((0, 10), (2, 12), (-6, 1), (0, 11))]
    first = [s for s in (spans[0], spans[1]) if s]
    second = [s for s in (spans[3], spans[2]) if s]
    assert m.matched_weight(first, second, m.MEASURES[m.SPAN]["f1_overlap"]) == 2
    # one of two spans the same, the other moved by a word: F1 0.5 exactly, 1 by overlap
    text = [m.shape_of(span(0, 5)), m.shape_of(span(10, 20)), m.shape_of(span(12, 20))]
    answers = [[s for s in text[:2] if s], [s for s in (text[0], text[2]) if s]]
    found = {one.measure: one for one in m.agreement_on_shapes([answers] * 30) if not one.label}
    assert found["f1_exact"].found.value == 0.5
    assert found["f1_overlap"].found.value == 1
    assert found["f1_exact"].found.items == 30
    interval = found["f1_exact"].found.interval
    assert interval is not None
    assert (interval.low, interval.high) == (0.5, 0.5)


@pytest.mark.parametrize(
    "value",
    [
        None,
        "text",
        4,
        [],
        {},
        {"points": [[0, 0], [1, 0], [1, 1]]},
        span(5, 5),
        {"start": 1},
        {"start": "x", "end": 2},
        box(0, 0, 0, 3),
        box(0, 0, math.inf, 3),
        box(0, 0, 10**400, 3),
    ],
)
def test_what_is_no_span_and_no_box(value: Any) -> None:
    assert m.shape_of(value) is None


def test_shapes_and_their_labels() -> None:
    assert m.shape_of(span(1, 3)) == Shape("a", ((1, 3),))
    assert m.shape_of(box(1, 2, 3, 4, label=7)) == Shape("", ((1, 4), (2, 6)))


def test_stats_show_them(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    records = [
        {"id": f"{n}{who}", "item": f"i{n}", "annotator": who, "value": value, "source": "test"}
        for n in range(20)
        for who, value in (
            ("ann", box(0, 0, 10, 10, label="cat")),
            ("bob", box(0, 0, 10, 5 if n % 2 else 4, label="cat")),
            ("cem", {"points": [[0, 0], [1, 0], [1, 1]]}),
        )
    ]
    file = tmp_path / "r.jsonl"
    file.write_text("".join(json.dumps(one) + "\n" for one in records), encoding="utf-8")
    assert run(["--root", str(tmp_path), "annotations", "stats", "r.jsonl"]) == 0
    lines = capsys.readouterr().out.splitlines()
    # ann and bob; what cem drew cannot be compared
    assert any(line.startswith("box     (all)  F1, IoU >= 0.5  0.500  0.") for line in lines)
    assert any(line.startswith("box     cat    mean IoU        0.450  0.4") for line in lines)
    assert any(
        line.startswith("warning: 20 values are no span and no upright box") for line in lines
    )


def test_answers_are_read_from_records(tmp_path: Path) -> None:
    def record(id_: str, who: str, value: Any, at: str = "01", **more: Any) -> dict[str, Any]:
        time = f"2026-01-{at}T09:00:00Z"
        told = {"id": id_, "item": "i", "annotator": who, "annotated_at": time, "value": value}
        return told | more

    other = span(30, 40)
    records = [
        # the latest list of ann is her whole answer; bob's two shapes are one answer
        record("1", "ann", [other], "01"),
        record("2", "ann", [span(0, 5), span(10, 20)], "02"),
        record("3", "bob", span(0, 5)),
        record("4", "bob", span(10, 20)),
        record("5", "bob", other, supersedes="4", status="draft"),
        record("6", "cem", other),
        record("7", "cem", [], supersedes="6", status="submitted"),
        # of these none counts
        record("8", "dan", other, status="skipped"),
        record("9", "dan", other, is_gold=True),
        record("10", "dan", other, annotator_type="aggregate"),
        record("11", "dan", other, review="rejected"),
        record("12", "dan", other, label="x"),
        record("13", "dan", "a text"),
        # alone on its item
        record("14", "ann", [{"points": []}], item="j"),
    ]
    file = tmp_path / "r.jsonl"
    file.write_text("".join(json.dumps(one) + "\n" for one in records), encoding="utf-8")
    tallies = Tallies(open_records([str(file)], "jsonl"))
    tallies.select(None)
    found = shapes_of(tallies, tallies.totals())
    rows = {(row["label"], row["measure"]): row for row in found["rows"]}
    # ann and bob agree on two of two; cem marked nothing: (4 + 0 + 0) of (4 + 2 + 2)
    assert rows[None, "f1_exact"]["value"] == 0.5
    assert rows["a", "f1_overlap"] == {
        "shape": "span", "label": "a", "measure": "f1_overlap", "value": 0.5, "interval": None,
        "items": 1,
    }  # fmt: skip
    assert (found["neither"], found["repeated"]) == (1, 1)
    file.write_text(json.dumps(records[11]) + "\n", encoding="utf-8")
    voted = Tallies(open_records([str(file)], "jsonl"))
    voted.select(None)
    assert shapes_of(voted, voted.totals()) == {"rows": [], "neither": 0, "repeated": 0}


def test_a_line_that_stands_twice_is_one_shape(tmp_path: Path) -> None:
    """So is one whose id another layer uses as well: each record is joined with itself alone."""
    records = [
        {"id": id_, "item": "i", "annotator": who, "value": span(0, 5), "layer": layer}
        for id_, who, layer in (("1", "ann", "a"), ("1", "ann", "a"), ("2", "bob", "a"))
    ]
    records.append(records[0] | {"layer": "b", "value": span(50, 60)})
    file = tmp_path / "r.jsonl"
    file.write_text("".join(json.dumps(one) + "\n" for one in records), encoding="utf-8")
    tallies = Tallies(open_records([str(file)], "jsonl"))
    tallies.select("a")
    assert [[len(answer) for answer in item] for item in given_shapes.answers(tallies)] == [[1, 1]]
