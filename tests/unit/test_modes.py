"""How much a change matters, by mode: the table, what an author declares, transitive layers."""

from __future__ import annotations

from typing import Any

import pytest

from dvc_labelmeta.checks.catalogue import judge
from dvc_labelmeta.checks.modes import FORWARD, OUTDATED, Told, effect, operations
from dvc_labelmeta.diff.catalogue import BY_NAME
from dvc_labelmeta.model.guideline import Both
from dvc_labelmeta.model.sidecar import MODES, TRANSITIVE
from tests.build import a_snapshot

A, B, C = ({"id": name, "definition": f"what is {name}"} for name in "abc")


def two(before: list[Any], after: list[Any]) -> Both:
    """Return a guideline with these labels on each side."""
    head = {"schema": "labelmeta/guideline/v1", "id": "g", "status": "active"}
    return Both(
        head | {"version": "1.0.0", "labels": before}, head | {"version": "2.0.0", "labels": after}
    )


ADDED, REMOVED = two([A, B], [A, B, C]), two([A, B, C], [A, B])
REWORDED = two([A, B], [A, B | {"definition": "another thing"}])


def test_every_mode_has_a_row_and_every_exception_is_an_operation() -> None:
    assert {mode.removesuffix(TRANSITIVE) for mode in MODES} == set(OUTDATED)
    assert set(FORWARD) <= set(BY_NAME)
    assert all(FORWARD[rule] != BY_NAME[rule].bump for rule in FORWARD)


@pytest.mark.parametrize(
    ("both", "declared", "severities"),
    [  # backward, forward, full, frozen
        (ADDED, "minor", ("warning", "error", "error", "error")),
        (REMOVED, "major", ("error", "note", "error", "error")),
        (REWORDED, "major", ("error", "error", "error", "error")),
        (REWORDED, "patch", ("error", "error", "error", "error")),  # computed is more
        (ADDED, "major", ("error", "error", "error", "error")),  # the author says more
        (two([A], [A]), "patch", ("note", "note", "note", "note")),
        (None, "minor", ("warning", "warning", "warning", "error")),
        (None, "unknown", ("warning", "warning", "warning", "error")),
    ],
)
def test_direction_and_operations_decide(
    both: Both | None, declared: str, severities: tuple[str, ...]
) -> None:
    told = operations(both)
    modes = ("backward", "forward", "full", "frozen")
    assert tuple(effect(mode, declared, told).severity for mode in modes) == severities
    for mode in modes[:3]:
        transitive = effect(mode + TRANSITIVE, declared, told)
        assert transitive.severity == effect(mode, declared, told).severity
    assert effect("none", declared, told).severity is None


def test_what_was_not_compared_is_as_the_author_declares() -> None:
    prose = operations(two([A], [A])._replace(rest=("guide.md",)))
    assert prose == (Told("PROSE_CHANGED", "unknown", "guide.md differs"),)
    assert effect("backward", "patch", prose).severity == "note"
    assert effect("backward", "unknown", prose).severity == "warning"
    typo = (Told("TEXT_ONLY", "patch", "format in 1 place"),)
    assert effect("frozen", "unknown", typo).severity == "note"


def test_the_first_three_operations_are_named_the_gravest_first() -> None:
    told = (Told("TEXT_ONLY", "patch", "p"), *[Told("LABEL_REMOVED", "major", x) for x in "abc"])
    found = effect("backward", "major", told)
    assert found.names == (": a (LABEL_REMOVED); b (LABEL_REMOVED); c (LABEL_REMOVED); and 1 more")
    assert effect("backward", "major", ()).names == ""


def messages(text: str, today: str = "2026-01-10") -> list[tuple[str, str, str]]:
    report = judge(a_snapshot(text), today)
    return [(f.severity, f.code, f.message) for f in report.findings]


EARLIER = """
guidelines: {g: {version: "2.0.0"}}
links: {data/a.csv: {version: "2.0.0", mode: MODE}}
annotations: {data/a.csv: {versions: {"2.0.0": 5, "1.0.0": 3, "": 1}}}
earlier: {"1.0.0": [{labels: [{id: a}]}, {labels: [{id: a}, {id: b}]}]}
"""


def test_transitive_layers_hold_each_version_of_their_records_against_head() -> None:
    ((severity, code, message),) = [
        found
        for found in messages(EARLIER.replace("MODE", "forward_transitive"))
        if found[1] == "LM105"
    ]
    assert (severity, code) == ("error", "LM105")
    assert "3 records made under guideline g 1.0.0; HEAD has 2.0.0 (major): label b" in message
    codes = [code for _, code, _ in messages(EARLIER.replace("MODE", "forward"))]
    assert codes == ["LM320"]
    none = EARLIER.replace("MODE", "full_transitive").replace('"1.0.0": 3', '"2.0.0": 3')
    assert messages(none) == []
    legacy = 'legacy: [{guideline: g, versions: ["1.0.0"], until: "2027-01-01", reason: r}]'
    assert messages(EARLIER.replace("MODE", "full_transitive") + legacy) == []


def test_a_patch_between_records_and_head_is_a_note() -> None:
    text = """
    guidelines: {g: {version: "2.0.1"}}
    links: {data/a.csv: {version: "2.0.1", mode: full_transitive}}
    annotations: {data/a.csv: {versions: {"2.0.0": 5}}}
    """
    assert [found[:2] for found in messages(text)] == [("note", "LM105")]
    assert messages(text.replace('"2.0.0": 5', "guess: 5")) == [
        ("warning", "LM105", messages(text.replace('"2.0.0": 5', "guess: 5"))[0][2]),
        ("note", "LM321", messages(text.replace('"2.0.0": 5', "guess: 5"))[1][2]),
    ]


def test_what_stands_for_more_or_less_in_a_direction_is_said() -> None:
    text = """
    guidelines: {g: {version: "1.0.1"}}
    links:
      data/a.csv:
        version: "1.0.0"
        mode: forward
        bump: patch
        both: [{labels: [{id: a}]}, {labels: [{id: a}, {id: b}]}]
    """
    ((_, _, message),) = messages(text)
    assert "(minor though declared patch, as major for forward, 1 version" in message


LEGACY = """
legacy: [{guideline: g, versions: ["<2.0.0"], until: "2026-03-01", reason: relabelled by then}]
guidelines: {g: {version: "2.0.0"}}
links: {data/a.csv: {version: "2.0.0"}}
annotations: {data/a.csv: {versions: {"2.0.0": 60, "1.4.0": 40}}}
"""


def test_legacy_is_accepted_then_ending_then_an_error() -> None:
    assert messages(LEGACY, "2026-01-30") == []
    ((severity, code, message),) = messages(LEGACY, "2026-03-01")
    assert (severity, code) == ("note", "LM323")
    assert "40 records of old versions of guideline g are accepted until 2026-03-01" in message
    report = judge(a_snapshot(LEGACY), "2026-03-02")
    (error,) = [f for f in report.findings if f.code == "LM320"]
    assert error.severity == "error"
    assert "accepted as legacy until 2026-03-01 and no longer (relabelled by then)" in str(
        error.details
    )


ADOPTION = """
adoption: [{rule: RULE, day: "2026-03-01", path: "data/*", guideline: g}]
guidelines: {g: {version: "2.0.0"}}
links: {data/a.csv: {version: "1.0.0", bump: major}}
"""


def test_a_rule_in_adoption_warns_until_its_day() -> None:
    for rule in ("LM105", '"LM1*"', "outdated-guideline"):
        text = ADOPTION.replace("RULE", rule)
        report = judge(a_snapshot(text), "2026-02-28")
        assert [f.severity for f in report.findings] == ["warning"]
        assert "an error from 2026-03-01 on" in report.findings[0].details[-1]
        assert report.exit_code() == 0
        assert [found[0] for found in messages(text, "2026-03-01")] == ["error"]
    for other in (
        ADOPTION.replace("RULE", "LM106"),
        ADOPTION.replace("RULE", "LM105").replace("data/*", "other/*"),
        ADOPTION.replace("RULE", "LM105").replace("guideline: g", "guideline: h"),
    ):
        assert [found[0] for found in messages(other)] == ["error"]


def test_an_ignore_of_what_was_not_asked_is_not_called_idle() -> None:
    text = """
    ignore: [{rule: LM322, path: "data/*", reason: known}]
    links: {data/a.csv: {version: "1.0.0"}}
    annotations: {data/a.csv: {unread: no such file}}
    """
    assert {code for _, code, _ in messages(text)} == {"LM300"}
