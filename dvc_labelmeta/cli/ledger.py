"""The commands on the ledger: what happened, by whom, and whether anybody rewrote it."""

from __future__ import annotations

from typing import ClassVar

import typer

from dvc_labelmeta.cli.late import Command, Group, Late


class LedgerCommands(Late):
    """The commands below `labelmeta ledger`, in the order of the help."""

    places: ClassVar[dict[str, Command | Group]] = {}


app = typer.Typer(
    cls=LedgerCommands,
    no_args_is_help=True,
    help="The tamper-evident history of links, labels and approvals in labelmeta/ledger/.",
)
