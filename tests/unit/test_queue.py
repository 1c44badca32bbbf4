"""The queue in words: every reason says why, names stay on their line, formats hold the same."""

from __future__ import annotations

import csv
import json

import pytest

from dvc_labelmeta.model.queue import REASONS, Entry
from dvc_labelmeta.report.queue import FORMATS, queue_lines, words

ONE = Entry(
    "doc\n1", 6.0, dict.fromkeys(REASONS, 0.5), (("pos", 2), ("neg", 1)), ("r1", "r2"), ("1.0.0",),
    0.31, 2, 0.5, 2, 1, 1, 2, ("R1", "pos"), ("0.9.0", "1.0.0"),
)  # fmt: skip
ODD = Entry("b", 1.0, {"rejected": 1.0}, (), (), (), rejected=3)


def test_every_reason_has_words_with_its_numbers() -> None:
    assert words(ONE) == {
        "flagged": "flagged in 2 records",
        "rejected": "rejected in review and not replaced: 1",
        "changed": "2 of 3 votes rest on R1, pos, reworded since 0.9.0, 1.0.0",
        "unsure": "mean confidence 0.31 of 2 votes",
        "disputed": "2 of 3 said pos, 1 said neg",
        "close": "one vote decides, a model's score of 0.5 is near 0.5",
        "pending": "waits for review: 1 record",
        "lone": "one vote only, other items have more",
    }


def test_text_stays_on_its_line_and_says_how_many_more() -> None:
    first, *_, records, odd, why, last = queue_lines([ONE, ODD], 7, "text")
    assert first == r"1. doc\n1  score 6.00  pos 2, neg 1 (guideline 1.0.0)"
    assert records == "   records r1 r2"
    assert (odd, why) == (
        "2. b  score 1.00  no vote",
        "   rejected in review and not replaced: 3",
    )
    assert last == "2 items shown, 5 more (--limit)"
    assert list(queue_lines([], 0, "text")) == ["0 items, no more"]


@pytest.mark.parametrize("format_", FORMATS[1:])
def test_formats_for_programs_hold_the_same(format_: str) -> None:
    text = "\n".join(queue_lines([ONE, ODD], 7, format_))
    if format_ == "csv":
        rows = list(csv.DictReader(text.split("\n2,")[0].splitlines(keepends=True)))
        assert rows[0]["item"] == "doc\n1"
        assert rows[0]["labels"] == "pos 2, neg 1"
        return
    shown = (
        json.loads(text)["shown"] if format_ == "json" else list(map(json.loads, text.split("\n")))
    )
    assert [row["rank"] for row in shown] == [1, 2]
    assert shown[0]["item"] == "doc\n1"
    assert shown[0]["reasons"][0] == {
        "reason": "flagged",
        "worth": 0.5,
        "words": words(ONE)["flagged"],
    }
    assert shown[1] == {
        "rank": 2, "item": "b", "score": 1.0, "labels": {}, "records": [], "guideline_versions": [],
        "reasons": [{"reason": "rejected", "worth": 1.0, "words": words(ODD)["rejected"]}],
    }  # fmt: skip
