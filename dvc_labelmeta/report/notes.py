"""Notes of annotators for people: which clauses gather them, then the first of each group."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from dvc_labelmeta.report.text import plain, table, unread_told

_HEAD = ("CLAUSE", "RECORDS", "NOTES", "CONFIDENCE", "DISPUTED", "TEXT")


def notes_text(found: Mapping[str, Any]) -> str:
    """Return the text of what `annotations notes` found."""
    clauses = found["clauses"]
    lines = [table([_HEAD, *map(_row, clauses)]), *_extremes(clauses)] if clauses else []
    for group in found["groups"]:
        lines += ["", *_group(group)]
    if not found["groups"]:
        lines += [*([""] if lines else []), _nothing(found)]
    if found["unread_lines"]:
        lines += ["", f"warning: {unread_told(found['unread_lines'])}"]
    return "\n".join(lines)


def _nothing(found: Mapping[str, Any]) -> str:
    clause, search = found["clause"], found["search"]
    cites = f" of a record that cites {plain(clause)}" if clause else ""
    holds = f" holds '{plain(search)}'" if search else ""
    return f"no note or rationale{cites}{holds}"


def _row(one: Mapping[str, Any]) -> tuple[str, ...]:
    return (
        _clause(one["clause"]),
        str(one["records"]),
        str(one["notes"]),
        "-" if one["confidence"] is None else f"{one['confidence']:.3f} of {one['known']}",
        "-" if one["dispute"] is None else f"{_share(one)} of {one['compared']} items",
        plain(one["text"] or ""),
    )


def _clause(clause: str | None) -> str:
    return "(none cited)" if clause is None else plain(clause)


def _share(one: Mapping[str, Any]) -> str:
    return f"{100 * one['dispute']:.1f} %"


def _extremes(clauses: Iterable[Mapping[str, Any]]) -> Iterator[str]:
    """Yield which of several clauses to look at first."""
    cited = [one for one in clauses if one["clause"] is not None]
    if len(cited) < 2:
        return
    yield ""
    most = max(cited, key=lambda one: one["notes"])
    if most["notes"]:
        yield f"most notes: {plain(most['clause'])}"
    unsure = [one for one in cited if one["confidence"] is not None]
    if unsure:
        least = min(unsure, key=lambda one: one["confidence"])
        yield f"lowest confidence: {plain(least['clause'])}"
    apart = [one for one in cited if one["dispute"]]
    if apart:
        worst = max(apart, key=lambda one: one["dispute"])
        yield f"most dispute: {plain(worst['clause'])}"


def _group(group: Mapping[str, Any]) -> Iterator[str]:
    version = group["guideline_version"]
    shown = "unknown version" if version is None else plain(version)
    noun = "note" if group["notes"] == 1 else "notes"
    yield f"{_clause(group['clause'])}, {shown}: {group['notes']} {noun}"
    if group["text"]:
        yield f"  clause: {plain(group['text'])}"
    for one in group["first"]:
        yield f"  {_note(one)}"
    left = group["notes"] - len(group["first"])
    if left:
        yield f"  and {left} more; --limit shows more"


def _note(one: Mapping[str, Any]) -> str:
    about = [one["label"], one["annotator"]]
    about += [] if one["confidence"] is None else [f"confidence {one['confidence']:g}"]
    about += [] if one["status"] == "submitted" else [one["status"]]
    words = " | ".join(text for text in (one["rationale"], one["note"]) if text)
    shown = ", ".join(text for text in about if text)
    return plain(f"{one['id'] or '-'} on {one['item'] or '-'} ({shown}): {words}")
