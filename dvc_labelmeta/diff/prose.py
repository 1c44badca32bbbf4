"""What changed in a text that annotators read: by section, then word by word.

Sections are matched by hash first, so that only those that differ are compared; in these, blocks
before words. From a ProseDiff the words of both texts can be rebuilt.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter, defaultdict
from collections.abc import Callable, Hashable, Iterable
from itertools import groupby
from typing import NamedTuple

from dvc_labelmeta.diff.sections import Block, Section, sections
from dvc_labelmeta.diff.spans import Region, Span, fold, regions, spans, words_of

# what a change of words amounts to, the least first; each includes those before it
CHANGES = ("none", "spacing", "comment", "typography", "case", "structure", "words")
# what nobody reads differently; all else only the author can judge
_UNREAD = frozenset({"spacing", "comment", "typography"})
_ALIKE = 0.5  # share of words in common from which a section counts as renamed, not as another
_MOST_PAIRS = 10_000  # sections compared for likeness; above it they are told as other sections
_MOVED_WORDS = 4  # a block of fewer words that comes and goes is no moved block


class SectionDiff(NamedTuple):
    """One section before and after; None where it is not there.

    previous, current: its place among the sections, from 0. change: one of CHANGES. moved: it
    stands elsewhere among the sections that both texts have.
    """

    before: Section | None
    after: Section | None
    previous: int = -1
    current: int = -1
    change: str = "none"
    moved: bool = False
    spans: tuple[Span, ...] = ()

    @property
    def state(self) -> str:
        """The strongest of: added, removed, renamed, changed, moved, unchanged."""
        if self.before is None or self.after is None:
            return "added" if self.before is None else "removed"
        if self.before.path[-1:] != self.after.path[-1:]:
            return "renamed"
        if self.change != "none":
            return "changed"
        return "moved" if self.moved else "unchanged"

    @property
    def path(self) -> tuple[str, ...]:
        """The titles down to it, as they are now (or were, where it is removed)."""
        section = self.after or self.before
        return section.path if section else ()

    def counts(self) -> tuple[int, int]:
        """Return how many words were removed and added; typography and case do not count."""
        spans = [span for span in self.spans if span.kind == "words"]
        return sum(len(span.before) for span in spans), sum(len(span.after) for span in spans)


class ProseDiff(NamedTuple):
    """Two texts compared: every section of either, in the order that a reader of both expects."""

    sections: tuple[SectionDiff, ...]

    @property
    def changed(self) -> tuple[SectionDiff, ...]:
        """The sections that are not the same in both texts."""
        return tuple(one for one in self.sections if one.state != "unchanged")

    @property
    def change(self) -> str:
        """The strongest change of all, one of CHANGES; sections that only moved are structure."""
        moved = any(one.moved for one in self.sections)
        found = [one.change for one in self.sections] + (["structure"] if moved else [])
        return max(found, key=CHANGES.index, default="none")

    @property
    def bump(self) -> str:
        """What the change needs: none, patch where the same is read, else unknown."""
        change = self.change
        return "none" if change == "none" else "patch" if change in _UNREAD else "unknown"

    def counts(self) -> tuple[int, int]:
        """Return how many words were removed and added in all."""
        counts = [one.counts() for one in self.sections]
        return sum(removed for removed, _ in counts), sum(added for _, added in counts)


def words(text: str) -> tuple[str, ...]:
    """Return the words of a text: parted by white space; of code each line is one."""
    return tuple(word for section in sections(text) for word in section.words)


def rebuilt(diff: ProseDiff) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return the words of both texts, from the diff alone."""
    before = sorted((one.previous, one.spans) for one in diff.sections if one.before)
    after = sorted((one.current, one.spans) for one in diff.sections if one.after)
    return (
        tuple(word for _, own in before for span in own for word in span.before),
        tuple(word for _, own in after for span in own for word in span.after),
    )


def compare(previous: str, current: str) -> ProseDiff:
    """Compare two texts."""
    matched = _matched(sections(previous), sections(current))
    parts = [_regions(one.before, one.after) for one in matched]
    moved = _moved_blocks(region for regions_ in parts for region in regions_)
    found = []
    for one, regions_ in zip(matched, parts, strict=True):
        words_ = spans(regions_, moved)
        found.append(one._replace(spans=words_, change=_change(one.before, one.after, words_)))
    return ProseDiff(tuple(found))


def _matched(before: tuple[Section, ...], after: tuple[Section, ...]) -> list[SectionDiff]:
    """Return all sections, in the order of the current text; removed ones stay where they were."""
    pairs = _pairs(before, after)
    moved, current = _moved(pairs), dict(pairs)
    previous = {new: old for old, new in pairs}
    gone: dict[int, list[SectionDiff]] = defaultdict(list)  # by the kept section before them
    place = -1
    for old, one in enumerate(before):
        place = current.get(old, place)
        if old not in current:
            gone[place].append(SectionDiff(one, None, previous=old))
    found = gone[-1]
    for new, one in enumerate(after):
        old = previous.get(new, -1)
        known = before[old] if old >= 0 else None
        found += [SectionDiff(known, one, old, new, moved=new in moved), *gone[new]]
    return found


def _regions(before: Section | None, after: Section | None) -> list[Region]:
    if before and after and before.text != after.text:
        return regions(before.blocks, after.blocks)
    ours, theirs = before.blocks if before else (), after.blocks if after else ()
    return [Region(bool(before and after), ours, theirs)]


def _moved_blocks(parts: Iterable[Region]) -> frozenset[Block]:
    """Return the blocks that are gone in one place and come in another."""
    changed = [one for one in parts if not one.same]
    gone = {block for one in changed for block in one.before}
    come = {block for one in changed for block in one.after}
    return frozenset(b for b in gone & come if len(b.words) >= _MOVED_WORDS)


def _change(before: Section | None, after: Section | None, found: tuple[Span, ...]) -> str:
    if before is None or after is None:
        return "words"
    if before.text == after.text:
        return "none"
    read = [
        [block for block in section.blocks if block.kind != "comment"]
        for section in (before, after)
    ]
    if _layout(read[0]) == _layout(read[1]):
        return "spacing" if before.words == after.words else "comment"
    kinds = {span.kind for span in found}
    shapes = [[block[0::2] for block in _layout(blocks)] for blocks in read]
    if "words" not in kinds and ("moved" in kinds or shapes[0] != shapes[1]):
        return "structure"
    return next((kind for kind in ("words", "case", "typography") if kind in kinds), "structure")


def _layout(blocks: Iterable[Block]) -> list[tuple[str, tuple[str, ...], int]]:
    """Return the blocks with running text joined: where a paragraph ends is spacing."""
    joined: list[tuple[str, tuple[str, ...], int]] = []
    for text, run in groupby(blocks, key=lambda block: block.kind == "text"):
        if text:
            joined.append(("text", words_of(run), 0))
        else:
            joined += run
    return joined


def _pairs(before: tuple[Section, ...], after: tuple[Section, ...]) -> list[tuple[int, int]]:
    """Return which sections are the same one, as pairs of places.

    In turn, among those left over: same titles and text, same titles, same own title and text,
    same own title where there is only one, same text below another title, similar text.
    """
    old, new = dict(enumerate(before)), dict(enumerate(after))
    pairs: list[tuple[int, int]] = []
    keys: tuple[tuple[Callable[[Section], Hashable], bool], ...] = (
        (lambda s: (s.path, s.text), False),
        (lambda s: s.path, False),
        (lambda s: s.text, False),
        (lambda s: tuple(title.casefold() for title in s.path[-1:]), True),
        (lambda s: s.body or None, False),
    )
    for key, alone in keys:
        _pair(old, new, pairs, key, alone=alone)
    for place, other in _similar(old, new):
        if place in old and other in new:
            _take(old, new, pairs, place, other)
    return sorted(pairs)


def _pair(
    old: dict[int, Section],
    new: dict[int, Section],
    pairs: list[tuple[int, int]],
    key: Callable[[Section], Hashable],
    *,
    alone: bool,
) -> None:
    """Pair what is left over and has the same key, the first with the first."""
    places: dict[Hashable, tuple[list[int], list[int]]] = defaultdict(lambda: ([], []))
    for side, left in enumerate((old, new)):
        for place, section in left.items():
            places[key(section)][side].append(place)
    places.pop(None, None)
    for ours, theirs in places.values():
        if not alone or len(ours) == len(theirs) == 1:
            for place, other in zip(ours, theirs, strict=False):
                _take(old, new, pairs, place, other)


def _take(
    old: dict[int, Section],
    new: dict[int, Section],
    pairs: list[tuple[int, int]],
    place: int,
    other: int,
) -> None:
    del old[place], new[other]
    pairs.append((place, other))


def _similar(old: dict[int, Section], new: dict[int, Section]) -> list[tuple[int, int]]:
    """Return pairs whose bodies share most of their words, the most alike first."""
    if len(old) * len(new) > _MOST_PAIRS:
        return []
    ours, theirs = ({n: _bag(one) for n, one in left.items()} for left in (old, new))
    rated = [
        (2 * (bag & other).total() / ((bag.total() + other.total()) or 1), n, m)
        for n, bag in ours.items()
        for m, other in theirs.items()
    ]
    return [
        (n, m) for share, n, m in sorted(rated, key=lambda r: (-r[0], *r[1:])) if share > _ALIKE
    ]


def _bag(section: Section) -> Counter[str]:
    return Counter(fold(word) for block in section.body for word in block.words)


def _moved(pairs: list[tuple[int, int]]) -> frozenset[int]:
    """Return the current places of as few sections as explain the new order."""
    tails: list[int] = []  # the longest rising sequence, by patience sorting
    links: dict[int, int] = {}
    for _, new in pairs:
        at = bisect_left(tails, new)
        if at:
            links[new] = tails[at - 1]
        tails[at : at + 1] = [new]
    kept = set[int]()
    place = tails[-1] if tails else None
    while place is not None:
        kept.add(place)
        place = links.get(place)
    return frozenset(new for _, new in pairs) - kept
