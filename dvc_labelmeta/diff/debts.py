"""What the author of a guideline change still owes, and the text that settles each debt."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

from dvc_labelmeta.diff.catalogue import bump
from dvc_labelmeta.diff.comparison import Comparison, least_number
from dvc_labelmeta.diff.impact import UNNAMED, LayerImpact, Together
from dvc_labelmeta.diff.operation import Operation, Touch
from dvc_labelmeta.model.guideline import semver
from dvc_labelmeta.model.migration import Migration

_PREDICATES = {"LABEL_RENAMED": "skos:exactMatch", "LABEL_MERGED": "skos:broadMatch"}
_UNSAID = ("DEF_CHANGED", "RULE_CHANGED", "EDGE_CASE_FLIPPED", "PROSE_CHANGED")
_DECIDED = "label"  # another label is another decision, whatever anybody says
_APPROVING = ("review", "audit")  # profiles that ask for an approval
_LEFT = {"relabel": "relabel", "invalid": "relabel", "review": "review"}
_WHY = {
    "relabel": "its meaning changed",
    "invalid": "the label is gone",
    "review": "it may be decided otherwise now",
}


class Debt(NamedTuple):
    """One thing to do. text: a sentence. path: the file to write `lines` in, "" for no file."""

    text: str
    path: str = ""
    lines: tuple[str, ...] = ()


class Impact(NamedTuple):
    """What the change of one guideline does to the splits linked to it, and what is owed for it.

    unread: a sidecar cannot be read, so that there may be more splits.
    """

    layers: tuple[LayerImpact, ...] = ()
    together: tuple[Together, ...] = ()
    owed: tuple[Debt, ...] = ()
    unread: bool = False


def debts(
    found: Comparison, layers: Sequence[LayerImpact], migration: str, profile: str
) -> tuple[Debt, ...]:
    """Return what the author owes.

    migration: the path of the file that has to say how records are carried over, "" where it is
    there or none is asked for.
    """
    owed = [*_owed(found)]
    if migration and _touched(layers):
        owed.append(_migration(found, migration))
    return (*owed, *_approval(found, profile))


def unsaid(found: Comparison) -> Debt | None:
    """Return what the author may say of rewordings that count as changes of meaning, if any."""
    clauses = [
        one.ids[0]
        for one in found.operations
        if one.rule in _UNSAID and not one.meaning
        if not (one.rule == "EDGE_CASE_FLIPPED" and any(e.path[-1] == _DECIDED for e in one.edits))
    ]
    if not clauses or found.step.current is None or found.step.current.structure is None:
        return None
    lines = (
        "changes:",
        *(
            f"  - {{clause: {json.dumps(one, ensure_ascii=False)}, meaning: kept}}"
            for one in clauses
        ),
    )
    return Debt(
        "reworded, and nobody says what became of the meaning: it counts as changed. If it is "
        "kept, say so (typo, kept, narrowed, widened or changed)",
        _file(found),
        lines,
    )


def gaps(found: Comparison, step: Migration) -> Iterator[Debt]:
    """Yield what a migration from the previous version to the current one gets wrong of labels."""
    sides = found.step.previous, found.step.current
    old, new = (side.structure if side else None for side in sides)
    if not (old and new and "labels" in old and "labels" in new):
        return
    before = {label["id"] for label in old["labels"]}
    usable = {label["id"] for label in new["labels"] if label.get("status") != "retired"}
    for line in step.labels:
        if line.subject_id not in before:
            yield Debt(f"{step.path} maps {line.subject_id}, which {step.previous} does not have")
        if line.object_id not in usable:
            yield Debt(
                f"{step.path} maps {line.subject_id} to {line.object_id}, which may not be chosen "
                f"in {step.current}"
            )
    said = {line.subject_id for line in step.labels}
    said |= {one.id for one in step.listed if one.by == "label"}
    said |= {one.value for one in step.values if one.field == "label"}
    touched = (touch for one in found.operations for touch in one.touches if touch.by == "label")
    gone = dict.fromkeys(id_ for touch in touched for id_ in touch.ids if id_ not in usable)
    unsaid_ = [id_ for id_ in gone if id_ not in said]
    if unsaid_ and "label" not in {*step.moves, *step.constants}:
        yield Debt(f"{step.path} does not say what becomes of {', '.join(unsaid_)}")
    yield from _unlisted(found, step)


def _unlisted(found: Comparison, step: Migration) -> Iterator[Debt]:
    """Yield a debt where records that rest on a clause decided otherwise would go on unseen."""
    listed = {one.id for one in step.listed if one.by == "cites"}
    again = (
        (touch, id_)
        for one in found.operations
        for touch in one.touches
        if touch.by == "cites" and touch.state == "relabel" and not touch.sample
        for id_ in touch.ids
        if id_ not in listed
    )
    entries = {id_: _entry(touch, id_) for touch, id_ in again}
    if entries:
        yield Debt(
            f"{step.path} does not say what becomes of records that cite {', '.join(entries)}: "
            "list them under `relabel:`, or under `review:`",
            step.path,
            ("relabel:", *entries.values()),
        )


def _touched(layers: Iterable[LayerImpact]) -> bool:
    """Whether records cannot go on as they are; those that could not be counted may be such."""
    return any(
        layer.fault not in {"", UNNAMED} or any(effect.states for effect in layer.effects)
        for layer in layers
    )


def _owed(found: Comparison) -> Iterator[Debt]:
    """Yield what is owed for the change itself; after re-used ids all is about the number."""
    new, number = found.step.current, target(found)
    reused = sum(bump(operation) == "forbidden" for operation in found.operations)
    for at, sentence in enumerate(found.owed):
        if at < reused or new is None or new.structure is None or number == new.number:
            yield Debt(sentence)
        else:
            yield Debt(sentence, _file(found), (f"version: {_quoted(number)}",))


def target(found: Comparison) -> str:
    """Return the version that the change should lead to: the declared one, where that will do."""
    old, new = found.step.previous, found.step.current
    if old is None or new is None or not found.owed or semver(new.number) is None:
        return new.number if new else ""
    if found.needed == "none" and not found.step.republished:
        return old.number
    least = least_number(old.number, found.needed)
    number = max(new.number, least, key=lambda one: semver(one) or ())
    return (
        least_number(number, "patch") if found.step.republished and number == new.number else number
    )


def _file(found: Comparison) -> str:
    new = found.step.current
    assert new is not None  # noqa: S101  # for the type checker: the callers ask
    return new.path if new.path.endswith((".yaml", ".yml")) else f"{new.path}/guideline.yaml"


def _migration(found: Comparison, path: str) -> Debt:
    old = found.step.previous
    assert old is not None  # noqa: S101  # for the type checker: else no record is touched
    lines = [
        "schema: labelmeta/migration/v1",
        f"from: {_quoted(old.number)}",
        f"to: {_quoted(target(found))}",
    ]
    maps = [
        line
        for one in found.operations
        if one.rule in _PREDICATES
        for id_ in one.touches[0].ids
        if id_ not in one.into
        for line in _map(id_, _PREDICATES[one.rule], one.into[0])
    ]
    lines += ["labels:", *maps] if maps else []
    for part in ("relabel", "review"):
        left = dict.fromkeys(_left(found.operations, part))
        lines += [f"{part}:", *left] if left else []
    return Debt(
        f"say in {path} how records are carried over (`labelmeta guideline migration "
        f"{found.step.id} --from {old.number}` begins it), then run `labelmeta migrate SPLIT`",
        path,
        tuple(lines),
    )


def _map(subject: str, predicate: str, object_: str) -> tuple[str, ...]:
    return (
        f"  - subject_id: {_quoted(subject)}",
        f"    predicate_id: {predicate}",
        f"    object_id: {_quoted(object_)}",
        "    mapping_justification: semapv:ManualMappingCuration",
    )


def _left(operations: Iterable[Operation], part: str) -> Iterator[str]:
    """Yield the entries for records that a person has to look at."""
    for operation in operations:
        for touch in operation.touches:
            if (
                _LEFT.get(touch.state) == part
                and touch.by in {"label", "cites"}
                and not touch.sample
            ):
                yield from (_entry(touch, id_) for id_ in touch.ids)


def _entry(touch: Touch, id_: str) -> str:
    return f"  - {{{touch.by}: {_quoted(id_)}, reason: {_WHY[touch.state]}}}"


def _quoted(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)


def _approval(found: Comparison, profile: str) -> Iterator[Debt]:
    """Yield the approval that a major change needs where the profile asks for one."""
    old, new = found.step.previous, found.step.current
    if profile not in _APPROVING or found.needed not in {"major", "forbidden"}:
        return
    if old is None or new is None or new.structure is None:
        return
    said = new.structure.get("approved_by", [])
    if not said or said == (old.structure or {}).get("approved_by"):
        yield Debt(
            "a major change has to be approved by somebody",
            _file(found),
            ("approved_by:", '  - {name: WHO, role: ROLE, at: "YYYY-MM-DD"}'),
        )
