"""Statistics of annotation records as one plain value, ready to print or to write as JSON.

A number that would mean nothing is None, and `refused` beside it says why.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from dvc_labelmeta.errors import Refused, UnreadableFile
from dvc_labelmeta.model.guideline import semver
from dvc_labelmeta.read.tallies import Gold, Tallies, Totals, lines
from dvc_labelmeta.stats.agreement import agreement, cohen_kappa, consistency, per_label
from dvc_labelmeta.stats.calibration import Bin, calibration
from dvc_labelmeta.stats.uncertainty import QUANTILES, Dispersion, dispersion, distribution
from dvc_labelmeta.stats.votes import Refusal, Votes, pairable, size, totals

if TYPE_CHECKING:
    import duckdb

    from dvc_labelmeta.stats.bootstrap import Interval

CONFIDENCES = ("confidence", "score")  # of a person, of a model: never mixed
PAIR_ITEMS, PAIRS = 10, 20
ANNOTATORS = 50
LABELS = 100


def summary(
    connection: duckdb.DuckDBPyConnection,
    lines_of: Sequence[str],
    *,
    layer: str,
    level: str,
    by: str,
    resamples: int,
) -> dict[str, Any]:
    """Return the statistics of the view `records`.

    lines_of: the files to count unreadable lines in. layer: "" for the only one.
    by: also a table of guideline_version, annotator or label, under `by`.
    """
    tallies = Tallies(connection)
    unread = lines(connection, lines_of) - tallies.read if lines_of else 0
    tallies.select(_chosen(tallies.layers, layer))
    told = tallies.totals()
    if not told.records:
        raise UnreadableFile("holds no annotation record")
    votes = tallies.patterns()
    whole = _agreement(votes, level, told.annotators + told.nameless, resamples)
    repeated, gold = tallies.repeated(), tallies.gold()
    asked = {field: _confidence(tallies.confidences(field).get(None, {})) for field in CONFIDENCES}
    found = {
        "unread_lines": unread,
        "records": told.records,
        "items": told.items,
        "annotators": told.annotators,
        "votes": told.votes,
        "left_out": dict(told.left_out),
        "statuses": dict(told.statuses),
        "labels_per_item": _labels_per_item(votes),
        "labels": {str(label): times for label, times in list(totals(votes).items())[:LABELS]},
        "guideline_versions": _shares(told),
        **asked,
        "dispersion": _dispersion(votes),
        "agreement": whole,
        "consistency": {"items": sum(repeated.values()), **_number("share", consistency(repeated))},
        "gold": _gold(gold),
        "calibration": _calibrations(tallies, gold, [f for f in asked if asked[f]["known"]]),
    }
    found["warnings"] = _warnings(found, told, gold)
    if by:
        found["by"] = {"name": by, **_BY[by](tallies, votes, level, resamples)}
    return found


def _chosen(layers: Sequence[str], layer: str) -> str | None:
    """Return the layer to count, None for all; refuses to mix layers, whose labels differ."""
    if layer and layers and layer not in layers:
        raise Refused(f"the records name no layer {layer!r}; they name {', '.join(layers)}")
    if not layer and len(layers) > 1:
        raise Refused(f"the records are of several layers; --layer {' or '.join(layers)}")
    return layer or None


def _number(name: str, value: float | Refusal) -> dict[str, Any]:
    if isinstance(value, Refusal):
        return {name: None, "refused": {name: value.reason}}
    return {name: value}


def _numbers(**values: float | Refusal) -> dict[str, Any]:
    refused = {name: one.reason for name, one in values.items() if isinstance(one, Refusal)}
    numbers = {name: None if isinstance(one, Refusal) else one for name, one in values.items()}
    return numbers | ({"refused": refused} if refused else {})


def _interval(interval: Interval | None) -> list[float] | None:
    return None if interval is None else [interval.low, interval.high]


def _agreement(votes: Votes, level: str, annotators: int, resamples: int) -> dict[str, Any]:
    found = agreement(votes, level, annotators=annotators, resamples=resamples)
    return {
        "items": found.items,
        "labels": found.labels,
        **_numbers(percent=found.percent, alpha=found.alpha, fleiss_kappa=found.fleiss),
        "alpha_interval": _interval(found.interval),
        "warnings": list(found.warnings),
    }


def _labels_per_item(votes: Votes) -> dict[str, int]:
    found: Counter[int] = Counter()
    for pattern, items in votes.items():
        found[size(pattern)] += items
    return {str(labels): found[labels] for labels in sorted(found)}


def in_order(version: str | None) -> tuple[Any, ...]:
    """Return a key that sorts semantic versions as such, then other texts, then none."""
    numbers = semver(version or "")
    if numbers is None:
        return (2 if version is None else 1, version or "")
    major, minor, patch, pre = numbers
    return (0, major, minor, patch, not pre, pre)


def _shares(told: Totals) -> list[dict[str, Any]]:
    return [
        {"guideline_version": version, "records": number, "share": number / told.records}
        for version, number in sorted(told.versions.items(), key=lambda one: in_order(one[0]))
    ]


def _confidence(counts: Mapping[float | None, int]) -> dict[str, Any]:
    found = distribution(counts)
    if isinstance(found, Refusal):
        return {"known": 0, "unknown": sum(counts.values()), "refused": {"mean": found.reason}}
    return {
        "known": found.known,
        "unknown": found.unknown,
        "unknown_share": found.unknown_share,
        "mean": found.mean,
        "quantiles": dict(zip(map(str, QUANTILES), found.quantiles, strict=True)),
    }


def _dispersion(votes: Votes) -> dict[str, Any]:
    found = dispersion(votes)
    if isinstance(found, Dispersion):
        return found._asdict()
    return {"items": 0, "refused": {"disagreement": found.reason}}


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
        said.append(f"{found['unread_lines']} lines are no record and were left out")
    if len(told.versions) > 1:
        said.append(
            f"{len(told.versions)} guideline versions (none counts as one) are mixed here; "
            "--by guideline_version shows them apart"
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


def _by_version(tallies: Tallies, votes: Votes, level: str, resamples: int) -> dict[str, Any]:
    del votes
    patterns = tallies.patterns_by_version()
    asked = {field: tallies.confidences(field, "guideline_version") for field in CONFIDENCES}
    rows = [
        {
            "guideline_version": version,
            "votes": number,
            "items": items,
            "annotators": annotators,
            "agreement": _agreement(patterns[version], level, annotators, resamples),
            "dispersion": _dispersion(patterns[version]),
            **{field: _confidence(asked[field][version]) for field in CONFIDENCES},
        }
        for version, number, items, annotators in sorted(
            tallies.versions(), key=lambda row: in_order(row[0])
        )
    ]
    return {"rows": rows}


def _by_annotator(tallies: Tallies, votes: Votes, level: str, resamples: int) -> dict[str, Any]:
    del votes, level, resamples
    asked = {field: tallies.confidences(field, "annotator") for field in CONFIDENCES}
    rows = [
        {
            "annotator": name,
            "votes": number,
            "compared": compared,
            "agrees": share,
            **{field: _confidence(asked[field][name]) for field in CONFIDENCES},
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
                **_number("cohen_kappa", cohen_kappa(table)),
            }
        )
    return {"rows": rows, "pairs": pairs}


def _by_label(tallies: Tallies, votes: Votes, level: str, resamples: int) -> dict[str, Any]:
    del tallies, level
    rows = [
        {
            "label": str(one.value),
            "votes": one.labels,
            **_numbers(specific=one.specific, alpha=one.alpha),
            "alpha_interval": _interval(one.interval),
        }
        for one in per_label(votes, resamples=resamples)
    ]
    return {"items": sum(pairable(votes).values()), "rows": rows}


_BY = {"guideline_version": _by_version, "annotator": _by_annotator, "label": _by_label}
