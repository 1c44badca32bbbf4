"""`annotations bisect`: the first guideline version at which annotators agreed less."""

from __future__ import annotations

from typing import Annotated

import typer

from dvc_labelmeta.cli.common import Format, refuse_other
from dvc_labelmeta.cli.sources import LayerOption, Name
from dvc_labelmeta.cli.versions import need_order, put, studied
from dvc_labelmeta.errors import FINDINGS, UNJUDGED, Refused
from dvc_labelmeta.report.bisect import bisect_text

EXAMPLE = "Example: labelmeta annotations bisect data/train.csv --metric alpha --label complaint"
METRICS = ("alpha", "percent", "dispute", "confidence")


def bisect(
    context: typer.Context,
    name: Name,
    metric: Annotated[str, typer.Option(help="alpha, percent, dispute or confidence.")] = "alpha",
    label: Annotated[str, typer.Option(help="Only how far they agree on this label.")] = "",
    layer: LayerOption = "",
    format_: Format = "text",
) -> None:
    """Name the first guideline version at which agreement dropped.

    Each version is compared with the one before it that can be judged; agreement dropped where
    the interval of the difference does not hold 0 (widened for the number of comparisons,
    Bonferroni). Metrics: Krippendorff's alpha, percent agreement, dispute (the share of items on
    which not all agree), confidence (the mean that annotators gave). With --label: alpha of the
    label against the rest, specific agreement, dispute where somebody gave it, confidence of those
    who gave it.

    Exit codes: 0 all versions were judged, none dropped; 1 one dropped; 2 the data cannot tell.
    """
    refuse_other("--format", format_, ("text", "json"))
    refuse_other("--metric", metric, METRICS)
    with studied(context, name, layer) as study:
        need_order(study)
        if label and label not in (given := study.clarity.labels()):
            raise Refused(f"nobody gave the label {label!r}; given: {', '.join(given) or 'none'}")
        from dvc_labelmeta.cli.bisection import searched  # noqa: PLC0415  # numbers: not for --help

        found = searched(study, metric, label or None)
    put(found, format_, bisect_text)
    if study.unread or found["verdict"] == "cannot tell":
        raise typer.Exit(UNJUDGED)
    if found["first"]:
        raise typer.Exit(FINDINGS)
