"""A migration file as a frozen value: how labels made under one version become those of the next.

Label maps have the column names of SSSOM (https://mapping-commons.github.io/sssom/).
"""

from __future__ import annotations

import posixpath
from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import Any, NamedTuple

from dvc_labelmeta.model.guideline import in_order

# SKOS: the object means the same; the object is broader, so all items go there; nearly the same,
# so a person looks; narrower or only related, so nobody can say which items go there
PREDICATES = (
    "skos:exactMatch",
    "skos:broadMatch",
    "skos:closeMatch",
    "skos:narrowMatch",
    "skos:relatedMatch",
)
CERTAIN = frozenset(PREDICATES[:3])
CLOSE = "skos:closeMatch"

# fields that the migration itself writes, or that say which record it is
KEPT = frozenset(
    {
        "id", "item", "layer", "guideline_id", "guideline_version", "guideline_commit",
        "guideline_version_source", "supersedes", "migrated_from",
    }
)  # fmt: skip
BACKFILLED = "backfilled"


class LabelMap(NamedTuple):
    """One line of a map of labels: the items of `subject_id` get `object_id`."""

    subject_id: str
    predicate_id: str
    object_id: str
    mapping_justification: str
    comment: str = ""


class ValueMap(NamedTuple):
    """One value of one field: it goes, and `to` (field: value) takes its place.

    Fields are those of the record; `value.Tense` is a key within one. No `to`: the value goes.
    """

    field: str
    value: Any
    to: Mapping[str, Any]
    comment: str = ""


class Listed(NamedTuple):
    """Records that no rule can carry over, by their label or by a clause that they cite.

    state: relabel (a person must do it again) or review (carried over, a person looks).
    """

    state: str
    by: str
    id: str
    reason: str


class Migration(NamedTuple):
    """How records of version `previous` become records of version `current`.

    path: of the file from the root, "" for a step without one. moves: field -> field, whatever its
    value. constants: put into every record; backfill: only where the field is absent. items: old
    item -> new item, or `items_file`, a CSV file of two columns beside this one.
    labels_after: the labels of `current`, None where they are not known. task: of `current`.
    """

    path: str
    previous: str
    current: str
    labels: tuple[LabelMap, ...] = ()
    values: tuple[ValueMap, ...] = ()
    moves: Mapping[str, str] = MappingProxyType({})
    constants: Mapping[str, Any] = MappingProxyType({})
    backfill: Mapping[str, Any] = MappingProxyType({})
    items: Mapping[str, str] = MappingProxyType({})
    items_file: str = ""
    listed: tuple[Listed, ...] = ()
    labels_after: frozenset[str] | None = None
    task: str = ""


def migrations_folder(path: str, id_: str) -> str:
    """Return where the migrations of a guideline are: beside it, never in it."""
    return posixpath.join(posixpath.dirname(path), f"{id_}.migrations")


def migration(path: str, value: Mapping[str, Any]) -> Migration:
    """Build a Migration from what the file at `path` (from the root) holds, fit for its schema."""
    return Migration(
        path,
        value["from"],
        value["to"],
        tuple(LabelMap(**_columns(one)) for one in value.get("labels", ())),
        tuple(
            ValueMap(one["field"], one["from"], one.get("to", {}), one.get("comment", ""))
            for one in value.get("values", ())
        ),
        value.get("moves", {}),
        value.get("constants", {}),
        value.get("backfill", {}),
        value.get("items", {}),
        value.get("items_file", ""),
        tuple(
            Listed(state, by, one[by], one["reason"])
            for state in ("relabel", "review")
            for one in value.get(state, ())
            for by in ("label", "cites")
            if by in one
        ),
    )


def _columns(one: Mapping[str, str]) -> dict[str, str]:
    return {name: one[name] for name in LabelMap._fields if name in one}


def label_map(
    steps: Iterable[Migration], previous: str, current: str
) -> dict[str, tuple[str, ...]]:
    """Return what migrations between two versions make of labels: previous id -> current ids.

    A version that no migration leads to keeps the labels of the one before. A label that is sent
    to one other by no certain predicate is left out: what becomes of its items nobody said.
    """
    found: dict[str, tuple[str, ...]] = {}
    target, chain = in_order(current), list[Migration]()
    for one in sorted(steps, key=lambda step: in_order(step.current), reverse=True):
        if in_order(previous) <= in_order(one.previous) and in_order(one.current) <= target:
            chain.append(one)
            target = in_order(one.previous)
    for one in reversed(chain):
        said = _said(one)
        found = {
            id_: tuple(
                dict.fromkeys(
                    new for mid in found.get(id_, (id_,)) for new in said.get(mid, (mid,))
                )
            )
            for id_ in (*found, *(id_ for id_ in said if id_ not in found))
        }
    return found


def _said(step: Migration) -> dict[str, tuple[str, ...]]:
    lines: dict[str, list[LabelMap]] = {}
    for line in step.labels:
        lines.setdefault(line.subject_id, []).append(line)
    return {
        id_: tuple(dict.fromkeys(line.object_id for line in said))
        for id_, said in lines.items()
        if len(said) > 1 or said[0].predicate_id in CERTAIN
    }


def faults(value: Mapping[str, Any]) -> list[tuple[tuple[str | int, ...], str]]:
    """Say what a file that fits its schema still gets wrong: (where, what)."""
    wrong: list[tuple[tuple[str | int, ...], str]] = [
        ((part, name), f"{part}.{name}: a migration cannot change {name}")
        for part in ("constants", "backfill")
        for name in value.get(part, {})
        if name.split(".")[0] in KEPT
    ]
    wrong += [
        (("moves", old), f"moves.{old}: a migration cannot change {name}")
        for old, new in value.get("moves", {}).items()
        for name in (old, new)
        if name.split(".")[0] in KEPT
    ]
    for at, one in enumerate(value.get("values", ())):
        for name in (one["field"], *one.get("to", {})):
            if name.split(".")[0] in KEPT:
                wrong.append((("values", at), f"values: a migration cannot change {name}"))
    for state in ("relabel", "review"):
        for at, one in enumerate(value.get(state, ())):
            if ("label" in one) == ("cites" in one):
                wrong.append(((state, at), f"{state}: give label or cites, one of them"))
    items = value.get("items", {})
    if items and "items_file" in value:
        wrong.append((("items_file",), "items_file: give items or items_file, one of them"))
    if len(set(items.values())) < len(items):
        wrong.append((("items",), "items: two items would become one"))
    if value["from"] == value["to"]:
        wrong.append((("to",), "to: is the version that it comes from"))
    return wrong
