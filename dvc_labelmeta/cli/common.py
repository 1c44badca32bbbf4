"""What several commands need: the global options, output, applying edits."""

from __future__ import annotations

import json
import os
import posixpath
import sys
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Annotated, Any, NamedTuple

import typer

from dvc_labelmeta.errors import Refused
from dvc_labelmeta.model.event import FOLDER
from dvc_labelmeta.model.sidecar import SUFFIX
from dvc_labelmeta.report.text import plain, table
from dvc_labelmeta.write.edits import Edit, changes

if TYPE_CHECKING:
    from dvc_labelmeta.cli.events import Telling
    from dvc_labelmeta.model.event import Draft, Event

_FEW = 8  # events to name one by one

DryRun = Annotated[
    bool, typer.Option("--dry-run", help="Show what would be written; write nothing.")
]


def root_of(context: typer.Context) -> str:
    """Return the folder given with --root."""
    return str(_options(context)["root"])


def quiet(context: typer.Context) -> bool:
    """Return whether --quiet was given."""
    return bool(_options(context)["quiet"])


def verbose(context: typer.Context) -> bool:
    """Return whether --verbose was given."""
    return bool(_options(context)["verbose"])


def _options(context: typer.Context) -> dict[str, Any]:
    options: dict[str, Any] = context.find_root().obj
    return options


Format = Annotated[str, typer.Option("--format", help="text or json", metavar="FORMAT")]


def put_table(head: tuple[str, ...], rows: list[tuple[str, ...]], format_: str, none: str) -> None:
    """Print rows as aligned columns, or as JSON objects keyed by the head; `none` = no rows."""
    refuse_other("--format", format_, ("text", "json"))
    if format_ == "json":
        names = [name.lower() for name in head]
        typer.echo(json.dumps([dict(zip(names, row, strict=True)) for row in rows], indent=2))
    else:
        typer.echo(table([head, *rows]) if rows else none)


def refuse_other(option: str, value: str, values: Sequence[str]) -> None:
    """Refuse a value of an option that is none of those it may have."""
    if value not in values:
        raise Refused(f"{option} {value}: choose one of {', '.join(filter(None, values))}")


def colour() -> bool:
    """Whether to colour the standard output: a terminal that can, and NO_COLOR is not set."""
    dumb = os.environ.get("TERM") == "dumb" or "NO_COLOR" in os.environ
    return sys.stdout.isatty() and not dumb


def split_paths(root: str, start: str, names: Iterable[str]) -> list[str]:
    """Return what a user typed (from the current folder) as split paths from the root.

    The path of a sidecar or of a `.dvc` file stands for its data.
    """
    paths = []
    for name in names:
        here = os.path.join(os.path.realpath(start), name)
        path = os.path.normpath(here)
        real = os.path.join(os.path.realpath(os.path.dirname(path)), os.path.basename(path))
        relative = os.path.relpath(real if real.startswith(root + os.sep) else path, root)
        relative = relative.replace(os.sep, "/")
        for suffix in (SUFFIX, ".dvc"):
            relative = relative.removesuffix(suffix) if relative != suffix else relative
        relative = posixpath.normpath(relative)
        if relative.split("/")[0] == "..":
            raise Refused(f"{name} is outside the project {root}")
        paths.append(relative)
    return paths


def actor(context: typer.Context) -> str:
    """Return who acts, as --actor says; "" = whom Git knows."""
    return str(_options(context)["actor"])


class Carried(NamedTuple):
    """Edits that changed something, or would; drafts of events, and those that were written."""

    edits: list[Edit]
    drafts: Sequence[Draft]
    events: Sequence[Event]


def carry_out(
    context: typer.Context,
    root: str,
    edits: list[Edit],
    *,
    dry_run: bool,
    telling: Telling | None = None,
    told: bool = True,
) -> list[Edit]:
    """Apply edits, or only show them, with the events of the ledger that they stand for.

    Says what happened to each file, unless not `told`. Returns the edits that changed something.
    """
    done = put(context, root, edits, dry_run=dry_run, telling=telling)
    if told and not quiet(context):
        say(done, dry_run=dry_run)
    return done.edits


def put(
    context: typer.Context,
    root: str,
    edits: Sequence[Edit],
    *,
    dry_run: bool,
    telling: Telling | None = None,
) -> Carried:
    """The same, without a word."""
    # most commands write nothing, and Typer starts slowly as it is
    from dvc_labelmeta.cli.events import Telling, drafts, recorded  # noqa: PLC0415
    from dvc_labelmeta.write.journal import apply_journalled, finish  # noqa: PLC0415  # as it

    if not dry_run:
        finish(root)
    new = drafts(root, edits, telling or Telling())
    events: list[Event] = []
    edits = [*edits]
    if not dry_run:
        edits, events = recorded(root, edits, new, actor(context))
    done = changes(edits) if dry_run else apply_journalled(root, edits)
    return Carried(done, new, events)


def say(done: Carried, *, dry_run: bool) -> None:
    """Say what happened to each file, and which events were written."""
    for edit in done.edits:
        if not edit.path.startswith(FOLDER + "/"):
            typer.echo(f"{'would ' if dry_run else ''}{edit.verb} {edit.path}")
    _say_events(done.drafts, done.events)


def _say_events(new: Sequence[Draft], events: Sequence[Event]) -> None:
    """Say which events were written, or would be: one by one while they are few."""
    if len(new) > _FEW:
        typer.echo(f"{'' if events else 'would '}record {len(new)} events")
        return
    for number, draft in enumerate(new):
        name = f" ({events[number].hash[:12]})" if events else ""
        subject = draft.subject.partition(":")[2]
        typer.echo(plain(f"{'' if events else 'would '}record {draft.type} {subject}{name}"))
