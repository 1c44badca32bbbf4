"""What `diff` says where records or sidecars are not as they should be."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from dvc_labelmeta.cli.app import run
from tests.git_only import build
from tests.repo import Repo

RECORDS = "data/train.csv.annotations.jsonl"
SIDECAR = "data/train.csv.labelmeta.yaml"
GUIDELINE = "guidelines/tone/guideline.yaml"
LABELS = "  - {id: pos, definition: pleased}\n"


@pytest.fixture(scope="module")
def removed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project with three records; in the working tree the label of two of them is gone."""
    repo = Repo(tmp_path_factory.mktemp("removed") / "project")
    repo.path.mkdir()
    build(repo)
    lines = [
        json.dumps({"id": str(at), "item": str(at), "label": label, "annotator": "ann"})
        for at, label in enumerate(("pos", "pos", "neg"))
    ]
    repo.write(RECORDS, "\n".join(lines) + "\n")
    named = f"    annotations: {{path: {Path(RECORDS).name}}}\n"
    repo.write(SIDECAR, repo.read(SIDECAR) + named)
    repo.commit("Records")
    text = repo.read(GUIDELINE).replace('"1.0.0"', '"2.0.0"')
    assert LABELS in text
    repo.write(GUIDELINE, text.replace(LABELS, ""))
    return repo.path


@pytest.fixture
def repo(removed: Path, tmp_path: Path) -> Repo:
    shutil.copytree(removed, tmp_path / "project")
    return Repo(tmp_path / "project")


def told(repo: Repo, capsys: pytest.CaptureFixture[str], *args: str, code: int = 1) -> Any:
    assert run(["--root", str(repo.path), "diff", "--format", "json", *args]) == code
    (found,) = json.loads(capsys.readouterr().out)["guidelines"]
    return found


def test_a_declared_map_makes_invalid_records_mapped(
    repo: Repo, capsys: pytest.CaptureFixture[str]
) -> None:
    found = told(repo, capsys)
    dev, train = found["impact"]["layers"]
    assert train["states"] == {"valid": 1, "invalid": 2}
    assert dev["fault"] == "its sidecar names no annotation records"
    (debt,) = found["impact"]["debts"]
    path = "guidelines/tone.migrations/2.0.0.yaml"
    assert (debt["path"], found["owed"]) == (path, [debt["text"]])
    repo.write(path, "\n".join(debt["lines"]))  # those records are to be labelled again
    assert told(repo, capsys, code=0)["impact"]["layers"][1]["states"] == train["states"]
    line = "{subject_id: pos, predicate_id: 'skos:broadMatch', object_id: neg, "
    line += "mapping_justification: 'semapv:ManualMappingCuration'}"
    head = 'schema: labelmeta/migration/v1\nfrom: "1.0.0"\nto: "2.0.0"\n'
    repo.write(path, f"{head}labels: [{line}]\n")
    found = told(repo, capsys, code=0)
    assert found["impact"]["layers"][1]["states"] == {"valid": 1, "mapped": 2}
    repo.write(path, "labels: [")
    assert told(repo, capsys)["owed"][0].startswith(f"mend the migration: {path}:2:1: ")


def test_what_cannot_be_counted_is_told_and_still_owed(
    repo: Repo, capsys: pytest.CaptureFixture[str]
) -> None:
    (repo.path / RECORDS).unlink()
    for args, reason in (
        ((), f"{Path(RECORDS).name}: is not there"),
        (("--no-impact",), "--no-impact"),
    ):
        found = told(repo, capsys, *args)
        assert found["impact"]["layers"][1]["fault"].startswith(reason)
        assert len(found["owed"]) == 1
    repo.write(RECORDS, "")
    assert told(repo, capsys, code=0)["impact"]["layers"][1]["records"] == 0
    repo.write(SIDECAR, "layers: [")
    layers = told(repo, capsys, code=2)["impact"]["layers"]
    assert [layer["split"] for layer in layers] == ["data/dev.csv", "data/train.csv"]
    for format_ in ("text", "markdown"):
        assert run(["--root", str(repo.path), "diff", "--format", format_]) == 2
        assert "data/train.csv" in capsys.readouterr().out
