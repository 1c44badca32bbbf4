"""The Typer application: global options and the list of commands."""

from __future__ import annotations

from typing import Annotated

import typer

from dvc_labelmeta import __version__
from dvc_labelmeta.cli import (
    check,
    diff,
    draft,
    guideline,
    hook,
    init,
    link,
    log,
    migrate,
    rollback,
    stage,
    status,
)
from dvc_labelmeta.cli.annotations import app as annotation_records
from dvc_labelmeta.errors import CLEAN, INTERRUPTED, UNJUDGED

app = typer.Typer(
    name="labelmeta",
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
    version: Annotated[
        bool, typer.Option("--version", help="Print the version.", callback=_version, is_eager=True)
    ] = False,
) -> None:
    """Options for all commands."""
    del version
    context.obj = {"root": root, "quiet": quiet, "verbose": verbose}


app.command("init", epilog=init.EXAMPLE)(init.init)
app.command("link", epilog=link.LINK_EXAMPLE)(link.link)
app.command("unlink", epilog=link.UNLINK_EXAMPLE)(link.unlink)
app.command("mv", epilog=link.MV_EXAMPLE)(link.mv)
app.command("check", epilog=check.CHECK_EXAMPLE)(check.check)
app.command("gate", epilog=check.GATE_EXAMPLE)(check.gate)
app.command("diff", epilog=diff.DIFF_EXAMPLE)(diff.diff)
app.command("log", epilog=log.LOG_EXAMPLE)(log.log)
app.command("rollback", epilog=rollback.ROLLBACK_EXAMPLE)(rollback.rollback)
app.command("migrate", epilog=migrate.MIGRATE_EXAMPLE)(migrate.migrate)
app.command("status", epilog=status.STATUS_EXAMPLE)(status.status)
app.command("explain", epilog=status.EXPLAIN_EXAMPLE)(status.explain)
guideline.app.command("migration", epilog=draft.DRAFT_EXAMPLE)(draft.migration)
app.add_typer(guideline.app, name="guideline", epilog="Example: labelmeta guideline list")
app.add_typer(stage.app, name="stage", epilog="Example: labelmeta stage require train")
app.add_typer(hook.app, name="hook", epilog="Example: labelmeta hook install")
app.add_typer(annotation_records, name="annotations")


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
