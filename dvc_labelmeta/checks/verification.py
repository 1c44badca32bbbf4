"""The judgement of a whole ledger over what was read of it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

from dvc_labelmeta.checks import chain, chain_anchors, chain_claims, chain_past
from dvc_labelmeta.checks.ancestry import Node
from dvc_labelmeta.model.anchor import Anchor
from dvc_labelmeta.model.chain import Files, Past, State, Verdict


class Wanted(NamedTuple):
    """What a user asks for beyond what is judged in any case; see `ledger verify`."""

    head: str = ""
    least: int = 0
    signed: bool = False


def verdict(
    files: Files,
    nodes: Mapping[str, Node],
    tips: Mapping[str, Sequence[str]],
    past: Past,
    states: Callable[[], Sequence[State]],
    kept: Verdict,
    erased: frozenset[str],
) -> Verdict:
    """Return what came of a verification, anchors left out.

    tips: the last events of each subject. states: asked for last, as Git may be at work on it.
    kept: what an earlier one found, none of whose events is judged again. erased: see of_people.
    """
    heads = tuple(sorted(chain.heads_of(files.events)))
    judged = [one for hash_, one in files.events.items() if hash_ not in past.old]
    times = [*(one.at for one in judged), *filter(None, (kept.first, kept.last))]
    new = frozenset(one.hash for one in judged) - past.added.keys()
    whole = not files.flaws and all(nodes[hash_].whole for hash_ in heads)
    found = [
        *kept.breaches,
        *chain.of_files(files),
        *chain.of_chain(files, nodes),
        *chain.of_markers(files, tips, whole=whole),
        *chain.of_people(files, erased),
        *chain_past.of_past(files, nodes, past),
        *(chain.of_forks(heads, past.merged, new) if whole else ()),
    ]
    told = states()
    last = {hash_ for hashes in tips.values() for hash_ in hashes}
    pairs = chain_past.pairs(files, past, kept.pairs)
    found += chain_past.of_authors(pairs)
    found += chain_claims.of_states(told, files, last)
    checked, unchecked = chain_claims.counted(told)
    return Verdict(
        kept.total + len(judged),
        heads,
        min(times, default=""),
        max(times, default=""),
        len(new),
        kept.claims + checked,
        Counter(kept.unchecked) + unchecked,
        kept=kept.total,
        passing=any(state.now is not None for state in told),
        pairs=pairs,
        breaches=tuple(dict.fromkeys(found)),
    )


class Outside(NamedTuple):
    """What was written down outside the ledger of how far it went.

    anchors: all that are looked at. fresh: those that no earlier verification held against it.
    others: events that are there and stand at no place of the nodes. known: anchors that were
    found before and not read again.
    """

    anchors: Sequence[Anchor] = ()
    fresh: Sequence[Anchor] = ()
    others: Sequence[str] = ()
    known: int = 0


def with_outside(
    one: Verdict, nodes: Mapping[str, Node], outside: Outside, wanted: Wanted
) -> Verdict:
    """Add what anchors say, and what a user noted."""
    found = list(chain_anchors.of_anchors(outside.fresh, nodes))
    wrong = {breach.path for breach in found}
    found += chain_anchors.of_expected(wanted.head, [*nodes, *outside.others])
    found += chain_anchors.of_count(wanted.least, one.total)
    if wanted.signed:
        found += chain_anchors.of_signatures(outside.anchors, wrong, one.total)
    return one._replace(
        breaches=one.breaches + tuple(found),
        anchors=len(outside.anchors) + outside.known,
        signed=sum(map(chain_anchors.is_signed, outside.anchors)),
    )
