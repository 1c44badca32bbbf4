"""`annotations export`: the table that training reads, as a file for those who want no Python."""

from __future__ import annotations

from typing import Annotated

import typer

from dvc_labelmeta import __version__
from dvc_labelmeta.cli.common import quiet, root_of
from dvc_labelmeta.cli.sources import LayerOption, keep, need_engine
from dvc_labelmeta.write.tables import format_named, write_rows

EXAMPLE = "Example: labelmeta annotations export data/train.csv --output train.parquet"


def export(
    context: typer.Context,
    split: Annotated[str, typer.Argument(help="A linked split.", metavar="SPLIT")],
    output: Annotated[
        str,
        typer.Option(
            "--output", "-o", help="File to write: .parquet, .csv or .jsonl.", metavar="FILE"
        ),
    ],
    rev: Annotated[
        str, typer.Option(help="As it was at a Git revision; default: now.", metavar="REV")
    ] = "",
    layer: LayerOption = "",
) -> None:
    """Write the table that training reads, one row an item.

    Label, soft label, votes, confidence, weight, guideline version: the same table as
    `dvc_labelmeta.annotations(SPLIT)`; a Parquet file also holds the link and the hash of the
    data in its metadata. weight, in 0..1: 1 for a reference answer, 0 without a label
    (tied votes), else the probability of the label x the mean confidence, where one was given.
    """
    format_named(output)
    need_engine()
    from dvc_labelmeta.read.training import ITEMS, training  # noqa: PLC0415  # needs the extra

    with training(split, rev or None, layer=layer or None, root=root_of(context)) as found:
        keep(found.inputs, output)
        write_rows(found.connection, ITEMS, output, found.as_text(__version__))
        ((items,),) = found.connection.execute("SELECT count(*) FROM training").fetchall()
    if not quiet(context):
        typer.echo(f"wrote {output}: {items} items")
