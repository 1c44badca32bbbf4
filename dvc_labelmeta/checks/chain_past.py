"""Whether Git's history agrees with the events: none changed or removed, by whom, and when."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from dvc_labelmeta.checks.ancestry import Node
from dvc_labelmeta.checks.chain import RESTORE, TOLERANCE, seconds
from dvc_labelmeta.model.chain import Breach, Files, Pair, Past
from dvc_labelmeta.model.event import PEOPLE, event_path, utc

DAY = 86_400


def of_past(files: Files, nodes: Mapping[str, Node], past: Past) -> Iterator[Breach]:
    """Yield where the history of the files is not that of a ledger; see also `of_authors`."""
    yield from _removed(files, past)
    yield from _changed(files, past)
    yield from _late(files, nodes, past)
    yield from _early(files, nodes, past)


def _removed(files: Files, past: Past) -> Iterator[Breach]:
    """Yield which events Git's history holds and the ledger does not; `git revert` does that."""
    by = {one.hash: one.commit for one in past.undone if one.letter == "D"}
    flawed = {flaw.path for flaw in files.flaws}
    for hash_ in sorted(past.added.keys() - files.events.keys()):
        path, since = event_path(hash_), past.added[hash_].commit
        if path in flawed:
            continue
        where = f"commit {by[hash_][:12]} removed it" if hash_ in by else "a merge left it out"
        if hash_ not in by:
            where += ", or it was removed and that is not committed yet"
        message = f"is not there; commit {since[:12]} added it, {where}"
        fix = f"git checkout {since[:12]} -- {path}, then mend the markers that verify names"
        yield Breach("removed-event", "error", path, message, fix, hash_)


def _changed(files: Files, past: Past) -> Iterator[Breach]:
    for one in past.undone:
        intact = one.hash in files.events
        if one.letter == "D" and not intact:
            continue  # told above
        verb = "removed" if one.letter == "D" else "changed"
        state = "it is as it was written again" if intact else "it is not what it was"
        yield Breach(
            "rewritten-event",
            "warning" if intact else "error",
            event_path(one.hash),
            f"was {verb} by commit {one.commit[:12]}; {state}",
            f"ask the author of the commit: git show {one.commit[:12]}" if intact else RESTORE,
            one.hash,
        )


def _late(files: Files, nodes: Mapping[str, Node], past: Past) -> Iterator[Breach]:
    """Yield which events say a time after that of the commit that added them."""
    limits: dict[str, str] = {}  # many events have the same commit
    for hash_, added in past.added.items():
        if hash_ not in nodes or added.cut:
            continue
        if added.commit not in limits:
            limits[added.commit] = utc(added.committed + TOLERANCE)
        at = files.events[hash_].at
        if at > limits[added.commit]:
            yield Breach(
                "after-commit",
                "warning",
                event_path(hash_),
                f"says {at}, which is later than commit {added.commit[:12]} that holds it: a "
                "clock was wrong, or a time was made up",
                "ask its author, or whoever committed it",
                hash_,
            )


def old_when_added(files: Files, nodes: Mapping[str, Node], past: Past) -> dict[str, list[str]]:
    """Return the events that are more than a day older than the commit that added them, by it."""
    limits: dict[str, str] = {}
    found: dict[str, list[str]] = {}
    for hash_, added in past.added.items():
        if hash_ not in nodes or added.cut:
            continue
        if added.commit not in limits:
            limits[added.commit] = utc(added.authored - DAY)
        if files.events[hash_].at < limits[added.commit]:
            found.setdefault(added.commit, []).append(hash_)
    return found


def is_forked(nodes: Mapping[str, Node]) -> bool:
    """Whether any event does not follow another one: else no time can hide among others."""
    return any(node.chain for node in nodes.values())


def _early(files: Files, nodes: Mapping[str, Node], past: Past) -> Iterator[Breach]:
    """Yield which commits added old events beside later ones that were committed before.

    A squashed branch looks so, too, so it is a note. Only what the commit was made upon counts:
    that is the same whatever else was merged since, in whatever order.
    """
    old = old_when_added(files, nodes, past) if past.graph else {}
    upon = _upon(nodes, past) if old else {}
    for commit, hashes in old.items():
        later = {
            hash_: head
            for hash_ in hashes
            for head in upon.get(commit, ())
            if not nodes[hash_].holds(nodes[head])
            and seconds(files.events[head].at) > seconds(files.events[hash_].at) + TOLERANCE
        }
        if later:
            first = min(later, key=lambda hash_: (files.events[hash_].at, hash_))
            told = f"{len(later)} events like it" if len(later) > 1 else "it"
            yield Breach(
                "back-dated",
                "note",
                event_path(first),
                f"says {files.events[first].at}, but commit {commit[:12]} added {told} more than a "
                f"day later, upon event {later[first][:12]}, which is later and which it does not "
                "follow: a branch was squashed into one commit, or it was back-dated",
                "nothing to do where the commit is a branch that was squashed; else ask its author",
                first,
            )


def _upon(nodes: Mapping[str, Node], past: Past) -> dict[str, list[str]]:
    """Return the last events of all commits before each commit."""
    own: dict[str, list[str]] = {}
    for hash_ in nodes:  # parents before children
        if hash_ in past.added:
            own.setdefault(past.added[hash_].commit, []).append(hash_)
    upon: dict[str, list[str]] = {}
    last: dict[str, list[str]] = {}
    for commit, parents in past.graph.items():
        upon[commit] = _last(nodes, (h for parent in parents for h in last.get(parent, ())))
        last[commit] = _last(nodes, [*upon[commit], *own.get(commit, ())])
    return upon


def _last(nodes: Mapping[str, Node], hashes: Iterable[str]) -> list[str]:
    """Return those events that none of the others follows."""
    found: list[str] = []
    for hash_ in dict.fromkeys(hashes):
        node = nodes[hash_]
        if not any(nodes[other].holds(node) for other in found):
            found = [*(other for other in found if not node.holds(nodes[other])), hash_]
    return found


def pairs(files: Files, past: Past, kept: Iterable[Pair] = ()) -> tuple[Pair, ...]:
    """Return whose events were committed by others, together with those that are known."""
    found = {one[:2]: one for one in kept}
    for hash_, added in past.added.items():
        one = files.events.get(hash_)
        if one is None or added.cut:
            continue
        name = files.people.get(one.actor, "")
        if name and name not in {added.author, added.author.partition(" <")[0]}:
            known = found.get((name, added.author), Pair(name, added.author, 0, hash_))
            least = min(known.hash, hash_)  # the same one in whatever order they come
            found[name, added.author] = known._replace(events=known.events + 1, hash=least)
    return tuple(found[key] for key in sorted(found))


def of_authors(found: Iterable[Pair]) -> Iterator[Breach]:
    """Yield whose events were committed by others: one note for each two persons."""
    for one in found:
        told = "event was" if one.events == 1 else "events were"
        yield Breach(
            "other-author",
            "note",
            PEOPLE,
            f"{one.events} {told} written as {one.name} and committed by {one.author}",
            "nothing to do where both are one person, or one committed for the other; only a "
            "signature shows who wrote",
            one.hash,
        )
