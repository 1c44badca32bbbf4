"""`annotations validate`: judge every record of a split, or of any file, and say where it fails."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Annotated, Any, NamedTuple

import typer

from dvc_labelmeta.cli.common import Format, quiet, refuse_other
from dvc_labelmeta.cli.engines import EngineOption
from dvc_labelmeta.cli.progress import shown
from dvc_labelmeta.cli.record_facts import expected_of, facts_of
from dvc_labelmeta.cli.sources import Name, asked, need_engine, reading
from dvc_labelmeta.errors import CLEAN, FINDINGS, LabelMetaError, Refused
from dvc_labelmeta.model.annotation import LEVEL_MEANINGS, LEVELS
from dvc_labelmeta.model.config import ENGINES
from dvc_labelmeta.model.facts import KINDS, WARNINGS, Expected, RecordFacts
from dvc_labelmeta.read.sources import Source, shards
from dvc_labelmeta.report.text import plain

EXAMPLE = "Example: labelmeta annotations validate data/train.csv --bad-rows bad.jsonl"


class Judged(NamedTuple):
    """The facts about one set of records, and the level that these were held to."""

    facts: RecordFacts
    level: str


def validate(
    context: typer.Context,
    name: Name,
    level: Annotated[
        str,
        typer.Option(
            help="Hold records to L0, L1, L2 or L3; default: what the layer declares, or L0.",
            metavar="LEVEL",
        ),
    ] = "",
    bad_rows: Annotated[
        str,
        typer.Option(
            "--bad-rows", help="Write offending rows with reasons to a file.", metavar="FILE"
        ),
    ] = "",
    engine: EngineOption = "",
    format_: Format = "text",
) -> None:
    """Judge every annotation record: types, times, ranges, labels, ids and what replaces what.

    The records of a split are judged by the vocabularies of its guideline's versions; those of a
    bare file by the format alone. Exit codes: 0 clean, 1 errors, 2 could not judge.
    """
    refuse_other("--format", format_, ("text", "json"))
    refuse_other("--level", level or LEVELS[0], LEVELS)
    if engine:
        refuse_other("--engine", engine, ENGINES)
    if bad_rows and engine == "dask":
        raise Refused("--bad-rows reads rows in this process: it needs --engine duckdb")
    need_engine()
    found: list[Judged] = []
    what = asked(context, name)
    with _target(bad_rows) as target:
        for source in what.sources:
            files = _files(source)
            expected = expected_of(what.snapshot, source, level)
            with reading(source):
                if target is None:
                    told = facts_of(
                        what.snapshot, source, files, expected, engine=engine, keep=not level
                    )
                else:
                    told = _with_rows(source, files, expected, target)
            found.append(Judged(told, expected.level))
    _show(found, format_, silent=quiet(context))
    grave = any(flaw.kind not in WARNINGS for one in found for flaw in one.facts.flaws)
    raise typer.Exit(FINDINGS if grave else CLEAN)


def _with_rows(source: Source, files: list[str], expected: Expected, target: Any) -> RecordFacts:
    from dvc_labelmeta.read.validate import Validated  # noqa: PLC0415  # DuckDB is an extra

    with Validated(files, source.format, expected, watch=shown) as validated:
        for row in validated.bad_rows():
            target.write(json.dumps(row, ensure_ascii=False) + "\n")
        return validated.facts


def _files(source: Source) -> list[str]:
    with reading(source):
        return shards(source.path, source.format)


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


def _show(found: list[Judged], format_: str, *, silent: bool) -> None:
    if format_ == "json":
        typer.echo(json.dumps([_as_json(one) for one in found], indent=2, ensure_ascii=False))
        return
    for one in found:
        for line in _lines(one.facts):
            typer.echo(line)
        if not silent or one.facts.flaws:
            typer.echo(_summary(one))


def _as_json(judged: Judged) -> dict[str, Any]:
    one = judged.facts
    flaws = [
        flaw._asdict()
        | {
            "severity": "warning" if flaw.kind in WARNINGS else "error",
            "places": [at._asdict() for at in flaw.places],
        }
        for flaw in one.flaws
    ]
    told = {
        "level": judged.level,
        "versions": dict(one.versions),
        "unknown": dict(one.unknown),
        "flaws": flaws,
    }
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


def _summary(judged: Judged) -> str:
    one = judged.facts
    shares = ", ".join(f"{version or 'none'} {count}" for version, count in one.versions)
    records = "1 record" if one.records == 1 else f"{one.records} records"
    lines = "1 line" if one.lines == 1 else f"{one.lines} lines"
    told = f"{records} in {lines}: {one.offending} offending"
    told += f"; held to {judged.level} ({LEVEL_MEANINGS[judged.level].partition(':')[0]})"
    told += f"; guideline versions: {shares}" if shares else ""
    if one.unknown:
        told += "; fields kept as they are: " + ", ".join(f"{n} {c}" for n, c in one.unknown[:10])
    return plain(told)
