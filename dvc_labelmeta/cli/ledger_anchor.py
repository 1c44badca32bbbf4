"""`ledger anchor`: the ledger's heads and length, told outside its own files."""

from __future__ import annotations

import os
from typing import Annotated

import typer

from dvc_labelmeta.cli.common import DryRun, quiet, root_of
from dvc_labelmeta.errors import Refused
from dvc_labelmeta.model.anchor import TRAILER, Anchor, Said, anchor_text, tag_name, without
from dvc_labelmeta.model.event import EVENTS, FOLDER, HEADS
from dvc_labelmeta.read.anchors import tags
from dvc_labelmeta.read.git import Objects, Repository, open_repository
from dvc_labelmeta.read.ledger import Disk, Files, event, united
from dvc_labelmeta.read.source import find_root
from dvc_labelmeta.read.stored import Stored
from dvc_labelmeta.report.text import plain
from dvc_labelmeta.write.edits import content, write_file

EXAMPLE = "Example: labelmeta ledger anchor --tag --sign"


def anchor(
    context: typer.Context,
    rev: Annotated[
        str, typer.Option(help="Of a commit or tree; default: the working tree.", metavar="REV")
    ] = "",
    into: Annotated[
        str,
        typer.Option(
            help="Put it into this file with a commit message, in place of an older one.",
            metavar="FILE",
        ),
    ] = "",
    tag: Annotated[
        bool, typer.Option("--tag", help="Tag HEAD with it as labelmeta/COUNT, annotated.")
    ] = False,
    sign: Annotated[
        bool, typer.Option("--sign", help="Sign that tag, with the key that Git signs with.")
    ] = False,
    dry_run: DryRun = False,
) -> None:
    """Print the ledger's heads and number of events as a commit trailer, or tag HEAD with them.

    As a trailer: git commit --trailer "$(labelmeta ledger anchor)"; `hook install --trailer` does
    so for each commit that changes the ledger. Whoever rewrites the ledger later has to rewrite
    these commits or move these tags too; `labelmeta ledger verify` looks at all of them.
    """
    if sign and not tag:
        raise Refused("--sign signs a tag: give --tag too (`git commit -S` signs a commit)")
    if tag and (rev or into):
        raise Refused("--tag is for the ledger in HEAD; give it without --rev and --into")
    root = find_root(root_of(context))
    repository = open_repository(root)
    with repository.git.objects() as objects:
        at = repository.git.text("rev-parse", "--verify", "--end-of-options", rev) if rev else ""
        said = said_of(Stored(objects, at, repository.git.prefix) if at else Disk(root), repository)
        if tag:
            _tag(context, repository, objects, said, sign=sign, dry_run=dry_run)
        elif into and not dry_run:
            _put(repository, os.path.abspath(into), said)
        else:
            typer.echo(plain(_trailer(said)))


def said_of(files: Files, repository: Repository) -> Said:
    """Return the heads and the number of events of a ledger; raises Refused for an empty one."""
    heads = tuple(event(files, hash_) for hash_ in files.names(HEADS))
    if not heads:
        raise Refused(
            f"the ledger has events and no head; are all its files added? git add {FOLDER}"
            if files.names(EVENTS)
            else "the ledger holds no event yet; `labelmeta link` writes the first ones"
        )
    folder = repository.git.prefix.rstrip("/")
    return Said(tuple(one.hash for one in heads), united(files, heads), folder)


def _trailer(said: Said) -> str:
    return f"{TRAILER}: {anchor_text(said)}"


def _put(repository: Repository, path: str, said: Said) -> None:
    """Change the trailer in a message; Git knows where in it trailers stand."""
    folder, name = os.path.split(path)
    text = content(folder, name)
    if text is None:
        raise Refused(f"--into {path}: there is no such file")
    rest = without(text.decode("utf-8", "surrogateescape"), said.folder)
    write_file(path, rest.encode("utf-8", "surrogateescape"))
    how = ("--in-place", "--where", "end", "--if-exists", "add", "--trailer", _trailer(said))
    repository.git.run("interpret-trailers", *how, path)


def _tag(
    context: typer.Context,
    repository: Repository,
    objects: Objects,
    said: Said,
    *,
    sign: bool,
    dry_run: bool,
) -> None:
    git, name = repository.git, tag_name(said.total, said.folder)
    open_ = git.status([f":(top,literal){git.above(FOLDER)}"])
    held = Stored(objects, repository.head, git.prefix).heads() if repository.head else None
    if open_ or held != said.heads:
        raise Refused(
            f"HEAD does not hold the ledger as it is here; commit {FOLDER} first "
            f"(git add {FOLDER} && git commit)"
        )
    old = next((one for one in tags(repository, objects) if one.name == name), None)
    if old is not None:
        _refuse_other(old, said, objects, sign=sign)
    elif not dry_run:
        who = {k: v for k, v in os.environ.items() if k.startswith("GIT_COMMITTER_")}
        message = f"Ledger of {said.total} events\n\n{_trailer(said)}\n"
        how = "--sign" if sign else "--annotate"
        git.run("tag", how, "--message", message, name, repository.head, env=who)
    if not quiet(context):
        verb = "is there already, at" if old else "would tag" if dry_run else "tags"
        typer.echo(plain(f"{name} {verb} {(old.commit if old else repository.head)[:12]}"))
        if not old and not dry_run:
            typer.echo(plain(f"share it: git push REMOTE refs/tags/{name}"))


def _refuse_other(old: Anchor, said: Said, objects: Objects, *, sign: bool) -> None:
    if old.fault or old.heads != said.heads or old.held != said.heads:
        told = old.fault or "it names another ledger, or a commit with another one"
        raise Refused(
            f"there is a tag {old.name} at {old.commit[:12]}: {told}. Find out who made it: "
            f"git show {old.name}"
        )
    found = objects.get(f"refs/tags/{old.name}")
    if sign and found is not None and b"\n-----BEGIN " not in found[2]:
        raise Refused(f"{old.name} is there, unsigned; git tag -d {old.name}, then run this again")
