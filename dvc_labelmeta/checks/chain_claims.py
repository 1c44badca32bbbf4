"""Whether events say of splits and guidelines what Git and DVC said when they were committed."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence

from dvc_labelmeta.checks.ancestry import Node
from dvc_labelmeta.model.chain import Breach, Files, Past, State, Told
from dvc_labelmeta.model.event import event_path

CUT = "events whose commit this shallow clone does not hold"
DATED = ("split:", "stage:")  # of which a commit holds the state, whenever that was told
CHECKABLE = ("split:", "guideline:", "stage:")


def asked(
    files: Files, nodes: Mapping[str, Node], past: Past
) -> tuple[dict[str, str], dict[str, int]]:
    """Return which commit each event is to be held against, and how many have none, by reason.

    Of the events of a subject in one commit only the last one, and of each version of a guideline:
    it holds nothing else. An event of a split or a run that was told later names its commit itself.
    What came with another commit changes nothing of that: it may come after this verification.
    """
    last: dict[tuple[str, str, str, str], str] = {}
    unknown = 0
    for hash_ in nodes:
        one, added = files.events[hash_], past.added.get(hash_)
        told = one.details.get("commit") if one.subject.startswith(DATED) else None
        key = one.subject, str(one.claims.get("version", ""))
        if not one.subject.startswith(CHECKABLE):
            continue
        by = added.commit if added is not None else ""
        if isinstance(told, str):
            last[(told, by, *key)] = hash_
        elif added is not None and added.cut:
            unknown += 1
        elif added is not None:
            last[(by, by, *key)] = hash_
    found = {hash_: commit for (commit, *_), hash_ in last.items()}
    return found, {CUT: unknown} if unknown else {}


def disagrees(parts: Iterable[Told]) -> list[Told]:
    """Return the parts of a claim of which the commit says something else."""
    return [part for part in parts if not part.unknown and part.found != part.claimed]


def disagreeing(states: Sequence[State]) -> Iterator[tuple[State, list[Told]]]:
    """Yield the states that do not bear their events out, and in which parts; many share theirs."""
    known: dict[int, list[Told]] = {}
    for state in states:
        key = id(state.parts)
        if key not in known:
            known[key] = disagrees(state.parts)
        if known[key]:
            yield state, known[key]


def counted(states: Sequence[State]) -> tuple[int, Counter[str]]:
    """Return how many events were held against a commit, and why others were not, or in part."""
    checked, unchecked = 0, Counter[str]()
    for state in states:
        why = {part.unknown for part in state.parts}
        checked += "" in why
        unchecked.update(why - {""})
    return checked, unchecked


def of_states(states: Sequence[State], files: Files, tips: Collection[str]) -> Iterator[Breach]:
    """Yield which events say something else than their commit did.

    An error while it is the last word on its subject, and the newest commit does not agree either.
    """
    for state, wrong in disagreeing(states):
        one = files.events[state.hash]
        later = state.hash not in tips
        mended = state.now is not None and not disagrees(state.now)
        what = "; ".join(_told(part) for part in wrong)
        then = ""
        fix = "where the event is wrong, labelmeta ledger record adds one that says what is true"
        if later:
            then = "; a later event of the same subject took its place"
            fix = "if that was a mistake, nothing is left to mend"
        elif mended:
            then = "; a later commit says what the event says"
        yield Breach(
            "wrong-claim",
            "warning" if later or mended else "error",
            event_path(state.hash),
            f"{one.type} {one.subject.partition(':')[2]}: in commit {state.commit[:12]}, "
            f"{what}{then}",
            f"look at the commit: git show {state.commit[:12]}; {fix}",
            state.hash,
        )


def _told(part: Told) -> str:
    return f"{part.what} is {_shown(part.found)}, the event says {_shown(part.claimed)}"


def _shown(value: object) -> str:
    named = {None: "not there", True: "there", False: "not there"}
    if value is None or isinstance(value, bool):
        return named[value]
    text = ", ".join(map(str, value)) if isinstance(value, list) else str(value)
    return (text if len(text) <= 60 else text[:57] + "...") or "empty"
