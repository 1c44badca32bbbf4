"""The commands of `annotations`, in the order in which records are used."""

from __future__ import annotations

import typer

from dvc_labelmeta.cli import (
    annotations_bisect,
    annotations_clarity,
    annotations_consensus,
    annotations_export,
    annotations_import,
    annotations_notes,
    annotations_queue,
    annotations_stats,
    annotations_validate,
)

app = typer.Typer(rich_markup_mode=None)
app.add_typer(annotations_import.app, name="import")
app.command("validate", epilog=annotations_validate.EXAMPLE)(annotations_validate.validate)
app.command("stats", epilog=annotations_stats.STATS_EXAMPLE)(annotations_stats.stats)
app.command("notes", epilog=annotations_notes.EXAMPLE)(annotations_notes.notes)
app.command("clarity", epilog=annotations_clarity.EXAMPLE)(annotations_clarity.clarity)
app.command("bisect", epilog=annotations_bisect.EXAMPLE)(annotations_bisect.bisect)
app.command("queue", epilog=annotations_queue.EXAMPLE, help=annotations_queue.HELP)(
    annotations_queue.queue
)
app.command("consensus", epilog=annotations_consensus.EXAMPLE)(annotations_consensus.consensus)
app.command("export", epilog=annotations_export.EXAMPLE)(annotations_export.export)
