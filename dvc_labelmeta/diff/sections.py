"""Markdown as sections, blocks and words: just enough structure to say where prose changed.

Headings, list items, table rows, fenced code, front matter and comments are told apart; all else
is running text, in which line ends mean nothing.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

_HEADING = re.compile(r" {0,3}(#{1,6})(?:[ \t]+(.*?))?(?:[ \t]+#+)?[ \t]*\Z")
_UNDERLINE = re.compile(r" {0,3}(?:(=+)|-+)[ \t]*\Z")
_FENCE = re.compile(r"[ \t]*(`{3,}|~{3,})([^`]*)\Z")
_ITEM = re.compile(r"([ \t]*)(?:[-*+]|[0-9]{1,9}[.)])(?:[ \t]|\Z)")
# HTML blocks as CommonMark has them, up to a blank line (a `#` in them is no heading), or as
# kramdown has them, up to a closing tag
_HTML_ENDS = re.compile(r"[ \t]*(?:</[A-Za-z0-9]+>[ \t]*)?\r?\Z")
_HTML = re.compile(
    r" {0,3}</?(?:article|aside|blockquote|center|col|dd|details|dialog|dir|div|dl|dt|fieldset|"
    r"figure|figcaption|footer|form|h[1-6]|header|hr|iframe|li|main|nav|ol|p|section|summary|"
    r"table|tbody|td|tfoot|th|thead|tr|ul)(?:[\s/>]|\Z)",
    re.IGNORECASE,
)
_VERBATIM = re.compile(r" {0,3}<(pre|script|style|textarea)(?:[\s>]|\Z)", re.IGNORECASE)
_BEGINNINGS = (_HEADING, _UNDERLINE, _FENCE, _ITEM, _HTML, _VERBATIM)
_WHOLE_LINES = frozenset({"code", "front"})


class Block(NamedTuple):
    """One piece of a section.

    kind: "heading", "item", "row", "code", "front", "html", "comment" or "text". words: parted by
    white space; of code and front matter each line is one. level: of a heading 1 to 6, of an item
    how deep its list is nested, else 0.
    """

    kind: str
    words: tuple[str, ...]
    level: int = 0


class Section(NamedTuple):
    """A heading with what stands under it, up to the next heading of any level.

    path: the titles from the top level down to its own; () is what stands before the first
    heading. line: where it begins, from 1. text: exactly as written.
    """

    path: tuple[str, ...]
    line: int
    text: str
    blocks: tuple[Block, ...]

    @property
    def words(self) -> tuple[str, ...]:
        """All words in order."""
        return tuple(word for block in self.blocks for word in block.words)

    @property
    def body(self) -> tuple[Block, ...]:
        """What stands under the heading."""
        return self.blocks[1:] if self.path else self.blocks


def sections(text: str) -> tuple[Section, ...]:
    """Return the sections of a Markdown text; their texts together are the text."""
    lines = text.split("\n")
    starts: list[int] = [0]
    parts: list[list[Block]] = [[]]
    for line, block in _blocks(lines):
        if block.kind == "heading":
            starts.append(line)
            parts.append([])
        parts[-1].append(block)
    found: list[Section] = []
    above: list[tuple[int, str]] = []
    for start, end, blocks in zip(starts, [*starts[1:], len(lines)], parts, strict=True):
        if blocks and blocks[0].kind == "heading":
            above = [one for one in above if one[0] < blocks[0].level]
            above.append((blocks[0].level, " ".join(blocks[0].words)))
        exact = "\n".join(lines[start:end]) + ("\n" if end < len(lines) else "")
        if start < end and exact:
            found.append(Section(tuple(t for _, t in above), start + 1, exact, tuple(blocks)))
    return tuple(found)


def _blocks(lines: list[str]) -> Iterator[tuple[int, Block]]:
    """Yield the blocks of a text, each with the index of its first line."""
    at, indents = 0, list[int]()
    end = _front_matter(lines)
    if end:
        yield 0, _block("front", lines[:end])
        at = end
    while at < len(lines):
        line = lines[at].rstrip("\r")
        if not line.strip():
            at += 1
            continue
        start, level = at, 0
        heading = _HEADING.match(line)
        if heading:
            kind, level, at = "heading", len(heading[1]), at + 1
            yield start, Block(kind, tuple((heading[2] or "").split()), level)
            continue
        item = _ITEM.match(line)
        kind, at = _extent(lines, at, item=bool(item))
        if item:
            level = _depth(indents, len(item[1].expandtabs(4)))
        elif kind == "text" and not line.startswith((" ", "\t")):
            indents.clear()  # running text at the margin ends a list
        under = _UNDERLINE.match(lines[at].rstrip("\r")) if at < len(lines) else None
        if kind == "text" and under:
            kind, level, at = "heading", 1 if under[1] else 2, at + 1
            yield start, Block(kind, _block(kind, lines[start : at - 1]).words, level)
            continue
        yield start, _block(kind, lines[start:at], level)


def _extent(lines: list[str], start: int, *, item: bool) -> tuple[str, int]:
    """Return the kind of the block that begins at a line, and where it ends."""
    first = lines[start].rstrip("\r")
    fence = _FENCE.match(first)
    if fence:
        closing = re.compile(rf"[ \t]*{re.escape(fence[1])}{fence[1][0]}*[ \t]*\r?\Z")
        return "code", _through(lines, start + 1, closing)
    verbatim = _VERBATIM.match(first)
    if verbatim:
        closing = re.compile(rf".*</{verbatim[1]}>", re.IGNORECASE)
        return "code", _through(lines, start, closing)
    if _HTML.match(first):
        return "html", _through(lines, start, _HTML_ENDS)
    if first.lstrip().startswith("<!--"):
        return "comment", _through(lines, start, re.compile(r".*-->"))
    if first.lstrip().startswith("|"):
        return "row", start + 1
    at = start + 1
    while at < len(lines) and not _begins(lines[at].rstrip("\r")):
        at += 1
    return ("item" if item else "text"), at


def _through(lines: list[str], start: int, last: re.Pattern[str]) -> int:
    """Return the index after the first line from `start` that matches; else the end."""
    return next((n + 1 for n in range(start, len(lines)) if last.match(lines[n])), len(lines))


def _begins(line: str) -> bool:
    """Whether a line ends the running text before it."""
    bare = line.strip()
    return (
        not bare
        or bare.startswith(("|", "<!--"))
        or any(pattern.match(line) for pattern in _BEGINNINGS)
    )


def _depth(indents: list[int], indent: int) -> int:
    """Return how deep an item is nested; `indents` are those of the open lists."""
    while indents and indents[-1] > indent:
        indents.pop()
    if not indents or indents[-1] < indent:
        indents.append(indent)
    return len(indents)


def _front_matter(lines: list[str]) -> int:
    """Return how many lines the front matter takes, 0 where there is none."""
    if lines[0].rstrip() != "---":
        return 0
    ends = (n + 1 for n in range(1, len(lines)) if lines[n].rstrip() in {"---", "..."})
    return next(ends, 0)


def _block(kind: str, lines: list[str], level: int = 0) -> Block:
    if kind in _WHOLE_LINES:
        return Block(kind, tuple(line.rstrip() for line in lines if line.strip()), level)
    text = " ".join(lines)
    return Block(kind, tuple((text.replace("|", " | ") if kind == "row" else text).split()), level)
