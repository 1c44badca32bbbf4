"""`audit`: everything that can be judged, over all history, for those who answer for it."""

from __future__ import annotations

import datetime as dt
import hashlib
import re
import sys
from typing import Annotated

import typer

from dvc_labelmeta import __version__
from dvc_labelmeta.cli.common import (
    carry_out,
    colour,
    quiet,
    refuse_other,
    root_of,
    verbose,
)
from dvc_labelmeta.errors import CLEAN, FINDINGS, UNJUDGED, LabelMetaError, Refused
from dvc_labelmeta.model.audit import Audit
from dvc_labelmeta.model.config import PROFILES
from dvc_labelmeta.model.finding import SEVERITIES

AUDIT_EXAMPLE = "Example: labelmeta audit --format html --out audit.html"
FORMATS = ("text", "json", "markdown", "html")
_DAY = re.compile(r"\d{4}-\d{2}-\d{2}\Z")


def audit(
    context: typer.Context,
    branch: Annotated[
        list[str] | None,
        typer.Option(help="Audit these branches; default: the one checked out.", metavar="NAME"),
    ] = None,
    all_branches: Annotated[
        bool, typer.Option("--all-branches", help="Audit all local branches.")
    ] = False,
    since: Annotated[
        str,
        typer.Option(
            help="Leave out what had ended before this revision or day.", show_default=False
        ),
    ] = "",
    format_: Annotated[
        str, typer.Option("--format", help=", ".join(FORMATS), metavar="FORMAT")
    ] = "text",
    out: Annotated[
        str, typer.Option("--out", "-o", help="Write to a file.", show_default=False)
    ] = "",
    record: Annotated[
        bool,
        typer.Option("--record", help="Write into the ledger that the audit was passed."),
    ] = False,
    fail_on: Annotated[
        str, typer.Option(help="Exit with 1 from this severity up: note, warning or error.")
    ] = "error",
    fail_on_past: Annotated[
        bool, typer.Option("--fail-on-past", help="What has ended counts, too.")
    ] = False,
    profile: Annotated[str, typer.Option(help="link, review or audit.")] = "audit",
    today: Annotated[
        str,
        typer.Option(help="Judge as of this day; default: today.", show_default=False),
    ] = "",
    full: Annotated[
        bool, typer.Option("--full", help="Read all of the history anew, without the cache.")
    ] = False,
) -> None:
    """Audit links, labels, guidelines and their approvals over the whole history.

    Tells of each finding since when it is there and who answers for it; of those that ended, how
    long they were there. Exit codes: 0 nothing open, 1 findings, 2 could not judge.
    """
    refuse_other("--format", format_, FORMATS)
    refuse_other("--fail-on", fail_on, SEVERITIES)
    refuse_other("--profile", profile, PROFILES)
    if today:
        _refuse_no_day("--today", today)
    if _DAY.match(since):
        _refuse_no_day("--since", since)
    # Git, YAML and all rules: what `--help` need not load
    from dvc_labelmeta.cli.auditing import Asked, run  # noqa: PLC0415
    from dvc_labelmeta.cli.gate import today as now  # noqa: PLC0415
    from dvc_labelmeta.read.source import find_root  # noqa: PLC0415

    root, day = find_root(root_of(context)), today or now()
    asked = Asked(root, branch or (), all_branches, since, profile, day, full)
    done = run(asked)
    shown = _shown(context, done.audit, format_, day, to_file=bool(out), prefix=done.prefix)
    if not (quiet(context) and format_ == "text" and not done.audit.open):
        _put(shown, out)
    for said in done.unjudged:
        print(f"could not judge: {said}", file=sys.stderr)
    failed = done.audit.fails(fail_on, past=fail_on_past)
    code = UNJUDGED if done.unjudged else FINDINGS if failed else CLEAN
    if record and code == CLEAN:
        digest = hashlib.sha256(shown).hexdigest()
        told = bool(out) or format_ == "text"  # else the report is all that is printed
        _record(context, root, done.audit, done.head, digest, told=told)
    raise typer.Exit(code)


def _refuse_no_day(option: str, given: str) -> None:
    try:
        right = bool(_DAY.match(given)) and bool(dt.date.fromisoformat(given))
    except ValueError:
        right = False
    if not right:
        raise Refused(f"{option} {given}: give a day such as 2026-01-31")


def _shown(
    context: typer.Context, found: Audit, format_: str, day: str, *, to_file: bool, prefix: str
) -> bytes:
    from dvc_labelmeta.report import audit as plainly  # noqa: PLC0415  # see above
    from dvc_labelmeta.report import audit_pages as pages  # noqa: PLC0415  # see above

    if format_ == "text":
        told = plainly.text(found, verbose=verbose(context), colour=colour() and not to_file)
    elif format_ == "json":
        told = plainly.as_json(found, prefix=prefix, version=__version__, today=day)
    else:
        write = pages.markdown if format_ == "markdown" else pages.page
        told = write(found, today=day)
    return told.encode("utf-8", "backslashreplace")


def _put(shown: bytes, out: str) -> None:
    if out:
        try:
            with open(out, "wb") as file:
                file.write(shown)
        except OSError as error:
            raise LabelMetaError(f"cannot write {out}: {error.strerror}") from None
    else:
        sys.stdout.flush()
        sys.stdout.buffer.write(shown)
        sys.stdout.buffer.flush()


def _record(
    context: typer.Context, root: str, found: Audit, head: str, digest: str, *, told: bool
) -> None:
    """Write the event that says what was audited; it names the ledger as it was before."""
    from dvc_labelmeta.cli.adding import put_next  # noqa: PLC0415  # only with --record
    from dvc_labelmeta.cli.events import Telling  # noqa: PLC0415  # see above
    from dvc_labelmeta.model.event import Draft  # noqa: PLC0415  # see above
    from dvc_labelmeta.read.ledger import Disk, ledger  # noqa: PLC0415  # see above
    from dvc_labelmeta.write.edits import lock  # noqa: PLC0415  # see above

    with lock(root):
        known = ledger(Disk(root))
        heads = sorted(one.hash for one in known.heads)
        claims = {"commit": head, "heads": heads, "count": known.total}
        counts = {severity: found.count(severity) for severity in SEVERITIES}
        details = {**counts, "past": len(found.past), "report": f"sha256:{digest}"}
        draft = Draft("audited", "project:", claims, details)
        telling = Telling(drafts=[draft])
        written = carry_out(context, root, [], dry_run=False, telling=telling, told=told)
    if told:
        put_next(context, root, written)
