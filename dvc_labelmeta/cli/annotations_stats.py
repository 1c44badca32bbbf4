"""`annotations stats`: what a set of annotation records holds, and how far it can be trusted."""

from __future__ import annotations

import glob
import json
import os
from typing import Annotated, Any, NamedTuple

import typer

from dvc_labelmeta.cli.common import Format, refuse_other, root_of
from dvc_labelmeta.cli.record_facts import MISSING, is_missing
from dvc_labelmeta.errors import UNJUDGED, LabelMetaError, Refused, UnreadableFile
from dvc_labelmeta.model.sidecar import SUFFIX
from dvc_labelmeta.read.files import decode, misfits, parse
from dvc_labelmeta.read.git import open_repository
from dvc_labelmeta.report.statistics import statistics_text
from dvc_labelmeta.stats.scale import LEVELS, NOMINAL

STATS_EXAMPLE = "Example: labelmeta annotations stats data/train.csv --by guideline_version"
GROUPS = ("guideline_version", "annotator", "label")


class Source(NamedTuple):
    """Where records are. layer: read only those of it; "" for all."""

    path: str
    format: str
    layer: str = ""


def stats(
    context: typer.Context,
    name: Annotated[
        str,
        typer.Argument(
            help="A linked split, or a file, folder or pattern of records.", metavar="SPLIT|FILE"
        ),
    ],
    by: Annotated[
        str,
        typer.Option(help="Also one line for each guideline_version, annotator or label."),
    ] = "",
    layer: Annotated[str, typer.Option(help="The layer to look at, where there are several.")] = "",
    level: Annotated[
        str, typer.Option(help="Scale of the labels: nominal, ordinal or interval.")
    ] = NOMINAL,
    resamples: Annotated[
        int, typer.Option(help="Bootstrap resamples for intervals; 0: no interval.", min=0)
    ] = 1000,
    format_: Format = "text",
) -> None:
    """Show who labelled how much, how sure, and how far annotators agree.

    Numbers that would mean nothing are not shown; the reason is. A vote is the latest record of
    an annotator on an item, if it has a label and is neither a draft, skipped, discarded,
    superseded, an aggregate nor a reference answer (`is_gold`).
    """
    refuse_other("--format", format_, ("text", "json"))
    refuse_other("--level", level, LEVELS)
    if by:
        refuse_other("--by", by, GROUPS)
    try:
        import duckdb  # noqa: PLC0415  # an extra

        from dvc_labelmeta.cli.summary import summary  # noqa: PLC0415  # needs the extra
        from dvc_labelmeta.read.records import open_records, shards  # noqa: PLC0415  # needs it
    except ModuleNotFoundError as error:
        if not is_missing(error):
            raise
        raise LabelMetaError(MISSING) from None
    source = find_source(root_of(context), name, layer)
    try:
        files = shards(source.path, source.format)
        connection = open_records(files, source.format)
        found = summary(
            connection,
            files if source.format == "jsonl" else (),
            layer=source.layer,
            level=level,
            by=by,
            resamples=resamples,
        )
    except duckdb.Error as error:
        reason = str(error).strip().split("\n")[0]
        raise UnreadableFile(f"{name} cannot be read as {source.format}: {reason}") from None
    except UnreadableFile as error:
        raise UnreadableFile(f"{source.path}: {error}") from None
    _put({"source": name, "layer": source.layer or None, "level": level, **found}, format_)


def _put(found: dict[str, Any], format_: str) -> None:
    if format_ == "json":
        typer.echo(json.dumps(found, indent=2, ensure_ascii=False))
    else:
        typer.echo(statistics_text(found))
    if found["unread_lines"]:
        raise typer.Exit(UNJUDGED)


def find_source(start: str, name: str, layer: str = "") -> Source:
    """Return the records that `name` (from the folder `start`) stands for.

    A split is linked if its sidecar is beside it; its layer then says where the records are.
    """
    path = os.path.normpath(os.path.join(start, name))
    sidecar = path if path.endswith(SUFFIX) else path.removesuffix(".dvc") + SUFFIX
    return _linked(sidecar, name, layer) if os.path.isfile(sidecar) else _bare(path, name, layer)


def _linked(sidecar: str, name: str, layer: str) -> Source:
    try:
        with open(sidecar, "rb") as file:
            value = parse(decode(file.read()))
    except (OSError, UnreadableFile) as error:
        raise UnreadableFile(f"{sidecar}: {error}") from None
    if problems := misfits("sidecar", value):
        raise UnreadableFile(f"{sidecar}: {problems[0][1]}")
    named = {
        key: one["annotations"] for key, one in value["layers"].items() if "annotations" in one
    }
    if layer and layer not in value["layers"]:
        raise Refused(f"{name} has no layer {layer!r}; it has {', '.join(value['layers'])}")
    if not named or (layer and layer not in named):
        raise Refused(
            f"the sidecar of {name} names no annotations{f' for layer {layer}' if layer else ''}; "
            "give the file of records instead"
        )
    if len(named) > 1 and not layer:
        raise Refused(f"{name} has annotations for several layers; --layer {' or '.join(named)}")
    layer = layer or next(iter(named))
    folder = os.path.dirname(sidecar) or "."
    path = os.path.normpath(os.path.join(folder, named[layer]["path"]))
    top = os.path.realpath(open_repository(folder).top)
    if not os.path.realpath(path).startswith(top + os.sep):
        raise Refused(f"{sidecar}: the annotations of layer {layer} are outside the repository")
    return Source(path, named[layer].get("format") or _format(path, name), layer)


def _bare(path: str, name: str, layer: str) -> Source:
    return Source(path, _format(path, name), layer)


def _format(path: str, name: str) -> str:
    """Return the format of records: by the ending, or by what a folder or pattern holds."""
    from dvc_labelmeta.read.records import FORMATS, format_of, shards  # noqa: PLC0415  # the extra

    if not os.path.exists(path) and not glob.glob(path):
        raise Refused(f"{name}: there is no such file, nor is it a linked split")
    told = format_of(path)
    if told is not None:
        return told
    held = []
    for one in FORMATS if os.path.isdir(path) else ():
        try:
            shards(path, one)
        except UnreadableFile:
            continue
        held.append(one)
    if len(held) > 1:
        raise Refused(f"{name} holds files of several formats: {', '.join(held)}")
    if not held:
        raise Refused(f"{name} holds no file of annotations (.jsonl, .csv, .parquet)")
    return held[0]
