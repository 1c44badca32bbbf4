"""Statistics of annotation records as one plain value, ready to print or to write as JSON.

A number that would mean nothing is None, and `refused` beside it says why.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from dvc_labelmeta.cli.groups import CONFIDENCES
from dvc_labelmeta.cli.shapes import shapes_of
from dvc_labelmeta.cli.values import agreement_of, confidence_of, dispersion_of, number_of
from dvc_labelmeta.errors import UnreadableFile
from dvc_labelmeta.model.guideline import in_order
from dvc_labelmeta.read.tallies import Gold, Tallies, Totals
from dvc_labelmeta.report.text import unread_told
from dvc_labelmeta.stats.agreement import consistency
from dvc_labelmeta.stats.calibration import Bin, calibration
from dvc_labelmeta.stats.votes import Refusal, Votes, size, totals

LABELS = 100


def summary(
    tallies: Tallies, votes: Votes, unread: int, *, level: str, resamples: int
) -> dict[str, Any]:
    """Return the statistics of all records; votes: the patterns of `tallies`."""
    told, gold = tallies.totals(), tallies.gold()
    if not told.records:
        raise UnreadableFile("holds no annotation record")
    whole = agreement_of(votes, level, told.voters + told.nameless, resamples)
    repeated = tallies.repeated()
    own = {"items": sum(repeated.values()), **number_of("share", consistency(repeated))}
    asked = {name: confidence_of(tallies.confidences(name).get(None, {})) for name in CONFIDENCES}
    found = {
        "unread_lines": unread,
        **_counts(told, votes),
        **asked,
        "dispersion": dispersion_of(votes),
        "agreement": whole,
        "shapes": shapes_of(tallies, told),
        "consistency": own,
        "gold": _gold(gold),
        "calibration": _calibrations(tallies, gold, [f for f in asked if asked[f]["known"]]),
    }
    return found | {"warnings": _warnings(found, told, gold)}


def _counts(told: Totals, votes: Votes) -> dict[str, Any]:
    return {
        "records": told.records,
        "items": told.items,
        "annotators": told.annotators,
        "votes": told.votes,
        "left_out": dict(told.left_out),
        "statuses": dict(told.statuses),
        "labels_per_item": _labels_per_item(votes),
        "labels": {str(label): times for label, times in list(totals(votes).items())[:LABELS]},
        "guideline_versions": _shares(told),
    }


def _labels_per_item(votes: Votes) -> dict[str, int]:
    found: Counter[int] = Counter()
    for pattern, items in votes.items():
        found[size(pattern)] += items
    return {str(labels): found[labels] for labels in sorted(found)}


def _shares(told: Totals) -> list[dict[str, Any]]:
    return [
        {
            "guideline_version": version,
            "records": number,
            "in_force": told.in_force[version],
            "share": number / told.records,
        }
        for version, number in sorted(told.versions.items(), key=lambda one: in_order(one[0]))
    ]


def _gold(gold: Gold) -> dict[str, Any]:
    return gold._asdict() | {"accuracy": gold.right / gold.votes if gold.votes else None}


def _calibrations(tallies: Tallies, gold: Gold, fields: Sequence[str]) -> list[dict[str, Any]]:
    """Return one entry for each confidence that there is, against gold, else the majority."""
    against, found = "gold" if gold.votes else "majority", []
    for field in fields:
        value = calibration(map(Bin._make, tallies.calibration_bins(against, field)))
        if not isinstance(value, Refusal):
            bins = [one._asdict() for one in value.bins]
            found.append({"field": field, "against": against, **value._asdict(), "bins": bins})
    return found


def _warnings(found: Mapping[str, Any], told: Totals, gold: Gold) -> list[str]:
    """Return what makes the numbers doubtful, as sentences."""
    said = list(found["agreement"]["warnings"])
    if found["unread_lines"]:
        said.append(unread_told(found["unread_lines"]))
    if told.mixed > 1:
        said.append(
            f"{told.mixed} guideline versions (none counts as one) are mixed here; "
            "--by guideline_version shows them apart"
        )
    if found["shapes"]["repeated"]:
        said.append(
            "an annotator answered an item again, and nothing says which answer holds (the latest "
            f"counts): {found['shapes']['repeated']}"
        )
    if found["shapes"]["neither"]:
        said.append(
            f"{found['shapes']['neither']} values are no span and no upright box; how far others "
            "agree (polygons, points, texts) is not computed"
        )
    if told.nameless:
        said.append(f"{told.nameless} votes name no annotator; each counts as somebody else's")
    if gold.contradicted:
        said.append(f"{gold.contradicted} items have reference answers that contradict each other")
    if gold.unjoined:
        said.append(f"{gold.unjoined} items with a reference answer have no vote to compare")
    share, percent = found["consistency"]["share"], found["agreement"]["percent"]
    if share is not None and percent is not None and share < percent:
        said.append(
            "self-contradiction: annotators agree less with themselves than with each other "
            f"({share:.3f} < {percent:.3f})"
        )
    return said
