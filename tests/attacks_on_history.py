"""Attacks on the whole of a ledger: events left out, put in, in another order, a chain made anew."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Any

from dvc_labelmeta.model.event import HEADS, Event, event_path, person_path, value_of
from tests.attack import (
    LATER,
    PUSHES,
    REWRITES,
    WRITES,
    Attack,
    Target,
    amended,
    pushed,
    spread,
)
from tests.forgery import (
    Change,
    Commit,
    Tree,
    Value,
    contents,
    edited,
    filtered,
    forged,
    placed,
    rehashed,
    sealed,
)

REMOVED = "an event removed, `git revert`, left out by a merge"
FORGED = "a whole ledger forged, hashes and parents anew"
FORK = "an event that follows an old one, to hide later ones"
LOST = ("error lost-head",)
GONE = ("error removed-event",)
TRAILER = re.compile(r"Labelmeta-Ledger: .*")


def without(target: Target, *hashes: str) -> Tree:
    """Return the files without some events, the markers put right."""
    kept = {h: content for h, content in contents(target.files).items() if h not in hashes}
    return placed(target.files, kept)


def retold(commits: Sequence[Commit]) -> tuple[Commit, ...]:
    """Return a forged history whose trailers say what its ledger holds."""

    def message(one: Commit) -> str:
        heads = sorted(p.rpartition("/")[2] for p in one.files if p.startswith(HEADS))
        line = f"Labelmeta-Ledger: {','.join(heads)} {len(contents(one.files))}"
        return TRAILER.sub(line, one.message)

    return tuple(one if one.hash else one._replace(message=message(one)) for one in commits)


def rewritten(target: Target, attack: Attack, commits: Sequence[Commit]) -> Iterator[Attack]:
    """Yield a forged history whose anchors are left, and one whose anchors are forged as well."""
    name = f"{attack.name}, in all of history"
    start = attack._replace(who=REWRITES, commits=tuple(commits))
    yield start._replace(name=f"{name}, anchors left", found=LOST)
    gone = dict.fromkeys(target.tags)
    yield start._replace(
        name=f"{name}, anchors forged", found=(), commits=retold(commits), tags=gone, outside=LOST
    )


def of_drops(target: Target) -> Iterator[Attack]:
    """Yield events that are left out: in between, the first, the last; mended or not."""
    events = [one for one in target.events if one.type != "redacted"]
    for number in (0, 1, 3, 6, 9, 12, len(events) - 1):
        one = events[number]
        path = event_path(one.hash)
        last = number == len(events) - 1
        start = Attack(REMOVED, "", "event dropped", f"event {number}", GONE)
        broken = ("error missing-marker",) if last else ("error missing-parent",)
        if last:
            broken = ("error stray-marker",)
        yield from spread(target, start, {path: None}, broken)
        files = without(target, one.hash)
        start = start._replace(kind="event dropped, markers mended", who=PUSHES)
        yield start._replace(commits=pushed(target, files))
        new = rehashed(contents(target.files), _dropping(one))
        start = start._replace(kind="event dropped, chain hashed anew")
        yield start._replace(commits=pushed(target, forged(target.files, new)))
        commits = filtered(target.commits, lambda files, new=new: forged(files, new))
        yield from rewritten(target, start._replace(row=FORGED), commits)


def _dropping(one: Event) -> Change:
    def change(hash_: str, value: Value) -> Value | None:
        return None if hash_ == one.hash else value

    return change


def of_changes(target: Target) -> Iterator[Attack]:
    """Yield a chain that is hashed anew after one event was changed."""
    bob = next(one.actor for one in target.events if one.type == "audited")
    changes: dict[str, tuple[int, dict[str, Any]]] = {
        "note": (16, {"note": "All is well."}),
        "actor": (0, {"actor": bob}),
        "details": (16, {"details": {"rules": 99}}),
        "time": (16, {"at": "2026-01-13T08:59:59Z"}),
        "type": (16, {"type": "waived"}),
        "subject": (16, {"subject": "waiver:LM203:data/x.csv"}),
    }
    for name, (number, change) in changes.items():
        one = target.events[number]
        new = rehashed(
            contents(target.files),
            lambda hash_, value, one=one, change=change: (
                value | change if hash_ == one.hash else value
            ),
        )
        start = Attack(FORGED, PUSHES, "event changed, chain hashed anew", name, GONE)
        yield start._replace(commits=pushed(target, forged(target.files, new)))
        commits = filtered(target.commits, lambda files, new=new: forged(files, new))
        yield from rewritten(target, start, commits)
    last = target.events[-1]
    new = rehashed(
        contents(target.files),
        lambda hash_, value: value | {"note": "7"} if hash_ == last.hash else value,
    )
    files = forged(target.files, new)
    start = Attack(FORGED, REWRITES, "last commit amended, its event changed", "trailer left", LOST)
    yield start._replace(commits=amended(target, files))
    commits = retold(amended(target, files))
    yield start._replace(name="trailer forged", commits=commits, found=(), outside=LOST)


def of_order(target: Target) -> Iterator[Attack]:
    """Yield two events that changed places, the chain hashed anew."""
    notes = [one for one in target.events if one.type == "audited"]
    for number in range(len(notes) - 1):
        a, b = notes[number : number + 2]
        told = {a.hash: value_of(b), b.hash: value_of(a)}

        def change(hash_: str, value: Value, told: dict[str, Value] = told) -> Value:
            other = told.get(hash_, value)
            return other | {key: value[key] for key in ("parents", "count", "at")}

        new = rehashed(contents(target.files), change)
        start = Attack(FORGED, PUSHES, "events reordered", f"pair {number}", GONE)
        yield start._replace(commits=pushed(target, forged(target.files, new)))
        if a.at == b.at:  # else a commit would hold an event of a later one
            commits = filtered(target.commits, lambda files, new=new: forged(files, new))
            yield from rewritten(target, start, commits)


def of_tails(target: Target) -> Iterator[Attack]:
    """Yield ledgers whose last events are cut off."""
    ordered = sorted(target.events, key=lambda one: one.total)
    for length in (1, 2, 3, 4, 6, 9):
        hashes = [one.hash for one in ordered[-length:]]
        erased = any(one.type == "redacted" for one in ordered[-length:])
        files = without(target, *hashes)
        start = Attack(REMOVED, PUSHES, "tail cut off", f"{length} events, pushed", GONE)
        yield start._replace(commits=pushed(target, files))
        disk = {p: files.get(p) for p in target.files.keys() | files.keys()}
        disk = {p: one for p, one in disk.items() if one != target.files.get(p)}
        yield start._replace(who=WRITES, name=f"{length} events, on disk", disk=disk)
        commits = filtered(
            target.commits,
            lambda files, hashes=hashes: placed(
                files, {h: one for h, one in contents(files).items() if h not in hashes}
            ),
        )
        start = start._replace(name=f"{length} events")
        if not erased:
            yield from rewritten(target, start, commits)
    for back in (1, 2, 3, 4, 5):
        start = Attack(REMOVED, REWRITES, "branch set back", f"by {back} commits")
        commits = target.commits[:-back]
        anchored = LOST if back > 1 else ()  # a tag stands at the last commit but one
        yield start._replace(commits=commits, found=anchored, outside=LOST)
        if anchored:
            yield start._replace(
                name=f"{start.name}, tags removed",
                commits=commits,
                tags=dict.fromkeys(target.tags),
                outside=LOST,
            )


def crafted(target: Target, **more: Any) -> Value:
    """Return an event that could follow the last one, with other values."""
    last = max(target.events, key=lambda one: one.total)
    value = value_of(last) | {"parents": [last.hash], "count": last.total + 1}
    return {key: one for key, one in (value | more).items() if one is not None}


def with_events(target: Target, *values: Value) -> Tree:
    """Return the files with more events, the markers put right."""
    return placed(target.files, {**contents(target.files), **dict(map(sealed, values))})


def of_places(target: Target) -> Iterator[Attack]:
    """Yield new events that name the ones before them wrongly."""
    ordered = sorted(target.events, key=lambda one: one.total)
    head, before, first = ordered[-1].hash, ordered[-2].hash, ordered[0].hash
    total = len(ordered)
    parents, count, fork = (
        ("error wrong-parents",),
        ("error wrong-count",),
        ("warning fork",),
    )
    cases: list[tuple[str, str, dict[str, Any], tuple[str, ...]]] = [
        ("parents wrong", "twice the same", {"parents": [head, head]}, parents),
        ("parents wrong", "one before the other", {"parents": sorted([head, before])}, parents),
        ("parents wrong", "all the way back", {"parents": sorted([head, first])}, parents),
        ("parents wrong", "not in order", {"parents": sorted([head, first])[::-1]}, parents),
        ("parents wrong", "one that nobody has", {"parents": ["5" * 64]}, ("error missing-parent",)),
        ("parents wrong", "one more that nobody has", {"parents": sorted([head, "5" * 64])},
         ("error missing-parent",)),
        ("count wrong", "one more", {"count": total + 2}, count),
        ("count wrong", "one less", {"count": total}, count),
        ("count wrong", "very many", {"count": 10**18}, count),
        ("count wrong", "more digits than fit", {"count": 10**4000}, count),
        ("old event followed", "the first", {"parents": [first], "count": 2}, fork),
        ("old event followed", "the last but one", {"parents": [before], "count": total, "note": "7"},
         fork),
        ("old event followed", "none", {"parents": [], "count": 1}, fork),
    ]  # fmt: skip
    for kind, name, change, found in cases:
        row = FORK if kind.startswith("old") else CHAIN
        files = with_events(target, crafted(target, **change))
        start = Attack(row, PUSHES, kind, name, found)
        yield start._replace(commits=pushed(target, files))
        yield start._replace(who=REWRITES, commits=amended(target, files))
        hidden = edited(files, {path: None for path in files if path.endswith(head)})
        if row == FORK:  # as if the later ones were not there
            start = start._replace(name=f"{name}, without a marker of the other head")
            yield start._replace(commits=pushed(target, hidden), found=("error missing-marker",))


CHAIN = "an event that names what is before it wrongly"


def of_merges(target: Target) -> Iterator[Attack]:
    """Yield what Git itself does to ledgers: reverts, picks, one-sided merges, foreign histories."""
    commits = target.commits
    start = Attack(REMOVED, PUSHES, "", "")
    for number, one in enumerate(commits):
        new = contents(one.files).keys() - {
            hash_ for parent in one.parents for hash_ in contents(commits[parent].files)
        }
        if not new or len(one.parents) > 1:
            continue
        paths = {
            path: commits[one.parents[0]].files.get(path)
            for path in one.files
            if path.startswith("labelmeta/ledger/") and path[-69:-5] in new
        }
        files = edited(target.files, paths)
        yield start._replace(
            kind="commit reverted", name=f"{number}", found=GONE, commits=pushed(target, files)
        )
    (merge,) = [number for number, one in enumerate(commits) if len(one.parents) > 1]
    for side, parent in enumerate(commits[merge].parents):
        files = commits[parent].files
        forged_ = commits[merge]._replace(hash="", files=files)
        yield start._replace(
            kind="merge that takes one side",
            name=f"side {side}",
            found=GONE,
            commits=(*commits[:merge], forged_),
            tags=dict.fromkeys(target.tags),
        )
    for side, parent in enumerate(commits[merge].parents):
        other = commits[commits[merge].parents[1 - side]].files
        last = commits[-1].files
        picked = {h: c for h, c in contents(last).items() if h not in contents(other)}
        files = placed(other, picked)
        yield start._replace(
            row=CHAIN,
            kind="events picked from another branch",
            name=f"side {side}",
            found=("error missing-parent",),
            commits=(*commits[:merge], _onto(commits[merge], parent, files)),
            tags=dict.fromkeys(target.tags),
        )
    yield from _spliced(target)


def _onto(one: Commit, parent: int, files: Tree) -> Commit:
    return one._replace(hash="", parents=(parent,), files=files)


def _spliced(target: Target) -> Iterator[Attack]:
    """Yield two ledgers in one: of another project, and one that begins at the same time."""
    for name, at in (("older", "2026-01-02T09:00:00Z"), ("newer", "2026-01-14T10:00:00Z")):
        values: list[Value] = []
        for number in range(3):
            before = [sealed(values[-1])[0]] if values else []
            values.append(crafted(target, parents=before, count=number + 1, at=at, note=name))
        start = Attack(FORK, PUSHES, "two ledgers spliced", name, ("warning fork",))
        yield start._replace(commits=pushed(target, with_events(target, *values)))
    actor = target.events[0].actor
    files = edited(target.files, {person_path(actor): None})
    yield Attack(
        REMOVED, PUSHES, "person made unknown", "no redaction", ("error unopened-actor",),
        commits=pushed(target, files, seconds=LATER),
    )  # fmt: skip
