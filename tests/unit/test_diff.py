"""What a change of a guideline is: pairs judged by hand in tests/cases/diff, a case is a file."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any

import pytest
import yaml

from dvc_labelmeta.diff.apply import apply, undo
from dvc_labelmeta.diff.catalogue import BY_NAME, RULES, needed
from dvc_labelmeta.diff.comparison import compared
from dvc_labelmeta.diff.debts import Impact
from dvc_labelmeta.diff.guidelines import diff
from dvc_labelmeta.diff.operation import Content, Operation, Touch
from dvc_labelmeta.diff.proposals import likeness, proposals
from dvc_labelmeta.diff.summary import summary
from dvc_labelmeta.model.fields import GUIDELINE
from dvc_labelmeta.model.shape import fits
from dvc_labelmeta.model.version import Step, Steps, Version
from dvc_labelmeta.report.difference import difference_json, difference_text

CASES = sorted((Path(__file__).parents[1] / "cases" / "diff").glob("*/*.yaml"))
HEAD = {"schema": "labelmeta/guideline/v1", "id": "g", "version": "1.0.0", "status": "active"}
KEYS = {"previous", "current", "map", "used", "expect", "touches", "needed", "proposed"}


def content(short: dict[str, Any] | None) -> Content:
    """A content from a case: fields of guideline.yaml, and prose; null: nothing there."""
    if short is None:
        return Content()
    prose = short.pop("prose", {})
    structure = short.pop("structure", HEAD | short)
    assert structure is None or fits(GUIDELINE)(structure)
    return Content(structure, prose)


def steps(**previous_and_current: dict[str, Any]) -> tuple[Operation, ...]:
    return diff(*(content(dict(short)) for short in previous_and_current.values()))


def shown(operation: Operation) -> str:
    return " ".join((operation.rule, *operation.ids))


def shown_touch(touch: Touch) -> str:
    sample = (f"({touch.sample})",) if touch.sample else ()
    return " ".join((touch.state, touch.by, *touch.ids, *sample))


@pytest.mark.parametrize("path", CASES, ids=lambda path: f"{path.parent.name}-{path.stem}")
def test_pair_is_judged_as_by_hand(path: Path) -> None:
    case = yaml.safe_load(path.read_text("utf-8"))
    assert set(case) <= KEYS
    before, after = content(case["previous"]), content(case["current"])
    found = diff(before, after, case.get("map", {}), case.get("used", {}))
    assert sorted(map(shown, found)) == sorted(case["expect"])
    assert needed(found) == case["needed"]
    if "touches" in case:
        touches = [touch for operation in found for touch in operation.touches]
        assert sorted(map(shown_touch, touches)) == sorted(case["touches"])
    proposed = {proposal.previous: proposal.current for proposal in proposals(found)}
    assert proposed == case.get("proposed", proposed)
    assert apply(before, found) == after
    assert undo(after, found) == before
    assert (path.parent.name in {operation.rule for operation in found}) == (
        path.stem.startswith("triggers")
    )


def test_each_rule_has_a_pair_that_triggers_it_and_a_near_miss() -> None:
    kinds = Counter((path.parent.name, path.stem.startswith("triggers")) for path in CASES)
    assert set(kinds) == {(rule.name, triggers) for rule in RULES for triggers in (True, False)}
    assert len(CASES) >= 60
    assert all(path.stem.startswith(("triggers", "near-miss")) for path in CASES)


LINES = [
    ("TEXT_ONLY", "triggers-order", "format, order or names in 2 places: labels, rules"),
    ("TEXT_ONLY", "triggers-names", "format, order or names in 4 places: label a, title"),
    ("EXAMPLE_ADDED", "triggers", "examples of label a added"),
    ("EXAMPLE_CHANGED", "triggers-removed", "examples of label a removed, reworded or moved"),
    ("DEF_CLARIFIED", "triggers-use-when", "use_when and avoid_when of label a reworded, meaning declared kept"),
    ("DEF_CHANGED", "triggers-not-declared", "definition of label a changed, meaning not declared"),
    ("DEF_CHANGED", "triggers-widened", "definition of label a changed, meaning declared widened"),
    ("DEF_CHANGED", "triggers-declared-prose", "text of guide.md changed, meaning declared changed"),
    ("RULE_ADDED", "triggers", "rule R2 added"),
    ("RULE_CHANGED", "triggers-decision-tree", "decision tree changed, meaning not declared"),
    ("RULE_REMOVED", "triggers", "rule R1 removed"),
    ("EDGE_CASE_ADDED", "triggers", "edge case E1 added"),
    ("EDGE_CASE_FLIPPED", "triggers-label", "edge case E1 decided otherwise: label a -> b"),
    ("EDGE_CASE_FLIPPED", "triggers-decision", "edge case E1 decided otherwise"),
    ("EDGE_CASE_REMOVED", "triggers", "edge case E1 removed"),
    ("ESCALATION_CHANGED", "triggers", "escalation X3 added; escalation X2 removed; escalation X1 changed"),
    ("LABEL_ADDED", "triggers", "label b added"),
    ("LABEL_ADDED", "triggers-chosen-again", "label a may be chosen again"),
    ("LABEL_ADDED_CARVES", "triggers", "label b takes items from other"),
    ("LABEL_REMOVED", "triggers", "label b removed, nothing says what became of it"),
    ("LABEL_REMOVED", "triggers-retired", "label b retired, nothing says what became of it"),
    ("LABEL_DEPRECATED", "triggers", "label b deprecated, not for new work"),
    ("LABEL_RENAMED", "triggers-map", "label a1 renamed to a2"),
    ("LABEL_MERGED", "triggers-map", "labels a and b merged into c"),
    ("LABEL_SPLIT", "triggers-map", "label a split into b and c"),
    ("LABEL_REORGANISED", "triggers", "labels a and b reorganised into c and d"),
    ("LABEL_ID_REUSED", "triggers", "label b stood for something else before: an id is never used again"),
    ("TASK_CHANGED", "triggers", "task classification -> multilabel"),
    ("TASK_CHANGED", "triggers-taken-out", "task removed"),
    ("FIELD_OPTIONAL_ADDED", "triggers", "confidence optional for annotations"),
    ("FIELD_REQUIRED_ADDED", "triggers", "confidence and tool required of every annotation"),
    ("FIELD_REMOVED", "triggers", "note and tool no field of annotations any more"),
    ("SCALE_CHANGED", "triggers", "scale of confidence changed"),
    ("GOVERNANCE_ONLY", "triggers", "status draft -> active, owners changed, approved by added and effective from added"),
    ("VERSION_CHANGED", "triggers", "version 1.0.0 -> 1.1.0 and change note added"),
    ("PROSE_CHANGED", "triggers", "guide.md changed, meaning not declared; more.md added, meaning not declared"),
    ("GUIDELINE_ADDED", "triggers", "guideline added"),
    ("GUIDELINE_REMOVED", "triggers", "guideline removed"),
    ("STRUCTURE_ADDED", "triggers", "guideline.yaml added beside the prose"),
    ("STRUCTURE_REMOVED", "triggers", "guideline.yaml removed, the prose stays"),
]  # fmt: skip


@pytest.mark.parametrize(("rule", "name", "line"), LINES)
def test_an_operation_is_one_line(rule: str, name: str, line: str) -> None:
    path = Path(__file__).parents[1] / "cases" / "diff" / rule / f"{name}.yaml"
    case = yaml.safe_load(path.read_text("utf-8"))
    before, after = content(case["previous"]), content(case["current"])
    found = diff(before, after, case.get("map", {}), case.get("used", {}))
    assert "; ".join(summary(one) for one in found if one.rule == rule) == line


def test_a_cosmetic_change_in_a_hundred_places_is_one_operation() -> None:
    found = steps(
        previous={"labels": [{"id": f"l{i}", "definition": f"Word {i}."} for i in range(100)]},
        current={"labels": [{"id": f"l{i}", "definition": f"*Word*  {i}"} for i in range(100)]},
    )
    assert [(one.rule, len(one.edits)) for one in found] == [("TEXT_ONLY", 100)]
    assert (
        summary(found[0]) == "format, order or names in 100 places: label l0, label l1, label l2, …"
    )


def test_an_id_that_stands_twice_is_told_and_nothing_is_lost() -> None:
    twice = [{"id": "a", "definition": "one"}, {"id": "a", "definition": "two"}]
    found = steps(previous={"labels": [*twice, {"id": "b"}]}, current={"labels": [twice[0]]})
    assert [summary(one) for one in found] == [
        "label a (no. 2) removed, nothing says what became of it",
        "label b removed, nothing says what became of it",
    ]


def test_every_field_of_a_guideline_is_judged_by_one_rule() -> None:
    """A field that the schema gets and the rules do not know would be lost."""
    for field in GUIDELINE["properties"]:
        before = Content(HEAD | {field: "one"}) if field not in LISTS else Content(HEAD)
        after = Content(HEAD | {field: LISTS.get(field, "two")})
        found = diff(before, after)
        assert apply(before, found) == after, field
        assert found, field


LISTS: dict[str, Any] = {
    "labels": [{"id": "a"}],
    "rules": [{"id": "R1", "text": "t"}],
    "edge_cases": [{"id": "E1", "case": "c", "decision": "d"}],
    "escalation": [{"id": "X1", "when": "w", "to": "t"}],
    "changes": [{"clause": "a", "meaning": "kept"}],
    "required_fields": ["tool"],
    "optional_fields": ["tool"],
}


def test_likeness_is_that_of_names_words_and_examples() -> None:
    label = {"id": "a", "name": "Rude", "definition": "a rude word", "examples": ["fool", "idiot"]}
    assert likeness(label, {**label, "id": "b"}) == 1
    other = {"id": "b", "aliases": ["rude"], "definition": "a loud word", "examples": ["fool"]}
    # an alias: 1; 2 * 2 / 6 words; 2 * 1 / 3 examples
    assert likeness(label, other) == pytest.approx((1 + 2 / 3 + 2 / 3) / 3)
    assert likeness({"id": "ab"}, {"id": "cd"}) == 0


def test_each_label_is_proposed_once_and_a_heap_not_at_all() -> None:
    found = steps(
        previous={"labels": [{"id": "insult"}, {"id": "insults"}]},
        current={"labels": [{"id": "insult-1"}, {"id": "joy"}]},
    )
    assert [(p.previous, p.current, p.likeness) for p in proposals(found)] == [
        ("insult", "insult-1", 0.86)
    ]
    heap = steps(
        previous={"labels": [{"id": f"a{i}"} for i in range(101)]},
        current={"labels": [{"id": f"a{i}-1"} for i in range(100)]},
    )
    assert len(heap) == 201
    assert proposals(heap) == ()


def test_the_table_has_the_bumps_and_effects_of_every_rule_once() -> None:
    assert len(BY_NAME) == len(RULES)
    assert all(rule.judge.__doc__ and rule.effect for rule in RULES)


def test_a_likely_rename_is_asked_about_and_counts_as_two_labels() -> None:
    label = {"id": "insult", "definition": "an insult"}
    sides = [
        Version("g", number, number, HEAD | {"version": number, "labels": [label | {"id": id_}]})
        for number, id_ in (("1.0.0", "insult"), ("2.0.0", "insults"))
    ]
    step = Step("g", *sides)
    found = [compared(step)]
    text = difference_text(Steps("a", "b", (step,), ()), found, [Impact()])
    assert "label insult removed" in text
    assert (
        "is insult now insults (alike: 96%)? Then keep it with `status: retired, replaced_by: insults`"
        in text
    )
    entry = difference_json(Steps("a", "b", (step,), ()), found, [Impact()])["guidelines"][0]
    assert entry["proposals"] == [{"previous": "insult", "current": "insults", "likeness": 0.96}]
    sides[1].structure["labels"].append(label | {"status": "retired", "replaced_by": "insults"})
    renamed = compared(step)
    assert (renamed.needed, [one.rule for one in renamed.operations]) == (
        "minor",
        ["VERSION_CHANGED", "LABEL_RENAMED"],
    )
