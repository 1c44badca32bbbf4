"""A quick yes or no: does a value fit a schema of `model/fields.py`?

It knows just the keywords used there and says nothing about the place; `read/files.py` asks
jsonschema for that once the answer is no. A test holds the two together.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from typing import Any

Fits = Callable[[Any], bool]

_KNOWN = {
    "const", "enum", "type", "pattern", "minimum", "maximum", "items", "required", "properties",
    "patternProperties", "additionalProperties", "description", "examples",
}  # fmt: skip


def fits(schema: dict[str, Any]) -> Fits:
    """Compile a schema into a predicate.

    Raises ValueError for a keyword it does not know: such a schema must not pass unchecked.
    """
    if unknown := set(schema) - _KNOWN:
        raise ValueError(f"model/shape.py does not know the keyword {sorted(unknown)}")
    if "const" in schema:
        const = schema["const"]
        return lambda value: value == const and type(value) is not bool
    if "enum" in schema:
        allowed = frozenset(schema["enum"])
        return lambda value: type(value) is str and value in allowed
    return _TYPES[schema.get("type", "any")](schema)


def _string(schema: dict[str, Any]) -> Fits:
    search = re.compile(schema["pattern"]).search if "pattern" in schema else lambda _: True
    return lambda value: type(value) is str and bool(search(value))


def _integer(schema: dict[str, Any]) -> Fits:
    least = schema["minimum"]
    return lambda value: _whole(value) and value >= least


def _whole(value: Any) -> bool:
    """Whether JSON Schema takes a value for an integer: 2.0 is one, true is not."""
    return type(value) is int or (type(value) is float and value.is_integer())


def _number(schema: dict[str, Any]) -> Fits:
    least, most = schema.get("minimum", -math.inf), schema.get("maximum", math.inf)
    # JSON Schema says no to what lies outside; a value that is no number (`.nan`) does not
    return lambda value: type(value) in {int, float} and not (value < least or value > most)


def _array(schema: dict[str, Any]) -> Fits:
    item = fits(schema["items"])
    return lambda value: type(value) is list and all(map(item, value))


def _object(schema: dict[str, Any]) -> Fits:
    required = frozenset(schema.get("required", ()))
    known = {name: fits(sub) for name, sub in schema.get("properties", {}).items()}
    patterns = [
        (re.compile(pattern).search, fits(sub))
        for pattern, sub in schema.get("patternProperties", {}).items()
    ]
    closed = schema.get("additionalProperties") is False

    def judge(value: Any) -> bool:
        if type(value) is not dict or not required <= value.keys():
            return False
        for name, child in value.items():
            check = known.get(name)
            if check is not None:
                if not check(child):
                    return False
                continue
            matching = [check for search, check in patterns if search(name)]
            if (not matching and closed) or not all(check(child) for check in matching):
                return False
        return True

    return judge


_TYPES: dict[str, Callable[[dict[str, Any]], Fits]] = {
    "string": _string,
    "integer": _integer,
    "number": _number,
    "array": _array,
    "object": _object,
    "boolean": lambda _: lambda value: type(value) is bool,
    "any": lambda _: lambda _: True,
}
