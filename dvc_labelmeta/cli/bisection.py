"""The search for the version at which agreement dropped as one plain value, ready to print."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from dvc_labelmeta.cli.clarity import difference_of, why
from dvc_labelmeta.cli.project import Project
from dvc_labelmeta.cli.versions import Study
from dvc_labelmeta.errors import LabelMetaError
from dvc_labelmeta.stats.clarity import fell, measure
from dvc_labelmeta.stats.difference import Estimate, Faced, compare, estimate, face, sides
from dvc_labelmeta.stats.votes import Refusal

if TYPE_CHECKING:
    from dvc_labelmeta.read.clarity import Version

Cells = Mapping[tuple[Any, Any], int]


def searched(study: Study, metric: str, label: str | None) -> dict[str, Any]:
    """Return the value under each version, the steps between those judged, and the first drop."""
    statistic, _ = measure(metric, label)
    estimates = {
        one: estimate(
            {
                unit: items
                for (unit, _), items in _facing(study, one.name, one.name, metric, label).items()
            },
            statistic,
        )
        for one in study.versions
    }
    judged = [one.name for one, found in estimates.items() if isinstance(found, Estimate)]
    steps = _steps(study, list(pairwise(judged)), metric, label)
    first = next((step for step in steps if step["dropped"]), None)
    unsure = len(judged) < len(estimates) or any(step["dropped"] is None for step in steps)
    told = {
        **study.told(),
        "metric": metric,
        "label": label,
        "versions": [_shown(*one) for one in estimates.items()],
        "steps": steps,
        "verdict": "dropped" if first else "cannot tell" if unsure or not steps else "none dropped",
        "first": first,
    }
    return told | ({"changes": _changes(study, first["from"], first["to"])} if first else {})


def _facing(study: Study, before: str, after: str, metric: str, label: str | None) -> Cells:
    """Return what each item contributes to a metric under two versions."""
    _, unit = measure(metric, label)
    if metric == "confidence":
        return study.clarity.facing_confidences(before, after, label)
    return sides(study.clarity.facing(before, after), unit)


def _shown(version: Version, found: Estimate | Refusal) -> dict[str, Any]:
    row = {"guideline_version": version.name, "records": version.records}
    if isinstance(found, Refusal):
        return {
            **row,
            "value": None,
            "interval": None,
            "items": 0,
            "refused": why(version, found).reason,
        }
    ends = found.interval and [found.interval.low, found.interval.high]
    return {**row, "value": found.value, "interval": ends, "items": found.items}


def _steps(
    study: Study, pairs: Sequence[tuple[str, str]], metric: str, label: str | None
) -> list[dict[str, Any]]:
    statistic, _ = measure(metric, label)
    faced = {pair: face(_facing(study, *pair, metric, label), statistic) for pair in pairs}
    made = sum(isinstance(one, Faced) for one in faced.values())
    steps: list[dict[str, Any]] = []
    for (before, after), one in faced.items():
        step: dict[str, Any] = {"from": before, "to": after}
        found = compare(one, statistic, made) if isinstance(one, Faced) else one
        if isinstance(found, Refusal):
            steps.append({**step, "dropped": None, "refused": found.reason})
        else:
            common = study.clarity.common_annotators(before, after)
            step |= {"dropped": fell(metric, found), **difference_of(found)}
            steps.append({**step, "common_annotators": common})
    return steps


def _changes(study: Study, before: str, after: str) -> dict[str, Any]:
    """Return the commits of the guideline after the one version up to the other, oldest first.

    For a linked split whose guideline is here; the network is never asked.
    """
    snapshot, layer = study.asked.snapshot, study.source.layer
    if snapshot is None or layer is None:
        return {"commits": [], "refused": "a bare file of records names no guideline in Git"}
    id_ = layer.guideline.id
    guideline = snapshot.guidelines.get(id_)
    if guideline is None or not guideline.available:
        return {"guideline": id_, "commits": [], "refused": f"guideline {id_!r} is not here"}
    try:
        history = [*Project(snapshot.root).history(guideline)][::-1]
    except LabelMetaError as error:
        return {"guideline": id_, "commits": [], "refused": str(error)}
    versions = [edition.version if edition else "" for _, edition in history]
    if before not in versions or after not in versions:
        missing = before if before not in versions else after
        reason = f"the history of {id_!r} has no version {missing}"
        return {"guideline": id_, "commits": [], "refused": reason}
    start, end = (len(versions) - versions[::-1].index(one) for one in (before, after))
    commits = [
        {"commit": commit.hash, "date": commit.date, "author": commit.author,
         "version": version, "declared": commit.trailer, "subject": commit.subject}
        for (commit, _), version in zip(history[start:end], versions[start:end], strict=True)
    ]  # fmt: skip
    return {"guideline": id_, "commits": commits}
