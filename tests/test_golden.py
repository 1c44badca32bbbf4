"""Golden files fix every byte of each report format.

Run with UPDATE_GOLDEN=1 to write them anew, then read the diff.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import jsonschema
import pytest

from dvc_labelmeta.checks.rule import SPLIT, Rule
from dvc_labelmeta.model.config import Ignore
from dvc_labelmeta.model.finding import Finding, Ignored, Report, Skip
from dvc_labelmeta.model.snapshot import Place, Snapshot
from dvc_labelmeta.report.machine import WRITERS
from dvc_labelmeta.report.text import text
from tests.test_formats import GITLAB, oasis_schema, workflow_commands

GOLDEN = Path(__file__).parent / "golden"


def _rule(code: str, name: str, severity: str) -> Rule:
    def judge(snapshot: Snapshot) -> Iterator[Any]:
        """Something is not as it should be.

        It matters because of "quotes" & <tags>.

        Bad:
            a: 1
        Good:
            a: 2
        Fix: labelmeta link SPLIT
        """
        del snapshot
        yield from ()

    judge.__name__ = name
    return Rule(code, severity, SPLIT, judge)


GOLDEN_RULES = (
    _rule("LM901", "first_thing", "error"),
    _rule("LM902", "second_thing", "warning"),
    _rule("LM903", "third_thing", "note"),
    _rule("LM904", "clean_thing", "error"),
)
ODD = Place("data/ž, 100%: x\udcff.csv.labelmeta.yaml", ("layers", "labels"), 12, 7)
FIRST = Finding(
    "LM901", "first-thing", "error", ODD, 'bad: <a> & "b", 5%\nline two\x07', "data/ž, 100%: x.csv",
    "labelmeta link 'data/ž'", ("0123456789ab 2026-01-05 Narrow pos", "::error::not a command"),
)  # fmt: skip
GOLDEN_REPORT = Report(
    findings=(
        FIRST,
        FIRST,
        Finding("LM901", "first-thing", "error", Place("dvc.lock", (), 3, 1), "cannot tell", "", "fetch", (), True),
        Finding("LM902", "second-thing", "warning", Place("labelmeta.yaml"), "hm", "", ""),
        Finding("LM903", "third-thing", "note", Place("data/a.csv", (), 1, 1), "by the way", "data/a.csv", "look"),
    ),
    skipped=(Skip("LM904", "data/a.csv", "LM901"),),
    ignored=(Ignored(Finding("LM902", "second-thing", "warning", Place("old.csv", (), 2, 3), "old", "old.csv", "-"), Ignore("LM902", "old.csv", "frozen & known", "2027-03-01", "ada")),),
    splits=3,
)  # fmt: skip


@pytest.mark.parametrize(
    "name",
    [
        *("text.txt", "text-verbose.txt", "text-colour.txt", "clean.txt"),
        *("json.json", "sarif.sarif", "junit.xml", "github.txt", "gitlab.json"),
    ],
)
def test_golden(name: str) -> None:
    format_ = name.partition(".")[0]
    if format_ == "clean":
        got = text(Report(splits=1))
    elif format_.startswith("text"):
        got = text(GOLDEN_REPORT, verbose="verbose" in format_, colour="colour" in format_)
    else:
        got = WRITERS[format_](GOLDEN_REPORT, GOLDEN_RULES, "sub dir/", "0.0.0")
    content = got.encode("utf-8", "backslashreplace")
    if "UPDATE_GOLDEN" in os.environ:
        (GOLDEN / name).write_bytes(content)
    assert content == (GOLDEN / name).read_bytes()


def test_golden_files_are_well_formed() -> None:
    ET.fromstring((GOLDEN / "junit.xml").read_bytes())
    jsonschema.validate(json.loads((GOLDEN / "gitlab.json").read_bytes()), GITLAB)
    jsonschema.Draft7Validator(oasis_schema()).validate(
        json.loads((GOLDEN / "sarif.sarif").read_bytes())
    )
    log = (GOLDEN / "github.txt").read_text(encoding="utf-8")
    first = next(workflow_commands(log))
    assert first[1]["title"] == "LM901 first-thing"
    assert first[2].startswith(FIRST.message + "\n" + FIRST.details[0])
    assert log.count("\n::error") == 2, "a line end in a message starts no command"
