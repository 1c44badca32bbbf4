"""YAML as labelmeta reads it: values, refusals with their place, places of values."""

from __future__ import annotations

import math
from typing import Any

import pytest

from dvc_labelmeta.errors import UnreadableFile
from dvc_labelmeta.read.files import MAX_BYTES, decode, misfits, parse, places, scalar


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("no", "no"),
        ("on", "on"),
        ("y", "y"),
        ("2026-01-05", "2026-01-05"),
        ("12:30", "12:30"),
        ("1_000", "1_000"),
        ("0x1f", "0x1f"),
        ("~", None),
        ("", None),
        ("Null", None),
        ("TRUE", True),
        ("false", False),
        ("0123", 123),
        ("-7", -7),
        ("+7", 7),
        ("1e1000", math.inf),
        ("-.INF", -math.inf),
        (".5", 0.5),
        ("1.", 1.0),
        ("+", "+"),
        ("-", "-"),
        (".", "."),
        ("1.2.3", "1.2.3"),
        ("9" * 5000, math.inf),
        ("١", "١"),
    ],
)
def test_scalar(text: str, value: Any) -> None:
    found = scalar(text)
    assert found == value
    assert type(found) is type(value)


def test_nan() -> None:
    assert math.isnan(scalar(".NaN"))


def test_quotes_blocks_aliases_and_merges() -> None:
    text = (
        "a: '1'\nb: \"no\"\nc: |\n  x\n  y\nd: >-\n  x\n  y\ne: &e {k: 1, m: 2}\nf: *e\n"
        "g: {<<: *e, m: 3}\nh: {<<: [{k: 9}, *e]}\n'<<': text\n'': 1\n1: 2\ntrue: 3\n"
    )
    assert parse(text) == {
        "a": "1", "b": "no", "c": "x\ny\n", "d": "x y", "e": {"k": 1, "m": 2},
        "f": {"k": 1, "m": 2}, "g": {"k": 1, "m": 3}, "h": {"k": 9, "m": 2},
        "<<": "text", "": 1, "1": 2, "true": 3,
    }  # fmt: skip
    assert parse("") is None
    assert parse("# nothing") is None


@pytest.mark.parametrize(
    ("text", "words", "line", "column"),
    [
        ("a: 1\na: 2\n", "'a' twice", 2, 1),
        ("a: !x 1", "YAML tag '!x'", 1, 4),
        ("a: !x [1]", "YAML tag '!x'", 1, 4),
        ("a: !x {b: 1}", "YAML tag '!x'", 1, 4),
        ("!x a: 1", "YAML tag '!x'", 1, 1),
        ("? [a]\n: b", "key that is a list", 1, 3),
        ("a: &a [*a]", "stands for itself", 1, 4),
        ("a: {<<: 1}", "no mapping", 1, 9),
        ("a: {<<: [1]}", "no mapping", 1, 9),
        ("a: b\n---\nc: d", "document", 2, 1),
        ("a:\n\t- b", "not valid YAML", 2, 1),
        ("a: \x07", "not valid YAML", 1, 1),
        ("a: \ud800", "not valid YAML", 1, 1),
        ("x\n<<<<<<< HEAD\n", "merge conflict", 2, 1),
        ("[" * 101 + "]" * 101, "nested more than 100", 1, 1),
        (
            "a: &a [" + "x," * 999 + "]\nb: [" + "*a," * 200 + "]",
            "stand for more than 100,000",
            1,
            4,
        ),
    ],
)
def test_refusal_names_the_place(text: str, words: str, line: int, column: int) -> None:
    with pytest.raises(UnreadableFile, match=words) as found:
        parse(text)
    assert (found.value.line, found.value.column) == (line, column)


def test_what_only_looks_like_a_conflict_or_a_bomb_is_read() -> None:
    assert parse("a: '<<<<<<<'\n") == {"a": "<<<<<<<"}
    assert parse("a: &a [1, 2]\nb: *a\nc: [*a, *a]") == {
        "a": [1, 2],
        "b": [1, 2],
        "c": [[1, 2]] * 2,
    }
    assert parse("[" * 100 + "]" * 100)


def test_decode() -> None:
    assert decode(b"\xef\xbb\xbfa\r\nb") == "a\r\nb"
    assert decode("é😀".encode()) == "é😀"


@pytest.mark.parametrize(
    ("content", "words", "line", "column"),
    [
        (b"a\nbc\xff", "byte 0xff", 2, 3),
        (b"\xff\xfea\0", "not UTF-8", 1, 1),
        (b"a\n\n\0", "NUL", 3, 1),
        (b"x" * (MAX_BYTES + 1), "1,048,577 bytes", 1, 1),
    ],
)
def test_decode_refuses(content: bytes, words: str, line: int, column: int) -> None:
    with pytest.raises(UnreadableFile, match=words) as found:
        decode(content)
    assert (found.value.line, found.value.column) == (line, column)


def test_places_of_values_or_of_the_nearest_parent() -> None:
    text = "a:\n  b: [x, {c: 1}]\nd: e\n"
    asked: list[tuple[str | int, ...]] = [
        (), ("a",), ("a", "b"), ("a", "b", 1, "c"), ("a", "b", 7), ("a", "z"), ("d", "x"), ("a", "b", "k"),
    ]  # fmt: skip
    expected = [(1, 1), (2, 3), (2, 6), (2, 14), (2, 6), (2, 3), (3, 4), (2, 6)]
    assert places(text, asked) == expected
    assert places("", [("a",)]) == [(1, 1)]
    assert places("a: [", [("a",)]) == [(1, 1)]


LINK = {"id": "g", "version": "1.0.0", "commit": "0" * 40, "object": "0" * 40}
GOOD: dict[str, Any] = {
    "schema": "labelmeta/sidecar/v1",
    "data": {"path": "a", "hash": "md5", "value": "0" * 32},
    "layers": {"labels": {"guideline": LINK}},
}


@pytest.mark.parametrize(
    ("change", "pointer", "words"),
    [
        ({"owners": "ada"}, ("owners",), "owners must be a list, not 'ada'"),
        ({"dataset": 1.5}, ("dataset",), "must be text, not 1.5; put it in quotes"),
        ({"dataset": True}, ("dataset",), "must be text, not true; put it in quotes"),
        ({"dataset": ["x" * 99]}, ("dataset",), "must be text, not ['xxx"),
        ({"dataset": " "}, ("dataset",), "dataset is ' ', which is no"),
        ({"layers": {"a b": {}}}, ("layers",), "'a b'"),
        ({"extra": 1}, (), "has 'extra', which is not known here; known are data, dataset"),
        ({"schema": "labelmeta/sidecar/v12"}, ("schema",), "newer labelmeta"),
        ({"schema": "other"}, ("schema",), "must be 'labelmeta/sidecar/v1', not 'other'"),
        ({"schema": None}, ("schema",), "not null"),
        ({"data": {"path": "a"}}, ("data",), "data lacks hash, value"),
        ({"data": GOOD["data"] | {"size": -1}}, ("data", "size"), "-1"),
        ({"data": GOOD["data"] | {"hash": "sha"}}, ("data", "hash"), "must be one of md5,"),
        ({"data": GOOD["data"] | {"hash": ["md5"]}}, ("data", "hash"), "must be one of md5,"),
    ],
)
def test_misfit_is_said_once_with_its_pointer(
    change: dict[str, Any], pointer: tuple[str, ...], words: str
) -> None:
    found = misfits("sidecar", GOOD | change)
    assert [at for at, _ in found] == [pointer]
    assert words in found[0][1]
    assert len(found[0][1]) < 220


def test_every_misfit_is_reported_and_a_fit_has_none() -> None:
    assert misfits("sidecar", GOOD | {"x-team": [1]}) == []
    found = misfits("sidecar", {"schema": 1, "owners": 2})
    assert [at for at, _ in found] == [(), ("owners",), ("schema",)]
    assert misfits("sidecar", None) == [((), "the file must be a mapping, not null")]
