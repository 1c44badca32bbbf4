"""Decision trees: where their answers lead, and which ways lead nowhere."""

from __future__ import annotations

from typing import Any

import pytest

from dvc_labelmeta.checks.tree import answers, tree

ASK = {"question": "rude?"}


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ({}, []),
        ({"free": "text"}, []),
        ({**ASK, "yes": "a", "no": "b", "note": "c"}, [(("yes",), "a"), (("no",), "b")]),
        ({**ASK, "yes": {**ASK, "no": "b"}}, [(("yes", "no"), "b")]),
        ({**ASK, "yes": ["a", {**ASK, "no": "b"}]}, [(("yes", 0), "a"), (("yes", 1, "no"), "b")]),
        ({**ASK, "x-own": "a", 1: "b", "no": 2}, [((1,), "b")]),
        ({**ASK, "nodes": "a"}, [(("nodes",), "a")]),
        (
            {"nodes": {"q": {**ASK, "yes": "r"}, "r": {**ASK, "no": "a"}}},
            [(("nodes", "r", "no"), "a")],
        ),
        ({"start": "z", "nodes": {"q": ASK}}, [(("start",), "z")]),
        ({"nodes": ["q"]}, []),
        ({"nodes": {"q": "text"}}, []),
    ],
)
def test_answers(value: dict[Any, Any], expected: list[Any]) -> None:
    assert list(answers({"decision_tree": value})) == expected


def test_a_tree_without_faults() -> None:
    two = {"q": {**ASK, "yes": "r", "no": "r"}, "r": {**ASK, "no": "a"}}
    for value in ({}, {**ASK, "yes": "a"}, {"nodes": two}, {"start": "q", "nodes": two}):
        assert tree({"decision_tree": value}) == ((), ())


def test_what_no_answer_leads_to() -> None:
    nodes = {"q": {**ASK, "yes": "a"}, "r": {**ASK, "yes": "s"}, "s": {**ASK, "yes": "r"}}
    assert tree({"decision_tree": {"nodes": nodes}}).unreached == ("r", "s")
    assert tree({"decision_tree": {"start": "r", "nodes": nodes}}) == (("q",), (("r", "s"),))
    assert tree({"decision_tree": {"start": ["?"], "nodes": nodes}}).unreached == ("q", "r", "s")


def test_circles_are_told_once_each_however_long() -> None:
    around = {f"n{at}": {**ASK, "on": f"n{(at + 1) % 5000}"} for at in range(5000)}
    (circle,) = tree({"decision_tree": {"nodes": around}}).circles
    assert circle == tuple(around)
    twice = {"q": {**ASK, "yes": "q", "no": "r"}, "r": {**ASK, "yes": "q"}}
    assert tree({"decision_tree": {"nodes": twice}}).circles == (("q",), ("q", "r"))
