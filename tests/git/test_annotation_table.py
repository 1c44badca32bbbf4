"""The annotations of a split as a table for training: from the working tree, Git and DVC's cache."""

from __future__ import annotations

import gzip
import json
import shutil
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

import dvc_labelmeta
from tests.inside import Inside
from tests.repo import Repo

RECORDS = "data/train.csv.annotations.jsonl"
PARTS = "data/parts"


def vote(item: str, who: str, label: str, **more: Any) -> dict[str, Any]:
    return {
        "id": f"{item}-{who}",
        "item": item,
        "label": label,
        "source": "test",
        "annotator": who,
        "guideline_version": "1.0.0",
    } | more


FIRST = [
    vote("i1", "ann", "pos", confidence=0.8),
    vote("i1", "bob", "pos", confidence=0.6),
    vote("i1", "cem", "neg"),
    vote("i2", "ann", "pos"),
    vote("i2", "bob", "neg"),
    vote("i3", "ann", "neg", guideline_version="0.9.0"),
    vote("i3", "bob", "neg", guideline_id="other"),
    vote("i4", "gold", "pos", is_gold=True),
    vote("i4", "ann", "neg", confidence=0.1),
    vote("i6", "ann", "pos", status="skipped"),
]
SECOND = [
    *FIRST,
    vote("i2", "consensus", "neg", annotator_type="aggregate", consensus_score=0.7,
         extra={"soft_label": {"pos": 0.3, "neg": 0.7}}),
    vote("i5", "consensus", "neg", annotator_type="aggregate", consensus_score=0.9),
]  # fmt: skip


def jsonl(rows: list[dict[str, Any]]) -> str:
    return "".join(json.dumps(row) + "\n" for row in rows)


def point(repo: Repo, path: str) -> None:
    """Name the records of data/train.csv in its sidecar."""
    sidecar = repo.read("data/train.csv.labelmeta.yaml").partition("    annotations:")[0]
    repo.write("data/train.csv.labelmeta.yaml", f"{sidecar}    annotations: {{path: {path}}}\n")


@pytest.fixture(scope="module")
def annotated(built_linked: Path, tmp_path_factory: pytest.TempPathFactory) -> Repo:
    """Records in Git (tags g1, g2), then a folder of shards that DVC tracks (tags d1, d2)."""
    repo = Inside(tmp_path_factory.mktemp("annotated") / "project")
    shutil.copytree(built_linked, repo.path, symlinks=True)
    point(repo, "train.csv.annotations.jsonl")
    for tag, rows in (("g1", FIRST), ("g2", SECOND)):
        repo.write(RECORDS, jsonl(rows))
        repo.commit(f"Records {tag}")
        repo.git("tag", tag)
    point(repo, "parts")
    for tag, rows in (("d1", FIRST), ("d2", SECOND)):
        repo.write(f"{PARTS}/a.jsonl", jsonl(rows[:5]))
        repo.write(f"{PARTS}/more/b.jsonl", jsonl(rows[5:]))
        repo.dvc("add", "-q", PARTS)
        repo.commit(f"Shards {tag}")
        repo.git("tag", tag)
    point(repo, "one.jsonl.gz")
    repo.write("data/one.jsonl.gz", gzip.compress(jsonl(SECOND).encode(), mtime=0))
    repo.dvc("add", "-q", "data/one.jsonl.gz")
    repo.commit("One packed file")
    return repo


def rows(repo: Repo, rev: str | None = None) -> dict[str, dict[str, Any]]:
    table = dvc_labelmeta.annotations("data/train.csv", rev, root=repo.path)
    found = {one["item"]: one for one in table.to_pylist()}
    assert list(found) == sorted(found)
    assert all(0 <= one["weight"] <= 1 for one in found.values())
    return found


def soft(*pairs: tuple[str, float]) -> list[dict[str, Any]]:
    return [{"label": label, "share": share} for label, share in pairs]


def test_one_row_an_item_with_label_soft_label_and_weight(annotated: Repo) -> None:
    found = rows(annotated, "g1")
    assert list(found) == ["i1", "i2", "i3", "i4"]
    one = found["i1"]
    assert one["weight"] == pytest.approx(2 / 3 * 0.7, abs=1e-12)
    assert one["confidence"] == pytest.approx(0.7, abs=1e-12)
    assert one["soft_label"] == soft(("pos", 2 / 3), ("neg", 1 / 3))
    assert (one["label"], one["label_source"], one["votes"], one["annotators"]) == (
        "pos", "majority", 3, 3,
    )  # fmt: skip
    assert (one["guideline_id"], one["guideline_version"], one["disputed"]) == (
        "tone", "1.0.0", True,
    )  # fmt: skip
    tied = found["i2"]
    assert (tied["label"], tied["label_source"], tied["weight"]) == (None, None, 0)
    assert tied["soft_label"] == soft(("neg", 0.5), ("pos", 0.5))
    mixed = found["i3"]
    assert (mixed["label"], mixed["weight"], mixed["confidence"]) == ("neg", 1, None)
    assert (mixed["guideline_id"], mixed["guideline_version"]) == (None, None)
    assert mixed["guideline_versions"] == ["0.9.0", "1.0.0"]
    gold = found["i4"]
    assert (gold["label"], gold["label_source"], gold["weight"]) == ("pos", "gold", 1)
    assert gold["soft_label"] == soft(("neg", 1.0)), "what the votes say, also beside a reference"


def test_an_aggregate_record_goes_before_the_votes(annotated: Repo) -> None:
    found = rows(annotated, "g2")
    assert (found["i2"]["label"], found["i2"]["label_source"]) == ("neg", "aggregate")
    assert found["i2"]["weight"] == 0.7
    assert found["i2"]["soft_label"] == soft(("neg", 0.7), ("pos", 0.3))
    alone = found["i5"]
    assert (alone["votes"], alone["weight"], alone["soft_label"]) == (0, 0.9, soft(("neg", 1.0)))
    assert alone["guideline_version"] == "1.0.0"


def test_git_dvc_and_the_working_tree_give_the_same_table(annotated: Repo) -> None:
    assert rows(annotated, "d1") == rows(annotated, "g1")
    assert rows(annotated, "d2") == rows(annotated, "g2") == rows(annotated)
    assert rows(annotated, "HEAD") == rows(annotated), "a packed file, known by its name"


def test_metadata_say_what_the_table_was_made_from(annotated: Repo) -> None:
    table = dvc_labelmeta.annotations("train.csv", "g1", root=annotated.path / "data")
    told = json.loads(table.schema.metadata[b"labelmeta"])
    assert (told["split"], told["layer"], told["rev"]) == ("data/train.csv", "labels", "g1")
    assert told["commit"] == annotated.git("rev-parse", "g1")
    assert told["guideline"]["id"] == "tone"
    assert len(told["guideline"]["object"]) == 40
    assert told["data"]["hash"] == "md5"
    assert told["data"]["value"] in annotated.read("data/train.csv.dvc")
    assert told["labelmeta_version"] == dvc_labelmeta.__version__


def test_records_are_the_votes_as_they_are(annotated: Repo) -> None:
    table = dvc_labelmeta.annotations("data/train.csv", "g2", root=annotated.path, records=True)
    wanted = sorted(one["id"] for one in FIRST if not one.get("is_gold") and "status" not in one)
    assert sorted(table["id"].to_pylist()) == wanted
    assert {"annotated_at", "cites", "extra"} <= set(table.column_names)


def test_what_is_not_at_hand_is_told_with_the_command_that_gets_it(
    annotated: Repo, tmp_path: Path
) -> None:
    repo = Inside(tmp_path / "clone")
    annotated.git("clone", "-q", str(annotated.path), str(repo.path))
    with pytest.raises(dvc_labelmeta.LabelMetaError, match=r"dvc pull data/one\.jsonl\.gz"):
        dvc_labelmeta.annotations("data/train.csv", root=repo.path)
    with pytest.raises(dvc_labelmeta.LabelMetaError, match=r"dvc fetch .*data/parts"):
        dvc_labelmeta.annotations("data/train.csv", "d1", root=repo.path)
    with pytest.raises(dvc_labelmeta.LabelMetaError, match="no annotations"):
        dvc_labelmeta.annotations("data/dev.csv", root=repo.path)
    with pytest.raises(dvc_labelmeta.LabelMetaError, match="not linked"):
        dvc_labelmeta.annotations("data/none.csv", root=repo.path)


def test_export_writes_the_same_table(annotated: Repo, tmp_path: Path) -> None:
    table = dvc_labelmeta.annotations("data/train.csv", "g2", root=annotated.path)
    export = ("annotations", "export", "data/train.csv", "--rev", "g2", "--output")
    made = tmp_path / "t.parquet"
    assert annotated.labelmeta(*export, str(made)).out == f"wrote {made}: 5 items\n"
    first = made.read_bytes()
    assert pq.read_table(made).to_pylist() == table.to_pylist()
    assert pq.read_schema(made).metadata[b"labelmeta"] == table.schema.metadata[b"labelmeta"]
    annotated.labelmeta(*export, str(made))
    assert made.read_bytes() == first, "the same bytes"
    refused = annotated.labelmeta(*export, "data/train.csv.dvc", code=2)
    assert "must end in" in refused.err
    refused = annotated.labelmeta(*export, "data/train.csv", code=2)
    assert "one of the files that are read" in refused.err


def test_lines_that_are_no_record_are_no_table(annotated: Repo, tmp_path: Path) -> None:
    repo = Inside(tmp_path / "clone")
    annotated.git("clone", "-q", str(annotated.path), str(repo.path))
    point(repo, "train.csv.annotations.jsonl")
    assert len(rows(repo)) == 5
    repo.write(RECORDS, jsonl(SECOND) + "{broken\n")
    with pytest.raises(dvc_labelmeta.LabelMetaError, match=r"jsonl: 1 lines are no record"):
        dvc_labelmeta.annotations("data/train.csv", root=repo.path)
    repo.write(RECORDS, jsonl([vote("i1", "ann", "pos", status="draft")]))
    with pytest.raises(dvc_labelmeta.LabelMetaError, match=r"jsonl: holds no label for layer"):
        dvc_labelmeta.annotations("data/train.csv", root=repo.path)


def test_a_forged_list_of_files_leads_nowhere(annotated: Repo, tmp_path: Path) -> None:
    """What the list of a folder names by no hash could be any file of the machine."""
    repo = Inside(tmp_path / "copy")
    shutil.copytree(annotated.path, repo.path, symlinks=True)
    for one in (repo.path / ".dvc/cache").rglob("*.dir"):
        one.chmod(0o644)
        one.write_text(json.dumps([{"relpath": "a.jsonl", "md5": "../../../../../" + RECORDS}]))
    with pytest.raises(dvc_labelmeta.LabelMetaError, match="not in DVC's cache"):
        dvc_labelmeta.annotations("data/train.csv", "d1", root=repo.path)
