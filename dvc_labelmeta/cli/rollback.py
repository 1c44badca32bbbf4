"""`rollback`: metadata as they were, as a new change; shows first what that undoes."""

from __future__ import annotations

import json
from typing import Annotated

import typer

from dvc_labelmeta.cli.adding import checking_out, put_next
from dvc_labelmeta.cli.common import (
    DryRun,
    Format,
    carry_out,
    quiet,
    refuse_other,
    root_of,
    split_paths,
)
from dvc_labelmeta.cli.events import Telling
from dvc_labelmeta.cli.project import Project
from dvc_labelmeta.diff.rollback import Rollback
from dvc_labelmeta.model.event import Draft
from dvc_labelmeta.read.git import open_repository
from dvc_labelmeta.read.source import find_root
from dvc_labelmeta.write.edits import changes, lock

ROLLED_BACK = "rolled-back"
ROLLBACK_EXAMPLE = "Example: labelmeta rollback sentiment data/train.csv --to 1.2.0 --dry-run"


def rollback(
    context: typer.Context,
    names: Annotated[
        list[str],
        typer.Argument(help="Guidelines by their id, linked splits.", metavar="GUIDELINE|SPLIT..."),
    ],
    to: Annotated[
        str,
        typer.Option(
            help="A version: the last commit with that guideline, or with that link of the split; "
            "else a Git revision.",
            metavar="VERSION|REV",
        ),
    ],
    with_data: Annotated[
        bool, typer.Option("--with-data", help="Also bring back what DVC or Git records of data.")
    ] = False,
    dry_run: DryRun = False,
    format_: Format = "text",
) -> None:
    """Bring guidelines, or sidecar, records and gate of splits, back to an earlier state.

    Shows first what that undoes. Writes to the working tree only, for you to commit: the
    history keeps both states. What is not committed is never overwritten.
    """
    from dvc_labelmeta.cli.rollbacks import Planner, edits_of  # noqa: PLC0415  # rarely needed
    from dvc_labelmeta.report.rollback import rollback_json, rollback_text  # noqa: PLC0415  # as it

    refuse_other("--format", format_, ("text", "json"))
    start = root_of(context)
    root = find_root(start)
    with lock(root):
        project, repository = Project(root, locked=True), open_repository(root)
        ids = project.snapshot.guidelines
        asked = {name: "" if name in ids else split_paths(root, start, [name])[0] for name in names}
        with repository.git.objects() as objects:
            planner = Planner(
                project, repository, objects, {split or name for name, split in asked.items()}
            )
            plans = [
                planner.split(split, to, with_data=with_data)
                if split
                else planner.guideline(name, to)
                for name, split in asked.items()
            ]
            edits = edits_of(project.snapshot, repository, plans)
        todo, told = changes(edits), [plan.told for plan in plans]
        if format_ == "json":
            files = [{"path": edit.path, "verb": edit.verb} for edit in todo]
            shown = {"rollbacks": [rollback_json(one) for one in told], "files": files}
            typer.echo(json.dumps(shown, indent=2, ensure_ascii=False))
        elif todo and not quiet(context):
            typer.echo("\n".join(map(rollback_text, told)))
        text, telling = format_ == "text", _telling(told) if todo else Telling()
        done = carry_out(context, root, edits, dry_run=dry_run, telling=telling, told=text)
    if format_ == "text" and not quiet(context):
        places = [path for one in told for path in one.checkout]
        if not done:
            typer.echo("nothing to change")
        elif not dry_run:
            if places:
                typer.echo(
                    f"next: {checking_out(root, places)}   # dvc pull, where the cache lacks it"
                )
            put_next(context, root, done, then=" && git commit")


def _telling(told: list[Rollback]) -> Telling:
    """Return what events say: of guidelines, too, as no edit of a file tells their state."""
    details: dict[str, dict[str, str]] = {}
    states = []
    for one in told:
        subject = f"{one.kind}:{one.name}"
        details[subject] = {"to": one.to} | ({"commit": one.commit[0]} if one.commit else {})
        for turn in one.turns if one.kind == "guideline" else ():
            if turn.after is not None:
                claims = {"version": turn.after.version, "object": turn.after.object}
                states.append(Draft(ROLLED_BACK, subject, claims, details[subject]))
    return Telling(ROLLED_BACK, details, states=states)
