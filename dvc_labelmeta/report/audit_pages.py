"""An audit as a page that people read and keep: Markdown, or HTML without anything around it."""

from __future__ import annotations

import html
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import NamedTuple

from dvc_labelmeta.model.audit import Audit, Episode
from dvc_labelmeta.model.finding import SEVERITIES
from dvc_labelmeta.report.audit import counted, lasted, owned, result
from dvc_labelmeta.report.markdown import row, safe, sentence, table
from dvc_labelmeta.report.text import plain

_POLICY = "default-src 'none'; style-src 'unsafe-inline'"
_STYLE = """
body { font: 15px/1.45 system-ui, sans-serif; color: #1a1a1a; max-width: 60em; margin: 2em auto;
  padding: 0 1em; }
h1 { font-size: 1.6em; } h2 { font-size: 1.25em; border-bottom: 1px solid #999; margin-top: 2em; }
table { border-collapse: collapse; width: 100%; } td, th { border: 1px solid #999;
  padding: .3em .5em; text-align: left; vertical-align: top; overflow-wrap: anywhere; }
.finding { border-left: .4em solid #777; padding: .1em 1em; margin: 1em 0; break-inside: avoid; }
.error { border-color: #b00020; } .warning { border-color: #b36b00; }
.note { border-color: #2a5db0; }
li.evidence { font-family: ui-monospace, monospace; font-size: .92em; overflow-wrap: anywhere; }
@media print { body { margin: 0; max-width: none; } h2 { break-after: avoid; } }
""".strip()


class Part(NamedTuple):
    """A part of the page. head: its columns, none for a list; rows: cells of each, plain text."""

    title: str
    said: str = ""
    head: tuple[str, ...] = ()
    rows: tuple[tuple[str, ...], ...] = ()
    items: tuple[str, ...] = ()
    findings: tuple[Episode, ...] = ()


def _parts(audit: Audit, today: str) -> Iterator[Part]:
    since = f", since {audit.since}" if audit.since else ""
    heads = tuple((branch, commit, date) for branch, commit, date in audit.heads)
    scope = (
        f"{counted(audit.commits, 'commit')}, {counted(audit.splits, 'split')}, "
        f"{counted(audit.events, 'event')} of the ledger{since}; judged as of {today}."
    )
    yield Part("What was audited", scope, ("branch", "commit", "date"), heads)
    yield Part("Summary", f"{result(audit).capitalize()}.", _COUNTS, tuple(_counts(audit)))
    by_owner = tuple(_by_owner(audit.open))
    if by_owner:
        told = "Who has something to do, by severity."
        yield Part("By owner", told, ("owner", "errors", "warnings", "notes"), by_owner)
    yield Part("Open findings", "" if audit.open else "There is none.", findings=tuple(audit.open))
    rows = tuple((_named(one), one.flaw.message, lasted(one)) for one in audit.past)
    told = "" if rows else "There is none."
    yield Part("Findings that ended", told, ("finding", "what", "when") if rows else (), rows)
    for split, steps in audit.timeline.items():
        lived = tuple((spot.date, spot.commit[:12], spot.author, what) for spot, what in steps)
        if lived:
            yield Part(f"Timeline of {split}", "", ("date", "commit", "author", "what"), lived)
    yield Part("What was checked", items=audit.checked)
    said = "" if audit.unchecked else "Nothing was left out."
    yield Part("What was not checked", said, items=audit.unchecked)


_COUNTS = ("kind", "severity", "open", "ended")


def _counts(audit: Audit) -> Iterator[tuple[str, ...]]:
    kinds: dict[tuple[int, str, str], list[int]] = {}
    for one in audit.episodes:
        key = (-SEVERITIES.index(one.flaw.severity), _named(one), one.flaw.severity)
        kinds.setdefault(key, [0, 0])[one.until is not None] += 1
    for (_, name, severity), (still, ended) in sorted(kinds.items()):
        yield name, severity, str(still), str(ended)


def _by_owner(episodes: Iterable[Episode]) -> Iterator[tuple[str, ...]]:
    found: dict[str, dict[str, int]] = {}
    for one in episodes:
        for owner in one.owners or ("(nobody)",):
            counts = found.setdefault(owner, dict.fromkeys(SEVERITIES, 0))
            counts[one.flaw.severity] += 1
    for owner, counts in sorted(found.items()):
        yield (owner, *(str(counts[severity]) for severity in reversed(SEVERITIES)))


def _named(one: Episode) -> str:
    return f"{one.flaw.code} {one.flaw.name}"


def markdown(audit: Audit, *, today: str) -> str:
    """Return an audit as Markdown."""
    blocks = ["# Audit of labels and guidelines"]
    for part in _parts(audit, today):
        blocks.append(f"## {safe(part.title)}")
        if part.said:
            blocks.append(safe(part.said))
        if part.rows:
            blocks.append(
                "\n".join([table(part.head), *(row(map(safe, one)) for one in part.rows)])
            )
        if part.items:
            blocks.append("\n".join(f"- {sentence(one)}" for one in part.items))
        blocks += map(_marked, part.findings)
    return "\n\n".join(blocks) + "\n"


def _marked(one: Episode) -> str:
    flaw = one.flaw
    rows = [
        f"### {safe(flaw.severity)}: {safe(_named(one))}",
        "",
        safe(flaw.message),
        "",
        *(f"- {name}: {value}" for name, value in _told(one, sentence)),
        *(f"- evidence: {safe(said)}" for said in flaw.evidence),
    ]
    return "\n".join(rows)


def _told(one: Episode, show: Callable[[str], str]) -> Sequence[tuple[str, str]]:
    return (
        ("when", show(lasted(one))),
        ("subject", show(one.flaw.subject)),
        ("file", show(one.flaw.path)),
        ("owner", show(owned(one))),
        ("branches", show(", ".join(one.branches))),
        ("to do", show(one.flaw.fix)),
    )


def page(audit: Audit, *, today: str) -> str:
    """Return an audit as one HTML file: no script, nothing is loaded, and it can be printed."""
    out = [
        "<!DOCTYPE html>",
        '<html lang="en"><head><meta charset="utf-8">',
        f'<meta http-equiv="Content-Security-Policy" content="{_POLICY}">',
        '<meta name="viewport" content="width=device-width, initial-scale=1">',
        "<title>Audit of labels and guidelines</title>",
        f"<style>\n{_STYLE}\n</style></head><body>",
        "<h1>Audit of labels and guidelines</h1>",
    ]
    for part in _parts(audit, today):
        out.append(f"<h2>{_esc(part.title)}</h2>")
        if part.said:
            out.append(f"<p>{_esc(part.said)}</p>")
        if part.rows:
            out += ["<table>", _row("th", part.head), *(_row("td", one) for one in part.rows)]
            out.append("</table>")
        if part.items:
            out += ["<ul>", *(f"<li>{_esc(one)}</li>" for one in part.items), "</ul>"]
        for one in part.findings:
            out += _shown(one)
    return "\n".join([*out, "</body></html>"]) + "\n"


def _shown(one: Episode) -> Iterator[str]:
    flaw = one.flaw
    yield f'<div class="finding {_esc(flaw.severity)}">'
    told = f"<strong>{_esc(flaw.severity)}: {_esc(_named(one))}</strong>"
    yield f"<p>{told}<br>{_esc(flaw.message)}</p>"
    yield "<ul>"
    yield from (f"<li>{name}: {value}</li>" for name, value in _told(one, _esc))
    yield from (f'<li class="evidence">evidence: {_esc(said)}</li>' for said in flaw.evidence)
    yield "</ul></div>"


def _row(tag: str, cells: Iterable[str]) -> str:
    return f"<tr>{''.join(f'<{tag}>{_esc(cell)}</{tag}>' for cell in cells)}</tr>"


def _esc(text: str) -> str:
    return html.escape(plain(text))
