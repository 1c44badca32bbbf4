"""Zooniverse classification exports (CSV): volunteers' answers under a workflow version.

The version on each row is major.minor of the workflow: the minor one counts the instruction texts,
and the text that was shown is in the row itself. So versions are recorded, and their wordings
can be written out again.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

from dvc_labelmeta.errors import Refused, UnreadableFile
from dvc_labelmeta.read.exports import rows
from dvc_labelmeta.read.losses import LEFT_OUT, LOST, NOTED, Draft, Tally
from dvc_labelmeta.read.recording import joined
from dvc_labelmeta.read.times import TimeFormat, rfc3339, seconds_between

TITLE = "Zooniverse classifications (CSV): answers with the version of their instructions."
PERSONAL = ("user_id", "session")  # user_ip and user_agent are known by their names

_NEEDED = {
    "classification_id", "user_name", "workflow_version", "created_at", "metadata", "annotations",
    "subject_ids",
}  # fmt: skip
_TIME = TimeFormat()
_VERSION = re.compile(r"[0-9]+(\.[0-9]+)*\Z")
_MAX_TEXTS = 10_000


def drafts(path: str, tally: Tally) -> Iterator[Draft]:
    """Yield a draft for each task of each classification; a place is the number of a line."""
    for place, row, tasks in _classifications(path, tally):
        for task in tasks:
            if "value" not in task or task["value"] is None:
                tally.add(LEFT_OUT, "was skipped: it has no answer", place)
                continue
            yield _draft(place, row, task, single=len(tasks) == 1, tally=tally)


def _classifications(
    path: str, tally: Tally
) -> Iterator[tuple[int, dict[str, Any], list[dict[str, Any]]]]:
    for row in rows(path):
        tally.read += 1
        if row.fault:
            tally.add(LEFT_OUT, row.fault, row.place)
            continue
        if missing := _NEEDED - row.values.keys():
            names = ", ".join(sorted(missing))
            raise UnreadableFile(f"{path}: lacks {names}; is it a classification export?")
        values = {key: item for key, item in row.values.items() if item}
        try:
            for column in ("metadata", "subject_data", "annotations"):
                if column in values:
                    values[column] = json.loads(values[column])
        except (ValueError, RecursionError):
            tally.add(LEFT_OUT, f"{column} is not valid JSON", row.place)
            continue
        tasks = values.pop("annotations", None)
        metadata = values.setdefault("metadata", {})
        if not isinstance(tasks, list) or not all(isinstance(task, dict) for task in tasks):
            tally.add(LEFT_OUT, "annotations is no list of tasks", row.place)
        elif not isinstance(metadata, dict):
            tally.add(LEFT_OUT, "metadata is no JSON object", row.place)
        elif not values.get("classification_id"):
            tally.add(LEFT_OUT, "has no classification_id", row.place)
        else:
            yield row.place, values, tasks


def _draft(
    place: int, row: dict[str, Any], task: dict[str, Any], *, single: bool, tally: Tally
) -> Draft:
    answer = task["value"]
    plain = isinstance(answer, str) or (
        isinstance(answer, list) and bool(answer) and all(isinstance(one, str) for one in answer)
    )
    version = row.get("workflow_version")
    fields: dict[str, Any] = {
        "item": row.get("subject_ids"),
        "label" if plain else "value": answer,
        "source": f"zooniverse:{row.get('workflow_id', 'workflow')}",
        "annotator": row.get("user_name"),
        "annotator_type": "person",
        "tool": "zooniverse",
        "tool_version": row["metadata"].get("classifier_version"),
        "guideline_version": version,
        "guideline_version_source": "recorded" if version else "unknown",
        "is_gold": row.get("gold_standard"),
        "status": "submitted",
    }
    fields = {name: value for name, value in fields.items() if value is not None}
    _times(row, fields, place, tally)
    if str(row.get("user_name", "")).startswith("not-logged-in"):
        tally.add(NOTED, "anonymous: the annotator is only as stable as a browser session", place)
    known = {"classification_id", "subject_ids", "user_name", "workflow_version", "created_at"}
    extra = {key: item for key, item in row.items() if key not in {*known, "gold_standard"}}
    extra["task"] = {key: item for key, item in task.items() if key != "value"}
    id_ = row["classification_id"]
    id_parts = (id_,) if single else (joined([id_, str(task.get("task"))]),)
    return Draft(place, fields, extra, id_parts)


def _times(row: dict[str, Any], fields: dict[str, Any], place: int, tally: Tally) -> None:
    try:
        if "created_at" in row:
            fields["annotated_at"] = rfc3339(_TIME.time(row["created_at"]))
            fields["annotated_at_source"] = "label"
        metadata = row["metadata"]
        if "started_at" in metadata and "finished_at" in metadata:
            start, end = _TIME.time(metadata["started_at"]), _TIME.time(metadata["finished_at"])
            fields["duration_seconds"] = seconds_between(start, end)
    except ValueError as error:
        tally.add(LOST, f"time {error}", place)


def guideline_texts(path: str) -> dict[str, str]:
    """Return the instructions of each workflow version as Markdown, by version, oldest first.

    They are what the rows themselves say was shown; the first label under a version is told, as
    the version cannot be younger. Raises Refused for a version that is no number.
    """
    shown: dict[str, dict[str, str]] = {}
    names: dict[str, tuple[str, str]] = {}
    for _, row, tasks in _classifications(path, Tally()):
        version, made = row.get("workflow_version", ""), row.get("created_at", "")
        if not _VERSION.match(version):
            raise Refused(f"{path}: workflow_version {version!r} is no version like 13.19")
        title, first = names.get(version, (row.get("workflow_name", "Workflow"), made))
        names[version] = (title, min(first, made))
        texts = shown.setdefault(version, {})
        for task in tasks:
            if len(shown) * len(texts) > _MAX_TEXTS:
                raise Refused(f"{path}: has more than {_MAX_TEXTS:,} instruction texts")
            texts.setdefault(str(task.get("task")), str(task.get("task_label") or ""))
    order = sorted(shown, key=lambda version: tuple(map(int, version.split("."))))
    return {version: _markdown(version, *names[version], shown[version]) for version in order}


def _markdown(version: str, title: str, first: str, texts: dict[str, str]) -> str:
    head = f"# {title}, version {version}\n\nFirst label under it: {first}\n"
    return head + "".join(f"\n## {task}\n\n{text}\n" for task, text in sorted(texts.items()))
