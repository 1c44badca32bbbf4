"""`annotators`: the registry of who labels, held against the records; the erasure of a person."""

from __future__ import annotations

from typing import ClassVar

import typer

from dvc_labelmeta.cli.late import Command, Late


class Commands(Late):
    """The commands, in the order in which they are used."""

    places: ClassVar = {
        "list": Command("annotators_list", "LIST_EXAMPLE", function="list_"),
        "add": Command("annotators_add"),
        "show": Command("annotators_list", "SHOW_EXAMPLE"),
        "redact": Command("annotators_redact"),
    }


app = typer.Typer(
    cls=Commands,
    no_args_is_help=True,
    rich_markup_mode=None,
    help=(
        "Who labels, by pseudonym: annotators.yaml (add), held against the records (list, show); "
        "take a person out of all of it (redact)."
    ),
)
