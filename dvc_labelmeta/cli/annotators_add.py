"""`annotators add`: a new entry of annotators.yaml; comments and all other lines stay."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from dvc_labelmeta.cli.adding import put_next
from dvc_labelmeta.cli.common import DryRun, carry_out, refuse_other, root_of
from dvc_labelmeta.errors import Refused
from dvc_labelmeta.model.annotators import KINDS, REGISTRY
from dvc_labelmeta.read.files import decode, misfits, parse
from dvc_labelmeta.read.source import find_root
from dvc_labelmeta.write.annotators import added
from dvc_labelmeta.write.edits import Edit, content, lock

EXAMPLE = 'Example: labelmeta annotators add a-5f2c91 --role expert --expertise "criminal law"'


def add(
    context: typer.Context,
    id_: Annotated[str, typer.Argument(metavar="ID", help="The pseudonym that records name.")],
    role: Annotated[str, typer.Option(help="What for: annotator, expert, reviewer.")] = "",
    expertise: Annotated[str, typer.Option(help="What they know of the field.")] = "",
    type_: Annotated[str, typer.Option("--type", help="person or software.")] = "person",
    tool: Annotated[list[str] | None, typer.Option(help="Program or model; may repeat.")] = None,
    since: Annotated[
        str, typer.Option("--from", help="First day, ISO date.", show_default=False)
    ] = "",
    until: Annotated[str, typer.Option(help="Last day, ISO date.", show_default=False)] = "",
    consent: Annotated[
        str, typer.Option(help="Day on which consent was given, ISO date.", show_default=False)
    ] = "",
    scope: Annotated[str, typer.Option(help="What consent was given for.")] = "",
    dry_run: DryRun = False,
) -> None:
    """Add an annotator to annotators.yaml.

    The file begins with the first one. No names of people: it is committed. Training, session
    conditions and notes are written by hand.
    """
    refuse_other("--type", type_, KINDS)
    entry = {
        "type": "" if type_ == KINDS[0] else type_,
        "role": role,
        "expertise": expertise,
        "tools": tool or [],
        "active": _given({"from": since, "until": until}),
        "consent": _given({"given": consent, "scope": scope}),
    }
    root = find_root(root_of(context))
    with lock(root):
        before = content(root, REGISTRY)
        text = decode(before or b"")
        value = parse(text) if text.strip() else None
        _refuse_misfit(value or {"schema": "labelmeta/annotators/v1", "annotators": {}})
        if value and id_ in value["annotators"]:
            raise Refused(f"{REGISTRY} has {id_!r} already; change the entry by hand")
        after = added(text, value, id_, _given(entry))
        _refuse_misfit(parse(after))
        edit = Edit(REGISTRY, before, after.encode())
        written = carry_out(context, root, [edit], dry_run=dry_run)
    if not dry_run:
        put_next(context, root, written)


def _given(entry: dict[str, Any]) -> dict[str, Any]:
    """Return what was given of an entry."""
    return {key: value for key, value in entry.items() if value}


def _refuse_misfit(value: Any) -> None:
    if problems := misfits("annotators", value):
        raise Refused(f"{REGISTRY}: {problems[0][1]}")
