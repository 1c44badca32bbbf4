"""When two texts say the same: blanks, quotes, dashes, emphasis, list marks and a last full stop.

Case, commas and numbers may change a meaning, so they count. A spelling mistake cannot be told
from another word ("now", "not"): the author declares it.
"""

from __future__ import annotations

import re
import unicodedata
from typing import Any

from dvc_labelmeta.diff.operation import ABSENT

_TYPOGRAPHY = str.maketrans(
    {"‘": "'", "’": "'", "“": '"', "”": '"', "–": "-", "—": "-", "…": "...", "\u00ad": None}
)
_MARKED = re.compile(r"(?<![\w*_`])(\*\*|\*|_|`)(?=[^\s*_`])([^*_`]*[^\s*_`])\1(?![\w*_`])")
_BULLET = re.compile(r"^\s*[-*+]\s+(?!\d)", re.MULTILINE)  # "- 5" may be a number


def plain(text: str) -> str:
    """Return what is left of a text without its format; equal results say the same."""
    bare = unicodedata.normalize("NFC", text).translate(_TYPOGRAPHY)
    bare = _MARKED.sub(r"\2", _BULLET.sub("", bare))
    return re.sub(r"(?<!\.)\.$", "", " ".join(bare.split()))


def same(before: Any, after: Any) -> bool:
    """Tell whether two values differ at most in format.

    In a list of texts order and repetition are format; no list is an empty one.
    """
    if isinstance(before, str) and isinstance(after, str):
        return plain(before) == plain(after)
    if isinstance(before, dict) and isinstance(after, dict):
        return before.keys() == after.keys() and all(
            same(before[key], after[key]) for key in before
        )
    if _texts(before) and _texts(after):
        return plains(before) == plains(after)
    return bool(before == after)


def plains(texts: Any) -> frozenset[str]:
    """Return the plain forms of a list of texts; none for ABSENT."""
    return frozenset() if texts is ABSENT else frozenset(map(plain, texts))


def _texts(value: Any) -> bool:
    """Tell whether a value is a list of texts, or none."""
    return value is ABSENT or (
        isinstance(value, list) and all(isinstance(item, str) for item in value)
    )
