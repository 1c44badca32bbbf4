"""What a commit did to a split, from what stood before and after it."""

from __future__ import annotations

import pytest

from dvc_labelmeta.diff.life import events
from dvc_labelmeta.model.life import Change
from dvc_labelmeta.model.sidecar import DataPin, Layer, Link, Records, Sidecar

ONE, TWO = Link("tone", "1.0.0", "c1" * 20, "o1"), Link("tone", "2.0.0", "c2" * 20, "o2")


def side(
    link: Link = ONE,
    count: int | None = None,
    *,
    data: str = "d1",
    more: tuple[Layer, ...] = (),
    **fields,
) -> Sidecar:
    layer = Layer("labels", link, annotations=Records("r.jsonl", declared=count) if count else None)
    pin = DataPin("a.csv", "exact", "md5", data)
    return Sidecar("a.csv.labelmeta.yaml", "a.csv", pin, layers=(layer._replace(**fields), *more))


BOX = Layer("boxes", ONE)


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        (Change(None, side()), [("linked", "labels: tone 1.0.0")]),
        (Change(None, side(), moved="b.csv"), [("moved", "from b.csv")]),
        (Change(side(), None), [("unlinked", "labels: tone 1.0.0")]),
        (Change(side(), None, moved="b.csv"), [("moved", "to b.csv")]),
        (Change(side(), side(TWO)), [("re-linked", "labels: tone 1.0.0 -> 2.0.0")]),
        (Change(side(), side(TWO._replace(id="form"))), [("re-linked", "labels: tone 1.0.0 -> form 2.0.0")]),
        (Change(side(), side(TWO), earlier="e" * 40), [("rolled back", "as at eeeeeeeeeeee"), ("re-linked", "labels: tone 1.0.0 -> 2.0.0")]),
        (Change(None, side(), earlier="e" * 40), [("linked", "labels: tone 1.0.0")]),
        (Change(side(ONE, 5), side(TWO, 5), records=True), [("migrated", "labels: tone 1.0.0 -> 2.0.0, records changed")]),
        (Change(side(TWO, 5), side(ONE, 4), earlier="e" * 40), [("rolled back", "as at eeeeeeeeeeee"), ("re-linked", "labels: tone 2.0.0 -> 1.0.0, 5 -> 4 records")]),
        (Change(side(ONE, 5), side(TWO, 4)), [("migrated", "labels: tone 1.0.0 -> 2.0.0, 5 -> 4 records")]),
        (Change(side(), side(TWO, 4)), [("re-linked", "labels: tone 1.0.0 -> 2.0.0")]),
        (Change(side(), side(ONE._replace(commit="c3"))), [("repaired", "labels: commit c1c1c1c1c1c1 -> c3")]),
        (Change(side(ONE, 5), side(ONE, 7)), [("records", "labels: 5 -> 7 records")]),
        (Change(side(), side(ONE, 7)), [("records", "labels: no -> 7 records")]),
        (Change(side(ONE, 7), side()), [("changed", "the sidecar, but no link, mode or records")]),
        (Change(records=True), [("records", "changed")]),
        (Change(side(), side(mode="frozen")), [("mode", "labels: backward -> frozen")]),
        (Change(side(), side(data="d2")), [("re-linked", "labels: tone 1.0.0, for data d1 -> d2")]),
        (Change(side(), side(more=(BOX,))), [("linked", "boxes: tone 1.0.0")]),
        (Change(side(more=(BOX,)), side()), [("unlinked", "boxes: tone 1.0.0")]),
        (Change(data=("", "d1")), [("data", "d1 added")]),
        (Change(data=("d1", "")), [("data", "d1 removed")]),
        (Change(guidelines=(("tone", ("1.0.0", "1.0.0")),)), [("guideline", "tone 1.0.0, with another text")]),
        (Change(), []),
    ],
)  # fmt: skip
def test_events(change: Change, expected: list[tuple[str, str]]) -> None:
    assert [tuple(event) for event in events(change)] == expected
