"""`hook`: a check before each commit, beside the hooks that are there."""

from __future__ import annotations

import os
from typing import Annotated

import typer

from dvc_labelmeta.cli.common import carry_out, root_of
from dvc_labelmeta.errors import Refused
from dvc_labelmeta.read.git import open_repository
from dvc_labelmeta.read.source import find_root
from dvc_labelmeta.write.edits import Edit, content
from dvc_labelmeta.write.hooks import with_hook, without_hook

app = typer.Typer(
    no_args_is_help=True,
    rich_markup_mode=None,
    help="Run `labelmeta check` before each commit, beside the hooks you have (DVC's too).",
)

Name = Annotated[str, typer.Option("--name", help="pre-commit or pre-push.")]


@app.command("install", epilog="Example: labelmeta hook install")
def install(context: typer.Context, name: Name = "pre-commit") -> None:
    """Add the check to a Git hook; what the hook does already stays and runs first."""
    _change(context, name, install_=True)


@app.command("uninstall", epilog="Example: labelmeta hook uninstall")
def uninstall(context: typer.Context, name: Name = "pre-commit") -> None:
    """Take the check out of a Git hook; all else in it stays."""
    _change(context, name, install_=False)


def _change(context: typer.Context, name: str, *, install_: bool) -> None:
    if name not in ("pre-commit", "pre-push"):
        raise Refused(f"--name {name}: choose pre-commit or pre-push")
    root = find_root(root_of(context))
    repository = open_repository(root)
    folder = repository.git.text("rev-parse", "--path-format=absolute", "--git-path", "hooks")
    before = content(folder, name)
    text = (before or b"").decode("utf-8", "surrogateescape")
    project = os.path.relpath(root, repository.top)
    after = with_hook(text, project) if install_ else without_hook(text)
    new = after.encode("utf-8", "surrogateescape") if after.strip() else None
    if carry_out(context, folder, [Edit(name, before, new)], dry_run=False):
        if new is not None:
            os.chmod(os.path.join(folder, name), 0o755)
    else:
        typer.echo("nothing to change")
