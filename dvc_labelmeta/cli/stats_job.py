"""The work of `annotations stats`: count a source, and plan the files that hold what was found."""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from contextlib import nullcontext
from typing import TYPE_CHECKING, Any

import typer

from dvc_labelmeta.cli.counted import counted
from dvc_labelmeta.cli.groups import grouped
from dvc_labelmeta.cli.sources import Asked
from dvc_labelmeta.cli.summary import summary
from dvc_labelmeta.read.completeness import completeness
from dvc_labelmeta.read.digest import records_hash
from dvc_labelmeta.read.files import decode, parse
from dvc_labelmeta.read.sources import Source
from dvc_labelmeta.report import plots
from dvc_labelmeta.report.metrics import metrics, sidecar_summary
from dvc_labelmeta.stats.agreement import coincidences
from dvc_labelmeta.stats.votes import Votes, totals
from dvc_labelmeta.write.edits import Edit, apply, changes, content, lock
from dvc_labelmeta.write.splice import merged

if TYPE_CHECKING:
    from dvc_labelmeta.cli.annotations_stats import Wish
    from dvc_labelmeta.read.tallies import Tallies


def run(what: Asked, source: Source, wish: Wish) -> tuple[dict[str, Any], list[Edit]]:
    """Return the statistics of a source, and the edits that were wished for."""
    more = ("batch",) if wish.by == "batch" else ()
    tallies, files, layer, unread = counted(source, wish.layer, more)
    votes = tallies.patterns()
    found = {
        "source": what.name,
        "layer": layer or None,
        "level": wish.level,
        **summary(tallies, votes, unread, level=wish.level, resamples=wish.resamples),
    }
    edits = []
    if not wish.write and _is_stale(what, source, files):
        found["warnings"].append(
            "the summary in the sidecar was counted from other records; --write renews it"
        )
    if wish.write:
        edits.append(_sidecar(what, source, files, found, tallies.read))
    if wish.metrics:
        edits.append(_edit(what, wish.metrics, json.dumps(metrics(found), indent=2) + "\n"))
    if wish.plots:
        rows = _rows(what, source, wish, files, found, tallies, votes)
        edits += [
            _edit(what, os.path.join(wish.plots, name), plots.rows_text(one))
            for name, one in rows.items()
        ]
    if wish.by:
        found["by"] = _grouped(tallies, votes, wish, wish.by)
    return found, edits


def _grouped(tallies: Tallies, votes: Votes, wish: Wish, by: str) -> dict[str, Any]:
    return grouped(tallies, votes, by, level=wish.level, resamples=wish.resamples)


def _rows(
    what: Asked,
    source: Source,
    wish: Wish,
    files: Sequence[str],
    found: dict[str, Any],
    tallies: Tallies,
    votes: Votes,
) -> dict[str, plots.Rows]:
    """Return the rows to plot, by file name."""
    past = completeness(_root(what), source, files) if what.snapshot is not None else []
    return {
        "confidence.json": plots.histogram_rows(found["confidence"].get("histogram", ())),
        "agreement.json": plots.agreement_rows(
            _grouped(tallies, votes, wish, "guideline_version")["rows"]
        ),
        "labels.json": plots.label_rows(coincidences(votes), totals(votes)),
        "annotators.json": plots.annotator_rows(
            _grouped(tallies, votes, wish, "annotator")["pairs"]
        ),
        "completeness.json": plots.share_rows(past),
    }


def _is_stale(what: Asked, source: Source, files: Sequence[str]) -> bool:
    """Whether the sidecar has a summary of other records than there are."""
    if source.sidecar is None:
        return False
    value = parse(decode(content(_root(what), source.sidecar.path) or b""))
    summary = value["layers"][source.layer_name]["annotations"].get("summary")
    return summary is not None and summary["value"] != records_hash(source.path, files)


def _sidecar(
    what: Asked, source: Source, files: Sequence[str], found: dict[str, Any], read: int
) -> Edit:
    """Return the edit that puts the summary into the sidecar, and renews what it says of records.

    read: how many there are. All else in it stays as it is.
    """
    assert source.sidecar is not None  # noqa: S101  # for the type checker: the command asked
    path = source.sidecar.path
    before = content(_root(what), path) or b""
    text = decode(before)
    value = parse(text)
    told = value["layers"][source.layer_name]["annotations"]
    counted = sidecar_summary(found, records_hash(source.path, files))
    renewed = {"hash": "md5", "value": counted["value"]} if "value" in told else {}
    if "count" in told:
        renewed["count"] = read
    wanted = {"layers": {source.layer_name: {"annotations": {**renewed, "summary": counted}}}}
    return Edit(path, before, merged(text, value, wanted).encode())


def _root(what: Asked) -> str:
    """Return the folder that the paths of edits are relative to."""
    return os.getcwd() if what.snapshot is None else what.snapshot.root


def _edit(what: Asked, path: str, text: str) -> Edit:
    """Return the edit of a file that the user named from the current folder."""
    root, full = _root(what), os.path.abspath(path)
    below = os.path.relpath(full, root)
    shown = full if below.startswith(os.pardir) else below
    return Edit(shown, content(root, shown), text.encode())


def put(what: Asked, edits: list[Edit], *, dry_run: bool, silent: bool, to_stderr: bool) -> None:
    """Write what was planned, or only say so; each file is named.

    No event tells of it: a summary follows from records, which this command is not to vouch for.
    """
    if not edits:
        return
    root = _root(what)
    with lock(root) if what.snapshot is not None and not dry_run else nullcontext():
        done = changes(edits) if dry_run else apply(root, edits)
    for edit in () if silent else done:
        typer.echo(f"{'would ' if dry_run else ''}{edit.verb} {edit.path}", err=to_stderr)
    if not done and not silent:
        typer.echo("nothing to change", err=to_stderr)
