"""What came of verifying a ledger, for people and for programs."""

from __future__ import annotations

import json

from dvc_labelmeta.model.chain import Breach, Verdict
from dvc_labelmeta.report.text import paint, plain


def verdict_json(one: Verdict, *, signatures: bool) -> str:
    """Return a verdict as JSON. signatures: they were looked at."""
    value = {
        "schema": "labelmeta/verification/v1",
        "events": one.total,
        "heads": list(one.heads),
        "first": one.first or None,
        "last": one.last or None,
        "uncommitted": one.new,
        "verified_before": one.kept,
        "claims": {"checked": one.claims, "unchecked": dict(sorted(one.unchecked.items()))},
        "anchors": {"found": one.anchors, "signed": one.signed if signatures else None},
        "findings": [breach._asdict() for breach in one.ordered()],
    }
    return json.dumps(value, indent=2)


_LOOSE = (
    "no anchor: a ledger that was rewritten together with Git's history would look the same; "
    "labelmeta ledger anchor makes one"
)


def verdict_text(one: Verdict, *, signatures: bool, expected: bool, colour: bool) -> str:
    """Return a verdict as text: one line on all of it, then what was found.

    expected: somebody said what head or how many events there have to be.
    """
    lines = [_summary(one, signatures=signatures)]
    if one.total and not (one.anchors or expected):
        lines.append(_LOOSE)
    for why, count in sorted(one.unchecked.items()):
        lines.append(f"not checked: {count} {'claim' if count == 1 else 'claims'} on {plain(why)}")
    for breach in one.ordered():
        lines += _finding(breach, colour=colour)
    return "\n".join(lines)


def _summary(one: Verdict, *, signatures: bool) -> str:
    if not one.total:
        return "the ledger holds no event"
    heads = ", ".join(hash_[:12] for hash_ in one.heads)
    word = "head" if len(one.heads) == 1 else "heads"
    events = _counted(one.total, "event")
    parts = [f"{events} from {one.first} to {one.last}", f"{word} {heads}"]
    if one.kept:
        parts.append(f"{one.kept} of them verified before")
    if one.new:
        parts.append(f"{one.new} not committed yet")
    parts.append(f"{_counted(one.claims, 'claim')} held against Git and DVC")
    signed = f" ({one.signed} signed)" if signatures else ""
    parts.append(f"{_counted(one.anchors, 'anchor')}{signed}")
    worst = [
        _counted(number, severity)
        for severity in ("error", "warning", "note")
        if (number := sum(breach.severity == severity for breach in one.breaches))
    ]
    sound = "nothing wrong in what was checked" if one.unchecked else "intact"
    return f"{'; '.join(parts)}: {', '.join(worst) or sound}"


def _finding(one: Breach, *, colour: bool) -> list[str]:
    severity = paint(one.severity, one.severity, colour=colour)
    lines = [f"{plain(one.path)}: {severity} {one.kind}", f"  {plain(one.message)}"]
    return [*lines, f"  fix: {plain(one.fix)}"] if one.fix else lines


def _counted(number: int, noun: str) -> str:
    return f"{number:,} {noun}{'' if number == 1 else 's'}"
