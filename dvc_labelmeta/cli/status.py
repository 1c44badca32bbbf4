"""`status` and `explain`: where every split stands, and what a rule means."""

from __future__ import annotations

import json
from collections import defaultdict
from typing import Annotated

import typer

from dvc_labelmeta.checks.audit_kinds import KINDS, Kind
from dvc_labelmeta.checks.catalogue import RULES, find_rule, judge
from dvc_labelmeta.checks.rule import Rule
from dvc_labelmeta.cli.common import Format, refuse_other, root_of
from dvc_labelmeta.cli.gate import today
from dvc_labelmeta.errors import UNJUDGED
from dvc_labelmeta.model.finding import Finding
from dvc_labelmeta.model.sidecar import Layer, Sidecar
from dvc_labelmeta.model.snapshot import Snapshot
from dvc_labelmeta.read.snapshot import load
from dvc_labelmeta.report.text import table

STATUS_EXAMPLE = "Example: labelmeta status --format json"
EXPLAIN_EXAMPLE = "Example: labelmeta explain LM105"

_NOTATION = """
Bad and Good sketch a project; they are no file format. `guidelines` are as at HEAD (`g` is one),
`data` is what DVC or Git records (`value`: its hash), `links` is what the sidecars say."""

FORMATS = ("text", "json")


def status(context: typer.Context, format_: Format = "text") -> None:
    """Show where each split stands.

    One line a split: what it is linked to, how far behind that is, and the rules that found
    something.
    """
    refuse_other("--format", format_, FORMATS)
    snapshot = load(root_of(context))
    report = judge(snapshot, today())
    found: dict[str, list[Finding]] = defaultdict(list)
    for finding in report.findings:
        found[finding.split].append(finding)
    rows = [
        _row(snapshot, one, layer, found[one.split])
        for one in snapshot.sidecars
        for layer in one.layers
    ]
    broken = [f for f in report.findings if f.code == "LM100"]
    if format_ == "json":
        typer.echo(json.dumps(rows, indent=2))
    elif rows:
        head = (
            "SPLIT",
            "LAYER",
            "GUIDELINE",
            "LINKED",
            "HEAD",
            "BEHIND",
            "MODE",
            "DATA",
            "FINDINGS",
        )
        lines = [head, *(tuple(row.values()) for row in rows)]
        if len({row["layer"] for row in rows}) == 1:  # LAYER would say the same in every line
            lines = [(line[0], *line[2:]) for line in lines]
        typer.echo(table(lines))
    else:
        typer.echo("no split is linked yet; labelmeta link SPLIT --guideline ID")
    for finding in broken:
        typer.echo(f"not read: {finding.message}", err=format_ == "json")
    if broken:
        raise typer.Exit(UNJUDGED)


def _row(snapshot: Snapshot, one: Sidecar, layer: Layer, findings: list[Finding]) -> dict[str, str]:
    guideline, pin = snapshot.guidelines.get(layer.guideline.id), snapshot.pin(layer)
    head = guideline.head if guideline else None
    record = snapshot.records.get(one.split)
    behind = "-" if head and head.object == layer.guideline.object else "?"
    if behind == "?" and pin is not None and pin.behind is not None:
        behind = f"{len(pin.behind)} ({pin.bump})"
    data = "gone" if record is None else "same" if record.value == one.data.value else "changed"
    return {
        "split": one.split,
        "layer": layer.name,
        "guideline": layer.guideline.id,
        "linked": layer.guideline.version,
        "head": head.version if head else "?",
        "behind": behind,
        "mode": layer.mode,
        "data": data,
        "findings": ",".join(sorted({f.code for f in findings})) or "-",
    }


def explain(
    rule: Annotated[
        str, typer.Argument(help="Code or name; without one, all rules are listed.")
    ] = "",
    format_: Format = "text",
) -> None:
    """Explain a rule, or what only an audit finds: what it is, why, and how to mend it."""
    refuse_other("--format", format_, FORMATS)
    kinds = [one for one in KINDS if rule.lower() in {one.code.lower(), one.name, ""}]
    chosen = [find_rule(rule)] if rule and not kinds else [] if rule else list(RULES)
    if format_ == "json":
        told = [*map(_entry, chosen), *map(_kind, kinds)]
        typer.echo(json.dumps(told, indent=2))
    elif rule and kinds:
        (kind,) = kinds
        typer.echo(f"{kind.code} {kind.name} ({kind.severity}; labelmeta audit)\n")
        typer.echo(f"{kind.title[0].upper()}{kind.title[1:]}.\n\nFix: {kind.fix}")
    elif rule:
        typer.echo(f"{chosen[0].code} {chosen[0].name} ({_severities(chosen[0])})\n")
        typer.echo(chosen[0].text)
        typer.echo(_NOTATION)
    else:
        ordered = sorted(chosen, key=lambda one: one.code)
        rows = [(r.code, r.name, _severities(r), r.title) for r in ordered]
        rows += [(k.code, k.name, k.severity, f"Audit: {k.title}.") for k in kinds]
        typer.echo(table(rows))


def _severities(rule: Rule) -> str:
    raised = [f"{severity} from profile {profile}" for profile, severity in rule.raised[:1]]
    return ", ".join([rule.severity, *raised])


def _kind(kind: Kind) -> dict[str, object]:
    return {
        "code": kind.code,
        "name": kind.name,
        "severity": kind.severity,
        "raised": {},
        "scope": "audit",
        "requires": [],
        "since": "0.1.0",
        "text": f"{kind.title}\nFix: {kind.fix}",
    }


def _entry(rule: Rule) -> dict[str, object]:
    return {
        "code": rule.code,
        "name": rule.name,
        "severity": rule.severity,
        "raised": dict(rule.raised),
        "scope": rule.scope,
        "requires": list(rule.requires),
        "since": rule.since,
        "text": rule.text,
    }
