"""`link`, `unlink` and `mv`: write, undo and follow the links of splits."""

from __future__ import annotations

from typing import Annotated

import typer

from dvc_labelmeta.cli import linking
from dvc_labelmeta.cli.adding import put_next
from dvc_labelmeta.cli.common import (
    DryRun,
    carry_out,
    quiet,
    refuse_other,
    root_of,
    split_paths,
)
from dvc_labelmeta.cli.events import Telling
from dvc_labelmeta.cli.naming_records import asked_records
from dvc_labelmeta.cli.project import Project
from dvc_labelmeta.cli.stage import refuse_circle
from dvc_labelmeta.errors import Refused
from dvc_labelmeta.model.annotation import LEVELS
from dvc_labelmeta.model.gate import gate_path
from dvc_labelmeta.model.sidecar import MODES
from dvc_labelmeta.model.snapshot import Snapshot
from dvc_labelmeta.read.snapshot import load
from dvc_labelmeta.read.source import find_root
from dvc_labelmeta.write.edits import lock

LINK_EXAMPLE = "Example: labelmeta link data/train.csv data/test.csv --guideline sentiment@v1.2"
UNLINK_EXAMPLE = "Example: labelmeta unlink data/old.csv"
MV_EXAMPLE = "Example: git mv data/a.csv data/b.csv && labelmeta mv data/a.csv data/b.csv"


def link(
    context: typer.Context,
    splits: Annotated[
        list[str] | None, typer.Argument(help="Data that DVC or Git tracks.", show_default=False)
    ] = None,
    guideline: Annotated[
        str,
        typer.Option(
            help="ID or ID@REV of the guideline; default: the one linked before, at HEAD.",
            show_default=False,
        ),
    ] = "",
    *,
    layer: Annotated[
        str,
        typer.Option(help="Name of the labelling, where a split has several.", show_default=False),
    ] = "",
    mode: Annotated[
        str,
        typer.Option(
            help=f"How labels relate to later versions: {', '.join(MODES)}. "
            "Default: frozen for test splits, else as labelmeta.yaml says, else backward.",
            show_default=False,
        ),
    ] = "",
    owner: Annotated[
        list[str] | None, typer.Option(help="Who answers for the split.", show_default=False)
    ] = None,
    dataset: Annotated[
        str, typer.Option(help="Data set it is part of; default: its folder.", show_default=False)
    ] = "",
    name: Annotated[
        str,
        typer.Option("--split", help="Its name there; default: its file name.", show_default=False),
    ] = "",
    annotations: Annotated[
        str,
        typer.Option(
            help="Name the records of who labelled what: a file or folder, for one layer of one "
            "split.",
            metavar="FILE|FOLDER",
            show_default=False,
        ),
    ] = "",
    level: Annotated[
        str,
        typer.Option(
            help=f"What each of these records is held to: {', '.join(LEVELS)}; default: as before, "
            f"else {LEVELS[0]}.",
            show_default=False,
        ),
    ] = "",
    all_: Annotated[
        bool, typer.Option("--all", help="Link every split anew whose guideline moved on.")
    ] = False,
    repair: Annotated[
        bool, typer.Option("--repair", help="Only mend commits that a squash or rebase replaced.")
    ] = False,
    allow_unmerged: Annotated[
        bool, typer.Option("--allow-unmerged", help="Allow a commit outside the history of HEAD.")
    ] = False,
    dry_run: DryRun = False,
) -> None:
    """Link splits to the exact guideline they were labelled under.

    Writes beside each split a sidecar with the guideline's id, version, commit and content
    hash, and the hash of the data as DVC or Git recorded it. Refuses uncommitted guideline
    text and data that is not what DVC recorded.
    """
    refuse_other("--mode", mode, ("", *MODES))
    refuse_other("--level", level, ("", *LEVELS))
    if not splits and not all_ and not repair:
        raise Refused("name the splits to link, or give --all or --repair")
    one = len(splits or ()) == 1 and not (all_ or repair)
    if (annotations or level) and not (annotations and one):
        raise Refused("--annotations names the records of one split, --level what they are held to")
    wish = linking.Wish(
        guideline.partition("@")[0] or None,
        guideline.partition("@")[2] or None,
        layer or None,
        mode or None,
        tuple(owner or ()),
        dataset or None,
        name or None,
        allow_unmerged,
    )
    root = find_root(root_of(context))
    with lock(root):
        asked = split_paths(root, root_of(context), splits or ())
        project = Project(root, asked, locked=True)
        if annotations:
            found = asked_records(project.snapshot, root_of(context), annotations, level)
            wish = wish._replace(records=found)
        if repair:
            edits, lines = linking.repair(project, asked)
        else:
            edits, lines = linking.link(project, asked, wish, everything=all_)
            if project.snapshot.config.gate == "single":
                refuse_circle(load(root), more=asked)
        written = carry_out(context, root, edits, dry_run=dry_run)
    if not quiet(context):
        for line in lines:
            typer.echo(line)
        if not written:
            typer.echo("nothing to change")
        elif not dry_run:
            put_next(context, root, written, records=_untracked(project.snapshot, wish))


def _untracked(snapshot: Snapshot, wish: linking.Wish) -> list[str]:
    """Return the records that were named and that DVC does not track yet."""
    path = wish.records.path if wish.records else ""
    return [path] if path and path not in snapshot.records else []


def _warn_of_users(snapshot: Snapshot, splits: list[str]) -> None:
    """Name the stages that wait for gates which are no longer there."""
    gone = {gate_path(split) for split in splits}
    for stage in snapshot.stages:
        for path, _ in stage.deps:
            if path in gone:
                typer.echo(f"note: {stage.name} still depends on {path}; change its deps")


def unlink(
    context: typer.Context,
    splits: Annotated[list[str], typer.Argument(help="Linked splits.")],
    dry_run: DryRun = False,
) -> None:
    """Undo links: remove sidecar, gate and gate stage of splits. The data is not touched."""
    root = find_root(root_of(context))
    with lock(root):
        snapshot = load(root)
        asked = split_paths(root, root_of(context), splits)
        edits = linking.unlinking(snapshot, asked)
        written = carry_out(context, root, edits, dry_run=dry_run)
    if not quiet(context):
        _warn_of_users(snapshot, asked)
    if not dry_run:
        put_next(context, root, written)


def mv(
    context: typer.Context,
    old: Annotated[str, typer.Argument(help="The split as it was called.")],
    new: Annotated[str, typer.Argument(help="The split as it is called now.")],
    dry_run: DryRun = False,
) -> None:
    """Move the links of data that `dvc move` or `git mv` renamed."""
    root = find_root(root_of(context))
    with lock(root):
        before, after = split_paths(root, root_of(context), [old, new])
        snapshot = load(root, also=[after])
        edits = linking.moving(snapshot, before, after)
        details = {f"split:{after}": {"from": before}, f"split:{before}": {"to": after}}
        telling = Telling("moved", details)
        written = carry_out(context, root, edits, dry_run=dry_run, telling=telling)
    if not quiet(context):
        _warn_of_users(snapshot, [before])
    if not dry_run:
        put_next(context, root, written)
