"""`ledger`: what happened to links, labels and approvals, and whether anybody rewrote it."""

from __future__ import annotations

from typing import ClassVar

import typer

from dvc_labelmeta.cli.late import Command, Late


class Commands(Late):
    """The commands, in the order in which a ledger is used."""

    places: ClassVar = {
        "log": Command("ledger_log", "LOG_EXAMPLE"),
        "record": Command("ledger_record", "RECORD_EXAMPLE"),
        "approve": Command("ledger_approve", "APPROVE_EXAMPLE"),
        "verify": Command("ledger_verify", "VERIFY_EXAMPLE"),
        "anchor": Command("ledger_anchor"),
        "attest": Command("ledger_attest"),
        "keep": Command("ledger_keep"),
    }


app = typer.Typer(
    cls=Commands,
    no_args_is_help=True,
    rich_markup_mode=None,
    help=(
        "The tamper-evident history in labelmeta/ledger/: read it (log), complete it (record, "
        "approve), prove it (verify), anchor and sign it (anchor, attest, keep)."
    ),
)
