"""Records of old guideline versions that labelmeta.yaml accepts until a day, and when that ends."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator

from dvc_labelmeta.checks.records import many, read_layers
from dvc_labelmeta.checks.rule import Hit
from dvc_labelmeta.model.config import CONFIG_FILE, Legacy
from dvc_labelmeta.model.snapshot import Place, Snapshot

_SOON = 30  # days


def legacy_of(snapshot: Snapshot, guideline: str, version: str) -> Legacy | None:
    """Return the entry of `legacy:` that speaks of a version, the one that ends last."""
    entries = [
        entry
        for entry in snapshot.config.legacy
        if entry.guideline == guideline and entry.names(version)
    ]
    return max(entries, key=lambda entry: entry.until, default=None)


def accepted(snapshot: Snapshot, guideline: str, version: str) -> bool:
    """Whether records of a version are accepted as legacy today."""
    entry = legacy_of(snapshot, guideline, version)
    return entry is not None and snapshot.today <= entry.until


def ending_legacy(snapshot: Snapshot) -> Iterator[Hit]:
    """Records of old guideline versions are accepted for less than 30 days more.

    After that day `check` fails on them (LM320), and the gates with it: label them again or
    carry them over before, or the team decides anew.

    Bad:
        legacy: [{guideline: g, versions: ["<2.0.0"], until: "2026-01-31", reason: work goes on}]
        guidelines: {g: {version: "2.0.0"}}
        links: {data/train.csv: {version: "2.0.0"}}
        annotations: {data/train.csv: {versions: {"2.0.0": 60, "1.4.0": 40}}}
    Good:
        legacy: [{guideline: g, versions: ["<2.0.0"], until: "2026-03-31", reason: work goes on}]
        guidelines: {g: {version: "2.0.0"}}
        links: {data/train.csv: {version: "2.0.0"}}
        annotations: {data/train.csv: {versions: {"2.0.0": 60, "1.4.0": 40}}}
    Fix: label these records again, or take a later day for `until` of `legacy:`
    """
    counts: dict[Legacy, int] = {}
    for _, layer, found in read_layers(snapshot):
        for version, count in found.versions:
            entry = legacy_of(snapshot, layer.guideline.id, version)
            if entry is not None:
                counts[entry] = counts.get(entry, 0) + count
    for entry, count in counts.items():
        left = _days(snapshot.today, entry.until)
        if 0 <= left < _SOON:
            yield Hit(
                (entry.guideline, ""),
                Place(CONFIG_FILE, ("legacy", snapshot.config.legacy.index(entry), "until")),
                f"{many(count)} of old versions of guideline {entry.guideline} are accepted until "
                f"{entry.until}, which is in {left} day{'s' * (left != 1)} ({entry.reason})",
                "label them again, or take a later day",
            )


def _days(first: str, last: str) -> int:
    return (dt.date.fromisoformat(last) - dt.date.fromisoformat(first)).days
