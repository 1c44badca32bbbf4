"""The fields of an event of the ledger."""

from __future__ import annotations

from dvc_labelmeta.model.event import SCHEMA, TYPES
from dvc_labelmeta.model.schema import END, choice, count, free, listed, record, text

SHA256 = r"^[0-9a-f]{64}" + END
UTC = r"^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}Z" + END
SUBJECT = r"^(split|guideline|stage|waiver|project|person|annotator):"

EVENT = record(
    "labelmeta/ledger/events/: one thing that happened; the file is named by the SHA-256 of its "
    "bytes, which are canonical JSON (RFC 8785)",
    {
        "schema": {"const": SCHEMA, "description": "format and version of this file"},
        "type": choice("what happened", TYPES),
        "subject": text("what it happened to", SUBJECT, "split:data/train.csv"),
        "at": text("when, in UTC", UTC, "2026-03-02T10:00:00Z"),
        "actor": text("who: a commitment, opened in labelmeta/ledger/people/", SHA256),
        "parents": listed(
            "the events that were the last ones when it was written, sorted",
            {"type": "string", "pattern": SHA256},
        ),
        "count": count("how many events its history holds, itself included"),
        "claims": free("the state of the subject afterwards; empty: it is no more"),
    },
    {
        "details": free("what else is told"),
        "note": text("why"),
    },
)
