"""`labelmeta annotations queue`: which items come first, why, and that the budget holds."""

from __future__ import annotations

import csv
import io
import json
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from dvc_labelmeta.model.queue import REASONS, Entry
from dvc_labelmeta.read.queue import FIELDS, Queue
from dvc_labelmeta.read.records import open_records
from dvc_labelmeta.read.tallies import Tallies
from dvc_labelmeta.report.queue import words
from tests.annotated import records, write_jsonl
from tests.inside import Inside
from tests.repo import Repo

Row = dict[str, Any]


@pytest.fixture
def linked(linked: Repo) -> Repo:
    """The same project, with labelmeta in this process."""
    return Inside(linked.path)


def votes(item: str, *labels: str, **more: Any) -> list[Row]:
    """Return a record for each label, by ann, bob, cem, ..., under version 1.0.0."""
    return [
        {
            "id": f"{item}{n}",
            "item": item,
            "label": label,
            "annotator": who,
            "guideline_version": "1.0.0",
            "annotated_at": f"2026-02-01T10:0{n}:00Z",
            **more,
        }
        for n, (label, who) in enumerate(zip(labels, ("ann", "bob", "cem", "dan"), strict=False))
    ]


def jsonl(rows: list[Row]) -> str:
    return "".join(json.dumps(row) + "\n" for row in rows)


def ranked(
    path: Path,
    rows: list[Row],
    reasons: tuple[str, ...] = tuple(REASONS),
    changed: dict[str, set[str]] | None = None,
) -> dict[str, Entry]:
    """Return the queue of records, in order, by item."""
    path.write_text(jsonl(rows))
    tallies = Tallies(open_records([str(path)], "jsonl"), FIELDS)
    tallies.select(None)
    queue = Queue(tallies, reasons, "tone", changed)
    found = {entry.item: entry for entry in queue.entries(0)}
    assert len(found) == queue.size
    return found


ROWS = [
    *votes("agreed", "pos", "pos", "pos", "pos", confidence=0.9),
    *votes("disputed", "pos", "neg", "pos", "pos"),
    *votes("level", "pos", "neg"),
    *votes("lone", "pos"),
    *votes("unsure", "pos", "pos", confidence=0.25)[:1],
    *votes("unsure", "pos", "pos", confidence=0.35)[1:],
    *votes("near", "pos", "pos", score=0.55),
    *votes("flagged", "pos", "pos"),
    {"id": "f", "item": "flagged", "annotator": "eva", "status": "flagged"},
    *votes("pending", "pos", "pos", review="pending"),
    *votes("rejected", "pos", "pos", review="rejected"),
    *votes("changed", "pos", "neg", "neg", "neg")[1:],
    {**votes("changed", "pos")[0], "label": "neg", "cites": ["R1"]},
]


def test_what_each_reason_is_worth_and_how_it_is_told(tmp_path: Path) -> None:
    found = ranked(tmp_path / "r.jsonl", ROWS, changed={"1.0.0": {"pos", "R1"}})
    moved = "rest on {}, reworded since 1.0.0"
    told = {item: list(words(entry).values()) for item, entry in found.items()}
    worth = {item: dict(entry.worth) for item, entry in found.items()}
    assert worth["agreed"] == {"changed": 1}
    assert worth["disputed"] == {"changed": 0.75, "disputed": 0.25}
    assert told["disputed"] == [
        f"3 of 4 votes {moved.format('pos')}",
        "3 of 4 said pos, 1 said neg",
    ]
    assert worth["level"] == {"changed": 0.5, "disputed": 0.5, "close": 0.5}
    assert told["level"][2] == "the two commonest labels are level"
    assert worth["lone"] == {"changed": 1, "lone": 0.25}
    assert worth["unsure"] == {"changed": 1, "unsure": 0.7}
    assert told["unsure"][1] == "mean confidence 0.30 of 2 votes"
    assert told["near"][1] == "a model's score of 0.55 is near 0.5"
    assert worth["flagged"] == {"flagged": 1, "changed": 1}
    assert told["flagged"][0] == "flagged in 1 record"
    assert worth["pending"] == {"changed": 1, "pending": 0.5}
    assert told["pending"][1] == "waits for review: 2 records"
    assert worth["rejected"] == {"rejected": 1}
    assert found["rejected"].labels == ()
    assert found["rejected"].records == ("rejected0", "rejected1")
    assert told["rejected"] == ["rejected in review and not replaced: 2"]
    assert told["changed"] == [f"1 of 4 votes {moved.format('R1')}"]
    assert all(entry.score == round(sum(entry.worth.values()), 6) for entry in found.values())
    assert list(found) == sorted(found, key=lambda item: (-found[item].score, item))


def test_only_the_reasons_asked_for_count(tmp_path: Path) -> None:
    found = ranked(tmp_path / "r.jsonl", ROWS, ("disputed", "lone"))
    assert {item: entry.score for item, entry in found.items()} == {
        "level": 0.5, "disputed": 0.25, "lone": 0.25,
    }  # fmt: skip
    alone = ranked(tmp_path / "r.jsonl", votes("a", "pos") + votes("b", "neg"))
    assert alone == {}, "one vote is nothing odd where no item has more"


def test_what_was_answered_since_is_not_asked_again(tmp_path: Path) -> None:
    flagged = {**votes("a", "pos")[0], "status": "flagged"}
    later = {**flagged, "id": "a9", "annotated_at": "2026-02-02T10:00:00Z", "status": "submitted"}
    rejected = {**votes("b", "pos")[0], "review": "rejected"}
    fixed = {**votes("b", "neg")[0], "id": "b9", "annotator": "bob", "supersedes": "b0"}
    draft = {**later, "status": "draft"}
    path = tmp_path / "r.jsonl"
    assert ranked(path, [flagged, later, rejected, fixed]) == {}
    assert list(ranked(path, [flagged, draft, rejected])) == ["a", "b"]


def test_another_guidelines_records_are_not_held_to_this_one(tmp_path: Path) -> None:
    rows = votes("a", "pos", guideline_id="other") + votes("b", '["neg", "pos"]')
    found = ranked(tmp_path / "r.jsonl", rows, ("changed",), {"1.0.0": {"pos"}})
    assert list(found) == ["b"]
    assert found["b"].clauses == ("pos",)


def test_versions_of_an_item_are_in_their_order(tmp_path: Path) -> None:
    rows = votes("a", "pos", "neg", "pos", "neg")
    for row, version in zip(rows, ("1.10.0", "1.2.0-rc.10", "1.2.0-rc.9", "1.2.0"), strict=True):
        row["guideline_version"] = version
    found = ranked(tmp_path / "r.jsonl", rows, changed={"1.2.0": {"neg"}, "1.10.0": {"pos"}})
    assert found["a"].versions == ("1.2.0-rc.9", "1.2.0-rc.10", "1.2.0", "1.10.0")
    assert found["a"].since == ("1.2.0", "1.10.0")


def test_the_same_as_counting_in_plain_python(tmp_path: Path) -> None:
    rows = list(records(4000, seed=3))
    found = ranked(tmp_path / "r.jsonl", rows, ("disputed", "unsure"))
    per_item: dict[str, list[Row]] = {}
    for row in rows:
        per_item.setdefault(row["item"], []).append(row)
    wanted = {}
    for item, given in per_item.items():
        latest = {row["annotator"]: row for row in given}.values()
        top = max(Counter(row["label"] for row in latest).values())
        sure = [row["confidence"] for row in latest if "confidence" in row]
        mean = sum(sure) / len(sure) if sure else 1
        score = round(1 - top / len(latest), 6) + (round(1 - mean, 6) if mean < 0.6 else 0)
        if score > 0:
            wanted[item] = score
    assert {item: entry.score for item, entry in found.items()} == pytest.approx(wanted, abs=1e-6)
    assert len(wanted) > 500


def test_the_budget_the_formats_and_a_file(tmp_path: Path) -> None:
    repo = Inside(tmp_path)
    write_jsonl(tmp_path / "r.jsonl", 400)

    def queue(*args: str, code: int = 0) -> str:
        return repo.labelmeta("annotations", "queue", "r.jsonl", *args, code=code).out

    whole = json.loads(queue("--limit", "0", "--format", "json"))
    assert whole["items"] == len(whole["shown"]) > 50
    text = queue("--limit", "3")
    assert text.splitlines()[-1] == f"3 items shown, {whole['items'] - 3} more (--limit)"
    first = whole["shown"][0]
    assert text.startswith(f"1. {first['item']}  score {first['score']:.2f}  ")
    assert queue("--limit", "7", "--output", "q.jsonl") == (
        f"wrote q.jsonl: 7 of {whole['items']} items\n"
    )
    written = [json.loads(line) for line in repo.read("q.jsonl").splitlines()]
    assert written == whole["shown"][:7]
    rows = list(csv.DictReader(io.StringIO(queue("--limit", "2", "--format", "csv"))))
    assert [row["rank"] for row in rows] == ["1", "2"]
    assert rows[0]["records"].split() == first["records"]
    assert rows[0]["reasons"] == "; ".join(one["words"] for one in first["reasons"])
    repo.write("r.jsonl", repo.read("r.jsonl") + "{broken\n")
    ran = repo.labelmeta("annotations", "queue", "r.jsonl", "--limit", "3", code=2)
    assert ran.out == text
    left_out = "1 line is no record and was left out: labelmeta annotations validate r.jsonl\n"
    assert ran.err == "labelmeta: " + left_out
    kept, read = repo.read("q.jsonl"), repo.read("r.jsonl")
    ran = repo.labelmeta("annotations", "queue", "r.jsonl", "-o", "q.jsonl", code=2)
    assert "q.jsonl was not written, since " + left_out in ran.err
    assert repo.read("q.jsonl") == kept
    assert (
        "one of the files that are read"
        in repo.labelmeta("annotations", "queue", "r.jsonl", "-o", "./r.jsonl", code=2).err
    )
    assert repo.read("r.jsonl") == read


def test_a_reworded_label_of_a_linked_split_is_first(linked: Repo) -> None:
    side = "data/train.csv.labelmeta.yaml"
    linked.write(side, linked.read(side) + "    annotations: {path: train.jsonl}\n")
    linked.write("data/train.jsonl", jsonl(votes("1", "pos", "pos") + votes("2", "neg", "neg")))
    linked.commit("Add the records")
    asked = ("annotations", "queue", "data/train.csv")
    assert linked.labelmeta(*asked).out == "0 items, no more\n"
    linked.bump("1.0.1", "pleased", title="Another title")
    assert linked.labelmeta(*asked).out == "0 items, no more\n"
    linked.bump("2.0.0", "delighted")
    assert linked.labelmeta(*asked).out == (
        "1. 1  score 1.00  pos 2 (guideline 1.0.0)\n"
        "   2 of 2 votes rest on pos, reworded since 1.0.0\n"
        "   records 10 11\n"
        "1 item, no more\n"
    )


def test_what_cannot_be_ranked_is_said(tmp_path: Path) -> None:
    repo = Inside(tmp_path)
    repo.write("empty.jsonl", "")
    for args, told in (
        (("empty.jsonl",), "empty.jsonl: holds no annotation record"),
        (("empty.jsonl", "--reason", "mood"), "--reason mood: choose one of flagged, rejected"),
    ):
        assert told in repo.labelmeta("annotations", "queue", *args, code=2).err
