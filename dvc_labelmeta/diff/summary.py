"""One line for a person about each operation of a diff."""

from __future__ import annotations

from collections.abc import Iterable

from dvc_labelmeta.diff.operation import ABSENT, BLOCKS, Edit, Operation

_SHOWN, _SHORT = 3, 40
_SAYS = {
    "GUIDELINE_ADDED": "guideline added",
    "GUIDELINE_REMOVED": "guideline removed",
    "STRUCTURE_ADDED": "guideline.yaml added beside the prose",
    "STRUCTURE_REMOVED": "guideline.yaml removed, the prose stays",
    "LABEL_ID_REUSED": "{what} stood for something else before: an id is never used again",
    "LABEL_REMOVED": "{what} {gone}, nothing says what became of it",
    "LABEL_REORGANISED": "{what} reorganised into {into}",
    "LABEL_SPLIT": "{what} split into {into}",
    "LABEL_MERGED": "{what} merged into {into}",
    "LABEL_RENAMED": "{what} renamed to {into}",
    "LABEL_ADDED_CARVES": "{what} takes items from {into}",
    "LABEL_ADDED": "{what} {come}",
    "LABEL_DEPRECATED": "{what} {status}, not for new work",
    "DEF_CHANGED": "{fields} of {what} changed, {meaning}",
    "DEF_CLARIFIED": "{fields} of {what} reworded, {meaning}",
    "EXAMPLE_CHANGED": "{fields} of {what} removed, reworded or moved",
    "EXAMPLE_ADDED": "{fields} of {what} added",
    "RULE_CHANGED": "{what} changed, {meaning}",
    "RULE_REMOVED": "{what} removed",
    "RULE_ADDED": "{what} added",
    "EDGE_CASE_FLIPPED": "{what} decided otherwise{flip}",
    "EDGE_CASE_REMOVED": "{what} removed",
    "EDGE_CASE_ADDED": "{what} added",
    "ESCALATION_CHANGED": "{what} {done}",
    "TASK_CHANGED": "{values}",
    "SCALE_CHANGED": "scale of confidence changed",
    "FIELD_REQUIRED_ADDED": "{ids} required of every annotation",
    "FIELD_REMOVED": "{ids} no field of annotations any more",
    "FIELD_OPTIONAL_ADDED": "{ids} optional for annotations",
    "PROSE_CHANGED": "{what} {done}, {meaning}",
    "TEXT_ONLY": "format, order or names in {places}",
    "GOVERNANCE_ONLY": "{values}",
    "VERSION_CHANGED": "{values}",
}


def summary(operation: Operation) -> str:
    """Return what an operation does, in one line: "label a1 renamed to a2"."""
    return _SAYS[operation.rule].format_map(_words(operation))


def _words(operation: Operation) -> dict[str, str]:
    """Return the words that a line may be made of."""
    edits = tuple(edit for edit in operation.edits if edit.path)  # () is the whole guideline.yaml
    kind, meaning = operation.kind, operation.meaning
    ids = _joined(operation.ids)
    plural = "s" if len(operation.ids) > 1 else ""
    came = any(edit.before is ABSENT and len(edit.path) == 2 for edit in edits)
    went = any(edit.after is ABSENT and len(edit.path) == 2 for edit in edits)
    status = [edit.after for edit in edits if edit.path[2:] == ("status",)]
    label = [edit for edit in edits if edit.path[2:] == ("label",)]
    named = {"prose": ids, "field": ids.replace("_", " ")}
    return {
        "ids": ids,
        "what": named.get(kind, f"{kind}{plural} {ids}"),
        "into": _joined(operation.into),
        "fields": "text" if kind in named else _joined(edit.path[-1] for edit in edits),
        "meaning": f"meaning declared {meaning}" if meaning else "meaning not declared",
        "done": "added" if came else "removed" if went else "changed",
        "gone": "removed" if went else "retired",
        "come": "added" if came else "may be chosen again",
        "status": _joined(map(str, status)),
        "flip": "".join(f": {_value(edit)}" for edit in label),
        "values": _joined(map(_value, edits)),
        "places": _places(edits),
    }


def _places(edits: tuple[Edit, ...]) -> str:
    """Return where edits are: their number, and the first clauses, fields or files."""
    places = dict.fromkeys(where(edit.path) for edit in edits)
    first = ", ".join(list(places)[:_SHOWN]) + (", …" if len(places) > _SHOWN else "")
    return f"{len(edits)} place{'s' if len(edits) > 1 else ''}: {first}"


def where(path: tuple[str, ...]) -> str:
    """Return how messages call the clause, field or file of an edit."""
    if len(path) == 1:
        return path[0].replace("_", " ") if path[0] in BLOCKS else path[0]
    return f"{BLOCKS[path[0]]} {_named(path[1])}" if path[0] in BLOCKS else path[1]


def _value(edit: Edit) -> str:
    """Return a field and what became of it; values only where they are short texts."""
    name, before, after = edit.path[-1].replace("_", " "), edit.before, edit.after
    if before is ABSENT or after is ABSENT:
        return f"{name} {'added' if before is ABSENT else 'removed'}"
    short = all(isinstance(value, str) and len(value) <= _SHORT for value in (before, after))
    return f"{name} {before} -> {after}" if short else f"{name} changed"


def _joined(names: Iterable[str]) -> str:
    """Return "a, b and c"."""
    *most, last = [_named(name) for name in dict.fromkeys(names)] or [""]
    return f"{', '.join(most)} and {last}" if most else last


def _named(id_: str) -> str:
    """Return an id as it stands in the file; one that stands there again has a number."""
    id_, _, number = id_.partition("\0")
    return f"{id_} (no. {number})" if number else id_
