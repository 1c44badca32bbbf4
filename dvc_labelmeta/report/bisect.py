"""Where agreement dropped, for people: each version, each step, and what changed in between."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from dvc_labelmeta.report.clarity import difference, number, records_notes, span
from dvc_labelmeta.report.text import plain, table

_DROPPED = {True: "dropped", False: "no drop shown", None: "cannot tell"}


def bisect_text(found: Mapping[str, Any]) -> str:
    """Return the text of `annotations bisect`."""
    on = f" on {plain(found['label'])}" if found["label"] else ""
    head = ("GUIDELINE VERSION", "RECORDS", "ITEMS", (found["metric"] + on).upper(), "INTERVAL",
            "WHY NOT")  # fmt: skip
    rows = [
        (
            plain(row["guideline_version"]),
            str(row["records"]),
            str(row["items"]),
            number(row["value"]),
            span(row["interval"]),
            plain(row.get("refused", "")),
        )
        for row in found["versions"]
    ]
    parts = [table([head, *rows]), ""]
    if found["steps"]:
        steps = ("STEP", "BEFORE", "AFTER", "DIFFERENCE", "INTERVAL", "ITEMS", "")
        parts += [table([steps, *map(_step, found["steps"])]), ""]
    notes = records_notes(found)
    if len(found["versions"]) > 1 and found["order"] != "semantic version":
        notes.append(f"versions are in the order of their {found['order']}")
    first = found["first"]
    if first and not first["same_items"]:
        notes.append("the items are not the same in that step, so they may be what differs")
    if first and not first["common_annotators"]:
        notes.append("no annotator worked under both, so the people may be what differs")
    parts += [f"note: {one}" for one in notes]
    return "\n".join([*parts, _sentence(found), *_changes(found)])


def _step(step: Mapping[str, Any]) -> tuple[str, ...]:
    title = f"{plain(step['from'])} -> {plain(step['to'])}"
    if step["dropped"] is None:
        return (title, "-", "-", "-", "-", "-", f"cannot tell: {plain(step['refused'])}")
    return (title, *difference(step), _DROPPED[step["dropped"]])


def _sentence(found: Mapping[str, Any]) -> str:
    first, metric = found["first"], found["metric"]
    unjudged = [
        plain(row["guideline_version"]) for row in found["versions"] if row["value"] is None
    ]
    skipped = f"; not judged: {', '.join(unjudged)}" if unjudged else ""
    if first:
        return (
            f"{metric} first got worse with {plain(first['to'])}: {number(first['before'])} -> "
            f"{number(first['after'])}, interval of the difference {span(first['interval'])}"
            f"{skipped}"
        )
    if found["verdict"] == "none dropped":
        return f"{metric} got worse with no version, as far as {len(found['steps'])} intervals show"
    if found["steps"]:
        return f"cannot tell: no drop is shown between the versions that can be judged{skipped}"
    if not found["versions"]:
        return "cannot tell: the records name no guideline version, so there is nothing to compare"
    judged = len(found["versions"]) - len(unjudged)
    return (
        f"cannot tell: {judged} of {len(found['versions'])} guideline versions can be judged, "
        "and a drop needs two"
    )


def _changes(found: Mapping[str, Any]) -> list[str]:
    if "changes" not in found:
        return []
    changes = found["changes"]
    if "refused" in changes:
        return ["", f"what changed is not known: {plain(changes['refused'])}"]
    head = ("COMMIT", "DATE", "VERSION", "AUTHOR", "DECLARED", "SUBJECT")
    rows = [
        (
            one["commit"][:12],
            one["date"],
            *(plain(one[key]) for key in ("version", "author")),
            plain(one["declared"]) or "-",
            plain(one["subject"]),
        )
        for one in changes["commits"]
    ]
    return ["", f"what changed in {plain(changes['guideline'])}:", table([head, *rows])]
