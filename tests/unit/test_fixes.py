"""What findings say to do: commands to paste, whatever the data is called."""

from __future__ import annotations

import re
import shlex

import pytest

from dvc_labelmeta.checks.catalogue import RULES, judge
from dvc_labelmeta.checks.rule import Rule
from dvc_labelmeta.model.shell import typed
from tests.build import a_snapshot

DATA = re.compile(r"data/(\w+)\.csv")
COMMAND = re.compile(r"\b(?:labelmeta|dvc|git) [a-z]")


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.code)
def test_a_name_with_a_space_is_one_word(rule: Rule) -> None:
    bad = DATA.sub(r"data/\1 b.csv", rule.section("Bad"))
    report = judge(a_snapshot(bad), "2026-01-10")
    assert {one.code for one in report.findings} == {rule.code}
    for one in report.findings:
        command = COMMAND.search(one.fix)
        if command and " b.csv" in one.fix:
            words = shlex.split(one.fix[command.start() :].replace("`", ""))
            assert any(re.search(r"data/\w+ b\.csv", word) for word in words), one.fix
            assert not any(word.startswith("b.csv") for word in words), one.fix


@pytest.mark.parametrize(
    ("path", "word"),
    [
        ("data/a.csv", "data/a.csv"),
        ("it's $(x).csv", """'it'"'"'s $(x).csv'"""),
        ("-rf.csv", "./-rf.csv"),
        (":(top)x.csv", "'./:(top)x.csv'"),
    ],
)
def test_words(path: str, word: str) -> None:
    assert typed(path) == word
