"""Edits that bring files back to what a commit holds; nothing uncommitted is overwritten."""

from __future__ import annotations

from collections.abc import Container, Iterable
from typing import NamedTuple

from dvc_labelmeta.errors import Refused
from dvc_labelmeta.write.edits import Edit, content
from dvc_labelmeta.write.splice import Text

_PLAIN = "100644"


class Wanted(NamedTuple):
    """A file to bring back. head, target: (mode, object) at HEAD and where to return, None: absent.

    after: the content to return to.
    """

    path: str
    head: tuple[str, str] | None
    target: tuple[str, str] | None
    after: bytes | None


def restoring(root: str, files: Iterable[Wanted], dirty: Container[str]) -> list[Edit]:
    """Return the edits that bring files back; `dirty`: paths that differ from HEAD.

    Raises Refused, naming every file whose uncommitted content would be lost. Content that is
    already what it shall be is no loss: a killed run may have written it.
    """
    edits, lost = [], []
    for one in files:
        if one.head == one.target and one.path not in dirty:
            continue
        before = content(root, one.path)
        if before == one.after:
            continue
        if one.path in dirty or (one.head is None and before is not None):
            lost.append(one.path)
        elif {side[0] for side in (one.head, one.target) if side} - {_PLAIN}:
            raise Refused(
                f"{one.path} is a link, a submodule or a program there or at HEAD; bring it back "
                "with `git checkout REV -- PATH`"
            )
        edits.append(Edit(one.path, before, one.after))
    if lost:
        raise Refused(
            f"these files have changes that are not committed: {', '.join(lost)}; commit them, or "
            "undo them with `git restore`"
        )
    return edits


def with_stage_of(text: str, earlier: str, stage: str) -> str:
    """Return a dvc.lock with the entry of one stage as an earlier dvc.lock has it.

    No other byte changes. Raises Refused where one of them has no such entry.
    """
    now, then = Text(text), Text(earlier)
    start, end = _entry(now, stage)
    first, last = _entry(then, stage)
    return now.replaced(start, end, then.text[first:last]).text


def _entry(text: Text, stage: str) -> tuple[int, int]:
    """Return where the lines of a stage's entry start and end."""
    parent = text.node(("stages",))
    keys = [key for key, _ in parent.value] if parent is not None else []
    names = [key.value for key in keys]
    if stage not in names or parent.flow_style:
        raise Refused(f"dvc.lock has no entry of its own for stage {stage!r}; run `dvc repro`")
    place = names.index(stage)
    starts = [_line(text.text, key.start_mark.index) for key in keys]
    end = parent.end_mark.index
    starts.append(end if end == len(text.text) else _line(text.text, end))
    return starts[place], starts[place + 1]


def _line(text: str, at: int) -> int:
    return text.rfind("\n", 0, at) + 1
