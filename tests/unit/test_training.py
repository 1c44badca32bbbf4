"""Laws of the table for training, whatever the records are."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from dvc_labelmeta.model.sidecar import Layer, Link
from dvc_labelmeta.read.records import open_records
from dvc_labelmeta.read.sources import Source
from dvc_labelmeta.read.training import ITEMS, VOTES, fill

LAYER = Layer("labels", Link("tone", "1.0.0", "", ""))
KINDS: tuple[dict[str, Any], ...] = (
    {},
    {},
    {"is_gold": True},
    {"annotator_type": "aggregate"},
    {"annotator_type": "aggregate", "consensus_score": 0.5},
    {"annotator_type": "aggregate", "consensus_score": 7, "extra": {"soft_label": {"x": 7}}},
    {"annotator_type": "aggregate", "extra": {"soft_label": {"x": 0.25, "y": 0.75}}},
    {"annotator_type": "aggregate", "extra": {"soft_label": "none"}},
)
ONE = st.tuples(
    st.sampled_from("ABCD"),
    st.sampled_from("xyz"),
    st.sampled_from([None, 0, 0.25, 1, 1.5]),
    st.sampled_from([None, "1.0.0", "1.1.0"]),
    st.sampled_from(KINDS),
)


@settings(max_examples=8, suppress_health_check=list(HealthCheck))
@given(st.lists(ONE, min_size=1, max_size=20))
def test_weights_and_shares_are_shares_and_labels_come_from_the_best_source(
    tmp_path: Path, drawn: list[Any]
) -> None:
    records = [
        {"id": f"r{n:02}", "item": item, "label": label, "annotator": f"a{n}"}
        | ({"confidence": sure} if sure is not None else {})
        | ({"guideline_version": version} if version else {})
        | kind
        for n, (item, label, sure, version, kind) in enumerate(drawn)
    ]
    file = tmp_path / "r.jsonl"
    file.write_text("".join(json.dumps(one) + "\n" for one in records))
    connection = open_records([str(file)], "jsonl")
    fill(connection, Source(str(file), "jsonl", None, LAYER))
    names = [column[0] for column in connection.execute(ITEMS).description]
    found = [dict(zip(names, row, strict=True)) for row in connection.execute(ITEMS).fetchall()]
    assert [one["item"] for one in found] == sorted({one["item"] for one in records})
    for row in found:
        check(row, [one for one in records if one["item"] == row["item"]])
    votes = [one["id"] for one in records if is_vote(one)]
    assert sorted(row[1] for row in connection.execute(VOTES).fetchall()) == votes


def is_vote(one: dict[str, Any]) -> bool:
    return not one.get("is_gold") and one.get("annotator_type") != "aggregate"


def check(row: dict[str, Any], records: list[dict[str, Any]]) -> None:
    votes = [one for one in records if is_vote(one)]
    gold = {one["label"] for one in records if one.get("is_gold")}
    merged = [one for one in records if one.get("annotator_type") == "aggregate"]
    times = Counter(one["label"] for one in votes).most_common()
    assert 0 <= row["weight"] <= 1
    assert row["votes"] == row["annotators"] == len(votes)
    assert row["disputed"] == (len(times) > 1)
    if row["soft_label"] is not None:
        assert sum(one["share"] for one in row["soft_label"]) == pytest.approx(1, abs=1e-12)
    given = [one["confidence"] for one in votes if 0 <= one.get("confidence", -1) <= 1]
    mean = sum(given) / len(given) if given else None
    assert row["confidence"] == (pytest.approx(mean, abs=1e-9) if given else None)
    if len(gold) == 1:
        assert (row["label"], row["label_source"], row["weight"]) == (*gold, "gold", 1)
    elif merged:
        assert (row["label"], row["label_source"]) == (merged[-1]["label"], "aggregate")
    elif times and (len(times) == 1 or times[0][1] > times[1][1]):
        assert (row["label"], row["label_source"]) == (times[0][0], "majority")
        share = times[0][1] / len(votes)
        assert row["weight"] == pytest.approx(share * (1 if mean is None else mean), abs=1e-9)
    else:
        assert (row["label"], row["label_source"], row["weight"]) == (None, None, 0)
    used = votes or [one for one in records if one.get("is_gold") or one in merged[-1:]]
    versions = {one.get("guideline_version") for one in used}
    assert row["guideline_version"] == (versions.pop() if len(versions) == 1 else None)
