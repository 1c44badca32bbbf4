"""The words that schemas are put together from: texts, choices, numbers, lists, mappings."""

from __future__ import annotations

from typing import Any

Schema = dict[str, Any]

# in Python `$` also matches before a last line end; the look-ahead takes that back, and every
# other dialect of regular expressions reads it as always true
END = r"$(?!\n)"
ID = r"^[A-Za-z0-9][A-Za-z0-9._-]*" + END
HASH = r"^([0-9a-f]{40}|[0-9a-f]{64})" + END
DATE = r"^[0-9]{4}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])" + END
DAYS = r"^[1-9][0-9]{0,4}d" + END
SOME = r"\S"
PATH = r"^[^/\\\x00\r\n][^\\\x00\r\n]*" + END
SEMVER = r"^[0-9]{1,18}\.[0-9]{1,18}\.[0-9]{1,18}(-[0-9A-Za-z.-]+)?(\+[0-9A-Za-z.-]+)?" + END


def text(meaning: str, pattern: str = SOME, example: str | None = None) -> Schema:
    """Return the schema of a string."""
    schema: Schema = {"type": "string", "description": meaning, "pattern": pattern}
    return schema | ({"examples": [example]} if example else {})


def choice(meaning: str, values: tuple[str, ...] | list[str]) -> Schema:
    """Return the schema of a string that is one of `values`."""
    return {"enum": list(values), "description": meaning}


def count(meaning: str) -> Schema:
    """Return the schema of a whole number from 0 up."""
    return {"type": "integer", "minimum": 0, "description": meaning}


def number(meaning: str) -> Schema:
    """Return the schema of any number."""
    return {"type": "number", "description": meaning}


def share(meaning: str) -> Schema:
    """Return the schema of a number from 0 to 1."""
    return {"type": "number", "minimum": 0, "maximum": 1, "description": meaning}


def flag(meaning: str) -> Schema:
    """Return the schema of true or false."""
    return {"type": "boolean", "description": meaning}


def free(meaning: str) -> Schema:
    """Return the schema of a mapping with any content."""
    return {"type": "object", "description": meaning}


def listed(meaning: str, items: Schema) -> Schema:
    """Return the schema of a list."""
    return {"type": "array", "description": meaning, "items": items}


def texts(meaning: str) -> Schema:
    """Return the schema of a list of strings."""
    return listed(meaning, {"type": "string", "pattern": SOME})


def mapped(meaning: str, keys: str, values: Schema) -> Schema:
    """Return the schema of a mapping whose keys a person chooses."""
    return {
        "type": "object",
        "description": meaning,
        "patternProperties": {keys: values},
        "additionalProperties": False,
    }


def record(meaning: str, required: dict[str, Schema], optional: dict[str, Schema]) -> Schema:
    """Return the schema of a mapping with fixed keys; `x-…` keys are the team's own."""
    return {
        "type": "object",
        "description": meaning,
        "required": list(required),
        "properties": required | optional,
        "patternProperties": {"^x-": {"description": "free for the team's own use"}},
        "additionalProperties": False,
    }
