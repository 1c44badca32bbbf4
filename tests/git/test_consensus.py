"""`annotations consensus` from outside: what is shown, what is written, what is refused."""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from pathlib import Path
from typing import Any

import pytest

from tests.dawid_skene import anaesthetists
from tests.repo import Repo


def records() -> list[dict[str, Any]]:
    """Return the votes of the anaesthetists, the first of each only; two guideline versions."""
    found = {
        f"{item}-{who}": {
            "id": f"{item}-{who}",
            "item": item,
            "label": label,
            "annotator": who,
            "annotated_at": f"2026-01-05T09:00:0{who}Z",
            "guideline_version": "1.1.0" if item > "p40" and who == "5" else "1.0.0",
            "source": "test",
        }
        for item, who, label in reversed(anaesthetists())
    }
    return list(found.values())


def jsonl(rows: list[dict[str, Any]]) -> str:
    return "".join(json.dumps(row) + "\n" for row in rows)


@pytest.fixture
def bare(tmp_path: Path) -> Repo:
    """A folder outside of any repository, with a file of records."""
    repo = Repo(tmp_path)
    repo.write("r.jsonl", jsonl(records()))
    return repo


CONSENSUS = ("annotations", "consensus")


def test_items_are_shown_by_kind_with_their_shares(bare: Repo) -> None:
    shown = bare.labelmeta(*CONSENSUS, "r.jsonl").out
    lines = shown.splitlines()
    assert lines[0].startswith("majority")
    assert "45 items, 225 votes" in lines[0]
    (agreed,) = [line for line in lines if line.startswith("agreed ")]
    votes = defaultdict(set)
    for one in records():
        votes[one["item"]].add(one["label"])
    assert agreed.split()[1] == str(sum(len(labels) == 1 for labels in votes.values()))
    assert "--format json shows all" in shown
    assert "least skilled" in shown
    found = json.loads(bare.labelmeta(*CONSENSUS, "r.jsonl", "--format", "json").out)
    assert sum(found["kinds"].values()) == found["items"] == len(found["by_item"]) == 45
    assert found["kinds"] == dict(Counter(one["kind"] for one in found["by_item"])) | {
        name: 0 for name, number in found["kinds"].items() if not number
    }
    assert found["ties"] == sum(one["tie"] for one in found["by_item"])


def test_aggregate_records_are_written_once_and_the_same(bare: Repo) -> None:
    out = ("--method", "dawid-skene", "--out")
    said = bare.labelmeta(*CONSENSUS, "r.jsonl", *out, "soft.jsonl").out
    assert said == "wrote soft.jsonl: 45 records; 0 items are tied\n"
    first = bare.read("soft.jsonl")
    made = [json.loads(line) for line in first.splitlines()]
    assert [one["item"] for one in made] == sorted({one["item"] for one in records()})
    by_item = defaultdict(list)
    for one in records():
        by_item[one["item"]].append(one["id"])
    for one in made:
        assert (one["annotator_type"], one["consensus_method"]) == ("aggregate", "dawid-skene")
        assert one["derived_from"] == sorted(by_item[one["item"]])
        assert one.get("guideline_version") == (None if one["item"] > "p40" else "1.0.0")
        assert one["consensus_score"] == one["extra"]["soft_label"][one["label"]]
        assert one["annotated_at"].startswith("2026-01-05T09:00:05")
    assert len({one["id"] for one in made}) == 45
    bare.labelmeta(*CONSENSUS, "r.jsonl", *out, "soft.jsonl")
    assert bare.read("soft.jsonl") == first
    assert bare.labelmeta("annotations", "validate", "soft.jsonl", "--level", "L1").code == 0
    for name in ("soft.csv", "soft.parquet"):
        bare.labelmeta(*CONSENSUS, "r.jsonl", *out, name)
        told = bare.labelmeta("annotations", "stats", name, "--format", "json").out
        assert json.loads(told)["left_out"] == {"aggregate": 45}


def test_votes_are_never_written_over(bare: Repo) -> None:
    before = bare.read("r.jsonl")
    bare.write("other.jsonl", before)
    for name, why in (("r.jsonl", "the votes themselves"), ("other.jsonl", "more than aggregate")):
        assert why in bare.labelmeta(*CONSENSUS, "r.jsonl", "--out", name, code=2).err
        assert bare.read(name) == before
    assert "must end in" in bare.labelmeta(*CONSENSUS, "r.jsonl", "--out", "a.txt", code=2).err


def test_what_would_mean_nothing_is_refused(bare: Repo) -> None:
    bare.write("one.jsonl", jsonl([one for one in records() if one["annotator"] == "1"]))
    assert "two annotators" in bare.labelmeta(*CONSENSUS, "one.jsonl", code=2).err
    assert "choose one of" in bare.labelmeta(*CONSENSUS, "r.jsonl", "--method", "x", code=2).err


def test_a_tied_item_has_no_label(bare: Repo) -> None:
    votes = [
        {"id": f"{item}{who}", "item": item, "label": label, "annotator": who, "source": "t"}
        for item, who, label in (("A", "a", "x"), ("A", "b", "y"), ("B", "a", "x"), ("B", "b", "x"))
    ]
    bare.write("two.jsonl", jsonl(votes))
    shown = bare.labelmeta(*CONSENSUS, "two.jsonl").out
    assert "(tied)" in shown
    assert "warning: nobody's skill is known" in shown
    said = bare.labelmeta(*CONSENSUS, "two.jsonl", "--out", "o.jsonl").out
    assert said == "wrote o.jsonl: 1 records; 1 items are tied\n"
    assert json.loads(bare.read("o.jsonl"))["item"] == "B"
