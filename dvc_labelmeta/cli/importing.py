"""What all imports share: where records go, whose ids they hold, and the report."""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import re
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import typer

from dvc_labelmeta.cli.adding import put_next
from dvc_labelmeta.cli.common import (
    Carried,
    actor,
    put,
    quiet,
    refuse_other,
    root_of,
    say,
    split_paths,
)
from dvc_labelmeta.cli.events import Telling, ready
from dvc_labelmeta.cli.project import Project
from dvc_labelmeta.errors import CLEAN, FINDINGS, NotARepository, Refused
from dvc_labelmeta.model.shell import typed
from dvc_labelmeta.model.sidecar import Sidecar
from dvc_labelmeta.read.files import decode, parse
from dvc_labelmeta.read.in_force import Timeline
from dvc_labelmeta.read.losses import KINDS, LEFT_OUT, Draft, Tally
from dvc_labelmeta.read.privacy import Privacy
from dvc_labelmeta.read.recording import Known, Version, records
from dvc_labelmeta.read.source import find_root
from dvc_labelmeta.report.text import plain
from dvc_labelmeta.write import salt
from dvc_labelmeta.write.edits import Edit, content, lock
from dvc_labelmeta.write.records import Appended, append, block, default_path
from dvc_labelmeta.write.splice import merged

_PREVIEW = 5
_BATCHES = 20  # to name in an event
_ENDINGS = (".jsonl", ".ndjson")


class Export(NamedTuple):
    """An export to read. keep, drop, people: its keys as in read/privacy.py.

    platform, path: what it is called on the command line, and where it is.
    """

    platform: str
    path: str
    drafts: Callable[[Tally], Iterator[Draft]]
    keep: tuple[str, ...] = ()
    drop: tuple[str, ...] = ()
    people: tuple[str, ...] = ()


class Wish(NamedTuple):
    """What the user asked for."""

    split: str
    to: str
    layer: str
    dry_run: bool
    strict: bool
    keep_ids: bool
    new_salt: bool
    format: str
    version: str = ""
    by_date: bool = False
    date: str = "annotated_at"
    guideline: str = ""


class Goal(NamedTuple):
    """Where records go; sidecar and layer are there where they belong to a split."""

    path: str
    sidecar: Sidecar | None = None
    layer: str = ""


class Done(NamedTuple):
    """What an import did."""

    tally: Tally
    appended: Appended
    preview: list[dict[str, Any]]
    notes: list[str]
    goal: Goal | None
    withheld: bool
    batches: list[str]


def here(context: typer.Context, name: str) -> str:
    """Return a path as typed in the folder of --root."""
    return os.path.normpath(os.path.join(root_of(context), name))


def carry_over(context: typer.Context, export: Export, wish: Wish) -> int:
    """Import an export and say what became of it; returns the exit code."""
    _refuse_unclear(wish)
    root = _root(context, wish)
    with lock(root) if root and not wish.dry_run else contextlib.nullcontext():
        project = Project(root, locked=True) if root else None
        goal = _goal(context, project, wish)
        secret = _salt(project, wish)
        known = _known(project, goal, wish)
        of_split = goal is not None and goal.sidecar is not None and root
        if of_split and not wish.dry_run:
            ready(root or "", actor(context))
        done = _import(export, wish, goal, secret, known)
        written = Carried([], (), ())
        if goal is not None and goal.sidecar is not None and root and not done.withheld:
            check = salt.fingerprint(secret.text) if secret else ""
            edits = [_sidecar_edit(root, goal.sidecar, goal, done.appended, check)]
            # all is written before a word is said: whoever reads may close the pipe
            telling = _telling(export, done, goal.sidecar, check)
            written = put(context, root, edits, dry_run=wish.dry_run, telling=telling)
    _say(context, done, wish)
    if wish.format == "text" and not quiet(context):
        say(written, dry_run=wish.dry_run)
        if of_split and goal is not None and done.appended.written:
            path = os.path.relpath(goal.path, root).replace(os.sep, "/")
            put_next(context, root or "", written.edits, records=[path])
    return FINDINGS if done.tally.count(LEFT_OUT) else CLEAN


def _refuse_unclear(wish: Wish) -> None:
    refuse_other("--format", wish.format, ("text", "json"))
    if wish.split and wish.to:
        raise Refused("give --split or --to, not both")
    if not (wish.split or wish.to or wish.dry_run):
        raise Refused("say where the records go: --split SPLIT or --to FILE.jsonl; or --dry-run")
    if wish.to and not wish.to.endswith(_ENDINGS):
        raise Refused(f"--to {wish.to}: records are written as JSON lines: end it in .jsonl")
    if wish.layer and not wish.split:
        raise Refused("--layer names a layer of a split: give --split too")
    if wish.version and wish.by_date:
        raise Refused("the guideline version is either given or taken from the date")


def _root(context: typer.Context, wish: Wish) -> str | None:
    """Return the project's folder; None outside of one, where nothing of it is needed."""
    try:
        return find_root(root_of(context))
    except NotARepository:
        if wish.split or wish.by_date:
            raise
        if wish.keep_ids or wish.dry_run or salt.given():
            return None
        raise Refused(
            f"outside a project set {salt.VARIABLE} (any long random text that the team keeps), "
            "from which pseudonyms are made; or give --keep-ids"
        ) from None


def _goal(context: typer.Context, project: Project | None, wish: Wish) -> Goal | None:
    if wish.to:
        goal = Goal(here(context, wish.to))
        _refuse_linked(project, goal.path)
        return goal
    if not wish.split or project is None:
        return None
    root = project.snapshot.root
    split = split_paths(root, root_of(context), [wish.split])[0]
    one = next((one for one in project.snapshot.sidecars if one.split == split), None)
    if one is None:
        raise Refused(f"{split} is not linked: labelmeta link {typed(split)} --guideline ID")
    names = [layer.name for layer in one.layers]
    if wish.layer and wish.layer not in names:
        raise Refused(f"{split} has no layer {wish.layer!r}; it has {', '.join(names)}")
    if not wish.layer and len(names) != 1:
        raise Refused(f"{split} has several layers: give --layer {' | '.join(names)}")
    layer = wish.layer or names[0]
    path = _records_path(root, one, layer, only=len(names) == 1)
    goal = Goal(os.path.join(root, path), one, layer)
    trial = Appended(0, 0, 0, "0" * 32)  # an odd layout is refused before all the work
    _sidecar_edit(root, one, goal, trial, "0" * 8)
    return goal


def _refuse_linked(project: Project | None, path: str) -> None:
    """Refuse to write records of a split past its sidecar and the ledger."""
    if project is None:
        return
    root, real = project.snapshot.root, os.path.realpath(path)
    for one in project.snapshot.sidecars:
        folder = os.path.join(root, os.path.dirname(one.path))
        for layer in one.layers:
            if layer.annotations is None:
                continue
            known = os.path.realpath(os.path.join(folder, layer.annotations.path))
            if real == known or real.startswith(known + os.sep):
                raise Refused(
                    f"--to {path}: these are the records of {one.split}; give --split {one.split} "
                    f"--layer {layer.name} instead, so that its sidecar and the ledger say so"
                )


def _records_path(root: str, one: Sidecar, layer: str, *, only: bool) -> str:
    """Return where the records of a layer are, from the root: as its sidecar says, or beside it."""
    value = parse(decode(content(root, one.path) or b""))
    known = value["layers"][layer].get("annotations")
    if known is None:
        return default_path(one.split, layer, only=only)
    path = os.path.normpath(os.path.join(os.path.dirname(one.path), known["path"]))
    if path.split(os.sep)[0] == "..":
        raise Refused(f"{one.path}: the annotations at {known['path']} are outside the project")
    if not path.endswith(_ENDINGS) or known.get("format", "jsonl") != "jsonl":
        raise Refused(f"{path}: records can only be appended to one JSONL file")
    return path


def _sidecar_edit(root: str, one: Sidecar, goal: Goal, done: Appended, check: str) -> Edit:
    """Return the edit that tells the sidecar of the records; all else in it stays as it is."""
    before = content(root, one.path) or b""
    text = decode(before)
    told = block(one.path, os.path.relpath(goal.path, root), done, check)
    after = merged(text, parse(text), {"layers": {goal.layer: {"annotations": told}}})
    return Edit(one.path, before, after.encode())


def _telling(export: Export, done: Done, one: Sidecar, check: str) -> Telling:
    """Return what the event says of an import; without new records it is none."""
    if not done.appended.new or done.goal is None:
        return Telling()
    details = {
        "layer": done.goal.layer,
        "platform": export.platform,
        "source": os.fsencode(os.path.basename(export.path)).decode(errors="replace"),
        "sha256": _sha256(export.path),
        "new": done.appended.new,
        "there_already": done.appended.there,
        "left_out": done.tally.count(LEFT_OUT),
        "batches": done.batches,
        "salt": check,
    }
    told = {key: value for key, value in details.items() if value not in ("", [])}
    return Telling("imported", {f"split:{one.split}": told})


def _sha256(path: str) -> str:
    with open(path, "rb") as file:
        digest = hashlib.sha256()
        while piece := file.read(1 << 20):
            digest.update(piece)
    return digest.hexdigest()


def _salt(project: Project | None, wish: Wish) -> salt.Salt | None:
    if wish.keep_ids:
        return None
    found = salt.given()
    if project is None:
        example = "the pseudonyms shown are examples: there is no salt"
        return found or salt.Salt("x" * 32, example)
    root = project.snapshot.root
    blocks = [
        layer["annotations"]
        for one in project.snapshot.sidecars
        for layer in parse(decode(content(root, one.path) or b""))["layers"].values()
        if "annotations" in layer
    ]
    checks = {block["salt"] for block in blocks if "salt" in block}
    if found is None:
        new = wish.new_salt
        found = salt.of_project(root, used=bool(checks), new=new, dry_run=wish.dry_run)
    if not wish.new_salt and not (wish.dry_run and found.note):
        salt.refuse_other(found, checks)
    return found


def _known(project: Project | None, goal: Goal | None, wish: Wish) -> Known | None:
    """Return how the version of records is known that name none."""
    if wish.version:
        return Known("declared", lambda _: Version(wish.version))
    if not wish.by_date or project is None:
        return None
    id_ = wish.guideline
    if not id_ and goal is not None and goal.sidecar is not None:
        layers = goal.sidecar.layers
        id_ = next(layer.guideline.id for layer in layers if layer.name == goal.layer)
    if not id_:
        raise Refused("say whose version was in force: `guideline:` in the mapping, or --split")
    guideline = project.guideline(id_)
    timeline = Timeline(id_, project.repository(guideline), project.history(guideline))
    return Known("inferred", timeline.at, wish.date)


def _import(
    export: Export, wish: Wish, goal: Goal | None, secret: salt.Salt | None, known: Known | None
) -> Done:
    tally = Tally()
    privacy = Privacy(secret.text if secret else None, export.keep, export.drop, export.people)
    preview: list[dict[str, Any]] = []
    batches: set[str] = set()

    def seen() -> Iterator[dict[str, Any]]:
        for record in records(export.drafts(tally), privacy, tally, known):
            if len(preview) < _PREVIEW:
                preview.append(record)
            if "batch" in record and len(batches) < _BATCHES:
                batches.add(str(record["batch"]))
            yield record

    def fine() -> bool:
        return not (wish.strict and tally.count(LEFT_OUT))

    path = goal.path if goal else os.devnull
    appended = append(path, seen(), dry_run=wish.dry_run or goal is None, wanted=fine)
    notes = [secret.note] if secret and secret.note else []
    if secret is None:
        notes.append("people's ids were kept as they are (--keep-ids)")
    return Done(tally, appended, preview, notes, goal, not fine(), sorted(batches))


def _say(context: typer.Context, done: Done, wish: Wish) -> None:
    if wish.format == "json":
        typer.echo(json.dumps(_value(done, wish), indent=2, ensure_ascii=False))
    elif not quiet(context):
        for line in _lines(done, wish):
            typer.echo(plain(line))


def _value(done: Done, wish: Wish) -> dict[str, Any]:
    return {
        "to": done.goal.path if done.goal else None,
        "written": done.appended.written,
        "dry_run": wish.dry_run,
        "read": done.tally.read,
        "new": done.appended.new,
        "there_already": done.appended.there,
        "count": done.appended.total,
        "versions": done.tally.versions,
        "report": done.tally.value(),
        "notes": done.notes,
        "preview": done.preview if wish.dry_run else [],
    }


def _natural(version: str) -> tuple[bool, list[tuple[int, str]]]:
    """Sort key: 4.4 before 13.16, unknown last."""
    parts = re.findall(r"[0-9]+|[^0-9]+", version)
    return not version, [(int(part) if part.isdecimal() else -1, part) for part in parts]


def _lines(done: Done, wish: Wish) -> Iterator[str]:
    tally, appended = done.tally, done.appended
    if wish.dry_run:
        for record in done.preview:
            yield json.dumps(record, ensure_ascii=False)
    verb = "would import" if wish.dry_run else "imported"
    if done.withheld:
        verb = "wrote nothing (--strict), could import"
    where = f" to {done.goal.path}" if done.goal else ""
    there = f"; {appended.there} were there already" if appended.there else ""
    yield f"{verb} {appended.new} records{where}{there}"
    shares = ", ".join(
        f"{version or 'unknown'} {tally.versions[version]}"
        for version in sorted(tally.versions, key=_natural)
    )
    if shares:
        yield f"guideline versions: {shares}"
    for kind in KINDS:
        seen = sorted(tally.kinds[kind].items(), key=lambda one: (-one[1].count, one[0]))
        if seen:
            yield f"{kind}:"
        for reason, one in seen:
            shown = ", ".join(one.places[:_PREVIEW])
            more = ", …" if one.count > _PREVIEW and shown else ""
            unit = "" if not shown else f" ({tally.unit} {shown}{more})"
            yield f"  {one.count} x {reason}{unit}"
    for note in done.notes:
        yield f"note: {note}"
