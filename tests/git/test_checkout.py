"""`check` and `audit` in a checkout, where what DVC tracks is not there."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

from tests.annotated import as_line, records
from tests.inside import Inside
from tests.repo import Repo

pytest.importorskip("duckdb")
pytestmark = pytest.mark.inside
RECORDS = "data/train.csv.annotations.jsonl"
SIDECAR = "data/train.csv.labelmeta.yaml"


@pytest.fixture
def checkout(linked: Repo, tmp_path: Path) -> Repo:
    """A clone of a project whose records DVC tracks; nothing was pulled."""
    made = next(records(1)) | {"item": "1", "label": "pos", "guideline_version": "1.0.0"}
    linked.write(RECORDS, as_line(made))
    linked.dvc("add", "-q", RECORDS)
    sidecar = linked.read(SIDECAR).rstrip("\n")
    linked.write(SIDECAR, f"{sidecar}\n    annotations: {{path: train.csv.annotations.jsonl}}\n")
    linked.labelmeta("ledger", "record")
    linked.commit("Records")
    linked.git("clone", "-q", str(linked.path), str(tmp_path / "clone"))
    return Inside(tmp_path / "clone")


def test_a_checkout_is_enough(checkout: Repo) -> None:
    assert not (checkout.path / RECORDS).exists()
    assert checkout.labelmeta("check").out == (
        "3 splits checked: aligned; 1 check skipped (labelmeta --verbose check says why)\n"
    )
    why = f"skipped: LM300 for data/train.csv, because of records not pulled: dvc pull {RECORDS}\n"
    assert why in checkout.labelmeta("--verbose", "check").out
    without = {"PYTHONPATH": str(checkout.write("none/duckdb.py", "raise ImportError").parent)}
    assert checkout.codes() == Repo(checkout.path).codes() == []
    assert Repo(checkout.path).labelmeta("check", code=0, **without).out.startswith("3 splits")


def test_what_dvc_recorded_is_held_against_the_last_event(checkout: Repo) -> None:
    pointer = checkout.read(f"{RECORDS}.dvc")
    old = pointer.split("md5: ")[1][:32]
    checkout.write(f"{RECORDS}.dvc", pointer.replace(old, "a" * 32))
    assert checkout.codes(code=0) == ["LM404"]


def test_what_nobody_tracks_is_missing(checkout: Repo) -> None:
    checkout.git("rm", "-q", f"{RECORDS}.dvc")
    (found,) = [one for one in checkout.findings(code=2) if one["code"] == "LM300"]
    assert found["message"].endswith(f"{RECORDS}: is not there")
    assert "correct the path" in found["fix"]


def test_a_folder_of_records_tracked_whole_or_file_by_file(checkout: Repo) -> None:
    record = next(records(1)) | {"item": "1", "label": "pos", "guideline_version": "1.0.0"}
    checkout.write(SIDECAR, checkout.read(SIDECAR).replace("train.csv.annotations.jsonl", "../ann"))
    checkout.write("ann/a.jsonl", as_line(record))
    checkout.write("ann/b.jsonl", as_line(record | {"id": "b"}))
    checkout.dvc("add", "-q", "ann/a.jsonl", "ann/b.jsonl")
    (checkout.path / "ann/b.jsonl").unlink()
    verbose = ("--verbose", "check")
    assert "not pulled: dvc pull ann/b.jsonl\n" in checkout.labelmeta(*verbose, code=0).out
    checkout.write("ann/b.jsonl", as_line(record | {"id": "b"}))
    os.unlink(checkout.path / "ann/a.jsonl.dvc")
    os.unlink(checkout.path / "ann/b.jsonl.dvc")
    os.unlink(checkout.path / "ann/.gitignore")
    checkout.dvc("add", "-q", "ann")
    shutil.rmtree(checkout.path / "ann")
    assert "not pulled: dvc pull ann\n" in checkout.labelmeta(*verbose, code=0).out


def test_an_audit_says_that_they_were_not_checked(checkout: Repo) -> None:
    told = checkout.labelmeta("--verbose", "audit", code=None).out
    assert f"records of data/train.csv: not pulled: dvc pull {RECORDS}" in told
