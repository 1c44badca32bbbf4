"""What a guideline change does to existing records, for people and for programs.

The keys of `impact` in `labelmeta diff --format json`, for each guideline:
`layers`: split, layer, dataset, owners, mode, version (of its link), fault (why nothing was
counted, or null), records (in force), newer (not concerned), versions ({version: records}), states
({state: records}), annotators ({pseudonym: {state: records}}), operations (in the order of
`operations`: states, annotators, drawn = records that a sample is drawn from, sample = its size),
work (records to relabel or review, durations = how many say how long they took, median_seconds,
hours; null below 10 durations). `owners`, `annotators`: the same counts over all layers.
`together`: whether the splits of each data set stay compatible (null: not known).
`debts`: what is owed, each with the lines to write in a file.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from dvc_labelmeta.diff.debts import Debt, Impact
from dvc_labelmeta.diff.impact import (
    FEWEST,
    Counts,
    Effect,
    LayerImpact,
    Together,
    added,
    by_annotator,
    by_owner,
)
from dvc_labelmeta.report.text import plain


def counts_text(counts: Counts) -> str:
    """Return "3 mapped, 1 relabel"."""
    return ", ".join(f"{number} {state}" for state, number in counts.items())


def operation_text(impact: Impact, at: int) -> str:
    """Return what the operation at a place does to all counted records, "" for nothing."""
    effects = [layer.effects[at] for layer in impact.layers if layer.effects]
    told = [counts_text(added(effect.states for effect in effects))]
    size, drawn = sample(effects)
    told += [f"{size} of {drawn} at random to review"] if size else []
    return ", ".join(filter(None, told))


def sample(effects: list[Effect]) -> tuple[int, int]:
    """Return how many records a sample of an operation has, over all layers, and of how many."""
    drawn = sum(effect.drawn for effect in effects)
    return min(max((effect.sample for effect in effects), default=0), drawn), drawn


def layer_text(layer: LayerImpact) -> str:
    """Return one line about a layer: "data/a.csv labels: 9 records (1.0.0 9): 2 mapped, …"."""
    name = plain(f"{layer.split} {layer.layer}".strip())
    if layer.fault:
        return f"{name}: not counted: {plain(layer.fault)}"
    if not layer.records:
        return f"{name}: no records in force"
    newer = f", {layer.newer} newer" if layer.newer else ""
    return (
        f"{name}: {_many(layer.records)} ({versions_text(layer)}): "
        f"{counts_text(layer.total.states)}{newer}"
    )


def versions_text(layer: LayerImpact) -> str:
    """Return the versions that records were made under, with shares where there are several."""
    shown = [
        plain(version or "no version")
        + (f" {records / layer.records:.1%}" if len(layer.versions) > 1 else "")
        for version, records in layer.versions.items()
    ]
    return ", ".join(shown) or "none"


def work_text(layer: LayerImpact) -> str:
    """Return an estimate of the work, or why there is none; "" where nobody has to look."""
    if not layer.work:
        return ""
    known = f"{layer.durations.records} recorded duration{'s' * (layer.durations.records != 1)}"
    if layer.hours is None:
        return f"{_many(layer.work)} to look into; no estimate from {known}, fewer than {FEWEST}"
    return (
        f"{_many(layer.work)} to look into, about {spell(layer.hours)}: median "
        f"{layer.durations.median:.3g} s of {known}"
    )


def _many(records: int) -> str:
    return f"{records} record{'s' * (records != 1)}"


def spell(hours: float) -> str:
    """Return a time of work: "5 min" or "3.2 h"."""
    return f"{max(1, round(hours * 60))} min" if hours < 1 else f"{hours:.1f} h"


def together_text(one: Together) -> str:
    """Return whether the splits of a data set stay compatible."""
    name = plain(f"{one.dataset} {one.layer}")
    if one.apart:
        return f"{name}: its splits are linked to different major versions already"
    if one.compatible is None:
        return f"{name}: not known, as not all of its splits were counted"
    if not one.major:
        return f"{name}: its splits stay compatible; the change is no major one"
    if one.compatible:
        return f"{name}: its splits stay compatible if all are linked to the new version at once"
    return (
        f"{name}: its splits come apart: {plain(', '.join(one.follow))} can follow at once, "
        f"{plain(', '.join(one.wait))} only once people have looked"
    )


def impact_lines(impact: Impact) -> Iterator[str]:
    """Yield what `diff` prints about the splits of a guideline."""
    for layer in impact.layers:
        yield layer_text(layer)
        if work := work_text(layer):
            yield f"  {work}"
    yield from map(together_text, impact.together)


def impact_json(impact: Impact) -> dict[str, Any]:
    """Return the same for programs; the keys are told at the top of this module."""
    return {
        "layers": [_layer(layer) for layer in impact.layers],
        "owners": _named(by_owner(impact.layers)),
        "annotators": _named(by_annotator(impact.layers)),
        "together": [one._asdict() | {"compatible": one.compatible} for one in impact.together],
        "debts": [_debt(one) for one in impact.owed],
    }


def _layer(one: LayerImpact) -> dict[str, Any]:
    return {
        "split": one.split,
        "layer": one.layer,
        "dataset": one.dataset or None,
        "owners": list(one.owners),
        "mode": one.mode,
        "version": one.version,
        "fault": one.fault or None,
        "records": one.records,
        "newer": one.newer,
        "versions": dict(one.versions),
        "states": dict(one.total.states),
        "annotators": _named(one.total.annotators),
        "operations": [
            {
                "states": dict(effect.states),
                "annotators": _named(effect.annotators),
                "drawn": effect.drawn,
                "sample": effect.sample,
            }
            for effect in one.effects
        ],
        "work": {
            "records": one.work,
            "durations": one.durations.records,
            "median_seconds": one.durations.median,
            "hours": one.hours,
        },
    }


def _named(counts: Mapping[str, Counts]) -> dict[str, dict[str, int]]:
    return {name: dict(states) for name, states in counts.items()}


def _debt(one: Debt) -> dict[str, Any]:
    return {"text": one.text, "path": one.path or None, "lines": list(one.lines)}
