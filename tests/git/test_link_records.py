"""`link --annotations`: records named by a command, so that the ledger knows of them."""

from __future__ import annotations

import hashlib
import json

import pytest

from tests.annotated import as_line, records
from tests.repo import Repo

pytest.importorskip("duckdb")
pytestmark = pytest.mark.inside
RECORDS = "data/train.csv.annotations.jsonl"
SIDECAR = "data/train.csv.labelmeta.yaml"


@pytest.fixture
def train(linked: Repo) -> Repo:
    """A project with records beside a split, which nothing names yet."""
    made = next(records(1)) | {"item": "1", "label": "pos", "guideline_version": "1.0.0"}
    linked.write(RECORDS, as_line(made))
    return linked


def name(repo: Repo, *more: str, code: int = 0) -> str:
    return repo.labelmeta("link", "data/train.csv", "--annotations", *more, code=code).text


def last_claims(repo: Repo) -> dict[str, dict[str, str]]:
    """Return what the newest event claims of the records, by layer."""
    found = [json.loads(one.read_bytes()) for one in repo.path.glob("labelmeta/ledger/events/*/*")]
    newest = max(found, key=lambda event: event["count"])
    layers = newest["claims"]["layers"]
    return {name: one["records"] for name, one in layers.items() if "records" in one}


def test_no_event_is_missing_afterwards_and_a_persons_text_stays(train: Repo) -> None:
    train.write(SIDECAR, train.read(SIDECAR).rstrip("\n") + "  # the first one\n# the end\n")
    before = train.read(SIDECAR)
    said = name(train, RECORDS, "--level", "L1")
    assert f"data/train.csv: its records are {RECORDS}\n" in said
    assert f"git add {RECORDS} {SIDECAR}" in said
    after = train.read(SIDECAR)
    added = "    annotations:\n      path: train.csv.annotations.jsonl\n      level: L1\n"
    assert after.replace(added, "") == before
    content = (train.path / RECORDS).read_bytes()
    (one,) = last_claims(train).values()
    assert one["md5"] == hashlib.md5(content, usedforsecurity=False).hexdigest()
    train.commit("Records", "2026-07-01T09:00:00+00:00")
    assert train.codes(code=0) == []
    assert "nothing to change" in name(train, RECORDS)
    train.bump("2.0.0", "delighted")
    train.labelmeta("link", "--all")
    assert added in train.read(SIDECAR)
    name(train, f"{RECORDS}.dvc", "--level", "L0")
    assert "      path: train.csv.annotations.jsonl\n" in train.read(SIDECAR)
    assert "level" not in train.read(SIDECAR)


def test_a_new_link_and_a_folder(project: Repo) -> None:
    made = next(records(1)) | {"item": "1", "label": "pos", "guideline_version": "1.0.0"}
    project.write("ann/a.csv", ",".join(made) + "\n" + ",".join(map(str, made.values())) + "\n")
    link = ("link", "train.csv", "--guideline", "tone", "--annotations", "../ann")
    project.labelmeta(*link, cwd="data")
    assert project.read(SIDECAR).endswith('    annotations: {path: "../ann", format: csv}\n')
    project.commit("Link")
    assert "LM403" not in project.codes()
    more = ("--guideline", "prose", "--layer", "other")
    assert "other" not in project.read(SIDECAR)
    name(project, "ann", *more)
    assert project.read(SIDECAR).count("format: csv") == 2
    assert "has several layers; --layer labels or other" in name(project, "ann", code=2)


def test_what_dvc_tracks_need_not_be_there(train: Repo) -> None:
    train.dvc("add", "-q", RECORDS)
    md5 = train.read(f"{RECORDS}.dvc").split("md5: ")[1][:32]
    (train.path / RECORDS).unlink()
    assert RECORDS not in name(train, RECORDS).split("next: ")[1]
    assert [one["md5"] for one in last_claims(train).values()] == [md5]


def test_refused(train: Repo) -> None:
    before = train.read(SIDECAR)
    train.write("records.txt", "{}\n")
    (train.path.parent / "out.jsonl").write_text("{}\n")
    for args, why in (
        (("no.jsonl",), "--annotations no.jsonl: is not there, and DVC does not track it"),
        (("../out.jsonl",), "--annotations ../out.jsonl: is outside the repository"),
        (("records.txt",), "records.txt holds no file of annotations (.jsonl, .csv, .parquet)"),
        ((RECORDS, "--all"), "names the records of one split"),
        ((RECORDS, "--level", "L9"), "--level L9: choose one of L0"),
        ((RECORDS, "data/dev.csv"), "names the records of one split"),
    ):
        assert why in name(train, *args, code=2)
    assert (
        "names the records of one" in train.labelmeta("link", "--all", "--level", "L1", code=2).err
    )
    assert train.read(SIDECAR) == before
    name(train, RECORDS)
    train.write("data/other.jsonl", "{}\n")
    said = name(train, "data/other.jsonl", code=2)
    assert "layer labels names the records train.csv.annotations.jsonl" in said
