"""The counts of annotation records that SQL makes, against loops over the records."""

from __future__ import annotations

import json
import math
from collections import Counter, defaultdict
from pathlib import Path
from typing import Any

import duckdb
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from dvc_labelmeta.errors import UnreadableFile
from dvc_labelmeta.read.records import open_records
from dvc_labelmeta.read.tallies import Tallies, lines
from dvc_labelmeta.stats.calibration import binned
from dvc_labelmeta.stats.votes import votes_of

Records = list[dict[str, Any]]


def tallies_of(records: Records, folder: Path, layer: str | None = None) -> Tallies:
    file = folder / "records.jsonl"
    kept = [{k: v for k, v in one.items() if v is not None} for one in records]
    file.write_text("".join(json.dumps(one) + "\n" for one in kept), encoding="utf-8")
    tallies = Tallies(open_records([str(file)], "jsonl"))
    tallies.select(layer)
    return tallies


@st.composite
def record_lists(draw: st.DrawFn) -> Records:
    def maybe(values: Any) -> Any:
        return draw(st.none() | st.sampled_from(values))

    return [
        {
            "id": f"r{n}",
            "item": draw(st.sampled_from("ABC")),
            "label": draw(st.sampled_from(["x", "y", "z", None])),
            "annotator": draw(st.sampled_from(["a", "b", "c", "d", None])),
            "annotated_at": maybe(["2026-01-01T00:00:00Z", "2026-01-02T00:00:00+02:00"]),
            "guideline_version": maybe(["1.0.0", "1.1.0"]),
            "confidence": maybe([0, 0.25, 0.5, 0.7, 1, 1e30]),
            "status": maybe(["submitted", "draft", "skipped", "discarded", "flagged"]),
            "is_gold": draw(st.sampled_from([None, None, None, False, True])),
            "annotator_type": maybe(["person", "software", "aggregate"]),
            "supersedes": draw(st.none() | st.sampled_from([f"r{i}" for i in range(n + 1)])),
        }
        for n in range(draw(st.integers(1, 30)))
    ]


def current(records: Records) -> Records:
    gone = {
        one["supersedes"]
        for one in records
        if one["supersedes"] != one["id"] and one["status"] != "draft"
    }
    return [
        one
        for one in records
        if one["label"] is not None
        and one["status"] not in {"draft", "skipped", "discarded"}
        and one["annotator_type"] != "aggregate"
        and one["id"] not in gone
    ]


def latest(records: Records, *more: str) -> Records:
    """The last by time, then id, of each annotator on each item; nameless ones all count."""
    found: dict[Any, dict[str, Any]] = {}
    for one in records:
        who = one["annotator"] or one["id"]
        key = (one["item"], who, *(one[name] for name in more))
        # 2026-01-02T00:00:00+02:00 is the later of the two in UTC as well
        if key not in found or (one["annotated_at"] or "", one["id"]) > (
            found[key]["annotated_at"] or "",
            found[key]["id"],
        ):
            found[key] = one
    return list(found.values())


def by(records: Records, *names: str) -> dict[Any, list[str]]:
    found = defaultdict(list)
    for one in records:
        found[tuple(one[name] for name in names)].append(one["label"])
    return found


@settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(record_lists())
def test_counts_are_those_of_loops(tmp_path: Path, records: Records) -> None:
    tallies = tallies_of(records, tmp_path)
    people = [one for one in current(records) if not one["is_gold"]]
    votes = latest(people)

    assert tallies.patterns() == votes_of(by(votes, "item").values())
    versions = latest(people, "guideline_version")
    per_version = defaultdict(list)
    for (version, _), labels in by(versions, "guideline_version", "item").items():
        per_version[version].append(labels)
    assert tallies.patterns_by("guideline_version") == {
        v: votes_of(one) for v, one in per_version.items()
    }
    assert {row[0]: row[1:] for row in tallies.versions()} == {
        version: (
            len(held := [one for one in versions if one["guideline_version"] == version]),
            len({one["item"] for one in held}),
            len({one["annotator"] for one in held} - {None}),
        )
        for version in per_version
    }
    named = [one for one in people if one["annotator"]]
    repeated = [labels for labels in by(named, "annotator", "item").values() if len(labels) > 1]
    assert tallies.repeated() == votes_of(repeated)

    told = tallies.totals()
    assert (told.records, told.votes) == (len(records), len(votes))
    assert told.nameless == sum(one["annotator"] is None for one in votes)
    assert told.voters == len({one["annotator"] for one in votes} - {None})
    assert told.versions == Counter(one["guideline_version"] for one in records)
    gone = {one["supersedes"] for one in records if one["supersedes"] != one["id"]
            and one["status"] != "draft"}  # fmt: skip
    assert told.in_force == {
        version: sum(
            one["guideline_version"] == version
            and one["status"] not in {"draft", "skipped", "discarded"}
            and one["id"] not in gone
            for one in records
        )
        for version in told.versions
    }
    assert told.mixed == len({one["guideline_version"] for one in people})
    assert told.statuses == Counter(one["status"] or "submitted" for one in records)

    known = Counter(
        one["confidence"] if one["confidence"] in {0, 0.25, 0.5, 0.7, 1} else None for one in votes
    )
    assert tallies.confidences().get(None, {}) == known
    check_gold_and_calibration(tallies, records, votes)
    check_annotators(tallies, votes)


def check_gold_and_calibration(tallies: Tallies, records: Records, votes: Records) -> None:
    answers = {
        item: set(labels)
        for (item,), labels in by([o for o in current(records) if o["is_gold"]], "item").items()
    }
    single = {item: min(labels) for item, labels in answers.items() if len(labels) == 1}
    voted = {one["item"] for one in votes}
    compared = [one for one in votes if one["item"] in single]
    gold = tallies.gold()
    assert gold.items == len(voted & set(single))
    assert gold.contradicted == len(answers) - len(single)
    assert gold.unjoined == len(set(answers) - voted)
    assert gold.votes == len(compared)
    assert gold.right == sum(one["label"] == single[one["item"]] for one in compared)

    against_gold = [(one, one["label"] == single[one["item"]]) for one in compared]
    against_most = []
    for n, one in enumerate(votes):
        others = Counter(
            o["label"] for m, o in enumerate(votes) if m != n and o["item"] == one["item"]
        ).most_common()
        if others and (len(others) == 1 or others[0][1] > others[1][1]):
            against_most.append((one, one["label"] == others[0][0]))
    for against, pairs in (("gold", against_gold), ("majority", against_most)):
        asked = [
            (one["confidence"], right)
            for one, right in pairs
            if one["confidence"] is not None and one["confidence"] <= 1
        ]
        found, wanted = tallies.calibration_bins(against), binned(asked)
        assert [row[:3] for row in found] == [row[:3] for row in wanted]
        for row, other in zip(found, wanted, strict=True):
            assert math.isclose(row[3], other[3], abs_tol=1e-9)
            assert math.isclose(row[4], other[4], abs_tol=1e-9)


def check_annotators(tallies: Tallies, votes: Records) -> None:
    pairs: defaultdict[tuple[str, str], Counter[tuple[str, str]]] = defaultdict(Counter)
    shares = defaultdict(list)
    for n, one in enumerate(votes):
        others = [o for m, o in enumerate(votes) if m != n and o["item"] == one["item"]]
        if one["annotator"] and others:
            same = sum(o["label"] == one["label"] for o in others)
            shares[one["annotator"]].append(same / len(others))
        for other in others:
            if one["annotator"] and other["annotator"] and one["annotator"] < other["annotator"]:
                key = (one["annotator"], other["annotator"])
                pairs[key][one["label"], other["label"]] += 1
    assert tallies.pairs(2) == {pair: c for pair, c in pairs.items() if c.total() >= 2}
    for name, number, compared, share in tallies.annotators():
        assert number == sum(one["annotator"] == name for one in votes)
        assert compared == len(shares[name])
        if compared:
            assert math.isclose(share or 0, sum(shares[name]) / compared, abs_tol=1e-9)
        else:
            assert share is None


def vote(n: int, **more: Any) -> dict[str, Any]:
    return {"id": f"r{n}", "item": "A", "label": "x", "annotator": f"a{n}", **more}


def test_a_list_of_labels_means_the_same_in_any_order(tmp_path: Path) -> None:
    records = [vote(1, label=["x", "y"]), vote(2, label=["y", "x"]), vote(3, label=["x"])]
    assert tallies_of(records, tmp_path).patterns() == {(('["x","y"]', 2), ('["x"]', 1)): 1}


def test_only_records_of_the_layer_count_and_those_that_name_none(tmp_path: Path) -> None:
    records = [vote(1, layer="tone"), vote(2, layer="topic", label="z"), vote(3)]
    tallies = tallies_of(records, tmp_path, "tone")
    assert tallies.layers == ["tone", "topic"]
    assert tallies.read == 3
    assert tallies.patterns() == {(("x", 2),): 1}


def test_what_is_no_vote_is_counted_by_its_reason(tmp_path: Path) -> None:
    records = [
        vote(1),
        vote(2, status="draft"),
        vote(3, status="skipped"),
        vote(4, status="discarded"),
        vote(5, label=None),
        vote(6, supersedes="r1"),
        vote(7, is_gold=True),
        vote(8, annotator_type="aggregate"),
    ]
    assert tallies_of(records, tmp_path).totals().left_out == {
        "status draft": 1,
        "status skipped": 1,
        "status discarded": 1,
        "superseded": 1,
        "without item or label": 1,
        "aggregate": 1,
        "reference answer": 1,
    }


def test_pairs_are_those_with_most_items_in_common(tmp_path: Path) -> None:
    records = [
        {"id": f"{who}{item}", "item": str(item), "label": "x", "annotator": who}
        for who, items in (("a", 9), ("b", 9), ("c", 5))
        for item in range(items)
    ]
    tallies = tallies_of(records, tmp_path)
    assert tallies.pairs(5, limit=2) == {("a", "b"): {("x", "x"): 9}, ("a", "c"): {("x", "x"): 5}}
    assert list(tallies.pairs(6)) == [("a", "b")]
    assert [row[:2] for row in tallies.annotators(2)] == [("a", 9), ("b", 9)]


@pytest.mark.parametrize("end", ["", "\n", "\n\n  \n"])
def test_lines_are_counted_that_are_not_blank(tmp_path: Path, end: str) -> None:
    file = tmp_path / "records.jsonl"
    file.write_text('{"id": "r1", "note": "a\\"b, c"}\n\n{broken\n"text"' + end)
    connection = open_records([str(file)], "jsonl")
    assert lines(connection, [str(file)]) == 3
    assert Tallies(connection).read == 1


def test_csv_is_read_as_it_stands(tmp_path: Path) -> None:
    """Nothing is guessed: neither comments, nor a preface, nor which columns there are."""
    file = tmp_path / "r.csv"
    file.write_text("id,item,label\n#1,a,x\n#2,b,y\n3,c,#z\n", encoding="utf-8")
    tallies = Tallies(open_records([str(file)], "csv"))
    tallies.select(None)
    assert tallies.patterns() == {(("x", 1),): 1, (("y", 1),): 1, (("#z", 1),): 1}
    file.write_text("id,item\n1,a\n2,b\n" + "3,c,x\n" * 9, encoding="utf-8")
    with pytest.raises(duckdb.Error, match="Line: 4"):
        Tallies(open_records([str(file)], "csv"))


@pytest.mark.parametrize("content", [b"\xff\xfe\0", b"", b"id,id\n1,2\n"])
def test_csv_without_a_header_is_unreadable(tmp_path: Path, content: bytes) -> None:
    file = tmp_path / "r.csv"
    file.write_bytes(content)
    with pytest.raises(UnreadableFile, match="first line"):
        open_records([str(file)], "csv")
