"""`stage add migration-script`: have DVC run a migration script of your own."""

from __future__ import annotations

import os

import typer

from dvc_labelmeta.cli.common import carry_out, quiet
from dvc_labelmeta.cli.sources import asked
from dvc_labelmeta.errors import Refused
from dvc_labelmeta.model.shell import typed
from dvc_labelmeta.write.edits import Edit, content, lock
from dvc_labelmeta.write.script_stage import NAME, script_stage

__all__ = ["NAME", "add"]


def add(context: typer.Context, split: str, layer: str, *, dry_run: bool) -> None:
    """Write the stage; the script is for a person to write."""
    if not split:
        raise Refused(f"name the split: labelmeta stage add {NAME} SPLIT")
    what = asked(context, split, layer)
    if what.snapshot is None or not what.split:
        raise Refused(f"{split} is no linked split: labelmeta link {typed(split)} --guideline ID")
    source, root = what.one(), what.snapshot.root
    records = os.path.relpath(os.path.abspath(source.path), root).replace(os.sep, "/")
    path, text, script = script_stage(what.split, source.layer_name, records)
    with lock(root):
        edits = [Edit(path, content(root, path), text.encode())]
        done = carry_out(context, root, edits, dry_run=dry_run)
    if not quiet(context):
        typer.echo(f"next: write {script}, then dvc repro {path}" if done else "nothing to change")
