"""`annotations clarity`: whether a guideline change made annotators agree more, or less."""

from __future__ import annotations

from typing import Annotated

import typer

from dvc_labelmeta.cli.common import Format, refuse_other
from dvc_labelmeta.cli.sources import LayerOption, Name
from dvc_labelmeta.cli.versions import put, studied
from dvc_labelmeta.errors import UNJUDGED, Refused
from dvc_labelmeta.report.clarity import clarity_text

EXAMPLE = "Example: labelmeta annotations clarity data/train.csv --before 1.0.0 --after 1.1.0"
GROUPS = ("clause", "label")


def clarity(
    context: typer.Context,
    name: Name,
    before: Annotated[
        str, typer.Option(help="A guideline version; default: the last but one.", metavar="VERSION")
    ] = "",
    after: Annotated[
        str, typer.Option(help="A later one; default: the last.", metavar="VERSION")
    ] = "",
    by: Annotated[
        str, typer.Option(help="Also a line for each clause cited, or for each label.")
    ] = "",
    layer: LayerOption = "",
    format_: Format = "text",
) -> None:
    """Compare disagreement before and after a change of the guideline.

    Disagreement is the share of pairs of labels of an item that differ, averaged over items. The
    interval of the difference decides: "clearer" or "less clear" where it does not hold 0, else
    "cannot tell". Items labelled under both versions are compared with themselves where there are
    20, else the items differ, and so may what is hard about them. A clause counts on items where
    somebody cites it under either version, a label by what others gave where somebody gave it.
    With --by the intervals are widened for the number of comparisons (Bonferroni).

    Exit codes: 0 the comparison was made, whatever it says; 2 the data cannot say, or lines were
    no records.
    """
    refuse_other("--format", format_, ("text", "json"))
    if by:
        refuse_other("--by", by, GROUPS)
    if bool(before) != bool(after):
        raise Refused("--before and --after belong together: name both versions, or neither")
    if before and before == after:
        raise Refused("--before and --after name the same version; name two")
    with studied(context, name, layer) as study:
        from dvc_labelmeta.cli.clarity import compared  # noqa: PLC0415  # numbers: not for --help

        found = compared(study, before, after, by)
    put(found, format_, clarity_text)
    if study.unread or found["all"]["verdict"] is None:
        raise typer.Exit(UNJUDGED)
