"""`annotations`: the records of who labelled what, when, under which wording and how sure."""

from __future__ import annotations

from typing import ClassVar

import typer

from dvc_labelmeta.cli.late import Command, Group, Late


class Commands(Late):
    """The commands, in the order in which records are used."""

    places: ClassVar = {
        "import": Group(
            "annotations_import",
            "Example: labelmeta annotations import table labels.csv --mapping map.yaml --dry-run",
        ),
        "validate": Command("annotations_validate"),
        "stats": Command("annotations_stats", "STATS_EXAMPLE"),
        "notes": Command("annotations_notes"),
        "clarity": Command("annotations_clarity"),
        "bisect": Command("annotations_bisect"),
        "queue": Command("annotations_queue", text="HELP"),
        "consensus": Command("annotations_consensus"),
        "export": Command("annotations_export"),
    }


app = typer.Typer(
    cls=Commands,
    no_args_is_help=True,
    rich_markup_mode=None,
    help=(
        "Annotation records: import and validate them, see how far they can be trusted "
        "(stats, notes, clarity, bisect), review them (queue), train on them (consensus, export)."
    ),
)
