"""Two real exports as records: what was measured on them by hand comes out again."""

from __future__ import annotations

import csv
import json
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from dvc_labelmeta.model.annotation import json_schema
from tests.repo import Repo

SALT = {"LABELMETA_SALT": "a long text of the team"}
DEBATES = {
    "firefox-vs-internet-explorer_it-has-a-cute-logo-oh-and-extensions-err-add-ons.xml": {
        "items": 595, "labels": 2965, "annotators": 751, "gold": 96.8, "pages": 413, "four": 10,
        "assignments": 2507, "comments": 7.4, "stance": 57,
    },
    "firefox-vs-internet-explorer_there-s-more-browsers-than-the-ie-firefox-is-an-animal.xml": {
        "items": 351, "labels": 1750, "annotators": 504, "gold": 94.9, "pages": 150, "four": 5,
        "assignments": 1600, "comments": 5.6, "stance": 50,
    },
}  # fmt: skip


def _records(path: Path) -> list[dict[str, Any]]:
    judge = Draft202012Validator(json_schema())
    records = [json.loads(line) for line in path.read_text("utf-8").splitlines()]
    for record in records:
        judge.validate(record)
    ids = [record["id"] for record in records]
    assert len(set(ids)) == len(ids)
    return records


@pytest.mark.parametrize("name", DEBATES)
def test_debates(shared: Path, tmp_path: Path, name: str) -> None:
    export, known = shared / "data/ukp_convarg/data" / name, DEBATES[name]
    ran = Repo(tmp_path).labelmeta(
        "annotations", "import", "ukp-convarg", str(export), "--to", "out.jsonl",
        "--guideline-version", "1", "--format", "json", **SALT,
    )  # fmt: skip
    told = json.loads(ran.out)
    records = _records(tmp_path / "out.jsonl")
    labels = [record for record in records if record["annotator_type"] == "person"]
    gold = [record for record in records if record.get("is_gold")]
    items = Counter(record["item"] for record in labels)
    assert len(labels) == told["read"] == known["labels"]
    assert len(records) == len(labels) + len(gold) == told["count"]
    assert len(items) == known["items"]
    assert len({record["annotator"] for record in labels}) == known["annotators"]
    assert round(100 * len(gold) / len(items), 1) == known["gold"]
    assert {record["annotator_type"] for record in gold} == {"aggregate"}
    assert {record["id"] for record in labels} >= {one for g in gold for one in g["derived_from"]}

    noted = {one["reason"]: one for one in told["report"]["noted"]}
    four = [item for item, count in items.items() if count == 4]
    assert noted["items with 4 labels"]["places"] == four
    assert len(four) == known["four"]
    assert noted["items without a gold label"]["count"] == len(items) - len(gold)
    pages = Counter(record["session"] for record in labels)
    assert len(pages) == known["assignments"]
    assert sum(count > 1 for count in pages.values()) == known["pages"]
    shared_times = [record for record in labels if record["annotated_at_source"] == "page"]
    assert len(shared_times) == sum(count for count in pages.values() if count > 1)
    assert noted["times are those of a page with several pairs"]["count"] == len(shared_times)
    assert not any("duration_seconds" in record for record in shared_times)
    assert sum("duration_seconds" in one for one in labels) == len(labels) - len(shared_times)

    assert not any("confidence" in record for record in records)
    assert all(0 <= float(record["extra"]["turkCompetence"]) <= 1 for record in labels)
    assert round(100 * sum("note" in one for one in labels) / len(labels), 1) == known["comments"]
    stances = sum("workerStance" in record["extra"] for record in labels)
    assert round(100 * stances / len(labels)) == known["stance"]
    assert told["versions"] == {"1": known["labels"]}
    assert {record["guideline_version_source"] for record in labels} == {"declared"}
    raw = export.read_text("utf-8")
    worker = raw.split("<turkID>")[1].split("<")[0]
    assert worker not in (tmp_path / "out.jsonl").read_text("utf-8")


def test_zooniverse_cats(shared: Path, tmp_path: Path) -> None:
    export = shared / "data/zooniverse_cats/data/cat-project-classifications.csv"
    repo = Repo(tmp_path)
    args = (
        "annotations", "import", "zooniverse", str(export), "--to", "cats.jsonl",
        "--guidelines-to", "texts",
    )  # fmt: skip
    dry = repo.labelmeta(*args, "--dry-run", **SALT)
    assert "would create " in dry.out
    assert list(tmp_path.iterdir()) == []
    ran = repo.labelmeta(*args, **SALT)
    assert "guideline versions: 4.4 5, 8.7 1, 13.14 1, 13.16 18, 13.19 128" in ran.out
    assert "153 x user_ip: looks like an IP address" in ran.out
    assert "153 x metadata.user_agent: looks like a browser" in ran.out
    records = _records(tmp_path / "cats.jsonl")
    assert len(records) == 153
    assert len({record["annotator"] for record in records}) == 19
    assert len({record["item"] for record in records}) == 30
    pairs = Counter((record["annotator"], record["item"]) for record in records)
    assert sum(count > 1 for count in pairs.values()) == 5
    shapes = Counter(len(record["value"]) for record in records)
    assert (min(shapes), max(shapes), shapes[0]) == (0, 16, 10)
    durations = sorted(record["duration_seconds"] for record in records)
    assert round(durations[76], 1) == 17.1
    assert round(durations[-1], 1) == 139.8
    assert {record["guideline_version_source"] for record in records} == {"recorded"}

    with open(export, newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    text = (tmp_path / "cats.jsonl").read_text("utf-8")
    for row in rows:
        metadata = json.loads(row["metadata"])
        for secret in (row["user_ip"], metadata["session"], metadata["user_agent"]):
            assert secret not in text
        wording = json.loads(row["annotations"])[0]["task_label"]
        assert wording in (tmp_path / f"texts/{row['workflow_version']}.md").read_text("utf-8")
    assert len(list((tmp_path / "texts").iterdir())) == 5

    again = repo.labelmeta(*args, **SALT)
    assert "153 were there already" in again.out
    assert "create" not in again.out
    repo.write("texts/4.4.md", "another text")
    refused = repo.labelmeta(*args, code=2, **SALT)
    assert "is there with other text" in refused.err


def test_a_convarg_file_by_a_mapping_gives_the_same_labels(shared: Path, tmp_path: Path) -> None:
    """The two ways in agree: flattened by hand to JSON lines, then mapped."""
    import xml.etree.ElementTree as ET

    export = shared / "data/ukp_convarg/data" / list(DEBATES)[1]
    lines = [
        json.dumps({"pair": pair.findtext("id"), "crowd": {c.tag: c.text for c in one}})
        for pair in ET.parse(export).getroot()
        for one in pair.iter("mTurkAssignment")
    ]
    repo = Repo(tmp_path)
    repo.write("flat.jsonl", "\n".join(lines))
    repo.write(
        "map.yaml",
        "schema: labelmeta/mapping/v1\n"
        "columns: {item: pair, label: crowd.value, annotator: crowd.turkID,\n"
        "  annotated_at: crowd.assignmentSubmitTime, rationale: crowd.reason}\n"
        "id: [crowd.assignmentId, pair]\n"
        "times: {annotated_at: {format: '%Y-%m-%d %H:%M:%S.0 UTC', zone: UTC}}\n",
    )
    start = ("annotations", "import")
    repo.labelmeta(
        *start, "table", "flat.jsonl", "--mapping", "map.yaml", "--to", "a.jsonl", **SALT
    )
    repo.labelmeta(*start, "ukp-convarg", str(export), "--to", "b.jsonl", **SALT)
    names = ("id", "item", "label", "annotator", "annotated_at", "rationale")
    mapped, native = (
        [[one[name] for name in names] for one in _records(tmp_path / path) if "annotator" in one]
        for path in ("a.jsonl", "b.jsonl")
    )
    assert mapped == native
    assert len(mapped) == 1750
