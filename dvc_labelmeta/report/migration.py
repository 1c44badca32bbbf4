"""What `labelmeta migrate` found, as text and as JSON."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from dvc_labelmeta.report.text import plain, table

_SHOWN = 20
_SAYS = {
    "valid": "go on as they are",
    "mapped": "are mapped",
    "review": "are carried over, for a person to review",
    "relabel": "need a person to label the item anew",
    "invalid": "cannot be mapped",
}


def migration_json(
    told: Mapping[str, Any], states: Mapping[str, int], left: Sequence[Mapping[str, Any]]
) -> dict[str, Any]:
    """Return the report. told: split, layer and versions; left: what a person must do."""
    return {**told, "states": dict(states), "left": _summed(left)}


def migration_text(found: Mapping[str, Any]) -> str:
    """Return the report as text; of long lists the first lines."""
    versions = ", ".join(f"{plain(name)}: {count}" for name, count in found["from"].items())
    head = f"{found['split']} ({found['layer']}): {found['guideline']} {found['to']}"
    lines = [f"{head}; records of other versions: {versions or 'none'}"]
    lines += [f"  {count} {_SAYS[state]}" for state, count in found["states"].items() if count]
    left = found["left"]
    if left:
        rows = [
            (str(one["records"]), one["state"], one["version"], plain(one["label"]), plain(why))
            for one in left[:_SHOWN]
            for why in ["; ".join(one["reasons"])]
        ]
        lines += ["", table([("records", "state", "made under", "label", "why"), *rows])]
        lines += [f"and {len(left) - _SHOWN} more lines"] if len(left) > _SHOWN else []
    return "\n".join(lines)


def _summed(left: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Return cases of the same version, label and reasons as one, most records first."""
    counts: Counter[tuple[Any, ...]] = Counter()
    for one in left:
        counts[one["version"], one["label"], one["state"], tuple(one["reasons"])] += one["records"]
    rows = sorted(counts.items(), key=lambda row: (-row[1], row[0]))
    return [
        {"version": v, "label": label, "state": state, "reasons": [*why], "records": records}
        for (v, label, state, why), records in rows
    ]
