"""What an audit says of splits at one commit, and of a history played commit by commit."""

from __future__ import annotations

from typing import Any

import pytest

from dvc_labelmeta.checks.audit import (
    against_event,
    approvals,
    flaw,
    frozen,
    gaps,
    is_frozen,
)
from dvc_labelmeta.checks.audit_drift import drift, fields
from dvc_labelmeta.checks.audit_history import Played, merged
from dvc_labelmeta.checks.audit_kinds import KINDS
from dvc_labelmeta.model.audit import (
    Audit,
    Delta,
    Episode,
    EventFact,
    Form,
    LayerFact,
    SplitFact,
    Spot,
    Waiver,
)

LAYER = LayerFact(
    "labels", "tone", "1.0.0", "o1", "c1", "backward", True, ("Grace",), "data/a.jsonl", "jsonl",
    "L2", {"git": "r1"},
)  # fmt: skip
ONE = SplitFact(
    "data/a.csv", "data/a.csv.labelmeta.yaml", ("team",), "d", ("md5", "d1"), "d1", "",
    {"source": "x", "licence": "y"}, (LAYER,),
)  # fmt: skip
SPOTS = [Spot(f"{number:040x}", f"2026-01-{number + 1:02}", "Ada") for number in range(9)]


def layered(one: SplitFact = ONE, **changes: Any) -> SplitFact:
    return one._replace(layers=(one.layers[0]._replace(**changes),))


def claims(one: SplitFact = ONE) -> dict[str, Any]:
    (layer,) = one.layers
    told: dict[str, Any] = {
        key: getattr(layer, key) for key in ("guideline", "version", "object", "commit")
    }
    told |= {"mode": layer.mode, "records": {"path": "a.jsonl", **layer.records}}
    return {"data": {"hash": "md5", "value": one.pinned[1]}, "layers": {"labels": told}}


def event(one: SplitFact = ONE, name: str = "e1", kind: str = "linked") -> EventFact:
    return EventFact(name, kind, f"split:{one.split}", claims(one))


def names(flaws: Any) -> list[str]:
    return [one.name for one in flaws]


def test_gaps() -> None:
    assert names(gaps(ONE)) == []
    assert names(gaps(layered(path=""))) == ["no-records"]
    assert names(gaps(layered(level="L0"))) == ["unattributed-records"]
    assert names(gaps(layered(level="L1"))) == ["unversioned-records"]
    (said,) = gaps(ONE._replace(origin={"source": "x"}))
    assert said.message.endswith("names no licence")
    (said,) = gaps(ONE._replace(origin={}))
    assert said.message.endswith("names no source and no licence")


def test_approvals() -> None:
    def of(one: SplitFact, by: dict[tuple[str, str], list[str]], *, strict: bool = False) -> Any:
        return [(one.name, one.severity) for one in approvals(one, by, strict=strict)]

    assert of(ONE, {}) == []
    nobody = layered(approved_by=())
    assert of(nobody, {}) == [("unapproved-use", "warning")]
    assert of(nobody, {}, strict=True) == [("unapproved-use", "error")]
    assert of(nobody, {("tone", "1.0.0"): ["Bo"]}) == []
    assert of(layered(approved_by=(), version="0.9.0"), {}) == []
    assert of(layered(approved_by=(), version="0123456789ab"), {}) == []


@pytest.mark.parametrize(
    ("now", "what"),
    [
        (ONE._replace(pinned=("md5", "d2")), "data"),
        (layered(object="o2"), "link"),
        (layered(mode="none"), "mode"),
        (layered(own=False), "mode"),
        (layered(path=""), "records"),
        (layered(records={"git": "r2"}), "labels"),
        (layered(name="other"), "layer other, layer labels"),
    ],
)
def test_a_split_that_is_not_what_its_event_says(now: SplitFact, what: str) -> None:
    assert not [*against_event(ONE, event())]
    assert not [*against_event(layered(records={"md5": "?"}), event())], "nothing to compare"
    (said,) = against_event(now, event())
    assert said.name == "unrecorded-change"
    assert said.message == f"data/a.csv: its {what} changed without an event"
    assert names(against_event(ONE, None)) == ["split-without-events"]


@pytest.mark.parametrize(
    ("now", "what"),
    [
        (ONE._replace(data="d2", pinned=("md5", "d2")), "data"),
        (layered(object="o2"), "link"),
        (layered(records={"git": "r2"}), "labels"),
        (ONE._replace(layers=()), "layers"),
    ],
)
def test_a_frozen_split_that_changed(now: SplitFact, what: str) -> None:
    assert not [*frozen(ONE, layered(mode="none"), [], "c")]
    assert not [*frozen(ONE, layered(records={"md5": "?"}), [], "c")]
    assert not [*frozen(ONE, ONE._replace(data=""), [], "c")]
    assert not [*frozen(ONE, layered(object="o2", version="1.0.1"), [], "c")]
    (said,) = frozen(ONE, now, [event()], "c")
    assert (said.severity, what in said.message) == ("error", True)
    if now.layers:
        (said,) = frozen(ONE, now, [event(), event(now, "e2", "relinked")], "c")
        assert said.severity == "warning"
        assert "(relinked) declares" in said.message
    assert not is_frozen(ONE)
    assert is_frozen(layered(mode="frozen"))


def split(name: str, dataset: str = "d", owner: str = "team", **layer: Any) -> SplitFact:
    owners = (owner,) if owner else ()
    return layered(ONE._replace(split=name, dataset=dataset, owners=owners), **layer)


def test_drift() -> None:
    assert not [*drift([split("a"), split("b")])]
    (said,) = drift([split("a"), split("b", version="1.1.0")])
    assert (said.name, said.severity) == ("version-drift", "warning")
    assert said.evidence == ("1.0.0: a", "1.1.0: b")
    (said,) = drift([split("a", ""), split("b", "", version="2.0.0")])
    assert said.severity == "error"
    assert said.message.startswith("splits that name no data set:")
    (said,) = drift([split("a"), split("b", version="0123456789ab")])
    assert said.severity == "error", "no semantic version is of no major one"
    apart = [split("a"), split("b", "e", "others", version="1.1.0")]
    assert names(drift(apart)) == ["dataset-drift", "team-drift"]
    same_team = [split("a"), split("b", "", version="1.1.0")]
    assert names(drift(same_team)) == ["dataset-drift"]
    two_layers = [split("a")._replace(layers=(LAYER, LAYER._replace(name="more", version="1.1.0")))]
    assert not [*drift(two_layers)]
    assert names(drift([split("a"), split("b", format="csv", level="L3")])) == ["format-drift"] * 2
    assert not [*drift([split("a"), split("b", path="", format="")])]
    many = [split(f"s{number}") for number in range(7)]
    (said,) = drift([*many, split("z", version="1.1.0")])
    assert said.evidence[0] == "1.0.0: s0, s1, s2, s3, s4 and 2 more"


def test_fields() -> None:
    one, more = (
        Form(frozenset(names), frozenset({"t"}), frozenset({"1.0.0"})) for names in ("a", "ab")
    )
    splits = [split("a"), split("b"), split("c")]
    assert not [*fields({}, splits)]
    assert not [*fields({("a", "labels"): {"": one}, ("b", "labels"): {"": one}}, splits)]
    (said,) = fields({("a", "labels"): {"": one}, ("b", "labels"): {"": more}}, splits)
    assert said.name == "field-drift"
    assert said.evidence == ("a: fields none but those of all", "b: fields b")
    (said,) = fields({("a", "labels"): {"x": one, "": more}}, splits)
    assert (said.name, said.subject) == ("batch-drift", "split:a")
    assert said.evidence == ("x: fields none but those of all", "(no batch): fields b")


def played(*deltas: Delta, **how: Any) -> Played:
    found = Played(**how)
    found.play(deltas)
    return found


def opened(one: Played) -> dict[str, str]:
    return {each.flaw.name: each.since.date for each in one.open()}


def ended(one: Played) -> dict[str, tuple[str, str]]:
    return {each.flaw.name: (each.since.date, (each.until or Spot()).date) for each in one.past}


def at(number: int, one: SplitFact | None = ONE, *events: EventFact, **more: Any) -> Delta:
    more.setdefault("splits", {ONE.split: one})
    return Delta(SPOTS[number], events=events, **more)


def test_changes_without_an_event_begin_and_end() -> None:
    changed = layered(records={"git": "r2"})
    found = played(at(0, ONE, event()), at(1, changed))
    assert opened(found) == {"unrecorded-change": "2026-01-02"}
    found.play([at(2, None, event(changed, "e2"), splits={})])
    assert not opened(found)
    assert ended(found) == {"unrecorded-change": ("2026-01-02", "2026-01-03")}
    assert [what for _, what in found.timeline[ONE.split]] == [
        "linked to tone 1.0.0", "labels: records changed"
    ]  # fmt: skip
    assert found.events == 2


def test_without_a_ledger() -> None:
    assert opened(played(at(0))) == {"no-ledger": "2026-01-01"}
    assert not opened(played(at(0), ledger=False))
    off = at(0, ONE, settings=(False, ()))
    assert not opened(played(off))
    other = EventFact("e", "linked", "split:other", {})
    found = played(at(0), at(1, None, other, splits={}))
    assert opened(found) == {"split-without-events": "2026-01-02"}
    assert not opened(played(at(0, None, splits={})))


def test_links_that_vanish() -> None:
    found = played(at(0, ONE, event()), at(1, None))
    assert opened(found) == {"unrecorded-change": "2026-01-02"}
    gone = EventFact("e2", "unlinked", f"split:{ONE.split}", {})
    found.play([at(2, None, gone, splits={})])
    assert not opened(found)
    assert found.timeline[ONE.split][-1][1] == "unlinked"
    assert not opened(played(at(0, None)))


def test_events_that_are_taken_out_stay_told() -> None:
    found = played(at(0, ONE, event()), at(1, None, splits={}, removed=("e1",)), at(2))
    assert opened(found) == {"removed-event": "2026-01-02"}


def test_data_that_change() -> None:
    other = ONE._replace(data="d2")
    assert "unknown-transformation" in opened(played(at(0, ONE, event()), at(1, other)))
    made = other._replace(stage="dvc.yaml:make")
    found = played(at(0, ONE, event()), at(1, other), at(2, made._replace(data="d3")))
    assert "unknown-transformation" in ended(found)
    told = event(other._replace(pinned=("md5", "d2")))
    assert "unknown-transformation" not in opened(played(at(0), at(1, other, told)))
    back = played(at(0, ONE, event()), at(1, other), at(2, ONE), at(3, None))
    assert "unknown-transformation" in ended(back)
    assert back.timeline[ONE.split][1][1] == "data d1 -> d2"
    empty = played(at(0, ONE._replace(data="")), at(1, ONE), at(2, ONE._replace(data="")))
    assert "unknown-transformation" not in opened(empty)


def test_what_was_frozen_is_remembered() -> None:
    first = layered(mode="frozen")
    thawed = layered(mode="none", object="o2")
    again = layered(mode="frozen", object="o2")
    found = played(at(0, first, ledger := event(first)), at(1, thawed), at(2, again))
    assert ledger
    assert opened(found)["rewritten-frozen-split"] == "2026-01-03"
    found.play([at(3, first)])
    assert ended(found)["rewritten-frozen-split"] == ("2026-01-03", "2026-01-04")
    what = [what for _, what in found.timeline[ONE.split]]
    assert "labels: mode frozen -> none" in what
    assert "labels: tone 1.0.0 -> tone 1.0.0" in what
    layers = layered(name="more")
    assert [w for _, w in played(at(0), at(1, layers)).timeline[ONE.split]][1:] == [
        "layer more added, tone 1.0.0", "layer labels removed"
    ]  # fmt: skip


def test_approvals_by_events() -> None:
    nobody = layered(approved_by=())
    by = EventFact("e2", "approved", "guideline:tone", {"version": "1.0.0"})
    release = by._replace(type="released")
    retired = by._replace(type="retired")
    begin = at(0, nobody, event(nobody))
    assert opened(played(begin, at(1, None, release, splits={}))) == {
        "unapproved-use": "2026-01-01"
    }
    assert opened(played(begin, at(1, None, retired, splits={})))
    named = release._replace(claims={"version": "1.0.0", "approved_by": ["c"]})
    for one in (by, named):
        assert not opened(played(begin, at(1, None, one, splits={})))
    elsewhere = by._replace(subject="guideline:other")
    assert opened(played(begin, at(1, None, elsewhere, splits={}), strict=True))


def test_drift_is_judged_when_links_change() -> None:
    other = split("data/b.csv", version="1.1.0")
    both = {ONE.split: ONE, other.split: other}
    found = played(at(0, splits=both), at(1, None), ledger=False)
    assert ended(found)["version-drift"] == ("2026-01-01", "2026-01-02")


def test_waivers_strays_and_commits_that_cannot_be_read() -> None:
    waivers = (Waiver("LM105", "a", "why", "", ""), Waiver("LM106", "b", "why", "", "Bo"))
    found = played(at(0, splits={}, settings=(True, waivers), strays=(("r",), ("d",))))
    assert sorted(opened(found)) == ["orphan-records", "unapproved-waiver", "unlinked-data"]
    found.play([Delta(SPOTS[1], broken="no YAML")])
    assert "unread-commit" in opened(found)
    found.play([at(2, splits={}, strays=((), ()))])
    assert sorted(opened(found)) == ["unapproved-waiver"]


def test_rules_have_their_own_beginnings() -> None:
    wrong = flaw("no-records", "split:a", "a", "1 record", mark="x")
    found = played(at(0, splits={}, flaws={"split:a": (wrong,)}))
    more = wrong._replace(message="2 records")
    found.play([at(1, splits={}, flaws={"split:a": (more,)})])
    assert found.since(more) == SPOTS[0]
    assert found.since(more._replace(mark="y")) is None
    (one,) = found.open()
    assert one.flaw.message == "2 records"


def test_branches_are_merged_in_order() -> None:
    grave = flaw("unrecorded-change", "split:a", "a", "m")
    light = flaw("unlinked-data", "data:b", "b", "m")
    rows = [Episode(light, SPOTS[0]), Episode(grave, SPOTS[1]), Episode(grave, SPOTS[0], SPOTS[1])]
    found = merged([("main", rows), ("side", rows[:2])], lambda one: (one.path,))
    assert [(one.flaw.name, one.until is None) for one in found] == [
        ("unrecorded-change", True), ("unlinked-data", True), ("unrecorded-change", False)
    ]  # fmt: skip
    assert [one.branches for one in found] == [("main", "side")] * 2 + [("main",)]
    assert found[0].owners == ("a",)
    told = Audit(found, (), 1, 1, 0)
    assert (len(told.open), len(told.past), told.count("error"), told.count("note")) == (2, 1, 1, 1)
    assert told.fails("error", past=False)
    only_past = told._replace(episodes=found[2:])
    assert not only_past.fails("note", past=False)
    assert only_past.fails("error", past=True)


def test_kinds_are_told_in_one_line_each() -> None:
    assert [one.code for one in KINDS] == sorted(one.code for one in KINDS)
    for one in KINDS:
        assert "\n" not in one.title + one.fix
        assert one.title[0].islower()
        assert not one.title.endswith(".")
