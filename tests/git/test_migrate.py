"""`labelmeta migrate` from outside: labels of 1.0 under 2.0, step by step, never by a guess."""

from __future__ import annotations

import gzip
import json
import shutil
from pathlib import Path
from typing import Any

import duckdb
import pytest
import yaml

from tests.git.test_link import kill_at_every_write, written
from tests.inside import Inside
from tests.repo import Repo

RECORDS = "data/train.csv.annotations.jsonl"
SIDECAR = "data/train.csv.labelmeta.yaml"
LATER = "2026-02-07T09:00:00+00:00"
V1 = ("happy", "glad", "sad", "odd")
TO_2 = """schema: labelmeta/migration/v1
from: "1.1.0"
to: "2.0.0"
labels:
  - {subject_id: happy, predicate_id: skos:exactMatch, object_id: pos,
     mapping_justification: semapv:ManualMappingCuration}
  - {subject_id: glad, predicate_id: skos:broadMatch, object_id: pos,
     mapping_justification: semapv:ManualMappingCuration, comment: too few of them}
  - {subject_id: sad, predicate_id: skos:exactMatch, object_id: neg,
     mapping_justification: semapv:ManualMappingCuration}
relabel:
  - {label: odd, reason: it was used for everything else}
review:
  - {cites: R1, reason: the rule is gone}
"""


def guideline(version: str, labels: tuple[str, ...], **more: str) -> str:
    extra = "".join(f"{key}: {value}\n" for key, value in more.items())
    listed = "".join(f"  - {{id: {label}, definition: what is {label}}}\n" for label in labels)
    return (
        f'schema: labelmeta/guideline/v1\nid: tone\nversion: "{version}"\nstatus: active\n'
        f"{extra}labels:\n{listed}"
    )


def records() -> list[dict[str, Any]]:
    """Eight records: all labels under two versions, one cites a rule, one was replaced before."""
    made = []
    for number, label in enumerate(V1 * 2):
        made.append(
            {
                "id": f"r{number}",
                "item": "1",
                "label": label,
                "source": "tool",
                "annotator": f"a{number}",
                "annotated_at": "2026-01-06T10:00:00Z",
                "guideline_version": "1.0.0" if number < 4 else "1.1.0",
                "extra": {"page": 2**70, "half": 1.0},
            }
        )
    made[4]["cites"] = ["R1"]
    made.append(made[0] | {"id": "r8", "label": "sad", "supersedes": "r0"})
    return made


def lines(rows: list[dict[str, Any]]) -> str:
    return "".join(json.dumps(row) + "\n" for row in rows)


@pytest.fixture(scope="module")
def built_versions(built: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Guideline 1.0.0, 1.1.0 (a new text only) and 2.0.0; the split is linked to 1.1.0."""
    target = tmp_path_factory.mktemp("versions") / "project"
    shutil.copytree(built, target, symlinks=True)
    repo = Inside(target)
    for version, title in (("1.0.0", "Tone"), ("1.1.0", "The tone")):
        repo.write("guidelines/tone/guideline.yaml", guideline(version, V1, title=title))
        repo.commit(f"Guideline {version}")
    repo.labelmeta("link", "data/train.csv", "--guideline", "tone")
    repo.labelmeta("stage", "require", "train")
    text = repo.read(SIDECAR)
    repo.write(SIDECAR, text + "    annotations: {path: train.csv.annotations.jsonl}\n")
    repo.write(RECORDS, lines(records()))
    repo.commit("Label")
    repo.write("guidelines/tone/guideline.yaml", guideline("2.0.0", ("pos", "neg")))
    repo.commit("Guideline 2.0.0", "2026-02-05T09:00:00+00:00")
    return target


@pytest.fixture
def repo(built_versions: Path, tmp_path: Path) -> Repo:
    target = tmp_path / "project"
    shutil.copytree(built_versions, target, symlinks=True)
    return Inside(target)


def migrate(repo: Repo, *args: str, code: int = 0) -> dict[str, Any]:
    ran = repo.labelmeta("migrate", "data/train.csv", "--format", "json", *args, code=code)
    found: dict[str, Any] = json.loads(ran.out)
    return found


def test_labels_are_carried_over_and_the_check_is_clean(repo: Repo) -> None:
    before = repo.read(RECORDS)
    refused = repo.labelmeta("migrate", "data/train.csv", code=2).text
    assert "write guidelines/tone.migrations/2.0.0.yaml" in refused
    assert "label happy removed" in refused

    repo.write("guidelines/tone.migrations/2.0.0.yaml", TO_2)
    lineage = "lineage: {licence: CC0-1.0}   # told by a person\n"
    repo.write(SIDECAR, lineage + repo.read(SIDECAR))
    shown = repo.labelmeta("migrate", "data/train.csv", "--dry-run").out
    assert f"would change {RECORDS}\nwould change {SIDECAR}\nwould change labelmeta/gates" in shown
    assert repo.read(RECORDS) == before

    found = migrate(repo)
    assert repo.read(SIDECAR).startswith(lineage)
    assert found["from"] == {"1.0.0": 4, "1.1.0": 4}
    assert found["states"] == {"valid": 0, "mapped": 5, "review": 1, "relabel": 2, "invalid": 0}
    after = repo.read(RECORDS)
    assert after.startswith(before), "old records keep their bytes"
    new = [json.loads(line) for line in after[len(before) :].splitlines()]
    told = [(r["id"], r["migrated_from"], r["label"], r.get("review")) for r in new]
    assert told == [
        ("r1@2.0.0", "r1", "pos", None),
        ("r2@2.0.0", "r2", "neg", None),
        ("r4@2.0.0", "r4", "pos", "pending"),
        ("r5@2.0.0", "r5", "pos", None),
        ("r6@2.0.0", "r6", "neg", None),
        ("r8@2.0.0", "r8", "neg", None),
    ]
    assert {r["guideline_version"] for r in new} == {"2.0.0"}
    assert all(r["extra"] == {"page": 2**70, "half": 1.0} for r in new)
    repo.commit("Migrate", "2026-02-05T10:00:00+00:00")
    (left,) = repo.findings("data/train.csv", code=1)
    assert left["code"] == "LM320"
    assert left["message"].startswith("2 records")

    assert migrate(repo)["states"]["relabel"] == 2
    assert repo.git("status", "--porcelain") == "", "a second run changes nothing"

    redone = [
        records()[n] | {
            "id": f"n{n}", "label": "pos", "supersedes": f"r{n}", "guideline_version": "2.0.0",
            "annotated_at": "2026-02-06T10:00:00Z",
        }
        for n in (3, 7)
    ]  # fmt: skip
    repo.write(RECORDS, after + lines(redone))
    repo.write(SIDECAR, repo.read(SIDECAR).replace("count: 15", "count: 17"))
    repo.commit("Label what was left", "2026-02-06T12:00:00+00:00")
    assert repo.codes("data/train.csv", code=0) == ["LM404"], "no event tells what a person wrote"


def test_a_migration_is_begun_from_what_changed(repo: Repo) -> None:
    heir = "{id: glad, definition: what is glad, status: retired, replaced_by: pos}"
    text = guideline("2.0.0", ("pos", "neg")).replace("  - {id: pos", f"  - {heir}\n  - {{id: pos")
    text = text.replace("what is pos", "what is glad")
    repo.write("guidelines/tone/guideline.yaml", text.replace("2.0.0", "3.0.0"))
    repo.commit("Guideline 3.0.0")
    ran = repo.labelmeta("guideline", "migration", "tone", "--from", "1.1.0")
    assert ran.out == "create guidelines/tone.migrations/3.0.0.yaml\n"
    begun = repo.read("guidelines/tone.migrations/3.0.0.yaml")
    assert '\n  - {subject_id: glad, predicate_id: "skos:exactMatch", object_id: pos' in begun
    assert '\n#   - {label: odd, reason: "label odd removed' in begun
    again = repo.labelmeta("guideline", "migration", "tone", "--from", "1.1.0", code=2)
    assert "is there already" in again.err
    assert (
        "no version 9" in repo.labelmeta("guideline", "migration", "tone", "--to", "9", code=2).err
    )
    # as it is, the file decides nothing that a person must decide
    found = migrate(repo, code=1)
    assert found["states"]["invalid"] > 0
    assert found["carried"] == 0


MERGED = TO_2.replace("relabel:\n  - {label: odd, reason: it was used for everything else}\n", "")
MERGED = MERGED.replace(
    "review:",
    "  - {subject_id: odd, predicate_id: skos:broadMatch, object_id: neg,\n"
    "     mapping_justification: semapv:ManualMappingCuration}\nreview:",
)


def test_kill_between_any_two_writes(repo: Repo) -> None:
    repo.write("guidelines/tone.migrations/2.0.0.yaml", MERGED)
    assert kill_at_every_write(repo, "migrate", "data/train.csv") >= 3
    repo.commit("Migrate", LATER)
    assert repo.codes("data/train.csv", code=0) == []


TOLD = (
    "SELECT * EXCLUDE extra REPLACE (strftime(annotated_at, '%Y-%m-%dT%H:%M:%SZ') AS annotated_at, "
    "to_json(cites)::VARCHAR AS cites)"
)


def test_records_that_look_replaced_or_of_no_version_are_carried_over(repo: Repo) -> None:
    repo.write("guidelines/tone/guideline.yaml", guideline("3.0.0", ("pos", "neg"), title="T"))
    repo.commit("Guideline 3.0.0", "2026-02-06T09:00:00+00:00")
    repo.write("guidelines/tone.migrations/2.0.0.yaml", TO_2 + "items: {one: two, two: one}\n")
    same = {"label": "happy", "source": "tool", "item": "one", "guideline_version": "1.1.0"}
    rows = [
        {"id": "kept"},
        {"id": "draft", "status": "draft", "supersedes": "kept"},
        {"id": "self", "supersedes": "self", "item": "two"},
        {"id": "empty", "guideline_version": "", "guideline_id": "", "layer": ""},
        {"id": "newer", "guideline_version": "2.0.0", "label": "pos"},
    ]
    repo.write(RECORDS, lines([same | row for row in rows]))
    assert migrate(repo)["from"] == {"1.1.0": 4, "2.0.0": 1}
    new = [json.loads(line) for line in repo.read(RECORDS).splitlines()[len(rows) :]]
    assert [(r["supersedes"], r["item"]) for r in new] == [
        ("kept", "two"),
        ("draft", "two"),
        ("self", "one"),
        ("empty", "two"),
        ("newer", "one"),  # it has the new name already
    ]


def test_what_stays_without_a_version_would_go_with_the_link(repo: Repo) -> None:
    repo.write("guidelines/tone.migrations/2.0.0.yaml", TO_2)
    one = {"id": "r", "item": "1", "label": "odd", "source": "tool"}
    repo.write(RECORDS, lines([one]))
    told = repo.labelmeta("migrate", "data/train.csv", code=1).text
    assert "1 of the records that a person must do name no version" in told
    assert "write `guideline_version` 1.1.0 into them first" in told
    assert repo.read(RECORDS) == lines([one])
    assert 'version: "1.1.0"' in repo.read(SIDECAR)


@pytest.mark.parametrize("format_", ["csv", "parquet", "jsonl.gz", "folder"])
def test_each_format(repo: Repo, format_: str) -> None:
    repo.write("guidelines/tone.migrations/2.0.0.yaml", MERGED)
    old, path = repo.path / RECORDS, repo.path / f"data/train.csv.annotations.{format_}"
    with duckdb.connect() as db:
        if format_ == "jsonl.gz":
            path.write_bytes(gzip.compress(old.read_bytes(), mtime=0))
        elif format_ == "folder":
            path.mkdir()
            db.execute(f"COPY ({TOLD} FROM '{old}') TO '{path}/a.parquet'")
        else:
            db.execute(f"COPY ({TOLD} FROM '{old}') TO '{path}'")
    repo.write(SIDECAR, repo.read(SIDECAR).replace(Path(RECORDS).name, path.name))
    assert migrate(repo)["carried"] == 8
    asked = str(path / "*" if format_ == "folder" else path)
    reader = (
        "read_parquet"
        if format_ in {"parquet", "folder"}
        else f"read_{format_.removesuffix('.gz').replace('jsonl', 'json')}"
    )
    union = "" if reader == "read_json" else ", union_by_name=true"
    with duckdb.connect() as db:
        rows = db.execute(
            f"SELECT id, label, supersedes, guideline_version, review, cites::VARCHAR FROM "
            f"{reader}('{asked}'{union}) WHERE migrated_from IS NOT NULL"
        ).fetchall()
        total = db.execute(f"SELECT count(*) FROM {reader}('{asked}'{union})").fetchall()[0][0]
    assert total == 17
    assert [row[:5] for row in rows][2:5] == [
        ("r3@2.0.0", "neg", "r3", "2.0.0", None),
        ("r4@2.0.0", "pos", "r4", "2.0.0", "pending"),
        ("r5@2.0.0", "pos", "r5", "2.0.0", None),
    ]
    assert "R1" in rows[3][5]
    repo.commit("Migrate", LATER)
    assert repo.codes("data/train.csv", code=0) == []
    assert migrate(repo)["carried"] == 0
    assert repo.git("status", "--porcelain") == ""


def test_renamed_labels_go_there_and_back(repo: Repo) -> None:
    """1:1: what was labelled under 2.0.0 alone becomes what it would have been under 1.1.0."""
    renamed = TO_2.replace(
        "glad, predicate_id: skos:broadMatch, object_id: pos",
        "glad, predicate_id: skos:exactMatch, object_id: fine",
    )
    renamed = renamed[: renamed.index("relabel:")] + (
        "  - {subject_id: odd, predicate_id: skos:exactMatch, object_id: other,\n"
        '     mapping_justification: semapv:ManualMappingCuration}\nitems: {"1": "2"}\n'
    )
    repo.write(
        "guidelines/tone/guideline.yaml", guideline("2.0.0", ("pos", "neg", "fine", "other"))
    )
    repo.commit("Guideline 2.0.0 of four labels")
    repo.write("guidelines/tone.migrations/2.0.0.yaml", renamed)
    before = repo.read(RECORDS)
    migrate(repo)
    there = repo.read(RECORDS)
    assert {json.loads(line)["item"] for line in there[len(before) :].splitlines()} == {"2"}
    found = migrate(repo, "--to", "1.1.0")
    assert found["states"] == {"valid": 0, "mapped": 8, "review": 0, "relabel": 0, "invalid": 0}
    back = [json.loads(line) for line in repo.read(RECORDS)[len(there) :].splitlines()]
    kept = ("item", "label", "annotator", "cites", "extra", "source", "annotated_at")
    first = [{k: r.get(k) for k in kept} for r in records()[1:]]
    assert [{k: r.get(k) for k in kept} for r in back] == first
    link = yaml.safe_load(repo.read(SIDECAR))["layers"]["labels"]["guideline"]["version"]
    assert link == "1.1.0"
    merged = repo.read("guidelines/tone.migrations/2.0.0.yaml").replace("fine", "pos")
    repo.write("guidelines/tone.migrations/2.0.0.yaml", merged)
    repo.write(RECORDS, there)
    ran = repo.labelmeta("migrate", "data/train.csv", "--to", "1.1.0", code=2)
    assert "has no inverse: happy -> pos is not one to one" in ran.err


def test_what_cannot_be_mapped_is_listed_and_stops_all_of_it(repo: Repo) -> None:
    text = TO_2.replace(
        "  - {label: odd, reason: it was used for everything else}\n",
        "  - {label: none, reason: r}\n",
    )
    repo.write("guidelines/tone.migrations/2.0.0.yaml", text)
    before = written(repo)
    ran = repo.labelmeta("migrate", "data/train.csv", code=1)
    assert "  2 cannot be mapped\n" in ran.out
    assert "1        invalid  1.0.0       odd    odd: 2.0.0 has no such label\n" in ran.out
    assert "nothing was written" in ran.err
    assert written(repo) == before
    found = migrate(repo, "--partial", code=1)
    assert (found["carried"], found["states"]["invalid"]) == (6, 2)
    assert migrate(repo, "--partial", code=1)["carried"] == 0


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("schema: labelmeta/migration/v1\n", "2.0.0.yaml:1:1: "),
        (TO_2.replace('to: "2.0.0"', 'to: "2.1.0"'), "a migration to 2.1.0 is named 2.1.0.yaml"),
        (TO_2 + "constants: {id: x}\n", ":15:17: constants.id: a migration cannot change id"),
        ("a: [\n", "2.0.0.yaml:2:1: "),
        (TO_2 + "items_file: none.csv\n", "none.csv"),
        (TO_2.replace('from: "1.1.0"', 'from: "1.0.5"'), "cannot be mapped"),
    ],
)
def test_a_file_that_cannot_be_used(repo: Repo, text: str, told: str) -> None:
    repo.write("guidelines/tone.migrations/2.0.0.yaml", text)
    before = written(repo)
    ran = repo.labelmeta("migrate", "data/train.csv", code=None)
    assert ran.code in {1, 2}
    assert told in ran.text
    assert written(repo) == before


def test_what_is_refused(repo: Repo) -> None:
    repo.write("guidelines/tone.migrations/2.0.0.yaml", MERGED)
    for args, told in (
        (("data/dev.csv",), "is not linked"),
        (("data/train.csv", "--to", "7.0.0"), "has no version 7.0.0"),
        (("data/train.csv", "--layer", "x"), "has no layer 'x'"),
        (("data/train.csv", "--format", "xml"), "choose one of text, json"),
    ):
        assert told in repo.labelmeta("migrate", *args, code=2).err
    taken = records()[1] | {"id": "r1@2.0.0"}
    repo.write(RECORDS, lines([*records(), taken]))
    assert "record r1@2.0.0 has an id" in repo.labelmeta("migrate", "data/train.csv", code=2).err
    repo.write(RECORDS, lines(records()) + "{broken\n")
    assert "1 lines hold no record" in repo.labelmeta("migrate", "data/train.csv", code=2).err
    repo.write("guidelines/tone.migrations/2.0.0.yaml", MERGED + "items_file: 2.0.0.csv\n")
    repo.write(RECORDS, lines(records()))
    (repo.path / "guidelines/tone.migrations/2.0.0.csv").symlink_to(repo.path / "dvc.yaml")
    told = repo.labelmeta("migrate", "data/train.csv", code=2).err
    assert "items_file 2.0.0.csv is no file beside it" in told


def test_a_script_is_run_by_dvc_alone(repo: Repo) -> None:
    ran = repo.labelmeta("stage", "add", "migration-script", "data/train.csv")
    stage = "labelmeta/migrations/data/train.csv/labels/dvc.yaml"
    script = stage.replace("dvc.yaml", "migrate.py")
    assert ran.out == f"create {stage}\nnext: write {script}, then dvc repro {stage}\n"
    repo.write(script, "import shutil, sys\nshutil.copy(sys.argv[1], sys.argv[2])\n")
    repo.dvc("repro", "-q", stage)
    assert repo.read(stage.replace("dvc.yaml", "records.jsonl")) == repo.read(RECORDS)
    again = repo.labelmeta("stage", "add", "migration-script", "data/train.csv").out
    assert again == "nothing to change\n"
    assert "name the split" in repo.labelmeta("stage", "add", "migration-script", code=2).err
    other = repo.labelmeta("stage", "add", "migration-script", "data/dev.csv", code=2).err
    assert "is no linked split" in other
