"""The fields of a migration file, as JSON Schema; `model/fields.py` lists them with all others."""

from __future__ import annotations

from dvc_labelmeta.model.migration import PREDICATES
from dvc_labelmeta.model.schema import (
    END,
    SOME,
    Schema,
    choice,
    listed,
    mapped,
    record,
    text,
)

_PLACE = r"^[A-Za-z_][A-Za-z0-9_-]*(\.[^.\s]+)*" + END


def _leftover(meaning: str) -> Schema:
    return listed(
        meaning,
        record(
            "records by their label, or by a clause that they cite",
            {"reason": text("why; shown to who does it")},
            {"label": text("id of the label"), "cites": text("id of the clause")},
        ),
    )


MIGRATION = record(
    "guidelines/<id>.migrations/<to>.yaml: how labels of one version become those of the next",
    {
        "schema": {
            "const": "labelmeta/migration/v1",
            "description": "format and version of this file",
        },
        "from": text("version that the records were made under, quoted", SOME, "1.2.0"),
        "to": text("version that they are carried over to, quoted", SOME, "2.0.0"),
    },
    {
        "comment": text("what it is about"),
        "labels": listed(
            "the map of labels; one that is not listed keeps its id. Column names are SSSOM's",
            record(
                "one line of the map",
                {
                    "subject_id": text("id of the label in `from`"),
                    "predicate_id": choice(
                        "exactMatch: renamed; broadMatch: merged into it; closeMatch: mapped, and "
                        "a person looks; narrowMatch, relatedMatch, or several lines with one "
                        "subject: only a person can say",
                        PREDICATES,
                    ),
                    "object_id": text("id of the label in `to`"),
                    "mapping_justification": text(
                        "how that is known", SOME, "semapv:ManualMappingCuration"
                    ),
                },
                {"comment": text("why")},
            ),
        ),
        "values": listed(
            "values that become others, or none; never put over another value",
            record(
                "one value of one field",
                {
                    "field": text("field, or a key within it: value.Tense", _PLACE, "value.Tense"),
                    "from": {"description": "the value that goes"},
                },
                {
                    "to": mapped("field: the value that it gets", _PLACE, {"description": "any"}),
                    "comment": text("why"),
                },
            ),
        ),
        "moves": mapped(
            "field: the field that its value moves to, whatever it is",
            _PLACE,
            text("field", _PLACE),
        ),
        "constants": mapped("field: a value for all records", _PLACE, {"description": "any value"}),
        "backfill": mapped(
            "field: a value where there is none; those records get `source: backfilled`",
            _PLACE,
            {"description": "any value"},
        ),
        "items": mapped(
            "item as it was called: item as it is called now; others keep theirs",
            SOME,
            text("its new id", SOME, "doc-17"),
        ),
        "items_file": text(
            "the same as a CSV file beside this one: a header and two columns",
            r"^[^/\\]+\.csv" + END,
            "2.0.0.items.csv",
        ),
        "relabel": _leftover("records that are not carried over: a person labels the items anew"),
        "review": _leftover("records that are carried over, and marked `review: pending`"),
    },
)
