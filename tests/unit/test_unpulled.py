"""Records that DVC tracks and that are not here, told with the command that gets them."""

from __future__ import annotations

from dvc_labelmeta.checks.catalogue import judge
from dvc_labelmeta.model.facts import Unpulled
from dvc_labelmeta.model.finding import Skip
from tests.build import a_snapshot


def test_the_command_is_one_to_paste() -> None:
    assert Unpulled(("data/a b.jsonl",)).told == "not pulled: dvc pull 'data/a b.jsonl'"
    assert Unpulled(tuple("abcde")).told == "not pulled: dvc pull a b c (and 2 more)"


def test_it_is_counted_as_skipped() -> None:
    text = 'links: {a.csv: {version: "1.0.0"}}\nannotations: {a.csv: {unpulled: [a.jsonl]}}'
    report = judge(a_snapshot(text), "2026-01-10")
    assert report.skipped == (Skip("LM300", "a.csv", "records not pulled: dvc pull a.jsonl"),)
    assert (report.findings, report.exit_code()) == ((), 0)
