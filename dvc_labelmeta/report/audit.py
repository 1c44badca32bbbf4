"""An audit as text for a terminal and as JSON (`labelmeta/audit/v1`, schemas/audit.json)."""

from __future__ import annotations

import json
from typing import Any

from dvc_labelmeta.model.audit import Audit, Episode, Spot
from dvc_labelmeta.model.finding import SEVERITIES
from dvc_labelmeta.report.text import paint, plain

SCHEMA = "labelmeta/audit/v1"


def counted(number: int, noun: str) -> str:
    """Return a number with its noun."""
    return f"{number} {noun}{'' if number == 1 else 's'}"


def lasted(one: Episode) -> str:
    """Return how long a finding is there, or was."""
    since = f"{one.since.commit[:12]} {one.since.date} by {one.since.author}"
    if one.until is None:
        return f"open since {since}"
    return (
        f"was open from {since} to {one.until.commit[:12]} {one.until.date} by {one.until.author}"
    )


def owned(one: Episode) -> str:
    """Return who answers for it."""
    return ", ".join(one.owners) or "nobody is named as its owner"


def result(audit: Audit) -> str:
    """Return what came of an audit, one line."""
    told = [
        counted(audit.count(severity), severity)
        for severity in reversed(SEVERITIES)
        if audit.count(severity)
    ]
    ended = f"; {len(audit.past)} more ended" if audit.past else ""
    return f"{', '.join(told)} open{ended}" if told else f"no finding is open{ended}"


def text(audit: Audit, *, verbose: bool = False, colour: bool = False) -> str:
    """Return the findings, one a paragraph; those that ended only if `verbose`."""
    lines = []
    for one in audit.episodes if verbose else audit.open:
        flaw = one.flaw
        severity = paint(flaw.severity, flaw.severity, colour=colour)
        code = paint(flaw.code, "bold", colour=colour)
        lines += [
            f"{plain(flaw.path)}: {severity} {code} {flaw.name}",
            f"    {plain(flaw.message)}",
            f"    {plain(lasted(one))}; owner: {plain(owned(one))}",
            *(f"      {plain(said)}" for said in flaw.evidence),
            f"    fix: {plain(flaw.fix)}",
        ]
    counts = ((audit.commits, "commit"), (audit.splits, "split"), (audit.events, "event"))
    scope = ", ".join(counted(*one) for one in counts)
    if audit.unchecked and not verbose:
        things = counted(len(audit.unchecked), "thing")
        lines.append(f"not checked: {things}, which `labelmeta --verbose audit` lists")
    lines.append(f"{scope} audited: {result(audit)}")
    if verbose:
        lines += [f"not checked: {plain(one)}" for one in audit.unchecked]
    return "\n".join(lines) + "\n"


def as_json(audit: Audit, *, prefix: str, version: str, today: str) -> str:
    """Return an audit as JSON; paths are from the top level of the repository."""
    value = {
        "schema": SCHEMA,
        "version": version,
        "today": today,
        "since": audit.since,
        "heads": [
            {"branch": branch, "commit": commit, "date": date}
            for branch, commit, date in audit.heads
        ],
        "commits": audit.commits,
        "splits": audit.splits,
        "events": audit.events,
        "open": {severity: audit.count(severity) for severity in SEVERITIES},
        "findings": [_episode(one, prefix) for one in audit.episodes],
        "timeline": {
            split: [{**_spot(spot), "what": what} for spot, what in rows]
            for split, rows in audit.timeline.items()
        },
        "checked": list(audit.checked),
        "unchecked": list(audit.unchecked),
    }
    return json.dumps(value, indent=2, ensure_ascii=False) + "\n"


def _episode(one: Episode, prefix: str) -> dict[str, Any]:
    flaw = one.flaw
    return {
        "code": flaw.code,
        "name": flaw.name,
        "severity": flaw.severity,
        "subject": flaw.subject,
        "path": prefix + flaw.path,
        "message": flaw.message,
        "fix": flaw.fix,
        "evidence": list(flaw.evidence),
        "owners": list(one.owners),
        "branches": list(one.branches),
        "since": _spot(one.since),
        "until": _spot(one.until) if one.until else None,
    }


def _spot(spot: Spot) -> dict[str, str]:
    return {"commit": spot.commit, "date": spot.date, "author": spot.author}
