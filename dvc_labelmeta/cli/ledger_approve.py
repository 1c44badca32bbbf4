"""`ledger approve`: who stands for a released version of a guideline."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, NamedTuple

import typer

from dvc_labelmeta.checks.governance import same_person
from dvc_labelmeta.cli.adding import put_next
from dvc_labelmeta.cli.common import DryRun, actor, carry_out, quiet, root_of
from dvc_labelmeta.cli.events import Telling, ready, stamp
from dvc_labelmeta.cli.project import Project
from dvc_labelmeta.errors import Refused
from dvc_labelmeta.model.claims import PERSONS, approvers
from dvc_labelmeta.model.event import HEADS, Draft
from dvc_labelmeta.model.guideline import Guideline
from dvc_labelmeta.read.guideline_facts import authors
from dvc_labelmeta.read.ledger import Disk
from dvc_labelmeta.read.ledger_walk import Persons, walk
from dvc_labelmeta.read.source import find_root
from dvc_labelmeta.report.text import plain
from dvc_labelmeta.write.edits import lock

APPROVE_EXAMPLE = "Example: labelmeta ledger approve tone --version 2.0.0 --note 'Read with Bo.'"


class Wanted(NamedTuple):
    """A version that somebody may approve. base: the object of the version before, "" for none.

    approved_by: names that the releases file gives.
    """

    version: str
    object: str
    base: str = ""
    approved_by: tuple[str, ...] = ()


def approve(
    context: typer.Context,
    guideline: Annotated[str, typer.Argument(metavar="ID", help="As labelmeta.yaml lists it.")],
    version: Annotated[
        str, typer.Option(help="A released version; default: the newest.", show_default=False)
    ] = "",
    note: Annotated[str, typer.Option(help="What was looked at, and how.")] = "",
    dry_run: DryRun = False,
) -> None:
    """Record that you approve a released version of a guideline, as an event that nobody rewrites.

    `approved_by` in guideline.yaml is another thing: it is written with a version, by whoever
    releases it, and `check` asks for it (LM501 to LM504). This says afterwards, in the ledger
    alone, who stands for the very content that was released; guideline.yaml stays as it is. Under
    profile audit the only author of a version cannot approve it before somebody else did.
    """
    root = find_root(root_of(context))
    with lock(root):
        project = Project(root, locked=True)
        if not project.snapshot.config.ledger:
            raise Refused("labelmeta.yaml says `ledger: false`; take that out to keep a ledger")
        if not dry_run:
            ready(root, actor(context))
        found = project.guideline(guideline)
        wanted = _wanted(project, found, version)
        who = stamp(root, actor(context)).actor
        others = [*_approvers(root, guideline, wanted)]
        if who in others:
            typer.echo(plain(f"nothing to record: {who} approved {guideline} {wanted.version}"))
            return
        _refuse_alone(project, found, wanted, who, [*others, *wanted.approved_by])
        claims = {"version": wanted.version, "object": wanted.object, PERSONS: [who]}
        draft = Draft("approved", f"guideline:{guideline}", claims, note=note)
        telling = Telling(drafts=[draft])
        written = carry_out(context, root, [], dry_run=dry_run, telling=telling)
    if not quiet(context):
        typer.echo(
            plain(
                f"{who}: {guideline} {wanted.version}; approved_by in guideline.yaml, which "
                "`labelmeta check` asks for, stays as it is"
            )
        )
    if not dry_run:
        put_next(context, root, written)


def _wanted(project: Project, guideline: Guideline, version: str) -> Wanted:
    """Return the version that is to be approved; raises Refused where nobody released it."""
    published = [
        Wanted(one.version, one.object, approved_by=tuple(who["name"] for who in one.approved_by))
        for one in guideline.releases
    ]
    if not published:  # prose, or a guideline of another repository: what is committed counts
        editions = (edition for _, edition in project.history(guideline) if edition)
        published = [Wanted(one.version, one.object) for one in editions][::-1]
    name = version or (published[-1].version if published else "")
    places = [number for number, one in enumerate(published) if one.version == name]
    if not places:
        known = ", ".join(dict.fromkeys(one.version for one in published)) or "none"
        raise Refused(
            f"guideline {guideline.id!r} has no released version {version}; it has {known}"
        )
    found = published[places[-1]]
    with project.repository(guideline).git.objects() as objects:
        if objects.get(found.object) is None:
            raise Refused(
                f"the content of {guideline.id} {found.version} is not in this clone: commit it, "
                "or `git fetch --unshallow`; nobody should approve what cannot be read"
            )
    older = [one.object for one in published[: places[0]]]
    return found._replace(base=older[-1] if older else "")


def _approvers(root: str, id_: str, wanted: Wanted) -> Iterator[str]:
    """Yield who approved the version in the ledger; "" for a person who was erased."""
    files = Disk(root)
    persons = Persons(files)
    for one in walk(files, files.names(HEADS)):
        content = one.claims.get("version"), one.claims.get("object")
        told = one.type == "approved" and one.subject == f"guideline:{id_}"
        if told and content == (wanted.version, wanted.object):
            yield from (persons.name(commitment) for commitment in approvers(one.claims))


def _refuse_alone(
    project: Project, guideline: Guideline, wanted: Wanted, who: str, others: list[str]
) -> None:
    if project.snapshot.config.profile != "audit":
        return
    commits, inside = [], False
    for commit, edition in project.history(guideline):
        object_ = edition.object if edition else ""
        if inside and object_ == wanted.base:
            break
        inside = inside or object_ == wanted.object
        if inside:
            commits.append(commit.hash)
    made_by = authors(project.repository(guideline).git, commits)
    if _is_one(who, made_by) and all(_is_one(one, made_by) for one in others):
        raise Refused(
            f"{who} made {guideline.id} {wanted.version}, and nobody else approved it yet: under "
            "profile audit somebody else has to"
        )


def _is_one(who: str, names: tuple[str, ...]) -> bool:
    """Whether a person ("Name" or "Name <mail>") is among names and addresses."""
    name, _, mail = who.partition(" <")
    return any(same_person(part, names) for part in (name, mail.rstrip(">")) if part)
