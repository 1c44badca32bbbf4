"""Markdown for comments on GitHub and GitLab: text from files made harmless, and a stated cut."""

from __future__ import annotations

import html
import re
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from dvc_labelmeta.report.text import plain

_ACTIVE = re.compile(r"[\\`*_~|\[\]]|:(?=//)|(?<=www)\.")
# what a platform reads as a person, an issue, a label …; a blank without width parts it
_MENTION = re.compile(r"([@#!~%$^]|&amp;)(?=[\w\"'])")
_APART = "\u200b"


class Block(NamedTuple):
    """A part of a comment. rows: may be left out from the last on; each is whole or not there.

    rank: parts of a lower rank get their room first. what: what the rows are, for the stated cut.
    """

    head: str
    rows: tuple[str, ...] = ()
    tail: str = ""
    rank: int = 0
    what: str = "parts"


def safe(text: str) -> str:
    """Return text that Markdown shows as it is: no markup, no HTML, no mention, on one line."""
    kept = html.escape(plain(text), quote=False)
    kept = _MENTION.sub(rf"\1{_APART}", kept)
    return _ACTIVE.sub(lambda found: f"&#{ord(found[0])};", kept)


def sentence(text: str) -> str:
    """Return safe text in which what stands between backticks is shown as code."""
    *closed, last = re.split(r"`([^`]*)`", text)
    told = "".join(
        f"<code>{safe(part)}</code>" if at % 2 else safe(part) for at, part in enumerate(closed)
    )
    return told + safe(last)


def verbatim(lines: Iterable[str]) -> str:
    """Return lines of HTML, each indented, as a block that Markdown does not look into.

    No line begins with a command for the platform ("/close"), or ends the block.
    """
    return "\n".join(["<pre>", *(f"  {line}" for line in lines), "</pre>"])


def fenced(lines: Sequence[str], language: str, indent: str = "") -> str:
    """Return lines as a code block, whatever they hold."""
    shown = [plain(line) for line in lines]
    longest = max((len(run) for line in shown for run in re.findall("`+", line)), default=0)
    fence = "`" * max(3, longest + 1)
    return "\n".join(indent + line for line in [fence + language, *shown, fence])


def table(head: Sequence[str], numbers: Sequence[int] = ()) -> str:
    """Return the first two rows of a table; numbers: the columns that are aligned to the right."""
    marks = ["---:" if at in numbers else "---" for at in range(len(head))]
    return f"{row(head)}\n{row(marks)}"


def row(cells: Iterable[str]) -> str:
    """Return one row of a table; the cells are safe already."""
    return f"| {' | '.join(cells)} |"


def fitted(blocks: Sequence[Block], most: int, rest: str) -> str:
    """Return blocks as one text of at most `most` characters; what is cut is said at its end.

    rest: where all of it can be read. A row, a table or a code block is never cut within.
    """
    cut = f"\n_Cut to {most} characters: {{}} left out; {rest} shows all._\n"
    room = most - len(cut) - 60 * len({block.what for block in blocks})
    kept: dict[int, int] = {}
    for at in sorted(range(len(blocks)), key=lambda at: (blocks[at].rank, at)):
        block = blocks[at]
        size = len(block.head) + len(block.tail) + 4
        if size > room or (block.rows and size + len(block.rows[0]) + 1 > room):
            continue
        room -= size
        kept[at] = 0
        for one in block.rows:
            if len(one) + 1 > room:
                break
            room -= len(one) + 1
            kept[at] += 1
    parts = [_shown(blocks[at], kept[at]) for at in sorted(kept)]
    lost: dict[str, int] = {}
    for at, block in enumerate(blocks):
        missing = len(block.rows) - kept.get(at, 0) if block.rows else int(at not in kept)
        if missing:
            lost[block.what] = lost.get(block.what, 0) + missing
    said = ", ".join(f"{number} {what}" for what, number in lost.items())
    return "\n\n".join(part.rstrip() for part in parts) + "\n" + (cut.format(said) if lost else "")


def _shown(block: Block, rows: int) -> str:
    return "\n".join(filter(None, [block.head, *block.rows[:rows], block.tail]))
