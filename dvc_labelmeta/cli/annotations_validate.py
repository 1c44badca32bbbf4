"""`annotations validate`: judge every record of a split, or of any file, and say where it fails."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Annotated, Any, NamedTuple

import typer

from dvc_labelmeta.cli.common import Format, quiet, refuse_other, root_of, split_paths
from dvc_labelmeta.cli.record_facts import MISSING, expected_of, is_missing, records_path
from dvc_labelmeta.errors import (
    CLEAN,
    FINDINGS,
    LabelMetaError,
    NotARepository,
    Refused,
    UnreadableFile,
)
from dvc_labelmeta.model.annotation import LEVELS
from dvc_labelmeta.model.facts import KINDS, WARNINGS, Expected, RecordFacts
from dvc_labelmeta.read.snapshot import load
from dvc_labelmeta.report.text import plain

EXAMPLE = "Example: labelmeta annotations validate data/train.csv --bad-rows bad.jsonl"


class Asked(NamedTuple):
    """One set of records to judge: where it is, in which format, what it is held to."""

    path: str
    format: str
    expected: Expected


def validate(
    context: typer.Context,
    name: Annotated[
        str,
        typer.Argument(
            help="A linked split, or a file, folder or pattern of records.", metavar="SPLIT|FILE"
        ),
    ],
    level: Annotated[
        str, typer.Option(help="Level to hold records to: L0, L1, L2 or L3.", metavar="LEVEL")
    ] = "L0",
    bad_rows: Annotated[
        str,
        typer.Option(
            "--bad-rows", help="Write offending rows with reasons to a file.", metavar="FILE"
        ),
    ] = "",
    format_: Format = "text",
) -> None:
    """Judge every annotation record: types, times, ranges, labels, ids and what replaces what.

    The records of a split are judged by the vocabularies of its guideline's versions; those of a
    bare file by the format alone. Exit codes: 0 clean, 1 errors, 2 could not judge.
    """
    refuse_other("--format", format_, ("text", "json"))
    refuse_other("--level", level, LEVELS)
    try:
        from dvc_labelmeta.read.records import shards  # noqa: PLC0415  # DuckDB is an extra
        from dvc_labelmeta.read.validate import Validated  # noqa: PLC0415  # DuckDB is an extra
    except ModuleNotFoundError as error:
        if not is_missing(error):
            raise
        raise LabelMetaError(MISSING) from None
    found: list[RecordFacts] = []
    with _target(bad_rows) as target:
        for path, kind, expected in _asked(root_of(context), name, level):
            with _told(path), Validated(shards(path, kind), kind, expected) as validated:
                found.append(validated.facts)
                for row in validated.bad_rows() if target is not None else ():
                    target.write(json.dumps(row, ensure_ascii=False) + "\n")
    _show(found, format_, silent=quiet(context))
    grave = any(f.kind not in WARNINGS for one in found for f in one.flaws)
    raise typer.Exit(FINDINGS if grave else CLEAN)


@contextmanager
def _told(path: str) -> Iterator[None]:
    """Say which file could not be read."""
    try:
        yield
    except UnreadableFile as error:
        raise LabelMetaError(f"{path}: {error}") from None


@contextmanager
def _target(path: str) -> Iterator[Any]:
    """Open a file that appears only when it is complete; None where none is wanted."""
    if not path:
        yield None
        return
    temporary = f"{path}.{os.getpid()}.tmp"
    try:
        with open(temporary, "w", encoding="utf-8", errors="backslashreplace") as file:
            yield file
        os.replace(temporary, path)
    except OSError as error:
        raise LabelMetaError(f"cannot write {path}: {error.strerror}") from None
    finally:
        if os.path.exists(temporary):
            os.unlink(temporary)


def _asked(start: str, name: str, level: str) -> list[Asked]:
    """Return what a name stands for: the records of a linked split, else the file itself."""
    try:
        snapshot = load(start, with_pipeline=False)
        split = split_paths(snapshot.root, start, [name])[0]
    except (NotARepository, Refused):
        return [_bare(start, name, level)]
    one = next((one for one in snapshot.sidecars if one.split == split), None)
    if one is None:
        return [_bare(start, name, level)]
    asked = [
        Asked(
            records_path(snapshot.root, one, layer),
            layer.annotations.format,
            expected_of(snapshot, layer)._replace(level=level),
        )
        for layer in one.layers
        if layer.annotations is not None
    ]
    if not asked:
        raise Refused(f"{one.path} names no annotation records (`annotations:` of a layer)")
    return asked


def _bare(start: str, name: str, level: str) -> Asked:
    from dvc_labelmeta.read.records import FORMATS, format_of, shards  # noqa: PLC0415  # an extra

    path = os.path.join(start, name)
    kind = format_of(path)
    for candidate in FORMATS if kind is None and os.path.isdir(path) else ():
        try:
            shards(path, candidate)
        except UnreadableFile:
            continue
        kind = candidate
        break
    if kind is None:
        raise Refused(f"{name} is neither a linked split nor a JSONL, CSV or Parquet file")
    return Asked(path, kind, Expected(level))


def _show(found: list[RecordFacts], format_: str, *, silent: bool) -> None:
    if format_ == "json":
        typer.echo(json.dumps([_as_json(one) for one in found], indent=2, ensure_ascii=False))
        return
    for one in found:
        for line in _lines(one):
            typer.echo(line)
        if not silent or one.flaws:
            typer.echo(_summary(one))


def _as_json(one: RecordFacts) -> dict[str, Any]:
    flaws = [
        flaw._asdict()
        | {
            "severity": "warning" if flaw.kind in WARNINGS else "error",
            "places": [at._asdict() for at in flaw.places],
        }
        for flaw in one.flaws
    ]
    told = {"versions": dict(one.versions), "unknown": dict(one.unknown), "flaws": flaws}
    return one._asdict() | told


def _lines(one: RecordFacts) -> Iterator[str]:
    for flaw in one.flaws:
        severity = "warning" if flaw.kind in WARNINGS else "error"
        field = f" {flaw.field}" if flaw.field else ""
        yield f"{severity}: {flaw.kind}{field}: {flaw.records} ({KINDS[flaw.kind]})"
        for at in flaw.places:
            shown = f" {at.record}" if at.record else ""
            yield plain(f"  {at.file}:{at.line}:{shown} {at.value}".rstrip())
        if flaw.records > len(flaw.places):
            yield f"  and {flaw.records - len(flaw.places)} more"


def _summary(one: RecordFacts) -> str:
    shares = ", ".join(f"{version or 'none'} {count}" for version, count in one.versions)
    told = f"{one.records} records in {one.lines} lines: {one.offending} offending"
    told += f"; guideline versions: {shares}" if shares else ""
    if one.unknown:
        told += "; fields kept as they are: " + ", ".join(f"{n} {c}" for n, c in one.unknown[:10])
    return plain(told)
