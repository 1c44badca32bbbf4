"""Statistics of annotation records as few numbers: DVC metrics, and the summary in a sidecar."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

# enough for every use, and never in a notation that YAML reads as text (1e-05)
_DIGITS = 4


def metrics(found: Mapping[str, Any]) -> dict[str, int | float]:
    """Return what `cli.summary` made as one flat mapping, as `dvc metrics` reads it.

    A number that would mean nothing is left out: DVC shows it as absent.
    """
    one, gold = found["agreement"], found["gold"]
    low, high = one["alpha_interval"] or (None, None)
    numbers = {
        **{key: found[key] for key in ("records", "items", "annotators", "votes")},
        "confidence_unknown": _unknown(found["confidence"]),
        "confidence_mean": found["confidence"].get("mean"),
        "score_mean": found["score"].get("mean"),
        "dispute": found["dispersion"].get("dispute"),
        "percent_agreement": one["percent"],
        "alpha": one["alpha"],
        "alpha_low": low,
        "alpha_high": high,
        "self_agreement": found["consistency"]["share"],
        "gold_accuracy": gold["accuracy"],
        "guideline_versions": len(found["guideline_versions"]),
        **{f"{each['field']}_ece": each["ece"] for each in found["calibration"]},
    }
    return {name: _short(value) for name, value in numbers.items() if value is not None}


def sidecar_summary(found: Mapping[str, Any], value: str) -> dict[str, Any]:
    """Return the `summary:` of a layer's annotations; `value` is the hash of the records.

    It has every key that the schema knows; None stands for one that is not to be there.
    """
    numbers = metrics(found)
    counts = {key: found[key] for key in ("records", "items", "annotators", "votes")}
    optional = ("confidence_unknown", "confidence_mean", "dispute")
    alpha = ("alpha", "alpha_low", "alpha_high")
    return {
        "hash": "md5",
        "value": value,
        **counts,
        **{key: numbers.get(key) for key in optional},
        "level": found["level"],
        **{key: numbers.get(key) for key in alpha},
        "alpha_refused": found["agreement"].get("refused", {}).get("alpha"),
        "guideline_versions": [_version(row) for row in found["guideline_versions"]],
    }


def _version(row: Mapping[str, Any]) -> dict[str, Any]:
    version = row["guideline_version"]
    named = {} if version is None else {"version": version}
    counts = {"records": row["records"], "in_force": row["in_force"]}
    return named | counts | {"share": _short(row["share"])}


def _unknown(one: Mapping[str, Any]) -> float | None:
    votes = one["known"] + one["unknown"]
    return one["unknown"] / votes if votes else None


def _short(value: float) -> int | float:
    return value if isinstance(value, int) else round(value, _DIGITS) + 0.0
