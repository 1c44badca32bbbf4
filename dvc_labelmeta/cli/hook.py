"""`hook`: a check before each commit, beside the hooks that are there."""

from __future__ import annotations

import os
from typing import Annotated

import typer

from dvc_labelmeta.cli.common import DryRun, carry_out, root_of
from dvc_labelmeta.errors import Refused
from dvc_labelmeta.read.git import Git, Repository, open_repository
from dvc_labelmeta.read.source import find_root
from dvc_labelmeta.write.edits import Edit, content
from dvc_labelmeta.write.hooks import with_hook, without_hook

app = typer.Typer(
    no_args_is_help=True,
    rich_markup_mode=None,
    help="Run the check before each commit, beside other hooks.",
)

Name = Annotated[str, typer.Option("--name", help="pre-commit or pre-push.")]
_MESSAGE = "commit-msg"  # the hook that may still change the message


@app.command("install", epilog="Example: labelmeta hook install --trailer")
def install(
    context: typer.Context,
    name: Name = "pre-commit",
    trailer: Annotated[
        bool,
        typer.Option(
            "--trailer", help="Also anchor the ledger in each commit that changes it (commit-msg)."
        ),
    ] = False,
    dry_run: DryRun = False,
) -> None:
    """Add the check to a Git hook: it runs first, then all that the hook did before.

    A commit (or push) with an error is stopped. Run `dvc install` before this, if you want its
    hooks too: it refuses where a hook is there already. Each project of a repository is added
    on its own; a branch without the project's labelmeta.yaml is not checked.
    """
    _change(context, [name, *([_MESSAGE] if trailer else [])], install_=True, dry_run=dry_run)


@app.command("uninstall", epilog="Example: labelmeta hook uninstall")
def uninstall(context: typer.Context, name: Name = "pre-commit", dry_run: DryRun = False) -> None:
    """Take this project's check out of a Git hook, and its trailer; all else stays."""
    _change(context, [name, _MESSAGE], install_=False, dry_run=dry_run)


def _change(context: typer.Context, names: list[str], *, install_: bool, dry_run: bool) -> None:
    if names[0] not in ("pre-commit", "pre-push"):
        raise Refused(f"--name {names[0]}: choose pre-commit or pre-push")
    root = find_root(root_of(context))
    repository = open_repository(root)
    project = os.path.relpath(root, repository.top).replace(os.sep, "/")
    paths = [_hook(repository, name) for name in names]
    edits = [_edit(path, project, install_=install_) for path in paths]
    done = []
    for path, edit in zip(paths, edits, strict=True):
        done += carry_out(context, os.path.dirname(path), [edit], dry_run=dry_run)
        if edit.before != edit.after and edit.after is not None and not dry_run:
            os.chmod(path, 0o755)  # noqa: S103  # as Git makes its own hooks
    if not done:
        typer.echo("nothing to change")


def _edit(path: str, project: str, *, install_: bool) -> Edit:
    folder, name = os.path.split(path)
    before = content(folder, name)
    if install_ and before is not None and not os.access(path, os.X_OK):
        raise Refused(f"{path} is not executable, so Git does not run it; chmod +x or remove it")
    text = (before or b"").decode("utf-8", "surrogateescape")
    if install_:
        after = with_hook(text, project, trailer=name == _MESSAGE)
    else:
        after = without_hook(text, project)
    return Edit(name, before, after.encode("utf-8", "surrogateescape") if after else None)


def _hook(repository: Repository, name: str) -> str:
    """Return where Git looks for a hook; core.hooksPath is relative to the top level."""
    path = Git(repository.top).text("rev-parse", "--git-path", f"hooks/{name}")
    return os.path.realpath(os.path.join(repository.top, path))
