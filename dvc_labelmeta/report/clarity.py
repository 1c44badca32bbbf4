"""Comparisons of guideline versions for people: tables, then what they say in a sentence."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from dvc_labelmeta.report.text import plain, table, unread_told

_HEAD = ("BEFORE", "AFTER", "DIFFERENCE", "INTERVAL", "ITEMS", "VERDICT")


def clarity_text(found: Mapping[str, Any]) -> str:
    """Return the text of `annotations clarity`."""
    head = ("GUIDELINE VERSION", "RECORDS", "VOTES", "ITEMS", "ANNOTATORS", "DISAGREEMENT",
            "INTERVAL", "WHY NOT")  # fmt: skip
    rows = [
        (
            plain(row["guideline_version"]),
            *(str(row[key]) for key in ("records", "votes", "items", "annotators")),
            number(row["disagreement"]),
            span(row["interval"]),
            plain(row.get("refused", {}).get("disagreement", "")),
        )
        for row in found["versions"]
    ]
    parts = [table([head, *rows]), ""]
    whole = found["all"]
    if found["before"] is None:
        return "\n".join([*parts, f"cannot tell: {whole['refused']['verdict']}"])
    lines = [(_title(found), *_HEAD), ("all items", *_cells(whole))]
    groups = found.get("by", {"name": "", "rows": [], "not_looked_at": 0})
    name = groups["name"]
    lines += [(f"{name} {plain(row[name])}", *_cells(row)) for row in groups["rows"]]
    return "\n".join([*parts, table(lines), "", *_notes(found, groups), _sentence(found)])


def _title(found: Mapping[str, Any]) -> str:
    return f"{plain(found['before'])} -> {plain(found['after'])}"


def _cells(row: Mapping[str, Any]) -> tuple[str, ...]:
    if row["verdict"] is None:
        return ("-", "-", "-", "-", "-", plain(row["refused"]["verdict"]))
    return (*difference(row), row["verdict"])


def difference(row: Mapping[str, Any]) -> tuple[str, ...]:
    """Return the cells of a difference: before, after, difference, interval, items."""
    before, after = row["items"]
    items = f"the same {before}" if row["same_items"] else f"{before}, {after} others"
    return (
        number(row["before"]),
        number(row["after"]),
        f"{row['difference']:+.3f}",
        span(row["interval"]),
        items,
    )


def _notes(found: Mapping[str, Any], groups: Mapping[str, Any]) -> list[str]:
    notes = records_notes(found)
    looked = found["comparisons"]
    if looked > 1:
        notes.append(
            f"{looked} comparisons were made, so each interval is one of "
            f"{100 * found['confidence']:.2f} %: all hold together in 95 of 100 studies"
        )
    if groups["not_looked_at"]:
        notes.append(f"{groups['not_looked_at']} rarer ones were not looked at")
    if found["all"]["verdict"] is not None and not found["all"]["same_items"]:
        notes.append(
            "the items are not the same under both, so they may be what differs, not the wording"
        )
    if found["all"]["verdict"] is not None and not found["common_annotators"]:
        notes.append("no annotator worked under both, so the people may be what differs")
    return [f"note: {one}" for one in notes]


def records_notes(found: Mapping[str, Any]) -> list[str]:
    """Return what is to be said of records that took no part."""
    notes = []
    if found["unread_lines"]:
        notes.append(unread_told(found["unread_lines"]))
    if found["unknown_version"]:
        unknown = found["unknown_version"]
        some = "1 record names" if unknown == 1 else f"{unknown} records name"
        notes.append(f"{some} no guideline version")
    return notes


def _sentence(found: Mapping[str, Any]) -> str:
    whole = found["all"]
    if whole["verdict"] is None:
        return f"cannot tell: {plain(whole['refused']['verdict'])}"
    if whole["verdict"] == "cannot tell":
        return f"cannot tell: the interval {span(whole['interval'])} of the difference holds 0"
    return (
        f"{plain(found['after'])} is {whole['verdict']} than {plain(found['before'])}: "
        f"disagreement {number(whole['before'])} -> {number(whole['after'])}"
    )


def number(value: float | None) -> str:
    """Return a number with three decimals, - where there is none."""
    return "-" if value is None else f"{value:.3f}"


def span(value: Sequence[float] | None) -> str:
    """Return an interval, - where there is none."""
    return "-" if value is None else f"{value[0]:.3f} .. {value[1]:.3f}"
