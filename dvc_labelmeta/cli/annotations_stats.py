"""`annotations stats`: what a set of annotation records holds, and how far it can be trusted."""

from __future__ import annotations

import json
from typing import Annotated, Any, NamedTuple

import typer

from dvc_labelmeta.cli.common import DryRun, Format, quiet, refuse_other
from dvc_labelmeta.cli.sources import LayerOption, Name, asked, need_engine, reading
from dvc_labelmeta.errors import UNJUDGED, Refused
from dvc_labelmeta.report.statistics import statistics_text
from dvc_labelmeta.stats.scale import LEVELS, NOMINAL

STATS_EXAMPLE = "Example: labelmeta annotations stats data/train.csv --by guideline_version"
GROUPS = ("guideline_version", "batch", "annotator", "label")


class Wish(NamedTuple):
    """What to count, and where to. write: into the sidecar; metrics, plots: "" for none."""

    layer: str
    level: str
    by: str
    resamples: int
    write: bool
    metrics: str
    plots: str


By = Annotated[
    str, typer.Option(help="Also one line for each guideline_version, batch, annotator or label.")
]
Level = Annotated[str, typer.Option(help="Scale of the labels: nominal, ordinal or interval.")]
Resamples = Annotated[
    int, typer.Option(help="Bootstrap resamples for intervals; 0: no interval.", min=0)
]
Write = Annotated[
    bool, typer.Option("--write", help="Put a summary into the sidecar of the split.")
]
Metrics = Annotated[
    str, typer.Option(help="Write a file that `dvc metrics` reads.", metavar="FILE")
]
Plots = Annotated[str, typer.Option(help="Write the files that `dvc plots` draws.", metavar="DIR")]


def stats(
    context: typer.Context,
    name: Name,
    by: By = "",
    layer: LayerOption = "",
    level: Level = NOMINAL,
    resamples: Resamples = 1000,
    write: Write = False,
    metrics: Metrics = "",
    plots: Plots = "",
    dry_run: DryRun = False,
    format_: Format = "text",
) -> None:
    """Show who labelled how much, how sure, and how far they agree.

    Numbers that would mean nothing are not shown; the reason is. A vote is the latest record of
    an annotator on an item, if it has a label and is neither a draft, skipped, discarded,
    superseded, rejected in review, an aggregate nor a reference answer (`is_gold`).
    `labelmeta stage add annotation-stats SPLIT` has DVC write metrics and plots on every repro.
    """
    refuse_other("--format", format_, ("text", "json"))
    wish = _checked(Wish(layer, level, by, resamples, write, metrics, plots), dry_run=dry_run)
    need_engine()
    from dvc_labelmeta.cli.stats_job import put, run  # noqa: PLC0415  # needs the extra

    what = asked(context, name, layer)
    source = what.one()
    if write and source.sidecar is None:
        raise Refused(f"--write needs a linked split, which has a sidecar; {name} is none")
    with reading(source):
        found, edits = run(what, source, wish)
    _show(found, format_)
    if found["unread_lines"]:
        if edits:
            typer.echo(
                "labelmeta: nothing was written, since not all lines could be read", err=True
            )
        raise typer.Exit(UNJUDGED)
    put(what, edits, dry_run=dry_run, silent=quiet(context), to_stderr=format_ == "json")


def _checked(wish: Wish, *, dry_run: bool) -> Wish:
    """Return the wish; refuses what it cannot mean."""
    refuse_other("--level", wish.level, LEVELS)
    if wish.by:
        refuse_other("--by", wish.by, GROUPS)
    if dry_run and not (wish.write or wish.metrics or wish.plots):
        raise Refused("--dry-run needs something to write: --write, --metrics or --plots")
    return wish


def _show(found: dict[str, Any], format_: str) -> None:
    if format_ == "json":
        typer.echo(json.dumps(found, indent=2, ensure_ascii=False))
    else:
        typer.echo(statistics_text(found))
