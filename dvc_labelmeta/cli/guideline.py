"""`guideline`: new ones from templates; list, show and log what there is."""

from __future__ import annotations

from typing import Annotated

import typer

from dvc_labelmeta.cli import draft, release
from dvc_labelmeta.cli.common import DryRun, Format, carry_out, put_table, root_of
from dvc_labelmeta.cli.guideline_show import SHOW_EXAMPLE, show
from dvc_labelmeta.cli.project import Project
from dvc_labelmeta.errors import Refused
from dvc_labelmeta.model.config import CONFIG_FILE
from dvc_labelmeta.read.files import decode, parse
from dvc_labelmeta.read.snapshot import load
from dvc_labelmeta.read.source import find_root
from dvc_labelmeta.write import guidelines
from dvc_labelmeta.write.edits import Edit, content, lock

app = typer.Typer(
    no_args_is_help=True,
    rich_markup_mode=None,
    help="Start, list and show labelling guidelines, and their history.",
)


@app.command("new", epilog="Example: labelmeta guideline new sentiment --task classification")
def new(
    context: typer.Context,
    id_: Annotated[str, typer.Argument(metavar="ID", help="Letters, digits, dots, dashes.")],
    task: Annotated[
        str, typer.Option(help="classification, span, bbox or prose.")
    ] = "classification",
    dry_run: DryRun = False,
) -> None:
    """Start a guideline from a template and list it in labelmeta.yaml."""
    guidelines.refuse_bad_id(id_)
    root = find_root(root_of(context))
    with lock(root):
        before = content(root, CONFIG_FILE) or b""
        text = decode(before)
        after = guidelines.listed(text, parse(text), id_, f"guidelines/{id_}")
        files = guidelines.from_template(id_, task)
        edits = [Edit(path, content(root, path), new_) for path, new_ in files.items()]
        taken = [edit.path for edit in edits if edit.before is not None]
        if taken:
            raise Refused(f"{taken[0]} is there already; choose another id")
        edits.append(Edit(CONFIG_FILE, before, after.encode()))
        carry_out(context, root, edits, dry_run=dry_run)


@app.command("list", epilog="Example: labelmeta guideline list")
def list_(context: typer.Context, format_: Format = "text") -> None:
    """List the guidelines: version and status at HEAD, and how many splits are linked."""
    snapshot = load(root_of(context), with_pipeline=False)
    rows: list[tuple[str, ...]] = []
    for one in snapshot.guidelines.values():
        linked = [
            layer for s in snapshot.sidecars for layer in s.layers if layer.guideline.id == one.id
        ]
        version = (
            one.head.version if one.head else "not committed" if one.available else "not fetched"
        )
        status = (one.head.status if one.head else "-") + (" (edited)" if one.dirty else "")
        place = f"{one.repo}: {one.path}" if one.repo else one.path
        rows.append((one.id, version, status, str(len(linked)), place))
    head = ("GUIDELINE", "VERSION", "STATUS", "SPLITS", "PATH")
    put_table(head, rows, format_, "labelmeta.yaml lists no guideline")


app.command("show", epilog=SHOW_EXAMPLE)(show)


@app.command("log", epilog="Example: labelmeta guideline log sentiment")
def log(
    context: typer.Context,
    id_: Annotated[str, typer.Argument(metavar="ID", help="As labelmeta.yaml lists it.")],
    format_: Format = "text",
) -> None:
    """List the versions of a guideline, newest first: when, by whom, approved by whom, and why."""
    project = Project(find_root(root_of(context)))
    guideline = project.guideline(id_)
    rows: list[tuple[str, ...]] = []
    for commit, edition in project.history(guideline):
        version = edition.version if edition else "(removed)"
        approved = ", ".join(edition.approved_by) if edition else ""
        rows.append(
            (
                commit.hash[:12],
                commit.date,
                version,
                commit.author,
                approved or "-",
                commit.trailer or "-",
                commit.subject,
            )
        )
    head = ("COMMIT", "DATE", "VERSION", "AUTHOR", "APPROVED", "DECLARED", "SUBJECT")
    put_table(head, rows, format_, "it was never committed")


app.command("release", epilog=release.RELEASE_EXAMPLE)(release.release)
app.command("archive", epilog=release.ARCHIVE_EXAMPLE)(release.archive_)
app.command("migration", epilog=draft.DRAFT_EXAMPLE)(draft.migration)
