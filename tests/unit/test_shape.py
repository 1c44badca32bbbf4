"""The quick shape check: what it refuses by itself; agreement with jsonschema is a law."""

from __future__ import annotations

from typing import Any

import pytest

from dvc_labelmeta.model.schemas import SCHEMAS, published
from dvc_labelmeta.model.shape import fits


def test_unknown_keyword_is_refused_so_that_no_schema_passes_unchecked() -> None:
    with pytest.raises(ValueError, match="maxLength"):
        fits({"type": "string", "maxLength": 3})
    with pytest.raises(ValueError, match="oneOf"):
        fits({"type": "object", "properties": {"a": {"oneOf": []}}})


@pytest.mark.parametrize(
    ("schema", "yes", "no"),
    [
        ({}, [None, 1, "", [], {}], []),
        ({"const": 1}, [1, 1.0], [True, 2, "1", None]),
        ({"const": "a"}, ["a"], ["b", None]),
        ({"enum": ["a", "b"]}, ["a"], ["c", ["a"], {"a": 1}, None]),
        ({"type": "string"}, ["", "a"], [1, None]),
        ({"type": "string", "pattern": "^a"}, ["ab"], ["ba", 7]),
        ({"type": "integer", "minimum": 0}, [0, 2.0], [-1, 1.5, True, "1", float("inf"), float("nan")]),
        ({"type": "number", "minimum": 0, "maximum": 1}, [0, 0.5, 1.0], [-0.1, 2, True, "1", None]),
        ({"type": "number"}, [-3, 1e30, float("nan")], [False, "1"]),
        ({"type": "array", "items": {"enum": ["a"]}}, [[], ["a"]], [["b"], {}, "a"]),
        ({"type": "object"}, [{}, {"any": 1}], [[], None]),
        ({"type": "object", "required": ["a"]}, [{"a": None}], [{}, {"b": 1}]),
        ({"type": "object", "properties": {"a": {"const": 1}}}, [{"b": 2}], [{"a": 2}]),
        (
            {"type": "object", "patternProperties": {"^x": {"const": 1}}, "additionalProperties": False},
            [{"xa": 1}],
            [{"xa": 2}, {"a": 1}],
        ),
        (
            {"type": "object", "patternProperties": {"^x": {"const": 1}}},
            [{"a": 7}],
            [{"x": 7}],
        ),
    ],
)  # fmt: skip
def test_each_keyword(schema: dict[str, Any], yes: list[Any], no: list[Any]) -> None:
    judge = fits(schema)
    assert [value for value in yes if not judge(value)] == []
    assert [value for value in no if judge(value)] == []


def _fields(schema: Any, at: str) -> list[tuple[str, dict[str, Any]]]:
    found = []
    if isinstance(schema, dict):
        for kind in ("properties", "patternProperties"):
            for name, sub in schema.get(kind, {}).items():
                found += [(f"{at}.{name}", sub), *_fields(sub, f"{at}.{name}")]
        found += _fields(schema.get("items"), f"{at}[]")
    return found


@pytest.mark.parametrize("name", sorted(SCHEMAS))
def test_every_field_says_what_it_is(name: str) -> None:
    fields = _fields(published(name), name)
    assert len(fields) > 5
    assert [at for at, sub in fields if not sub.get("description", "").strip()] == []
