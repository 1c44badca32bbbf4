"""`stage`: the gate stages of a project, and the dependency a training stage needs."""

from __future__ import annotations

import difflib
import os
import posixpath
from codecs import BOM_UTF8
from collections.abc import Iterable
from typing import Annotated

import typer

from dvc_labelmeta.cli import script_stage, stats_stage
from dvc_labelmeta.cli.common import (
    DryRun,
    Format,
    carry_out,
    put_table,
    quiet,
    root_of,
    split_paths,
)
from dvc_labelmeta.cli.sources import LayerOption
from dvc_labelmeta.errors import Refused
from dvc_labelmeta.model.config import CONFIG_FILE
from dvc_labelmeta.model.gate import FOLDER, GATES_FILE, gate_path
from dvc_labelmeta.model.snapshot import Snapshot, Stage
from dvc_labelmeta.read.dvc import address
from dvc_labelmeta.read.files import decode, parse
from dvc_labelmeta.read.snapshot import load
from dvc_labelmeta.read.source import find_root
from dvc_labelmeta.write import links, stages
from dvc_labelmeta.write.edits import Edit, content, lock

app = typer.Typer(
    no_args_is_help=True,
    rich_markup_mode=None,
    help="Gate stages, and your own stages that wait for them.",
)


@app.command("list", epilog="Example: labelmeta stage list")
def list_(context: typer.Context, format_: Format = "text") -> None:
    """List the stage templates, and the stages that use linked splits with or without a gate."""
    snapshot = load(root_of(context))
    rows: list[tuple[str, ...]] = []
    for stage in snapshot.stages:
        paths = {path for path, _ in stage.deps}
        rows += [
            (stage.name, split, "yes" if gate_path(split) in paths else "NO")
            for split in used_splits(snapshot, stage)
        ]
    put_table(("STAGE", "SPLIT", "GATE"), rows, format_, "no stage uses a linked split")
    if format_ == "json":
        return
    names = sorted(os.listdir(os.path.join(stages.templates_folder(), "stages")))
    typer.echo("\ntemplates: " + ", ".join(name.removesuffix(".yaml") for name in names))


def used_splits(snapshot: Snapshot, stage: Stage) -> list[str]:
    """Return the linked splits that a stage depends on, as a whole or in part."""
    return [
        one.split
        for one in snapshot.sidecars
        if any(overlap(path, one.split) for path, _ in stage.deps)
    ]


def overlap(path: str, other: str) -> bool:
    """Whether one of two paths is the other or lies inside it."""
    return path == other or path.startswith(other + "/") or other.startswith(path + "/")


@app.command("add", epilog="Example: labelmeta stage add annotation-stats data/train.csv")
def add(
    context: typer.Context,
    name: Annotated[
        str, typer.Argument(help="A template: see `labelmeta stage list`.", metavar="NAME")
    ],
    split: Annotated[
        str,
        typer.Argument(
            help="The split, for annotation-stats and migration-script.", metavar="[SPLIT]"
        ),
    ] = "",
    layer: LayerOption = "",
    dry_run: DryRun = False,
) -> None:
    """Write stages from a template.

    gate-always, gate-single or gate-cached: the gates of all linked splits. annotation-stats:
    statistics of the annotation records of one split, as DVC metrics and plots.
    migration-script: a script of yours that carries records over where rules cannot.
    """
    for one in (stats_stage, script_stage):
        if name == one.NAME:
            one.add(context, split, layer, dry_run=dry_run)
            return
    kind = name.removeprefix("gate-")
    stages.template("stages", f"gate-{kind}.yaml")
    if split or layer:
        raise Refused(f"{name} writes the gates of all splits; name none")
    root = find_root(root_of(context))
    with lock(root):
        if kind == "single":
            refuse_circle(load(root))
        snapshot = load(root, with_pipeline=False)
        edits = [_kind_edit(root, kind), *_synced(snapshot, kind)]
        count = carry_out(context, root, edits, dry_run=dry_run)
    if not count and not quiet(context):
        typer.echo("nothing to change")


def _kind_edit(root: str, kind: str) -> Edit:
    before = content(root, CONFIG_FILE) or b""
    text = decode(before)
    return Edit(CONFIG_FILE, before, stages.with_gate_kind(text, parse(text), kind).encode())


def refuse_circle(snapshot: Snapshot, gated: str = "", more: Iterable[str] = ()) -> None:
    """Refuse one stage for all gates where a split is made from what is behind a gate.

    gated: a stage that is about to wait for a gate too. more: splits about to be linked.
    """
    splits = sorted({*(one.split for one in snapshot.sidecars), *more})
    reached = {gate_path(split) for split in splits}
    waiting = list(snapshot.stages)
    while ready := [
        stage
        for stage in waiting
        if stage.name.partition("@")[0] == gated
        or any(overlap(path, one) for path, _ in stage.deps for one in reached)
    ]:
        reached |= {out.path for stage in ready for out in stage.outs}
        waiting = [stage for stage in waiting if stage not in ready]
    for split in splits:
        if any(overlap(split, path) for path in reached):
            raise Refused(
                f"{split} is made by a stage that waits for a gate itself; one stage for all "
                "gates would make a circle: labelmeta stage add gate-always (or gate-cached)"
            )


@app.command("sync", epilog="Example: labelmeta stage sync")
def sync(context: typer.Context, dry_run: DryRun = False) -> None:
    """Write labelmeta/dvc.yaml anew, with a gate for each linked split."""
    root = find_root(root_of(context))
    with lock(root):
        snapshot = load(root, with_pipeline=False)
        if snapshot.config.gate == "single":
            refuse_circle(load(root))
        edits = _synced(snapshot, snapshot.config.gate)
        count = carry_out(context, root, edits, dry_run=dry_run)
    if not count and not quiet(context):
        typer.echo("nothing to change")


def _synced(snapshot: Snapshot, kind: str) -> list[Edit]:
    """Return the edits that give each linked split a gate of this kind."""
    snapshot = snapshot._replace(config=snapshot.config._replace(gate=kind))
    return links.project_edits(snapshot, [one.split for one in snapshot.sidecars])


@app.command("remove", epilog="Example: labelmeta stage remove")
def remove(context: typer.Context, dry_run: DryRun = False) -> None:
    """Remove the gate stages and gates; sidecars and your own stages stay as they are.

    Sets `gate: none` in labelmeta.yaml; `labelmeta stage add gate-always` brings them back.
    """
    root = find_root(root_of(context))
    with lock(root):
        snapshot = load(root)
        users = [
            stage.name
            for stage in snapshot.stages
            if any(path.startswith(FOLDER + "/") for path, _ in stage.deps)
        ]
        if users:
            raise Refused(
                f"these stages still depend on gates: {', '.join(users)}; take the lines with "
                f"{FOLDER}/ out of their deps first"
            )
        paths = [GATES_FILE, "labelmeta/dvc.lock"]
        paths += [gate_path(split) for split in snapshot.gates]
        found = [(path, content(root, path)) for path in paths]
        edits = [_kind_edit(root, "none")]
        edits += [Edit(path, before, None) for path, before in found]
        carry_out(context, root, edits, dry_run=dry_run)


@app.command("require", epilog="Example: labelmeta stage require train --params")
def require(
    context: typer.Context,
    stage: Annotated[
        str, typer.Argument(help="A stage, as DVC calls it: train, ml/dvc.yaml:train")
    ],
    split: Annotated[
        list[str] | None,
        typer.Option(help="Splits it uses; default: those among its deps.", show_default=False),
    ] = None,
    params: Annotated[
        bool, typer.Option("--params", help="Also put guideline versions into its params.")
    ] = False,
    strict: Annotated[
        bool, typer.Option("--strict", help="Also begin its cmd with `labelmeta gate`.")
    ] = False,
    dry_run: DryRun = False,
) -> None:
    """Make a stage of yours depend on the gates of the splits it uses.

    Adds lines to your dvc.yaml and changes no other byte of it. With --params the guideline
    version shows up in dvc.lock, `dvc params diff` and `dvc exp show`. With --strict the stage
    also stops under `dvc repro --single-item`.
    """
    root = find_root(root_of(context))
    file, _, name = stage.rpartition(":")
    file, name = file or "dvc.yaml", name.partition("@")[0]  # the stages of a loop share their deps
    with lock(root):
        snapshot = load(root)
        before = content(root, file)
        if before is None:
            raise Refused(f"there is no {file} in {root}")
        text = decode(before)
        wanted = split_paths(root, root_of(context), split or ()) or _uses(snapshot, file, name)
        if snapshot.config.gate == "single":
            refuse_circle(snapshot, address(file, name))
        base = _base(file, parse(text), name)
        after = stages.required(text, name, [posixpath.relpath(gate_path(s), base) for s in wanted])
        if params:
            after = stages.with_params(after, name, _params(snapshot, wanted, base))
        if strict:
            after = stages.with_strict_cmd(
                after, name, [posixpath.relpath(s, base) for s in wanted]
            )
        mark = BOM_UTF8 if before.startswith(BOM_UTF8) else b""
        edits = [Edit(file, before, mark + after.encode())]
        if dry_run and not quiet(context):
            lines = difflib.unified_diff(
                text.splitlines(), after.splitlines(), file, file, lineterm=""
            )
            typer.echo("\n".join(lines))
        count = carry_out(context, root, edits, dry_run=dry_run)
    if not count and not quiet(context):
        typer.echo(f"{stage} depends on these gates already")


def _uses(snapshot: Snapshot, file: str, name: str) -> list[str]:
    full = address(file, name)
    found: list[str] = []
    for stage in snapshot.stages:
        if stage.name == full or stage.name.startswith(full + "@"):
            found += [split for split in used_splits(snapshot, stage) if split not in found]
    known = sorted({stage.name.partition("@")[0] for stage in snapshot.stages})
    if full not in known:
        raise Refused(f"there is no stage {full!r}; there are {', '.join(known) or 'none'}")
    if not found:
        raise Refused(
            f"stage {full!r} has no linked split among its dependencies; name them with --split"
        )
    return found


def _base(file: str, value: object, name: str) -> str:
    """Return the folder that the paths of a stage are relative to, from the root."""
    definitions = value.get("stages") if isinstance(value, dict) else None
    body = definitions.get(name) if isinstance(definitions, dict) else None
    body = body.get("do", body) if isinstance(body, dict) else {}
    return posixpath.normpath(posixpath.join(posixpath.dirname(file), str(body.get("wdir", "."))))


def _params(snapshot: Snapshot, splits: list[str], base: str) -> dict[str, list[str]]:
    """Return the sidecar keys that name the guideline versions, by sidecar."""
    return {
        posixpath.relpath(one.path, base): [
            f"layers.{layer.name}.guideline.version" for layer in one.layers
        ]
        for one in snapshot.sidecars
        if one.split in splits
    }
