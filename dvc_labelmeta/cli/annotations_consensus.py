"""`annotations consensus`: what several votes on an item come to, and why they differ."""

from __future__ import annotations

import json
import os
from collections import Counter
from collections.abc import Mapping, Sequence
from itertools import islice
from typing import TYPE_CHECKING, Annotated, Any

import typer

from dvc_labelmeta import __version__
from dvc_labelmeta.cli.common import Format, quiet, refuse_other
from dvc_labelmeta.cli.sources import (
    LayerOption,
    Name,
    asked,
    keep,
    need_engine,
    reading,
    tell_unread,
)
from dvc_labelmeta.errors import UNJUDGED, Refused, UnreadableFile
from dvc_labelmeta.read.sources import Source, format_of, shards
from dvc_labelmeta.report.consensus import SHOWN, consensus_text
from dvc_labelmeta.stats.consensus import KINDS, kind, meaningless
from dvc_labelmeta.write.tables import format_named, write_rows

if TYPE_CHECKING:
    import duckdb

    from dvc_labelmeta.read.consensus import Fitted, Shape

MAJORITY, DAWID_SKENE = "majority", "dawid-skene"
EXAMPLE = (
    "Example: labelmeta annotations consensus data/train.csv "
    "--method dawid-skene --output soft.jsonl"
)

_SPARSE = 10


def consensus(
    context: typer.Context,
    name: Name,
    method: Annotated[
        str, typer.Option(help="majority, or dawid-skene: weighted by skill.", metavar="METHOD")
    ] = MAJORITY,
    layer: LayerOption = "",
    output: Annotated[
        str,
        typer.Option(
            "--output",
            "-o",
            help="Write aggregate records instead: .jsonl, .csv or .parquet.",
            metavar="FILE",
            show_default=False,
        ),
    ] = "",
    format_: Format = "text",
) -> None:
    """Show what the votes on each item come to, and why they differ.

    An item whose best labels are equal is tied: it has no label. Where votes differ, items on
    which skilled annotators disagree (ambiguous) are told from lone dissent (a slip). Skilled:
    at least the median skill of those with five votes to compare.
    """
    refuse_other("--method", method, (MAJORITY, DAWID_SKENE))
    refuse_other("--format", format_, ("text", "json"))
    if output:
        format_named(output)
    need_engine()
    found = _carry_out(asked(context, name, layer).one(), name, layer, method, output, format_)
    if found["unread_lines"]:
        tell_unread(found["unread_lines"], name, output)
        raise typer.Exit(UNJUDGED)
    if output and not quiet(context):
        records, tied = found["items"] - found["ties"], found["ties"]
        typer.echo(f"wrote {output}: {records} records; {tied} items are tied")


def _carry_out(
    source: Source, name: str, layer: str, method: str, output: str, format_: str
) -> dict[str, Any]:
    """Show or write the consensus of a source's votes; return the numbers of all items."""
    from dvc_labelmeta.cli.counted import counted  # noqa: PLC0415  # needs the extra
    from dvc_labelmeta.read import consensus as votes  # noqa: PLC0415  # needs it

    with reading(source):
        _keep_records(output, shards(source.path, source.format))
        tallies, _, chosen, unread = counted(source, layer, votes.FIELDS)
        connection = tallies.connection
        fitted = _fit(connection, method)
        shapes = votes.conclude(connection)
        found = {
            "unread_lines": unread,
            **_summary(method, fitted, shapes, votes.ties(connection), votes.skills(connection)),
        }
        if output and not unread:
            named = chosen or "".join(tallies.layers)  # there is one at most
            write_rows(connection, votes.aggregates(method, named, __version__), output)
        elif not output:
            _put(connection, {"source": name, "layer": chosen or None, **found}, shapes, format_)
    return found


def _keep_records(output: str, files: list[str]) -> None:
    """Refuse to write over records of people: only a file of aggregates is replaced."""
    keep(files, output)
    if os.path.exists(output) and os.path.getsize(output):
        import duckdb  # noqa: PLC0415  # after need_engine()

        from dvc_labelmeta.read.records import open_records  # noqa: PLC0415  # needs it

        try:
            others = open_records([output], format_of(output) or "").execute(
                "SELECT count(*) FROM records WHERE annotator_type IS DISTINCT FROM 'aggregate'"
            )
            ours = not others.fetchall()[0][0]
        except (duckdb.Error, UnreadableFile):
            ours = False
        if not ours:
            raise Refused(f"{output} holds more than aggregate records; choose another --output")


def _fit(connection: duckdb.DuckDBPyConnection, method: str) -> Fitted | None:
    """Make the shares of labels of each item, and skills; return how an iteration ended."""
    from dvc_labelmeta.read.consensus import dawid_skene, majority, overlap  # noqa: PLC0415  # DuckDB is an extra

    refused = meaningless(*overlap(connection))
    if refused is not None:
        raise Refused(refused.reason)
    if method == DAWID_SKENE:
        return dawid_skene(connection)
    majority(connection)
    return None


def _summary(
    method: str,
    fitted: Fitted | None,
    shapes: Mapping[Shape, int],
    ties: int,
    rated: Sequence[tuple[str, int, float, bool]],
) -> dict[str, Any]:
    """Return the numbers of all items as one plain value, ready to print or to write as JSON."""
    counts: Counter[str] = Counter()
    for shape, items in shapes.items():
        counts[kind(*shape)] += items
    known = sum(skilled for *_, skilled in rated)
    warnings = []
    if fitted is not None and not fitted.converged:
        warnings.append(f"probabilities were still moving after {fitted.rounds} rounds")
    sparse = sum(compared for _, compared, _, _ in rated if compared < _SPARSE)
    if fitted is not None and 2 * sparse > sum(compared for _, compared, _, _ in rated):
        warnings.append(
            f"most votes are of annotators with fewer than {_SPARSE}: too few to learn their "
            "errors from; --method majority may be nearer the truth"
        )
    if not known:
        warnings.append("nobody's skill is known: no annotator has five votes to compare")
    return {
        "method": method,
        "fit": fitted._asdict() if fitted is not None else None,
        "items": sum(shapes.values()),
        "votes": sum(votes * items for (votes, *_), items in shapes.items()),
        "ties": ties,
        "kinds": {name: counts[name] for name in KINDS},
        "annotators": [
            {"annotator": who, "compared": compared, "skill": round(skill, 9), "skilled": skilled}
            for who, compared, skill, skilled in rated
        ],
        "warnings": warnings,
    }


def _put(
    connection: duckdb.DuckDBPyConnection,
    found: dict[str, Any],
    shapes: Mapping[Shape, int],
    format_: str,
) -> None:
    from dvc_labelmeta.read.consensus import rows  # noqa: PLC0415  # DuckDB is an extra

    kinds = {shape: kind(*shape) for shape in shapes}
    if format_ == "json":
        typer.echo(json.dumps(found, indent=2, ensure_ascii=False)[:-2] + ',\n  "by_item": [')
        before = "    "
        for one in rows(connection, kinds):
            typer.echo(before + json.dumps(one, ensure_ascii=False), nl=False)
            before = ",\n    "
        typer.echo("\n  ]\n}")
        return
    first = list(islice(rows(connection, kinds, apart=True), SHOWN))
    typer.echo(consensus_text(found, first))
