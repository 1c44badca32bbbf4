"""`guideline migration`: begin the file that carries labels over to a version."""

from __future__ import annotations

from typing import Annotated

import typer

from dvc_labelmeta.cli.common import DryRun, carry_out, quiet, root_of
from dvc_labelmeta.cli.project import Project
from dvc_labelmeta.errors import LabelMetaError, Refused
from dvc_labelmeta.model.config import GuidelineRef
from dvc_labelmeta.model.guideline import Guideline
from dvc_labelmeta.model.version import Step
from dvc_labelmeta.read.source import find_root
from dvc_labelmeta.read.versions import Ends, steps
from dvc_labelmeta.write.edits import Edit, content, lock

DRAFT_EXAMPLE = "Example: labelmeta guideline migration sentiment --from 1.2.0 --to 2.0.0"


def migration(
    context: typer.Context,
    id_: Annotated[str, typer.Argument(metavar="ID", help="The guideline.")],
    start: Annotated[
        str,
        typer.Option(
            "--from",
            metavar="VERSION",
            help="Version of the labels; default: the one before.",
            show_default=False,
        ),
    ] = "",
    to: Annotated[
        str,
        typer.Option(
            metavar="VERSION",
            help="Version to carry them over to; default: that of the working tree.",
            show_default=False,
        ),
    ] = "",
    dry_run: DryRun = False,
) -> None:
    """Begin a migration file from what changed between two versions.

    Maps of labels that the guideline declares (`replaced_by`) are filled in; what a person must
    decide stands there as comments. `labelmeta migrate` reads the file. Never overwrites one.
    """
    root = find_root(root_of(context))
    with lock(root):
        project = Project(root, locked=True)
        guideline = project.guideline(id_)
        step = _step(project, guideline, start, to)
        edit = _edit(root, guideline, step)
        if dry_run and not quiet(context):
            typer.echo((edit.after or b"").decode(), nl=False)
        carry_out(context, root, [edit], dry_run=dry_run)


def _step(project: Project, guideline: Guideline, start: str, to: str) -> Step:
    """Return the guideline on the two sides; "" for the default."""
    from dvc_labelmeta.read.migrations import lineage  # noqa: PLC0415  # other commands need it not

    states = {one.version: one for one in lineage(project.snapshot, guideline)}
    for version in filter(None, (start, to)):
        if version not in states:
            raise Refused(f"guideline {guideline.id!r} has no version {version} in the history")
    order = [*states]
    if not start:
        at = order.index(to) if to else len(order) - (0 if guideline.dirty else 1)
        if at < 1:
            raise Refused(f"guideline {guideline.id!r} has no version before {to or order[:1]}")
        start = order[at - 1]
    head = states[to].commit if to else "" if guideline.repo is None else "HEAD"
    repository = project.repository(guideline)
    one = GuidelineRef(guideline.id, guideline.path, guideline.repo)
    with repository.git.objects() as objects:
        found = steps(repository, objects, Ends(states[start].commit, head), one).changed
    if not found:
        raise Refused(f"nothing differs between {start} and {to or 'the working tree'}")
    if found[0].fault:
        raise LabelMetaError(found[0].fault)
    return found[0]


def _edit(root: str, guideline: Guideline, step: Step) -> Edit:
    # difflib costs time that other commands need not pay
    from dvc_labelmeta.diff.comparison import compared  # noqa: PLC0415
    from dvc_labelmeta.read.migrations import folder_of  # noqa: PLC0415
    from dvc_labelmeta.write.migrations import drafted  # noqa: PLC0415

    old, new = step.previous, step.current
    if old is None or new is None or not new.number or old.number == new.number:
        raise Refused(f"guideline {guideline.id!r}: give the new text a version of its own first")
    path = f"{folder_of(guideline)}/{new.number}.yaml"
    if content(root, path) is not None:
        raise Refused(f"{path} is there already; nothing was written")
    text = drafted(old.number, new.number, compared(step).operations)
    return Edit(path, None, text.encode())
