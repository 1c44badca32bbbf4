"""`annotations stats`: what a set of annotation records holds, and how far it can be trusted."""

from __future__ import annotations

import json
from typing import Annotated, Any

import typer

from dvc_labelmeta.cli.common import Format, refuse_other
from dvc_labelmeta.cli.sources import LayerOption, Name, asked, need_engine, reading
from dvc_labelmeta.errors import UNJUDGED
from dvc_labelmeta.read.sources import shards
from dvc_labelmeta.report.statistics import statistics_text
from dvc_labelmeta.stats.scale import LEVELS, NOMINAL

STATS_EXAMPLE = "Example: labelmeta annotations stats data/train.csv --by guideline_version"
GROUPS = ("guideline_version", "annotator", "label")


def stats(
    context: typer.Context,
    name: Name,
    by: Annotated[
        str,
        typer.Option(help="Also one line for each guideline_version, annotator or label."),
    ] = "",
    layer: LayerOption = "",
    level: Annotated[
        str, typer.Option(help="Scale of the labels: nominal, ordinal or interval.")
    ] = NOMINAL,
    resamples: Annotated[
        int, typer.Option(help="Bootstrap resamples for intervals; 0: no interval.", min=0)
    ] = 1000,
    format_: Format = "text",
) -> None:
    """Show who labelled how much, how sure, and how far annotators agree.

    Numbers that would mean nothing are not shown; the reason is. A vote is the latest record of
    an annotator on an item, if it has a label and is neither a draft, skipped, discarded,
    superseded, rejected in review, an aggregate nor a reference answer (`is_gold`).
    """
    refuse_other("--format", format_, ("text", "json"))
    refuse_other("--level", level, LEVELS)
    if by:
        refuse_other("--by", by, GROUPS)
    need_engine()
    from dvc_labelmeta.cli.summary import summary  # noqa: PLC0415  # needs the extra
    from dvc_labelmeta.read.records import open_records  # noqa: PLC0415  # needs it

    source = asked(context, name, layer).one()
    chosen = source.layer_name or layer
    with reading(source):
        files = shards(source.path, source.format)
        connection = open_records(files, source.format)
        found = summary(
            connection,
            files if source.format == "jsonl" else (),
            layer=chosen,
            level=level,
            by=by,
            resamples=resamples,
        )
    _put({"source": name, "layer": chosen or None, "level": level, **found}, format_)


def _put(found: dict[str, Any], format_: str) -> None:
    if format_ == "json":
        typer.echo(json.dumps(found, indent=2, ensure_ascii=False))
    else:
        typer.echo(statistics_text(found))
    if found["unread_lines"]:
        raise typer.Exit(UNJUDGED)
