"""`stage add annotation-stats`: have DVC keep the statistics of a split's annotation records."""

from __future__ import annotations

import os
import shlex

import typer

from dvc_labelmeta.cli.common import carry_out, quiet
from dvc_labelmeta.cli.sources import asked
from dvc_labelmeta.errors import Refused
from dvc_labelmeta.model.shell import typed
from dvc_labelmeta.model.sidecar import SUFFIX
from dvc_labelmeta.write.edits import Edit, content, lock
from dvc_labelmeta.write.stats_stage import NAME, stage_files

__all__ = ["NAME", "add"]


def add(context: typer.Context, split: str, layer: str, *, dry_run: bool) -> None:
    """Write the stage and the templates of its plots; a template that is there stays as it is."""
    if not split:
        raise Refused(f"name the split: labelmeta stage add {NAME} SPLIT")
    what = asked(context, split, layer)
    if what.snapshot is None or not what.split:
        raise Refused(f"{split} is no linked split: labelmeta link {typed(split)} --guideline ID")
    source = what.one()
    root, sidecar = what.snapshot.root, what.split + SUFFIX
    records = os.path.relpath(os.path.abspath(source.path), root).replace(os.sep, "/")
    files = stage_files(what.split, source.layer_name, records, sidecar)
    with lock(root):
        edits = []
        for path, text in files.items():
            before = content(root, path)
            kept = before is not None and path.startswith(".dvc/")
            edits.append(Edit(path, before, before if kept else text.encode()))
        done = carry_out(context, root, edits, dry_run=dry_run)
    if not quiet(context):
        typer.echo(
            f"next: dvc repro {shlex.quote(next(iter(files)))}" if done else "nothing to change"
        )
