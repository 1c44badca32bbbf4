"""CODEOWNERS files: who owns a path, by the rules that GitHub documents.

https://docs.github.com/en/repositories/managing-your-repositorys-settings-and-features/customizing-your-repository/about-code-owners
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import NamedTuple

# where GitHub looks, in this order; the first file that is there counts
CODEOWNERS = (".github/CODEOWNERS", "CODEOWNERS", "docs/CODEOWNERS")

# compiled when they are needed: a gate imports this, and reads no CODEOWNERS
_COMMENT, _WORD, _PIECE = r"(?:^|(?<=\s))#.*", r"(?:\\\s|\S)+", r"(\*\*/|\*\*|\*|\?)"
_GLOBS = {"**/": "(?:.*/)?", "**": ".*", "*": "[^/]*", "?": "[^/]"}


class Ownership(NamedTuple):
    """One line of a CODEOWNERS file; no owners: nobody owns what it matches."""

    pattern: re.Pattern[str]
    owners: tuple[str, ...]


def codeowners(text: str) -> tuple[Ownership, ...]:
    """Return the lines of a CODEOWNERS file; as on GitHub, a line that is invalid is left out."""
    lines = (re.findall(_WORD, re.sub(_COMMENT, "", line)) for line in text.splitlines())
    return tuple(
        Ownership(_matcher(words[0].replace("\\", "")), tuple(words[1:]))
        for words in lines
        if words and _valid(words)
    )


def _valid(words: list[str]) -> bool:
    """Whether a line has nothing that the format lacks (`!`, `[ ]`, an escaped #)."""
    pattern, *owners = words
    barred = pattern.startswith(("!", "\\#")) or "[" in pattern or not pattern.strip("/")
    return not barred and all("@" in owner for owner in owners)


def _matcher(pattern: str) -> re.Pattern[str]:
    """Return a pattern of .gitignore as a regular expression over paths from the top level.

    What matches a folder matches all below it, save after a last `/*`.
    """
    anchored = "/" in pattern.rstrip("/")
    pieces = re.split(_PIECE, pattern.strip("/"))
    body = "".join(_GLOBS.get(piece) or re.escape(piece) for piece in pieces)
    below = "/.*" if pattern.endswith("/") else "" if pattern.endswith("/*") else "(?:/.*)?"
    return re.compile(("" if anchored else "(?:.*/)?") + body + below + r"\Z")


def owners_of(lines: Iterable[Ownership], path: str) -> tuple[str, ...]:
    """Return who owns a path from the top level: the last line that matches says so."""
    found: tuple[str, ...] = ()
    for line in lines:
        if line.pattern.match(path):
            found = line.owners
    return found
