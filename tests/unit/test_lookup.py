"""Records are found by the bytes of a name, however their writer spaced and escaped them."""

from __future__ import annotations

import json
from typing import Any

import pytest

from dvc_labelmeta.read.lookup import named_in


@pytest.mark.parametrize(
    "line",
    [
        '{"id":"a","item":"é/1"}',
        '{ "item" :   "é/1" , "id": "a" }',
        '{"item":                    "é/1", "id": "a"}',
        '{"item": "\\u00e9/1", "id": "a"}',
        '{"item": "\\u00E9/1", "id": "a"}',
        '{"item": "é\\/1", "id": "a"}',
        '{"é/1": "item", "note": "é/1", "item": "é/1", "id": "a"}',
    ],
)
def test_a_name_is_found(line: str) -> None:
    others = (
        '{"id": "b", "item": "2", "note": "é/1"}\n{"é/1": 1, "id": "c"}\nno record é/1\n["é/1"]\n'
    )
    content = (others + line + "\n" + others).encode()
    (found,) = named_in(content, ["é/1"])
    assert found["id"] == "a"


def test_of_several_names_all_are_found_in_the_order_of_the_file() -> None:
    records: list[dict[str, Any]] = [{"id": str(n), "item": f"i{n % 3}"} for n in range(9)]
    content = "\n".join(map(json.dumps, records)).encode()
    assert [one["id"] for one in named_in(content, ["i1", "8", "i1"])] == ["1", "4", "7", "8"]
    assert named_in(content, ["i"]) == []
    assert named_in(b"", ["i"]) == []
    assert named_in(content, []) == []


def test_nothing_hides_behind_escapes() -> None:
    content = b'{"id": "a", "item": "d1"}\n{"id": "b", "item": "d\\u0031"}\n{"id": "c", "item": "x\\/y"}\n'
    assert [one["id"] for one in named_in(content, ["d1"])] == ["a", "b"]
    assert [one["id"] for one in named_in(content, ["x/y"])] == ["c"]
