"""The clarity study of two guideline versions as one plain value, ready to print."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from functools import partial
from typing import TYPE_CHECKING, Any

from dvc_labelmeta.cli.versions import Study, need_order
from dvc_labelmeta.errors import Refused
from dvc_labelmeta.stats.agreement import ONE_ANNOTATOR
from dvc_labelmeta.stats.clarity import apart, apart_on, verdict
from dvc_labelmeta.stats.difference import (
    ERROR,
    RATIO,
    Difference,
    Estimate,
    Faced,
    compare,
    estimate,
    face,
    sides,
)
from dvc_labelmeta.stats.votes import Refusal

if TYPE_CHECKING:
    from dvc_labelmeta.read.clarity import Facing, Version

MOST = 20  # groups: each one more makes all intervals wider

Cells = Mapping[tuple[Any, Any], int]


def compared(study: Study, before: str, after: str, by: str) -> dict[str, Any]:
    """Return the disagreement under each version, and how two differ.

    before, after: "" for the last two. by: "clause" or "label" for a line for each, else "".
    """
    pair = _chosen(study, before, after)
    rows = [_version(study, one) for one in study.versions]
    told = {**study.told(), "versions": rows}
    if isinstance(pair, Refusal):
        return {**told, "before": None, "after": None, "all": _row(pair), "comparisons": 0}
    found = _difference(study, pair, by)
    if found["all"]["verdict"] is None:
        found["all"] = _row(_reason(rows, pair) or Refusal(found["all"]["refused"]["verdict"]))
    return {**told, **found}


def _reason(rows: list[dict[str, Any]], pair: tuple[str, str]) -> Refusal | None:
    """Return what keeps one of two versions from being judged at all, None where both can be."""
    for row in rows:
        if row["guideline_version"] in pair and "refused" in row:
            why_not = row["refused"]["disagreement"]
            return Refusal(f"{row['guideline_version']}: {why_not}")
    return None


def _chosen(study: Study, before: str, after: str) -> tuple[str, str] | Refusal:
    """Return the two versions to compare, or why there are none."""
    names = [one.name for one in study.versions]
    for one in filter(None, (before, after)):
        if one not in names:
            raise Refused(
                f"no record names guideline version {one!r}; {', '.join(names) or 'none'}"
            )
    if before:
        return before, after
    if len(names) < 2:
        return Refusal(
            f"the records name {'one guideline version' if names else 'no guideline version'}, "
            "so there is nothing to compare"
        )
    need_order(study)
    return names[-2], names[-1]


def _version(study: Study, version: Version) -> dict[str, Any]:
    """Return the disagreement under one version."""
    cells = sides(study.clarity.facing(version.name, version.name), apart)
    found = estimate({unit: items for (unit, _), items in cells.items()}, RATIO)
    row: dict[str, Any] = {
        "guideline_version": version.name,
        "records": version.records,
        "votes": version.votes,
        "items": version.items,
        "annotators": version.annotators,
        "disagreement": None,
        "interval": None,
    }
    if isinstance(found, Estimate):
        ends = found.interval and [found.interval.low, found.interval.high]
        return row | {"disagreement": found.value, "interval": ends}
    return row | {"refused": {"disagreement": why(version, found).reason}}


def _difference(study: Study, pair: tuple[str, str], by: str) -> dict[str, Any]:
    """Return the comparison of two versions over all items, and for each group."""
    cells, left = _cells(study, pair, by)
    faced = {name: face(one, RATIO) for name, one in cells.items()}
    made = sum(isinstance(one, Faced) for one in faced.values())
    rows = {
        name: _row(compare(one, RATIO, made) if isinstance(one, Faced) else one)
        for name, one in faced.items()
    }
    found = {
        "before": pair[0],
        "after": pair[1],
        "common_annotators": study.clarity.common_annotators(*pair),
        "comparisons": made,
        "confidence": 1 - ERROR / max(made, 1),
        "all": rows.pop(None),
    }
    if by:
        listed = [{by: name, **row} for name, row in rows.items()]
        found |= {"by": {"name": by, "rows": listed, "not_looked_at": left}}
    return found


def _cells(study: Study, pair: tuple[str, str], by: str) -> tuple[dict[str | None, Cells], int]:
    """Return what is compared, None being all items, and how many groups were left out."""
    whole = study.clarity.facing(*pair)
    found: dict[str | None, Cells] = {None: sides(whole, apart)}
    names: list[str] = []
    if by == "clause":
        study.clarity.read_clauses()
        names = study.clarity.clauses(*pair)
        for name in names[:MOST]:
            found[name] = sides(study.clarity.facing(*pair, name), apart)
    elif by == "label":
        names = _labels(whole)
        for name in names[:MOST]:
            found[name] = sides(whole, partial(apart_on, label=name))
    return found, max(0, len(names) - MOST)


def _labels(whole: Facing) -> list[str]:
    """Return the labels, those on most items first."""
    given: Counter[str] = Counter()
    for cell, items in whole.items():
        for label in {label for side in cell for label, _ in side}:
            given[label] += items
    return sorted(given, key=lambda label: (-given[label], label))


def _row(found: Difference | Refusal) -> dict[str, Any]:
    if isinstance(found, Refusal):
        return {"verdict": None, "refused": {"verdict": found.reason}}
    return {"verdict": verdict(found), **difference_of(found)}


def why(version: Version, found: Refusal) -> Refusal:
    """Return the reason behind the reason, where there is one."""
    if not version.votes:
        return Refusal("no record under it has a label that counts (a `value` is no label)")
    if version.annotators == 1 and version.votes == version.items:
        return ONE_ANNOTATOR
    return found


def difference_of(found: Difference) -> dict[str, Any]:
    """Return a difference as a plain value."""
    return {
        "before": found.before,
        "after": found.after,
        "difference": found.after - found.before,
        "interval": [found.interval.low, found.interval.high],
        "interval_method": found.interval.method,
        "items": list(found.items),
        "same_items": found.paired,
    }
