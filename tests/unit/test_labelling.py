"""The labels of an item judged purely: order, standing, chains, turns and what bears on them."""

from __future__ import annotations

import datetime as dt
from typing import Any

from dvc_labelmeta.diff.labelling import (
    Standing,
    became,
    concerned,
    faults,
    fields,
    missing,
    ordered,
    standings,
    turns,
    words_of,
)
from dvc_labelmeta.diff.operation import Operation, Touch
from dvc_labelmeta.model.labelling import Change, Label, Seen, moment, text


def label(id_: Any, day: int = 0, **more: Any) -> Label:
    """Return a label of a day (0: no time); gone, first, gone_in and seen are its own."""
    own = {name: more.pop(name) for name in ("first", "gone", "gone_in", "seen") if name in more}
    record = {"id": id_, "label": "pos", "annotator": "ann"} | more
    if day:
        record["annotated_at"] = f"2026-01-{day:02d}T09:00:00Z"
    return Label(record, **own)


def ids(labels: list[Label]) -> list[str]:
    return [one.id for one in labels]


def test_times_are_moments_only_with_a_zone() -> None:
    noon = dt.datetime(2026, 1, 1, 12, tzinfo=dt.timezone.utc)
    assert moment("2026-01-01T12:00:00Z") == moment("2026-01-01T13:00:00+01:00") == noon
    assert moment("2026-01-01T12:00:00") is None
    assert moment("noon") is None
    assert moment("") is None
    assert text({"a": 1}, "a") == text({}, "a") == ""


def test_order_is_by_time_and_after_what_is_replaced() -> None:
    assert ids(ordered([label("c", 3), label("a", 1), label("b", 2)])) == ["a", "b", "c"]
    assert ids(ordered([label("none"), label("a", 1)])) == ["a", "none"]
    replaced = [label("late", 2, supersedes="none"), label("none"), label("z")]
    assert ids(ordered(replaced)) == ["none", "late", "z"]
    made = [label("sum", 1, derived_from=["b", "a", 7]), label("a", 3), label("b", 2)]
    assert ids(ordered(made)) == ["b", "a", "sum"]
    circle = [label("a", 1, supersedes="b"), label("b", 2, supersedes="a")]
    assert sorted(ids(ordered(circle))) == ["a", "b"]
    both = [label("r", 5, gone="rewritten"), label("r", 1, label="neg")]
    assert [one.gone for one in ordered(both)] == ["rewritten", ""]
    assert ordered([]) == []


def test_what_was_carried_over_came_to_be_when_it_was_committed() -> None:
    made = [label("a", 1), label("b", 3)]
    moved = label("a2", 1, supersedes="a", migrated_from="a", first=Change("c", "2026-01-05"))
    again = label("b2", 9, migrated_from="b", first=Change("c", "2026-01-05"))
    timeless = label("b3", migrated_from="b", first=Change("c", "2026-01-06"))
    fresh = label("a3", 1, migrated_from="a2")
    assert ids(ordered([moved, again, timeless, fresh, *made])) == [
        "a",
        "b",
        "a2",
        "b3",
        "b2",
        "a3",
    ]
    assert fresh.since is None
    assert again.since == again.moment


def test_a_long_chain_is_no_trouble() -> None:
    chain = [label(f"r{n}", supersedes=f"r{n - 1}") for n in range(5000, 0, -1)]
    assert ids(ordered(chain))[:2] == ["r1", "r2"]
    assert faults(chain, {"r0": "8"}) == ["r1 supersedes r0, which is of another item, 8"]


def test_which_label_is_in_force() -> None:
    cases = [
        (label("a", 1), Standing("superseded", ("b",))),
        (label("b", 2, supersedes="a"), Standing("overtaken", ("k",))),
        (label("c", 9, status="draft", supersedes="b"), Standing("draft")),
        (label("d", 9, status="skipped"), Standing("skipped")),
        (label("e", 9, review="rejected"), Standing("rejected")),
        (label("f", 9, annotator_type="aggregate"), Standing("aggregate")),
        (label("g", 9, is_gold=True), Standing("reference")),
        (label("h", gone="removed"), Standing("removed")),
        (label("i", annotator=None), Standing("in force")),
        (label("j", annotator=None, is_gold="yes"), Standing("in force")),
        (label("k", 3), Standing("in force")),
        (label("l"), Standing("overtaken", ("k",))),
        (label("m", 3, annotator="other", supersedes="m"), Standing("in force")),
        (label("n", gone="removed", supersedes="k"), Standing("removed")),
    ]
    assert standings([one for one, _ in cases]) == [standing for _, standing in cases]


def test_chains_that_cannot_be() -> None:
    labels = [
        label("a", 1), label("b", 2, supersedes="a"), label("c", 3, supersedes="a"),
        label("d", 1, migrated_from="c"), label("e", supersedes="e"), label("twice"), label("twice"),
        label("f", 4, supersedes="gone"), label("g", 4, supersedes="lost"),
        label("gone", gone="removed", gone_in=Change("c" * 40)),
        label("lost", gone="rewritten", gone_in=Change()),
        label("h", 5, derived_from=["a", "nowhere"]), label("i", 5, migrated_from="far"),
        label("j", supersedes="k"), label("k", supersedes="j"), label("l", supersedes="k", status="draft"),
        label("", 1), label("", 2), label("merged", gone="removed", gone_in=Change(subject="by a merge")),
        label("o", supersedes="merged"), label("old", gone="removed"), label("m", supersedes="old"),
    ]  # fmt: skip
    assert faults(labels, {"far": "8"}) == [
        "2 records have the id twice",
        "d was migrated from c, which is later than it",
        "e supersedes itself",
        "f supersedes gone, which was removed in commit cccccccccccc",
        "g supersedes lost, which was rewritten and not committed",
        "h was made of nowhere, which is not there",
        "i was migrated from far, which is of another item, 8",
        "o supersedes merged, which was removed by a merge",
        "m supersedes old, which is not there",
        "a is superseded by several records: b, c",
        "records supersede each other in a circle: j, k",
    ]
    assert missing(labels) == ["gone", "lost", "nowhere", "far", "merged", "old"]
    sound = [label("a", 1), label("b", 1, supersedes="a"), label("s", 1, derived_from=["b"])]
    assert faults(sound, {}) == []


def test_turns_are_between_known_texts_of_one_guideline() -> None:
    one, two, other = Seen("tone", "1" * 40), Seen("tone", "2" * 40), Seen("prose", "3" * 40)
    labels = [
        label(str(n), seen=seen) for n, seen in enumerate((one, Seen("tone"), one, other, two, one))
    ]
    assert turns(labels) == [(2, 4), (4, 5)]


def test_what_a_record_became() -> None:
    labels = [
        label("a", gone="rewritten"),
        label("b"),
        label("a", label="neg", note="x"),
        label("c", gone="removed"),
    ]
    after = became(labels, 0)
    assert after is labels[2]
    assert fields(labels[0], labels[2]) == [("label", "pos", "neg"), ("note", None, "x")]
    assert became(labels, 1) is None
    assert became(labels, 3) is None
    assert became([label("a", gone="rewritten")], 0) is None


def test_words_of_a_label_are_its_labels_and_what_it_cites() -> None:
    spans = [{"start": 1, "label": "person"}, {"labels": ["place", 3]}, 7]
    assert words_of(label("a", cites=["R1"])) == {"pos", "R1"}
    assert words_of(label("a", label=["x", "y", 3])) == {"x", "y"}
    assert words_of(label("a", label=None, value=spans)) == {"person", "place"}


def test_operations_that_bear_on_a_label() -> None:
    own = Operation("DEF_CHANGED", "label", ("pos",), touches=(Touch("review", "label", ("neg",)),))
    merged = Operation("LABEL_MERGED", "label", ("old",), into=("neg",))
    rule = Operation("RULE_CHANGED", "rule", ("R1",), touches=(Touch("review", "label", ("neg",)),))
    task = Operation("TASK_CHANGED", "field", ("task",))
    every = [own, merged, rule, task]
    assert concerned(every, frozenset({"neg"})) == [merged, rule]
    assert concerned(every, frozenset({"pos", "R1"})) == [own, rule]
    assert concerned(every, frozenset()) == []
