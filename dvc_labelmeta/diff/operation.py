"""The values of a semantic diff: contents, edits, operations and the annotations they touch."""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum
from typing import Any, Final, NamedTuple

from dvc_labelmeta.model.guideline import BUMPS

# a bump that no version number can pay for stands above all others
NEEDS = (*BUMPS, "forbidden")

# what happens to existing annotations; `script`: what becomes of them only the team can say
STATES = (
    "valid",
    "mapped",
    "backfill",
    "rescale",
    "review",
    "relabel",
    "script",
    "invalid",
)

# how touched annotations are found: by their label, by the clauses they cite, by a field of the
# record that they carry (or lack), or all of them
SELECTORS = ("label", "cites", "field", "all")

# lists of clauses in guideline.yaml: what one of their entries is called
BLOCKS = {
    "labels": "label",
    "rules": "rule",
    "edge_cases": "edge case",
    "escalation": "escalation",
}


class _Absent(Enum):
    """The type of ABSENT."""

    ABSENT = "not there"


ABSENT: Final = _Absent.ABSENT  # None is a value that a free field of YAML may have


class Content(NamedTuple):
    """All that annotators may read of one version of a guideline.

    structure: guideline.yaml, parsed and fit for its schema; None where there is none.
    prose: text by file name, from the guideline's folder.
    """

    structure: Mapping[str, Any] | None = None
    prose: Mapping[str, str] = {}


class Edit(NamedTuple):
    """One place that differs; ABSENT where it is not there.

    path: () is the whole guideline.yaml, (field,) a field of it, (block, id) a clause,
        (block, id, field) a field of a clause, ("prose", file name) a prose file. The id is the
        previous one. (block,) is the order: the ids of the clauses that stay, before and after.
    at: where in its list a clause that was added or removed stands.
    """

    path: tuple[str, ...]
    before: Any
    after: Any
    at: int = 0


class Touch(NamedTuple):
    """Which existing annotations an operation touches, and what becomes of them.

    state: one of STATES. by: one of SELECTORS. ids: the previous labels, the clauses or the
    fields. sample: how many of them, chosen at random; 0 = all.
    """

    state: str
    by: str
    ids: tuple[str, ...] = ()
    sample: int = 0


class Operation(NamedTuple):
    """One change of a guideline as a person would tell it.

    rule: a name of the table in `diff/catalogue.py`, which also has the bump.
    kind: a value of BLOCKS, "field", "prose" or "guideline".
    ids: the clauses, fields or files it is about, as they were called before; where they are new,
        as they are called now. into: what labels became, for LABEL_RENAMED, LABEL_MERGED,
        LABEL_SPLIT and LABEL_REORGANISED; what they take from, for LABEL_ADDED_CARVES.
    meaning: what the author declared, "" for nothing.
    edits: the places; none where another operation holds them.
    """

    rule: str
    kind: str
    ids: tuple[str, ...] = ()
    edits: tuple[Edit, ...] = ()
    touches: tuple[Touch, ...] = ()
    into: tuple[str, ...] = ()
    meaning: str = ""


class Proposal(NamedTuple):
    """Two labels that may be one under two ids: for a person to declare, never assumed.

    likeness: 0..1.
    """

    previous: str
    current: str
    likeness: float
