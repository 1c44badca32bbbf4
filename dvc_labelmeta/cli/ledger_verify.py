"""`ledger verify`: whether anybody rewrote the ledger, and whether it tells the truth."""

from __future__ import annotations

import re
from typing import Annotated

import typer

from dvc_labelmeta.checks.verification import Wanted
from dvc_labelmeta.cli.common import Format, colour, quiet, refuse_other, root_of
from dvc_labelmeta.cli.verifying import Job, verified
from dvc_labelmeta.errors import CLEAN, FINDINGS, UNJUDGED, Refused
from dvc_labelmeta.model.chain import Verdict
from dvc_labelmeta.read.git import open_repository
from dvc_labelmeta.read.signatures import Signers
from dvc_labelmeta.read.source import find_root
from dvc_labelmeta.report.verification import verdict_json, verdict_text

VERIFY_EXAMPLE = "Example: labelmeta ledger verify --expected-head 3f0c2a9b8d1e --min-count 120"
_HEAD = re.compile(r"[0-9a-f]{12,64}\Z")


def verify(
    context: typer.Context,
    expected_head: Annotated[
        str,
        typer.Option(
            metavar="HASH", help="An event that must be there: 12 digits of its hash, or more."
        ),
    ] = "",
    min_count: Annotated[
        int, typer.Option(min=0, metavar="N", help="There must be at least so many events.")
    ] = 0,
    signed: Annotated[
        bool, typer.Option("--signed", help="Check signatures: a good one must cover the ledger.")
    ] = False,
    allowed_signers: Annotated[
        str,
        typer.Option(metavar="FILE", help="Whose SSH keys are good; default: Git's own setting."),
    ] = "",
    full: Annotated[
        bool, typer.Option("--full", help="Verify all, not only what is new since the last run.")
    ] = False,
    rev: Annotated[
        str, typer.Option(metavar="REV", help="Verify a commit; default: what is on disk.")
    ] = "",
    format_: Format = "text",
) -> None:
    """Find out whether somebody rewrote the ledger: hashes, order, Git's history, claims, anchors.

    Whoever can only push is found out, and who rewrites Git's history too, as long as a head, a
    count, a tag or a signature is kept out of reach. That a writer lied from the start shows only
    where Git or DVC say something else. The README has the table of attacks.
    """
    refuse_other("--format", format_, ("text", "json"))
    if expected_head and not _HEAD.match(expected_head):
        raise Refused(f"--expected-head {expected_head}: give 12 to 64 hexadecimal digits")
    root = find_root(root_of(context))
    repository = open_repository(root)
    if rev:
        repository = repository._replace(head=repository.git.commit(rev))
    wanted = Wanted(expected_head, min_count, signed)
    signers = Signers(repository, allowed_signers) if signed else None
    with repository.git.objects() as objects:
        job = Job(root, repository, objects, wanted, bool(rev), signers, full)
        found = verified(job)
    if format_ == "json":
        typer.echo(verdict_json(found, signatures=signed))
    elif found.breaches or not quiet(context):
        expected = bool(expected_head or min_count)
        typer.echo(verdict_text(found, signatures=signed, expected=expected, colour=colour()))
    raise typer.Exit(_code(found))


def _code(found: Verdict) -> int:
    if any(breach.kind == "unreadable-file" for breach in found.breaches):
        return UNJUDGED
    return FINDINGS if any(b.severity == "error" for b in found.breaches) else CLEAN
