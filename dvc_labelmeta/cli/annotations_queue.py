"""`annotations queue`: the items that most need another look, within a budget, and why."""

from __future__ import annotations

import os
from collections.abc import Collection
from contextlib import ExitStack
from typing import TYPE_CHECKING, Annotated

import typer

from dvc_labelmeta.cli.common import quiet, refuse_other
from dvc_labelmeta.cli.sources import (
    Asked,
    LayerOption,
    Name,
    asked,
    keep,
    need_engine,
    reading,
    tell_unread,
)
from dvc_labelmeta.errors import UNJUDGED
from dvc_labelmeta.model.queue import REASONS
from dvc_labelmeta.read.clauses import changed_clauses
from dvc_labelmeta.read.sources import Source, shards
from dvc_labelmeta.report.queue import FORMATS, queue_lines
from dvc_labelmeta.write.edits import rewriting

if TYPE_CHECKING:
    from dvc_labelmeta.read.queue import Queue

EXAMPLE = "Example: labelmeta annotations queue data/train.csv --limit 50 --output queue.csv"
HELP = (
    "Rank the items that most need review or labelling anew.\n\n"
    "The score is the sum of what its reasons are worth; ties go by item id.\n\n"
    + "\n\n".join(f"{name}: {meaning}" for name, meaning in REASONS.items())
    + "\n\nChanged clauses are known for linked splits under a structured guideline. "
    "Exit codes: 0 done, 2 could not judge."
)


def queue(
    context: typer.Context,
    name: Name,
    limit: Annotated[
        int, typer.Option(help="The budget: how many items to show; 0: all.", min=0)
    ] = 20,
    reason: Annotated[
        list[str] | None,
        typer.Option(help="Only this reason counts; may be given again.", metavar="REASON"),
    ] = None,
    layer: LayerOption = "",
    output: Annotated[
        str, typer.Option("--output", "-o", help="Write to a file.", show_default=False)
    ] = "",
    format_: Annotated[
        str,
        typer.Option(
            "--format",
            help="text, csv, jsonl or json; default: as --output ends, else text.",
            metavar="FORMAT",
            show_default=False,
        ),
    ] = "",
) -> None:
    """Rank items for review; HELP is what the user reads of it."""
    format_ = format_ or _named(output)
    refuse_other("--format", format_, FORMATS)
    for one in reason or ():
        refuse_other("--reason", one, tuple(REASONS))
    need_engine()
    what = asked(context, name, layer)
    source = what.one()
    with reading(source), ExitStack() as stack:
        keep(shards(source.path, source.format), output)
        ranked, unread = _ranked(what, source, layer, reason or REASONS)
        if not (output and unread):
            file = stack.enter_context(rewriting(output)) if output else None
            for line in queue_lines(ranked.entries(limit), ranked.size, format_):
                if file is None:
                    typer.echo(line)
                else:
                    file.write(line.encode(errors="backslashreplace") + b"\n")
    if unread:
        tell_unread(unread, name, output)
        raise typer.Exit(UNJUDGED)
    if output and not quiet(context):
        shown = min(limit or ranked.size, ranked.size)
        typer.echo(f"wrote {output}: {shown} of {ranked.size} items")


def _named(output: str) -> str:
    """Return the format that the name of a file tells, else text."""
    ending = os.path.splitext(output)[1].removeprefix(".")
    return ending if ending in FORMATS else "text"


def _ranked(what: Asked, source: Source, layer: str, reasons: Collection[str]) -> tuple[Queue, int]:
    """Return the queue of a source's records, and how many of its lines are none."""
    from dvc_labelmeta.cli.counted import counted  # noqa: PLC0415  # DuckDB is an extra
    from dvc_labelmeta.read.queue import FIELDS, Queue  # noqa: PLC0415  # needs it

    tallies, _, _, unread = counted(source, layer, FIELDS)
    if what.snapshot is None or source.layer is None or "changed" not in reasons:
        return Queue(tallies, reasons), unread
    id_ = source.layer.guideline.id
    guideline = what.snapshot.guidelines.get(id_)
    changed = changed_clauses(what.snapshot, guideline) if guideline is not None else {}
    return Queue(tallies, reasons, id_, changed), unread
