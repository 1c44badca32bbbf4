"""Splicing YAML text: what is asked for changes, every other byte stays."""

from __future__ import annotations

from typing import Any

import pytest

from dvc_labelmeta.errors import Refused
from dvc_labelmeta.read.files import parse
from dvc_labelmeta.write.splice import Text, flow, merged, plain, quoted

ODD = ["no", "Yes", "null", "~", "1.0", "0123", "1e5", "", " a", "a: b", "a #b", "[x]", "*a", "é",
       "a\nb", "\x7f", "\x85", "\u2028", "\ufeff", "\ufffe", "😀", '"', "\\", "\t", "<<"]  # fmt: skip


@pytest.mark.parametrize("value", ODD)
def test_any_text_survives_in_every_form(value: str) -> None:
    for source in (plain(value), quoted(value), flow(value)):
        assert parse(f"k: {source}\n") == {"k": value}
    assert parse(flow({value: [value, {"k": value}]})) == {value: [value, {"k": value}]}


def test_simple_words_need_no_quotes() -> None:
    assert plain("data/train.csv") == "data/train.csv"
    assert flow({"a": ["b", 1, None, True]}) == "{a: [b, 1, null, true]}"


BLOCK = "a: 1  # one\nm:\n  x: old   # keep\n  y: 'two'\n\n# end\n"


@pytest.mark.parametrize(
    ("text", "wanted", "result"),
    [
        (BLOCK, {}, BLOCK),
        (BLOCK, {"m": {"x": "new"}}, BLOCK.replace("old", "new")),
        (BLOCK, {"m": {"y": "three"}}, BLOCK.replace("'two'", "three")),
        (BLOCK, {"a": 2}, BLOCK.replace("1 ", "2 ")),
        (BLOCK, {"a": True}, BLOCK.replace("1 ", "true ")),
        (BLOCK, {"a": None}, BLOCK.replace("a: 1  # one\n", "")),
        (BLOCK, {"z": None}, BLOCK),
        (BLOCK, {"m": {"y": None}}, BLOCK.replace("  y: 'two'\n", "")),
        (BLOCK, {"m": {"z": "3"}}, BLOCK.replace("'two'\n", "'two'\n  z: \"3\"\n")),
        (BLOCK, {"version": "1.0.0"}, BLOCK.replace("'two'\n", "'two'\nversion: \"1.0.0\"\n")),
        ("{a: 1, b: 2, c: 3}", {"b": 7}, "{a: 1, b: 7, c: 3}"),
        ("{a: 1, b: 2, c: 3}", {"a": None}, "{b: 2, c: 3}"),
        ("{a: 1, b: 2, c: 3}", {"c": None}, "{a: 1, b: 2}"),
        ("{a: 1}", {"a": None}, "{}"),
        ("{a: 1}", {"b": [1]}, "{a: 1, b: [1]}"),
        ("a: [1, 2] # list\n", {"a": [3]}, "a: [3] # list\n"),
        ("a: {b: 1}\n", {"a": {"b": 2, "c": 3}}, "a: {b: 2, c: 3}\n"),
        ("a: 1", {"b": 2}, "a: 1\nb: 2"),
        ("a: 1\r\nb: 2\r\n", {"a": 9, "c": 3}, "a: 9\r\nb: 2\r\nc: 3\r\n"),
        ("a: 1 # é😀\nb: 2\n", {"b": 3}, "a: 1 # é😀\nb: 3\n"),
    ],
)
def test_merged(text: str, wanted: dict[str, Any], result: str) -> None:
    found = merged(text, parse(text), wanted)
    assert found == result
    value = parse(found)
    for key, item in wanted.items():
        if item is None:
            assert key not in value
        elif not isinstance(item, dict):
            assert value[key] == item


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("a: |\n  block\n", {"a": "x"}),
        ("a:\n- 1\n", {"a": [2]}),
        ("a:\n  b: 1\n", {"a": "x"}),
        ("", {"a": 1}),
        ("[]", {"a": 1}),
    ],
)
def test_layout_that_cannot_be_spliced_safely_is_refused(text: str, wanted: dict[str, Any]) -> None:
    value = parse(text)
    with pytest.raises(Refused):
        merged(text, value if isinstance(value, dict) else {}, wanted)


@pytest.mark.parametrize(
    "wanted", [{"l": [2]}, {"l": None}, {"s": "x"}, {"d": {"k": 2}}, {"d": {"z": {"y": 1}}}]
)
def test_what_comes_from_a_merge_key_is_left_to_a_person(wanted: dict[str, Any]) -> None:
    text = "b: &b {l: [1], s: a, d: {k: 1}}\nm:\n  <<: *b\n  x: 1\n"
    with pytest.raises(Refused):
        merged(text, parse(text), {"m": wanted})
    assert merged(text, parse(text), {"m": {"l": [1], "x": 2}}) == text.replace("x: 1", "x: 2")


def test_mapping_is_added_line_by_line_in_block_and_on_one_line_in_flow() -> None:
    wanted = {"m": {"z": {"version": "1", "gone": None, "p": {"q": "a"}, "e": {}}}}
    block, flowing = "m:\r\n  x: 1\r\n", "m: {x: 1}\n"
    assert merged(block, parse(block), wanted) == (
        'm:\r\n  x: 1\r\n  z:\r\n    version: "1"\r\n    p:\r\n      q: a\r\n    e: {}\r\n'
    )
    assert merged(flowing, parse(flowing), wanted) == (
        'm: {x: 1, z: {version: "1", p: {q: a}, e: {}}}\n'
    )


def test_block_text_at_the_end_keeps_its_value_when_a_key_is_added() -> None:
    for text in ("a: 1\nc: |\n  x\n  y\n", "a: 1\nc: |\n  x\n  y", "a: 1\nc: >-\n  x\n\n\n"):
        found = merged(text, parse(text), {"z": "1"})
        assert parse(found) == parse(text) | {"z": "1"}, text


def test_items_of_lists() -> None:
    assert Text("a: [1]\n").add_item(("a",), "2").text == "a: [1, 2]\n"
    assert (
        Text("a:\n  - 1 # x\n# end\n").add_item(("a",), "2").text == "a:\n  - 1 # x\n  - 2\n# end\n"
    )
    assert Text("- a: 1\n  b: 2\n").add_item((), "c").text == "- a: 1\n  b: 2\n- c\n"
    for text, pointer in (("a: []\n", ("a",)), ("a: 1\n", ("a",)), ("a: 1\n", ("b",))):
        with pytest.raises(Refused):
            Text(text).add_item(pointer, "2")


def test_node_of_a_pointer() -> None:
    text = Text("a: [x, {b: 1}]\n")
    assert text.node(("a", 1, "b")).value == "1"
    assert text.node(("a", 2)) is None
    assert text.node(("a", "b")) is None
    assert text.node(("a", 0, "x")) is None
    assert text.node(()) is text.root


def test_an_entry_is_exchanged_with_all_it_holds() -> None:
    text = "m:\n  # first\n  a:\n    x: 1   # x\n    # inside\n    y: |\n      long\n\n  # second\n  b: {z: 1}\n"
    after = Text(text).exchange(("m", "a"), "n 1", "{}").text
    assert after == 'm:\n  # first\n  "n 1": {}\n\n  # second\n  b: {z: 1}\n'
    assert Text(text).exchange(("m", "b"), "c", "{}").text.endswith("# second\n  c: {}\n")
    assert Text("m: {a: {x: 1}, b: 2} # end\n").exchange(("m", "a"), "c", "{}").text == (
        "m: {c: {}, b: 2} # end\n"
    )
    assert (
        Text("m:\n  a:\n  b: 1\n").exchange(("m", "a"), "c", "{}").text == "m:\n  c: {}\n  b: 1\n"
    )
