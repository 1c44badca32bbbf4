"""The one table of the fields of an annotation record: one record is one act of labelling.

From it come the JSON Schema, the column types of the engine, and the documentation. Records are
flat and appended, never overwritten; fields that are not listed are kept as they are.
"""

from __future__ import annotations

from typing import Any, NamedTuple

from dvc_labelmeta.model.values import SHAPES, Task, value_schema

TEXT, NUMBER, TIME, FLAG, TEXTS, ANY = "text", "number", "time", "flag", "texts", "any"

LEVELS = ("L0", "L1", "L2", "L3")
LEVEL_MEANINGS = {
    "L0": "labelled: which item got which label, and where that comes from",
    "L1": "attributed: who labelled, when, with what",
    "L2": "aligned: under which guideline version",
    "L3": "accountable: how sure, reviewed, and every change points to what it replaces",
}


class AnnotationField(NamedTuple):
    """One field of an annotation record.

    type: TEXT, NUMBER, TIME (RFC 3339 with a zone), FLAG, TEXTS (a list) or ANY (any JSON).
    level: mandatory from this level on, "" for optional ones. choices: the only values, if any.
    unit: of a number. computed: how a value comes about, where a person does not type it.
    """

    name: str
    type: str
    meaning: str
    level: str = ""
    choices: tuple[str, ...] = ()
    unit: str = ""
    computed: str = ""
    example: str = ""
    since: str = "0.2.0"


ANNOTATOR_TYPES = ("person", "software", "aggregate")
STATUSES = ("submitted", "draft", "skipped", "discarded", "flagged")
REVIEWS = ("pending", "accepted", "rejected", "fixed")
VERSION_SOURCES = ("recorded", "issued", "declared", "inferred", "unknown")

FIELDS: tuple[AnnotationField, ...] = (
    AnnotationField("id", TEXT, "names this record; unique in its split", "L0", example="r0001"),
    AnnotationField(
        "item", TEXT, "what was labelled; the same in all records of it", "L0", example="doc-17"
    ),
    AnnotationField(
        "label", ANY, "what was chosen: a label id, or a list of them", "L0", example="complaint"
    ),
    AnnotationField(
        "value",
        ANY,
        "the answer where it is no label: a span, box, ranking, rating or text",
        example='{"start": 3, "end": 9, "label": "person"}',
    ),
    AnnotationField(
        "source",
        TEXT,
        "where the record comes from: file, platform or method",
        "L0",
        example="label-studio:42",
    ),
    AnnotationField(
        "layer",
        TEXT,
        "the layer of the split it belongs to, where a file holds several",
        example="tone",
    ),
    AnnotationField(
        "annotator",
        TEXT,
        "pseudonym of who or what labelled",
        "L1",
        computed="salted hash of the platform's id, on import",
        example="a-5f2c91",
    ),
    AnnotationField(
        "annotator_type", TEXT, "who or what that is", "L1", ANNOTATOR_TYPES, example="person"
    ),
    AnnotationField("role", TEXT, "what the annotator was there for", example="expert"),
    AnnotationField("expertise", TEXT, "what the annotator knows of the field", example="lawyer"),
    AnnotationField(
        "annotated_at", TIME, "when the label was given", "L1", example="2026-02-01T09:30:00+01:00"
    ),
    AnnotationField(
        "annotated_at_source",
        TEXT,
        "how that time is known: per label, per page, per export",
        example="page",
    ),
    AnnotationField("duration_seconds", NUMBER, "time spent on it", unit="s", example="17.1"),
    AnnotationField("tool", TEXT, "the program used", "L1", example="label-studio"),
    AnnotationField("tool_version", TEXT, "its version", example="1.13.1"),
    AnnotationField("model", TEXT, "the model, where software labelled", example="clf-2026-01"),
    AnnotationField("session", TEXT, "labelled in one go with others", example="s-12"),
    AnnotationField("batch", TEXT, "handed out together", example="hit-3X"),
    AnnotationField(
        "guideline_id", TEXT, "the guideline, where it is not the layer's", example="tone"
    ),
    AnnotationField(
        "guideline_version", TEXT, "the version it was made under", "L2", example="1.2.0"
    ),
    AnnotationField("guideline_commit", TEXT, "the commit of that version", example="5b1d…"),
    AnnotationField(
        "guideline_version_source",
        TEXT,
        "how the version is known: by the tool, as handed out, as told, by date, or not",
        "",
        VERSION_SOURCES,
        example="recorded",
    ),
    AnnotationField("cites", TEXTS, "ids of the clauses the decision rests on", example='["R1"]'),
    AnnotationField(
        "confidence",
        NUMBER,
        "how sure the person said to be; absent = not asked, never 0",
        "L3",
        unit="0..1",
        example="0.8",
    ),
    AnnotationField(
        "score", NUMBER, "what a model said of its own answer", unit="0..1", example="0.97"
    ),
    AnnotationField(
        "consensus_score",
        NUMBER,
        "agreement of several annotators on the item",
        unit="0..1",
        example="0.75",
    ),
    AnnotationField("consensus_method", TEXT, "how that was computed", example="majority"),
    AnnotationField("status", TEXT, "how far it got", "L1", STATUSES, example="submitted"),
    AnnotationField("review", TEXT, "what a reviewer said", "L3", REVIEWS, example="accepted"),
    AnnotationField("reviewer", TEXT, "pseudonym of the reviewer", example="a-77d0"),
    AnnotationField("is_gold", FLAG, "a reference answer", example="true"),
    AnnotationField("rationale", TEXT, "why, in the annotator's words", example="names a deadline"),
    AnnotationField("note", TEXT, "anything else the annotator wrote", example="typo in the text"),
    AnnotationField("supersedes", TEXT, "id of the earlier record it replaces", example="r0001"),
    AnnotationField(
        "migrated_from",
        TEXT,
        "id of the record that it was carried over from, to another guideline version",
        computed="`labelmeta migrate`",
        example="r0001",
    ),
    AnnotationField(
        "derived_from", TEXTS, "ids of the records an aggregate was made of", example='["r1", "r2"]'
    ),
    AnnotationField(
        "extra", ANY, "the platform's own keys, unchanged", example='{"lead_time": 3.2}'
    ),
)

BY_NAME = {field.name: field for field in FIELDS}
UNIT_INTERVAL = tuple(field.name for field in FIELDS if field.unit == "0..1")


def mandatory(level: str) -> tuple[str, ...]:
    """Return the fields that a record must have at a level: that level's and all below."""
    reached = LEVELS[: LEVELS.index(level) + 1]
    return tuple(field.name for field in FIELDS if field.level in reached)


def json_schema() -> dict[str, Any]:
    """Return the JSON Schema (draft 2020-12) of one record at level L0; more fields may follow.

    `$defs` has the shape of `value` for each task of a guideline.
    """
    shapes: dict[str, Any] = {
        TEXT: {"type": "string", "minLength": 1},
        NUMBER: {"type": "number"},
        TIME: {"type": "string", "format": "date-time"},
        FLAG: {"type": "boolean"},
        TEXTS: {"type": "array", "items": {"type": "string"}},
        ANY: {},
    }
    properties = {}
    for field in FIELDS:
        shape = {"enum": list(field.choices)} if field.choices else dict(shapes[field.type])
        if field.unit == "0..1":
            shape |= {"minimum": 0, "maximum": 1}
        elif field.unit:
            shape |= {"minimum": 0}
        properties[field.name] = shape | {"description": field.meaning}
    return {
        "type": "object",
        "required": [name for name in mandatory("L0") if name != "label"],
        "anyOf": [{"required": ["label"]}, {"required": ["value"]}],
        "properties": properties,
        "$defs": {task: value_schema(Task(task)) for task in SHAPES},
    }
