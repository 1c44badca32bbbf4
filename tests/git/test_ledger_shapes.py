"""Events of a clone may claim and tell anything: each command judges them, and none breaks off."""

from __future__ import annotations

import hashlib
import json
from typing import Any

import pytest

from dvc_labelmeta.errors import Refused
from dvc_labelmeta.model.claims import BY, PERSONS
from dvc_labelmeta.model.event import (
    EVENTS,
    FOLDER,
    TYPES,
    Draft,
    Event,
    Stamp,
    canonical,
    person_path,
    value_of,
)
from dvc_labelmeta.write.ledger import Before, appended
from tests.forgery import Tree, placed
from tests.inside import Inside

pytestmark = pytest.mark.inside
COMMANDS = (
    ("check", "--profile", "audit"),
    ("ledger", "log"),
    ("ledger", "verify"),
    ("ledger", "record", "--dry-run"),
    ("ledger", "keep", "--dry-run"),
    ("ledger", "approve", "convincingness", "--dry-run"),
    ("audit",),
    ("trace", "data/train.csv"),
    ("trace", "guideline:convincingness"),
    ("annotators", "add", "a9", "--role", "expert"),
)
OPENINGS = (b"", b"[]", b'{"name":5}', b"[" * 100_000, b'{"name":"\xff"}', b"{}")
SUBJECTS = (
    "split:data/train.csv",
    "guideline:convincingness",
    "stage:dvc.yaml:train",
    "waiver:LM105:x",
    "project:",
    "split:x",
    "annotator:a",
    "person:x",
)
SHAPES: tuple[tuple[dict[str, Any], dict[str, Any]], ...] = (
    (
        {"data": 5, "layers": 7, PERSONS: 3, "version": [], "object": {}},
        {"commit": 5, "when": 1, BY: 2},
    ),
    (
        {"data": {"value": []}, "layers": {"labels": 5}, PERSONS: [[]]},
        {"from": 5, "new": 1, "to": [1]},
    ),
    ({"data": {"hash": {}}, "layers": {"labels": {"records": 5}}}, {"removed": [{}], "batches": 1}),
    (
        {"layers": {"labels": {"records": {"path": 5, "md5": []}}}},
        {"commit": "--x", "when": "", BY: ""},
    ),
    ({"version": 1, "object": 2, "deps": 3, "outs": 4, "params": [], "until": []}, {"passed": 1}),
)


def test_no_event_is_written_that_is_not_read() -> None:
    deps = {f"images/{number}.png": "0" * 32 for number in range(20_000)}
    before = Before((), 0, {}, {}, {})
    with pytest.raises(Refused, match="depend on folders instead of their files"):
        appended(
            before,
            Stamp("Ada", "2026-01-05T09:00:00Z"),
            [Draft("transformed", "stage:x", {"deps": deps})],
        )


@pytest.mark.parametrize(("claims", "details"), SHAPES)
def test_odd_events(linked: Inside, claims: dict[str, Any], details: dict[str, Any]) -> None:
    events = {path.stem: path.read_bytes() for path in (linked.path / EVENTS).rglob("*.json")}
    head = max(events, key=lambda one: json.loads(events[one])["count"])
    first = json.loads(events[head])
    for number, subject in enumerate(SUBJECTS):
        for type_ in TYPES[number % 3 :: 3]:
            at, count, actor = first["at"], len(events) + 1, first["actor"]
            one = Event("", type_, subject, at, actor, (head,), count, claims, details)
            content = canonical(value_of(one))
            head = hashlib.sha256(content).hexdigest()
            events[head] = content
    tree: Tree = placed({}, events)
    for folder in ("heads", "tips"):
        for path in (linked.path / FOLDER / folder).iterdir():
            path.unlink()
    for path, (_, content) in tree.items():
        linked.write(path, content)
    for content in OPENINGS:
        linked.write(person_path(hashlib.sha256(content).hexdigest()), content)
    linked.commit("odd")
    broken = {}
    for command in COMMANDS:
        ran = linked.labelmeta(*command, code=None)
        if ran.code not in {0, 1, 2} or "Traceback" in ran.text:
            broken[command] = ran.text[-700:]
    assert not broken, "\n".join(f"{k}: {v}" for k, v in broken.items())
