"""`annotators list` and `show`: the registry beside what records say of each annotator."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Annotated, Any, NamedTuple

import typer

from dvc_labelmeta.cli.annotator_facts import seen_of
from dvc_labelmeta.cli.common import Format, put_table, refuse_other, root_of
from dvc_labelmeta.cli.sources import MISSING, is_missing
from dvc_labelmeta.errors import CLEAN, FINDINGS, Refused
from dvc_labelmeta.model.annotators import (
    REGISTRY,
    Annotator,
    Seen,
    contradicted,
    outside,
    united,
)
from dvc_labelmeta.model.snapshot import Snapshot
from dvc_labelmeta.read.snapshot import load
from dvc_labelmeta.report.text import plain

LIST_EXAMPLE = "Example: labelmeta annotators list --strict"
SHOW_EXAMPLE = "Example: labelmeta annotators show a-5f2c91"
HEAD = ("ANNOTATOR", "TYPE", "ROLE", "RECORDS", "REVIEWS", "FIRST", "LAST", "SPLITS", "TOOLS",
        "VERSIONS", "REMARKS")  # fmt: skip

Strict = Annotated[
    bool, typer.Option("--strict", help="Exit with 1 where any annotator has a remark.")
]


class Found(NamedTuple):
    """The registry (None: there is no file), and what records say by annotator and split.

    uncounted: why no record was counted, "" where they were.
    """

    registry: Mapping[str, Annotator] | None
    seen: Mapping[str, Mapping[str, list[Seen]]]
    uncounted: str


def list_(context: typer.Context, strict: Strict = False, format_: Format = "text") -> None:
    """List the annotators of the registry and of records.

    Those of annotators.yaml, and those that records of linked splits name. Counts are of all
    records; FIRST and LAST are days in UTC. Remarks: not in the registry, without records,
    records outside the active period or after consent was withdrawn, another type than the
    records say.
    """
    refuse_other("--format", format_, ("text", "json"))
    found = _found(load(root_of(context)))
    names = sorted({*found.seen, *(found.registry or {})})
    rows = [_row(name, found) for name in names]
    if format_ == "json":
        told = [_told(name, found) for name in names]
        typer.echo(json.dumps(told, indent=2, ensure_ascii=False))
    else:
        shown = [tuple(map(plain, row)) for row in rows]
        put_table(HEAD, shown, "text", f"no annotators: neither in {REGISTRY} nor in records")
    _say_uncounted(found)
    remarks = any(_remarks(name, found) for name in names)
    raise typer.Exit(FINDINGS if strict and remarks else CLEAN)


def show(
    context: typer.Context,
    id_: Annotated[str, typer.Argument(metavar="ID", help="The pseudonym.")],
    format_: Format = "text",
) -> None:
    """Show what is known of an annotator.

    The entry of annotators.yaml, and what the records of linked splits say, by split.
    """
    refuse_other("--format", format_, ("text", "json"))
    found = _found(load(root_of(context)))
    if id_ not in found.seen and id_ not in (found.registry or {}):
        raise Refused(f"neither {REGISTRY} nor the records of linked splits name {id_!r}")
    told = _told(id_, found)
    if format_ == "json":
        typer.echo(json.dumps(told, indent=2, ensure_ascii=False))
    else:
        typer.echo("\n".join(_lines(told)))
    _say_uncounted(found)


def _found(snapshot: Snapshot) -> Found:
    try:
        from dvc_labelmeta.read.annotators import by_name  # noqa: PLC0415  # DuckDB is an extra
    except ModuleNotFoundError as error:
        if not is_missing(error):
            raise
        return Found(snapshot.annotators, {}, MISSING)
    seen = {
        (one.split, layer.name): seen_of(snapshot, one, layer)
        for one in snapshot.sidecars
        for layer in one.layers
        if layer.annotations is not None
    }
    return Found(snapshot.annotators, by_name(seen), "")


def _say_uncounted(found: Found) -> None:
    if found.uncounted:
        typer.echo(f"labelmeta: records were not counted: {found.uncounted}", err=True)


def _whole(name: str, found: Found) -> Seen:
    """Return what all records say of an annotator."""
    layers = [one for each in found.seen.get(name, {}).values() for one in each]
    return united(layers) if layers else Seen(name, 0)


def _remarks(name: str, found: Found) -> list[str]:
    whole = _whole(name, found)
    if found.registry is None:
        return []
    known = found.registry.get(name)
    if known is None:
        return [f"not in {REGISTRY}"]
    remarks = [outside(known, whole), contradicted(known, whole)]
    if known.consent.withdrawn and whole.records + whole.reviews:
        remarks.append(f"withdrew consent on {known.consent.withdrawn}")
    if not (whole.records or whole.reviews or found.uncounted or known.redacted):
        remarks.append("no records")
    return [remark for remark in remarks if remark]


def _row(name: str, found: Found) -> tuple[str, ...]:
    whole, known = _whole(name, found), (found.registry or {}).get(name)
    type_ = known.type if known else "software" if whole.software else "person"
    return (
        name,
        f"redacted {known.redacted}" if known and known.redacted else type_,
        known.role if known else "",
        str(whole.records),
        str(whole.reviews),
        whole.first,
        whole.last,
        str(len(found.seen.get(name, {}))),
        " ".join(whole.tools),
        " ".join(whole.versions),
        "; ".join(_remarks(name, found)),
    )


def _told(name: str, found: Found) -> dict[str, Any]:
    known = (found.registry or {}).get(name)
    whole = _whole(name, found)
    return {
        "annotator": name,
        "registry": _entry(known) if known else None,
        "records": whole.records,
        "reviews": whole.reviews,
        "first": whole.first or None,
        "last": whole.last or None,
        "tools": list(whole.tools),
        "guideline_versions": list(whole.versions),
        "splits": {split: united(one).records for split, one in found.seen.get(name, {}).items()},
        "remarks": _remarks(name, found),
    }


def _entry(known: Annotator) -> dict[str, Any]:
    """Return what the registry says, without what it leaves open."""
    value = known._asdict() | {
        "training": [one._asdict() for one in known.training],
        "consent": {key: item for key, item in known.consent._asdict().items() if item},
        "tools": list(known.tools),
        "conditions": dict(known.conditions),
    }
    del value["id"]
    return {key: item for key, item in value.items() if item}


def _lines(told: Mapping[str, Any]) -> list[str]:
    lines = []
    for key, value in told.items():
        if key == "registry":
            lines += [f"{name}: {_shown(item)}" for name, item in (value or {}).items()]
        elif value:
            lines.append(f"{key}: {_shown(value)}")
    return [plain(line) for line in lines]


def _shown(value: Any) -> str:
    if isinstance(value, dict):
        return ", ".join(f"{key} {_shown(item)}" for key, item in value.items() if item)
    return "; ".join(map(_shown, value)) if isinstance(value, list) else str(value)
