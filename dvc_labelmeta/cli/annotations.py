"""`annotations`: the records of who labelled what, when, under which wording and how sure."""

from __future__ import annotations

import typer

app = typer.Typer(
    no_args_is_help=True,
    rich_markup_mode=None,
    help="Annotation records: validate, import, statistics and the queue for review.",
    epilog="Example: labelmeta annotations validate data/train.csv",
)
