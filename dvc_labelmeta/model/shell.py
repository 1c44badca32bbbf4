"""Names as words of a command that somebody pastes into a shell."""

from __future__ import annotations

from shlex import quote


def typed(path: str) -> str:
    """Return a path as one word: no option to a command, and no magic of a pattern to Git."""
    return quote(f"./{path}" if path.startswith(("-", ":")) else path)
