"""Two versions of a guideline side by side: all that the rules of a diff may ask."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from dvc_labelmeta.diff.match import (
    ASIDE,
    Block,
    Clauses,
    Given,
    Kept,
    clauses,
    differences,
    matched,
    parted,
    same_or_typo,
)
from dvc_labelmeta.diff.operation import ABSENT, BLOCKS, Content, Edit
from dvc_labelmeta.diff.text import same
from dvc_labelmeta.diff.turns import Turn, turns

Structure = Mapping[str, Any]

# a guideline that says nothing about confidence means the records' own scale
UNIT = {"scale": "unit"}

# what is labelled, and how
TASK = frozenset({"task", "modality", "scale"})
# what fields the records carry
CARRIED = frozenset({"required_fields", "optional_fields"})


class Pair(NamedTuple):
    """Two versions, with each place that differs in exactly one list of edits.

    meanings: what the author declared for this step, by clause. declared: the map of labels,
    previous id -> current ids; turns: what follows from it and from the labels themselves.
    kept, added, removed: clauses of blocks that differ. lists: blocks that came or went.
    fields, prose: edits of more than format. trivial: edits of format, of order and of texts
    that nobody decides by. used: labels of earlier versions by id, as they were last defined.
    """

    before: Content
    after: Content
    meanings: Mapping[str, str]
    declared: Mapping[str, Sequence[str]]
    used: Clauses
    labels: tuple[Clauses, Clauses]
    turns: tuple[Turn, ...]
    kept: tuple[Kept, ...]
    added: tuple[Edit, ...]
    removed: tuple[Edit, ...]
    lists: tuple[Edit, ...]
    fields: tuple[Edit, ...]
    prose: tuple[Edit, ...]
    trivial: tuple[Edit, ...]


def pair(
    before: Content, after: Content, declared: Mapping[str, Sequence[str]], used: Clauses
) -> Pair:
    """Lay two versions side by side.

    Where only one of them has a structure, it differs as a whole and is not compared.
    """
    both = before.structure is not None and after.structure is not None
    old, new = (before.structure or {}, after.structure or {}) if both else ({}, {})
    meanings = declarations(old, new)
    labels = clauses(old, "labels"), clauses(new, "labels")
    turned = turns(*labels, declared)
    given = _given(turned, meanings, labels)
    blocks = _blocks(old, new, turned, given)
    tops = [edit for edit in differences((), old, new) if edit.path[0] not in BLOCKS]
    fields, small = parted(tops, lambda edit: _trivial(edit, given, carried(old) == carried(new)))
    texts = differences(("prose",), before.prose, after.prose)
    prose, form = parted(texts, lambda edit: same_or_typo(edit, meanings.get(edit.path[1], "")))
    return Pair(
        before=before,
        after=after,
        meanings=meanings,
        declared=declared,
        used=used,
        labels=labels,
        turns=turned,
        kept=tuple(kept for block in blocks for kept in block.kept),
        added=tuple(edit for block in blocks for edit in block.added),
        removed=tuple(edit for block in blocks for edit in block.removed),
        lists=tuple(_lists(old, new)),
        fields=fields,
        prose=prose,
        trivial=(*(edit for block in blocks for edit in block.trivial), *small, *form),
    )


def _given(
    turned: tuple[Turn, ...], meanings: Mapping[str, str], labels: tuple[Clauses, Clauses]
) -> Given:
    heirs = {
        id_: turn.new[0]
        for turn in turned
        for id_ in turn.old
        if turn.rule in {"LABEL_RENAMED", "LABEL_MERGED"}
    }
    mapped = frozenset(id_ for turn in turned for id_ in turn.old)
    return Given(meanings, mapped, heirs, frozenset(labels[0].keys() & labels[1].keys()))


def _blocks(old: Structure, new: Structure, turned: tuple[Turn, ...], given: Given) -> list[Block]:
    """Return the blocks that differ; a renamed label is compared under both ids."""
    moved = {
        turn.new[0]: turn.old[0]
        for turn in turned
        if turn.rule == "LABEL_RENAMED" and turn.old[0] not in given.lasting
    }
    return [
        matched(
            block,
            clauses(old, block),
            clauses(new, block),
            moved if block == "labels" else {},
            given,
        )
        for block in BLOCKS
        if old.get(block) != new.get(block)
    ]


def declarations(old: Structure, new: Structure) -> dict[str, str]:
    """Return the meanings that `changes` declares for this step, by clause.

    What stood there before was said of an earlier step; the same words once more are new ones. A
    typo in a text whose meaning was kept, in one version or in versions passed over, leaves it
    kept; who otherwise says two things of one clause is taken at the worse: "changed".
    """
    said: dict[str, str] = {}
    before = list(old.get("changes", ()))
    for change in new.get("changes", ()):
        if change in before:
            before.remove(change)
        else:
            clause, meaning = change["clause"], change["meaning"]
            said[clause] = _stronger(said.get(clause, meaning), meaning)
    return said


def _stronger(one: str, other: str) -> str:
    """Return what two declarations about one clause say together."""
    if one == other:
        return one
    return "kept" if {one, other} == {"typo", "kept"} else "changed"


def _lists(old: Structure, new: Structure) -> list[Edit]:
    """Return an edit for each block that only one version has."""
    return [
        Edit((block,), () if block in old else ABSENT, () if block in new else ABSENT)
        for block in BLOCKS
        if (block in old) != (block in new)
    ]


def _trivial(edit: Edit, given: Given, carried_alike: bool) -> bool:
    """Tell whether no annotation depends on an edit of a field of guideline.yaml.

    A task that is written down for the first time is the one that was meant; one that is taken
    out is not, or it could be changed in two steps unseen.
    """
    field = edit.path[0]
    if field in TASK:
        return edit.before is ABSENT
    if field in CARRIED:
        return carried_alike
    if field == "confidence":
        return same(*(UNIT if value is ABSENT else value for value in (edit.before, edit.after)))
    if field == "decision_tree":
        leaves = edit._replace(before=_inherited(edit.before, given.heirs))
        return same_or_typo(leaves, given.meanings.get(field, ""))
    return field in ASIDE or field.startswith("x-")


def _inherited(tree: Any, heirs: Mapping[str, str]) -> Any:
    """Return a decision tree with each label under its current id."""
    if isinstance(tree, dict):
        return {key: _inherited(value, heirs) for key, value in tree.items()}
    if isinstance(tree, list):
        return [_inherited(value, heirs) for value in tree]
    return heirs.get(tree, tree) if isinstance(tree, str) else tree


def carried(structure: Structure) -> dict[str, str]:
    """Return what the guideline says of each field of the records: "optional" or "required"."""
    optional = dict.fromkeys(structure.get("optional_fields", ()), "optional")
    return optional | dict.fromkeys(structure.get("required_fields", ()), "required")


def there(content: Content) -> bool:
    """Tell whether there is anything to read."""
    return content.structure is not None or bool(content.prose)
