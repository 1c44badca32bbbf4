"""What a change of a guideline needs, and what its author owes: judged from values alone."""

from __future__ import annotations

from typing import Any

import pytest

from dvc_labelmeta.diff.comparison import compared
from dvc_labelmeta.model.version import Step, Version


def structured(number: str, definition: str = "pleased", **more: Any) -> Version:
    structure = {
        "schema": "labelmeta/guideline/v1",
        "id": "tone",
        "version": number,
        "status": "active",
        "labels": [{"id": "pos", "definition": definition, **more}, {"id": "neg"}],
    }
    return Version("guidelines/tone", number, "a" * 40, structure)


def prose(text: str, path: str = "guidelines/prose.md") -> Version:
    return Version(path, "b" * 12, "b" * 40, None, {"prose.md": text})


@pytest.mark.parametrize(
    ("current", "needed", "owed"),
    [
        (("1.0.0", "angry"), "major", "the version is still 1.0.0; {} major: at least 2.0.0"),
        (("1.1.0", "angry"), "major", "1.0.0 -> 1.1.0 declares minor; {} major: at least 2.0.0"),
        (("0.9.0", "angry"), "major", "the version goes back from 1.0.0 to 0.9.0"),
        (("2.0.0", "angry"), "major", None),
        (("1.0.0", "pleased."), "patch", "the version is still 1.0.0; {} patch: at least 1.0.1"),
        (("1.0.1", "pleased."), "patch", None),
        (("1.0.1",), "none", "1.0.1 says the same as 1.0.0; keep the number, or say what changed"),
        (("1.0.0-rc.1",), "none", None),
    ],
)
def test_what_is_owed_for_a_number(current: tuple[str, ...], needed: str, owed: str | None) -> None:
    found = compared(Step("tone", structured("1.0.0"), structured(*current)))
    assert found.needed == needed
    assert found.owed == ((owed.format("the change needs"),) if owed else ())


def test_minor_is_the_floor_of_an_added_rule() -> None:
    old, new = structured("1.2.3"), structured("1.2.4", examples=["well done"])
    again = new._replace(structure={**(new.structure or {}), "rules": [{"id": "R", "text": "t"}]})
    found = compared(Step("tone", old, again))
    assert (found.needed, found.declared) == ("minor", "patch")
    assert found.owed == ("1.2.3 -> 1.2.4 declares patch; the change needs minor: at least 1.3.0",)


def test_an_id_is_not_used_again() -> None:
    old, new = structured("1.0.0", status="retired"), structured("1.0.0", "angry", status="active")
    found = compared(Step("tone", old, new, republished=True))
    assert found.needed == "forbidden"
    assert found.owed == (
        "LABEL_ID_REUSED: pos stood for something else before; choose another id",
        "version 1.0.0 was released with other content; give this one a new number",
        "the version is still 1.0.0; the change needs major: at least 2.0.0",
    )


@pytest.mark.parametrize(
    ("text", "declared", "committed", "needed", "owes"),
    [
        ("Be very careful.", "unknown", True, "unknown", True),
        ("Be very careful.", "unknown", False, "unknown", False),
        ("Be very careful.", "minor", True, "unknown", False),
        ("Be\ncareful.", "unknown", True, "patch", False),
        ("Be careful.", "unknown", True, "none", False),
    ],
)
def test_what_is_owed_for_prose(
    text: str, declared: str, committed: bool, needed: str, owes: bool
) -> None:
    found = compared(
        Step("prose", prose("Be careful."), prose(text), declared, committed=committed)
    )
    assert (found.needed, found.declared, bool(found.owed)) == (needed, declared, owes)


def test_the_author_may_speak_for_the_prose_beside_a_structure() -> None:
    old, new = structured("1.0.0"), structured("1.0.1")
    said = {"changes": [{"clause": "guide.md", "meaning": "typo"}]}
    typo = new._replace(structure={**(new.structure or {}), **said}, texts={"guide.md": "Choose."})
    old = old._replace(texts={"guide.md": "Chose."})
    assert compared(Step("tone", old, typo)).needed == "patch"
    silent = new._replace(texts={"guide.md": "Choose."})
    found = compared(Step("tone", old, silent))
    assert (found.needed, found.declared, found.owed) == ("unknown", "patch", ())


def test_states() -> None:
    one, other = prose("a"), prose("a", "guidelines/words.md")
    assert [
        compared(step).state
        for step in (
            Step("p", None, one),
            Step("p", one, None),
            Step("p", one, other),
            Step("p", one, prose("b")),
            Step("p", None, None, fault="p.yaml:1:1: is not valid YAML"),
        )
    ] == ["added", "removed", "moved", "changed", "unreadable"]
    assert len(compared(Step("p", None, one, republished=True)).owed) == 1


def test_files_that_are_no_text_or_stay() -> None:
    old = Version("g", "b", "b", None, {"a.md": "x", "b": "text"}, frozenset({"c.png"}))
    new = structured("1.0.0")._replace(texts={"a.md": "x"}, others=frozenset({"b", "c.png"}))
    found = compared(Step("tone", old, new))
    assert [(file.name, file.state, file.prose, file.bump) for file in found.files] == [
        ("b", "changed", None, "unknown"),
        ("c.png", "changed", None, "unknown"),
    ]
    assert (found.needed, found.declared, found.owed) == ("unknown", "unknown", ())
    assert found.operations[0].rule == "STRUCTURE_ADDED"
