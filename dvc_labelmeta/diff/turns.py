"""Labels that became others: what a declared map, `replaced_by` and `carves_from` say together."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from dvc_labelmeta.diff.operation import ABSENT
from dvc_labelmeta.diff.text import same

Label = Mapping[str, Any]
Labels = Mapping[str, Label]

MEANING = ("definition", "use_when", "avoid_when")


class Turn(NamedTuple):
    """A connected part of the map from previous labels to current ones.

    rule: LABEL_RENAMED, LABEL_MERGED, LABEL_SPLIT or LABEL_REORGANISED.
    """

    rule: str
    old: tuple[str, ...]
    new: tuple[str, ...]


class _Arc(NamedTuple):
    """One line of the map; partial: only some items of the old label go to the new one."""

    old: str
    new: str
    partial: bool


def standing(label: Label) -> str:
    """Return a label's status; none given means active."""
    return str(label.get("status", "active"))


def same_meaning(before: Label, after: Label) -> bool:
    """Tell whether two labels are defined alike, up to format."""
    return all(same(before.get(key, ABSENT), after.get(key, ABSENT)) for key in MEANING)


def turns(before: Labels, after: Labels, declared: Mapping[str, Sequence[str]]) -> tuple[Turn, ...]:
    """Return which labels became which others; without a declaration none.

    before, after: labels by id. declared: previous id -> current ids. Ids that are not there are
    passed over.
    """
    arcs = [arc for id_ in before for arc in _arcs(id_, before, after, declared)]
    return tuple(_turn(part, before, after) for part in _parts(arcs))


def contradicted(
    before: Labels, after: Labels, declared: Mapping[str, Sequence[str]]
) -> tuple[str, ...]:
    """Return the labels that the map sends elsewhere while their id goes on with a new meaning."""
    return tuple(
        id_
        for id_, label in before.items()
        if id_ in after
        and standing(after[id_]) == "active"
        and id_ not in declared.get(id_, (id_,))
        and not same_meaning(label, after[id_])
    )


def _arcs(
    id_: str, before: Labels, after: Labels, declared: Mapping[str, Sequence[str]]
) -> list[_Arc]:
    """Return the lines of the map that start at a label.

    A label that goes on is mapped only where it is split and keeps a part. A label that was taken
    out or retired is mapped by the declared map, else by `replaced_by`, else in part by labels
    that now carve from it.
    """
    was, now = standing(before[id_]), standing(after[id_]) if id_ in after else "retired"
    targets = [new for new in dict.fromkeys(declared.get(id_, ())) if new in after]
    if now == "active" and (id_ not in targets or len(targets) < 2):
        return []
    gone = now == "retired" and (was != "retired" or id_ not in after)
    if gone and id_ not in declared:
        heir = {**before[id_], **after.get(id_, {})}.get("replaced_by", id_)
        targets = [heir] if heir in after and heir != id_ else []
    takers = [
        new
        for new, label in after.items()
        if gone
        and id_ in label.get("carves_from", ())
        and id_ not in before.get(new, {}).get("carves_from", ())
    ]
    return [_Arc(id_, new, partial=False) for new in targets] + [
        _Arc(id_, new, partial=True) for new in takers if new not in targets
    ]


def _parts(arcs: list[_Arc]) -> list[list[_Arc]]:
    """Return the connected parts of a map."""
    parts: dict[tuple[str, str], list[_Arc]] = {}
    for arc in arcs:
        one = parts.setdefault(("old", arc.old), [])
        two = parts.setdefault(("new", arc.new), one)
        if one is not two:
            two += one
            parts.update({end: two for a in one for end in (("old", a.old), ("new", a.new))})
            parts["old", arc.old] = two
        two.append(arc)
    return list({id(part): part for part in parts.values()}.values())


def _turn(part: list[_Arc], before: Labels, after: Labels) -> Turn:
    old = tuple(dict.fromkeys(arc.old for arc in part))
    new = tuple(dict.fromkeys(arc.new for arc in part))
    partial = any(arc.partial for arc in part)
    if len(old) == 1 and (partial or len(new) > 1):
        return Turn("LABEL_SPLIT", old, new)
    if partial or len(new) > 1:
        return Turn("LABEL_REORGANISED", old, new)
    if len(old) > 1 or new[0] in before:
        return Turn("LABEL_MERGED", old, new)
    if old[0] in after and not same_meaning(before[old[0]], after[new[0]]):
        return Turn("LABEL_REORGANISED", old, new)
    return Turn("LABEL_RENAMED", old, new)
