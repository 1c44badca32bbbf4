"""The consensus of votes for people: how many items are of which kind, and the first in dispute."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from dvc_labelmeta.report.text import plain, table
from dvc_labelmeta.stats.consensus import AGREED, KINDS

SHOWN = 20
_WORST = 5
_HEAD = ("ITEM", "LABEL", "PROBABILITY", "VOTES", "KIND", "SHARES", "SKILLED VOTES")


def consensus_text(found: Mapping[str, Any], first: Sequence[Mapping[str, Any]]) -> str:
    """Return the text of what the command found. first: items that are not agreed, some of them."""
    total = found["items"]
    rows = [(found["method"], f"{total} items, {found['votes']} votes, {found['ties']} tied")]
    rows += [
        (name, f"{number} ({100 * number / total:.1f} %): {KINDS[name]}")
        for name, number in found["kinds"].items()
    ]
    parts = [table(rows)]
    if first:
        parts += ["", table([_HEAD, *map(_row, first)])]
    more = total - found["kinds"][AGREED] - len(first)
    if more:
        parts.append(f"and {more} more; --format json shows all")
    worst = [one for one in found["annotators"] if not one["skilled"]][:_WORST]
    if worst:
        told = (
            f"{plain(one['annotator'])} {one['skill']:.2f} of {one['compared']}" for one in worst
        )
        parts += ["", f"least skilled, or too few votes to know: {', '.join(told)}"]
    return "\n".join([*parts, *(f"warning: {one}" for one in found["warnings"])])


def _row(one: Mapping[str, Any]) -> tuple[str, ...]:
    shares = ", ".join(f"{plain(label)} {share:.2f}" for label, share in one["soft_label"].items())
    return (
        plain(one["item"]),
        "(tied)" if one["tie"] else plain(one["label"]),
        f"{one['probability']:.3f}",
        str(one["votes"]),
        one["kind"],
        shares,
        f"{one['skilled_most']} of {one['skilled']} agree" if one["skilled"] else "-",
    )
