"""Reports for people: one finding a paragraph, the place first."""

from __future__ import annotations

from collections.abc import Sequence

from dvc_labelmeta.model.finding import Finding, Ignored, Report

_COLOURS = {"error": "\x1b[31m", "warning": "\x1b[33m", "note": "\x1b[36m", "bold": "\x1b[1m"}
_RESET = "\x1b[0m"


def paint(text: str, style: str, *, colour: bool) -> str:
    """Return text in a style ("error", "warning", "note", "bold") if `colour`."""
    return f"{_COLOURS[style]}{text}{_RESET}" if colour else text


def plain(text: str) -> str:
    """Return text that stays on its line and gives the terminal no orders (names may hold both)."""
    if text.isprintable():
        return text
    return "".join(c if c.isprintable() else repr(c)[1:-1] for c in text)


def unread_told(lines: int) -> str:
    """Return a sentence on lines of annotation files that hold no record."""
    some = "1 line is no record and was" if lines == 1 else f"{lines} lines are no record and were"
    return f"{some} left out"


def finding_text(finding: Finding, *, colour: bool = False, again: bool = False) -> str:
    """Return one finding: place, severity, code, name, message, details, fix.

    again: one with the same details was shown above, so that message and place are enough.
    """
    place = finding.place
    severity = paint(finding.severity, finding.severity, colour=colour)
    lines = [
        (
            f"{plain(place.path)}:{max(place.line, 1)}:{max(place.column, 1)}: {severity} "
            f"{paint(finding.code, 'bold', colour=colour)} {finding.name}"
        ),
        f"    {plain(finding.message)}",
    ]
    if again:
        return "\n".join(lines)
    lines += [f"      {plain(detail)}" for detail in finding.details]
    if finding.fix:
        lines.append(f"    fix: {plain(finding.fix)}")
    return "\n".join(lines)


def text(report: Report, *, verbose: bool = False, colour: bool = False) -> str:
    """Return the whole report; what was ignored or skipped is always counted."""
    parts, seen = [], set()
    for finding in report.findings:
        cause = (finding.code, finding.details)
        again = bool(finding.details) and cause in seen
        seen.add(cause)
        parts.append(finding_text(finding, colour=colour, again=again))
    behind = sum(finding.code == "LM105" for finding in report.findings)
    if behind > 1:
        parts.append(f"fix of all {behind} outdated: check the labels, then labelmeta link --all")
    if verbose:
        parts += [
            f"skipped: {s.code} for {plain(s.subject)}, because of {s.because}"
            for s in report.skipped
        ]
        parts += map(ignored_text, report.ignored)
        if report.heads:
            parts.append(
                f"ledger: {_counted(report.events, 'event')}, head {', '.join(report.heads)}"
            )
    return "\n".join([*parts, summary(report)]) + "\n"


def ignored_text(ignored: Ignored) -> str:
    """Return one ignored finding: what, where, why, by whom and how long."""
    finding, entry = ignored
    by = f", approved by {entry.approved_by}" if entry.approved_by else ""
    until = f", until {entry.until}" if entry.until else ""
    return plain(f"ignored: {finding.code} {finding.place.path}: {entry.reason}{by}{until}")


def summary(report: Report) -> str:
    """Return the last line: how much was checked and what came of it."""
    split = _counted(report.splits, "split")
    if not report.findings and not report.splits:
        return "nothing was checked: no split is linked yet (labelmeta link SPLIT --guideline ID)"
    skipped = f"; {_counted(len(report.skipped), 'check')} skipped" if report.skipped else ""
    if report.ignored:
        codes = dict.fromkeys(sorted(i.finding.code for i in report.ignored))
        skipped += f"; {len(report.ignored)} ignored ({', '.join(codes)})"
    if not report.findings:
        clean = f"nothing new since {report.since}" if report.since else "aligned"
        why = " (labelmeta --verbose check says why)" if skipped else ""
        return f"{split} checked: {clean}{skipped}{why}"
    counts = [
        _counted(report.count(severity), severity)
        for severity in ("error", "warning", "note")
        if report.count(severity)
    ]
    return f"{split} checked: {', '.join(counts)}{skipped}"


def _counted(number: int, noun: str) -> str:
    return f"{number} {noun}{'' if number == 1 else 's'}"


def table(rows: Sequence[tuple[str, ...]]) -> str:
    """Return rows (the first is the head) as aligned columns."""
    widths = [max(len(row[i]) for row in rows) for i in range(len(rows[0]))]
    return "\n".join(
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
        for row in rows
    )
