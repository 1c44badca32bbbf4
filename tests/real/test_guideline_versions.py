"""What `clarity` and `bisect` say of real records: that nobody can tell, and why."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from dvc_labelmeta.cli.app import run

CATS = "data/zooniverse_cats/data/cat-project-classifications.csv"


@pytest.fixture
def cats(shared: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The 153 records of cat drawings under five guideline versions."""
    monkeypatch.setenv("LABELMETA_SALT", "a long text of the team")
    monkeypatch.chdir(tmp_path)
    assert run(["annotations", "import", "zooniverse", str(shared / CATS), "--to", "r.jsonl"]) == 0
    return tmp_path / "r.jsonl"


def test_drawings_are_no_labels(cats: Path, capsys: pytest.CaptureFixture[str]) -> None:
    capsys.readouterr()
    assert run(["annotations", "clarity", "r.jsonl"]) == 2
    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[:2] for line in lines[1:6]] == [
        ["4.4", "5"], ["8.7", "1"], ["13.14", "1"], ["13.16", "18"], ["13.19", "128"],
    ]  # fmt: skip
    assert lines[-1] == (
        "cannot tell: 13.16: no record under it has a label that counts (a `value` is no label)"
    )
    assert run(["annotations", "bisect", "r.jsonl"]) == 2
    assert capsys.readouterr().out.splitlines()[-1] == (
        "cannot tell: 0 of 5 guideline versions can be judged, and a drop needs two"
    )


def test_the_number_of_drawings_as_a_label(cats: Path, capsys: pytest.CaptureFixture[str]) -> None:
    records = [json.loads(line) for line in cats.read_text("utf-8").splitlines()]
    counted = [{**one, "label": str(len(one.pop("value")))} for one in records]
    cats.write_text("".join(json.dumps(one) + "\n" for one in counted), encoding="utf-8")
    capsys.readouterr()
    assert run(["annotations", "bisect", "r.jsonl"]) == 2
    said = capsys.readouterr().out
    assert said.count("there is one annotator only") == 3
    assert "3 items can be compared; fewer than 20 prove little" in said
    assert "versions are in the order of their first use" in said
    assert said.splitlines()[-1].startswith("cannot tell: 1 of 5 guideline versions can be judged")
    assert run(["annotations", "clarity", "r.jsonl"]) == 2
    assert "cannot tell: 13.16: 3 items can be compared" in capsys.readouterr().out


def test_a_debate_has_one_version(
    shared: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setenv("LABELMETA_SALT", "a long text of the team")
    monkeypatch.chdir(tmp_path)
    for export in sorted((shared / "data/ukp_convarg/data").glob("*.xml"))[:1]:
        told = ["--to", "r.jsonl", "--guideline-version", "1"]
        assert run(["annotations", "import", "ukp-convarg", str(export), *told]) == 0
    capsys.readouterr()
    assert run(["annotations", "clarity", "r.jsonl"]) == 2
    assert "the records name one guideline version, so there is nothing" in capsys.readouterr().out
    assert run(["annotations", "bisect", "r.jsonl"]) == 2
    assert "cannot tell: 1 of 1 guideline versions" in capsys.readouterr().out
