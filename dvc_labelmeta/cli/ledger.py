"""`ledger`: what happened to links, labels and approvals, and whether anybody rewrote it."""

from __future__ import annotations

from typing import ClassVar

import typer

from dvc_labelmeta.cli.late import Late


class Commands(Late):
    """The commands, in the order in which a ledger is used."""

    places: ClassVar = {}


app = typer.Typer(
    cls=Commands,
    no_args_is_help=True,
    rich_markup_mode=None,
    help=(
        "The tamper-evident history in labelmeta/ledger/: read it (log), complete it (record, "
        "approve), prove it (verify), anchor and sign it (anchor, attest, keep)."
    ),
)
