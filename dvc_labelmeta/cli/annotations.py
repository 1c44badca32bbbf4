"""`annotations`: the records of who labelled what, when, under which wording and how sure."""

from __future__ import annotations

from typing import Any

import typer
from typer.core import TyperGroup
from typer.main import get_group


class Late(TyperGroup):
    """A group whose commands are imported when one is asked for: all others start without them."""

    def list_commands(self, ctx: Any) -> list[str]:
        """Return the names of the commands, in the order of the help."""
        self._import()
        return super().list_commands(ctx)

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        """Return a command by its name, None where there is none."""
        self._import()
        return super().get_command(ctx, cmd_name)

    def _import(self) -> None:
        from dvc_labelmeta.cli.annotations_all import app as every  # noqa: PLC0415  # the point

        if not self.commands:
            self.commands.update(get_group(every).commands)


app = typer.Typer(
    cls=Late,
    no_args_is_help=True,
    rich_markup_mode=None,
    help=(
        "Annotation records: import and validate them, see how far they can be trusted "
        "(stats, notes, clarity, bisect), review them (queue), train on them (consensus, export)."
    ),
)
