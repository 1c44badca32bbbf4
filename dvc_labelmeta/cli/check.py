"""`check` and the help of `gate`."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from dvc_labelmeta import __version__
from dvc_labelmeta.checks.catalogue import RULES, judge, only_new, only_splits
from dvc_labelmeta.cli import gate as gates
from dvc_labelmeta.cli.common import colour, quiet, refuse_other, root_of, split_paths, verbose
from dvc_labelmeta.errors import BadConfig, LabelMetaError
from dvc_labelmeta.model.config import PROFILES
from dvc_labelmeta.model.finding import SEVERITIES, Report
from dvc_labelmeta.read.snapshot import load, located
from dvc_labelmeta.report.machine import WRITERS
from dvc_labelmeta.report.text import text
from dvc_labelmeta.write.edits import lock

CHECK_EXAMPLE = "Example: labelmeta check --format sarif > labelmeta.sarif"
GATE_EXAMPLE = "Example: labelmeta gate data/train.csv"
FORMATS = ("text", *WRITERS)


def check(
    context: typer.Context,
    splits: Annotated[
        list[str] | None,
        typer.Argument(help="Report on these splits only; default: all.", show_default=False),
    ] = None,
    format_: Annotated[
        str, typer.Option("--format", help=", ".join(FORMATS), metavar="FORMAT")
    ] = "text",
    fail_on: Annotated[
        str, typer.Option(help="Exit with 1 from this severity up: note, warning or error.")
    ] = "error",
    since: Annotated[
        str,
        typer.Option(help="Report only what was not there at this revision.", show_default=False),
    ] = "",
    rev: Annotated[
        str,
        typer.Option(help="Check this revision instead of the working tree.", show_default=False),
    ] = "",
    profile: Annotated[
        str,
        typer.Option(help="link, review or audit; default: labelmeta.yaml's.", show_default=False),
    ] = "",
    fetch: Annotated[
        bool, typer.Option("--fetch", help="Fetch guidelines of other repositories first.")
    ] = False,
    output: Annotated[
        str, typer.Option("--output", "-o", help="Write to a file.", show_default=False)
    ] = "",
) -> None:
    """Check that data splits, links and guidelines are aligned.

    Reads what Git and DVC have recorded: needs neither the data nor DVC, and never the network
    (without --fetch). Exit codes: 0 clean, 1 findings, 2 could not judge.
    """
    refuse_other("--format", format_, FORMATS)
    refuse_other("--fail-on", fail_on, SEVERITIES)
    if profile:
        refuse_other("--profile", profile, PROFILES)
    start = root_of(context)
    if fetch:
        _fetch(start)
    snapshot = load(start, rev or None, profile=profile)
    if not rev and any(layer.annotations for one in snapshot.sidecars for layer in one.layers):
        from dvc_labelmeta.cli.record_facts import with_facts  # noqa: PLC0415  # only with records

        snapshot = with_facts(snapshot)
        if snapshot.annotators is not None:
            from dvc_labelmeta.cli.annotator_facts import with_seen  # noqa: PLC0415  # see above

            snapshot = with_seen(snapshot)
    report = judge(snapshot, gates.today())
    if since:
        report = only_new(report, _base(start, since, profile))._replace(since=since)
    if splits:
        wanted = split_paths(snapshot.root, start, splits)
        unknown = (
            set(wanted)
            - {one.split for one in snapshot.sidecars}
            - {f.split for f in report.findings}
        )
        if unknown:
            raise LabelMetaError(
                f"not linked: {', '.join(sorted(unknown))}; see `labelmeta status`"
            )
        report = only_splits(report, wanted)
    report = located(snapshot, report)
    if format_ == "text":
        if report.findings or not quiet(context):
            shown = text(report, verbose=verbose(context), colour=colour() and not output)
            _put(shown, output)
    else:
        _put(WRITERS[format_](report, RULES, snapshot.prefix, __version__), output, utf8=True)
    raise typer.Exit(report.exit_code(fail_on))


def _base(start: str, since: str, profile: str) -> Report:
    """Return what there was at a revision; all is new since one that had no (valid) project yet."""
    try:
        return judge(load(start, since, profile=profile), gates.today())
    except BadConfig:
        return Report()


def _put(shown: str, output: str, *, utf8: bool = False) -> None:
    """Write to a file or the standard output; what programs read is UTF-8 on any terminal."""
    if output:
        try:
            with open(output, "w", encoding="utf-8", errors="backslashreplace") as file:
                file.write(shown)
        except OSError as error:
            raise LabelMetaError(f"cannot write {output}: {error.strerror}") from None
    elif utf8:
        sys.stdout.flush()
        sys.stdout.buffer.write(shown.encode("utf-8", "backslashreplace"))
    else:
        sys.stdout.write(shown)


def _fetch(start: str) -> None:
    """Fetch every repository of `repos:` that a guideline lives in."""
    from dvc_labelmeta.read.clones import fetch  # noqa: PLC0415  # GitPython: only with --fetch

    snapshot = load(start, with_pipeline=False)
    wanted = sorted({g.repo for g in snapshot.guidelines.values() if g.repo})
    if wanted:
        with lock(snapshot.root):  # also keeps the clones out of Git's sight
            for repo in wanted:
                fetch(snapshot.root, snapshot.config, repo)


def gate(
    context: typer.Context,
    splits: Annotated[
        list[str] | None, typer.Argument(help="Splits; default: all.", show_default=False)
    ] = None,
) -> None:
    """Check splits and write the gate of each clean one.

    A gate is a small file that training stages depend on. It is written last and only when
    the split is aligned; else it is removed, the report is kept in .labelmeta/reports/, and
    `dvc repro` stops.
    """
    raise typer.Exit(gates.run(["--root", root_of(context), "--", *(splits or ())]))
