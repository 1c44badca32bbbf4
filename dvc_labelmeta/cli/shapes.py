"""Agreement on spans and boxes as a plain value, ready to print or to write as JSON."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from dvc_labelmeta.cli.values import interval_of
from dvc_labelmeta.read.shapes import answers, repeated
from dvc_labelmeta.read.tallies import Tallies, Totals
from dvc_labelmeta.stats.matching import Shape, agreement_on_shapes, shape_of


def shapes_of(tallies: Tallies, told: Totals) -> dict[str, Any]:
    """Return the agreement on values that are spans or boxes, and how many are neither.

    repeated: how often an annotator has several whole answers (lists) for an item.

    Values are read only where some record has no label, since this reads the files again.
    """
    if not told.left_out.get("without item or label"):
        return {"rows": [], "neither": 0, "repeated": 0}
    neither = 0

    def items() -> Iterator[list[list[Shape]]]:
        nonlocal neither
        for item in answers(tallies):
            shapes = [[shape_of(value) for value in answer] for answer in item]
            neither += sum(one is None for answer in shapes for one in answer)
            # an answer with a polygon, say, is not one that marked nothing
            known = [[one for one in answer if one is not None] for answer in shapes]
            yield [some for some, all_ in zip(known, shapes, strict=True) if len(some) == len(all_)]

    rows = [
        {
            "shape": one.kind,
            "label": one.label or None,
            "measure": one.measure,
            "value": one.found.value,
            "interval": interval_of(one.found.interval),
            "items": one.found.items,
        }
        for one in agreement_on_shapes(items())
    ]
    return {"rows": rows, "neither": neither, "repeated": repeated(tallies)}
