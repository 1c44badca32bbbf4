"""How far annotators agree on spans and boxes: which of two answers' shapes belong together.

Two shapes match one to one, and only with the same label; the matching is the best there is, not
the one that a greedy search finds. F1 of two answers is agreement without chance, of which there
is next to none among shapes: G. Hripcsak, A. S. Rothschild (2005), Agreement, the F-measure, and
reliability in information retrieval. Best matching: H. W. Kuhn (1955), The Hungarian method for
the assignment problem; with shortest paths as R. Jonker, A. Volgenant (1987).
"""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import combinations
from typing import Any, NamedTuple

from dvc_labelmeta.stats.difference import LEAST, RATIO, Estimate, Unit, estimate

SPAN, BOX = "span", "box"
HALF = 0.5  # the IoU from which two boxes are taken for the same

Weights = Sequence[Sequence[float]]


class Shape(NamedTuple):
    """A span (one side, in characters) or an upright box (two sides); a side is (low, high)."""

    label: str
    sides: tuple[tuple[float, float], ...]

    @property
    def kind(self) -> str:
        """SPAN or BOX."""
        return SPAN if len(self.sides) == 1 else BOX


class ShapeAgreement(NamedTuple):
    """How far annotators agree on the shapes of a kind, and on those of one label ("" = all).

    measure: a key of MEASURES[kind]. found: the number, its interval, and its items.
    """

    kind: str
    label: str
    measure: str
    found: Estimate


def shape_of(value: Any) -> Shape | None:
    """Return the span {start, end, label?} or box {x, y, width, height, label?} of a value.

    None for any other value: a polygon, say, whose intersections are no sides.
    """
    if not isinstance(value, Mapping):
        return None
    label = value.get("label")
    try:
        if "start" in value:
            sides = [(float(value["start"]), float(value["end"]))]
        else:
            sides = [
                (float(value[low]), float(value[low]) + float(value[long]))
                for low, long in (("x", "width"), ("y", "height"))
            ]
    except (KeyError, TypeError, ValueError, OverflowError):
        return None
    if not all(math.isfinite(high - low) and low < high for low, high in sides):
        return None
    return Shape(label if isinstance(label, str) else "", tuple(sides))


def iou(one: Shape, other: Shape) -> float:
    """Return the intersection over the union of two shapes of a kind, 0..1; Jaccard (1912)."""
    common = math.prod(
        max(0.0, min(high, top) - max(low, bottom))
        for (low, high), (bottom, top) in zip(one.sides, other.sides, strict=True)
    )
    return common / (_extent(one) + _extent(other) - common)


def _extent(shape: Shape) -> float:
    return math.prod(high - low for low, high in shape.sides)


def _same(one: Shape, other: Shape) -> float:
    return float(one.sides == other.sides)


def _touches(one: Shape, other: Shape) -> float:
    return float(iou(one, other) > 0)


def _near(one: Shape, other: Shape) -> float:
    return float(iou(one, other) >= HALF)


MEASURES: Mapping[str, Mapping[str, Callable[[Shape, Shape], float]]] = {
    SPAN: {"f1_exact": _same, "f1_overlap": _touches},
    BOX: {"f1_half": _near, "iou": iou},
}


def agreement_on_shapes(
    items: Iterable[Sequence[Sequence[Shape]]],
) -> tuple[ShapeAgreement, ...]:
    """Return the agreement on items, each given as the answers of its annotators.

    An answer is all that one annotator marked on the item, perhaps nothing. A measure is twice
    the weight of the best matching by the number of shapes, summed over the pairs of annotators
    of an item (their mean) and over items: F1, and for `iou` the mean over shapes of the overlap
    with the partner, 0 without one. Where neither of two marked anything there is nothing to
    compare.
    """
    units: defaultdict[tuple[str, str, str], Counter[Unit]] = defaultdict(Counter)
    for answers in items:
        for key, unit in _units(answers).items():
            units[key][unit] += 1
    return tuple(
        ShapeAgreement(kind, label, measure, _estimate(units[kind, label, measure]))
        for kind, label, measure in sorted(units)
    )


def _estimate(units: Mapping[Unit, int]) -> Estimate:
    """Return the number also for less than LEAST items, then without an interval."""
    items = sum(units.values())
    found = estimate(units, RATIO) if items >= LEAST else None
    if isinstance(found, Estimate):
        return found
    rows = sorted(units)
    value = RATIO.of(rows)([units[unit] for unit in rows])
    return Estimate(value or 0.0, None, items)


def _units(answers: Sequence[Sequence[Shape]]) -> dict[tuple[str, str, str], Unit]:
    """Return {(kind, label, measure): (twice the matched weight, shapes)}, a mean over pairs."""
    found: defaultdict[tuple[str, str, str], list[float]] = defaultdict(lambda: [0.0, 0.0])
    pairs = math.comb(len(answers), 2)
    for one, other in combinations(map(_sorted, answers), 2):
        for kind, label in one.keys() | other.keys():
            mine, others = one.get((kind, label), []), other.get((kind, label), [])
            for name, weigh in MEASURES[kind].items():
                matched = matched_weight(mine, others, weigh)
                for key in {label, ""}:
                    found[kind, key, name][0] += 2 * matched / pairs
                    found[kind, key, name][1] += (len(mine) + len(others)) / pairs
    return {key: (above, below) for key, (above, below) in found.items()}


def _sorted(answer: Sequence[Shape]) -> dict[tuple[str, str], list[Shape]]:
    found: dict[tuple[str, str], list[Shape]] = {}
    for shape in answer:
        found.setdefault((shape.kind, shape.label), []).append(shape)
    return found


def matched_weight(
    some: Sequence[Shape], others: Sequence[Shape], weigh: Callable[[Shape, Shape], float]
) -> float:
    """Return the largest total weight of a matching of two sets of shapes, one to one."""
    weights = [[weigh(one, other) for other in others] for one in some]
    return math.fsum(best_total(part) for part in _parts(weights))


def _parts(weights: Weights) -> Iterator[Weights]:
    """Yield the rows and columns that hang together: shapes far apart never compete."""
    left = {i: [j for j, weight in enumerate(row) if weight > 0] for i, row in enumerate(weights)}
    rows_of: defaultdict[int, list[int]] = defaultdict(list)
    for i, reached in left.items():
        for j in reached:
            rows_of[j].append(i)
    while left:
        todo = [next(iter(left))]
        rows: set[int] = set()
        columns: set[int] = set()
        while todo:
            row = todo.pop()
            if row in left:
                rows.add(row)
                for j in left.pop(row):
                    columns.add(j)
                    todo += rows_of.pop(j, [])
        if columns:
            yield [[weights[i][j] for j in sorted(columns)] for i in sorted(rows)]


def best_total(weights: Weights) -> float:
    """Return the largest sum of weights, none negative, of which no two share row or column."""
    if len(weights) > len(weights[0]):
        weights = list(zip(*weights, strict=True))
    columns = len(weights[0])
    price_of_row, price = [0.0] * len(weights), [0.0] * columns
    taken: dict[int, int] = {}  # column: row
    for start in range(len(weights)):
        row, free, path = start, dict.fromkeys(range(columns), math.inf), {}
        seen: dict[int, int] = {}
        at = -1
        while True:
            for j in free:
                slack = -weights[row][j] - price_of_row[row] - price[j]
                if slack < free[j]:
                    free[j], path[j] = slack, at
            at = min(free, key=free.__getitem__)
            step = free.pop(at)
            price_of_row[start] += step
            for j, owner in seen.items():
                price_of_row[owner] += step
                price[j] -= step
            for j in free:
                free[j] -= step
            if at not in taken:
                break
            seen[at] = row = taken[at]
        while at >= 0:
            before = path[at]
            taken[at] = taken[before] if before >= 0 else start
            at = before
    return math.fsum(weights[row][j] for j, row in taken.items())
