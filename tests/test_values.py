"""One shape of `value` a task: the engine judges as JSON Schema does, in every format."""

from __future__ import annotations

import csv
import itertools
import json
import re
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from dvc_labelmeta.model.facts import Expected
from dvc_labelmeta.model.fields import TASKS
from dvc_labelmeta.model.values import LABEL, SHAPES, Task, value_schema
from tests.annotated import as_line

duckdb = pytest.importorskip("duckdb")
validate = pytest.importorskip("dvc_labelmeta.read.validate")

NUMBERS = [0, 1, 3, 6, -1, 0.5, 2.0, 1e-9, True, "1", None, [1]]
TEXTS = ["a1", "", "é", 'say "so"', "null", None, 4]
VALUES: list[Any] = [
    *NUMBERS, *TEXTS, [], {}, ["a1"], ["a1", "a2"], ["a1", "a1"], ["a1", ""], ["a1", 2], [["a1"]],
    *({"start": a, "end": b} for a, b in itertools.product(NUMBERS, repeat=2)),
    *({"start": 0, "end": 4, "label": one} for one in TEXTS if one is not None),
    *({"x": 0, "y": n, "width": n, "height": 1} for n in NUMBERS),
    *({"x": n, "y": 1.5} for n in NUMBERS),
    *({"from": one, "to": "b", "type": "a1"} for one in TEXTS),
    {"from": "a", "to": "b"}, {"x": 1, "y": 1, "mine": 1}, {"start": 0},
    *({"points": [[0, 1], [2, n], [4, 5]]} for n in NUMBERS),
    {"points": [[0, 1], [2, 3]]}, {"points": [[0, 1], [2, 3], [4]]}, {"points": 3}, {"points": []},
    {"points": [[0, 1], [2, 3], [4, 5, 6]], "label": "a1"}, {"points": [[0, 1]] * 3, "label": 7},
    {"points": [[0, 1], [2, 3], {"x": 4}]}, {"points": [1, 2, 3]},
]  # fmt: skip
JUDGED = [value for value in VALUES if value is not None]


def task_of(name: str) -> Task:
    return Task(name, 1, 5) if name == "rating" else Task(name)


def fits(task: Task, value: Any) -> bool:
    """Judge as the schema does, and by what no schema can say."""
    if not Draft202012Validator(value_schema(task)).is_valid(value):
        return False
    return task.name != "span" or value["start"] < value["end"]


def kinds(path: Path, format_: str, expected: Expected) -> dict[str, set[str]]:
    """Return the faults found in each record."""
    with validate.Validated([str(path)], format_, expected) as validated:
        return {
            row["row"]["id"]: {why["fault"] for why in row["reasons"]}
            for row in validated.bad_rows()
        }


def made(values: list[Any]) -> list[dict[str, Any]]:
    return [
        {"id": f"r{at}", "item": f"d{at}", "source": "s", "value": value}
        for at, value in enumerate(values)
    ]


@pytest.mark.parametrize("name", TASKS)
def test_values_in_jsonl_are_judged_as_by_json_schema(tmp_path: Path, name: str) -> None:
    task = task_of(name)
    path = tmp_path / "a.jsonl"
    path.write_text("".join(map(as_line, made(JUDGED))))
    expected = Expected(linked="1.0.0", tasks={"1.0.0": task, "2.0.0": Task("span")})
    found = kinds(path, "jsonl", expected)
    wrong = {at for at, value in enumerate(JUDGED) if not fits(task, value)}
    assert 0 < len(wrong) < len(JUDGED)
    assert {key for key, why in found.items() if "wrong_value" in why} == {f"r{n}" for n in wrong}


@pytest.mark.parametrize(
    "name", [name for name in TASKS if SHAPES[name].kind in {"object", "list"}]
)
def test_values_in_csv_and_parquet_are_json_text(tmp_path: Path, name: str) -> None:
    task, expected = task_of(name), Expected(linked="1.0.0", tasks={"1.0.0": task_of(name)})
    rows = [record | {"value": json.dumps(record["value"])} for record in made(JUDGED)]
    rows[0]["value"] = "no JSON"
    path, columns = tmp_path / "a.csv", tmp_path / "a.parquet"
    with path.open("w", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
    duckdb.sql(f"COPY (SELECT * FROM read_csv('{path}', all_varchar=true)) TO '{columns}'")
    wrong = {f"r{n}" for n, value in enumerate(JUDGED) if not n or not fits(task, value)}
    for where, format_ in ((path, "csv"), (columns, "parquet")):
        found = kinds(where, format_, expected)
        assert {key for key, why in found.items() if "wrong_value" in why} == wrong


def test_a_column_of_structures_and_one_of_numbers_are_judged(tmp_path: Path) -> None:
    path = tmp_path / "a.parquet"
    head = "SELECT 'r' || i AS id, 'd' || i AS item, 's' AS source,"
    span = "{'start': 2, 'end': i, 'label': NULL::VARCHAR} AS value FROM range(5) t(i)"
    duckdb.sql(f"COPY ({head} {span}) TO '{path}'")
    expected = Expected(linked="1.0.0", tasks={"1.0.0": Task("span")})
    assert set(kinds(path, "parquet", expected)) == {"r0", "r1", "r2"}
    duckdb.sql(f"COPY ({head} i::DOUBLE AS value FROM range(5) t(i)) TO '{path}'")
    expected = expected._replace(tasks={"1.0.0": Task("rating", most=3)})
    assert set(kinds(path, "parquet", expected)) == {"r4"}


@pytest.mark.parametrize("name", TASKS)
def test_a_label_inside_a_value_is_held_to_the_vocabulary(tmp_path: Path, name: str) -> None:
    values = [
        value
        for word in ("a1", "é", "sad")
        for value in (
            word, [word], {"start": 0, "end": 1, "label": word}, {"x": 0, "y": 0, "label": word},
            {"points": [[0, 0]] * 3, "label": word}, {"from": "sad", "to": "sad", "type": word},
            {"x": 0, "y": 0, "width": 1, "height": 1, "label": word},
        )
        if fits(task_of(name), value)
    ]  # fmt: skip
    path = tmp_path / "a.jsonl"
    path.write_text("".join(map(as_line, made(values))))
    words = {"1.0.0": frozenset({"a1", "é"})}
    found = kinds(path, "jsonl", Expected("L0", words, "1.0.0", tasks={"1.0.0": task_of(name)}))
    shape = SHAPES[name]
    names = shape.kind == LABEL or shape.labels or any(p.type == LABEL for p in shape.parts)
    called = [v.get("type", v.get("label")) if isinstance(v, dict) else v for v in values]
    foreign = {f"r{at}" for at, one in enumerate(called) if names and one in ("sad", ["sad"])}
    assert found == {key: {"unknown_label"} for key in foreign}


def test_the_values_that_the_readme_shows_fit() -> None:
    readme = (Path(__file__).parents[1] / "README.md").read_text()
    table = readme.split("| task | `value` |")[1].split("\n\n")[0]
    rows = re.findall(r"^\| ([a-z, -]+) \| `(.+)` \|$", table, re.MULTILINE)
    shown = {task: json.loads(text) for names, text in rows for task in names.split(", ")}
    assert set(shown) == set(TASKS) - {"classification", "multilabel"}  # `label` has these
    assert all(fits(task_of(task), value) for task, value in shown.items())
