"""`annotations clarity` and `bisect` from outside: what a guideline change did to agreement."""

from __future__ import annotations

import json
from pathlib import Path
from random import Random
from typing import Any

import pytest

from dvc_labelmeta.cli import app
from dvc_labelmeta.cli.main import funnel
from dvc_labelmeta.stats import difference
from tests.repo import Repo

SURE = {"1.0.0": 0.95, "1.2.0": 0.9, "1.10.0": 0.4}


def records(sure: dict[str, float] = SURE, items: int = 40, *, same: bool = False) -> list[Any]:
    """Three people under each version, who choose as the truth has it with that chance."""
    random, found = Random(3), []
    for k, (version, chance) in enumerate(sure.items()):
        for n in range(items):
            truth = ("pos", "neg")[n % 2]
            for who in ("ann", "bob", "cem"):
                label = truth if random.random() < chance else random.choice(("pos", "neg", "odd"))
                found.append(
                    {
                        "id": f"{version}-{n}-{who}",
                        "item": f"i{n}" if same else f"i{n}-{version}",
                        "label": label,
                        "annotator": who,
                        "annotated_at": f"2026-01-{5 + k:02}T09:{n:02}:00Z",
                        "guideline_version": version,
                        "cites": ["R1"] if n % 2 else ["R2", "E1"] if n < 4 else [],
                        "confidence": 0.9 if k < 2 else 0.5,
                        "source": "test",
                    }
                )
    return found


def jsonl(rows: list[Any]) -> str:
    return "".join(json.dumps(row) + "\n" for row in rows)


class Asked:
    """Runs commands in this process, in a folder of records."""

    def __init__(self, repo: Repo, capsys: pytest.CaptureFixture[str]) -> None:
        self.repo, self.capsys = repo, capsys

    def text(self, *args: str, code: int = 0) -> str:
        try:
            with funnel():
                found = app.run(["--root", str(self.repo.path), "annotations", *args])
        except SystemExit as left:
            found = left.code  # type: ignore[assignment]  # a number, as in the funnel
        shown = self.capsys.readouterr()
        assert found == code, shown.out + shown.err
        return shown.out + shown.err

    def json(self, *args: str, code: int = 0) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(self.text(*args, "--format", "json", code=code))
        return found

    def write(self, rows: list[Any], name: str = "r.jsonl") -> None:
        self.repo.write(name, jsonl(rows))


@pytest.fixture
def bare(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> Asked:
    """A folder outside of any repository, with a file of records."""
    monkeypatch.setattr(difference, "RESAMPLES", 120)
    asked = Asked(Repo(tmp_path), capsys)
    asked.write(records())
    return asked


def apart(rows: list[Any], version: str, clause: str = "") -> float:
    """Return the mean over items of the share of pairs of labels that differ, by loops."""
    by_item: dict[str, list[str]] = {}
    for row in rows:
        if row["guideline_version"] == version and (not clause or clause in row["cites"]):
            by_item.setdefault(row["item"], []).append(row["label"])
    shares = [sum(a[i] != a[j] for i in range(3) for j in range(i)) / 3 for a in by_item.values()]
    return sum(shares) / len(shares)


def test_a_change_that_made_it_less_clear(bare: Asked) -> None:
    found = bare.json("clarity", "r.jsonl", "--by", "clause")
    assert (found["before"], found["after"]) == ("1.2.0", "1.10.0")
    assert [one["guideline_version"] for one in found["versions"]] == list(SURE)
    for row in found["versions"]:
        assert row["disagreement"] == pytest.approx(apart(records(), row["guideline_version"]))
        assert row["interval"][0] < row["disagreement"] < row["interval"][1]
    whole = found["all"]
    assert (whole["verdict"], whole["items"], whole["same_items"]) == (
        "less clear",
        [40, 40],
        False,
    )
    assert whole["difference"] == pytest.approx(
        apart(records(), "1.10.0") - apart(records(), "1.2.0")
    )
    clauses = {row["clause"]: row for row in found["by"]["rows"]}
    assert list(clauses) == ["R1", "E1", "R2"]
    assert clauses["R1"]["items"] == [20, 20]
    assert clauses["R1"]["after"] == pytest.approx(apart(records(), "1.10.0", "R1"))
    assert clauses["R2"]["verdict"] is None
    assert "2 items before and 2 after" in clauses["R2"]["refused"]["verdict"]
    assert (found["comparisons"], found["confidence"]) == (2, 0.975)
    alone = bare.json("clarity", "r.jsonl")["all"]["interval"]
    assert whole["interval"][0] < alone[0] < alone[1] < whole["interval"][1]
    said = bare.text("clarity", "r.jsonl", "--by", "clause")
    assert "note: 2 comparisons were made, so each interval is one of 97.50 %" in said
    assert "note: the items are not the same under both" in said
    assert said.splitlines()[-1].startswith("1.10.0 is less clear than 1.2.0: disagreement 0.")


def test_the_same_items_are_compared_with_themselves(bare: Asked) -> None:
    bare.write(records(same=True))
    pair = ("--before", "1.10.0", "--after", "1.0.0")
    found = bare.json("clarity", "r.jsonl", *pair, "--by", "label")
    assert found["all"]["same_items"]
    assert found["all"]["verdict"] == "clearer"
    assert {row["label"] for row in found["by"]["rows"]} == {"pos", "neg", "odd"}
    assert "the same 40" in bare.text("clarity", "r.jsonl", *pair)
    still = bare.text("clarity", "r.jsonl", "--before", "1.0.0", "--after", "1.2.0")
    assert "cannot tell: the interval -0." in still


def test_the_version_at_which_agreement_dropped(bare: Asked) -> None:
    for metric in ("alpha", "percent", "dispute", "confidence"):
        found = bare.json("bisect", "r.jsonl", "--metric", metric, code=1)
        assert found["verdict"] == "dropped"
        assert (found["first"]["from"], found["first"]["to"]) == ("1.2.0", "1.10.0")
        assert [step["dropped"] for step in found["steps"]] == [False, True]
        assert found["order"] == "semantic version"
    stats = bare.json("stats", "r.jsonl", "--by", "guideline_version")["by"]["rows"]
    found = bare.json("bisect", "r.jsonl", code=1)
    for row, other in zip(found["versions"], stats, strict=True):
        assert row["value"] == pytest.approx(other["agreement"]["alpha"], abs=1e-9)
    said = bare.text("bisect", "r.jsonl", "--label", "pos", code=1)
    assert "ALPHA ON POS" in said
    assert "alpha first got worse with 1.10.0: 0." in said
    assert "what changed is not known: a bare file" in said
    steady = [row for row in records() if row["guideline_version"] != "1.10.0"]
    bare.write(steady)
    for metric in ("percent", "dispute", "confidence"):
        found = bare.json("bisect", "r.jsonl", "--metric", metric, "--label", "pos")
        assert (found["verdict"], found["first"]) == ("none dropped", None)
    assert "as far as 1 intervals show" in bare.text("bisect", "r.jsonl")


def test_versions_without_numbers_are_in_the_order_of_their_first_use(bare: Asked) -> None:
    names = {"1.0.0": "v9", "1.2.0": "v10", "1.10.0": "a1"}
    rows = [row | {"guideline_version": names[row["guideline_version"]]} for row in records()]
    bare.write(rows)
    said = bare.text("bisect", "r.jsonl", code=1)
    assert "versions are in the order of their first use" in said
    assert "alpha first got worse with a1" in said
    for row in rows:
        del row["annotated_at"]
    bare.write(rows)
    for command in ("bisect", "clarity"):
        assert "which guideline version is older is unknown" in bare.text(
            command, "r.jsonl", code=2
        )
    assert bare.json("clarity", "r.jsonl", "--before", "v9", "--after", "a1")["all"]["verdict"]


def test_what_the_data_cannot_tell_is_said(bare: Asked) -> None:
    one = [row for row in records() if row["annotator"] == "ann"]
    bare.write(one, "one.jsonl")
    assert "1.2.0: there is one annotator only" in bare.text("clarity", "one.jsonl", code=2)
    said = bare.text("bisect", "one.jsonl", code=2)
    assert "cannot tell: 0 of 3 guideline versions can be judged" in said
    # how sure one says to be needs nobody else
    assert bare.json("bisect", "one.jsonl", "--metric", "confidence", code=1)["first"]
    few = [row for row in records() if row["guideline_version"] != "1.2.0" or "i1-" in row["item"]]
    bare.write([row for row in few if row["guideline_version"] != "1.10.0"], "few.jsonl")
    assert "1.2.0: 1 items can be compared; fewer than 20" in bare.text(
        "clarity", "few.jsonl", code=2
    )
    bare.write(few, "gap.jsonl")
    said = bare.text("bisect", "gap.jsonl", code=1)
    assert "alpha first got worse with 1.10.0" in said
    assert said.count("not judged: 1.2.0") == 1
    sure = {"1.0.0": 0.9, "1.1.0": 0.9}
    bare.write([*records(sure), *few[:3], few[0] | {"id": "x", "guideline_version": "2.0.0"}])
    said = bare.text("bisect", "r.jsonl", code=2)
    assert "cannot tell: no drop is shown between the versions that can be judged" in said
    valued = [{**row, "value": {"start": 1, "end": 2}} for row in records()]
    for row in valued:
        del row["label"]
    bare.write(valued)
    assert "has a label that counts (a `value` is no label)" in bare.text(
        "clarity", "r.jsonl", code=2
    )
    nameless = [{k: v for k, v in row.items() if k != "guideline_version"} for row in records()]
    bare.write(nameless)
    said = bare.text("clarity", "r.jsonl", code=2)
    assert "the records name no guideline version, so there is nothing to compare" in said
    single = [row for row in records() if row["guideline_version"] == "1.0.0"]
    bare.write(single + nameless[:3])
    assert "name one guideline version, so" in bare.text("clarity", "r.jsonl", code=2)
    assert "note: 3 records name no guideline version" in bare.text("bisect", "r.jsonl", code=2)
    same = [row | {"label": "pos"} for row in records()]
    bare.write(same)
    assert "only one label was ever given" in bare.text("bisect", "r.jsonl", code=2)


def test_wrong_questions_and_lines_that_are_no_record(bare: Asked) -> None:
    for args, words in (
        (("clarity", "r.jsonl", "--before", "1.0.0"), "belong together"),
        (("clarity", "r.jsonl", "--before", "9", "--after", "1.0.0"), "no record names guideline"),
        (("clarity", "r.jsonl", "--before", "1.0.0", "--after", "1.0.0"), "name two"),
        (("clarity", "r.jsonl", "--by", "mood"), "--by mood"),
        (("bisect", "r.jsonl", "--metric", "mood"), "--metric mood"),
        (("bisect", "r.jsonl", "--label", "mood"), "nobody gave the label 'mood'; given: neg, odd"),
        (("bisect", "gone.jsonl"), "no such file"),
    ):
        assert words in bare.text(*args, code=2)
    bare.repo.write("r.jsonl", jsonl(records()) + "{broken\n")
    for command in ("clarity", "bisect"):
        assert "note: 1 line is no record" in bare.text(command, "r.jsonl", code=2)


def test_groups_that_are_not_looked_at_are_counted(bare: Asked) -> None:
    rows = [row | {"cites": [f"C{n % 25}"]} for n, row in enumerate(records())]
    bare.write(rows)
    found = bare.json("clarity", "r.jsonl", "--by", "clause")
    assert (len(found["by"]["rows"]), found["by"]["not_looked_at"]) == (20, 5)
    assert "note: 5 rarer ones were not looked at" in bare.text(
        "clarity", "r.jsonl", "--by", "clause"
    )


def test_a_linked_split_shows_what_changed(
    linked: Repo, capsys: pytest.CaptureFixture[str]
) -> None:
    for version, why in (("1.2.0", "Say more"), ("1.9.0", "Add a rule"), ("1.10.0", "Mend it")):
        linked.bump(version, definition=f"pleased {version}", message=why)
    linked.bump("2.0.0", message="Later")
    linked.write("data/notes/a.jsonl", jsonl(records()))
    side = "data/train.csv.labelmeta.yaml"
    linked.write(side, linked.read(side) + "    annotations: {path: notes, format: jsonl}\n")
    asked = Asked(linked, capsys)
    found = asked.json("bisect", "data/train.csv", code=1)
    assert found["changes"]["guideline"] == "tone"
    told = [(one["version"], one["subject"]) for one in found["changes"]["commits"]]
    assert told == [("1.9.0", "Add a rule"), ("1.10.0", "Mend it")]
    said = asked.text("bisect", "data/train.csv", code=1)
    assert "what changed in tone:" in said
    assert said.splitlines()[-1].endswith("Mend it")
    unknown = {"1.0.0": 0.95, "1.1.1": 0.4}
    linked.write("data/notes/a.jsonl", jsonl(records(unknown)))
    assert "the history of 'tone' has no version 1.1.1" in asked.text(
        "bisect", "data/train.csv", code=1
    )
    config = linked.read("labelmeta.yaml")
    linked.write("labelmeta.yaml", config.replace("tone: {path: guidelines/tone}", ""))
    assert "guideline 'tone' is not here" in asked.text("bisect", "data/train.csv", code=1)
