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


@app.command("install", epilog="Example: labelmeta hook install")
def install(context: typer.Context, name: Name = "pre-commit", dry_run: DryRun = False) -> None:
    """Add the check to a Git hook: it runs first, then all that the hook did before.

    A commit (or push) with an error is stopped. Run `dvc install` before this, if you want its
    hooks too: it refuses where a hook is there already. Each project of a repository is added
    on its own; a branch without the project's labelmeta.yaml is not checked.
    """
    _change(context, name, install_=True, dry_run=dry_run)


@app.command("uninstall", epilog="Example: labelmeta hook uninstall")
def uninstall(context: typer.Context, name: Name = "pre-commit", dry_run: DryRun = False) -> None:
    """Take the check of this project out of a Git hook; all else in it stays."""
    _change(context, name, install_=False, dry_run=dry_run)


def _change(context: typer.Context, name: str, *, install_: bool, dry_run: bool) -> None:
    if name not in ("pre-commit", "pre-push"):
        raise Refused(f"--name {name}: choose pre-commit or pre-push")
    root = find_root(root_of(context))
    repository = open_repository(root)
    path = _hook(repository, name)
    folder, name = os.path.split(path)
    before = content(folder, name)
    if install_ and before is not None and not os.access(path, os.X_OK):
        raise Refused(f"{path} is not executable, so Git does not run it; chmod +x or remove it")
    text = (before or b"").decode("utf-8", "surrogateescape")
    project = os.path.relpath(root, repository.top).replace(os.sep, "/")
    after = with_hook(text, project) if install_ else without_hook(text, project)
    new = after.encode("utf-8", "surrogateescape") if after else None
    if carry_out(context, folder, [Edit(name, before, new)], dry_run=dry_run):
        if new is not None and not dry_run:
            os.chmod(path, 0o755)  # noqa: S103  # as Git makes its own hooks
    else:
        typer.echo("nothing to change")


def _hook(repository: Repository, name: str) -> str:
    """Return where Git looks for a hook; core.hooksPath is relative to the top level."""
    path = Git(repository.top).text("rev-parse", "--git-path", f"hooks/{name}")
    return os.path.realpath(os.path.join(repository.top, path))
