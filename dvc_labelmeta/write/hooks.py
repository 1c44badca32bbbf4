"""A block of our own in a Git hook script, which leaves all other lines as they are."""

from __future__ import annotations

import posixpath
import re
import shlex

from dvc_labelmeta.errors import Refused
from dvc_labelmeta.model.anchor import TRAILER
from dvc_labelmeta.model.config import CONFIG_FILE
from dvc_labelmeta.model.event import FOLDER

_SHELL = re.compile(r"#!\s*(\S*/)?(env\s+(-S\s+)?)?(\S*/)?(sh|bash|dash|ksh|zsh)(\s|$)")
_NEW = "#!/bin/sh\n"


def with_hook(text: str, project: str, *, trailer: bool = False) -> str:
    """Return a hook script that also checks `project` (a folder from the Git top level).

    trailer: it is a commit-msg hook, which anchors the project's ledger instead. Ours is the first
    command: hooks of DVC and of pre-commit end in `exec …`, after which nothing runs. Raises
    Refused for a hook that is no shell script.
    """
    block = _trailer_block(project) if trailer else _block(project)
    if block in text:
        return text
    text = without_hook(text, project) or _NEW
    first, _, rest = text.partition("\n")
    if not _SHELL.match(first):
        raise Refused(
            f"the hook begins with {first[:60]!r} and is no shell script; call labelmeta there"
        )
    return f"{first}\n{block}{rest}"


def without_hook(text: str, project: str) -> str:
    """Return a hook script without our block; nothing is left of one that held only that."""
    begin, end = _marks(project)
    start = text.find(f"{begin}\n")
    stop = text.find(f"{end}\n", start)
    if start < 0 or stop < 0:
        return text
    rest = text[:start] + text[stop + len(end) + 1 :]
    return "" if rest == _NEW else rest


def _block(project: str) -> str:
    """A branch without the project is not checked; a pre-push hook's input is left alone."""
    begin, end = _marks(project)
    config = shlex.quote(posixpath.normpath(f"{project}/{CONFIG_FILE}"))
    check = f"labelmeta --root {shlex.quote(project)} check </dev/null || exit $?"
    return f"{begin}\nif [ -f {config} ]; then\n  {check}\nfi\n{end}\n"


def _trailer_block(project: str) -> str:
    """What is committed counts, not the working tree; an empty message stays empty, so that Git
    gives the commit up. A message with an old trailer (an amended commit's) gets a new one.
    """
    begin, end = _marks(project)
    folder = shlex.quote(posixpath.normpath(f"{project}/{FOLDER}"))
    anchor = f"labelmeta --root {shlex.quote(project)} ledger anchor"
    return (
        f"{begin}\n"
        f"if {{ ! git diff --cached --quiet -- {folder} || grep -qi '^{TRAILER}:' \"$1\"; }} &&\n"
        """  sed '/^. -* >8 -*$/,$d' "$1" | git stripspace --strip-comments | grep -q .; then\n"""
        f'  {anchor} --rev "$(git write-tree)" --into "$1" </dev/null || exit $?\n'
        f"fi\n{end}\n"
    )


def _marks(project: str) -> tuple[str, str]:
    name = "" if project == "." else " " + project.replace("\n", "?").replace("\r", "?")
    return f"# >>> labelmeta{name} >>>", f"# <<< labelmeta{name} <<<"
