"""The bytes of a gate are a contract: they decide what trains again. And schemas are in step."""

from __future__ import annotations

import json
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from dvc_labelmeta.model.gate import gate, gate_path, meaning
from dvc_labelmeta.model.sidecar import DataPin, Layer, Link, Sidecar
from dvc_labelmeta.model.snapshot import Place, Record
from tests.repo import Repo
from tests.write_schemas import FOLDER, texts

LINK = Link("tone", "1.2.3", "a" * 40, "b" * 40)
ONE = Sidecar(
    "data/é.csv.labelmeta.yaml", "data/é.csv", DataPin("é.csv", "exact", "md5", "c" * 32),
    layers=(Layer("z", LINK), Layer("a", LINK._replace(version="b" * 12))),
)  # fmt: skip
RECORD = Record("data/é.csv", "md5", "d" * 32, Place("data/é.csv.dvc"))


def test_bytes_are_fixed() -> None:
    assert gate(ONE, RECORD).decode() == (
        '{\n  "data": {\n    "hash": "md5",\n    "value": "' + "d" * 32 + '"\n  },\n'
        '  "layers": {\n    "a": {\n      "guideline": "tone",\n      "version": "'
        + "b"
        * 40
        + '"\n    },\n'
        '    "z": {\n      "guideline": "tone",\n      "version": "1.2"\n    }\n  },\n'
        '  "schema": "labelmeta/gate/v1",\n  "split": "data/é.csv"\n}\n'
    )


def test_name_that_is_not_utf8_still_gives_json() -> None:
    odd = ONE._replace(split="d\udcff/x")
    assert json.loads(gate(odd, RECORD))["split"] == "d\udcff/x"


def test_path_and_meaning() -> None:
    assert gate_path("data/train.csv") == "labelmeta/gates/data/train.csv.json"
    assert meaning("1.2.3-rc.1", "x") == "1.2"
    assert meaning("b1946ac92492", "x") == "x"


def schema(name: str) -> Any:
    return json.loads((FOLDER / f"{name}.json").read_text("utf-8"))


def test_schema_files_are_what_the_table_of_fields_says() -> None:
    """`python -m tests.write_schemas` mends this."""
    found = {path.name: path.read_text("utf-8") for path in FOLDER.glob("*.json")}
    assert {name: text for name, text in found.items() if name in texts()} == texts()
    assert set(found) == {*texts(), "report.json", "gate.json", "audit.json"}


@pytest.mark.parametrize(
    "name", ["config", "sidecar", "guideline", "releases", "report", "gate", "audit"]
)
def test_schema_is_valid_itself(name: str) -> None:
    Draft202012Validator.check_schema(schema(name))
    assert schema(name)["$id"] == f"labelmeta/{name}/v1"


def test_gate_fits_its_schema_and_a_gate_with_more_does_not() -> None:
    validator = Draft202012Validator(schema("gate"))
    value = json.loads(gate(ONE, RECORD))
    validator.validate(value)
    assert not validator.is_valid(value | {"commit": "a" * 40})
    assert not validator.is_valid(
        value | {"layers": {"a": {"guideline": "tone", "version": "1.2.3"}}}
    )


def test_real_files_and_reports_fit_their_schemas(linked: Repo) -> None:
    import yaml

    files = {
        "config": ["labelmeta.yaml"],
        "guideline": ["guidelines/tone/guideline.yaml"],
        "sidecar": [f"data/{name}.csv.labelmeta.yaml" for name in ("train", "dev", "test")],
        "gate": [f"labelmeta/gates/data/{name}.csv.json" for name in ("train", "dev", "test")],
    }
    for name, paths in files.items():
        for path in paths:
            Draft202012Validator(schema(name)).validate(yaml.safe_load(linked.read(path)))
    linked.write(
        "labelmeta.yaml",
        linked.read("labelmeta.yaml")
        + "ignore: [{rule: LM105, path: data/dev.csv, reason: later, until: '2999-12-31'}]\n",
    )
    linked.bump("2.0.0", "delighted")
    linked.write("data/test.csv.labelmeta.yaml", "schema: twice\nschema: twice\n")
    report = json.loads(linked.labelmeta("check", "--format", "json", code=2).out)
    Draft202012Validator(schema("report")).validate(report)
    assert report["findings"]
    assert report["ignored"]
    assert {finding["unjudged"] for finding in report["findings"]} == {True, False}
