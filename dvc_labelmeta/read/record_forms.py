"""What records look like: fields, tools and guideline versions by batch, from the files on disk."""

from __future__ import annotations

import csv
import json
import os
from collections.abc import Iterator, Mapping
from typing import Any

from dvc_labelmeta.errors import UnreadableFile
from dvc_labelmeta.model.audit import Form
from dvc_labelmeta.read.sources import shards

MOST = 50_000  # records of one layer that are looked at


def forms(path: str, format_: str) -> tuple[dict[str, Form], str]:
    """Return what records have, by batch ("" for none), and what was not looked at ("": nothing).

    path: on disk, a file or a folder.
    """
    if format_ not in {"jsonl", "csv"}:
        return {}, f"records in {format_ or 'an unknown form'} are not looked into for their fields"
    found: dict[str, tuple[set[str], set[str], set[str]]] = {}
    number = 0
    try:
        for file in shards(path, format_):
            for record in _records(file, format_):
                number += 1
                if number > MOST:
                    return _formed(found), f"only the first {MOST:,} records were looked into"
                names = {key for key, value in record.items() if value not in {None, ""}}
                fields, tools, versions = found.setdefault(
                    str(record.get("batch") or ""), ({*names}, set(), set())
                )
                fields &= names  # what some records of a batch lack is not what they are made of
                tools.add(str(record.get("tool") or ""))
                versions.add(str(record.get("guideline_version") or ""))
    except (UnreadableFile, OSError, ValueError, csv.Error) as error:
        return {}, f"cannot be read: {error}"
    return _formed(found), ""


def _formed(found: Mapping[str, tuple[set[str], set[str], set[str]]]) -> dict[str, Form]:
    return {batch: Form(*map(frozenset, sets)) for batch, sets in sorted(found.items())}


def _records(file: str, format_: str) -> Iterator[dict[str, Any]]:
    if os.path.splitext(file)[1] in {".gz", ".zst"}:
        raise UnreadableFile("is compressed")
    with open(file, encoding="utf-8-sig", newline="") as lines:
        if format_ == "csv":
            yield from csv.DictReader(lines)
            return
        for line in lines:
            value = json.loads(line) if line.strip() else None
            if isinstance(value, dict):
                yield {k: v if isinstance(v, str) or v is None else True for k, v in value.items()}
