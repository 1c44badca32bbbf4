"""The treebank's data commits 10 to 19 as migrations: python -m tests.real.migrations prints a table.

A record is a token, its `value` the columns that the commits changed: features (`feats.Tense`),
head and relation, and what stands in MISC. Each commit is compared with what its migration makes.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

from dvc_labelmeta.diff.migration import carried
from dvc_labelmeta.model.migration import Migration, migration
from tests.conftest import SHARED
from tests.real.logs import SPLITS, Histories, histories

Record = dict[str, Any]


def _values(*maps: tuple[str, str, dict[str, str]]) -> list[Record]:
    return [
        {
            "field": f"value.feats.{name}",
            "from": value,
            "to": {f"value.feats.{new}": one for new, one in to.items()},
        }
        for name, value, to in maps
    ]


# what the message of each commit says, as rules; 18 and 19 annotate what was not annotated before
RULES: dict[int, list[Record]] = {
    10: _values(("Reflex", "No", {})),
    11: _values(("VerbForm", "PartPus", {"VerbForm": "Conv"})),
    12: _values(("VerbForm", "PartPad", {"VerbForm": "Ger"})),
    13: _values(("Tense", "PresHab", {"Aspect": "Hab", "Tense": "Pres"})),
    14: _values(("Tense", "PresIter", {"Aspect": "Hab", "Tense": "Past"})),
    15: _values(("Tense", "PastSimp", {"Aspect": "Perf", "Tense": "Past"})),
    16: _values(("Voice", "Necess", {"Mood": "Nec"})),
    17: _values(("Variant", "Full", {})),
    18: [],
    19: [],
}
# the message of 14 names a value that the data do not have
MENDED = RULES | {14: _values(("Tense", "PastIter", {"Aspect": "Hab", "Tense": "Past"}))}


class Compared(NamedTuple):
    """One commit. changed: tokens that it changed; mapped: those that the rules change.

    as_made: mapped to what the commit made of them. others: those that both change, to something
    else. person: changed by the commit alone. spared: mapped, and not changed by the commit.
    left: tokens that the rules would not decide.
    """

    n: int
    changed: int
    mapped: int
    as_made: int
    others: int
    person: int
    spared: int
    left: int


def file(n: int, rules: Mapping[int, list[Record]] = RULES) -> Record:
    """Return what the migration file of a data commit holds."""
    return {
        "schema": "labelmeta/migration/v1",
        "from": f"{n - 1}.0.0",
        "to": f"{n}.0.0",
        "values": rules[n],
    }


def step(n: int, rules: Mapping[int, list[Record]] = RULES) -> Migration:
    """Return the migration of a data commit."""
    return migration(f"guidelines/features.migrations/{n}.0.0.yaml", file(n, rules))


def tokens(logs: Histories, n: int) -> Iterator[tuple[str, Record]]:
    """Yield (item, record) of all tokens of a data version."""
    for split in SPLITS:
        sentence = ""
        for line in logs.files(n)[split].read_text("utf-8").splitlines():
            if line.startswith("# sent_id"):
                sentence = line.partition("=")[2].strip()
            cells = line.split("\t")
            if len(cells) == 10:
                value = {
                    "upos": cells[3],
                    "feats": _pairs(cells[5]),
                    "head": cells[6],
                    "deprel": cells[7],
                    "misc": cells[9],
                }
                yield f"{split}/{sentence}/{cells[0]}", {"value": value}


def _pairs(cell: str) -> dict[str, str]:
    return dict(pair.split("=", 1) for pair in cell.split("|")) if cell != "_" else {}


def compared(logs: Histories, n: int, rules: Mapping[int, list[Record]] = RULES) -> Compared:
    """Return what the migration of a data commit makes of the version before it."""
    before, after = dict(tokens(logs, n - 1)), dict(tokens(logs, n))
    assert before.keys() == after.keys()
    found = {item: carried(record, [step(n, rules)]) for item, record in before.items()}
    changed = {item for item in before if before[item] != after[item]}
    mapped = {item for item, one in found.items() if one.state == "mapped"}
    same = {item for item in mapped & changed if found[item].record == after[item]}
    left = {item for item, one in found.items() if one.state == "relabel"}
    return Compared(
        n,
        len(changed),
        len(mapped),
        len(same),
        len(mapped & changed - same),
        len(changed - mapped),
        len(mapped - changed),
        len(left),
    )


def table(rows: list[Compared]) -> str:
    """Return the comparison as text."""
    head = [name.replace("_", " ") for name in Compared._fields]
    lines = [head, *([str(cell) for cell in row] for row in rows)]
    return "\n".join("  ".join(cell.rjust(8) for cell in line) for line in lines)


def logs_of(shared: Path) -> Histories:
    """Return the logs of the treebank."""
    return histories(shared / "data" / "ud_lithuanian_hse")


if __name__ == "__main__":
    known = logs_of(SHARED)
    print(table([compared(known, n) for n in RULES]))
    print(
        table([compared(known, 14, MENDED)]).splitlines()[1], " with the value that the data have"
    )
