"""Records carried over by rules: each kind of rule, what is left to a person, and the laws."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dvc_labelmeta.diff.guidelines import diff
from dvc_labelmeta.diff.migration import (
    carried,
    fields,
    inverse,
    needs_file,
    predecessors,
)
from dvc_labelmeta.diff.operation import Content
from dvc_labelmeta.model.migration import (
    PREDICATES,
    LabelMap,
    Listed,
    Migration,
    ValueMap,
    faults,
    label_map,
    migration,
    migrations_folder,
)

EXACT, BROAD, CLOSE, NARROW, _ = PREDICATES


def step(**more: Any) -> Migration:
    return Migration("g.migrations/2.yaml", "1", "2", **more)


def line(old: str, new: str, predicate: str = EXACT) -> LabelMap:
    return LabelMap(old, predicate, new, "semapv:ManualMappingCuration")


def outcome(
    record: dict[str, Any], *steps: Migration
) -> tuple[str, dict[str, Any], tuple[str, ...]]:
    state, after, reasons = carried(record, steps)
    return state, dict(after), reasons


CASES: dict[str, tuple[dict[str, Any], dict[str, Any], str, dict[str, Any]]] = {
    "nothing said, nothing done": ({}, {"label": "a"}, "valid", {"label": "a"}),
    "renamed": ({"labels": (line("a", "b"),)}, {"label": "a"}, "mapped", {"label": "b"}),
    "swapped": (
        {"labels": (line("a", "b"), line("b", "a"))},
        {"label": ["a", "b", 3]},
        "mapped",
        {"label": ["b", "a", 3]},
    ),
    "merged in a list": (
        {"labels": (line("a", "c", BROAD), line("b", "c", BROAD))},
        {"label": ["a", "b"]},
        "mapped",
        {"label": ["c"]},
    ),
    "nearly the same": (
        {"labels": (line("a", "b", CLOSE),)},
        {"label": "a"},
        "review",
        {"label": "b", "review": "pending"},
    ),
    "in a span": (
        {"labels": (line("a", "b"),), "task": "span", "labels_after": frozenset({"b"})},
        {"value": {"start": 0, "end": 2, "label": "a"}},
        "mapped",
        {"value": {"start": 0, "end": 2, "label": "b"}},
    ),
    "a text that reads like a label": (
        {"labels": (line("a", "b"),), "task": "transcription"},
        {"value": "a"},
        "valid",
        {"value": "a"},
    ),
    "a list of labels as the value": (
        {"labels": (line("a", "b"),), "task": "multilabel"},
        {"value": ["a"]},
        "mapped",
        {"value": ["b"]},
    ),
    "one value to two": (
        {"values": (ValueMap("value.T", "PH", {"value.A": "H", "value.T": "P"}),)},
        {"value": {"T": "PH", "X": 1}},
        "mapped",
        {"value": {"T": "P", "X": 1, "A": "H"}},
    ),
    "a value taken out": (
        {"values": (ValueMap("value.R", "No", {}),)},
        {"value": {"R": "No"}},
        "mapped",
        {"value": {}},
    ),
    "true is not 1": (
        {"values": (ValueMap("extra.k", 1, {"extra.k": 2}),)},
        {"extra": {"k": True}},
        "valid",
        {"extra": {"k": True}},
    ),
    "moved to another field": (
        {"moves": {"note": "extra.remark"}},
        {"note": "n"},
        "mapped",
        {"extra": {"remark": "n"}},
    ),
    "constant and backfill": (
        {"constants": {"tool": "t"}, "backfill": {"confidence": 0.5}},
        {"tool": "s", "source": "x"},
        "mapped",
        {"tool": "t", "confidence": 0.5, "source": "backfilled"},
    ),
    "backfill leaves what is there": (
        {"backfill": {"confidence": 0.5}},
        {"confidence": 0.1},
        "valid",
        {"confidence": 0.1},
    ),
    "a list that does not name it": (
        {"listed": (Listed("relabel", "cites", "R1", "gone"),)},
        {"cites": ["R2"]},
        "valid",
        {"cites": ["R2"]},
    ),
    "review of a clause": (
        {"listed": (Listed("review", "cites", "R1", "gone"),)},
        {"cites": ["R1"], "label": "a"},
        "review",
        {"cites": ["R1"], "label": "a", "review": "pending"},
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_a_rule(name: str) -> None:
    rules, record, state, after = CASES[name]
    before = repr(record)
    assert outcome(record, step(**rules))[:2] == (state, after)
    assert repr(record) == before, "the record itself is not touched"
    assert {*record, *after} - {*record} <= fields([step(**rules)])


LEFT: dict[str, tuple[dict[str, Any], dict[str, Any], str, str]] = {
    "one to several": (
        {"labels": (line("a", "b"), line("a", "c"))},
        {"label": "a"},
        "relabel",
        "a: b or c, which only a person can say",
    ),
    "narrower": (
        {"labels": (line("a", "b", NARROW),)},
        {"label": ["x", "a"]},
        "relabel",
        "a: not every item is b",
    ),
    "listed": (
        {"listed": (Listed("relabel", "label", "a", "redefined"),)},
        {"label": "a"},
        "relabel",
        "a: redefined",
    ),
    "no such label": (
        {"labels_after": frozenset({"b"})},
        {"label": "a"},
        "invalid",
        "a: 2 has no such label",
    ),
    "another value is there": (
        {"values": (ValueMap("value.V", "N", {"value.M": "Nec"}),)},
        {"value": {"V": "N", "M": "Imp"}},
        "relabel",
        "value.M would become Nec, and is Imp",
    ),
    "no object to put a key into": (
        {"constants": {"value.k": 1}},
        {"value": "text"},
        "relabel",
        "value.k would be part of value, which is text",
    ),
}


@pytest.mark.parametrize("name", LEFT)
def test_what_no_rule_decides_is_left_as_it_is(name: str) -> None:
    rules, record, state, reason = LEFT[name]
    assert outcome(record, step(**rules)) == (state, record, (reason,))
    later = step(labels=(line("a", "z"),))
    assert outcome(record, step(**rules), later)[0] == state, "later steps do not mend it"


def test_review_stays_over_later_steps() -> None:
    first = step(labels=(line("a", "b", CLOSE),))
    last = step(labels=(line("b", "c"),))
    state, after, reasons = outcome({"label": "a"}, first, last)
    assert (state, after["label"], reasons) == ("review", "c", ("a: nearly the same as b",))


LABELS = st.lists(st.sampled_from("abcdefgh"), min_size=1, unique=True)


@st.composite
def renames(draw: st.DrawFn) -> Migration:
    old = draw(LABELS)
    new = draw(st.permutations([*"tuvwxyz", *old]))[: len(old)]
    moves = draw(st.sampled_from([{}, {"note": "rationale"}, {"note": "extra.n"}]))
    return step(labels=tuple(map(line, old, new)), moves=moves, labels_after=None)


@given(renames(), st.sampled_from("abcdefgh"), st.booleans())
def test_there_and_back_is_the_same_record(one: Migration, label: str, noted: bool) -> None:
    used = {each.object_id for each in one.labels} - {each.subject_id for each in one.labels}
    record = {"label": label} | ({"note": "n"} if noted else {"extra": {"k": 1}})
    back, why = inverse(one, frozenset("abcdefgh"))
    assert why == []
    assert (back.previous, back.current) == ("2", "1")
    there = carried(record, [one])
    assert label not in used
    again = dict(carried(there.record, [back]).record)
    assert {name: value for name, value in again.items() if value != {}} == record
    assert inverse(back, None)[0]._replace(labels_after=None) == one


@given(renames(), st.sampled_from("abcdefgh"))
def test_a_chain_is_step_after_step(one: Migration, label: str) -> None:
    two = step(labels=(line("t", "end"), line("a", "start")))
    between = carried({"label": label}, [one])
    assert carried(between.record, [two]).record == carried({"label": label}, [one, two]).record


@pytest.mark.parametrize(
    ("rules", "why"),
    [
        ({"labels": (line("a", "b"),)}, "a -> b is not one to one"),
        ({"labels": (line("a", "x", BROAD),)}, "a -> x is not one to one"),
        ({"labels": (line("a", "x"), line("c", "x"))}, "a -> x is not one to one"),
        ({"labels": (line("a", "x"), line("a", "y"))}, "a label becomes several"),
        ({"constants": {"tool": "t"}}, "constants is not one to one"),
        ({"moves": {"note": "rationale", "tool": "rationale"}}, "several fields become one"),
    ],
)
def test_what_is_not_one_to_one_has_no_inverse(rules: dict[str, Any], why: str) -> None:
    assert why in inverse(step(**rules), frozenset("abc"))[1]


def test_a_list_of_labels_loses_only_what_the_map_makes_alike() -> None:
    one = step(labels=(line("a", "x"), line("b", "x")))
    for label in (["c", "c"], [{"a": 1}, "c"]):
        assert carried({"label": label}, [one]).state == "valid"
    assert carried({"label": ["a", ["a"], "b"]}, [one]).record == {"label": ["x", ["a"]]}


def test_steps_are_found_backwards() -> None:
    file = Migration("2.0.0.yaml", "1.0.0", "2.0.0")
    versions = ("0.9.0", "1.0.0", "1.1.0", "2.0.0")
    found = [
        (one.previous, one.current, one.path)
        for one in predecessors("2.0.0", {"2.0.0": file}, versions)
    ]
    assert found == [("1.0.0", "2.0.0", "2.0.0.yaml"), ("0.9.0", "1.0.0", "")]
    circle = {"1.0.0": Migration("1.0.0.yaml", "2.0.0", "1.0.0"), "2.0.0": file}
    assert len(predecessors("2.0.0", circle, versions)) == 2
    assert predecessors("9", {}, versions) == []


def test_only_what_changes_records_needs_a_file() -> None:
    def changed(*labels: str, guide: str = "", title: str = "t") -> Content:
        listed = [{"id": label, "definition": label} for label in labels]
        head = {"id": "g", "version": title, "status": "active", "title": title}
        return Content(head | {"labels": listed}, {"guide.md": guide})

    before = changed("a", "b")
    named = diff(before, changed("a", "b", "c", title="u"))
    assert [o.rule for o in needs_file(named, "minor")] == []
    assert [o.rule for o in needs_file(diff(before, changed("a")), "major")] == ["LABEL_REMOVED"]
    prose = diff(before, changed("a", "b", guide="Choose the other one."))
    assert [o.rule for o in needs_file(prose, "unknown")] == ["PROSE_CHANGED"]
    assert needs_file(prose, "minor") == []


FILE: dict[str, Any] = {
    "schema": "labelmeta/migration/v1",
    "from": "1",
    "to": "2",
    "labels": [line("a", "b")._asdict()],
    "values": [{"field": "value.T", "from": "x"}],
    "relabel": [{"label": "c", "reason": "r"}],
    "review": [{"cites": "R1", "reason": "s"}],
}


def test_a_file_becomes_a_value() -> None:
    found = migration("g.migrations/2.yaml", FILE)
    assert found.labels == (line("a", "b"),)
    assert found.values == (ValueMap("value.T", "x", {}),)
    assert found.listed == (
        Listed("relabel", "label", "c", "r"),
        Listed("review", "cites", "R1", "s"),
    )
    assert faults(FILE) == []
    assert migrations_folder("guidelines/tone", "tone") == "guidelines/tone.migrations"
    assert fields([found]) == {"label", "value", "cites", "review"}


@pytest.mark.parametrize(
    ("more", "where"),
    [
        ({"constants": {"id": "x"}}, ("constants", "id")),
        ({"backfill": {"item": "x"}}, ("backfill", "item")),
        ({"moves": {"note": "supersedes"}}, ("moves", "note")),
        ({"values": [{"field": "value", "from": 1, "to": {"id": 1}}]}, ("values", 0)),
        ({"relabel": [{"reason": "r"}]}, ("relabel", 0)),
        ({"items": {"a": "c", "b": "c"}}, ("items",)),
        ({"items": {"a": "c"}, "items_file": "i.csv"}, ("items_file",)),
        ({"to": "1"}, ("to",)),
    ],
)
def test_what_no_file_may_say(more: dict[str, Any], where: tuple[str | int, ...]) -> None:
    assert [pointer for pointer, _ in faults(FILE | more)] == [where]


def test_labels_are_followed_over_several_migrations() -> None:
    def between(previous: str, current: str, *lines: LabelMap) -> Migration:
        return Migration("m", previous, current, labels=lines)

    steps = [
        between("2.0.0", "3.0.0", line("b", "c"), line("x", "y")),
        between("1.0.0", "2.0.0", line("a", "b"), line("s", "t"), line("s", "u")),
        between("3.0.0", "4.0.0", line("c", "z")),
    ]
    assert label_map(steps, "1.0.0", "3.0.0") == {
        "a": ("c",),
        "s": ("t", "u"),
        "b": ("c",),
        "x": ("y",),
    }
    assert label_map(steps, "1.5.0", "1.9.0") == {}
