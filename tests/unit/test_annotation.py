"""The table of annotation fields, and the schema of a record made from it."""

from __future__ import annotations

from itertools import pairwise

import pytest
from jsonschema import Draft202012Validator

from dvc_labelmeta.model.annotation import BY_NAME, FIELDS, LEVELS, json_schema, mandatory

RECORD = {"id": "r1", "item": "doc-1", "label": "pos", "source": "export.csv"}


def test_each_level_asks_for_more_than_the_one_below() -> None:
    asked = [set(mandatory(level)) for level in LEVELS]
    assert asked[0] == {"id", "item", "label", "source"}
    for less, more in pairwise(asked):
        assert less < more
    assert {"annotator", "annotated_at"} <= asked[1]
    assert "guideline_version" in asked[2] - asked[1]
    assert "confidence" in asked[3] - asked[2]


def test_every_field_says_what_it_means() -> None:
    assert len(BY_NAME) == len(FIELDS)
    assert all(field.meaning for field in FIELDS)
    assert all(field.unit or field.type != "number" for field in FIELDS)


@pytest.mark.parametrize(
    ("change", "fits"),
    [
        ({}, True),
        ({"label": ["a", "b"]}, True),
        ({"confidence": 0, "duration_seconds": 1.5, "is_gold": True, "cites": ["R1"]}, True),
        ({"of_the_platform": {"any": 1}}, True),
        ({"confidence": 1.5}, False),
        ({"confidence": "0.5"}, False),
        ({"duration_seconds": -1}, False),
        ({"status": "done"}, False),
        ({"id": ""}, False),
        ({"item": 7}, False),
        ({"cites": "R1"}, False),
    ],
)
def test_schema_of_a_record(change: dict[str, object], fits: bool) -> None:
    schema = json_schema()
    Draft202012Validator.check_schema(schema)
    assert Draft202012Validator(schema).is_valid(RECORD | change) is fits


def test_a_record_needs_a_label_or_a_value() -> None:
    validator = Draft202012Validator(json_schema())
    bare = {key: value for key, value in RECORD.items() if key != "label"}
    assert not validator.is_valid(bare)
    assert validator.is_valid(bare | {"value": {"start": 0, "end": 3}})
