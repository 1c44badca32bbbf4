"""One annotation record carried over to another guideline version, by declared rules only.

Nothing is guessed: what the rules do not decide is left to a person, with the reason.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from dvc_labelmeta.diff.catalogue import bump
from dvc_labelmeta.diff.operation import Operation
from dvc_labelmeta.model.migration import BACKFILLED, CERTAIN, CLOSE, LabelMap, Migration
from dvc_labelmeta.model.values import LABEL, SHAPES

VALID, MAPPED, REVIEW, RELABEL, INVALID = "valid", "mapped", "review", "relabel", "invalid"
# from least to most work for a person; the last two are not carried over
OUTCOMES = (VALID, MAPPED, REVIEW, RELABEL, INVALID)
_MISSING: Any = object()


class Carried(NamedTuple):
    """What became of a record: state, one of OUTCOMES; reasons: what a person is told.

    record: as it is under the new version; as it was, where it is not carried over.
    """

    state: str
    record: Mapping[str, Any]
    reasons: tuple[str, ...] = ()


class _Undecided(Exception):  # no error: the answer of a rule
    """Raised where the rules do not say what becomes of a record; state: one of OUTCOMES."""

    def __init__(self, state: str, reason: str) -> None:
        super().__init__(reason)
        self.state, self.reason = state, reason


def carried(record: Mapping[str, Any], steps: Iterable[Migration]) -> Carried:
    """Return what becomes of a record, step after step; its item and id are not looked at."""
    now, state, reasons = dict(record), VALID, list[str]()
    for step in steps:
        try:
            after, told = _step(now, step)
        except _Undecided as stop:
            return Carried(stop.state, record, (stop.reason,))
        state = REVIEW if told or state == REVIEW else MAPPED if after != now else state
        now = after
        reasons += told
    return Carried(state, now, tuple(reasons))


def _step(record: Mapping[str, Any], step: Migration) -> tuple[dict[str, Any], list[str]]:
    """Return a record after one step, and why a person is to look at it."""
    told = []
    for one in step.listed:
        if one.id in _ids(record, step, one.by):
            if one.state == RELABEL:
                raise _Undecided(RELABEL, f"{one.id}: {one.reason}")
            told.append(f"{one.id}: {one.reason}")
    told += [
        f"{label}: nearly the same as {line.object_id}"
        for label in _ids(record, step, "label")
        for line in _lines(step, label)
        if line.predicate_id == CLOSE
    ]
    after = _with_labels(record, step)
    _replace(after, *_values(after, step))
    _replace(after, *_moves(after, step))
    for name, value in step.constants.items():
        _put(after, name, value)
    absent = {n: v for n, v in step.backfill.items() if _get(after, n) is _MISSING}
    for name, value in absent.items():
        _put(after, name, value)
    after |= {"source": BACKFILLED} if absent else {}
    after |= {"review": "pending"} if told else {}
    for label in _ids(after, step, "label"):
        if step.labels_after is not None and label not in step.labels_after:
            raise _Undecided(INVALID, f"{label}: {step.current} has no such label")
    return after, told


def _ids(record: Mapping[str, Any], step: Migration, by: str) -> list[str]:
    """Return the labels of a record, or the clauses that it cites."""
    if by == "cites":
        places = [record.get("cites")]
    else:
        places = [record.get("label"), *(place[key] for place, key in _places(record, step))]
    lists = [one if isinstance(one, list) else [one] for one in places]
    return [id_ for one in lists for id_ in one if isinstance(id_, str) and id_]


def _places(record: Mapping[str, Any], step: Migration) -> list[tuple[Mapping[str, Any], str]]:
    """Return where `value` names labels, as the task has it: (mapping, key)."""
    shape, value = SHAPES.get(step.task), record.get("value")
    if shape is None or value is None:
        return []
    if shape.kind == LABEL or shape.labels:
        return [(record, "value")]
    keys = [part.name for part in shape.parts if part.type == LABEL]
    return [(value, key) for key in keys if isinstance(value, dict) and key in value]


def _lines(step: Migration, label: str) -> list[LabelMap]:
    return [line for line in step.labels if line.subject_id == label]


def _with_labels(record: Mapping[str, Any], step: Migration) -> dict[str, Any]:
    """Return a copy of a record with each label under its new id."""
    after = {**record}
    if isinstance(after.get("value"), dict):
        after["value"] = {**after["value"]}
    if after.get("label") is not None:
        after["label"] = _mapped(after["label"], step)
    for place, key in _places(after, step):
        (after if place is after else after["value"])[key] = _mapped(place[key], step)
    return after


def _mapped(label: Any, step: Migration) -> Any:
    """Return a label, or a list of them, under its new id."""
    if isinstance(label, list):
        after = [_mapped(one, step) if isinstance(one, str) else one for one in label]
        merged = [one for at, one in enumerate(after) if one not in after[:at]]
        return label if after == label else merged
    lines = _lines(step, label) if isinstance(label, str) else []
    if not lines:
        return label
    targets = " or ".join(line.object_id for line in lines)
    if len(lines) > 1:
        raise _Undecided(RELABEL, f"{label}: {targets}, which only a person can say")
    if lines[0].predicate_id not in CERTAIN:
        raise _Undecided(RELABEL, f"{label}: not every item is {targets}")
    return lines[0].object_id


Changes = tuple[list[str], list[tuple[str, Any]]]


def _values(record: Mapping[str, Any], step: Migration) -> Changes:
    """Return the fields that value maps take out, and those that they put in."""
    met = [one for one in step.values if _same(_get(record, one.field), one.value)]
    return [one.field for one in met], [pair for one in met for pair in one.to.items()]


def _moves(record: Mapping[str, Any], step: Migration) -> Changes:
    """Return the fields that moves take out, and those that they put in."""
    there = {old: _get(record, old) for old in step.moves}
    met = {old: value for old, value in there.items() if value is not _MISSING}
    return list(met), [(step.moves[old], value) for old, value in met.items()]


def _replace(record: dict[str, Any], gone: Sequence[str], come: Sequence[tuple[str, Any]]) -> None:
    """Take fields out, then put others in; never over another value."""
    for name in gone:
        _take(record, name)
    for name, value in come:
        found = _get(record, name)
        if found is not _MISSING and not _same(found, value):
            raise _Undecided(RELABEL, f"{name} would become {value}, and is {found}")
        _put(record, name, value)


def _same(one: Any, other: Any) -> bool:
    return type(one) is type(other) and bool(one == other)


def _get(record: Mapping[str, Any], name: str) -> Any:
    """Return the value of a field, `_MISSING` where there is none: null and "" are none."""
    here: Any = record
    for key in name.split("."):
        here = here.get(key) if isinstance(here, dict) else None
    return _MISSING if here is None or here == "" else here


def _put(record: dict[str, Any], name: str, value: Any) -> None:
    *outer, last = name.split(".")
    here = record
    for key in outer:
        inner = here.get(key)
        if inner is not None and not isinstance(inner, dict):
            raise _Undecided(RELABEL, f"{name} would be part of {key}, which is {inner}")
        here[key] = {**(inner or {})}
        here = here[key]
    here[last] = value


def _take(record: dict[str, Any], name: str) -> None:
    """Take a field out that is there; an object that it leaves empty stays."""
    *outer, last = name.split(".")
    here = record
    for key in outer:
        here[key] = {**here[key]}
        here = here[key]
    here.pop(last, None)


def fields(steps: Iterable[Migration]) -> frozenset[str]:
    """Return the fields of records (without keys within them) that the steps read or write."""
    found = {"label"}
    for step in steps:
        found |= {"cites" for one in step.listed if one.by == "cites"}
        found |= {"source"} if step.backfill else set()
        looked_at = any(one.state == REVIEW for one in step.listed)
        found |= {"review"} if looked_at or _close(step.labels) else set()
        found |= (
            {"value"} if step.task and (step.labels or step.labels_after is not None) else set()
        )
        for one in step.values:
            found |= {one.field, *one.to}
        found |= {*step.moves, *step.moves.values(), *step.constants, *step.backfill}
    return frozenset(name.split(".")[0] for name in found)


def _close(lines: Iterable[LabelMap]) -> bool:
    return any(line.predicate_id == CLOSE for line in lines)


def inverse(step: Migration, labels_before: frozenset[str] | None) -> tuple[Migration, list[str]]:
    """Return the step that leads back, and why it cannot: then nothing may be carried back by it.

    labels_before: the labels of the version that it leads back to. Only what is one to one has an
    inverse: renamed labels, items and fields.
    """
    why = list(_one_way(step, labels_before or frozenset()))
    back = Migration(
        step.path,
        step.current,
        step.previous,
        labels=tuple(
            line._replace(subject_id=line.object_id, object_id=line.subject_id)
            for line in step.labels
        ),
        moves={new: old for old, new in step.moves.items()},
        items={new: old for old, new in step.items.items()},
        labels_after=labels_before,
        task=step.task,
    )
    return back, why


def _one_way(step: Migration, before: frozenset[str]) -> Iterator[str]:
    """Say what of a step has no inverse."""
    subjects = {line.subject_id for line in step.labels}
    objects = [line.object_id for line in step.labels]
    for line in step.labels:
        into_other = line.object_id in before - subjects or objects.count(line.object_id) > 1
        if line.predicate_id != "skos:exactMatch" or into_other:
            yield f"{line.subject_id} -> {line.object_id} is not one to one"
    if len(subjects) < len(step.labels):
        yield "a label becomes several"
    if len(set(step.moves.values())) < len(step.moves):
        yield "several fields become one"
    yield from (
        f"{name} is not one to one"
        for name in ("values", "constants", "backfill")
        if getattr(step, name)
    )


def predecessors(
    target: str, files: Mapping[str, Migration], versions: Sequence[str]
) -> list[Migration]:
    """Return the steps that lead to a version, the last one first.

    files: by the version they lead to. versions: oldest first. A step without a file (its path is
    "") comes from the version before; whether it needs one is for the caller to ask.
    """
    found, seen = list[Migration](), set[str]()
    while target not in seen:
        seen.add(target)
        step = files.get(target)
        if step is None:
            at = versions.index(target) if target in versions else 0
            if not at:
                break
            step = Migration("", versions[at - 1], target)
        found.append(step)
        target = step.previous
    return found


def needs_file(operations: Iterable[Operation], declared: str) -> list[Operation]:
    """Return the operations after which records cannot go on as they are, without a word.

    A random sample for review is work for a person, but no reason to change a record; what prose
    that reads otherwise means, its author says by the bump that is declared.
    """
    return [
        operation
        for operation in operations
        if any(touch.state != VALID and not touch.sample for touch in operation.touches)
        or (bump(operation) == "unknown" and declared not in {"patch", "minor"})
    ]
