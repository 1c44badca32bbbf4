"""Prose compared along five real guideline histories; a sample was judged by reading the texts."""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path

import pytest

from dvc_labelmeta.cli.app import run
from dvc_labelmeta.diff.prose import ProseDiff, rebuilt, words
from tests.real.diff_table import line, steps
from tests.real.logs import Histories, Row, histories
from tests.real.replay import configuration, guideline_history
from tests.repo import Repo

Found = dict[tuple[str, int], tuple[Row, ProseDiff]]

# What a reader of both texts says: how much the step matters to labels made before it, and why;
# then what the tool says: change, words out and in, and the sections that differ.
JUDGED = {
    ("specific-syntax", 22): (
        "patch", "the wrong term in an aside, as the message says",
        "words", 1, 1, {"Secondary predicates": "changed"},
    ),
    # doubtful: a code fence is not closed, and two headings are code until the next step mends it
    ("specific-syntax", 23): (
        "minor", "a section on simple clauses is new, nothing is taken back",
        "words", 251, 301, {"Simple clauses": "renamed", "Complex clauses": "added"},
    ),
    ("specific-syntax", 42): (
        "patch", "one empty line",
        "spacing", 0, 0, {"Coordination": "changed"},
    ),
    ("specific-syntax", 43): (
        "minor", "the edge of an example was the wrong way round",
        "words", 1, 1, {"Ellipsis in Clauses": "changed"},
    ),
    # doubtful: nothing is read differently below the heading, but it is part of another chapter
    ("specific-syntax", 44): (
        "patch", "a section moves one level up",
        "structure", 0, 0, {"Multiword Expressions": "changed"},
    ),
    # doubtful: a spelling mistake, which no tool can tell from another word
    ("specific-syntax", 45): (
        "patch", "elided was misspelt in four places",
        "words", 4, 4, {"Ellipsis": "changed", "Comparatives": "changed"},
    ),
    ("specific-syntax", 57): (
        "major", "which dependent is promoted is explained anew, with another example",
        "words", 23, 137, {"Ellipsis in Clauses": "changed"},
    ),
    ("specific-syntax", 61): (
        "minor", "two relations are added to the order of promotion",
        "words", 0, 4, {"Ellipsis in Clauses": "changed"},
    ),
    ("specific-syntax", 68): (
        "major", "the optional depictive is advcl of the predicate, no acl of the subject",
        "words", 1, 1, {"Comparatives": "changed"},
    ),
    # doubtful: the text of the section that goes is partly in the other; its reworded first
    # paragraph counts as removed and added
    ("specific-syntax", 74): (
        "minor", "a section gets another title and takes in the one below it",
        "words", 40, 69, {
            "Other Constructions": "changed",
            "Lexical Relations, Multiword Expressions, Headless Structures": "renamed",
            "Headless vs. Headed Structures": "removed",
        },
    ),
    ("nsubj-outer", 5): (
        "minor", "inner and outer copulas: a paragraph and an example are new",
        "words", 0, 30, {"": "changed"},
    ),
    ("nsubj-outer", 7): (
        "patch", "the date in a comment",
        "comment", 6, 6, {"": "changed"},
    ),
    ("lt-numform", 2): (
        "patch", "an index of values is new, a remark about other tag sets is gone",
        "words", 9, 17, {"": "changed"},
    ),
}  # fmt: skip


@pytest.fixture(scope="module")
def logs(shared: Path) -> Histories:
    return histories(shared / "data" / "ud_lithuanian_hse")


@pytest.fixture(scope="module")
def found(logs: Histories) -> Found:
    return {(page, row.n): (row, diff) for page, row, diff in steps(logs)}


def test_every_step_is_told_and_loses_no_word(logs: Histories, found: Found) -> None:
    assert {page: len(rows) for page, rows in logs.pages.items()} == {
        "specific-syntax": 78, "nsubj-outer": 9, "lt-variant": 8, "lt-numform": 9, "extpos": 1,
    }  # fmt: skip
    assert len(found) == 105 - 5
    for (page, n), (row, diff) in found.items():
        before, now = (logs.pages[page][at].file for at in (n - 2, n - 1))
        assert before is not None
        assert now is not None
        old, new = (path.read_bytes().decode() for path in (before, now))
        assert rebuilt(diff) == (words(old), words(new)), (page, n)
        assert (diff.change == "spacing") == (old.split() == new.split()), (page, n)
        without = [re.sub(r"<!--.*?-->", "", text, flags=re.DOTALL).split() for text in (old, new)]
        assert (diff.bump == "patch") == (without[0] == without[1]), (page, n)
        cells = line(page, row, diff)
        assert len(cells) == 9
        assert not any("\n" in cell for cell in cells)


def test_the_kinds_of_all_steps(found: Found) -> None:
    kinds = Counter(diff.change for _, diff in found.values())
    assert kinds == {"words": 79, "comment": 19, "spacing": 1, "structure": 1}


@pytest.mark.parametrize(("page", "n"), JUDGED)
def test_a_sample_judged_by_hand(found: Found, page: str, n: int) -> None:
    bump, _, change, out, into, told = JUDGED[page, n]
    diff = found[page, n][1]
    assert (diff.change, diff.counts()) == (change, (out, into))
    assert {"".join(one.path[-1:]): one.state for one in diff.changed} == told
    assert diff.bump in {"unknown", bump}  # what only a reader can tell is not guessed


def test_the_command_along_the_history(
    logs: Histories, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    commits = guideline_history(logs, tmp_path / "docs")
    data = Repo(tmp_path / "data")
    data.path.mkdir()
    data.git("init", "-q", "-b", "main")
    data.write("labelmeta.yaml", configuration(logs.layers(max(logs.data))))
    rows = logs.pages["nsubj-outer"]
    ends = (commits[rows[5].commit], commits[rows[-1].commit])
    ask = ["--root", str(data.path), "diff", *ends, "--guideline", "nsubj-outer"]
    assert run(ask) == 0
    assert capsys.readouterr().out == (
        f"nsubj-outer {rows[5].blob[:12]} -> {rows[-1].blob[:12]}: needs patch, declared unknown\n"
        "  nsubj-outer.md: changed, comments only, in 1 of 1 sections\n"
        "    (before the first heading): changed, comments only\n"
        "\n"
        "guidelines: 1 changed, 0 unchanged\n"
    )
