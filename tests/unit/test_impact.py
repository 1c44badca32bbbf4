"""What a change does to records: the engine's counts against a loop in plain Python."""

from __future__ import annotations

import csv
import json
import random
from collections import Counter
from pathlib import Path
from statistics import median
from typing import Any

import duckdb
import pytest

from dvc_labelmeta.diff.impact import (
    LayerImpact,
    added,
    by_annotator,
    by_owner,
    concerned,
    judged,
    state_of,
    together,
    wanted,
)
from dvc_labelmeta.diff.operation import STATES, Operation, Touch
from dvc_labelmeta.model.facts import Expected
from dvc_labelmeta.model.impact import Durations, Group, Wanted
from dvc_labelmeta.read.impact import Tally

Record = dict[str, Any]
WANTED = Wanted(("a", "c"), ("R1", "é|2"), ("confidence", "lang-x"), "span")
EXPECTED = Expected(guideline="tone", layer="labels")


def records(count: int = 400) -> list[Record]:
    """Return records with gaps, lists, drafts, other layers, and some that replace others."""
    chance = random.Random(11)
    made: list[Record] = []
    for number in range(count):
        record: Record = {
            "id": f"r{number}",
            "item": f"i{number // 3}",
            "label": chance.choice(("a", "b", "c", ["c", "a"], ["b"], [], None)),
            "annotator": chance.choice(("ann", "bob", None)),
            "guideline_version": chance.choice(("1.0.0", "2.0.0", None)),
            "status": chance.choice(("submitted", "flagged", "draft", "skipped", None)),
            "layer": chance.choice(("labels", "other", None, None)),
            "cites": chance.choice((["R1"], ["é|2", "R1", "R9"], [], None)),
            "duration_seconds": chance.choice((1.5, 20, 7, None)),
            "confidence": chance.choice((0, 0.5, None)),
            "lang-x": chance.choice(("de", "", None)),
        }
        if number and chance.random() < 0.1:
            record["supersedes"] = f"r{chance.randrange(number + 1)}"  # perhaps itself
        made.append(record)
    return made


def counted(rows: list[Record]) -> tuple[Counter[tuple[Any, ...]], list[float]]:
    """Count by hand; the durations are of records with a label that is wanted."""
    gone = {
        row["supersedes"]
        for row in rows
        if row.get("supersedes") not in {None, row["id"]} and row["status"] != "draft"
    }
    found: Counter[tuple[Any, ...]] = Counter()
    took: list[float] = []
    for row in rows:
        inner = [(row.get("value") or {}).get("label")]
        answered = row["label"] is not None or row.get("value") is not None
        if (
            row["id"] in gone
            or not answered
            or row["status"] in {"draft", "skipped"}
            or row["layer"] == "other"
        ):
            continue
        label = row["label"] if isinstance(row["label"], list) else [row["label"]]
        labels = frozenset({*label, *inner} & {*WANTED.labels})
        fields = frozenset(name for name in WANTED.fields if row.get(name) not in (None, ""))
        cites = frozenset({*(row["cites"] or ())} & {*WANTED.cites})
        who, version = row["annotator"] or "", row["guideline_version"] or ""
        found[labels, cites, fields, version, who] += 1
        if labels and row["duration_seconds"]:
            took.append(row["duration_seconds"])
    return found, took


def as_jsonl(path: Path, rows: list[Record]) -> None:
    lines = [json.dumps({k: v for k, v in row.items() if v is not None}) for row in rows]
    path.write_text("\n".join([*lines, "", "no record", "[1]"]) + "\n", encoding="utf-8")


def as_csv(path: Path, rows: list[Record]) -> None:
    names = dict.fromkeys(name for row in rows for name in row)
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, list(names))
        writer.writeheader()
        for row in rows:
            told = {k: json.dumps(v) if isinstance(v, list | dict) else v for k, v in row.items()}
            writer.writerow(told)


def as_parquet(path: Path, rows: list[Record]) -> None:
    as_csv(path.with_suffix(".csv"), rows)
    source = f"read_csv('{path.with_suffix('.csv')}', header=true, all_varchar=true)"
    lists = "TRY_CAST(TRY_CAST(cites AS JSON) AS VARCHAR[]) AS cites"
    number = "CAST(duration_seconds AS DOUBLE) AS duration_seconds"
    duckdb.execute(f"COPY (SELECT * REPLACE ({lists}, {number}) FROM {source}) TO '{path}'")


@pytest.mark.parametrize(
    ("format_", "write"), [("jsonl", as_jsonl), ("csv", as_csv), ("parquet", as_parquet)]
)
def test_counts_are_those_of_a_loop(tmp_path: Path, format_: str, write: Any) -> None:
    rows = records()
    if format_ == "jsonl":
        for row in rows[::7]:
            row["value"] = {"start": 0, "end": 2, "label": "a"}
    files = [tmp_path / f"{name}.{format_}" for name in "ab"]
    for file, part in zip(files, (rows[:150], rows[150:]), strict=True):
        write(file, part)
    found, took = counted(rows)
    with Tally([*map(str, files)], format_, EXPECTED, WANTED) as tally:
        groups = tally.groups
        chosen = [at for at, group in enumerate(groups) if group.labels]
        durations = tally.durations(chosen)
        assert tally.durations([]) == Durations()
    assert sum(found.values()) > 100
    told: Counter[tuple[Any, ...]] = Counter()
    for one in groups:
        told[one[:5]] += one.records
    assert told == found
    assert durations == Durations(len(took), median(took))


def test_records_without_what_is_wanted_are_counted_too(tmp_path: Path) -> None:
    file = tmp_path / "a.csv"
    file.write_text("id,item,label\n1,x,a\n2,x,b\n", encoding="utf-8")
    for asked in (Wanted(), Wanted(("a",), ("R1",), ("confidence",), "ranking")):
        with Tally([str(file)], "csv", EXPECTED, asked) as tally:
            assert sum(group.records for group in tally.groups) == 2
            assert tally.durations(range(9)) == Durations()


def test_labels_in_lists_of_a_table_and_in_values(tmp_path: Path) -> None:
    file = tmp_path / "a.parquet"
    values = "(['a', 'b'], '{\"type\": \"c\"}'), (['b'], NULL), (NULL, '\"c\"')"
    duckdb.execute(
        f"COPY (SELECT 'x' AS item, * FROM (VALUES {values}) AS t (label, value)) TO '{file}'"
    )
    for task, wanted_ in (("relation", {"a", "c"}), ("classification", {"a"}), ("rating", {"a"})):
        with Tally([str(file)], "parquet", EXPECTED, WANTED._replace(task=task)) as tally:
            found = Counter(group.labels for group in tally.groups)
        assert frozenset(wanted_) in found


def group(labels: str = "", cites: str = "", version: str = "1.0.0", **more: Any) -> Group:
    told = Group(
        frozenset(labels.split()), frozenset(cites.split()), frozenset(), version, "ann", 1
    )
    return told._replace(**more)


MERGE = Operation("LABEL_MERGED", "label", ("a",), (), (Touch("mapped", "label", ("a", "b")),))
FLIP = Operation(
    "EDGE_CASE_FLIPPED", "edge case", ("E1",), (), (Touch("relabel", "cites", ("E1",)),)
)
GONE = Operation("LABEL_REMOVED", "label", ("c",), (), (Touch("invalid", "label", ("c", "d")),))
SOME = Operation("RULE_ADDED", "rule", ("R1",), (), (Touch("review", "all", (), 2),))
ASKS = Operation("FIELD_REQUIRED_ADDED", "field", (), (), (Touch("backfill", "field", ("f", "g")),))
LACK = Operation("FIELD_REMOVED", "field", (), (), (Touch("script", "field", ("f",)),))
LAYER = LayerImpact("data/a.csv", "labels", "1.0.0", "set", ("team",))


@pytest.mark.parametrize(
    ("one", "state"),
    [
        (group("a"), "mapped"),
        (group("a", "E1"), "relabel"),
        (group("a c"), "invalid"),
        (group("c"), "invalid"),
        (group("d"), "mapped"),
        (group("x", "R9"), "valid"),
        (group(fields=frozenset({"f"})), "script"),
    ],
)
def test_a_record_has_the_severest_state(one: Group, state: str) -> None:
    touches = [touch for o in (MERGE, FLIP, GONE, SOME, LACK) for touch in o.touches]
    assert state_of(one, touches, frozenset({"d"})) == state
    assert STATES.index(state) >= 0


def test_a_field_that_is_asked_for_is_backfilled_where_it_is_not() -> None:
    states = [
        state_of(group(fields=frozenset(fields)), ASKS.touches, frozenset())
        for fields in ((), ("f",), ("f", "g"))
    ]
    assert states == ["backfill", "backfill", "valid"]


@pytest.mark.parametrize(
    ("version", "base", "head", "expected"),
    [
        ("1.0.0", "1.0.0", "2.0.0", True),
        ("0.9.0", "1.0.0", "2.0.0", True),
        ("1.0.0-rc.1", "1.0.0", "2.0.0", True),
        ("1.0.0", "1.0.0-rc.1", "2.0.0", False),
        ("1.1.0", "1.0.0", "2.0.0", False),
        ("abc", "def", "0af", True),
        ("0af", "def", "0af", False),
        ("draft", "1.0.0", "2.0.0", True),
    ],
)
def test_which_records_a_change_concerns(
    version: str, base: str, head: str, expected: bool
) -> None:
    assert concerned(version, base, head) == expected


def test_counts_of_a_layer() -> None:
    groups = [
        group("a"),
        group("b", "E1", records=4),
        group("x", version="", records=3, annotator=""),
        group("a", version="1.1.0", records=9),
    ]
    found, chosen = judged((MERGE, FLIP, SOME), groups, LAYER, ("1.0.0", "2.0.0"))
    assert (found.records, found.newer, chosen) == (17, 9, (1,))
    assert found.versions == {"1.1.0": 9, "1.0.0": 5, "": 3}
    assert found.total.states == {"valid": 3, "mapped": 1, "relabel": 4}
    assert [effect.states for effect in found.effects] == [{"mapped": 5}, {"relabel": 4}, {}]
    assert (found.effects[2].drawn, found.effects[2].sample) == (8, 2)
    assert by_annotator([found]) == {"": {"valid": 3}, "ann": {"mapped": 1, "relabel": 4}}
    assert by_owner([found, LAYER._replace(owners=())]) == {"": {}, "team": found.total.states}
    assert added([found.total.states] * 2) == {"valid": 6, "mapped": 2, "relabel": 8}
    assert (found.work, found.waits, found.hours) == (4, True, None)
    assert found._replace(durations=Durations(9, 60.0)).hours is None
    assert found._replace(durations=Durations(10, 90.0)).hours == 0.1
    assert wanted((MERGE, FLIP, LACK), "span") == Wanted(("a", "b"), ("E1",), ("f",), "span")


def test_whether_splits_stay_together() -> None:
    other = LAYER._replace(split="data/b.csv")
    waits, _ = judged((FLIP,), [group("a", "E1")], other, ("1.0.0", "2.0.0"))
    ((told),) = together([LAYER, waits], major=True)
    assert (told.follow, told.wait, told.compatible) == (("data/a.csv",), ("data/b.csv",), False)
    cases = [
        ([LAYER, waits], False, True),
        ([LAYER, other], True, True),
        ([LAYER, other._replace(version="2.0.0")], False, False),
        ([LAYER, other._replace(fault="not here")], True, None),
        ([LAYER._replace(version="0a"), other._replace(version="0b")], False, False),
    ]
    for layers, major, expected in cases:
        assert together(layers, major=major)[0].compatible is expected
    assert together([LAYER], major=True) == ()
    assert together([LAYER._replace(dataset=""), other._replace(dataset="")], major=True) == ()
