"""Whether Git's history agrees with the events: none changed or removed, by whom, and when."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping

from dvc_labelmeta.checks.ancestry import Node
from dvc_labelmeta.checks.chain import RESTORE, TOLERANCE, seconds
from dvc_labelmeta.model.chain import Added, Breach, Files, Past
from dvc_labelmeta.model.event import PEOPLE, event_path, utc

DAY = 86_400


def of_past(files: Files, nodes: Mapping[str, Node], past: Past) -> Iterator[Breach]:
    """Yield where the history of the files is not that of a ledger."""
    yield from _removed(files, past)
    yield from _changed(files, past)
    yield from _times(files, nodes, past)
    yield from _authors(files, past)


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


def _times(files: Files, nodes: Mapping[str, Node], past: Past) -> Iterator[Breach]:
    """Yield which times do not fit those of the commits."""
    known = [(added, hash_) for hash_, added in past.added.items() if hash_ in nodes]
    latest = max(past.before, key=lambda hash_: files.events[hash_].at, default="")
    early, late, commit = "", "", ""
    # by the time of the commits: Git's order of branches is another one when merged the other way
    for added, hash_ in sorted(known, key=lambda pair: _turn(pair[0], nodes[pair[1]])):
        one = files.events[hash_]
        if not added.cut:
            if added.commit != commit:  # many events have the same one
                commit = added.commit
                early, late = utc(added.authored - DAY), utc(added.committed + TOLERANCE)
            if one.at > late:
                yield _late(hash_, one.at, added)
            if one.at < early and latest and not nodes[hash_].holds(nodes[latest]):
                other = files.events[latest]
                if seconds(other.at) > seconds(one.at) + TOLERANCE:
                    yield _early(hash_, one.at, added, latest)
        if not latest or one.at >= files.events[latest].at:
            latest = hash_


def _turn(added: Added, node: Node) -> tuple[int, int, int]:
    return added.committed, added.order, node.total


def _late(hash_: str, at: str, added: Added) -> Breach:
    return Breach(
        "after-commit",
        "warning",
        event_path(hash_),
        f"says {at}, which is later than commit {added.commit[:12]} that holds it: a clock was "
        "wrong, or a time was made up",
        "ask its author, or whoever committed it",
        hash_,
    )


def _early(hash_: str, at: str, added: Added, other: str) -> Breach:
    return Breach(
        "back-dated",
        "warning",
        event_path(hash_),
        f"says {at}, but commit {added.commit[:12]} added it more than a day later, and it does "
        f"not follow event {other[:12]}, which is later and was committed before: it was "
        "back-dated, or its commits were squashed or rebased",
        "ask its author, or whoever committed it",
        hash_,
    )


def _authors(files: Files, past: Past) -> Iterator[Breach]:
    """Yield whose events were committed by others: one note for each two persons."""
    pairs: Counter[tuple[str, str]] = Counter()
    example: dict[tuple[str, str], str] = {}
    for hash_, added in past.added.items():
        one = files.events.get(hash_)
        if one is None or added.cut:
            continue
        name = files.people.get(one.actor, "")
        if name and name not in {added.author, added.author.partition(" <")[0]}:
            pair = name, added.author
            pairs[pair] += 1
            example.setdefault(pair, hash_)
    for (name, author), count in sorted(pairs.items()):
        told = "event was" if count == 1 else "events were"
        yield Breach(
            "other-author",
            "note",
            PEOPLE,
            f"{count} {told} written as {name} and committed by {author}",
            "nothing to do where both are one person, or one committed for the other; only a "
            "signature shows who wrote",
            example[name, author],
        )
