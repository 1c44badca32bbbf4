"""`annotations queue`: the items that most need another look, within a budget, and why."""

from __future__ import annotations

from collections.abc import Collection
from contextlib import ExitStack
from typing import TYPE_CHECKING, Annotated

import typer

from dvc_labelmeta.cli.common import quiet, refuse_other
from dvc_labelmeta.cli.sources import Asked, LayerOption, Name, asked, need_engine, reading
from dvc_labelmeta.errors import CLEAN, UNJUDGED, UnreadableFile
from dvc_labelmeta.model.queue import REASONS
from dvc_labelmeta.read.clauses import changed_clauses
from dvc_labelmeta.read.sources import Source, shards
from dvc_labelmeta.report.queue import FORMATS, queue_lines
from dvc_labelmeta.write.edits import rewriting

if TYPE_CHECKING:
    from dvc_labelmeta.read.queue import Queue

EXAMPLE = "Example: labelmeta annotations queue data/train.csv --limit 50 --out queue.csv"
HELP = (
    "Rank items for review or labelling anew: the first are those that need it most.\n\n"
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
    out: Annotated[str, typer.Option(help="Write to a file instead.", metavar="FILE")] = "",
    format_: Annotated[
        str, typer.Option("--format", help="text, csv, jsonl or json", metavar="FORMAT")
    ] = "text",
) -> None:
    """Rank items for review; HELP is what the user reads of it."""
    refuse_other("--format", format_, FORMATS)
    for one in reason or ():
        refuse_other("--reason", one, tuple(REASONS))
    need_engine()
    what = asked(context, name, layer)
    source = what.one()
    with reading(source), ExitStack() as stack:
        ranked, unread = _ranked(what, source, layer, reason or REASONS)
        file = stack.enter_context(rewriting(out)) if out else None
        for line in queue_lines(ranked.entries(limit), ranked.size, format_):
            if file is None:
                typer.echo(line)
            else:
                file.write(line.encode(errors="backslashreplace") + b"\n")
    if out and not quiet(context):
        shown = min(limit or ranked.size, ranked.size)
        typer.echo(f"wrote {out}: {shown} of {ranked.size} items")
    if unread:
        told = f"{unread} lines could not be read: labelmeta annotations validate {name}"
        typer.echo(told, err=True)
    raise typer.Exit(UNJUDGED if unread else CLEAN)


def _ranked(what: Asked, source: Source, layer: str, reasons: Collection[str]) -> tuple[Queue, int]:
    """Return the queue of a source's records, and how many of its lines are none."""
    from dvc_labelmeta.cli.summary import counted  # noqa: PLC0415  # DuckDB is an extra
    from dvc_labelmeta.read.queue import FIELDS, Queue  # noqa: PLC0415  # needs it
    from dvc_labelmeta.read.records import open_records  # noqa: PLC0415  # needs it

    files = shards(source.path, source.format)
    connection = open_records(files, source.format)
    text = files if source.format == "jsonl" else ()
    wanted = source.layer_name or layer
    tallies, unread = counted(connection, text, layer=wanted, more=FIELDS)
    if not tallies.read:
        raise UnreadableFile("holds no annotation record")
    if what.snapshot is None or source.layer is None or "changed" not in reasons:
        return Queue(tallies, reasons), unread
    id_ = source.layer.guideline.id
    guideline = what.snapshot.guidelines.get(id_)
    changed = changed_clauses(what.snapshot, guideline) if guideline is not None else {}
    return Queue(tallies, reasons, id_, changed), unread
