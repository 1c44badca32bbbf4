"""The small part of YAML that `link` writes, read seven times faster than by a YAML parser.

One `key: value` a line; a value is a word, a whole number, a quoted ASCII text without escapes, or
a one-line list of words. Anything else is left to the parser, so that only it judges and explains;
a test holds the two together.
"""

from __future__ import annotations

import re
from typing import Any

_WORD = r"[A-Za-z_][A-Za-z0-9_./-]*"
_LINE = re.compile(
    rf'( *)([A-Za-z_][A-Za-z0-9_-]{{0,99}}):(?: (?:"([ !#-\[\]-~]*)"|({_WORD})|([0-9]{{1,15}})'
    rf"|\[({_WORD}(?:, {_WORD})*)\]))?\n"
)
_MEANING = re.compile(r"(?:null|true|false)\Z", re.IGNORECASE)
_DEPTH = 20


def mapping(text: str) -> dict[str, Any] | None:
    """Return the value of such a text, or None for any other text."""
    root: dict[str, Any] = {}
    current, indent, opened, at = root, 0, "", 0
    outer: list[tuple[int, dict[str, Any]]] = []
    for match in _LINE.finditer(text):
        spaces, key, *values = match.groups()
        deep = len(spaces)
        if opened:
            outer.append((indent, current))
            current[opened] = current = {}
            if deep <= indent or len(outer) > _DEPTH:
                return None
            indent, opened = deep, ""
        while deep < indent:
            indent, current = outer.pop()
        if match.start() != at or deep != indent or key in current:
            return None
        at = match.end()
        if match.lastindex == 2:
            opened = key
            continue
        value = _value(*values)
        if value is None:
            return None
        current[key] = value
    return root if root and at == len(text) and not opened else None


def _value(
    quoted: str | None, word: str | None, number: str | None, words: str | None
) -> str | int | list[str] | None:
    if quoted is not None:
        return quoted
    if number is not None:
        return int(number)
    listed = [word] if word is not None else (words or "").split(", ")
    if any(map(_MEANING.match, listed)):
        return None
    return word if word is not None else listed
