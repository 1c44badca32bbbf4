"""Mapping files: what is wrong in them is told with its place, what is right is done."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from dvc_labelmeta.errors import LabelMetaError, Refused
from dvc_labelmeta.read.losses import DROPPED, LEFT_OUT, LOST, NOTED, UNMAPPED, Draft, Tally
from dvc_labelmeta.read.mapping import drafts, read_mapping

HEAD = "schema: labelmeta/mapping/v1\n"
COLUMNS = HEAD + "columns: {item: doc, label: answer}\n"


def _drafts(
    tmp_path: Path, mapping: str, table: str, name: str = "a.csv"
) -> tuple[list[Draft], Tally]:
    (tmp_path / "map.yaml").write_text(mapping)
    (tmp_path / name).write_text(table)
    tally = Tally()
    known = read_mapping(str(tmp_path / "map.yaml"))
    return list(drafts(str(tmp_path / name), known, tally)), tally


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("columns: {item: doc}\n", "map.yaml:1:1: the file lacks schema"),
        (HEAD, "lacks columns"),
        (HEAD + "columns: {label: answer}\n", ":2:10: columns: lacks item"),
        (HEAD + "columns: {item: doc, lable: a}\n", "records have no field 'lable'"),
        (HEAD + "columns: {item: 7}\n", ":2:17: columns.item must be text, not 7"),
        (COLUMNS + "column: {a: b}\n", "has 'column', which is not known here"),
        (COLUMNS + "constants:\n  status: done\n", ":4:11: constants.status is none of submitted"),
        (COLUMNS + "constants: {confidence: 7}\n", "constants.confidence is not between 0 and 1"),
        (COLUMNS + "times: {label: {zone: UTC}}\n", "label is no time"),
        (COLUMNS + "guideline_version: {}\n", ""),
        (COLUMNS + "guideline_version: {column: a, date: annotated_at}\n", "give one of column"),
        (COLUMNS + "guideline_version: {date: label}\n", "names no time field"),
        (COLUMNS + "delimiter: ';;'\n", "delimiter is ';;'"),
        (COLUMNS + "columns: {}\n", "map.yaml:3:1: has the key 'columns' twice"),
        ("[1]\n", "the file must be a mapping"),
        ("a: !!python/x 1\n", "YAML tag"),
    ],
)  # fmt: skip
def test_a_faulty_mapping_is_told_with_its_place(tmp_path: Path, text: str, told: str) -> None:
    path = tmp_path / "map.yaml"
    path.write_text(text)
    if not told:
        assert read_mapping(str(path)).version == {}
        return
    with pytest.raises(LabelMetaError) as caught:
        read_mapping(str(path))
    assert told in str(caught.value)


def test_missing_file_and_unknown_zone(tmp_path: Path) -> None:
    with pytest.raises(LabelMetaError, match="No such file"):
        read_mapping(str(tmp_path / "none.yaml"))
    (tmp_path / "map.yaml").write_text(COLUMNS + "times: {annotated_at: {zone: Mars/Base}}\n")
    with pytest.raises(Refused, match="Mars/Base"):
        read_mapping(str(tmp_path / "map.yaml"))


FULL = (
    HEAD
    + """
columns: {label: answer, annotator: worker, annotated_at: at, confidence: sure, cites: rules}
id: [page, worker]
item: [doc, part]
constants: {tool: form, annotator_type: person, status: submitted}
values:
  label: {"1": pos, "0": neg}
  confidence: {low: 0.25, high: 1}
times: {annotated_at: {format: "%d.%m.%Y %H:%M", zone: Europe/Berlin}}
duration: {from: start, to: at, format: "%d.%m.%Y %H:%M", zone: Europe/Berlin}
guideline_version: {column: wording}
drop: [internal]
missing: [NA]
delimiter: ";"
"""
)
TABLE = """page;worker;doc;part;answer;at;start;sure;rules;wording;internal;rank;none
p1;w1;d1;a;1;05.07.2026 09:30;05.07.2026 09:29;high;R1;1.0.0;x;3;NA
p1;w2;d1;b;2;soon;05.07.2026 09:29;NA;"[""R1"", ""R2""]";;x;3;
p1;w3;d1
"""


def test_every_part_of_a_mapping_is_done(tmp_path: Path) -> None:
    (one, two), tally = _drafts(tmp_path, FULL, TABLE)
    assert one == Draft(
        2,
        {
            "tool": "form", "annotator_type": "person", "status": "submitted",
            "source": "table:a.csv", "label": "pos", "annotator": "w1",
            "annotated_at": "2026-07-05T09:30:00+02:00", "confidence": 1, "cites": "R1",
            "item": "d1:a", "duration_seconds": 60.0, "guideline_version": "1.0.0",
            "guideline_version_source": "recorded",
        },
        {
            "page": "p1", "internal": "x", "rank": "3", "answer": "1",
            "sure": "high", "start": "05.07.2026 09:29", "at": "05.07.2026 09:30",
        },
        ("p1", "w1"),
    )  # fmt: skip
    assert "label" not in two.fields
    assert two.extra["answer"] == "2"
    assert "confidence" not in two.fields
    assert two.fields["guideline_version_source"] == "unknown"
    assert tally.read == 3
    assert list(tally.kinds[LEFT_OUT]) == ["has 3 columns instead of 13"]
    assert list(tally.kinds[UNMAPPED]) == ["label: '2' is not in `values:`"]
    assert list(tally.kinds[LOST]) == [
        "annotated_at is no time written as %d.%m.%Y %H:%M",
        "duration_seconds is no time written as %d.%m.%Y %H:%M",
    ]
    assert list(tally.kinds[NOTED]) == ["guideline version unknown: its column is empty"]


def test_only_listed_extras_stay_and_the_others_are_counted(tmp_path: Path) -> None:
    found, tally = _drafts(tmp_path, COLUMNS + "extra: [rank]\n", "doc,answer,rank,x\nd,a,3,4\n")
    assert found[0].extra == {"rank": "3"}
    assert list(tally.kinds[DROPPED]) == ["x: not listed in `extra:`"]


def test_a_column_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(Refused, match=r"has no column 'answer'"):
        _drafts(tmp_path, COLUMNS, "doc,label\nd,a\n")
    lines = '{"doc": "d"}\n{"doc": "e", "answer": "a"}\n'
    found, _ = _drafts(tmp_path, COLUMNS, lines, "a.jsonl")  # a key may be left out of a line
    assert ["label" in draft.fields for draft in found] == [False, True]
    with pytest.raises(Refused, match=r"has no column 'rank'"):
        _drafts(tmp_path, COLUMNS + "drop: [rank]\n", lines, "a.jsonl")


@pytest.mark.parametrize(
    ("more", "fields"),
    [
        ("", {}),
        ("guideline_version: {constant: '1.0.0'}\n", {"guideline_version": "1.0.0", "guideline_version_source": "declared"}),
        ("constants: {guideline_version: '1.0.0'}\n", {"guideline_version": "1.0.0", "guideline_version_source": "declared"}),
    ],
)  # fmt: skip
def test_how_the_version_is_known(tmp_path: Path, more: str, fields: dict[str, Any]) -> None:
    found, _ = _drafts(tmp_path, COLUMNS + more, "doc,answer\nd,a\n")
    wanted = {"item": "d", "label": "a", "source": "table:a.csv"} | fields
    assert found[0].fields == wanted
