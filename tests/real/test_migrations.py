"""What rules make of the treebank's data commits 10 to 19, beside what its annotators made."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from dvc_labelmeta.cli.migrating import carried_cases
from dvc_labelmeta.diff.migration import fields
from dvc_labelmeta.model.migration import faults
from dvc_labelmeta.read.carry import Carrying, Target
from dvc_labelmeta.read.files import misfits
from dvc_labelmeta.read.sources import Source
from dvc_labelmeta.write.migrated import add_records
from tests.real.logs import Histories
from tests.real.migrations import (
    MENDED,
    RULES,
    Compared,
    compared,
    file,
    logs_of,
    step,
    table,
    tokens,
)

# tokens that the commit changed; those that its rules made so; those that needed a person
FOUND = {
    10: (766, 766, 0),
    11: (9, 9, 0),
    12: (11, 11, 0),
    13: (3, 3, 0),
    14: (5, 0, 5),
    15: (31, 31, 0),
    16: (8, 8, 0),
    17: (11, 11, 0),
    18: (1, 0, 1),
    19: (10, 0, 10),
}


@pytest.fixture(scope="module")
def logs(shared: Path) -> Histories:
    return logs_of(shared)


def test_rules_make_what_the_annotators_made(logs: Histories) -> None:
    rows = [compared(logs, n) for n in RULES]
    print(table(rows))
    assert {row.n: (row.changed, row.as_made, row.person) for row in rows} == FOUND
    assert not any(row.others or row.spared or row.left for row in rows)


def test_a_message_that_names_the_wrong_value_maps_nothing(logs: Histories) -> None:
    """Commit 14 says PresIter, and the data had PastIter: with that, its rule does it all."""
    assert compared(logs, 14, MENDED) == Compared(14, 5, 5, 5, 0, 0, 0, 0)


def test_the_files_fit_their_schema() -> None:
    for n in RULES:
        assert misfits("migration", file(n)) == []
        assert faults(file(n)) == []


def test_eight_commits_in_one_go(logs: Histories, tmp_path: Path) -> None:
    """The engine carries all 5356 tokens from version 9 to 17; they are those of the commit."""
    path = tmp_path / "tokens.jsonl"
    with path.open("w", encoding="utf-8") as lines:
        for item, record in tokens(logs, 9):
            told = {"id": item, "item": item, "source": "ud", "guideline_version": "9.0.0"}
            lines.write(json.dumps(told | record) + "\n")
    route = tuple(step(n, MENDED) for n in range(10, 18))
    target = Target("features", "17.0.0", "0" * 40, "9.0.0")
    carrying = Carrying(
        Source(str(path), "jsonl"), [str(path)], target, fields(route), str(tmp_path)
    )
    assert carrying.versions() == {"9.0.0": 5356}
    cases = list(carried_cases(carrying, {"9.0.0": route}))
    states = dict.fromkeys(("valid", "mapped"), 0)
    for case in cases:
        states[case.decided.state] += case.records
    add_records(carrying.db, str(path), "jsonl", carrying.select(), carrying.form.source, {})
    carrying.db.close()
    rows = [json.loads(line) for line in path.read_text("utf-8").splitlines()]
    made = {row["item"]: {"value": row["value"]} for row in rows if "migrated_from" in row}
    wanted = dict(tokens(logs, 17))
    assert made == wanted
    before = dict(tokens(logs, 9))
    assert states["mapped"] == sum(before[item] != wanted[item] for item in before) == 773
