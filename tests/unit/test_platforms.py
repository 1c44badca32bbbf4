"""Platforms' own exports: what is broken or hostile in them is told, the rest is read."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path
from typing import Any

import pytest

from dvc_labelmeta.errors import LabelMetaError, Refused, UnreadableFile
from dvc_labelmeta.read.losses import LEFT_OUT, LOST, Draft, Tally
from dvc_labelmeta.read.platforms import PLATFORMS
from dvc_labelmeta.read.platforms.zooniverse import guideline_texts

LABEL = (
    "<mTurkAssignment><turkID>W{n}</turkID><assignmentId>A{n}</assignmentId>{at}"
    "<value>a1</value></mTurkAssignment>"
)
AT = (
    "<assignmentAcceptTime>2016-02-01 09:00:00.0 UTC</assignmentAcceptTime>"
    "<assignmentSubmitTime>{} UTC</assignmentSubmitTime>"
)
BOMB = (
    '<?xml version="1.0"?><!DOCTYPE list [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;">]>'
    "<list>&b;</list>"
)
EXTERNAL = '<!DOCTYPE list [<!ENTITY a SYSTEM "file:///etc/hostname">]><list>&a;</list>'


def _drafts(name: str, path: Path) -> tuple[list[Draft], Tally]:
    tally = Tally()
    return list(PLATFORMS[name].drafts(str(path), tally)), tally


def _pairs(path: Path, *labels: str, more: str = "") -> Path:
    body = "".join(labels)
    path.write_text(
        f"<list><annotatedArgumentPair><id>1_2</id><mTurkAssignments>{body}</mTurkAssignments>{more}"
        "</annotatedArgumentPair></list>"
    )
    return path


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (BOMB, "document type declaration"),
        (EXTERNAL, "document type declaration"),
        ("<list><a></list>", r"a\.xml:1:12: mismatched tag"),
        ("", "no element found"),
        ("<list></list>", "holds no annotatedArgumentPair"),
        ("<list><annotatedArgumentPair></list>", "mismatched tag"),
        ("\xff<list/>", "not well-formed"),
    ],
)
def test_xml_that_is_broken_hostile_or_something_else_is_refused(
    tmp_path: Path, text: str, told: str
) -> None:
    (tmp_path / "a.xml").write_bytes(text.encode("latin-1"))
    with pytest.raises(UnreadableFile, match=told):
        _drafts("ukp-convarg", tmp_path / "a.xml")
    with pytest.raises(UnreadableFile, match=r"none\.xml"):
        _drafts("ukp-convarg", tmp_path / "none.xml")


def test_convarg_labels_that_lack_something_do_not_hide_the_rest(tmp_path: Path) -> None:
    path = _pairs(
        tmp_path / "a.xml",
        LABEL.format(n=1, at=AT.format("2016-02-01 09:01:30.0")),
        "<mTurkAssignment><turkID>W2</turkID></mTurkAssignment>",
        LABEL.format(n=3, at=AT.format("2016-01-01 09:01:30.0")),
        LABEL.format(n=4, at=AT.format("noon")),
    )
    found, tally = _drafts("ukp-convarg", path)
    assert [draft.id_parts for draft in found] == [("A1", "1_2"), ("A3", "1_2"), ("A4", "1_2")]
    assert found[0].fields["duration_seconds"] == 90
    assert found[0].fields["annotated_at_source"] == "label"
    assert "duration_seconds" not in found[1].fields
    assert "annotated_at" not in found[2].fields
    assert list(tally.kinds[LEFT_OUT]) == ["label lacks value, assignmentId"]
    assert list(tally.kinds[LOST]) == [
        "time ends before it starts",
        "time is no ISO 8601 time of day",
    ]


def _classifications(path: Path, *rows: dict[str, Any]) -> Path:
    base = {
        "classification_id": "1", "user_name": "ada", "user_id": "", "user_ip": "x",
        "workflow_id": "7", "workflow_name": "Cats", "workflow_version": "1.2",
        "created_at": "2026-01-05 09:00:00 UTC", "gold_standard": "", "expert": "",
        "metadata": "{}", "annotations": '[{"task": "T0", "task_label": "Cat?", "value": "Yes"}]',
        "subject_data": "{}", "subject_ids": "9",
    }  # fmt: skip
    text = io.StringIO()
    writer = csv.DictWriter(text, base)
    writer.writeheader()
    writer.writerows(base | row for row in rows)
    path.write_text(text.getvalue())
    return path


def test_zooniverse_answers_of_each_kind_and_broken_rows(tmp_path: Path) -> None:
    tasks = [
        {"task": "T0", "value": "Yes"},
        {"task": "T1", "value": ["a", "b"]},
        {"task": "T2", "value": []},
        {"task": "T3", "value": None},
    ]
    path = _classifications(
        tmp_path / "a.csv",
        {"gold_standard": "true", "metadata": '{"started_at": "soon", "finished_at": "later"}'},
        {"classification_id": "2", "annotations": json.dumps(tasks)},
        {"classification_id": "3", "annotations": "{"},
        {"classification_id": "4", "annotations": "[1]"},
        {"classification_id": "5", "metadata": "[]"},
        {"classification_id": ""},
    )
    found, tally = _drafts("zooniverse", path)
    assert [draft.id_parts[0] for draft in found] == ["1", "2:T0", "2:T1", "2:T2"]
    assert [draft.fields.get("label") for draft in found] == ["Yes", "Yes", ["a", "b"], None]
    assert found[3].fields["value"] == []
    assert found[0].fields["is_gold"] == "true"
    assert list(tally.kinds[LOST]) == ["time is no ISO 8601 time of day"]
    assert {reason: seen.places for reason, seen in tally.kinds[LEFT_OUT].items()} == {
        "was skipped: it has no answer": ["3"],
        "annotations is not valid JSON": ["4"],
        "annotations is no list of tasks": ["5"],
        "metadata is no JSON object": ["6"],
        "has no classification_id": ["7"],
    }


def test_zooniverse_texts_tell_the_first_label_and_odd_versions_are_refused(tmp_path: Path) -> None:
    path = _classifications(
        tmp_path / "a.csv",
        {"created_at": "2026-01-06 09:00:00 UTC"},
        {"created_at": "2026-01-05 09:00:00 UTC"},
        {"workflow_version": "1.10", "annotations": '[{"task": "T1", "value": "x"}]'},
        {"workflow_version": "1.9"},
    )
    texts = guideline_texts(str(path))
    assert list(texts) == ["1.2", "1.9", "1.10"]
    assert texts["1.2"] == (
        "# Cats, version 1.2\n\nFirst label under it: 2026-01-05 09:00:00 UTC\n\n## T0\n\nCat?\n"
    )
    _classifications(path, {"workflow_version": "../../1"})
    with pytest.raises(Refused, match="no version like"):
        guideline_texts(str(path))
    path.write_text("a,b\n1,2\n")
    with pytest.raises(LabelMetaError, match="is it a classification export"):
        _drafts("zooniverse", path)
