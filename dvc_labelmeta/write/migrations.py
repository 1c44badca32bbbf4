"""A migration file begun from a diff: what is declared filled in, what a person decides commented.

Nothing that is commented holds before somebody takes the mark away.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from dvc_labelmeta.diff.operation import Operation, Touch
from dvc_labelmeta.diff.proposals import proposals
from dvc_labelmeta.diff.summary import summary
from dvc_labelmeta.write.splice import flow, quoted

_PREDICATES = {
    "LABEL_RENAMED": "skos:exactMatch",
    "LABEL_MERGED": "skos:broadMatch",
    "LABEL_SPLIT": "skos:narrowMatch",
    "LABEL_REORGANISED": "skos:relatedMatch",
}
_MANUAL = "semapv:ManualMappingCuration"


def drafted(previous: str, current: str, operations: Iterable[Operation]) -> str:
    """Return the text of a migration file between two versions of a guideline."""
    found = tuple(operations)
    lines = [
        "# How labels made under one version are carried over to the next; `labelmeta migrate`",
        "# reads it. Lines with a # are for a person to decide: take the mark away, or the line.",
        "schema: labelmeta/migration/v1",
        f"from: {quoted(previous)}",
        f"to: {quoted(current)}",
    ]
    for name, entries in (
        ("labels", [*_declared(found), *_proposed(found)]),
        ("relabel", [*_left(found, ("relabel", "invalid", "script"))]),
        ("review", [*_left(found, ("review",))]),
        ("backfill", [*_fields(found)]),
    ):
        lines += _block(name, entries)
    return "\n".join(lines) + "\n"


def _block(name: str, entries: list[tuple[bool, str]]) -> list[str]:
    """Return a list of the file; its name is commented too where all that it holds is."""
    if not entries:
        return []
    head = f"{name}:" if any(sure for sure, _ in entries) else f"# {name}:"
    return [head, *(f"{'' if sure else '# '}  {text}" for sure, text in entries)]


def _declared(operations: Iterable[Operation]) -> Iterator[tuple[bool, str]]:
    for operation in operations:
        predicate = _PREDICATES.get(operation.rule)
        for old in operation.ids if predicate else ():
            for new in operation.into:
                if old != new or operation.rule != "LABEL_MERGED":
                    yield True, _line(old, predicate or "", new)


def _line(old: str, predicate: str, new: str, comment: str = "") -> str:
    columns = {
        "subject_id": old, "predicate_id": predicate, "object_id": new,
        "mapping_justification": _MANUAL,
    }  # fmt: skip
    return "- " + flow(columns | ({"comment": comment} if comment else {}))


def _proposed(operations: tuple[Operation, ...]) -> Iterator[tuple[bool, str]]:
    for one in proposals(operations):
        alike = f"the two read alike ({one.likeness:.2f})"
        yield False, _line(one.previous, "skos:exactMatch", one.current, alike)


def _left(operations: Iterable[Operation], states: tuple[str, ...]) -> Iterator[tuple[bool, str]]:
    """Yield what becomes of records that no map speaks of, as the rules of a diff have it."""
    for operation in operations:
        if operation.rule in _PREDICATES:
            continue
        for touch in operation.touches:
            if touch.state in states:
                yield from ((False, text) for text in _entries(operation, touch))


def _entries(operation: Operation, touch: Touch) -> Iterator[str]:
    some = f" (a sample of {touch.sample})" if touch.sample else ""
    reason = summary(operation) + some
    if touch.by in {"label", "cites"}:
        yield from ("- " + flow({touch.by: id_, "reason": reason}) for id_ in touch.ids)
    else:
        yield f"{reason}: {touch.state} of {', '.join(touch.ids) or 'all records'}"


def _fields(operations: Iterable[Operation]) -> Iterator[tuple[bool, str]]:
    for operation in operations:
        for touch in operation.touches:
            if touch.state in {"backfill", "rescale"}:
                yield from ((False, f"{flow(name)}: # {touch.state}") for name in touch.ids)
