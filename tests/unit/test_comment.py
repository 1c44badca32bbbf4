"""The comment under a pull request: every byte of one, hostile text, and how it is cut."""

from __future__ import annotations

import os
import re
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dvc_labelmeta.diff.comparison import Comparison, compared
from dvc_labelmeta.diff.debts import Impact, debts, target, unsaid
from dvc_labelmeta.diff.impact import LayerImpact, judged, together
from dvc_labelmeta.model.impact import Durations, Group
from dvc_labelmeta.model.version import Step, Steps, Version
from dvc_labelmeta.report.comment import MARKER, MOST, comment
from dvc_labelmeta.report.markdown import Block, fenced, fitted, safe, sentence

GOLDEN = Path(__file__).parents[1] / "golden/comment.md"
HOSTILE = "</pre></details> | `x` @octocat #1 <img src=x> [a](https://b.example)\n/close ``` ~~s~~"
LABEL = {"id": "pos", "definition": "The writer is pleased with what came."}
PATH = "guidelines/tone.migrations/2.0.0.yaml"


def version(number: str, text: str = "", **more: Any) -> Version:
    structure = {
        "schema": "labelmeta/guideline/v1",
        "id": "tone",
        "version": number,
        "status": "active",
        "labels": [LABEL, {"id": "neg"}],
    }
    return Version("guidelines/tone", number, "a" * 40, structure | more, {"guide.md": text})


def merged(**more: Any) -> Comparison:
    """`pos` becomes `good`, an edge case and the prose are reworded, the number stays too low."""
    case = {"id": "E1", "case": "Irony.", "decision": "What is meant."}
    old = version("1.2.0", "# Tone\n\nChoose one of them, please.\n", edge_cases=[case])
    labels = [{**LABEL, "status": "retired", "replaced_by": "good"}, {"id": "neg"}]
    labels.append(LABEL | {"id": "good"})
    flipped = [case | {"decision": "What is written, whatever is meant."}]
    new = version("1.3.0", "# Tone\n\nChoose one.\n", labels=labels, edge_cases=flipped, **more)
    return compared(Step("tone", old, new))


def impact(found: Comparison, *owners: str) -> Impact:
    groups = [
        Group(frozenset({"pos"}), frozenset(), frozenset(), "1.2.0", "ann", 1200),
        Group(frozenset(), frozenset({"E1"}), frozenset(), "1.1.0", "b|b", 30),
        Group(frozenset(), frozenset(), frozenset(), "1.3.0", "", 4),
    ]
    layers = [LayerImpact(f"data/{name}.csv", "labels", "1.2.0", "set", owners, "backward")
              for name in ("train", "dev", "test")]  # fmt: skip
    train, _ = judged(found.operations, groups, layers[0], ("1.2.0", "1.3.0"))
    dev, _ = judged(found.operations, groups[:1], layers[1], ("1.2.0", "1.3.0"))
    train = train._replace(durations=Durations(30, 90.0))
    far = layers[2]._replace(fault="test.jsonl: is not there; name a file, a folder or a split")
    told = (train, dev, far)
    return Impact(told, together(told, major=True), debts(found, told, PATH, "review"))


def shown(found: Comparison, told: Impact, **more: Any) -> str:
    steps = Steps("a" * 40, "b" * 40, (found.step,), ("other",), **more)
    return comment(steps, [found], [told], "labelmeta --verbose diff main...HEAD")


def test_every_byte_of_a_comment() -> None:
    found = merged()
    text = shown(found, impact(found, "data-team"), apart=("far",))
    if "UPDATE_GOLDEN" in os.environ:
        GOLDEN.write_text(text, encoding="utf-8")
    assert text == GOLDEN.read_text(encoding="utf-8")
    assert text.startswith(MARKER + "\n")
    assert "30 records to look into, about 45 min: median 90 s of 30 recorded durations" in text


class Tags(HTMLParser):
    """Collects the tags of a text."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.found: set[str] = set()
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: Any) -> None:
        assert attrs == []
        self.found.add(tag)


def test_text_of_files_cannot_break_out() -> None:
    old = version("1.0.0", "One.\n", rules=[{"id": "R1", "text": "Be kind to all."}])
    labels = [LABEL | {"definition": HOSTILE}, {"id": "neg"}, {"id": HOSTILE}]
    new = version("1.0.0", HOSTILE, labels=labels, rules=[{"id": "R1", "text": HOSTILE}])
    found = compared(Step("tone", old, new))
    text = shown(found, impact(found, HOSTILE))
    assert Tags(text).found == {"details", "summary", "pre", "ins", "del", "code"}
    assert text.count("</pre>") == text.count("<pre>")
    code = r"<pre>.*?</pre>|(`{3,}).*?\n  \1(?=\n)|&#\d+;"
    outside = re.sub(code, "", text, flags=re.DOTALL)
    assert not re.search(r"@\w|#\d|https?://|<img|(?m:^\s*/close)", outside)
    assert not re.search(r"(?m)^/", text)
    widths = [part.splitlines() for part in outside.split("\n\n") if part.startswith("| ")]
    assert len(widths) == 3
    assert all(len({line.count("|") for line in part}) == 1 for part in widths)


@given(st.text(), st.text())
def test_safe_text_is_one_line_without_markup(text: str, more: str) -> None:
    for told in (safe(text), sentence(f"{text}`{more}"), sentence(f"{text}`{more}`{text}")):
        bare = re.sub(r"&#\d+;", ".", told)
        assert not re.search(r"[|\n\\*~\[\]`]|<(?!/?code>)|[@#!][\w\"]", bare)


def test_code_between_backticks_and_in_a_fence_of_its_own() -> None:
    assert sentence("run `a|b` now") == "run <code>a&#124;b</code> now"
    assert fenced(["```", "x"], "yaml") == "````yaml\n```\nx\n````"


def test_guidelines_that_came_went_or_cannot_be_read() -> None:
    new = version("1.0.0")
    steps = [Step("a", None, new), Step("b", new, None), Step("c", None, None, fault="a|b")]
    found = [compared(step) for step in steps]
    text = comment(Steps("", "", tuple(steps), ()), found, [Impact()] * 3, "labelmeta diff")
    assert "**1 could not be judged**, nothing owed" in text
    for heading in ("a 1.0.0: added", "b 1.0.0: removed", "c: not judged\n\na&#124;b"):
        assert f"### {heading}" in text
    moved = compared(Step("m", new, new._replace(path="guidelines/mood")))
    text = shown(moved, Impact())
    assert "which nobody has to declare.\nMoved from guidelines/tone to guidelines/mood." in text


def test_a_likely_renaming_is_asked_about() -> None:
    labels = [LABEL | {"id": "good"}, {"id": "neg"}]
    text = shown(compared(Step("t", version("1.0.0"), version("2.0.0", labels=labels))), Impact())
    assert "- Is pos now good (alike: " in text


@settings(max_examples=60)
@given(
    st.lists(st.tuples(st.integers(0, 3), st.lists(st.integers(1, 60), max_size=9)), max_size=8),
    st.integers(300, 1500),
)
def test_a_cut_keeps_rows_whole_and_is_said(shape: list[tuple[int, list[int]]], most: int) -> None:
    blocks = [
        Block(f"head {at}", tuple("r" * length for length in rows), f"tail {at}", rank, f"k{rank}")
        for at, (rank, rows) in enumerate(shape)
    ]
    text = fitted(blocks, most, "`all`")
    assert len(text) <= most
    lines = text.splitlines()
    rows = sum(len(block.rows) for block in blocks)
    kept = sum(set(line) == {"r"} for line in lines)
    assert {line for line in lines if set(line) == {"r"}} <= {r for b in blocks for r in b.rows}
    heads = [line for line in lines if line.startswith("head")]
    assert [line.replace("head", "tail") for line in heads] == [
        line for line in lines if line.startswith("tail")
    ]
    lost = kept < rows or len(heads) < len(blocks)
    assert ("left out; `all` shows all" in text) == lost


def test_a_long_comment_is_cut_at_its_least_important_end() -> None:
    words = " ".join(f"word{at}" for at in range(20_000))
    old, new = version("1.0.0", f"# A\n\n{words}\n"), version("1.0.0", f"# A\n\n{words[::-1]}\n")
    found = compared(Step("tone", old, new))
    text = shown(found, impact(found, "team"))
    assert MOST - 4_000 < len(text) <= MOST
    assert re.search(r"_Cut to 65000 characters: \d+ passages of text left out; ", text)
    assert text.count("<pre>") == text.count("</pre>") > 10
    assert text.count("<details>") == text.count("</details>") == 2


@pytest.mark.parametrize(
    ("old", "new", "more", "number"),
    [
        ("1.0.0", "1.1.0", {"labels": [{"id": "pos"}]}, "2.0.0"),
        ("1.0.0", "1.1.0", {}, "1.0.0"),
        ("1.0.0", "3.0.0", {"labels": [{"id": "pos"}]}, "3.0.0"),
        ("x", "y", {"labels": [{"id": "pos"}]}, "y"),
    ],
)
def test_the_version_that_a_change_leads_to(
    old: str, new: str, more: dict[str, Any], number: str
) -> None:
    found = compared(Step("tone", version(old), version(new, **more)))
    assert target(found) == number
    again = compared(Step("tone", version("1.0.0"), version("1.1.0"), republished=True))
    assert target(again) == "1.1.1"
    assert target(compared(Step("tone", version("1.0.0"), None))) == ""


def test_what_an_author_may_say_and_who_approves() -> None:
    found = merged(approved_by=[{"name": "ann"}])
    assert [debt.path for debt in impact(found).owed] == ["guidelines/tone/guideline.yaml", PATH]
    maybe = unsaid(found)
    assert maybe is not None
    assert maybe.lines == (
        "changes:",
        '  - {clause: "E1", meaning: kept}',
        '  - {clause: "guide.md", meaning: kept}',
    )
    assert unsaid(compared(Step("tone", None, version("1.0.0")))) is None
    assert [debt.text for debt in debts(merged(), (), "", "audit")][-1].startswith("a major change")
    assert len(debts(merged(), (), PATH, "link")) == 1  # no record is touched
    assert debts(compared(Step("tone", version("1.0.0"), None)), (), "", "audit") == ()
    reused = compared(
        Step(
            "tone",
            version("1.0.0", labels=[LABEL | {"status": "retired"}]),
            version("2.0.0", labels=[LABEL | {"definition": "angry"}]),
        )
    )
    (debt,) = debts(reused, (), "", "link")
    assert (debt.text[:15], debt.lines) == ("LABEL_ID_REUSED", ())
