"""A law: the quick shape check says yes exactly where jsonschema does, for every schema."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from dvc_labelmeta.model.schemas import SCHEMAS
from dvc_labelmeta.model.shape import fits

KEYS = sorted(
    {key for text in map(json.dumps, SCHEMAS.values()) for key in re.findall(r'"(\w+)": \{', text)}
    | {"tone", "x-team", "a/b", "", "1.0.0", "tone\n", "😀"}
)
LEAVES = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-2, 5),
    st.sampled_from([0.0, 1.0, 1.5, -1.0, float("inf"), float("nan"), 1e30]),
    st.sampled_from(
        [
            "", " ", "\n", "a", "a\n", "link", "single", "md5", "git", "exact", "active", "text",
            "classification", "backward", "labelmeta/sidecar/v1", "labelmeta/guideline/v1",
            "labelmeta/releases/v1", "1.0.0", "1.0.0\n", "١.0.0", "2026-01-05", "2026-13-01",
            "2026-01-05\n", "0" * 40, "0" * 40 + "\n", "0" * 64, "F" * 40, "0" * 32 + ".dir",
            "../x", "/x", "a\\b", "a\0", "data/*.csv",
        ]
    ),
    st.text(max_size=6),
)  # fmt: skip
VALUES = st.recursive(
    LEAVES,
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(KEYS), inner, max_size=4)
    ),
    max_leaves=12,
)
LINK = {"id": "tone", "version": "1.0.0", "commit": "0" * 40, "object": "f" * 40}
VALID: dict[str, Any] = {
    "annotators": {
        "schema": "labelmeta/annotators/v1",
        "annotators": {
            "a-1": {
                "type": "person",
                "role": "expert",
                "training": [{"what": "tone", "version": "1.0.0", "at": "2026-01-05"}],
                "active": {"from": "2026-01-05", "until": "2026-02-05"},
                "consent": {"given": "2026-01-05", "scope": "research"},
                "tools": ["t"],
                "conditions": {"pay": "per hour"},
                "person": "0" * 64,
            },
            "p-2": {"redacted": "2026-02-05"},
        },
    },
    "migration": {
        "schema": "labelmeta/migration/v1",
        "from": "1.1.0",
        "to": "2.0.0",
        "labels": [
            {
                "subject_id": "a",
                "predicate_id": "skos:exactMatch",
                "object_id": "b",
                "mapping_justification": "semapv:ManualMappingCuration",
            }
        ],
        "values": [{"field": "value.Tense", "from": "PresHab", "to": {"value.Tense": "Pres"}}],
        "moves": {"note": "rationale"},
        "constants": {"tool": "t"},
        "backfill": {"extra.page": 1},
        "items": {"a": "b"},
        "relabel": [{"label": "c", "reason": "r"}],
        "review": [{"cites": "R1", "reason": "r"}],
    },
    "config": {
        "version": 1,
        "profile": "review",
        "approvers": ["bo"],
        "require_signed": True,
        "gate": "single",
        "guidelines": {"tone": {"path": "guidelines/tone"}, "ud": {"path": "a.md", "repo": "docs"}},
        "repos": {"docs": {"url": "../docs"}},
        "splits": ["data/*.csv"],
        "ignore": [{"rule": "LM105", "path": "a", "reason": "old", "until": "2027-03-01"}],
        "x-team": {"any": [1]},
    },
    "sidecar": {
        "schema": "labelmeta/sidecar/v1",
        "dataset": "d",
        "split": "train",
        "owners": ["ada"],
        "data": {"path": "t.csv", "pin": "exact", "hash": "md5", "value": "0" * 32, "size": 5},
        "layers": {
            "labels": {
                "guideline": LINK,
                "mode": "full",
                "annotations": {
                    "path": "t.jsonl",
                    "format": "jsonl",
                    "count": 2,
                    "summary": {
                        "hash": "md5",
                        "value": "0" * 32,
                        **dict.fromkeys(("records", "items", "annotators", "votes"), 2),
                        "dispute": 0.5,
                        "alpha": -0.25,
                        "guideline_versions": [{"version": "1.0.0", "records": 2, "share": 1}],
                    },
                },
            }
        },
    },
    "guideline": {
        "schema": "labelmeta/guideline/v1",
        "id": "tone",
        "version": "1.0.0",
        "status": "active",
        "modality": "text",
        "task": "span",
        "approved_by": [{"name": "ada", "role": "lead", "at": "2026-01-05"}],
        "labels": [{"id": "no", "aliases": ["nay"], "status": "active"}],
        "rules": [{"id": "R1", "text": "be careful"}],
        "edge_cases": [{"id": "E1", "case": "both", "decision": "no", "label": "no"}],
        "escalation": [{"id": "X1", "when": "unsure", "to": "lead"}],
        "decision_tree": {"q": "?"},
        "changes": [{"clause": "R1", "meaning": "kept", "note": "shorter"}],
        "optional_fields": ["confidence"],
    },
    "releases": {
        "schema": "labelmeta/releases/v1",
        "releases": {
            "1.0.0": {"object": "0" * 40, "commit": "0" * 40, "approvals": [{"name": "a"}]}
        },
    },
    "event": {
        "schema": "labelmeta/event/v1",
        "type": "linked",
        "subject": "split:data/train.csv",
        "at": "2026-03-02T10:00:00Z",
        "actor": "0" * 64,
        "parents": ["f" * 64],
        "count": 2,
        "claims": {"data": {"hash": "md5", "value": "0" * 32}},
        "details": {"from": "data/old.csv"},
        "note": "why",
    },
    "mapping": {
        "schema": "labelmeta/mapping/v1",
        "columns": {"item": "doc", "label": "answer", "annotated_at": "at"},
        "id": ["doc", "worker"],
        "constants": {"tool": "mturk"},
        "values": {"label": {"1": "pos"}},
        "times": {"annotated_at": {"format": "%d.%m.%Y %H:%M", "zone": "UTC"}},
        "duration": {"from": "start", "to": "end"},
        "guideline_version": {"date": "annotated_at", "guideline": "tone"},
        "extra": ["rank"],
        "drop": ["ip"],
        "missing": ["", "NA"],
        "delimiter": ";",
    },
}


def _spots(value: Any, at: tuple[str | int, ...] = ()) -> Iterator[tuple[str | int, ...]]:
    """Every place in a value."""
    yield at
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()  # fmt: skip
    for key, child in items:
        yield from _spots(child, (*at, key))


@st.composite
def mutated(draw: st.DrawFn, name: str) -> Any:
    """A valid value with up to two changes: a part replaced, a key removed, added or renamed."""
    value = json.loads(json.dumps(VALID[name]))
    for _ in range(draw(st.integers(0, 2))):
        spot = draw(st.sampled_from(sorted(_spots(value), key=str)))
        if not spot:
            continue
        parent = value
        for key in spot[:-1]:
            parent = parent[key]
        how = draw(st.sampled_from(["replace", "remove", "add"]))
        if how == "remove":
            del parent[spot[-1]]
        elif how == "add" and isinstance(parent, dict):
            parent[draw(st.sampled_from(KEYS))] = draw(VALUES)
        else:
            parent[spot[-1]] = draw(VALUES)
    return value


@pytest.mark.parametrize("name", sorted(SCHEMAS))
@settings(max_examples=150, deadline=None, derandomize=True, database=None)
@given(data=st.data())
def test_quick_shape_check_agrees_with_jsonschema(name: str, data: st.DataObject) -> None:
    value = data.draw(st.one_of(mutated(name), mutated(name), VALUES))
    assert fits(SCHEMAS[name])(value) == Draft202012Validator(SCHEMAS[name]).is_valid(value)


@pytest.mark.parametrize("name", sorted(SCHEMAS))
def test_valid_examples_are_valid_so_that_mutation_starts_from_yes(name: str) -> None:
    assert fits(SCHEMAS[name])(VALID[name])
