"""A block of our own in a Git hook script, which leaves all other lines as they are."""

from __future__ import annotations

import re
import shlex

from dvc_labelmeta.errors import Refused

_BEGIN, _END = "# >>> labelmeta >>>", "# <<< labelmeta <<<"
_BLOCK = re.compile(rf"\n?{_BEGIN}.*?{_END}\n", re.DOTALL)
_EXEC = re.compile(r"^exec (.*)$", re.MULTILINE)


def with_hook(text: str, project: str) -> str:
    """Return a hook script that also checks `project` (a folder from the Git top level).

    `dvc install` writes hooks that end in `exec dvc …`: nothing after it would run, so the
    check goes before it. Raises Refused for a hook that is no shell script.
    """
    if _BEGIN in text:
        return text
    first = text.split("\n", 1)[0]
    if text and not re.match(r"#!.*\b(sh|bash|dash|zsh)\b", first):
        raise Refused(
            f"the hook begins with {first!r} and is no shell script; call labelmeta there"
        )
    block = f"{_BEGIN}\nlabelmeta --root {shlex.quote(project)} check || exit $?\n{_END}\n"
    if not text:
        return f"#!/bin/sh\n{block}"
    found = _EXEC.search(text)
    if found is not None:
        return text[: found.start()] + block + text[found.start() :]
    return text + ("" if text.endswith("\n") else "\n") + block


def without_hook(text: str) -> str:
    """Return a hook script without our block; nothing is left of one that held only that."""
    rest = _BLOCK.sub("", text)
    return "" if rest.strip() == "#!/bin/sh" else rest
