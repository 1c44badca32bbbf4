"""`annotators redact`: a person is taken out of all that may change, and what stays is told."""

from __future__ import annotations

import json
import os
import re
import tempfile
from typing import Annotated, Any

import typer

from dvc_labelmeta.cli.adding import put_next
from dvc_labelmeta.cli.annotator_traces import left, tracked
from dvc_labelmeta.cli.common import (
    DryRun,
    Format,
    actor,
    carry_out,
    quiet,
    refuse_other,
    root_of,
    verbose,
)
from dvc_labelmeta.cli.events import ready, stamp
from dvc_labelmeta.cli.redacted_names import free_pseudonym, refuse_taken
from dvc_labelmeta.cli.redacting import Plan, finish, pending, plan, write
from dvc_labelmeta.errors import Refused
from dvc_labelmeta.model.event import Draft
from dvc_labelmeta.model.snapshot import Snapshot
from dvc_labelmeta.read.ledger import Disk, key_of, tips
from dvc_labelmeta.read.snapshot import load
from dvc_labelmeta.read.source import find_root
from dvc_labelmeta.report.redaction import redaction_text
from dvc_labelmeta.write.edits import Edit, lock
from dvc_labelmeta.write.redaction import Swap

EXAMPLE = 'Example: labelmeta annotators redact a-5f2c91 --reason "asked for it" --dry-run'
_PSEUDONYM = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*\Z")


def redact(
    context: typer.Context,
    id_: Annotated[str, typer.Argument(metavar="ID", help="The pseudonym to be erased.")],
    to: Annotated[
        str,
        typer.Option(help="Pseudonym to put in its place; default: the next free redacted-N."),
    ] = "",
    reason: Annotated[str, typer.Option(help="Why, for the ledger; do not name the person.")] = "",
    dry_run: DryRun = False,
    format_: Format = "text",
) -> None:
    """Take a person out of all that may change.

    In the records of all linked splits another pseudonym takes the place of this one: as
    annotator, reviewer, session or batch, within ids of records, and as a value or key in
    `extra`. Notes and rationales are left as people wrote them, and listed. The entry in
    annotators.yaml keeps the day of the erasure only. The openings of the person's commitments
    in labelmeta/ledger/people/ are removed: the ledger stays whole and provable, and nobody can
    tell from it any more who it was.

    What Git's history, tags, DVC's cache and remotes and clones of others still have is counted
    and listed, with what removes it. A run that was killed is finished by the next one.
    """
    refuse_other("--format", format_, ("text", "json"))
    if not id_.strip() or to == id_ or (to and not _PSEUDONYM.match(to)):
        raise Refused("name a pseudonym, and another one of letters, digits, dots, dashes: --to")
    root = find_root(root_of(context))
    with lock(root), tempfile.TemporaryDirectory(prefix="labelmeta-") as folder:
        told, written = _run(context, root, Swap(id_, to), reason, folder, dry_run, format_)
    if format_ == "json":
        typer.echo(json.dumps(told, indent=2, ensure_ascii=False))
    else:
        typer.echo(redaction_text(told, id_, everything=verbose(context)))
        records = [one["path"] for one in told["records"] if not one["stage"]]
        if not dry_run:
            put_next(context, root, written, records=records)


def _run(
    context: typer.Context,
    root: str,
    swap: Swap,
    reason: str,
    folder: str,
    dry_run: bool,
    format_: str,
) -> tuple[dict[str, Any], list[Edit]]:
    """Return what to tell, and the files that were written beside records."""
    written: list[Edit] = []
    if not dry_run:
        ready(root, actor(context))
    known = pending(root, swap.old)
    snapshot = load(root, with_pipeline=False)
    if snapshot.faults:
        raise Refused(f"{snapshot.faults[0].message}: mend it first, else an identity may stay")
    if swap.new and swap.new != known.get("new"):
        refuse_taken(snapshot, swap.new)
    swap = swap._replace(new=known.get("new") or swap.new or free_pseudonym(snapshot))
    day = stamp(root, actor(context)).at[:10]
    done = plan(snapshot, swap, reason, day, known, folder)
    if known and tips(Disk(root)).get(key_of(f"annotator:{swap.new}")):  # it was told already
        done = done._replace(telling=done.telling._replace(drafts=()))
    if not done.empty:
        written = _carry_out(context, root, done, dry_run=dry_run, told=format_ == "text")
    elif known and not dry_run:
        finish(root)
    return _told(snapshot, done, folder, dry_run=dry_run), written


def _carry_out(
    context: typer.Context, root: str, done: Plan, *, dry_run: bool, told: bool
) -> list[Edit]:
    """Write records first, then what speaks of them with the events."""
    telling = done.telling
    if dry_run:  # what would follow from files that are not written
        splits = [Draft("redacted", f"split:{path}") for path in _splits(done)]
        telling = telling._replace(drafts=(*splits, *telling.drafts))
    else:
        write(root, done)
    if told and not quiet(context):
        for one in done.rewritten:
            for path in one.files:
                name = os.path.relpath(path, root).replace(os.sep, "/")
                typer.echo(f"{'would ' if dry_run else ''}change {name}")
    edits = [*done.edits]
    written = carry_out(context, root, edits, dry_run=dry_run, telling=telling, told=told)
    if not dry_run:
        finish(root)
    return written


def _splits(done: Plan) -> list[str]:
    ending = ".labelmeta.yaml"
    return [edit.path.removesuffix(ending) for edit in done.edits if edit.path.endswith(ending)]


def _told(snapshot: Snapshot, done: Plan, folder: str, *, dry_run: bool) -> dict[str, Any]:
    records = [
        {
            "path": one.path,
            "records": one.records,
            "before": one.before,
            "after": one.after,
            "dvc": known.path if known else "",
            "stage": (known.stage if known else None) or "",
        }
        for one in done.rewritten
        for known in [tracked(snapshot, one.path)]
    ]
    return {
        "pseudonym": "" if done.empty else done.swap.new,
        "dry_run": dry_run,
        "nothing_to_do": done.empty,
        "records": records,
        "registry": done.entry,
        "openings": sorted(done.removed),
        "stays": left(snapshot, done, folder, dry_run=dry_run),
    }
