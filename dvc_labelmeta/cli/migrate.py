"""`migrate`: carry the labels of a split over to another guideline version."""

from __future__ import annotations

import json
import os
import tempfile
from typing import TYPE_CHECKING, Annotated, Any

import typer

from dvc_labelmeta.cli.adding import put_next
from dvc_labelmeta.cli.common import (
    DryRun,
    Format,
    actor,
    carry_out,
    quiet,
    refuse_other,
    root_of,
    split_paths,
)
from dvc_labelmeta.cli.events import Telling, ready
from dvc_labelmeta.cli.project import Project
from dvc_labelmeta.cli.sources import LayerOption, need_engine, only, reading
from dvc_labelmeta.errors import CLEAN, FINDINGS
from dvc_labelmeta.read.source import find_root
from dvc_labelmeta.read.sources import Source, sources
from dvc_labelmeta.write.edits import Edit, lock

if TYPE_CHECKING:
    from dvc_labelmeta.cli.migrating import Found

MIGRATE_EXAMPLE = "Example: labelmeta migrate data/train.csv --to 2.0.0 --dry-run"


def migrate(
    context: typer.Context,
    split: Annotated[str, typer.Argument(help="A linked split with annotation records.")],
    to: Annotated[
        str,
        typer.Option(
            "--to",
            metavar="VERSION",
            help="Version to carry over to; default: that of HEAD.",
            show_default=False,
        ),
    ] = "",
    layer: LayerOption = "",
    partial: Annotated[
        bool, typer.Option("--partial", help="Go on without the records that cannot be mapped.")
    ] = False,
    dry_run: DryRun = False,
    format_: Format = "text",
) -> None:
    """Carry annotation records over to another guideline version, and link the split to it.

    The rules are files that a person wrote: guidelines/ID.migrations/VERSION.yaml, step by step
    (1.0 -> 1.1 -> 2.0); `labelmeta guideline migration ID` begins one. New records are added
    that supersede the old ones (`supersedes`, `migrated_from`); old ones stay as they are.
    Nothing is guessed: if a record cannot be mapped, nothing is written. Those that the file
    lists under `relabel` stay under their version for a person to do. To go back, migrate --to
    the older version, where labels were renamed one to one; or restore the files with Git.

    Exit codes: 0 all done, 1 records cannot be mapped, 2 could not judge.
    """
    refuse_other("--format", format_, ("text", "json"))
    need_engine()
    root = find_root(root_of(context))
    with lock(root):
        (path,) = split_paths(root, root_of(context), [split])
        project = Project(root, [path], locked=True)
        source = only(sources(project.snapshot, path, layer), split)
        with reading(source), tempfile.TemporaryDirectory(prefix="labelmeta-") as folder:
            code = _run(context, project, source, to, folder, partial, dry_run, format_)
    raise typer.Exit(code)


def _run(
    context: typer.Context,
    project: Project,
    source: Source,
    to: str,
    folder: str,
    partial: bool,
    dry_run: bool,
    format_: str,
) -> int:
    from dvc_labelmeta.cli.migrating import edits, look, write  # noqa: PLC0415  # needs the extra

    found, carrying = look(project, source, to, folder)
    why = _blocked(found, partial=partial)
    blocked = bool(why)
    total = carrying.total + found.carried
    todo = [] if blocked else edits(project, found, total)
    _show(_told(found, blocked=blocked), format_)
    if blocked:
        typer.echo(f"labelmeta: nothing was written; {why}", err=True)
        return FINDINGS
    if found.carried and not dry_run:
        ready(project.root, actor(context))
        write(found, carrying)
        todo = edits(project, found, total)
    _finish(context, project, found, todo, dry_run=dry_run, told=format_ == "text")
    return FINDINGS if found.states["invalid"] else CLEAN


def _blocked(found: Found, *, partial: bool) -> str:
    """Return what is to be done before anything is written, "" for nothing."""
    if found.unsaid:
        linked = found.source.layer.guideline.version if found.source.layer else ""
        return (
            f"{found.unsaid} of the records that a person must do name no version, and would count "
            f"under {found.link.version} with the new link: write `guideline_version` {linked} "
            "into them first"
        )
    if found.states["invalid"] and not partial:
        return (
            "say in a migration file what becomes of these, or give --partial to leave them as "
            "they are"
        )
    return ""


def _told(found: Found, *, blocked: bool) -> dict[str, Any]:
    from dvc_labelmeta.report.migration import migration_json  # noqa: PLC0415  # only here

    sidecar = found.source.sidecar
    told = {
        "split": sidecar.split if sidecar else "",
        "layer": found.source.layer_name,
        "guideline": found.link.id,
        "to": found.link.version,
        "from": dict(found.versions),
        "carried": 0 if blocked else found.carried,
    }
    left = [
        {
            "version": case.version,
            "label": case.label if isinstance(case.label, str) else json.dumps(case.label),
            "state": case.decided.state,
            "reasons": case.decided.reasons,
            "records": case.records,
        }
        for case in found.left
    ]
    return migration_json(told, found.states, left)


def _show(told: dict[str, Any], format_: str) -> None:
    from dvc_labelmeta.report.migration import migration_text  # noqa: PLC0415  # only here

    if format_ == "json":
        typer.echo(json.dumps(told, indent=2, ensure_ascii=False))
    else:
        typer.echo(migration_text(told))


def _telling(found: Found, *, counted: bool) -> Telling:
    """Return what the event says; one that only catches up with what was done is no migration."""
    one, layer = found.source.sidecar, found.source.layer
    if one is None or layer is None or not (found.carried or layer.guideline != found.link):
        return Telling()
    if not counted:
        return Telling("migrated")
    from dvc_labelmeta.read.migrated import migrated  # noqa: PLC0415  # needs the extra

    carried = migrated(found.source, found.link.version, layer.guideline.version)
    details = {
        "layer": layer.name,
        "from": [{"version": name, "records": count} for name, count in carried.items()],
        "to": found.link.version,
        "carried": sum(carried.values()),
        "left": found.stays,
    }
    return Telling("migrated", {f"split:{one.split}": details})


def _finish(
    context: typer.Context,
    project: Project,
    found: Found,
    todo: list[Edit],
    *,
    dry_run: bool,
    told: bool,
) -> None:
    """Write sidecar and gate after the records, and say what is to be done next."""
    path = os.path.relpath(found.source.path, project.root).replace(os.sep, "/")
    if told and found.carried and not quiet(context):
        typer.echo(f"{'would ' if dry_run else ''}change {path}")
    telling = _telling(found, counted=not dry_run)
    done = carry_out(context, project.root, todo, dry_run=dry_run, telling=telling, told=told)
    if not told or quiet(context):
        return
    if not done and not found.carried:
        typer.echo("nothing to change")
    elif not dry_run:
        tracked = os.path.exists(os.path.join(project.root, f"{path}.dvc"))
        if found.carried:
            typer.echo(
                "note: records were carried over, not the data: labels that stand in the data "
                "itself are still the old ones (labelmeta annotations export has the new ones)"
            )
        put_next(context, project.root, done, records=[path] if found.carried or tracked else [])
