"""Rules about a guideline as a whole: the task, fields of the records, who stands behind it."""

from __future__ import annotations

from collections.abc import Iterator

from dvc_labelmeta.diff.operation import ABSENT, Edit, Operation, Touch
from dvc_labelmeta.diff.pair import CARRIED, TASK, Pair, carried, there

RELEASE = frozenset({"version", "change_note", "changes", "schema"})
GOVERNANCE = frozenset({"id", "status", "owners", "approved_by", "effective_from", "review_every"})
_ALL = (Touch("review", "all"),)


def task_changed(pair: Pair) -> Iterator[Operation]:
    """Something else is labelled, or in another way."""
    yield from _fields(pair, "TASK_CHANGED", TASK, (Touch("relabel", "all"),))


def scale_changed(pair: Pair) -> Iterator[Operation]:
    """Confidence is said on another scale."""
    rescale = (Touch("rescale", "field", ("confidence",)),)
    yield from _fields(pair, "SCALE_CHANGED", frozenset({"confidence"}), rescale)


def field_optional_added(pair: Pair) -> Iterator[Operation]:
    """Annotations may carry a field that they had not, or need not carry it any more."""
    yield from _carrying(pair, "FIELD_OPTIONAL_ADDED", "optional", "")


def field_required_added(pair: Pair) -> Iterator[Operation]:
    """Annotations must carry a field that they need not have so far."""
    yield from _carrying(pair, "FIELD_REQUIRED_ADDED", "required", "backfill")


def field_removed(pair: Pair) -> Iterator[Operation]:
    """Annotations are not to carry a field any more: what becomes of it only the team can say."""
    yield from _carrying(pair, "FIELD_REMOVED", "", "script")


def governance_only(pair: Pair) -> Iterator[Operation]:
    """Who answers for the guideline, who approved it, its status."""
    yield from _fields(pair, "GOVERNANCE_ONLY", GOVERNANCE, ())


def version_changed(pair: Pair) -> Iterator[Operation]:
    """The version, and what is said about it: no change by itself."""
    yield from _fields(pair, "VERSION_CHANGED", RELEASE, ())


def guideline_added(pair: Pair) -> Iterator[Operation]:
    """A guideline is new."""
    if not there(pair.before) and there(pair.after):
        yield Operation("GUIDELINE_ADDED", "guideline", (), (*structure(pair), *pair.prose))


def guideline_removed(pair: Pair) -> Iterator[Operation]:
    """A guideline is taken out, and nothing says what its labels mean."""
    if there(pair.before) and not there(pair.after):
        edits = (*structure(pair), *pair.prose)
        yield Operation("GUIDELINE_REMOVED", "guideline", (), edits, (Touch("invalid", "all"),))


def structure_added(pair: Pair) -> Iterator[Operation]:
    """A guideline of prose gets labels with ids: what they mean was nowhere to compare with."""
    if pair.before.structure is None and there(pair.before):
        for edit in structure(pair):
            yield Operation("STRUCTURE_ADDED", "guideline", (), (edit,), _ALL)


def structure_removed(pair: Pair) -> Iterator[Operation]:
    """A guideline keeps its prose only."""
    if pair.after.structure is None and there(pair.after):
        for edit in structure(pair):
            yield Operation("STRUCTURE_REMOVED", "guideline", (), (edit,), _ALL)


def structure(pair: Pair) -> tuple[Edit, ...]:
    """Return the edit of guideline.yaml as a whole, where only one version has it."""
    before, after = pair.before.structure, pair.after.structure
    if (before is None) == (after is None):
        return ()
    return (Edit((), ABSENT if before is None else before, ABSENT if after is None else after),)


def _fields(
    pair: Pair, rule: str, fields: frozenset[str], touches: tuple[Touch, ...]
) -> Iterator[Operation]:
    """Yield one operation for all edits of some fields of guideline.yaml."""
    edits = tuple(edit for edit in pair.fields if edit.path[0] in fields)
    if edits:
        yield Operation(rule, "field", tuple(edit.path[0] for edit in edits), edits, touches)


def _carrying(pair: Pair, rule: str, demand: str, state: str) -> Iterator[Operation]:
    """Yield one operation for all fields of records that are now `demand`, and were not."""
    edits = tuple(edit for edit in pair.fields if edit.path[0] in CARRIED)
    if edits:
        old, new = carried(pair.before.structure or {}), carried(pair.after.structure or {})
        names = {*old, *new}
        ids = tuple(sorted(n for n in names if new.get(n, "") == demand != old.get(n, "")))
        touches = (Touch(state, "field", ids),) if state else ()
        if ids:
            yield Operation(rule, "field", ids, edits, touches)
