"""The registry of annotators as values, and what records say of its entries."""

from __future__ import annotations

import pytest

from dvc_labelmeta.model.annotators import (
    Annotator,
    Consent,
    Seen,
    Training,
    annotators,
    contradicted,
    outside,
    united,
)
from dvc_labelmeta.read.files import misfits, parse

TEXT = """
schema: labelmeta/annotators/v1
annotators:
  a-1:
    role: expert
    expertise: lawyer
    training: [{what: tone, version: "1.2.0", at: "2026-01-02"}, {what: law}]
    active: {from: "2026-01-05", until: "2026-02-01"}
    consent: {given: "2026-01-01", scope: research, withdrawn: "2026-03-01"}
    tools: [label-studio]
    conditions: {pay: per hour, language: de}
    notes: left
    x-team: red
  bot: {type: software}
  p-9: {redacted: "2026-04-01"}
"""


def test_every_field_is_read() -> None:
    value = parse(TEXT)
    assert misfits("annotators", value) == []
    found = annotators(value)
    assert found["a-1"] == Annotator(
        "a-1",
        role="expert",
        expertise="lawyer",
        training=(Training("tone", "1.2.0", "2026-01-02"), Training("law")),
        since="2026-01-05",
        until="2026-02-01",
        consent=Consent("2026-01-01", "research", "2026-03-01"),
        tools=("label-studio",),
        conditions={"pay": "per hour", "language": "de"},
        notes="left",
    )
    assert found["bot"] == Annotator("bot", "software")
    assert found["p-9"].redacted == "2026-04-01"


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("role: expert", "name: Ann Lee", "'name', which is not known here"),
        ('given: "2026-01-01"', "given: soon", "is 'soon', which is no date"),
        ("{type: software}", "{type: robot}", "must be one of person, software"),
        ("notes: left", "person: Ann", "which is no commitment"),
    ],
)
def test_a_registry_that_does_not_fit(old: str, new: str, said: str) -> None:
    ((_, told),) = misfits("annotators", parse(TEXT.replace(old, new)))
    assert said in told


def test_what_layers_say_is_put_together() -> None:
    one = Seen("ann", 3, "2026-01-05", "2026-01-09", 1, 1, 0, ("b",), ("1.0.0",))
    other = Seen("ann", 2, "", "", 0, 0, 4, ("a", "b"), ("2.0.0", "1.0.0"))
    assert united([one, other]) == Seen(
        "ann", 5, "2026-01-05", "2026-01-09", 1, 1, 4, ("a", "b"), ("1.0.0", "2.0.0")
    )
    assert united([other]).first == ""


def test_periods_and_types() -> None:
    one = Annotator("ann", since="2026-01-05", until="2026-02-01")
    assert outside(one, Seen("ann", 1, "2026-01-05", "2026-02-01")) == ""
    assert outside(one, Seen("ann", 1)) == ""
    assert "before 2026-01-05" in outside(one, Seen("ann", 1, "2026-01-04", "2026-01-06"))
    assert "after 2026-02-01" in outside(one, Seen("ann", 1, "2026-01-06", "2026-02-02"))
    assert outside(Annotator("ann"), Seen("ann", 1, "2020-01-01", "2030-01-01")) == ""
    assert contradicted(one, Seen("ann", 4)) == ""
    assert "2 of the records are of software" in contradicted(one, Seen("ann", 4, software=2))
    bot = Annotator("bot", "software")
    assert contradicted(bot, Seen("bot", 4, software=4)) == ""
    assert "1 of the records are of a person" in contradicted(bot, Seen("bot", 4, software=3))
