"""The fields of annotators.yaml, as JSON Schema; `model/schemas.py` lists them with all others."""

from __future__ import annotations

from dvc_labelmeta.model.annotators import KINDS
from dvc_labelmeta.model.event_fields import SHA256
from dvc_labelmeta.model.schema import (
    DATE,
    SOME,
    choice,
    free,
    listed,
    mapped,
    record,
    text,
    texts,
)

ANNOTATORS = record(
    "annotators.yaml: who labels, by pseudonym",
    {
        "schema": {
            "const": "labelmeta/annotators/v1",
            "description": "format and version of this file",
        },
        "annotators": mapped(
            "by the pseudonym that records name; no names of people here",
            SOME,
            record(
                "one annotator",
                {},
                {
                    "type": choice("who or what that is; default: person", KINDS),
                    "role": text("what for: annotator, expert, reviewer", SOME, "expert"),
                    "expertise": text("what the annotator knows of the field", SOME, "lawyer"),
                    "training": listed(
                        "what the annotator was trained in",
                        record(
                            "one training",
                            {"what": text("id of a guideline, or words", SOME, "tone")},
                            {
                                "version": text("its version, quoted", SOME, "1.2.0"),
                                "at": text("date, quoted", DATE, "2026-01-05"),
                            },
                        ),
                    ),
                    "active": record(
                        "when labels are made",
                        {},
                        {
                            "from": text("first day, quoted", DATE, "2026-01-05"),
                            "until": text("last day, quoted", DATE, "2026-06-30"),
                        },
                    ),
                    "consent": record(
                        "leave to use the labels, and what is known of who made them",
                        {},
                        {
                            "given": text("date, quoted", DATE, "2026-01-05"),
                            "scope": text("what for", SOME, "research, publication"),
                            "withdrawn": text("date, quoted", DATE, "2026-06-30"),
                        },
                    ),
                    "tools": texts("programs or models used"),
                    "conditions": free("of the sessions: pay, time limit, language, place, …"),
                    "notes": text("anything else"),
                    "person": text(
                        "commitment to who it is, opened in labelmeta/ledger/people/", SHA256
                    ),
                    "redacted": text("day on which the person was erased, quoted", DATE),
                },
            ),
        ),
    },
    {},
)
