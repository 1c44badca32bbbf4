"""The ledger's chain judged from frozen facts: order, counts, markers, people, Git, claims, anchors."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import pytest

from dvc_labelmeta.checks import chain, chain_anchors, chain_claims, chain_past
from dvc_labelmeta.checks.ancestry import ancestry, united
from dvc_labelmeta.checks.verification import Outside, Wanted, verdict, with_outside
from dvc_labelmeta.model.anchor import Anchor
from dvc_labelmeta.model.chain import (
    Added,
    Breach,
    Files,
    Flaw,
    Past,
    State,
    Told,
    Undone,
    Verdict,
)
from dvc_labelmeta.model.event import Event, event_path, person_path

ADA, BOB = "a" * 64, "b" * 64


def event(name: str, *parents: str, total: int = 0, **more: Any) -> Event:
    """Return an event that is called by its name instead of a hash."""
    values = {"type": "audited", "subject": "project:", "at": "2026-01-05T09:00:00Z", "actor": ADA}
    return Event(hash=name, parents=parents, total=total, **(values | more))


def counted(*events: Event) -> dict[str, Event]:
    """Return events by name with the right counts, found by writing out all ancestries."""
    before: dict[str, set[str]] = {}
    found = {}
    for one in events:
        before[one.hash] = {one.hash}.union(*(before[parent] for parent in one.parents))
        found[one.hash] = one._replace(total=len(before[one.hash]))
    return found


def files(events: Mapping[str, Event], **more: Any) -> Files:
    """Return files whose markers and persons are right, unless told otherwise."""
    tips = chain.tips_of(events, ancestry(events))
    keys = {subject: subject for subject in tips}
    names = frozenset(f"{subject}-{one}" for subject, last in tips.items() for one in last)
    usual = {"heads": chain.heads_of(events), "tips": names, "people": {ADA: "Ada"}, "keys": keys}
    return Files(events, **(usual | more))


def judged(one: Files, past: Past | None = None, states: Iterable[State] = ()) -> Verdict:
    nodes = ancestry(one.events)
    commit = Added("c" * 40, 1_767_603_600, 1_767_603_600, "Ada <a@x>")
    past = past or Past(dict.fromkeys(one.events, commit))
    tips = chain.tips_of(one.events, nodes)
    erased = chain.redacted(one.events.values())
    return verdict(one, nodes, tips, past, lambda: tuple(states), Verdict(0, ()), erased)


def kinds(found: Verdict | Iterable[Breach]) -> list[str]:
    breaches = found.ordered() if isinstance(found, Verdict) else found
    return [f"{one.severity} {one.kind}" for one in breaches]


LINE = counted(event("a"), event("b", "a"), event("c", "b"))
FORK = counted(event("a"), event("b", "a"), event("c", "a"))
JOIN = counted(*FORK.values(), event("d", "b", "c"))


@pytest.mark.parametrize("events", [LINE, FORK, JOIN])
def test_what_is_right_is_found_right(events: dict[str, Event]) -> None:
    found = judged(files(events))
    assert kinds(found) == (["warning fork"] if events is FORK else [])
    assert (found.total, found.new) == (len(events), 0)


def test_counts_are_those_of_written_out_ancestries_and_chains_stay_few() -> None:
    """Two branches of 50 events that are merged 20 times, and branches of branches."""
    events, heads = [event("root")], ["root", "root"]
    for turn in range(20):
        for side in range(2):
            for number in range(50 // (1 + turn % 3)):
                name = f"{turn}.{side}.{number}"
                events.append(event(name, heads[side]))
                heads[side] = name
        events.append(event(f"{turn}.join", *sorted(heads)))
        heads = [f"{turn}.join"] * 2
    numbers = range(40)
    events += [event(f"wide{n}", f"{n % 20}.join") for n in numbers]
    events.append(event("end", *sorted(f"wide{n}" for n in numbers)))
    known = counted(*events)
    nodes = ancestry(dict(reversed(known.items())))
    assert {name: node.total for name, node in nodes.items()} == {
        name: one.total for name, one in known.items()
    }
    assert len({node.chain for name, node in nodes.items() if "wide" not in name}) <= 3
    before: dict[str, set[str]] = {}
    for one in known.values():
        before[one.hash] = {one.hash}.union(*(before[parent] for parent in one.parents))
    sample = [*known][::37]
    for one in sample:
        held = {other for other in known if nodes[one].holds(nodes[other])}
        assert held == before[one]
        assert united([nodes[one], nodes["0.0.3"]]) == len(before[one] | before["0.0.3"])


def test_a_history_that_is_known_stands_for_its_events() -> None:
    events = {name: JOIN[name]._replace(total=JOIN[name].total + 6) for name in "bcd"}
    nodes = ancestry({"a": JOIN["a"]._replace(total=7), **events}, {"a": 7})
    assert {name: node.total for name, node in nodes.items()} == {"a": 7, "b": 8, "c": 8, "d": 10}


def test_flaws_of_files_are_told_once_each() -> None:
    flaws = (
        Flaw("changed-event", event_path("b" * 64)),
        Flaw("unfit-event", "x", "lacks type"),
        Flaw("changed-opening", person_path(BOB)),
    )
    events = {"c": event("c", "b" * 64, total=3, actor=BOB)}
    one = files(events, flaws=flaws, heads=frozenset({"c", "b" * 64}))
    found = judged(one)
    assert kinds(found) == ["error changed-event", "error changed-opening", "error unfit-event"]
    assert found.ordered()[2].message == "is no event: lacks type"


def test_a_missing_parent_is_told_once_and_counts_after_it_are_not_judged() -> None:
    events = {name: LINE[name] for name in "bc"} | {"d": event("d", "a", "c", total=9)}
    assert kinds(judged(files(events, heads=frozenset()))) == ["error missing-parent"]


@pytest.mark.parametrize(("parents", "told"), [(("b", "a"), 1), (("a", "b"), 1), (("b", "b"), 1)])
def test_parents_as_labelmeta_writes_none(parents: tuple[str, ...], told: int) -> None:
    events = {"a": LINE["a"], "b": LINE["b"], "c": event("c", *parents, total=3)}
    assert kinds(judged(files(events))) == ["error wrong-parents"] * told


def test_a_wrong_count_is_told_where_it_begins() -> None:
    events = counted(*LINE.values(), event("d", "c"))
    wrong = {n: e._replace(total=e.total + (n in "bcd")) for n, e in events.items()}
    assert [b.event for b in judged(files(wrong)).breaches] == ["b"]


def test_order_of_times() -> None:
    early, near = "2026-01-05T08:00:00Z", "2026-01-05T08:55:00Z"
    events = LINE | {"b": LINE["b"]._replace(at=early), "c": LINE["c"]._replace(at=early)}
    assert [(b.kind, b.event) for b in judged(files(events)).breaches] == [("clock-order", "b")]
    assert kinds(judged(files(LINE | {"c": LINE["c"]._replace(at=near)}))) == []


def test_markers() -> None:
    one = files(LINE, heads=frozenset("b"), tips=frozenset({"project:-c", "other-x"}))
    found = judged(one)
    assert [(b.kind, b.path.rpartition("/")[2]) for b in found.ordered()] == [
        ("missing-marker", "c"),
        ("stray-marker", "b"),
        ("stray-marker", "other-x"),
    ]


def test_persons() -> None:
    claims = {"approved_by": [BOB, 7]}
    events = LINE | {"c": LINE["c"]._replace(claims=claims)}
    assert kinds(judged(files(events))) == ["error unopened-actor"]
    odd = LINE | {"c": LINE["c"]._replace(claims={"approved_by": "Bob"}, details={"by": 7})}
    assert kinds(judged(files(odd))) == []
    details = {"removed": [BOB, None]}
    erased = dict(events)
    erased["d"] = event("d", "c", total=4, type="redacted", details=details)
    assert kinds(judged(files(erased))) == []
    open_ = files(erased, people={ADA: "Ada", BOB: "Bob"})
    assert kinds(judged(open_)) == ["warning still-opened"]
    for wrong in ({}, {"removed": BOB}):
        erased["d"] = erased["d"]._replace(details=wrong)
        assert kinds(judged(files(erased))) == ["error unopened-actor"]


def test_nobody_acts_after_his_erasure() -> None:
    erasure: dict[str, Any] = {"type": "redacted", "details": {"removed": [BOB]}, "actor": BOB}
    events = counted(
        event("a", actor=BOB), event("b", "a", **erasure), event("c", "a", actor=BOB),
        event("d", "b", "c"), event("e", "d", actor=BOB),
    )  # fmt: skip
    (found,) = judged(files(events)).breaches
    assert (found.kind, found.event) == ("erased-actor", "e")
    assert "event b before it" in found.message


def test_forks() -> None:
    merged = frozenset({("b", "c")})
    commit = Added("c" * 40, 1_767_603_600, 1_767_603_600, "Ada <a@x>")
    past = Past(dict.fromkeys(FORK, commit), merged=merged)
    assert kinds(judged(files(FORK), past)) == ["note fork"]
    new = judged(files(FORK), past._replace(added={"a": commit, "b": commit}, merged=frozenset()))
    assert (new.new, "not committed" in new.breaches[0].message) == (1, True)
    assert list(chain.of_forks((), frozenset(), frozenset())) == []


def commit(name: str, at: str, author: str = "Ada <a@x>", *, cut: bool = False) -> Added:
    seconds = int(chain.seconds(at))
    return Added(name, seconds, seconds, author, cut)


NOW = "2026-01-05T09:00:00Z"


def test_removed_and_changed_in_history() -> None:
    added = {name: commit("c1", NOW) for name in (*LINE, "gone", "lost", "ff" * 32)}
    undone = (
        Undone("gone", "D", "c2"), Undone("b", "D", "c2"), Undone("c", "M", "c3"),
        Undone("ff" * 32, "M", "c4"),
    )  # fmt: skip
    flaws = (Flaw("changed-event", event_path("ff" * 32)),)
    found = chain_past.of_past(files(LINE, flaws=flaws), ancestry(LINE), Past(added, undone))
    assert sorted((b.severity, b.kind, b.event[:4], "merge" in b.message) for b in found) == [
        ("error", "removed-event", "gone", False),
        ("error", "removed-event", "lost", True),
        ("error", "rewritten-event", "ffff", False),
        ("warning", "rewritten-event", "b", False),
        ("warning", "rewritten-event", "c", False),
    ]


def times(events: dict[str, Event], past: Past) -> list[str]:
    return [b.kind for b in chain_past.of_past(files(events), ancestry(events), past)]


def test_times_against_commits() -> None:
    later, much = "2026-01-05T09:06:00Z", "2026-02-05T09:00:00Z"
    events = FORK | {"b": FORK["b"]._replace(at=much), "c": FORK["c"]._replace(at=later)}
    first = commit("c1", NOW)
    ok = {"a": first, "b": commit("c2", much), "c": commit("c3", later)}
    row = {"c1": (), "c2": ("c1",), "c3": ("c2",)}
    assert times(events, Past(ok, graph=row)) == []
    assert times(events, Past(ok | {"c": first})) == ["after-commit"]
    assert times(events, Past(ok | {"c": first._replace(cut=True)}, graph=row)) == []
    late = Past(ok | {"c": commit("c3", much)}, graph=row)
    (found,) = chain_past.of_past(files(events), ancestry(events), late)
    assert (found.kind, found.severity, found.event) == ("back-dated", "note", "c")
    assert "commit c3 added it more than a day later, upon event b" in found.message
    assert times(events, late._replace(graph={})) == []
    gone = late._replace(added={"gone": commit("c3", much), **late.added})
    assert times(events, gone) == ["removed-event", "back-dated"]
    same = events | {"b": events["b"]._replace(at=later)}
    assert times(same, Past(ok | {"c": commit("c3", much)}, graph=row)) == []


def test_only_what_a_commit_was_made_upon_counts_for_times() -> None:
    between, much = "2026-01-08T09:00:00Z", "2026-02-05T09:00:00Z"
    events = counted(*FORK.values(), event("d", "c"), event("e", "d"))  # the last: in no commit
    events["b"] = events["b"]._replace(at=between)
    added = {"a": commit("c1", NOW), "b": commit("c2", between)}
    squash = Past(added | dict.fromkeys("cd", commit("c3", much)))
    graphs = {
        "side by side": {"c1": (), "c2": ("c1",), "c3": ("c1",), "c4": ("c2", "c3")},
        "the other way": {"c1": (), "c3": ("c1",), "c2": ("c1",), "c4": ("c3", "c2")},
        "upon": {"c1": (), "c2": ("c1",), "c0": ("c2", "c1"), "c3": ("c0", "far")},
    }
    found = {name: times(events, squash._replace(graph=one)) for name, one in graphs.items()}
    assert found == {"side by side": [], "the other way": [], "upon": ["back-dated"]}
    past = squash._replace(graph=graphs["upon"])
    (one,) = chain_past.of_past(files(events), ancestry(events), past)
    assert "added 2 events like it" in one.message
    assert not chain_past.is_forked(ancestry(LINE))
    assert chain_past.is_forked(ancestry(events))


def test_who_committed() -> None:
    added = {
        "a": commit("c1", NOW, "Bob <b@x>"), "b": commit("c2", NOW, "Bob <b@x>"),
        "c": commit("c3", NOW),
    }  # fmt: skip
    known = chain_past.pairs(files(LINE), Past(added))
    (found,) = chain_past.of_authors(known)
    assert found.message == "2 events were written as Ada and committed by Bob <b@x>"
    some = Past({"a": added["a"], "b": added["b"]._replace(cut=True), "gone": added["c"]})
    (found,) = chain_past.of_authors(chain_past.pairs(files(LINE), some))
    assert found.message.startswith("1 event was")
    more = Past({"b": added["b"]})
    assert chain_past.pairs(files(LINE), more, chain_past.pairs(files(LINE), some)) == known
    assert chain_past.pairs(files(LINE, people={}), Past(added)) == ()


def test_which_commit_an_event_is_held_against() -> None:
    split: dict[str, Any] = {"subject": "split:x"}
    events = counted(
        event("a", **split), event("b", "a", **split), event("c", "b", **split),
        event("d", "c", details={"commit": "c0"}, **split), event("e", "d"),
        event("f", "e", **split), event("g", "f", subject="guideline:t", claims={"version": "1"}),
        event("h", "g", subject="guideline:t", claims={"version": "2"}),
    )  # fmt: skip
    added = {name: commit("c1" if name in "ab" else "c2", NOW) for name in "abcegh"}
    added["c"] = added["c"]._replace(cut=True)
    asked, unknown = chain_claims.asked(files(events), ancestry(events), Past(added))
    assert asked == {"b": "c1", "d": "c0", "g": "c2", "h": "c2"}
    assert unknown == {chain_claims.CUT: 1}
    assert chain_claims.asked(files(LINE), ancestry(LINE), Past())[1] == {}


def test_claims() -> None:
    right, wrong = Told("x", 1, 1), Told("the hash", "a" * 70, None)
    alike = (wrong,)  # many events share what a commit says
    unknown = Told("y", 1, None, "things that are far")
    states = [
        State("a", "c1", (right, unknown)),
        State("b", "c2", (wrong, Told("who", [], True))),
        State("c", "c3", alike, now=(right,)),
        State("c", "c3", alike, now=alike),
        State("c", "c3", (unknown,)),
        State("c", "c3"),
    ]
    found = [*chain_claims.of_states(states, files(LINE), {"c"})]
    assert [(b.event, b.severity) for b in found] == [
        ("b", "warning"), ("c", "warning"), ("c", "error"),
    ]  # fmt: skip
    assert "the hash is not there, the event says aaaa" in found[0].message
    assert "who is there, the event says empty" in found[0].message
    assert chain_claims.counted(states) == (4, {"things that are far": 2})


def anchor(heads: tuple[str, ...], total: int, **more: Any) -> Anchor:
    return Anchor("tag", f"labelmeta/{total}", "c1", heads, total, **more)


def test_anchors() -> None:
    nodes = ancestry(JOIN)
    good = [anchor(("d",), 4), anchor(("b", "c"), 3, held=("b", "c"))]
    assert kinds(chain_anchors.of_anchors(good, nodes)) == []
    bad = [
        anchor(("x",), 9), anchor(("d",), 5), anchor(("d",), 4, held=("c",)),
        anchor((), 1, fault="it says nothing"), Anchor("trailer", "c" * 40, "c1", ("x",), 1),
    ]  # fmt: skip
    assert kinds(chain_anchors.of_anchors(bad, nodes)) == [
        "error lost-head", "error anchor-mismatch", "error anchor-mismatch",
        "error unusable-anchor", "error lost-head",
    ]  # fmt: skip


def outside(wanted: Wanted, *anchors: Anchor, others: tuple[str, ...] = ()) -> list[str]:
    one = judged(files(JOIN))
    found = with_outside(one, ancestry(JOIN), Outside(anchors, anchors, others, 2), wanted)
    assert found.anchors == len(anchors) + 2
    return kinds(found)


def test_what_a_user_noted() -> None:
    assert outside(Wanted("d", 4)) == []
    assert outside(Wanted("x", 5)) == ["error lost-head", "error too-few-events"]
    assert outside(Wanted("x"), others=("xyz",)) == []


def test_signatures() -> None:
    signed = {"signature": "good", "signed": "ada"}
    asked = Wanted(signed=True)
    assert outside(asked) == ["error unsigned"]
    assert outside(asked, anchor(("d",), 4)) == ["error unsigned"]
    assert outside(asked, anchor(("d",), 4, **signed)) == []
    assert outside(asked, anchor(("a",), 1, **signed)) == ["warning unsigned"]
    assert outside(asked, anchor(("b", "c"), 3, **signed)) == ["warning unsigned"]
    assert outside(asked, anchor(("x",), 4, **signed)) == ["error lost-head", "error unsigned"]
    bad = anchor(("d",), 4, signature="bad")
    assert outside(asked, bad) == ["error bad-signature", "error unsigned"]


def test_an_earlier_verdict_is_carried_on() -> None:
    kept = Verdict(
        1, ("a",), "2026-01-01T00:00:00Z", "2026-01-02T00:00:00Z", claims=5, unchecked={"far": 2},
        breaches=(Breach("still-opened", "warning", "x", "y"),),
    )  # fmt: skip
    nodes = ancestry(LINE, {"a": 1})
    past = Past({name: commit("c1", NOW) for name in "bc"}, old=frozenset("a"))
    tips = chain.tips_of(LINE, nodes)
    found = verdict(files(LINE), nodes, tips, past, tuple, kept, frozenset())
    assert (found.total, found.kept, found.claims, found.unchecked) == (3, 1, 5, {"far": 2})
    assert (found.first, found.last) == ("2026-01-01T00:00:00Z", NOW)
    assert kinds(found) == ["warning still-opened"]


def test_nothing_at_all() -> None:
    found = judged(files({}))
    assert (found.total, found.heads, found.first, found.breaches) == (0, (), "", ())


def test_order_does_not_rest_on_counts_that_somebody_made_up() -> None:
    events = [event("a", "b", "c"), event("b", "d"), event("c", "b", "d"), event("d")]
    nodes = ancestry({one.hash: one for one in events})
    assert [*nodes] == ["d", "b", "c", "a"]
    assert nodes["a"].total == 4
