"""`annotations consensus` from outside: what is shown, what is written, what is refused."""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from dvc_labelmeta.cli.main import main
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


class Bare(NamedTuple):
    """A folder outside of any repository, with a file of records; commands run in this process."""

    repo: Repo
    capture: pytest.CaptureFixture[str]
    patch: pytest.MonkeyPatch

    def run(self, *args: str, code: int = 0) -> str:
        self.patch.setattr("sys.argv", ["labelmeta", "annotations", *args])
        with pytest.raises(SystemExit) as ended:
            main()
        shown = self.capture.readouterr()
        assert ended.value.code == code, shown.err
        return shown.err if code else shown.out


@pytest.fixture
def bare(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> Bare:
    repo = Repo(tmp_path)
    repo.write("r.jsonl", jsonl(records()))
    monkeypatch.chdir(tmp_path)
    return Bare(repo, capsys, monkeypatch)


def test_items_are_shown_by_kind_with_their_shares(bare: Bare) -> None:
    shown = bare.run("consensus", "r.jsonl")
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
    found = json.loads(bare.run("consensus", "r.jsonl", "--format", "json"))
    assert sum(found["kinds"].values()) == found["items"] == len(found["by_item"]) == 45
    assert found["kinds"] == dict(Counter(one["kind"] for one in found["by_item"])) | {
        name: 0 for name, number in found["kinds"].items() if not number
    }
    assert found["ties"] == sum(one["tie"] for one in found["by_item"])


def test_aggregate_records_are_written_once_and_the_same(bare: Bare) -> None:
    out = ("--method", "dawid-skene", "--output")
    said = bare.run("consensus", "r.jsonl", *out, "soft.jsonl")
    assert said == "wrote soft.jsonl: 45 records; 0 items are tied\n"
    first = bare.repo.read("soft.jsonl")
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
    bare.run("consensus", "r.jsonl", *out, "soft.jsonl")
    assert bare.repo.read("soft.jsonl") == first
    assert " 0 offending" in bare.run("validate", "soft.jsonl", "--level", "L1")
    for name in ("soft.csv", "soft.parquet"):
        bare.run("consensus", "r.jsonl", *out, name)
        told = bare.run("stats", name, "--format", "json")
        assert json.loads(told)["left_out"] == {"aggregate": 45}


def test_votes_are_never_written_over(bare: Bare) -> None:
    before = bare.repo.read("r.jsonl")
    bare.repo.write("other.jsonl", before)
    for name, why in (
        ("r.jsonl", "one of the files that are read"),
        ("other.jsonl", "more than aggregate"),
    ):
        assert why in bare.run("consensus", "r.jsonl", "--output", name, code=2)
        assert bare.repo.read(name) == before
    assert "must end in" in bare.run("consensus", "r.jsonl", "--output", "a.txt", code=2)


def test_what_would_mean_nothing_is_refused(bare: Bare) -> None:
    bare.repo.write("one.jsonl", jsonl([one for one in records() if one["annotator"] == "1"]))
    assert "two annotators" in bare.run("consensus", "one.jsonl", code=2)
    assert "choose one of" in bare.run("consensus", "r.jsonl", "--method", "x", code=2)


def test_lines_that_are_no_record_end_as_not_judged_and_nothing_is_written(bare: Bare) -> None:
    bare.repo.write("r.jsonl", bare.repo.read("r.jsonl") + "{broken\n")
    left_out = "1 line is no record and was left out: labelmeta annotations validate r.jsonl\n"
    assert bare.run("consensus", "r.jsonl", code=2) == f"labelmeta: {left_out}"
    said = bare.run("consensus", "r.jsonl", "--output", "o.jsonl", code=2)
    assert said == f"labelmeta: o.jsonl was not written, since {left_out}"
    assert not (bare.repo.path / "o.jsonl").exists()
    bare.repo.write("no.jsonl", '{"id": "1", "item": "a", "annotator": "b", "source": "t"}\n')
    assert "no record has a label" in bare.run("consensus", "no.jsonl", code=2)


def test_a_tied_item_has_no_label(bare: Bare) -> None:
    votes = [
        {"id": f"{item}{who}", "item": item, "label": label, "annotator": who, "source": "t"}
        for item, who, label in (("A", "a", "x"), ("A", "b", "y"), ("B", "a", "x"), ("B", "b", "x"))
    ]
    bare.repo.write("two.jsonl", jsonl(votes))
    shown = bare.run("consensus", "two.jsonl")
    assert "(tied)" in shown
    assert "warning: nobody's skill is known" in shown
    said = bare.run("consensus", "two.jsonl", "--output", "o.jsonl")
    assert said == "wrote o.jsonl: 1 records; 1 items are tied\n"
    assert json.loads(bare.repo.read("o.jsonl"))["item"] == "B"
    told = bare.run("consensus", "two.jsonl", "--method", "dawid-skene")
    assert "warning: most votes are of annotators with fewer than 10" in told


def test_an_error_cannot_order_the_terminal(bare: Bare) -> None:
    rows = [{**one, "layer": layer} for one in records()[:1] for layer in ("a\x1b[31m", "b")]
    bare.repo.write("layers.jsonl", jsonl(rows))
    assert r"--layer a\x1b[31m or b" in bare.run("consensus", "layers.jsonl", code=2)


def test_aggregates_are_of_the_only_layer(bare: Bare) -> None:
    bare.repo.write("r.jsonl", jsonl([one | {"layer": "tone"} for one in records()]))
    bare.run("consensus", "r.jsonl", "--output", "o.jsonl")
    made = [json.loads(line) for line in bare.repo.read("o.jsonl").splitlines()]
    assert {one["layer"] for one in made} == {"tone"}
