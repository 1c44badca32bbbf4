"""Statistics of annotation records as rows for `dvc plots`, drawn by `templates/plots/`.

Which field is drawn where stands in `templates/stages/annotation-stats.yaml`; `order` is the place
of a column of a matrix.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

Rows = list[dict[str, Any]]

_LABELS = 30  # more cells cannot be read


def histogram_rows(bins: Sequence[int]) -> Rows:
    """Return a row for each part of 0..1; none where nobody gave a confidence."""
    if not any(bins):
        return []
    step = 1 / len(bins)
    return [
        {"confidence": round(n * step, 4), "to": round((n + 1) * step, 4), "votes": votes}
        for n, votes in enumerate(bins)
    ]


def agreement_rows(versions: Iterable[Mapping[str, Any]]) -> Rows:
    """Return a row for each guideline version that has an alpha, with its 95 % interval."""
    rows = []
    for one in versions:
        found = one["agreement"]
        if found["alpha"] is not None:
            low, high = found["alpha_interval"] or (found["alpha"], found["alpha"])
            numbers = {"alpha": found["alpha"], "low": low, "high": high}
            rows.append(
                {
                    "guideline_version": _name(one["guideline_version"]),
                    **{key: round(value, 4) for key, value in numbers.items()},
                    "items": found["items"],
                }
            )
    return rows


def label_rows(pairs: Mapping[tuple[Any, Any], float], labels: Iterable[Any]) -> Rows:
    """Return a row for each pair of labels: of the others on an item, the share that chose `other`.

    pairs: coincidences, both orders. labels: in the order to show; the first 30 are.
    """
    shown = list(labels)[:_LABELS]
    rows = []
    for label in shown:
        given = sum(pairs.get((label, other), 0.0) for other in shown)
        rows += [
            {
                "label": str(label),
                "other": str(other),
                "share": round(pairs.get((label, other), 0.0) / given, 4),
                "pairs": round(pairs.get((label, other), 0.0), 4),
                "order": order,
            }
            for order, other in enumerate(shown)
            if given
        ]
    return rows


def annotator_rows(pairs: Iterable[Mapping[str, Any]]) -> Rows:
    """Return a row for each pair of annotators in both orders: of common items, the share alike."""
    found = {}
    for pair in pairs:
        one, other = pair["annotators"]
        found[one, other] = found[other, one] = pair
    names = sorted({one for one, _ in found})
    return [
        {
            "annotator": one,
            "other": other,
            "share": round(found[one, other]["percent"], 4),
            "items": found[one, other]["items"],
            "order": names.index(other),
        }
        for one, other in sorted(found)
    ]


def share_rows(states: Iterable[tuple[str, Mapping[str, float]]]) -> Rows:
    """Return a row for each (commit, {field: share of the records that have it}).

    The field stands under `name`, since DVC puts a `field` of its own into each row.
    """
    return [
        {"commit": commit, "name": field, "share": round(share, 4), "order": order}
        for order, (commit, shares) in enumerate(states)
        for field, share in shares.items()
    ]


def _name(version: str | None) -> str:
    return "(unknown)" if version is None else version


def rows_text(rows: Rows) -> str:
    """Return rows as JSON, one a line, so that a difference shows which."""
    lines = ",\n".join("  " + json.dumps(row, ensure_ascii=False) for row in rows)
    return f"[\n{lines}\n]\n" if rows else "[]\n"
