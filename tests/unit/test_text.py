"""Report texts for people."""

from __future__ import annotations

from dvc_labelmeta.model.finding import Report, Skip
from dvc_labelmeta.report.text import summary


def test_what_was_skipped_is_said_even_when_nothing_was_found() -> None:
    skip = Skip("LM122", "data/a.csv", "a history too shallow to tell: git fetch --unshallow")
    assert summary(Report(splits=2)) == "2 splits checked: aligned"
    assert summary(Report(skipped=(skip,), splits=1)) == (
        "1 split checked: aligned; 1 check skipped (labelmeta --verbose check says why)"
    )
