"""`guideline show`: the exact text at a revision, at a time, or under which a label was made."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator
from typing import Annotated, Any, NamedTuple

import typer

from dvc_labelmeta.cli.common import quiet, root_of, split_paths
from dvc_labelmeta.cli.project import Project
from dvc_labelmeta.cli.sources import MISSING, is_missing
from dvc_labelmeta.errors import LabelMetaError, Refused, UnreadableFile
from dvc_labelmeta.model.guideline import Guideline
from dvc_labelmeta.model.sidecar import Layer, Sidecar
from dvc_labelmeta.model.snapshot import Snapshot
from dvc_labelmeta.read.git import TREE, Objects
from dvc_labelmeta.read.source import find_root
from dvc_labelmeta.read.sources import Source, source_of
from dvc_labelmeta.report.text import plain

SHOW_EXAMPLE = "Example: labelmeta guideline show sentiment --as-seen r-001 --split data/train.csv"
_DAY = re.compile(r"\d{4}-\d\d-\d\d\Z")


def show(
    context: typer.Context,
    id_: Annotated[str, typer.Argument(metavar="ID", help="As labelmeta.yaml lists it.")],
    rev: Annotated[
        str, typer.Option(help="A Git revision; default: HEAD.", show_default=False)
    ] = "",
    as_seen: Annotated[
        str,
        typer.Option(
            help="The text under which this annotation record was made.", metavar="RECORD_ID"
        ),
    ] = "",
    at: Annotated[
        str,
        typer.Option(
            help="The text in force at a time with its zone; of a date, as the day began in UTC.",
            metavar="TIME",
        ),
    ] = "",
    split: Annotated[str, typer.Option(help="Where to look for the record.")] = "",
) -> None:
    """Print the exact text of a guideline; which one it is, and how that is known, on stderr."""
    from dvc_labelmeta.read.seen import Texts  # noqa: PLC0415  # other commands need not load it

    if sum(map(bool, (rev, as_seen, at))) > 1:
        raise Refused("give one of --rev, --as-seen and --at")
    if split and not as_seen:
        raise Refused("--split says where to look for the record of --as-seen; give that too")
    root = find_root(root_of(context))
    project = Project(root)
    guideline = project.guideline(id_)
    asked = split_paths(root, root_of(context), [split] if split else [])
    repository = project.repository(guideline)
    with repository.git.objects() as objects:
        texts = Texts(repository, objects, guideline, project.history(guideline))
        if as_seen:
            found = _record(project.snapshot, guideline, as_seen, asked)
            text = texts.seen(found.record, found.layer.guideline, found.one.split)
        else:
            text = texts.in_force(_moment(at)) if at else texts.at_revision(rev or "HEAD")
        files = _files(objects, text.object, "")
    if text.evidence and not quiet(context):
        typer.echo(plain(text.evidence), err=True)
    for name, content in files:
        if len(files) > 1:
            typer.echo(f"--- {plain(posixpath.join(guideline.path, name))} ---")
        typer.echo(content, nl=not content.endswith("\n"))


def _moment(time: str) -> str:
    """Return a time as RFC 3339; of a date, its first moment in UTC."""
    from dvc_labelmeta.read.times import TimeFormat, rfc3339  # noqa: PLC0415  # as above

    text = f"{time}T00:00:00Z" if _DAY.match(time) else time
    try:
        return rfc3339(TimeFormat().time(text))
    except ValueError as error:
        raise Refused(
            f"--at {time} {error}; write it like 2026-02-01 or 2026-02-01T09:30:00Z"
        ) from None


class Found(NamedTuple):
    """A record, and the layer of the split that it is of."""

    one: Sidecar
    layer: Layer
    record: dict[str, Any]


def _record(snapshot: Snapshot, guideline: Guideline, id_: str, asked: list[str]) -> Found:
    """Return the record with an id among those of the splits linked to a guideline."""
    from dvc_labelmeta.read.lookup import FIELDS  # noqa: PLC0415  # as above

    found: list[Found] = []
    searched, unread = [], []
    for one, layer in _layers(snapshot, guideline, asked):
        try:
            source = source_of(snapshot, one, layer)
            records = _looked_up(source, id_)
        except UnreadableFile as error:
            unread.append(f"; not read: {one.split} ({str(error).split(';')[0]})")
            continue
        searched.append(one.split)
        found += [Found(one, layer, record) for record in records]
    own = [f for f in found if f.record["guideline_id"] in {None, guideline.id}]
    own = [f for f in own if f.record["layer"] in {None, f.layer.name}]
    if not own:
        places = ", ".join(dict.fromkeys(searched)) or "none"
        raise Refused(
            f"no record {id_} under guideline {guideline.id!r}; searched: {places}{''.join(unread)}"
        )
    if len({(f.one.split, *map(f.record.get, FIELDS)) for f in own}) > 1:
        places = ", ".join(dict.fromkeys(f.one.split for f in own))
        raise Refused(f"there are {len(own)} records {id_}, in {places}; say which with --split")
    return own[0]


def _layers(
    snapshot: Snapshot, guideline: Guideline, asked: list[str]
) -> Iterator[tuple[Sidecar, Layer]]:
    for one in snapshot.sidecars:
        for layer in one.layers if not asked or one.split in asked else ():
            if layer.guideline.id == guideline.id and layer.annotations is not None:
                yield one, layer


def _looked_up(source: Source, id_: str) -> list[dict[str, Any]]:
    from dvc_labelmeta.read.lookup import looked_up  # noqa: PLC0415  # as above

    try:
        return looked_up(source, id_)
    except ModuleNotFoundError as error:
        if is_missing(error):
            raise LabelMetaError(MISSING) from None
        raise


def _files(objects: Objects, object_: str, name: str) -> list[tuple[str, str]]:
    found = objects.get(object_)
    if found is None:
        raise Refused(f"{name or object_} is not in this clone; fetch it with `git fetch`")
    if found[1] != TREE:
        return [(name, found[2].decode("utf-8", "replace"))]
    return [
        file
        for entry in objects.entries(object_)
        for file in _files(objects, entry.object, posixpath.join(name, entry.name))
    ]
