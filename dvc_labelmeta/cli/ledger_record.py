"""`ledger record`: tell the ledger what nobody told it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Annotated

import typer

from dvc_labelmeta.cli.adding import put_next
from dvc_labelmeta.cli.common import DryRun, actor, carry_out, quiet, root_of, split_paths
from dvc_labelmeta.cli.events import Telling, ready
from dvc_labelmeta.diff import untold
from dvc_labelmeta.errors import Refused
from dvc_labelmeta.model.event import HEADS
from dvc_labelmeta.read import standing
from dvc_labelmeta.read.ledger import Disk
from dvc_labelmeta.read.ledger_walk import last_events, names, walk
from dvc_labelmeta.read.snapshot import load
from dvc_labelmeta.read.source import find_root
from dvc_labelmeta.write.edits import lock

if TYPE_CHECKING:
    from dvc_labelmeta.model.event import Draft, Event
    from dvc_labelmeta.model.snapshot import Snapshot

RECORD_EXAMPLE = "Example: labelmeta ledger record --note 'Records corrected by hand.'"


def record(
    context: typer.Context,
    splits: Annotated[
        list[str] | None, typer.Argument(help="Only these splits.", show_default=False)
    ] = None,
    note: Annotated[str, typer.Option(help="Why, for all events that are written.")] = "",
    history: Annotated[
        bool, typer.Option("--history", help="Tell what Git's history holds, the oldest first.")
    ] = False,
    dry_run: DryRun = False,
) -> None:
    """Hold the project against the last events, and record what nobody told.

    Links and records that were changed by hand or by a tool, links that vanished, releases and
    retired guidelines, waivers (the entries of `ignore:`), and the runs in dvc.lock of stages that
    make or read splits, records or gates. A second run has nothing to record. This is also how a
    project that is older than its ledger gets one; with --history, from its first commit on.
    """
    if history and splits:
        raise Refused("--history is about the whole project; name no splits")
    root = find_root(root_of(context))
    with lock(root):
        asked = split_paths(root, root_of(context), splits or ())
        snapshot = _sound(root)
        if not dry_run:
            ready(root, actor(context))
        if history:
            # only where it is asked for
            from dvc_labelmeta.cli.ledger_history import history as told  # noqa: PLC0415

            drafts, notes = told(snapshot)
            drafts += _since(snapshot, drafts)
        else:
            drafts, notes = [*_drafts(snapshot, asked)], []
        for line in notes:
            typer.echo(f"note: {line}", err=True)
        telling = Telling(drafts=[one._replace(note=note) for one in drafts])
        written = carry_out(context, root, [], dry_run=dry_run, telling=telling)
    if not drafts and not quiet(context):
        typer.echo("nothing to record")
    elif not dry_run:
        put_next(context, root, written)


def _sound(root: str) -> Snapshot:
    """Return the project; raises Refused where a file of it would have to be guessed."""
    snapshot = load(root)
    if not snapshot.config.ledger:
        raise Refused("labelmeta.yaml says `ledger: false`; take that out to keep a ledger")
    if snapshot.faults:
        more = f" (and {len(snapshot.faults) - 1} more)" if len(snapshot.faults) > 1 else ""
        raise Refused(
            f"{snapshot.faults[0].message}{more}: mend that first, as what cannot be read cannot "
            "be recorded; `labelmeta check` shows each place"
        )
    return snapshot


def _drafts(snapshot: Snapshot, asked: list[str]) -> Iterator[Draft]:
    """Yield the events that are missing: of guidelines before the links that need them."""
    files = Disk(snapshot.root)
    last, known = last_events(files), names(files)
    now = standing.splits(snapshot, asked)
    if asked:
        wanted = [f"split:{one}" for one in asked]
        for subject in wanted:
            if subject not in now and subject not in last:
                raise Refused(
                    f"{subject[6:]} is not linked, and never was as far as the ledger knows"
                )
        yield from untold.untold({one: now.get(one, {}) for one in wanted}, last, known)
        return
    yield from _guidelines(snapshot, files, last)
    now |= untold.gone(last, "split", now)
    yield from untold.untold(now, last, known)
    runs, ran = standing.stages(snapshot)
    yield from untold.untold(runs | untold.gone(last, "stage", ran), last, known)
    waivers = standing.waivers(snapshot.config.ignore)
    yield from untold.untold(waivers | untold.gone(last, "waiver", waivers), last, known)


def _since(snapshot: Snapshot, drafts: list[Draft]) -> list[Draft]:
    """Return what became of splits since the end of their history, as far as it was told."""
    files = Disk(snapshot.root)
    last = {one.subject: [one] for one in drafts if one.subject.startswith("split:")}
    now = standing.splits(snapshot)
    return [*untold.untold({one: now.get(one, {}) for one in last}, last, names(files))]


def _guidelines(snapshot: Snapshot, files: Disk, last: untold.Last) -> Iterator[Draft]:
    for id_, guideline in snapshot.guidelines.items():
        known = last.get(f"guideline:{id_}", ())
        published = [
            untold.Released(
                one.version, one.object, one.commit, tuple(who["name"] for who in one.approved_by)
            )
            for one in guideline.releases
        ]
        told: Iterable[Event | Draft] = known
        if known and published and published[-1][:2] not in map(untold.version_of, known):
            # the last one is about something else: it takes a look at all of them
            subject = known[0].subject
            told = (one for one in walk(files, files.names(HEADS)) if one.subject == subject)
        yield from untold.releases(id_, published, told)
        head = guideline.head
        if head is not None and head.status == "retired" and not guideline.dirty:
            yield from untold.retired(id_, head.version, head.object, known)
    listed = {f"guideline:{id_}" for id_ in snapshot.guidelines}
    yield from untold.untold(untold.gone(last, "guideline", listed), last, {})
