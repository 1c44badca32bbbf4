"""The one table of what `value` holds for each task: the answer where it is more than a label.

From it come the conditions of the engine, the JSON Schema of each task, and the documentation.
Keys that are not listed are kept as they are.
"""

from __future__ import annotations

from typing import Any, NamedTuple

WHOLE, NUMBER, TEXT, LABEL = "whole", "number", "text", "label"


class Part(NamedTuple):
    """One key of a value.

    type: WHOLE, NUMBER, TEXT or LABEL (a label id of the guideline). Numbers are not negative;
    above: nor 0. after: the key whose value it must exceed.
    """

    name: str
    type: str
    meaning: str
    required: bool = True
    above: bool = False
    after: str = ""


class Shape(NamedTuple):
    """What a value is.

    kind: "object" (of `parts`), "points" (an object whose `points` is a list of at least `fewest`
    pairs of numbers, and of `parts`), "list" (of different texts), or NUMBER, TEXT or LABEL.
    labels: whether the texts of a list are label ids.
    """

    kind: str
    meaning: str
    parts: tuple[Part, ...] = ()
    labels: bool = False
    fewest: int = 0


class Task(NamedTuple):
    """What a guideline version asks for; least, most: the ends of its rating scale, if any."""

    name: str
    least: float | None = None
    most: float | None = None


_LABEL = Part("label", LABEL, "what it is", required=False)
_X = Part("x", NUMBER, "distance from the left edge")
_Y = Part("y", NUMBER, "distance from the top edge")

SHAPES: dict[str, Shape] = {
    "classification": Shape(LABEL, "the label chosen; `label` is the usual place for it"),
    "multilabel": Shape("list", "the labels chosen; `label` is the usual place", labels=True),
    "span": Shape(
        "object",
        "characters `start` up to, but not including, `end`",
        (
            Part("start", WHOLE, "first character, from 0"),
            Part("end", WHOLE, "the character after the last", after="start"),
            _LABEL,
        ),
    ),
    "relation": Shape(
        "object",
        "a directed relation",
        (
            Part("from", TEXT, "id of what it starts from"),
            Part("to", TEXT, "id of what it leads to"),
            Part("type", LABEL, "which relation it is"),
        ),
    ),
    "bbox": Shape(
        "object",
        "an upright box, all in pixels or all as shares of the picture",
        (
            _X,
            _Y,
            Part("width", NUMBER, "extent to the right", above=True),
            Part("height", NUMBER, "extent downwards", above=True),
            _LABEL,
        ),
    ),
    "polygon": Shape("points", "the outline, corner by corner, each [x, y]", (_LABEL,), fewest=3),
    "keypoint": Shape("object", "one point", (_X, _Y, _LABEL)),
    "ranking": Shape("list", "ids from best to worst, each once"),
    "rating": Shape(NUMBER, "a number, on the scale of the guideline where it names one"),
    "transcription": Shape(TEXT, "the text that was heard or read"),
    "free-text": Shape(TEXT, "the answer in the annotator's words"),
}


def value_schema(task: Task) -> dict[str, Any]:
    """Return the JSON Schema (draft 2020-12) of the value of a task.

    It cannot say that one key exceeds another (`end` and `start` of a span); the engine can.
    """
    shape = SHAPES[task.name]
    told = {"description": shape.meaning}
    if shape.kind == "list":
        texts = {"type": "string", "minLength": 1}
        return told | {"type": "array", "items": texts, "minItems": 1, "uniqueItems": True}
    if shape.kind in {"object", "points"}:
        return told | _object(shape)
    if shape.kind != NUMBER:
        return told | {"type": "string", "minLength": 1}
    ends = {"minimum": task.least, "maximum": task.most}
    return told | {"type": "number"} | {k: v for k, v in ends.items() if v is not None}


def _object(shape: Shape) -> dict[str, Any]:
    properties = {part.name: _part(part) for part in shape.parts}
    required = [part.name for part in shape.parts if part.required]
    if shape.kind == "points":
        pair = {"type": "array", "items": {"type": "number"}, "minItems": 2, "maxItems": 2}
        properties["points"] = {"type": "array", "items": pair, "minItems": shape.fewest}
        required.append("points")
    return {"type": "object", "required": required, "properties": properties}


def _part(part: Part) -> dict[str, Any]:
    told: dict[str, Any] = {"description": part.meaning}
    if part.type in {TEXT, LABEL}:
        return told | {"type": "string", "minLength": 1}
    least = "exclusiveMinimum" if part.above else "minimum"
    return told | {"type": "integer" if part.type == WHOLE else "number", least: 0}
