"""How rules are asked about a snapshot, and what becomes of their hits."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from dvc_labelmeta.checks.adoption import Adopting, adopting, softened
from dvc_labelmeta.checks.ignores import taken_back
from dvc_labelmeta.checks.rule import PROJECT, SPLIT, Hit, Rule
from dvc_labelmeta.model.finding import SEVERITIES, Finding, Ignored, Report, Skip
from dvc_labelmeta.model.snapshot import Snapshot


class Found(NamedTuple):
    """What the rules found so far; failed: subjects by code; errors: splits that have one."""

    findings: list[Finding]
    skipped: list[Skip]
    failed: dict[str, set[tuple[str, str]]]
    errors: set[str]
    adopting: Adopting
    ignored: tuple[Ignored, ...] = ()


def ask(rules: Iterable[Rule], snapshot: Snapshot) -> Found:
    """Ask rules in order, and take back what `ignore:` says; snapshot.today: ISO date."""
    found = Found([], [], {}, set(), adopting(snapshot))
    for rule in rules:
        ask_one(rule, snapshot, found)
    kept, ignored = taken_back(found.findings, snapshot.config.ignore, snapshot.today)
    return found._replace(findings=kept, ignored=tuple(ignored))


def report(found: Found, snapshot: Snapshot) -> Report:
    """Return what was found, in the order in which it is told."""
    order = sorted(
        found.findings, key=lambda f: (f.place.path, -SEVERITIES.index(f.severity), f.code)
    )
    ledger = snapshot.ledger
    return Report(
        tuple(order),
        tuple(found.skipped),
        found.ignored,
        len(snapshot.sidecars),
        heads=ledger.heads if ledger else (),
        events=ledger.total if ledger else 0,
    )


def ask_one(rule: Rule, snapshot: Snapshot, found: Found) -> None:
    """Ask one rule and add what it finds."""
    hits = found.failed.setdefault(rule.code, set())
    for hit in rule.judge(snapshot):
        because = hit.untold or _blocked(rule, hit, found.failed, found.errors)
        if because is not None:
            found.skipped.append(Skip(rule.code, hit.subject[0], because))
            continue
        hits.add(hit.subject)
        finding = softened(found.adopting, _finding(rule, hit, snapshot), hit.subject[1])
        found.findings.append(finding)
        if finding.severity == "error":
            found.errors.add(hit.subject[0])


def _blocked(
    rule: Rule, hit: Hit, failed: dict[str, set[tuple[str, str]]], errors: set[str]
) -> str | None:
    split, layer = hit.subject
    for code in rule.requires:
        subjects = failed.get(code, set())
        if (split, layer) in subjects or (split, "") in subjects:
            return code
    if rule.code in ("LM119", "LM127") and split in errors:
        return "an error of this split"
    return None


def _finding(rule: Rule, hit: Hit, snapshot: Snapshot) -> Finding:
    severity = rule.severity_in(snapshot.config.profile)
    if hit.severity is not None:
        raised = dict(rule.raised).get(snapshot.config.profile)
        severity = max(hit.severity, raised or "note", key=SEVERITIES.index)
    is_split = hit.subject[0] in snapshot.records or rule.scope == SPLIT
    return Finding(
        rule.code,
        rule.name,
        severity,
        hit.place,
        hit.message,
        hit.subject[0] if is_split else "",
        hit.fix,
        hit.details,
        rule.unjudged,
        hit.subject[0] if rule.scope == PROJECT and hit.subject[0] in snapshot.guidelines else "",
    )
