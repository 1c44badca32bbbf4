"""Prose compared by section and word: what is recognised, and the law that nothing is lost."""

from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from dvc_labelmeta.diff.prose import ProseDiff, compare, rebuilt, words
from dvc_labelmeta.diff.sections import sections
from dvc_labelmeta.diff.spans import Region, regions, spans

GUIDE = """\
---
title: Tone
---
Read this first.

# Labels

Choose one.

## Positive

The writer is pleased, or says “thank you”.

- praise of a person
- praise of a thing
  - but not of its price

## Negative

| sign | label |
|------|-------|
| rage | neg   |

~~~ text
# no heading
a   b
~~~

<!-- checked by Ada -->
"""


def told(diff: ProseDiff) -> list[tuple[str, str, str]]:
    return [(" > ".join(one.path), one.state, one.change) for one in diff.changed]


def test_sections_follow_the_headings_and_code_has_none() -> None:
    found = sections(GUIDE)
    assert [(one.path, one.line) for one in found] == [
        ((), 1),
        (("Labels",), 6),
        (("Labels", "Positive"), 10),
        (("Labels", "Negative"), 18),
    ]
    kinds = [[(block.kind, block.level) for block in one.blocks] for one in found]
    assert kinds[0] == [("front", 0), ("text", 0)]
    assert kinds[2] == [("heading", 2), ("text", 0), ("item", 1), ("item", 1), ("item", 2)]
    assert kinds[3] == [("heading", 2), *[("row", 0)] * 3, ("code", 0), ("comment", 0)]


@pytest.mark.parametrize(
    ("text", "path"),
    [
        ("Title\n=====\nx", ("Title",)),
        ("Title\n-----\nx", ("Title",)),
        ("# Title #\nx", ("Title",)),
        ("#\nx", ("",)),
        ("#no heading", ()),
        ("```\n# code", ()),
        ("<!--\n# out\n-->", ()),
        ("text\n<div>\n# no heading\n</div>", ()),
        ("<div>\n\n# Title", ("Title",)),
        ("<div>\nx\n</div>\n# Title", ("Title",)),
        ("<pre>\n\n# code\n</pre>\n", ()),
        ("---\n# front\n", ("front",)),
    ],
)
def test_headings_of_all_kinds(text: str, path: tuple[str, ...]) -> None:
    assert sections(text)[-1].path == path


def test_a_list_ends_at_running_text_and_nests_by_its_indents() -> None:
    text = "- a\n    1. b\n  - c\n\n  more\n\nend\n\n  - d\n"
    (section,) = sections(text)
    assert [(block.kind, block.level) for block in section.blocks] == [
        ("item", 1), ("item", 2), ("item", 2), ("text", 0), ("text", 0), ("item", 1),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("old", "new", "change", "bump"),
    [
        ("Read this first.", "Read this first.", "none", "none"),
        ("Read this first.", "Read\nthis   first.\n", "spacing", "patch"),
        ("Choose one.", "Choose\n\none.", "spacing", "patch"),
        ("by Ada", "by Bob", "comment", "patch"),
        ("“thank you”", '"thank you"', "typography", "patch"),
        ("Choose one.", "choose ONE.", "case", "unknown"),
        ("|------|", "|---|", "typography", "patch"),
        ("- praise of a thing", "* praise of a thing", "typography", "patch"),
        ("  - but not", "- but not", "structure", "unknown"),
        ("- praise of a thing", "Praise of a thing", "words", "unknown"),
        ("# Labels", "### Labels", "structure", "unknown"),
        ("pleased", "angry", "words", "unknown"),
        ("a   b", "a b", "words", "unknown"),
        ("title: Tone", "title: Mood", "words", "unknown"),
    ],
)
def test_what_a_change_amounts_to(old: str, new: str, change: str, bump: str) -> None:
    assert old in GUIDE
    diff = compare(GUIDE, GUIDE.replace(old, new))
    assert (diff.change, diff.bump) == (change, bump)
    assert rebuilt(diff) == (words(GUIDE), words(GUIDE.replace(old, new)))


def test_a_change_is_told_with_its_words_and_place() -> None:
    diff = compare(GUIDE, GUIDE.replace("is pleased, or", "is very pleased or"))
    (one,) = diff.changed
    assert (one.path, one.state, one.counts()) == (("Labels", "Positive"), "changed", (1, 2))
    assert [(s.before, s.after) for s in one.spans if s.kind == "words"] == [
        (("pleased,",), ("very", "pleased"))
    ]
    assert diff.counts() == (1, 2)


def test_sections_come_and_go_move_and_are_renamed() -> None:
    a, b, c = ("# A\nalpha beta\n", "# B\ngamma delta epsilon\n", "# C\nzeta eta theta iota\n")
    assert told(compare(a + b + c, a + c)) == [("B", "removed", "words")]
    assert told(compare(b + c, a + b + c)) == [("A", "added", "words")]
    assert told(compare(a + b + c, b + c)) == [("A", "removed", "words")]
    moved = compare(a + b + c, b + c + a)
    assert told(moved) == [("A", "moved", "none")]
    assert moved.change == "structure"
    assert told(compare(a + b, a + b.replace("# B", "# D"))) == [("D", "renamed", "words")]
    near = b.replace("# B", "# D").replace("epsilon", "psi")
    assert told(compare(a + b, a + near)) == [("D", "renamed", "words")]
    twins = near + near.replace("# D", "# E").replace("psi", "chi")
    assert told(compare(a + b, a + twins)) == [("D", "renamed", "words"), ("E", "added", "words")]
    far = "# D\nwholly other words\n"
    assert told(compare(a + b, a + far)) == [("B", "removed", "words"), ("D", "added", "words")]
    below = compare(a + b, a + "# X\n" + b.replace("# B", "## B").replace("gamma", "mu"))
    assert told(below) == [("X", "added", "words"), ("X > B", "changed", "words")]


def test_equal_headings_are_told_apart_by_what_stands_below() -> None:
    one, two = "# Examples\nfirst example text\n", "# Examples\nsecond example text\n"
    assert told(compare(one, two + one)) == [("Examples", "added", "words")]
    assert told(compare(one + two, two)) == [("Examples", "removed", "words")]


def test_a_block_that_goes_elsewhere_is_no_new_text() -> None:
    rule = "Never choose it for a price.\n\n"
    before = f"# A\nalpha\n\n{rule}# B\nbeta\n"
    after = f"# A\nalpha\n\n# B\nbeta\n\n{rule}"
    diff = compare(before, after)
    assert told(diff) == [("A", "changed", "structure"), ("B", "changed", "structure")]
    assert diff.counts() == (0, 0)
    assert rebuilt(diff) == (words(before), words(after))
    before, after = f"# A\nx\n\n{rule}y\n\nz\n# B\nb\n", f"# A\nu\n\nw\n# B\nb\n\n{rule}"
    between = compare(before, after)
    assert between.counts() == (3, 2)
    assert rebuilt(between) == (words(before), words(after))


def test_few_words_in_common_between_many_others_are_no_anchor() -> None:
    old = "one two three four five six seven eight is nine ten eleven twelve"
    new = "ein zwei drei vier fuenf sechs sieben acht is neun zehn elf zwoelf"
    (one,) = compare(old, new).changed
    assert [span.kind for span in one.spans] == ["words"]


def test_too_much_to_compare_is_replaced_as_a_whole() -> None:
    old = " ".join(f"a{n}" for n in range(20_001))
    new = " ".join(f"b{n}" for n in range(20_001))
    (section,) = compare(f"{old} x", f"{new} x").sections
    assert [span.kind for span in section.spans] == ["words"]
    before, after = (
        "".join(f"# {side}{n}\n{side} same\n" for n in range(101)) for side in ("p", "q")
    )
    states = {one.state for one in compare(before, after).sections}
    assert states == {"added", "removed"}


PIECES = st.sampled_from(
    ["# A\n", "## B\n", "# A\nx\n", "x y z w\n", "\n", "- i\n", "  - j\n", "|a|b|\n", "~~~\n",
     "<!-- c -->\n", "---\n", "===\n", "It’s X\n", "it's x\n", "> q\r\n", "<div>\n", "<pre>\n", "</pre>\n", "\ttab\n", "no end"]
)  # fmt: skip
TEXTS = st.lists(PIECES, max_size=25).map("".join) | st.text(max_size=60)


@given(TEXTS)
def test_the_sections_are_the_text(text: str) -> None:
    assert "".join(section.text for section in sections(text)) == text
    kept = "".join("".join(words(text)).split())
    assert set(kept) <= set(text)


@given(TEXTS, TEXTS)
@example("", "# A\n")
def test_both_texts_can_be_rebuilt_from_the_diff(before: str, after: str) -> None:
    diff = compare(before, after)
    assert rebuilt(diff) == (words(before), words(after))
    assert (diff.change == "none") == (before == after)
    if diff.bump == "patch":
        assert not any(diff.counts()) or "<!--" in before + after


@given(TEXTS)
def test_a_text_does_not_differ_from_itself(text: str) -> None:
    assert not compare(text, text).changed
    (one, *_) = [*sections(text), *sections("x")]
    assert spans(regions(one.blocks, one.blocks), frozenset()) == spans(
        [Region(True, one.blocks, one.blocks)], frozenset()
    )
