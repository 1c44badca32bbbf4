"""Statistics of annotation records apart for each version, batch, annotator or label."""

from __future__ import annotations

from typing import Any

from dvc_labelmeta.cli.values import (
    agreement_of,
    confidence_of,
    dispersion_of,
    interval_of,
    number_of,
    numbers_of,
)
from dvc_labelmeta.model.guideline import in_order
from dvc_labelmeta.read.tallies import Tallies
from dvc_labelmeta.stats.agreement import cohen_kappa, per_label
from dvc_labelmeta.stats.votes import Votes, pairable

CONFIDENCES = ("confidence", "score")  # of a person, of a model: never mixed
PAIR_ITEMS, PAIRS = 10, 20
ANNOTATORS = 50


def grouped(
    tallies: Tallies, votes: Votes, by: str, *, level: str, resamples: int
) -> dict[str, Any]:
    """Return a row for each of what `by` names; votes: the patterns of `tallies`.

    by: guideline_version, batch, annotator or label.
    """
    if by == "annotator":
        found = _by_annotator(tallies)
    elif by == "label":
        found = _by_label(votes, resamples)
    else:
        found = _by_field(tallies, by, level, resamples)
    return {"name": by, **found}


def _by_field(tallies: Tallies, by: str, level: str, resamples: int) -> dict[str, Any]:
    patterns = tallies.patterns_by(by)
    asked = {field: tallies.confidences(field, by) for field in CONFIDENCES}
    rows = [
        {
            by: group,
            "votes": number,
            "items": items,
            "annotators": annotators,
            "agreement": agreement_of(patterns[group], level, annotators, resamples),
            "dispersion": dispersion_of(patterns[group]),
            **{field: confidence_of(asked[field][group]) for field in CONFIDENCES},
        }
        for group, number, items, annotators in sorted(
            tallies.groups(by), key=lambda row: in_order(row[0])
        )
    ]
    return {"rows": rows}


def _by_annotator(tallies: Tallies) -> dict[str, Any]:
    asked = {field: tallies.confidences(field, "annotator") for field in CONFIDENCES}
    rows = [
        {
            "annotator": name,
            "votes": number,
            "compared": compared,
            "agrees": share,
            **{field: confidence_of(asked[field][name]) for field in CONFIDENCES},
        }
        for name, number, compared, share in tallies.annotators(ANNOTATORS)
    ]
    pairs = []
    for (one, other), table in tallies.pairs(PAIR_ITEMS, PAIRS).items():
        items = sum(table.values())
        same = sum(times for (first, second), times in table.items() if first == second)
        pairs.append(
            {
                "annotators": [one, other],
                "items": items,
                "percent": same / items,
                **number_of("cohen_kappa", cohen_kappa(table)),
            }
        )
    return {"rows": rows, "pairs": pairs}


def _by_label(votes: Votes, resamples: int) -> dict[str, Any]:
    rows = [
        {
            "label": str(one.value),
            "votes": one.labels,
            **numbers_of(specific=one.specific, alpha=one.alpha),
            "alpha_interval": interval_of(one.interval),
        }
        for one in per_label(votes, resamples=resamples)
    ]
    return {"items": sum(pairable(votes).values()), "rows": rows}
