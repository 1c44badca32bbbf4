"""What `ignore:` takes back, and rules about its entries themselves.

These rules are asked last, once it is known which entry took something back.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from dvc_labelmeta.checks.rule import Hit
from dvc_labelmeta.model.config import CONFIG_FILE, Ignore, glob_matcher
from dvc_labelmeta.model.finding import Finding, Ignored
from dvc_labelmeta.model.sidecar import SUFFIX
from dvc_labelmeta.model.snapshot import Place, Snapshot


def ended_ignore(snapshot: Snapshot) -> Iterator[Hit]:
    """The last day of an entry of `ignore:` has passed.

    It takes nothing back any more, and who reads it may think that it does.

    Bad:
        ignore: [{rule: LM105, path: data/old.csv, reason: benchmark, until: "2025-12-31"}]
    Good:
        ignore: []
    Fix: take the entry out, or decide anew and give it a later day
    """
    for number, entry in enumerate(snapshot.config.ignore):
        if not in_force(entry, snapshot.today):
            yield _hit(
                number,
                "until",
                f"the ignore of {entry.rule} for {entry.path} ended on {entry.until}",
                "take it out, or decide anew and give it a later day",
            )


def idle_ignore(snapshot: Snapshot) -> Iterator[Hit]:
    """An entry of `ignore:` takes nothing back.

    What it was for is mended, or its rule and path meet nothing; the next fault there would be
    ignored, too, and nobody decided that.

    Bad:
        ignore: [{rule: LM105, path: data/old.csv, reason: benchmark}]
    Good:
        ignore: []
    Fix: take the entry out, or correct its rule and path
    """
    for number in sorted(snapshot.idle):
        entry = snapshot.config.ignore[number]
        yield _hit(
            number,
            "rule",
            f"the ignore of {entry.rule} for {entry.path} takes nothing back ({entry.reason})",
            "take it out, or correct its rule and path",
        )


def unapproved_ignore(snapshot: Snapshot) -> Iterator[Hit]:
    """Nobody stands behind an entry of `ignore:`; profile audit asks for a name or a role.

    An auditor wants to know who decided to live with a fault, for how long, and why.

    Bad:
        profile: audit
        guidelines: {g: {version: "2.0.0"}}
        links: {data/old.csv: {version: "1.0.0", bump: major}}
        ignore: [{rule: LM105, path: data/old.csv, reason: benchmark}]
    Good:
        profile: audit
        guidelines: {g: {version: "2.0.0"}}
        links: {data/old.csv: {version: "1.0.0", bump: major}}
        ignore: [{rule: LM105, path: data/old.csv, reason: benchmark, approved_by: data-owner}]
    Fix: add `approved_by: NAME` (or a role) to the entry in labelmeta.yaml
    """
    if snapshot.config.profile == "audit":
        for number, entry in enumerate(snapshot.config.ignore):
            if not entry.approved_by and in_force(entry, snapshot.today):
                yield _hit(
                    number,
                    "reason",
                    f"the ignore of {entry.rule} for {entry.path} has no `approved_by`",
                    "add `approved_by: NAME` (or a role)",
                )


def in_force(entry: Ignore, today: str) -> bool:
    """Whether an entry holds on a day (ISO date)."""
    return entry.until is None or today <= entry.until


def taken_back(
    findings: Iterable[Finding], ignores: tuple[Ignore, ...], today: str
) -> tuple[list[Finding], list[Ignored]]:
    """Part findings into those that stay and those that the configuration ignores.

    What could not be judged cannot be ignored.
    """
    active = [(entry, glob_matcher((entry.path,))) for entry in ignores if in_force(entry, today)]
    kept: list[Finding] = []
    ignored: list[Ignored] = []
    for finding in findings:
        match = next((entry for entry, paths in active if _covers(entry, paths, finding)), None)
        if match is None or finding.unjudged:
            kept.append(finding)
        else:
            ignored.append(Ignored(finding, match))
    return kept, ignored


def matches(paths: re.Pattern[str], finding: Finding) -> bool:
    """Whether a pattern names the split of a finding, its file, or the data of that sidecar."""
    candidates = (finding.split, finding.place.path, finding.place.path.removesuffix(SUFFIX))
    return any(paths.match(path) for path in candidates if path)


def _covers(entry: Ignore, paths: re.Pattern[str], finding: Finding) -> bool:
    named = entry.rule.upper() == finding.code or entry.rule.lower() == finding.name
    return named and matches(paths, finding)


def _hit(number: int, key: str, message: str, fix: str) -> Hit:
    return Hit((CONFIG_FILE, ""), Place(CONFIG_FILE, ("ignore", number, key)), message, fix)
