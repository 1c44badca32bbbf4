"""Rules that a team adopts step by step: until the day named, what they find is a warning."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import NamedTuple

from dvc_labelmeta.checks.ignores import matches
from dvc_labelmeta.checks.links import layers
from dvc_labelmeta.model.config import Adoption, glob_matcher
from dvc_labelmeta.model.finding import Finding
from dvc_labelmeta.model.snapshot import Snapshot


class Adopting(NamedTuple):
    """The entries of `adoption:` whose day has not come.

    entries: with the pattern of their paths. guidelines: by split, (layer, guideline id).
    """

    entries: tuple[tuple[Adoption, re.Pattern[str]], ...]
    guidelines: Mapping[str, tuple[tuple[str, str], ...]]


def adopting(snapshot: Snapshot) -> Adopting:
    """Return what is still to be adopted."""
    entries = tuple(
        (entry, glob_matcher((entry.path,)))
        for entry in snapshot.config.adoption
        if snapshot.today < entry.day
    )
    known: dict[str, tuple[tuple[str, str], ...]] = {}
    if entries:
        for one, layer in layers(snapshot):
            known[one.split] = (*known.get(one.split, ()), (layer.name, layer.guideline.id))
    return Adopting(entries, known)


def softened(found: Adopting, finding: Finding, layer: str) -> Finding:
    """Return a finding as a warning if it would be an error and its rule is still being adopted.

    layer: that of its subject, "" for the split as a whole. What could not be judged stays.
    """
    if finding.severity != "error" or finding.unjudged:
        return finding
    under = {finding.guideline} | {
        guideline
        for name, guideline in found.guidelines.get(finding.split, ())
        if layer in {"", name}
    }
    days = [
        entry.day
        for entry, paths in found.entries
        if _named(entry.rule, finding)
        and matches(paths, finding)
        and entry.guideline in {None, *under}
    ]
    if not days:
        return finding
    until = f"an error from {max(days)} on (`adoption:` in labelmeta.yaml)"
    return finding._replace(severity="warning", details=(*finding.details, until))


def _named(rule: str, finding: Finding) -> bool:
    if rule.endswith("*"):
        return finding.code.startswith(rule[:-1].upper())
    return rule.upper() == finding.code or rule.lower() == finding.name
