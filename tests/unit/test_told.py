"""What an event of the ledger changed, in one line."""

from __future__ import annotations

from typing import Any

import pytest

from dvc_labelmeta.diff.told import told
from dvc_labelmeta.model.event import Event

LONG = "because " * 20


def layer(
    version: str = "1.0.0", commit: str = "c1", records: str = "", **more: Any
) -> dict[str, Any]:
    found = {"guideline": "tone", "version": version, "object": f"o{version}", "commit": commit}
    return found | ({"records": {"path": "r.jsonl", "md5": records}} if records else {}) | more


def claims(data: str = "d1", **layers: dict[str, Any]) -> dict[str, Any]:
    return {"data": {"hash": "md5", "value": data}, "layers": layers or {"labels": layer()}}


def event(type_: str, subject: str, after: dict[str, Any], **details: Any) -> Event:
    return Event("e" * 64, type_, subject, "2026-01-05T09:00:00Z", "a" * 64, (), 1, after, details)


@pytest.mark.parametrize(
    ("type_", "before", "after", "expected"),
    [
        ("linked", None, claims(), "labels: tone 1.0.0"),
        ("relinked", None, claims(), "labels: tone 1.0.0"),
        ("relinked", {}, claims(), "labels: tone 1.0.0"),
        ("relinked", claims(), claims(labels=layer("2.0.0")), "labels: tone 1.0.0 -> 2.0.0"),
        ("migrated", claims(labels=layer(records="m1")), claims(labels=layer("2.0.0", records="m2")), "labels: tone 1.0.0 -> 2.0.0, records changed"),
        ("relinked", claims(), claims("d2", labels=layer("2.0.0")), "labels: tone 1.0.0 -> 2.0.0; data d1 -> d2"),
        ("relinked", claims(), claims("d2"), "labels: tone 1.0.0, for data d1 -> d2"),
        ("relinked", claims(), claims(labels=layer(mode="full")), "mode labels: default -> full"),
        ("repaired", claims(), claims(labels=layer(commit="c2")), "labels: commit c1 -> c2"),
        ("relabelled", claims(labels=layer(records="m1"), boxes=layer(records="m1")), claims(labels=layer(records="m2"), boxes=layer(records="m1")), "records labels: changed"),
        ("unlinked", claims(), {}, "labels: tone 1.0.0"),
        ("imported", claims(), claims(), ""),
        ("relinked", claims(), {"later": "form"}, "no data hash; no data value; no layers labels guideline; no layers labels version; 3 more"),
    ],
)  # fmt: skip
def test_splits(
    type_: str, before: dict[str, Any] | None, after: dict[str, Any], expected: str
) -> None:
    assert told(event(type_, "split:a.csv", after), before) == expected


def test_how_many_records_came() -> None:
    counts = [{"version": "1.0.0", "records": 1}, {"version": "1.1.0", "records": 2}]
    one = event("migrated", "split:a.csv", claims(), **{"from": counts, "to": "2.0.0"})
    assert told(one, claims()) == "1 record of 1.0.0, 2 records of 1.1.0; to 2.0.0"
    one = event("imported", "split:a.csv", claims(), new=5, source="a.csv", batches=["b1", "b2"])
    assert told(one, claims()) == "5 new of a.csv, batch b1, b2"
    one = event("imported", "split:a.csv", claims(), new=5, source="a.csv")
    assert told(one, claims()) == "5 new of a.csv"
    assert told(event("imported", "split:a.csv", claims(), new=5), claims()) == ""
    assert told(event("rolled-back", "split:a.csv", claims(), **{"from": {"x": 1}}), None)


def test_where_a_split_went() -> None:
    assert told(event("moved", "split:a.csv", {}, to="b.csv"), claims()).endswith("; to b.csv")
    assert told(event("moved", "split:b.csv", claims(), **{"from": "a.csv"}), None).endswith(
        "; from a.csv"
    )


@pytest.mark.parametrize(
    ("subject", "before", "after", "expected"),
    [
        ("guideline:tone", None, {"version": "1.0.0", "object": "o"}, "1.0.0"),
        ("guideline:tone", {"version": "1.0.0", "object": "o"}, {"version": "2.0.0", "object": "p"}, "1.0.0 -> 2.0.0"),
        ("guideline:tone", {"version": "1.0.0", "object": "o"}, {"version": "1.0.0", "object": "p"}, "1.0.0, with another text"),
        ("guideline:tone", {"version": "1.0.0", "object": "o"}, {"version": "1.0.0", "object": "o"}, "1.0.0"),
        ("guideline:tone", {"version": "1.0.0", "object": "o"}, {}, "no longer there"),
        ("guideline:tone", None, {"object": "o"}, "object o"),
        ("waiver:LM105:a", {"reason": "r", "until": "u"}, {"reason": LONG, "approved_by": ["a" * 64, "Bo"]}, f"reason r -> {LONG[:59]}…; no until; approved_by aaaaaaaaaaaa, Bo"),
        ("stage:dvc.yaml:train", {"cmd": "a", "outs": {"m": "1" * 32}}, {"cmd": "a", "outs": {"m": "2" * 32 + ".dir"}}, "outs m 111111111111 -> 222222222222"),
    ],
)  # fmt: skip
def test_others(
    subject: str, before: dict[str, Any] | None, after: dict[str, Any], expected: str
) -> None:
    assert told(event("released", subject, after), before) == expected
