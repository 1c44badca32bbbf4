"""`diff`: what changed in guidelines between two revisions, and what their authors owe."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated

import typer

from dvc_labelmeta.cli.common import quiet, refuse_other, root_of, verbose
from dvc_labelmeta.cli.project import Project
from dvc_labelmeta.errors import CLEAN, FINDINGS, UNJUDGED, Refused
from dvc_labelmeta.model.config import GuidelineRef
from dvc_labelmeta.model.version import Steps
from dvc_labelmeta.read.git import Repository, open_repository
from dvc_labelmeta.read.source import find_root
from dvc_labelmeta.read.versions import ends, steps

if TYPE_CHECKING:
    from dvc_labelmeta.diff.comparison import Comparison
    from dvc_labelmeta.diff.debts import Impact

DIFF_EXAMPLE = "Example: labelmeta diff main...HEAD"


def diff(
    context: typer.Context,
    base: Annotated[
        str,
        typer.Argument(help="A revision, A..B or A...B; default: HEAD.", show_default=False),
    ] = "",
    head: Annotated[
        str,
        typer.Argument(help="A revision; default: the working tree.", show_default=False),
    ] = "",
    guideline: Annotated[
        str, typer.Option(help="Compare this one only; revisions are of its repository.")
    ] = "",
    count: Annotated[
        bool,
        typer.Option("--impact/--no-impact", help="Count the annotation records it concerns."),
    ] = True,
    format_: Annotated[
        str,
        typer.Option("--format", help="text, json, or markdown: a comment for a pull request."),
    ] = "text",
) -> None:
    """Tell what changed in the guidelines, which bump that needs, and what the author owes.

    A...B is what B did since it left A. --verbose shows the words. Splits and records counted are
    those of the working tree. Exit codes: 0 nothing owed, 1 something owed, 2 could not judge.
    """
    refuse_other("--format", format_, ("text", "json", "markdown"))
    if head and ".." in base:
        raise Refused(f"{base} names both ends; {head} is one too many")
    root = find_root(root_of(context))
    found = _read(root, base, head, guideline)
    # difflib and the rules cost time that other commands need not pay
    from dvc_labelmeta.cli.impact import impacts  # noqa: PLC0415
    from dvc_labelmeta.diff.comparison import compared  # noqa: PLC0415

    compared_ = [compared(step) for step in found.changed]
    touched = impacts(root, compared_, count=count)
    if format_ != "text" or not quiet(context) or compared_:
        named = " ".join(filter(None, ["labelmeta --verbose diff", base, head]))
        typer.echo(
            _shown(found, compared_, touched, format_, named, words=verbose(context)),
            nl=format_ != "markdown",
        )
    unread = any(one.step.fault for one in compared_) or any(one.unread for one in touched)
    owed = any(impact.owed for impact in touched)
    raise typer.Exit(UNJUDGED if unread else FINDINGS if owed else CLEAN)


def _shown(
    found: Steps,
    compared_: Sequence[Comparison],
    touched: Sequence[Impact],
    format_: str,
    command: str,
    *,
    words: bool,
) -> str:
    from dvc_labelmeta.report.comment import comment  # noqa: PLC0415  # as above
    from dvc_labelmeta.report.difference import difference_json, difference_text  # noqa: PLC0415

    if format_ == "markdown":
        return comment(found, compared_, touched, command)
    if format_ == "json":
        return json.dumps(difference_json(found, compared_, touched), indent=2)
    return difference_text(found, compared_, touched, words=words)


def _read(root: str, base: str, head: str, asked: str) -> Steps:
    repository, only = open_repository(root), None
    if asked:
        repository, only = _place(root, asked)
        if only.repo and not base:
            raise Refused(
                f"guideline {asked!r} is in repository {only.repo!r}, which has no working tree "
                "here: name BASE and HEAD there"
            )
        if only.repo and ".." not in base:
            head = head or "HEAD"
    with repository.git.objects() as objects:
        return steps(repository, objects, ends(repository, objects, base, head), only)


def _place(root: str, asked: str) -> tuple[Repository, GuidelineRef]:
    project = Project(root)
    one = project.guideline(asked)
    return project.repository(one), GuidelineRef(one.id, one.path, one.repo)
