"""Groups of commands that import a command when it is asked for: none pays for the others."""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module
from typing import Any, ClassVar, NamedTuple

import typer
from typer.core import TyperGroup
from typer.main import get_group


class Command(NamedTuple):
    """Where a command is: a module of this package, and its function.

    example, text: the names of what stands below its help, and of its help where that is not
    the function's docstring. function: its name, where that is not the command's.
    """

    module: str
    example: str = "EXAMPLE"
    text: str = ""
    function: str = ""


class Group(NamedTuple):
    """Where a group of commands is: a module of this package with an `app`. example: as shown."""

    module: str
    example: str


class Late(TyperGroup):
    """A group whose commands stand in `places`, by name, in the order of the help."""

    places: ClassVar[Mapping[str, Command | Group]] = {}

    def list_commands(self, ctx: Any) -> list[str]:
        """Return the names of the commands."""
        del ctx
        return [*self.places]

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        """Return a command by its name, None where there is none."""
        del ctx
        # Typer looks for similar names among what is there
        for name in [cmd_name] if cmd_name in self.places else self.places:
            if name not in self.commands:
                self.commands[name] = _imported(name, self.places[name])
        return self.commands.get(cmd_name)


def _imported(name: str, place: Command | Group) -> Any:
    module = import_module(f"dvc_labelmeta.cli.{place.module}")
    one = typer.Typer(rich_markup_mode=None)
    if isinstance(place, Group):
        one.add_typer(module.app, name=name, epilog=place.example)
    else:
        text = getattr(module, place.text) if place.text else None
        add = one.command(name, epilog=getattr(module, place.example), help=text)
        add(getattr(module, place.function or name))
    return get_group(one).commands[name]
