"""Two pieces of text word by word: what stayed, what was moved, what is only typography."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from difflib import SequenceMatcher
from itertools import chain, groupby, zip_longest
from typing import NamedTuple

from dvc_labelmeta.diff.sections import Block
from dvc_labelmeta.diff.text import plain

_MOST_CELLS = 400_000_000  # words times words compared in one place; above it, all are replaced
# so few words in common between so many that differ are no anchor for a reader
_CHANCE, _REWRITTEN = 2, 8
_DASHES = re.compile(r"-{2,}")


class Span(NamedTuple):
    """Words that follow each other.

    kind: "same", "typography", "case", "words" (those of `before` became those of `after`) or
    "moved" (only one side has words: a whole block that stands elsewhere in the other text).
    """

    kind: str
    before: tuple[str, ...]
    after: tuple[str, ...]


class Region(NamedTuple):
    """Blocks of both sides that belong together; `same`: they are equal, one by one."""

    same: bool
    before: tuple[Block, ...]
    after: tuple[Block, ...]


def regions(before: tuple[Block, ...], after: tuple[Block, ...]) -> list[Region]:
    """Return two sections cut into blocks that are equal and blocks that are not."""
    return [
        Region(tag == "equal", before[a:b], after[c:d])
        for tag, a, b, c, d in SequenceMatcher(None, before, after).get_opcodes()
    ]


def spans(parts: Iterable[Region], moved: frozenset[Block]) -> tuple[Span, ...]:
    """Return the spans of the regions of a section; blocks in `moved` stand elsewhere as well."""
    found = (s for one in parts for s in _region(one, moved) if s.before or s.after)
    return tuple(
        Span(kind, _flat(s.before for s in run), _flat(s.after for s in run))
        for kind, run in ((kind, list(run)) for kind, run in groupby(found, lambda s: s.kind))
    )


def words_of(blocks: Iterable[Block]) -> tuple[str, ...]:
    """Return the words of blocks in order."""
    return _flat(block.words for block in blocks)


def fold(word: str) -> str:
    """Return a word without typography and case; a line of code, which holds blanks, as it is."""
    return word if " " in word or "\t" in word else _form(word).casefold()


def _region(one: Region, moved: frozenset[Block]) -> Iterator[Span]:
    """Yield the spans of a region: moved blocks by themselves, what lies between them compared."""
    if one.same:
        yield Span("same", words_of(one.before), words_of(one.after))
        return
    for ours, theirs in zip_longest(
        _parted(one.before, moved), _parted(one.after, moved), fillvalue=((), ())
    ):
        yield from _words(words_of(ours[0]), words_of(theirs[0]))
        for block in ours[1]:
            yield Span("moved", block.words, ())
        for block in theirs[1]:
            yield Span("moved", (), block.words)


def _parted(
    blocks: Sequence[Block], moved: frozenset[Block]
) -> Iterator[tuple[Sequence[Block], Sequence[Block]]]:
    """Yield blocks that did not move, each time with the moved ones that follow them."""
    kept: list[Block] = []
    gone: list[Block] = []
    for block in blocks:
        if block in moved:
            gone.append(block)
        else:
            if gone:
                yield kept, gone
                kept, gone = [], []
            kept.append(block)
    yield kept, gone


def _words(before: tuple[str, ...], after: tuple[str, ...]) -> Iterator[Span]:
    """Yield the spans of two pieces of text that differ."""
    if len(before) * len(after) > _MOST_CELLS:
        yield Span("words", before, after)
        return
    ours, theirs = ([fold(word) for word in side] for side in (before, after))
    found = SequenceMatcher(None, ours, theirs).get_opcodes()
    sizes = [0, *(b - a + d - c for _, a, b, c, d in found), 0]
    for at, (tag, a, b, c, d) in enumerate(found):
        chance = b - a <= _CHANCE and min(sizes[at], sizes[at + 2]) >= _REWRITTEN
        if tag == "equal" and not chance:
            yield from _aligned(before[a:b], after[c:d])
        else:
            yield Span("words", before[a:b], after[c:d])


def _aligned(before: tuple[str, ...], after: tuple[str, ...]) -> Iterator[Span]:
    """Yield the spans of as many words on both sides, which differ in typography or case only."""
    for kind, run in groupby(zip(before, after, strict=True), key=lambda pair: _kind(*pair)):
        ours, theirs = zip(*run, strict=True)
        yield Span(kind, ours, theirs)


def _kind(before: str, after: str) -> str:
    if before == after:
        return "same"
    return "typography" if _form(before) == _form(after) else "case"


def _form(word: str) -> str:
    """Return a word without quotes, dashes and emphasis."""
    return "-" if word in {"*", "+"} else _DASHES.sub("-", plain(word))


def _flat(parts: Iterable[tuple[str, ...]]) -> tuple[str, ...]:
    return tuple(chain.from_iterable(parts))
