"""What a migration file gets wrong of the change that it is for, judged from values alone."""

from __future__ import annotations

from typing import Any

import pytest

from dvc_labelmeta.diff.comparison import compared
from dvc_labelmeta.diff.debts import gaps
from dvc_labelmeta.model.migration import migration
from dvc_labelmeta.model.version import Step, Version

PATH = "guidelines/tone.migrations/2.0.0.yaml"


def version(number: str, irony: str, *labels: str) -> Version:
    structure = {
        "schema": "labelmeta/guideline/v1",
        "id": "tone",
        "version": number,
        "status": "active",
        "labels": [{"id": label} for label in labels],
        "edge_cases": [{"id": "E1", "case": "irony", "decision": "as written", "label": irony}],
    }
    return Version("guidelines/tone", number, "a" * 40, structure)


OLD, NEW = version("1.0.0", "pos", "pos", "neg", "odd"), version("2.0.0", "neg", "plus", "neg")
PLUS = {
    "subject_id": "pos",
    "predicate_id": "skos:exactMatch",
    "object_id": "plus",
    "mapping_justification": "semapv:ManualMappingCuration",
}
ODD = {"label": "odd", "reason": "it was used for all"}
E1 = {"cites": "E1", "reason": "decided otherwise"}


def told(new: Version = NEW, **rules: Any) -> list[str]:
    head = {"schema": "labelmeta/migration/v1", "from": "1.0.0", "to": "2.0.0"}
    return [
        one.text for one in gaps(compared(Step("tone", OLD, new)), migration(PATH, head | rules))
    ]


@pytest.mark.parametrize(
    ("rules", "owed"),
    [
        ({"labels": [PLUS], "relabel": [ODD, E1]}, []),
        ({"labels": [PLUS], "relabel": [ODD], "review": [E1]}, []),
        ({"labels": [PLUS], "relabel": [E1]}, ["what becomes of odd"]),
        ({"labels": [PLUS], "relabel": [E1], "constants": {"label": "neg"}}, []),
        (
            {
                "labels": [PLUS],
                "relabel": [E1],
                "values": [{"field": "label", "from": "odd", "to": {"label": "neg"}}],
            },
            [],
        ),
        ({"labels": [PLUS], "relabel": [ODD]}, ["what becomes of records that cite E1"]),
        (
            {"labels": [PLUS | {"subject_id": "pso"}], "relabel": [ODD, E1]},
            ["maps pso, which 1.0.0 does not have", "what becomes of pos"],
        ),
        (
            {"labels": [PLUS | {"object_id": "plux"}], "relabel": [ODD, E1]},
            ["maps pos to plux, which may not be chosen in 2.0.0"],
        ),
    ],
    ids=range(8),
)
def test_what_a_migration_passes_over_is_owed(rules: dict[str, Any], owed: list[str]) -> None:
    found = told(**rules)
    assert len(found) == len(owed)
    assert all(words in text for words, text in zip(owed, found, strict=True))


def test_where_any_label_may_be_chosen_nothing_is_owed() -> None:
    free = {key: value for key, value in (NEW.structure or {}).items() if key != "labels"}
    assert told(NEW._replace(structure=free), labels=[PLUS]) == []
