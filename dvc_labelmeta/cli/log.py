"""`log`: the life of a split, from Git's history alone."""

from __future__ import annotations

from typing import Annotated

import typer

from dvc_labelmeta.cli.common import Format, put_table, root_of, split_paths
from dvc_labelmeta.errors import BadConfig, Refused
from dvc_labelmeta.model.config import CONFIG_FILE, config
from dvc_labelmeta.read.files import decode, misfits, parse
from dvc_labelmeta.read.git import open_repository
from dvc_labelmeta.read.source import find_root
from dvc_labelmeta.report.text import plain
from dvc_labelmeta.write.edits import content

LOG_EXAMPLE = "Example: labelmeta log data/train.csv --limit 10"


def log(
    context: typer.Context,
    split: Annotated[str, typer.Argument(help="Data that is linked, or was.")],
    format_: Format = "text",
    limit: Annotated[
        int, typer.Option(min=1, help="Show at most so many.", show_default=False)
    ] = 1_000_000,
) -> None:
    """Tell the life of a split, newest first, from the history of HEAD alone.

    Linked, re-linked, migrated, repaired, unlinked, moved (its earlier names are followed),
    rolled back; data, records, mode and guideline changed.
    """
    # what other commands need not load
    from dvc_labelmeta.diff.life import events  # noqa: PLC0415
    from dvc_labelmeta.read.life import Life  # noqa: PLC0415

    root = find_root(root_of(context))
    (path,) = split_paths(root, root_of(context), [split])
    repository = open_repository(root)
    with repository.git.objects() as objects:
        found = Life(repository, objects, _guidelines(root)).of(path)
    if not any(change.before or change.after for _, change in found):
        raise Refused(f"{path} was never linked in the history of HEAD; see `labelmeta status`")
    cut = 12 if format_ == "text" else None
    rows: list[tuple[str, ...]] = [
        (commit.hash[:cut], commit.date, plain(commit.author), event.kind, plain(event.what))
        for commit, change in found
        for event in events(change)
    ]
    put_table(("COMMIT", "DATE", "AUTHOR", "EVENT", "WHAT"), rows[:limit], format_, "")
    if repository.shallow:
        typer.echo("note: this clone is shallow, what was before is not known", err=True)


def _guidelines(root: str) -> dict[str, str]:
    """Return where the guidelines of this repository are, by id."""
    value = parse(decode(content(root, CONFIG_FILE) or b""))
    for pointer, message in misfits("config", value):
        raise BadConfig(f"{CONFIG_FILE}: {message}", pointer)
    return {ref.id: ref.path for ref in config(value).guidelines if ref.repo is None}
