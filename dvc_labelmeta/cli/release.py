"""`guideline release` and `guideline archive`: versions of guidelines that others rely on."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Annotated

import typer

from dvc_labelmeta.cli.adding import put_next
from dvc_labelmeta.cli.common import DryRun, carry_out, quiet, refuse_other, root_of
from dvc_labelmeta.cli.events import Telling, moment
from dvc_labelmeta.cli.releasing import Plan, Site, Wish, archive, plan, released, site
from dvc_labelmeta.errors import Refused
from dvc_labelmeta.model.guideline import declared_bump
from dvc_labelmeta.read.git import open_repository
from dvc_labelmeta.read.snapshot import load
from dvc_labelmeta.read.source import find_root
from dvc_labelmeta.read.versions import stored
from dvc_labelmeta.report.text import plain
from dvc_labelmeta.write.edits import lock

RELEASE_EXAMPLE = "Example: labelmeta guideline release sentiment --note 'Irony is negative.'"
ARCHIVE_EXAMPLE = "Example: labelmeta guideline archive sentiment --version 1.2.0"
_BUMPS = ("patch", "minor", "major")
_ID = typer.Argument(metavar="ID", help="As labelmeta.yaml lists it.")


def release(
    context: typer.Context,
    id_: Annotated[str, _ID],
    bump: Annotated[
        str, typer.Option(help="patch, minor or major; default: what the changes need.")
    ] = "",
    note: Annotated[str, typer.Option(help="What changed, for annotators.")] = "",
    approved_by: Annotated[
        list[str] | None,
        typer.Option(help="Who approved it; repeatable.", metavar="NAME[:ROLE]"),
    ] = None,
    effective_from: Annotated[
        str, typer.Option(help="Default: today.", metavar="DATE", show_default=False)
    ] = "",
    with_archive: Annotated[
        bool, typer.Option("--archive", help="Keep its files beside the guideline, too.")
    ] = False,
    tag: Annotated[
        bool, typer.Option("--tag", help="Tag the committed release labelmeta/ID/VERSION.")
    ] = False,
    dry_run: DryRun = False,
) -> None:
    """Release what a guideline says now: version, note, date, approvals, changelog.

    Refuses, with all reasons at once, while something is owed: too small a bump, a note or a
    migration for a major version, an approval that the profile asks for, a contradiction. Commit
    what it writes; the next release adds that commit to the releases file. --tag is a second
    step, after that commit.
    """
    if bump:
        refuse_other("--bump", bump, _BUMPS)
    with _opened(context, id_) as at:
        today = moment(at.snapshot.root)[:10]  # the day that its event will name
        wish = Wish(bump, note, tuple(approved_by or ()), effective_from, today)
        if released(at):
            _again(context, at, wish, with_archive=with_archive, tag=tag, dry_run=dry_run)
            return
        if tag:
            raise Refused(
                f"{id_!r} is not released as it is: release it without --tag, commit that, then "
                f"labelmeta guideline release {id_} --tag"
            )
        made = plan(at, wish)
        kept = archive(at, made.version, made.files) if with_archive else []
        edits, telling = [*made.edits, *kept], _telling(id_, made)
        root = at.snapshot.root
        written = carry_out(context, root, edits, dry_run=dry_run, telling=telling)
        if not quiet(context):
            needs = f" (the changes need {made.found.needed})" if made.found else ""
            typer.echo(plain(f"{id_} {made.version}{needs}: commit all of this together"))
        if not dry_run:
            put_next(context, root, written)


def _telling(id_: str, made: Plan) -> Telling:
    """Return what the event says; approvals are among its claims."""
    details = {"effective_from": str(made.stated["effective_from"])}
    if made.found is not None and made.found.step.previous is not None:
        details["bump"] = declared_bump(made.found.step.previous.number, made.version)
    kind = "retired" if made.stated.get("status") == "retired" else "released"
    return Telling(kind, {f"guideline:{id_}": details}, str(made.stated.get("change_note", "")))


def archive_(
    context: typer.Context,
    id_: Annotated[str, _ID],
    version: Annotated[
        str, typer.Option(help="A released version; default: the current one.", show_default=False)
    ] = "",
    dry_run: DryRun = False,
) -> None:
    """Keep the files of a released version beside the guideline, for those who have no Git."""
    with _opened(context, id_) as at:
        _keep(context, at, version or at.facts.version, dry_run=dry_run)


@contextmanager
def _opened(context: typer.Context, id_: str) -> Iterator[Site]:
    """Open a guideline to write beside it, under the project's lock."""
    root = find_root(root_of(context))
    with lock(root):
        repository = open_repository(root)
        with repository.git.objects() as objects:
            yield site(load(root), repository, objects, id_)


def _again(
    context: typer.Context, at: Site, wish: Wish, *, with_archive: bool, tag: bool, dry_run: bool
) -> None:
    """What there is to do for a guideline that is released as it is."""
    version = at.facts.version
    if wish.bump or wish.note or wish.approved_by or wish.effective_from:
        raise Refused(
            f"{at.guideline.id} {version} is released as it is, and a release is not changed: "
            "change the guideline, then release that"
        )
    if with_archive:
        _keep(context, at, version, dry_run=dry_run)
    if tag:
        _tag(context, at, dry_run=dry_run)
    elif not with_archive and not quiet(context):
        typer.echo(plain(f"{at.guideline.id} {version} is released; nothing to do"))


def _keep(context: typer.Context, at: Site, version: str, *, dry_run: bool) -> None:
    entry = next((one for one in at.guideline.releases if one.version == version), None)
    if entry is None:
        known = ", ".join(one.version for one in at.guideline.releases) or "none"
        raise Refused(f"{at.guideline.id!r} has no release {version}; it has {known}")
    files = stored(at.objects, entry.object)
    if files is None:
        raise Refused(
            f"release {version} of {at.guideline.id!r} is not in this clone: commit it, or "
            "`git fetch --unshallow`"
        )
    root, edits = at.snapshot.root, archive(at, version, files)
    written = carry_out(context, root, edits, dry_run=dry_run)
    if not dry_run:
        put_next(context, root, written)


def _tag(context: typer.Context, at: Site, *, dry_run: bool) -> None:
    """Tag the commit that holds the release; a tag that is there already stays."""
    git, version = at.repository.git, at.facts.version
    name = f"labelmeta/{at.guideline.id}/{version}"
    if at.guideline.dirty:
        raise Refused(f"{at.guideline.id} {version} is not committed yet; commit it, then tag it")
    path = git.above(at.guideline.path)
    commit = git.log("-1", at.repository.head, "--", f":(top,literal){path}")[0].hash
    old = git.run("rev-parse", "--verify", "--quiet", f"refs/tags/{name}^{{commit}}", ok=(0, 1))
    if old and old.decode().strip() != commit:
        raise Refused(f"tag {name} is at {old.decode()[:12]}, not at {commit[:12]}; look into it")
    if not old and not dry_run:
        who = {k: v for k, v in os.environ.items() if k.startswith("GIT_COMMITTER_")}
        message = f"Guideline {at.guideline.id} {version}"
        git.run("tag", "--annotate", "--message", message, name, commit, env=who)
    if not quiet(context):
        verb = "is at" if old else "would tag" if dry_run else "tags"
        typer.echo(plain(f"{name} {verb} {commit[:12]}"))
