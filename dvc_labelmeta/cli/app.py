"""The Typer application: global options and the list of commands."""

from __future__ import annotations

from importlib import import_module
from typing import Annotated, Any

import typer
from typer.core import TyperGroup
from typer.main import get_group

from dvc_labelmeta import __version__
from dvc_labelmeta.errors import CLEAN, INTERRUPTED, UNJUDGED

# the module of each command and the name of its example there, in the order of the help
_COMMANDS = {
    "init": ("init", "EXAMPLE"),
    "link": ("link", "LINK_EXAMPLE"),
    "unlink": ("link", "UNLINK_EXAMPLE"),
    "mv": ("link", "MV_EXAMPLE"),
    "check": ("check", "CHECK_EXAMPLE"),
    "gate": ("check", "GATE_EXAMPLE"),
    "diff": ("diff", "DIFF_EXAMPLE"),
    "log": ("log", "LOG_EXAMPLE"),
    "rollback": ("rollback", "ROLLBACK_EXAMPLE"),
    "migrate": ("migrate", "MIGRATE_EXAMPLE"),
    "status": ("status", "STATUS_EXAMPLE"),
    "explain": ("status", "EXPLAIN_EXAMPLE"),
}
# the example of each group; its module has its name
_GROUPS = {
    "guideline": "Example: labelmeta guideline list",
    "stage": "Example: labelmeta stage require train",
    "hook": "Example: labelmeta hook install",
    "annotations": "Example: labelmeta annotations stats data/train.csv",
}


class Commands(TyperGroup):
    """A group that imports a command when it is asked for: none pays for the others."""

    def list_commands(self, ctx: Any) -> list[str]:
        """Return the names of the commands, in the order of the help."""
        del ctx
        return [*_COMMANDS, *_GROUPS]

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        """Return a command by its name, None where there is none."""
        names = self.list_commands(ctx)
        # Typer looks for similar names among what is there
        for name in [cmd_name] if cmd_name in names else names:
            if name not in self.commands:
                self.commands[name] = _imported(name)
        return self.commands.get(cmd_name)


def _imported(name: str) -> Any:
    place, example = _COMMANDS.get(name, (name, ""))
    module = import_module(f"dvc_labelmeta.cli.{place}")
    one = typer.Typer(rich_markup_mode=None)
    if name in _GROUPS:
        one.add_typer(module.app, name=name, epilog=_GROUPS[name])
    else:
        one.command(name, epilog=getattr(module, example))(getattr(module, name))
    return get_group(one).commands[name]


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
    version: Annotated[
        bool, typer.Option("--version", help="Print the version.", callback=_version, is_eager=True)
    ] = False,
) -> None:
    """Options for all commands."""
    del version
    context.obj = {"root": root, "quiet": quiet, "verbose": verbose}


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
