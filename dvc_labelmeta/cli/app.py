"""The Typer application: global options and the list of commands."""

from __future__ import annotations

from typing import Annotated, ClassVar

import typer

from dvc_labelmeta import __version__
from dvc_labelmeta.cli.late import Command, Group, Late
from dvc_labelmeta.errors import CLEAN, INTERRUPTED, UNJUDGED


class Commands(Late):
    """All commands, in the order of the help."""

    places: ClassVar = {
        "init": Command("init"),
        "link": Command("link", "LINK_EXAMPLE"),
        "unlink": Command("link", "UNLINK_EXAMPLE"),
        "mv": Command("link", "MV_EXAMPLE"),
        "check": Command("check", "CHECK_EXAMPLE"),
        "gate": Command("check", "GATE_EXAMPLE"),
        "audit": Command("audit", "AUDIT_EXAMPLE"),
        "diff": Command("diff", "DIFF_EXAMPLE"),
        "log": Command("log", "LOG_EXAMPLE"),
        "trace": Command("trace", "TRACE_EXAMPLE"),
        "rollback": Command("rollback", "ROLLBACK_EXAMPLE"),
        "migrate": Command("migrate", "MIGRATE_EXAMPLE"),
        "status": Command("status", "STATUS_EXAMPLE"),
        "explain": Command("status", "EXPLAIN_EXAMPLE"),
        "guideline": Group("guideline", "Example: labelmeta guideline list"),
        "stage": Group("stage", "Example: labelmeta stage require train"),
        "ledger": Group("ledger", "Example: labelmeta ledger verify"),
        "hook": Group("hook", "Example: labelmeta hook install"),
        "annotators": Group("annotators", "Example: labelmeta annotators list"),
        "annotations": Group("annotations", "Example: labelmeta annotations stats data/train.csv"),
    }


app = typer.Typer(
    name="labelmeta",
    cls=Commands,
    no_args_is_help=True,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    help=(
        "Keep data splits, labels and the guidelines they were made under aligned, next to DVC.\n\n"
        "Start with `labelmeta init`, then `labelmeta link data/train.csv --guideline ID`; "
        "every `dvc repro` then checks."
    ),
    epilog="Exit codes: 0 clean, 1 findings, 2 could not judge, 3 a bug of labelmeta.",
)


def _version(asked: bool) -> None:
    if asked:
        typer.echo(f"labelmeta {__version__}")
        raise typer.Exit


@app.callback()
def options(
    context: typer.Context,
    root: Annotated[
        str, typer.Option(help="Work in the project that this folder is in.", metavar="DIR")
    ] = ".",
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="Print findings only.")] = False,
    verbose: Annotated[
        bool, typer.Option("--verbose", "-v", help="Print what was skipped.")
    ] = False,
    actor: Annotated[
        str,
        typer.Option(
            help="Who does this, for the ledger; default: whom Git knows, or LABELMETA_ACTOR.",
            metavar="NAME",
        ),
    ] = "",
    version: Annotated[
        bool, typer.Option("--version", help="Print the version.", callback=_version, is_eager=True)
    ] = False,
) -> None:
    """Options for all commands."""
    del version
    context.obj = {"root": root, "quiet": quiet, "verbose": verbose, "actor": actor}


def run(arguments: list[str]) -> int:
    """Run a command line and return the exit code; usage errors print themselves and give 2."""
    try:
        code = app(args=arguments, prog_name="labelmeta", standalone_mode=False)
    except typer.Exit as leave:
        return leave.exit_code
    except typer.Abort:
        raise KeyboardInterrupt from None
    except SystemExit as leave:
        if leave.code == 1:  # Typer's answer to a closed pipe, which for us would say "findings"
            raise BrokenPipeError from None
        raise
    except Exception as error:
        # Typer's private copy of click has no public name for its usage errors
        if hasattr(error, "format_message") and hasattr(error, "show"):
            error.show()
            return UNJUDGED
        raise
    if code == INTERRUPTED:  # Typer's answer to Ctrl-C
        raise KeyboardInterrupt
    return code if isinstance(code, int) else CLEAN
