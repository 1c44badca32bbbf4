"""What nobody told the ledger, from the state of a project and its last events."""

from __future__ import annotations

from typing import Any

from dvc_labelmeta.diff.untold import (
    Last,
    Released,
    gone,
    missing,
    releases,
    retired,
    same,
    untold,
)
from dvc_labelmeta.model.event import Draft, Event

ADA, BO = "a" * 64, "b" * 64
NAMES = {ADA: "Ada", BO: "Bo"}


def claims(data: str = "d1", version: str = "1.0.0") -> dict[str, Any]:
    layer = {"guideline": "tone", "version": version, "object": "o", "commit": "c"}
    return {"data": {"hash": "md5", "value": data}, "layers": {"labels": layer}}


def event(
    subject: str, told: dict[str, Any], type_: str = "linked", hash_: str = "e", **details: Any
) -> Event:
    return Event(hash_, type_, subject, "2026-01-05T09:00:00Z", ADA, (), 1, told, details)


def drafts(now: dict[str, Any], last: Last) -> list[tuple[str, str]]:
    return [one[:2] for one in untold(now, last, NAMES)]


def test_splits() -> None:
    a, told = "split:a", {"split:a": [event("split:a", claims())]}
    assert drafts({a: claims()}, told) == []
    assert drafts({a: claims(version="2.0.0")}, told) == [("relinked", a)]
    assert drafts({a: {}}, told) == [("unlinked", a)]
    assert drafts({a: {}}, {}) == []
    assert drafts({a: claims()}, {}) == [("linked", a)]
    assert drafts({a: claims()}, {a: [event(a, {})]}) == [("linked", a)]
    both = {a: [event(a, claims()), event(a, claims(version="2.0.0"))]}
    assert drafts({a: claims()}, both) == [("merged", a)], "which of two holds is told"
    assert drafts({a: {}}, both) == [("unlinked", a)]
    alike = {a: [event(a, claims()), event(a, claims(), hash_="f")]}
    assert drafts({a: claims(version="2.0.0")}, alike) == [("relinked", a)]
    assert drafts({a: claims()}, {a: [event(a, claims())] * 2}) == []


def test_moves() -> None:
    last = {one: [event(one, claims())] for one in ("split:a", "split:b")}
    last["split:c"] = [event("split:c", {})]
    now = {
        "split:a": {},
        "split:b": {},
        "split:c": {},
        "split:x": claims(),
        "split:y": claims("d2"),
    }
    found = [*untold(now, last, {})]
    assert [one[:2] for one in found] == [
        ("moved", "split:a"),
        ("unlinked", "split:b"),
        ("moved", "split:x"),
        ("linked", "split:y"),
    ]
    assert [dict(one.details) for one in found] == [{"to": "x"}, {}, {"from": "a"}, {}]


def test_persons_are_compared_by_name() -> None:
    then = {"reason": "r", "approved_by": [ADA, BO]}
    assert same(then, {"reason": "r", "approved_by": ["Ada", "Bo"]}, NAMES)
    assert not same(then, {"reason": "r", "approved_by": ["Ada", "Cy"]}, NAMES)
    assert not same(then, {"reason": "s", "approved_by": ["Ada", "Bo"]}, NAMES)
    assert same(then, {"reason": "r", "approved_by": ["Cy", "Di"]}, {ADA: "Ada"}), "nobody can say"
    assert not same(then, {"reason": "r", "approved_by": ["Ada"]}, {ADA: "Ada"})
    assert not same(then, {"reason": "r"}, NAMES)


def test_releases() -> None:
    published = [Released("1.0.0", "o1", "c1"), Released("2.0.0", "o2", "", ("Bo", "Ada"))]
    first, second = releases("tone", published, [])
    assert first == Draft(
        "released", "guideline:tone", {"version": "1.0.0", "object": "o1"}, {"commit": "c1"}
    )
    assert (second.claims["approved_by"], dict(second.details)) == (["Ada", "Bo"], {})
    told = [event("guideline:tone", {"version": "1.0.0", "object": "o1"}, "released")]
    assert [*releases("tone", published, told)] == [second]
    told = [event("guideline:tone", {"version": "2.0.0", "object": "o2"}, "approved")]
    assert [*releases("tone", published, told)] == []


def test_retired_and_gone() -> None:
    (draft,) = retired("tone", "2.0.0", "o2", [event("guideline:tone", {})])
    assert [*retired("tone", "2.0.0", "o2", [event("guideline:tone", {**draft.claims})])] == []
    last = {
        one: [event(one, told)]
        for one, told in {"split:a": claims(), "split:b": {}, "waiver:c": {"reason": "r"}}.items()
    }
    assert gone(last, "split", []) == {"split:a": {}}
    assert gone(last, "split", ["split:a"]) == {}
    waiver = gone(last, "waiver", [])
    assert drafts(waiver, last) == [("waived", "waiver:c")]


def test_what_history_adds() -> None:
    tone, a = "guideline:tone", "split:a"
    one, two, three = (
        Draft("released", tone, {"version": f"{n}.0.0", "object": f"o{n}"}) for n in (1, 2, 3)
    )
    link, other = Draft("linked", a, claims()), Draft("relinked", a, claims("d2"))
    past = [one, link, two, other, link]
    assert missing(past, []) == past
    told = [event(x.subject, {**x.claims}, x.type) for x in reversed(past)]
    assert missing(past, told) == []
    assert missing(past, told[1:]) == [link], "the same state a second time is another event"
    newest = event(tone, {**two.claims, "approved_by": [BO]}, "approved", "f" * 64)
    released = event(tone, {**two.claims}, "released")
    again = Draft("released", tone, two.claims, {"again": "f" * 64})
    assert missing([one, two], [newest, released]) == [one, again]
    repeated = event(tone, {**two.claims}, "released", again="f" * 64)
    assert missing([one, two], [repeated, event(tone, {**one.claims}), released]) == []
    assert missing([one, two, three], [event(tone, {**two.claims})]) == [one, three]
    early = event(tone, {"version": "4.0.0", "object": "o4"}, "released")
    assert missing([one], [early]) == [one, Draft("released", tone, early.claims, {"again": "e"})]
