"""What a rollback undoes, as text and as JSON."""

from __future__ import annotations

import shlex
from collections.abc import Iterator
from typing import Any

from dvc_labelmeta.diff.rollback import Apart, Newer, Rollback, Wrong
from dvc_labelmeta.model.sidecar import Link
from dvc_labelmeta.report.text import plain


def rollback_text(one: Rollback) -> str:
    """Return what is told before anything is written."""
    hash_, date, subject = one.commit or ("", "", "as released")
    where = f"{hash_[:12]} ({date}) {subject}".lstrip() if hash_ else subject
    lines = [f"{one.name}: back to {where}"]
    for turn in one.turns:
        layer = f"{turn.layer}: " if turn.layer else ""
        lines.append(f"  {layer}{_link(turn.before)} -> {_link(turn.after)}")
    lines += [f"  {line}" for line in _undone(one)]
    return "\n".join(plain(line) for line in lines)


def _link(link: Link | None) -> str:
    if link is None:
        return "not there"
    commit = f" ({link.commit[:12]})" if link.commit else ""
    return f"{link.id} {link.version}{commit}"


def _undone(one: Rollback) -> Iterator[str]:
    for each in one.undone:
        if each.versions:
            yield f"newer than that, of {each.id}: {', '.join(each.versions)}"
    for wrong in one.wrong:
        yield _wrong(wrong)
    for other in one.apart:
        yield f"comes apart: {other.split} stays linked to {_link(other.link)}; {_fix(one, other)}"
    for each in one.undone:
        yield from _kept(each)
    yield from (f"note: {note}" for note in one.notes)


def _fix(one: Rollback, other: Apart) -> str:
    split = shlex.quote(other.split)
    if one.kind == "guideline":
        return f"after the commit: labelmeta link {split} --guideline {other.link.id}"
    return f"to keep them together: labelmeta rollback {split} --to {shlex.quote(one.to)}"


def _wrong(one: Wrong) -> str:
    what = "leave the records" if one.leaving else "wrong again"
    if one.reason:
        return f"{what}: not counted in {one.split} {one.layer}: {one.reason}"
    total = sum(one.records.values())
    by = ", ".join(f"{count} under {version}" for version, count in one.records.items())
    return f"{what}: {total} of {one.split} {one.layer} ({by})"


def _kept(undone: Newer) -> Iterator[str]:
    if undone.releases:
        listed = ", ".join(undone.releases)
        yield f"stays listed in {undone.id}.releases.yaml: {listed}"
    for version, who in undone.approvals:
        yield f"approved since: {undone.id} {version} by {who}"


def rollback_json(one: Rollback) -> dict[str, Any]:
    """Return the same as a value for JSON."""
    hash_, date, subject = one.commit or (None, None, None)
    return {
        "name": one.name,
        "kind": one.kind,
        "to": one.to,
        "commit": hash_,
        "date": date,
        "subject": subject,
        "turns": [
            {"layer": t.layer or None, "before": _fields(t.before), "after": _fields(t.after)}
            for t in one.turns
        ],
        "newer": [
            {
                "guideline": u.id,
                "versions": list(u.versions),
                "releases": list(u.releases),
                "approvals": [{"version": version, "name": who} for version, who in u.approvals],
            }
            for u in one.undone
        ],
        "wrong_again": [
            {
                "split": w.split,
                "layer": w.layer,
                "records": None if w.reason else w.records,
                "leaving": w.leaving,
                "reason": w.reason or None,
            }
            for w in one.wrong
        ],
        "apart": [
            {"split": a.split, "layer": a.layer, "guideline": _fields(a.link)} for a in one.apart
        ],
        "notes": list(one.notes),
        "checkout": list(one.checkout),
    }


def _fields(link: Link | None) -> dict[str, str] | None:
    return link._asdict() if link else None
