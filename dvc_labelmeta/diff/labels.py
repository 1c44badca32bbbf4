"""Rules about labels: what became of each, and which annotations that concerns."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from dvc_labelmeta.diff.match import Kept, gained
from dvc_labelmeta.diff.operation import Edit, Operation, Touch
from dvc_labelmeta.diff.pair import Pair
from dvc_labelmeta.diff.turns import MEANING, Turn, contradicted, same_meaning, standing


def label_added(pair: Pair) -> Iterator[Operation]:
    """A label that takes nothing from others, or one that may be chosen again."""
    for edit in _newcomers(pair):
        if not _going_on(pair, edit.after.get("carves_from", ())):
            yield Operation("LABEL_ADDED", "label", (edit.path[1],), (edit,))
    for kept, edits in _standing(pair):
        if standing(kept.after) == "active":
            yield Operation("LABEL_ADDED", "label", (kept.id,), edits)


def label_added_carves(pair: Pair) -> Iterator[Operation]:
    """A label, new or not, takes items from labels that go on."""
    for edit in _newcomers(pair):
        if taken := _going_on(pair, edit.after.get("carves_from", ())):
            yield _carves(edit.path[1], edit, taken)
    for kept in pair.kept:
        for edit in kept.of("carves_from"):
            yield _carves(kept.id, edit, _going_on(pair, gained(edit)))


def label_removed(pair: Pair) -> Iterator[Operation]:
    """A label is taken out or retired, and nothing says what became of it."""
    mapped = _mapped(pair)
    gone = [(edit.path[1], (edit,)) for edit in _labels(pair.removed)]
    retired = [(k.id, edits) for k, edits in _standing(pair) if standing(k.after) == "retired"]
    for id_, edits in gone + retired:
        if id_ not in mapped:
            touches = (Touch("invalid", "label", (id_,)),)
            yield Operation("LABEL_REMOVED", "label", (id_,), edits, touches)


def label_deprecated(pair: Pair) -> Iterator[Operation]:
    """A label is kept for reading, and is not for new work."""
    for kept, edits in _standing(pair):
        if standing(kept.after) in {"deprecated", "draft"}:
            yield Operation("LABEL_DEPRECATED", "label", (kept.id,), edits)


def label_renamed(pair: Pair) -> Iterator[Operation]:
    """One id becomes one new id, by a declaration."""
    for turn in _turns(pair, "LABEL_RENAMED"):
        yield _turned(pair, turn, "mapped")


def label_merged(pair: Pair) -> Iterator[Operation]:
    """Labels become one, or a label goes into one that goes on."""
    for turn in _turns(pair, "LABEL_MERGED"):
        yield _turned(pair, turn, "mapped")


def label_split(pair: Pair) -> Iterator[Operation]:
    """A label becomes several: which, no map can say of an item."""
    for turn in _turns(pair, "LABEL_SPLIT"):
        yield _turned(pair, turn, "relabel")


def label_reorganised(pair: Pair) -> Iterator[Operation]:
    """Several labels become several others, or one another of another meaning."""
    for turn in _turns(pair, "LABEL_REORGANISED"):
        yield _turned(pair, turn, "relabel")


def label_id_reused(pair: Pair) -> Iterator[Operation]:
    """An id that stood for something else: in an earlier version, when retired, or by the map."""
    before, after = pair.labels
    again = [
        id_
        for id_, label in after.items()
        if id_ not in before
        and id_ in pair.used
        and standing(label) == "active"
        and not same_meaning(pair.used[id_], label)
        and pair.meanings.get(id_) not in {"kept", "typo"}
    ]
    revived = [
        kept.id
        for kept, _ in _standing(pair)
        if (standing(kept.before), standing(kept.after)) == ("retired", "active")
        and kept.of(*MEANING)
        and kept.meaning != "kept"
    ]
    for id_ in dict.fromkeys((*again, *revived, *contradicted(before, after, pair.declared))):
        touches = (Touch("invalid", "label", (id_,)),)
        yield Operation("LABEL_ID_REUSED", "label", (id_,), (), touches)


def _labels(edits: Iterable[Edit]) -> list[Edit]:
    return [edit for edit in edits if edit.path[0] == "labels"]


def _turns(pair: Pair, rule: str) -> list[Turn]:
    return [turn for turn in pair.turns if turn.rule == rule]


def _newcomers(pair: Pair) -> list[Edit]:
    """Return the labels that are new and that no other label became."""
    heirs = {id_ for turn in pair.turns for id_ in turn.new}
    return [edit for edit in _labels(pair.added) if edit.path[1] not in heirs]


def _mapped(pair: Pair) -> frozenset[str]:
    return frozenset(id_ for turn in pair.turns for id_ in turn.old)


def _standing(pair: Pair) -> list[tuple[Kept, tuple[Edit, ...]]]:
    """Return the labels that only changed their status, with the edits that say so."""
    mapped = _mapped(pair)
    return [
        (kept, kept.of("status", "replaced_by"))
        for kept in pair.kept
        if kept.block == "labels" and kept.of("status") and kept.id not in mapped
    ]


def _going_on(pair: Pair, ids: Iterable[str]) -> tuple[str, ...]:
    """Return those labels that both versions have."""
    before, after = pair.labels
    return tuple(id_ for id_ in dict.fromkeys(ids) if id_ in before and id_ in after)


def _carves(id_: str, edit: Edit, taken: tuple[str, ...]) -> Operation:
    return Operation(
        "LABEL_ADDED_CARVES", "label", (id_,), (edit,), (Touch("review", "label", taken),), taken
    )


def _turned(pair: Pair, turn: Turn, state: str) -> Operation:
    """Return the operation of a turn, with all the edits that make it."""
    removed = [edit for edit in _labels(pair.removed) if edit.path[1] in turn.old]
    changed = [
        edit
        for kept in pair.kept
        if kept.block == "labels" and kept.id in turn.old
        for edit in kept.of("id", "status", "replaced_by")
    ]
    added = [edit for edit in _labels(pair.added) if edit.path[1] in turn.new]
    others = _going_on(pair, (id_ for edit in added for id_ in edit.after.get("carves_from", ())))
    taken = tuple(id_ for id_ in others if id_ not in turn.old)
    review = (Touch("review", "label", taken),) if taken else ()
    touches = (Touch(state, "label", turn.old), *review)
    edits = (*removed, *changed, *added)
    return Operation(turn.rule, "label", turn.old, edits, touches, turn.new)
