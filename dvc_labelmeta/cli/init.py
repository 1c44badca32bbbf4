"""`init`: scaffold a project; overwrites nothing, and run twice changes nothing."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from typing import Annotated

import typer

from dvc_labelmeta.cli.common import DryRun, carry_out, quiet, refuse_other, root_of
from dvc_labelmeta.errors import NotARepository
from dvc_labelmeta.model.config import CONFIG_FILE, GATES, Config
from dvc_labelmeta.model.gate import GATES_FILE
from dvc_labelmeta.read.git import open_repository
from dvc_labelmeta.read.snapshot import load
from dvc_labelmeta.read.source import upward
from dvc_labelmeta.write import guidelines
from dvc_labelmeta.write.edits import Edit, content, lock
from dvc_labelmeta.write.links import attributes_edit
from dvc_labelmeta.write.stages import gates_text, template

EXAMPLE = "Example: labelmeta init --task span --id entities"
DVC_RANGE = ((3, 50), (4, 0))
_SHOWN = 12


def init(
    context: typer.Context,
    task: Annotated[
        str,
        typer.Option(help="Starter guideline: classification, span, bbox, prose, or none."),
    ] = "classification",
    id_: Annotated[str, typer.Option("--id", help="Id of the starter guideline.")] = "labels",
    gate: Annotated[
        str,
        typer.Option(
            help="always: a gate a split, on every repro; single: one for all splits; "
            "cached: only when a file changed; none: no gates."
        ),
    ] = "always",
    dry_run: DryRun = False,
) -> None:
    """Set labelmeta up in a Git and DVC repository.

    Writes labelmeta.yaml, a starter guideline, the gate stages in labelmeta/dvc.yaml and the
    lines Git needs. Never overwrites a file: run again, it changes nothing.
    """
    refuse_other("--gate", gate, GATES)
    guidelines.refuse_bad_id(id_)
    root = dvc_root(root_of(context))
    open_repository(root)
    edits = _edits(root, task, id_, gate)
    if dry_run:
        carry_out(context, root, edits, dry_run=True)
        return
    with lock(root):
        written = carry_out(context, root, edits, dry_run=False)
    if quiet(context):
        return
    if not written:
        typer.echo("nothing to change: labelmeta is set up here")
    _warn_of_dvc()
    _next_steps(root, id_ if task != "none" else "ID", gate, first=bool(written))


def dvc_root(start: str) -> str:
    """Return the DVC project that `start` is in; raises NotARepository where there is none."""
    for folder in upward(start):
        if os.path.isdir(os.path.join(folder, ".dvc")):
            return folder
    raise NotARepository(
        f"{os.path.realpath(start)} is in no DVC project; run `git init` and `dvc init` "
        "first (`dvc init --subdir` below the top of a Git repository)"
    )


def _edits(root: str, task: str, id_: str, gate: str) -> list[Edit]:
    edits = [attributes_edit(root)]
    if content(root, CONFIG_FILE) is not None:
        if content(root, GATES_FILE) is not None:
            return edits
        snapshot = load(root, with_pipeline=False)
        stages = gates_text(snapshot.config, [one.split for one in snapshot.sidecars])
        return [*edits, Edit(GATES_FILE, None, stages.encode())]
    entry = f"\n  {id_}: {{path: guidelines/{id_}}}" if task != "none" else " {}"
    text = template(CONFIG_FILE).replace("{{gate}}", gate).replace(" {{guidelines}}", entry)
    files = guidelines.from_template(id_, task) if task != "none" else {}
    if not os.path.exists(os.path.join(root, "guidelines", id_)):
        edits += [Edit(path, None, new_) for path, new_ in files.items()]
    return [*edits, _gates(root, gate), Edit(CONFIG_FILE, None, text.encode())]


def _gates(root: str, gate: str) -> Edit:
    before = content(root, GATES_FILE)
    if gate == "none":
        return Edit(GATES_FILE, before, before)
    return Edit(GATES_FILE, before, before or gates_text(Config(gate=gate), []).encode())


def _warn_of_dvc() -> None:
    """Say so when the DVC that is installed is outside the range we are tested with."""
    command = [sys.executable, "-m", "dvc", "--version"]
    done = subprocess.run(command, capture_output=True, check=False)  # noqa: S603  # fixed
    match = re.match(rb"(\d+)\.(\d+)", done.stdout)
    low, high = DVC_RANGE
    if match is None:
        typer.echo("note: DVC was not found in this environment; `link` needs it for folders")
    elif not low <= (int(match[1]), int(match[2])) < high:
        found = done.stdout.decode(errors="replace").strip()
        typer.echo(f"note: DVC {found} is outside the tested range >= 3.50, < 4")


def _next_steps(root: str, id_: str, gate: str, *, first: bool) -> None:
    snapshot = load(root, with_pipeline=False)
    linked = {one.split for one in snapshot.sidecars}
    free = [
        r for p, r in sorted(snapshot.records.items()) if p not in linked and "labelmeta/" not in p
    ]
    if free:
        typer.echo(f"\ndata that DVC tracks here and that is not linked ({len(free)}):")
        for record in free[:_SHOWN]:
            made = f"  (made by {record.stage})" if record.stage else ""
            typer.echo(f"  {record.path}{'/' if record.folder else ''}{made}")
        if len(free) > _SHOWN:
            typer.echo(f"  … and {len(free) - _SHOWN} more")
    if not first:
        return
    if gate not in {"cached", "none"}:
        typer.echo(
            "\nnote: gates run on every `dvc repro`, so `dvc status -q` exits with 1 from now on; "
            "`labelmeta stage add gate-cached` keeps it at 0"
        )
    one = free[0].path if free else "data/train.csv"
    if snapshot.guidelines and id_ not in snapshot.guidelines:
        id_ = next(iter(snapshot.guidelines))  # labelmeta.yaml was there, with its own
    edit = "edit" if id_ != "ID" else "labelmeta guideline new ID, edit"
    typer.echo(
        f"\nnext:\n  {edit} guidelines/{id_}, then  git add -A . && git commit -m 'Add labelmeta'\n"
        f"  labelmeta link {one} --guideline {id_}, then  git add -A .\n"
        "  labelmeta stage require STAGE   (for each stage that trains or evaluates)\n"
        "  dvc repro -P"
    )
