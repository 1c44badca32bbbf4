"""`annotations import table` in a real project: dry run, appending, salt, versions by date."""

from __future__ import annotations

import hashlib
import json
from typing import Any

import pytest
import yaml
from jsonschema import Draft202012Validator

from dvc_labelmeta.model.annotation import json_schema
from tests.repo import Repo

pytestmark = pytest.mark.inside

SIDECAR, RECORDS = "data/train.csv.labelmeta.yaml", "data/train.csv.annotations.jsonl"
SALT = {"LABELMETA_SALT": "a long text of the team"}
MAPPING = """schema: labelmeta/mapping/v1
columns: {item: doc, label: answer, annotator: worker, annotated_at: at}
id: [doc, worker]
constants: {tool: form, annotator_type: person, status: submitted}
"""
TABLE = """doc,worker,answer,at,user_ip,rank
1,W0000001,pos,2026-01-10T09:00:00Z,10.0.0.1,3
1,W0000002,neg,2026-02-10T09:00:00Z,10.0.0.2,4
2,W0000001,pos,2026-03-10T09:00:00Z,10.0.0.1,3
2,W0000003
"""
GOOD = TABLE.removesuffix("2,W0000003\n")
IMPORT = ("annotations", "import", "table", "labels.csv", "--mapping", "map.yaml")


def _records(repo: Repo, path: str = RECORDS) -> list[dict[str, Any]]:
    judge = Draft202012Validator(json_schema())
    records = [json.loads(line) for line in repo.read(path).splitlines()]
    for record in records:
        judge.validate(record)
    return records


@pytest.fixture
def ready(linked: Repo) -> Repo:
    """The linked project with an export and a mapping."""
    linked.write("labels.csv", TABLE)
    linked.write("map.yaml", MAPPING)
    return linked


def test_dry_run_shows_records_and_losses_and_writes_nothing(ready: Repo) -> None:
    before = ready.git("status", "--porcelain", "--ignored")
    ran = ready.labelmeta(*IMPORT, "--split", "data/train.csv", "--dry-run", code=1)
    lines = ran.out.splitlines()
    preview = [json.loads(line) for line in lines if line.startswith("{")]
    assert [record["item"] for record in preview] == ["1", "1", "2"]
    assert "W0000001" not in ran.text
    assert "10.0.0.1" not in ran.text
    assert lines[3].startswith("would import 3 records to ")
    for told in (
        "guideline versions: unknown 3",
        "  1 x has 2 columns instead of 6 (line 5)",
        "  3 x user_ip: looks like an IP address (line 2, 3, 4)",
        "  3 x rank",
        "note: the pseudonyms shown are examples: there is no .labelmeta/salt yet",
        f"would change {SIDECAR}",
    ):
        assert told in lines
    assert ready.git("status", "--porcelain", "--ignored") == before
    loose = ready.labelmeta(*IMPORT, "--dry-run", "--format", "json", code=1)
    told = json.loads(loose.out)
    assert (told["to"], told["read"], told["new"], told["versions"]) == (None, 4, 3, {"": 3})
    assert told["report"]["left_out"] == [
        {"reason": "has 2 columns instead of 6", "count": 1, "places": ["5"]}
    ]
    assert len(told["preview"]) == 3


def test_import_appends_once_tells_the_sidecar_and_link_keeps_that(ready: Repo) -> None:
    text = ready.read(SIDECAR).replace("layers:\n", "layers:  # one for now\n")
    ready.write(SIDECAR, text)
    args = (*IMPORT, "--split", "data/train.csv")
    strict = ready.labelmeta(*args, "--strict", code=1, **SALT)
    assert "wrote nothing (--strict), could import 3 records" in strict.out
    assert not (ready.path / RECORDS).exists()
    assert ready.read(SIDECAR) == text
    ran = ready.labelmeta(*args, code=1, **SALT)
    assert f"change {SIDECAR}" in ran.out
    records = _records(ready)
    assert [record["label"] for record in records] == ["pos", "neg", "pos"]
    assert records[0]["annotator"] == records[2]["annotator"] != records[1]["annotator"]
    assert records[0]["extra"] == {"rank": "3"}
    block = {
        "path": "train.csv.annotations.jsonl",
        "format": "jsonl",
        "hash": "md5",
        "value": hashlib.md5(ready.read(RECORDS).encode()).hexdigest(),
        "count": 3,
        "salt": yaml.safe_load(ready.read(SIDECAR))["layers"]["labels"]["annotations"]["salt"],
    }
    after = ready.read(SIDECAR)
    assert yaml.safe_load(after)["layers"]["labels"]["annotations"] == block
    assert [line for line in after.splitlines() if line in text.splitlines()] == text.splitlines()

    ready.write("labels.csv", GOOD + "3,W0000002,neg,2026-03-11T09:00:00Z,,\n")
    again = ready.labelmeta(*args, **SALT)
    assert "imported 1 records" in again.out
    assert "3 were there already" in again.out
    assert _records(ready)[:3] == records
    same = ready.read(SIDECAR), ready.read(RECORDS)
    assert "change" not in ready.labelmeta(*args, **SALT).out
    assert (ready.read(SIDECAR), ready.read(RECORDS)) == same

    ready.write("labels.csv", GOOD.replace("pos", "neg"))
    refused = ready.labelmeta(*args, code=2, **SALT)
    assert "2 records have an id that another record has" in refused.err
    assert (ready.read(SIDECAR), ready.read(RECORDS)) == same

    ready.commit("Import")
    ready.bump("1.0.1", "glad")
    ready.labelmeta("link", "data/train.csv")
    linked = yaml.safe_load(ready.read(SIDECAR))["layers"]["labels"]
    assert linked["guideline"]["version"] == "1.0.1"
    assert linked["annotations"]["count"] == 4
    assert "# one for now" in ready.read(SIDECAR)

    ready.commit("Link")
    (ready.path / "data/new").mkdir()
    ready.dvc("move", "-q", "data/train.csv", "data/new/train.csv")
    ready.labelmeta("mv", "data/train.csv", "data/new/train.csv")
    moved = yaml.safe_load(ready.read("data/new/train.csv.labelmeta.yaml"))["layers"]["labels"]
    assert moved["annotations"] == linked["annotations"] | {
        "path": "../train.csv.annotations.jsonl"
    }
    there = ready.labelmeta(*IMPORT, "--split", "data/new/train.csv", code=2, **SALT)
    assert "2 records have an id that another record has" in there.err  # it found the old file


def test_the_salt_is_made_once_ignored_by_git_and_asked_for_where_it_is_lost(ready: Repo) -> None:
    ready.write("labels.csv", GOOD)
    salt = ready.path / ".labelmeta/salt"
    made = ready.labelmeta(*IMPORT, "--split", "data/train.csv")
    assert "note: made .labelmeta/salt, which Git ignores" in made.out
    assert len(salt.read_text()) > 60
    assert salt.stat().st_mode & 0o077 == 0
    assert "salt" not in ready.git("status", "--porcelain", "-uall")
    first = _records(ready)
    again = ready.labelmeta(*IMPORT, "--split", "data/train.csv")
    assert "note: made" not in again.out
    assert _records(ready) == first

    text = salt.read_text()
    salt.unlink()
    lost = ready.labelmeta(*IMPORT, "--split", "data/dev.csv", code=2)
    assert "their salt is not here" in lost.err
    wrong = ready.labelmeta(*IMPORT, "--split", "data/dev.csv", code=2, **SALT)
    assert "the salt here is not the one of earlier imports" in wrong.err
    ready.labelmeta(*IMPORT, "--split", "data/dev.csv", LABELMETA_SALT=text)
    assert _records(ready, "data/dev.csv.annotations.jsonl") == first
    ready.labelmeta(*IMPORT, "--to", "other.jsonl", "--new-salt")
    other = _records(ready, "other.jsonl")
    assert not {one["annotator"] for one in other} & {one["annotator"] for one in first}
    kept = ready.labelmeta(*IMPORT, "--to", "kept.jsonl", "--keep-ids")
    assert "ids were kept as they are" in kept.out
    assert _records(ready, "kept.jsonl")[0]["annotator"] == "W0000001"
    weak = ready.labelmeta(*IMPORT, "--to", "weak.jsonl", code=2, LABELMETA_SALT="secret")
    assert "at least 16 characters" in weak.err


def test_the_version_in_force_at_the_time_is_inferred_from_git(ready: Repo) -> None:
    base = ready.git("rev-list", "--max-parents=0", "HEAD")
    for version, day in (("1.1.0", "2026-02-01"), ("1.2.0", "2026-03-01")):
        text = ready.guideline_yaml("tone", version, f"pleased {version}")
        ready.write("guidelines/tone/guideline.yaml", text)
        ready.commit(version, f"{day}T00:00:00+00:00")
    ready.write("map.yaml", MAPPING + "guideline_version: {date: annotated_at}\n")
    ready.write(
        "labels.csv",
        GOOD
        + "3,W1,pos,2026-01-04T09:00:00Z,,\n"
        + "4,W1,pos,2026-02-01T00:30:00+01:00,,\n"
        + "5,W1,pos,,,\n",
    )
    ran = ready.labelmeta(*IMPORT, "--split", "data/train.csv", **SALT)
    assert "guideline versions: 1.0.0 2, 1.1.0 1, 1.2.0 1, unknown 2" in ran.out
    records = {record["item"]: record for record in _records(ready) if record["item"] > "2"}
    first = _records(ready)[0]
    assert (first["guideline_version"], first["guideline_commit"]) == ("1.0.0", base)
    assert first["guideline_version_source"] == "inferred"
    assert records["4"]["guideline_version"] == "1.0.0"  # half an hour before, in UTC
    for item, why in (
        ("3", "no version was in force at its annotated_at"),
        ("5", "no annotated_at"),
    ):
        assert records[item]["guideline_version_source"] == "unknown"
        assert "guideline_version" not in records[item]
        assert f"1 x guideline version unknown: {why}" in ran.out
    missing = ready.labelmeta(*IMPORT, "--to", "x.jsonl", code=2, **SALT)
    assert "say whose version was in force" in missing.err
    ready.git("clone", "-q", "--depth", "1", f"file://{ready.path}", "shallow")
    shallow = ready.labelmeta(
        "annotations", "import", "table", "../labels.csv", "--mapping", "../map.yaml",
        "--split", "data/train.csv", code=2, cwd="shallow", **SALT,
    )  # fmt: skip
    assert "this clone is shallow" in shallow.err


def test_what_cannot_be_done_is_refused_with_a_reason(ready: Repo) -> None:
    ready.labelmeta("link", "data/train.csv", "--guideline", "prose", "--layer", "second")
    for args, told in (
        ((), "say where the records go"),
        (("--split", "data/dev.csv", "--to", "x.jsonl"), "not both"),
        (("--to", "x.csv"), "end it in .jsonl"),
        (("--to", "x.jsonl", "--layer", "a"), "give --split too"),
        (("--split", "data/none.csv"), "data/none.csv is not linked"),
        (("--split", "data/train.csv"), "give --layer labels | second"),
        (("--split", "data/train.csv", "--layer", "third"), "has no layer 'third'"),
        (("--to", "x.jsonl", "--format", "xml"), "--format xml"),
        (("--to", "labels.csv/x.jsonl"), "cannot"),
        (("--to", "x.jsonl", "--mapping", "labels.csv"), "labels.csv:1:1: the file must be a mapping"),
    ):  # fmt: skip
        ran = ready.labelmeta(*IMPORT, *args, code=2, **SALT)
        assert told in ran.err, ran.err
    gone = ready.labelmeta(
        "annotations", "import", "table", "none.csv", "--mapping", "map.yaml", "--to", "x.jsonl",
        code=2, **SALT,
    )  # fmt: skip
    assert "none.csv: No such file" in gone.err
    assert not (ready.path / "x.jsonl").exists()
    ready.labelmeta(*IMPORT, "--split", "data/train.csv", "--layer", "second", code=1, **SALT)
    assert len(_records(ready, "data/train.csv.second.annotations.jsonl")) == 3
    ready.labelmeta("check", "data/train.csv")
    text = ready.read(SIDECAR).replace("train.csv.second.annotations.jsonl", "../../away.jsonl")
    ready.write(SIDECAR, text)
    ran = ready.labelmeta(*IMPORT, "--split", "data/train.csv", "--layer", "second", code=2, **SALT)
    assert "outside the project" in ran.err


def test_outside_a_project_a_salt_must_be_given(tmp_path: Any) -> None:
    repo = Repo(tmp_path)
    repo.write("labels.csv", GOOD)
    repo.write("map.yaml", MAPPING)
    ran = repo.labelmeta(*IMPORT, "--to", "a.jsonl", code=2)
    assert "outside a project set LABELMETA_SALT" in ran.err
    repo.labelmeta(*IMPORT, "--dry-run")
    repo.labelmeta(*IMPORT, "--to", "a.jsonl", **SALT)
    assert len(_records(repo, "a.jsonl")) == 3
