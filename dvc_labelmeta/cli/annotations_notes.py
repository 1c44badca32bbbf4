"""`annotations notes`: what annotators wrote, by the clause that they cite."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Annotated, Any

import typer

from dvc_labelmeta.cli.common import Format, refuse_other
from dvc_labelmeta.cli.sources import Asked, LayerOption, Name, asked, need_engine, reading
from dvc_labelmeta.errors import UNJUDGED, Refused
from dvc_labelmeta.model.guideline import in_order
from dvc_labelmeta.read.sources import Source
from dvc_labelmeta.report.notes import notes_text

if TYPE_CHECKING:
    from dvc_labelmeta.read.notes import Group

EXAMPLE = "Example: labelmeta annotations notes data/train.csv --search deadline"


def notes(
    context: typer.Context,
    name: Name,
    search: Annotated[
        str, typer.Option(help="Only notes that hold this text, in any case.", metavar="TEXT")
    ] = "",
    clause: Annotated[
        str, typer.Option(help="Only records that cite this clause.", metavar="ID")
    ] = "",
    limit: Annotated[
        int, typer.Option(help="How many notes of a group to show.", min=1, max=1000)
    ] = 5,
    layer: LayerOption = "",
    format_: Format = "text",
) -> None:
    """Show notes and rationales by clause and guideline version.

    Counts are of all records, also of drafts and rejected ones. Which clauses gather notes, doubt
    and dispute says where the guideline should be clearer.
    """
    refuse_other("--format", format_, ("text", "json"))
    need_engine()
    what = asked(context, name, layer)
    source = what.one()
    with reading(source):
        found = _found(source, layer, search, clause, limit)
    texts = _texts(what, source)
    if clause and not found["clauses"] and not any(clause in known for known in texts.values()):
        cited = ", ".join(found["cited"]) or "none"
        raise Refused(f"no record cites {clause!r}; cited are {cited}")
    _add_texts(found, texts)
    found = {"source": name, **found}
    typer.echo(
        json.dumps(found, indent=2, ensure_ascii=False) if format_ == "json" else notes_text(found)
    )
    if found["unread_lines"]:
        raise typer.Exit(UNJUDGED)


def _found(source: Source, layer: str, search: str, clause: str, limit: int) -> dict[str, Any]:
    from dvc_labelmeta.cli.counted import counted  # noqa: PLC0415  # needs the extra
    from dvc_labelmeta.read.notes import Notes  # noqa: PLC0415  # needs it

    tallies, _, layer, unread = counted(source, layer)
    written = Notes(tallies.connection, layer, search)
    clauses = written.clauses(clause)
    place = {one.clause: number for number, one in enumerate(clauses)}
    groups = sorted(
        written.groups(clause, limit),
        key=lambda one: (place[one.clause], in_order(one.version)),
    )
    return {
        "layer": layer or None,
        "search": search,
        "clause": clause,
        "unread_lines": unread,
        "cited": [one.clause for one in written.clauses() if one.clause is not None],
        "clauses": [one._asdict() for one in clauses],
        "groups": [_group(one) for one in groups],
    }


def _group(one: Group) -> dict[str, Any]:
    return {
        "clause": one.clause,
        "guideline_version": one.version,
        "text": None,
        "notes": one.notes,
        "first": [note._asdict() for note in one.first],
    }


def _texts(what: Asked, source: Source) -> dict[str, dict[str, str]]:
    """Return what each clause of the layer's guideline says, by version, the latest first."""
    from dvc_labelmeta.read.clauses import wordings  # noqa: PLC0415  # only here

    if what.snapshot is None or source.layer is None:
        return {}
    guideline = what.snapshot.guidelines.get(source.layer.guideline.id)
    return {} if guideline is None else wordings(what.snapshot, guideline)


def _add_texts(found: dict[str, Any], texts: dict[str, dict[str, str]]) -> None:
    """Add the first line of each clause: of a group as its version has it, else the latest."""
    latest: dict[str, str] = {}
    for known in texts.values():
        latest = known | latest
    for one in found["clauses"]:
        one["text"] = _first_line(latest.get(one["clause"]))
    for one in found["groups"]:
        one["text"] = _first_line(texts.get(one["guideline_version"], {}).get(one["clause"]))


def _first_line(text: str | None) -> str | None:
    lines = (text or "").strip().splitlines()
    return lines[0] if lines else None
