"""What the commands that compare guideline versions share: the votes under each, in order."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, NamedTuple

import typer

from dvc_labelmeta.cli.sources import Asked, asked, need_engine, reading
from dvc_labelmeta.errors import Refused
from dvc_labelmeta.model.guideline import in_order, semver
from dvc_labelmeta.read.sources import Source

if TYPE_CHECKING:
    from dvc_labelmeta.read.clarity import Clarity, Version

SEMVER, FIRST_USE, UNORDERED = "semantic version", "first use", "unknown"


class Study(NamedTuple):
    """The votes that a name stands for, and the guideline versions, oldest first.

    order: how it is known which is older. unread: lines that are no record.
    """

    asked: Asked
    source: Source
    layer: str
    clarity: Clarity
    versions: list[Version]
    order: str
    unread: int

    def told(self) -> dict[str, Any]:
        """Return what both commands print first."""
        return {
            "source": self.asked.name,
            "layer": self.layer or None,
            "unread_lines": self.unread,
            "unknown_version": self.clarity.unknown,
            "order": self.order,
        }


@contextmanager
def studied(context: typer.Context, name: str, layer: str) -> Iterator[Study]:
    """Open the records of a name; what cannot be read is said as of them."""
    need_engine()
    from dvc_labelmeta.cli.counted import counted  # noqa: PLC0415  # needs the extra
    from dvc_labelmeta.read.clarity import Clarity  # noqa: PLC0415  # needs it

    what = asked(context, name, layer)
    source = what.one()
    with reading(source):
        found = counted(source, layer, ("cites",))
        clarity = Clarity(found.tallies)
        versions, order = ordered(clarity.versions)
        yield Study(what, source, found.layer, clarity, versions, order, found.unread)


def ordered(versions: list[Version]) -> tuple[list[Version], str]:
    """Return versions oldest first, and how that is known: numbers, else when first used."""
    if all(semver(one.name) for one in versions):
        return sorted(versions, key=lambda one: in_order(one.name)), SEMVER
    if all(one.first for one in versions):
        return sorted(versions, key=lambda one: (one.first, one.name)), FIRST_USE
    return versions, UNORDERED


def need_order(study: Study) -> None:
    """Refuse where nobody knows which version is the older one."""
    if study.order == UNORDERED:
        raise Refused(
            "which guideline version is older is unknown: not all are semantic versions, and "
            "not all records have a time (`annotated_at`)"
        )


def put(found: Mapping[str, Any], format_: str, text: Callable[[Mapping[str, Any]], str]) -> None:
    """Print what was found, as JSON or as text."""
    shown = json.dumps(found, indent=2, ensure_ascii=False) if format_ == "json" else text(found)
    typer.echo(shown)
