"""Events: canonical bytes against an implementation of RFC 8785, and back again."""

from __future__ import annotations

import hashlib
import json
from typing import Any

import pytest
import rfc8785
from hypothesis import given
from hypothesis import strategies as st

from dvc_labelmeta.model.claims import approvers, kind_of, split_claims, split_of
from dvc_labelmeta.model.event import (
    Event,
    canonical,
    event_of,
    event_path,
    opening,
    person_path,
    utc,
    value_of,
)
from dvc_labelmeta.model.schemas import SCHEMAS
from dvc_labelmeta.model.shape import fits
from dvc_labelmeta.model.sidecar import DataPin, Layer, Link, Sidecar

KEYS = st.text(
    st.characters(exclude_categories=["Cs"]) | st.sampled_from("\ue000\uffff\U00010000\U0001f600"),
    max_size=4,
)
LEAVES = (
    st.none()
    | st.booleans()
    | st.integers(min_value=-(2**53) + 1, max_value=2**53 - 1)
    | st.text(st.characters(exclude_categories=["Cs"]))
)
VALUES = st.recursive(
    LEAVES, lambda v: st.lists(v, max_size=4) | st.dictionaries(KEYS, v, max_size=4)
)


@given(st.dictionaries(KEYS, VALUES, max_size=5))
def test_canonical_bytes_are_those_of_rfc_8785(value: dict[str, Any]) -> None:
    assert canonical(value) == rfc8785.dumps(value)
    assert json.loads(canonical(value)) == value


def test_text_that_is_no_unicode_has_no_canonical_bytes() -> None:
    with pytest.raises(UnicodeEncodeError):
        canonical({"name": "\udc80"})


@given(st.builds(
    Event,
    hash=st.just("a" * 64),
    type=st.sampled_from(["linked", "redacted"]),
    subject=st.just("split:data/ä.csv"),
    at=st.just("2026-01-05T09:00:00Z"),
    actor=st.just("b" * 64),
    parents=st.lists(st.just("c" * 64), max_size=2).map(tuple),
    total=st.integers(1, 9),
    claims=st.dictionaries(KEYS, VALUES, max_size=2),
    details=st.dictionaries(KEYS, VALUES, max_size=2),
    note=st.sampled_from(["", "why"]),
))  # fmt: skip
def test_an_event_comes_back_as_it_was_and_fits_its_schema(event: Event) -> None:
    value = json.loads(canonical(value_of(event)))
    assert event_of(event.hash, value) == event
    assert fits(SCHEMAS["event"])(value)


def test_seconds_that_no_calendar_has_are_before_or_after_all_times() -> None:
    assert utc(0) == "1970-01-01T00:00:00Z"
    assert utc(-(10**15)) < utc(0) < utc(10**15)


def test_files_are_named_by_hashes() -> None:
    assert event_path("ab" * 32) == f"labelmeta/ledger/events/ab/{'ab' * 32}.json"
    opened = opening("Ada <ada@example.org>", "00" * 16)
    assert opened == b'{"name":"Ada <ada@example.org>","salt":"' + b"00" * 16 + b'"}'
    commitment = hashlib.sha256(opened).hexdigest()
    assert person_path(commitment) == f"labelmeta/ledger/people/{commitment}.json"


def test_a_mode_that_the_guideline_gives_is_no_claim_of_the_split() -> None:
    link = Link("g", "1", "c", "o")
    layers = (Layer("a", link), Layer("b", link, "none", own=False))
    one = Sidecar(
        "d.csv.labelmeta.yaml", "d.csv", DataPin("d.csv", "exact", "md5", "aa"), layers=layers
    )
    told = split_claims(one, {})["layers"]
    assert told["a"]["mode"] == "backward"
    assert "mode" not in told["b"]


NOTHING = dict.fromkeys(("guideline", "version", "object", "commit"), "")


def claims(
    version: str = "1", commit: str = "c", md5: str = "", value: str = "d"
) -> dict[str, Any]:
    layer = {"guideline": "g", "version": version, "object": version, "commit": commit}
    records = {"records": {"path": "r", "md5": md5}} if md5 else {}
    return {"data": {"hash": "md5", "value": value}, "layers": {"labels": {**layer, **records}}}


@pytest.mark.parametrize(
    ("before", "after", "kind"),
    [
        (None, claims(), "linked"),
        ({}, claims(), "linked"),
        (claims(), {}, "unlinked"),
        (claims(), claims(version="2"), "relinked"),
        (claims(), claims(value="e"), "relinked"),
        (claims(), claims(commit="d"), "repaired"),
        (claims(md5="a"), claims(commit="d", md5="b"), "repaired"),
        (claims(md5="a"), claims(md5="b"), "relabelled"),
        (claims(), claims(md5="b"), "relinked"),
        (claims(md5="a"), claims(), "relinked"),
        ({"layers": []}, claims(), "relinked"),
        (claims(), claims(), "relabelled"),
    ],
)
def test_what_changed_tells_the_kind(before: Any, after: Any, kind: str) -> None:
    assert kind_of(before, after) == kind


@pytest.mark.parametrize(
    ("odd", "read"),
    [
        ({}, {}),
        ({"data": 5, "layers": []}, {"data": {"hash": "", "value": ""}, "layers": {}}),
        (
            {
                "data": {"hash": "git", "size": 5},
                "layers": {"a": 5, "b": {"records": {"md5": "x"}}},
            },
            {
                "data": {"hash": "git", "value": ""},
                "layers": {"a": NOTHING, "b": {**NOTHING, "records": {"path": "", "md5": "x"}}},
            },
        ),
    ],
)
def test_claims_of_another_shape_say_nothing_of_a_split(odd: Any, read: Any) -> None:
    assert split_of(odd) == read


def test_what_a_command_claims_is_read_as_it_is() -> None:
    assert split_of(claims(md5="m")) == claims(md5="m")
    assert approvers({"approved_by": ["a", 5]}) == ["a"]
    assert approvers({"approved_by": "a"}) == []
