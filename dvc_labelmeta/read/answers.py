"""The conditions on `value` as SQL, made from the one table of what it holds for each task."""

from __future__ import annotations

import json
from collections.abc import Sequence

from dvc_labelmeta.model.values import LABEL, NUMBER, SHAPES, TEXT, WHOLE, Part, Shape, Task
from dvc_labelmeta.read.cells import Dialect, quoted

_VALUE = "value"


def wrong_value(dialect: Dialect, task: Task) -> str:
    """Return the condition that there is a value, but not of the shape that a task asks for."""
    shape = SHAPES[task.name]
    cell = dialect.json(_VALUE)
    if shape.kind in {TEXT, LABEL}:
        fits = f"{dialect.is_text(_VALUE)} AND {_VALUE} <> {dialect.literal('')}"
    elif shape.kind == NUMBER:
        fits = _rating(cell, task)
    elif shape.kind == "list":
        fits = _listed(cell)
    else:
        fits = " AND ".join([*_parts(cell, shape), *_points(cell, shape)])
    return f"{_VALUE} IS NOT NULL AND NOT coalesce({fits}, false)"


def foreign_value(dialect: Dialect, task: Task, words: Sequence[str]) -> str:
    """Return the condition that a value names a label outside `words`, "" where it names none."""
    shape = SHAPES[task.name]
    if shape.kind == LABEL or shape.labels:
        return f"{_VALUE} IS NOT NULL AND {dialect.foreign(_VALUE, words)}"
    for part, cell in zip(shape.parts, _cells(dialect.json(_VALUE), shape.parts), strict=True):
        if part.type == LABEL:
            known = ", ".join(quoted(json.dumps(word, ensure_ascii=False)) for word in words)
            return f"{_is_text(cell)} AND {cell} NOT IN ({known})"
    return ""


def _cells(cell: str, parts: Sequence[Part]) -> list[str]:
    """Return SQL for the JSON text of each part, NULL where it is absent or null."""
    paths = ", ".join(f"'$.{part.name}'" for part in parts)
    found = f"TRY(json_extract({cell}, [{paths}]))::VARCHAR[]"
    return [f"nullif(({found})[{at}], 'null')" for at in range(1, len(parts) + 1)]


def _parts(cell: str, shape: Shape) -> list[str]:
    found = _cells(cell, shape.parts)
    by_name = {part.name: one for part, one in zip(shape.parts, found, strict=True)}
    conditions = []
    for part, one in zip(shape.parts, found, strict=True):
        fits = _is_text(one) if part.type in {TEXT, LABEL} else _is_number(one, part)
        if part.after:
            fits += f" AND {_double(one)} > {_double(by_name[part.after])}"
        conditions.append(fits if part.required else f"({one} IS NULL OR {fits})")
    return conditions


def _is_text(cell: str) -> str:
    return f"({cell} < '#' AND {cell} <> '\"\"')"


def _double(cell: str) -> str:
    return f"TRY_CAST({cell} AS DOUBLE)"


def _is_number(cell: str, part: Part) -> str:
    fits = f"{cell} >= '-' AND {cell} < ':' AND isfinite({_double(cell)})"
    if part.type == WHOLE:
        fits += f" AND {_double(cell)} = floor({_double(cell)})"
    return f"({fits} AND {_double(cell)} {'>' if part.above else '>='} 0)"


def _rating(cell: str, task: Task) -> str:
    fits = f"isfinite({_double(cell)})"
    if task.least is not None:
        fits += f" AND {_double(cell)} >= {task.least}"
    if task.most is not None:
        fits += f" AND {_double(cell)} <= {task.most}"
    return fits


def _listed(cell: str) -> str:
    """Return the condition that a cell holds a list of different texts, none of them empty."""
    types, texts = f"json_type({cell}, '$[*]')", f"json_extract_string({cell}, '$[*]')"
    return (
        f"list_distinct(TRY({types})) = ['VARCHAR'] AND NOT list_contains(TRY({texts}), '') "
        f"AND len(list_distinct(TRY({texts}))) = len(TRY({texts}))"
    )


def _points(cell: str, shape: Shape) -> list[str]:
    """Return the conditions on the corners of a polygon, none for other shapes."""
    if shape.kind != "points":
        return []
    numbers = f"TRY(json_type({cell}, '$.points[*][*]'))"
    return [
        f"TRY(json_array_length({cell}, '$.points')) >= {shape.fewest}",
        f"list_distinct(TRY(json_array_length({cell}, '$.points[*]'))) = [2]",
        f"list_has_all(['UBIGINT', 'BIGINT', 'DOUBLE'], {numbers})",
    ]
