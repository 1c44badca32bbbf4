"""The schemas of all files we own, by name, and as they are published for editors."""

from __future__ import annotations

from dvc_labelmeta.model import fields
from dvc_labelmeta.model.annotator_fields import ANNOTATORS
from dvc_labelmeta.model.event_fields import EVENT
from dvc_labelmeta.model.schema import Schema

SCHEMAS = fields.SCHEMAS | {"event": EVENT, "annotators": ANNOTATORS}


def published(name: str) -> Schema:
    """Return a schema as its file in `schemas/` has it."""
    return headed(name, SCHEMAS[name])


def headed(name: str, schema: Schema) -> Schema:
    """Return a schema with the head of a file of its own."""
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": f"labelmeta/{name}/v1",
        "title": f"labelmeta {name}",
    } | schema
