"""`ledger keep`: refs that keep guideline contents in Git whatever becomes of branches."""

from __future__ import annotations

import posixpath
import shlex
from collections.abc import Iterator
from typing import Annotated

import typer

from dvc_labelmeta.cli.common import DryRun, quiet, root_of
from dvc_labelmeta.errors import FINDINGS, Refused
from dvc_labelmeta.model.kept import REFS, Keep, needed
from dvc_labelmeta.model.sidecar import Link
from dvc_labelmeta.model.snapshot import Snapshot
from dvc_labelmeta.read.git import TREE, Git, Objects, open_repository
from dvc_labelmeta.read.kept import claiming, kept, plan
from dvc_labelmeta.read.ledger import Disk
from dvc_labelmeta.read.snapshot import load
from dvc_labelmeta.read.source import find_root
from dvc_labelmeta.report.text import plain
from dvc_labelmeta.write.edits import lock

EXAMPLE = "Example: labelmeta ledger keep --configure origin && git push origin " + shlex.quote(
    REFS
)

# the same content gives the same commit in every clone
_ALWAYS = {
    f"GIT_{who}_{what}": value
    for who in ("AUTHOR", "COMMITTER")
    for what, value in (
        ("NAME", "labelmeta"),
        ("EMAIL", "labelmeta@localhost"),
        ("DATE", "2000-01-01T00:00:00+0000"),
    )
}


def keep(
    context: typer.Context,
    configure: Annotated[
        str,
        typer.Option(
            help="Have `git fetch` of this remote bring such refs.",
            metavar="REMOTE",
            show_default=False,
        ),
    ] = "",
    dry_run: DryRun = False,
) -> None:
    """Keep each guideline content that links, releases and events name, by refs of its own.

    `git gc` and a deleted or squashed branch then take nothing away. A ref keeps the whole history
    of its commit. Git pushes and fetches such refs only when told to: see the example.
    """
    root = find_root(root_of(context))
    with lock(root):
        snapshot = load(root, with_pipeline=False)
        git = open_repository(root).git
        paths = {one.id: git.above(one.path) for one in snapshot.guidelines.values()}
        with git.objects() as objects:
            plans = plan(git, objects, _links(root, snapshot), paths)
            new = [one for one in plans if one.ref and not one.there]
            if not dry_run:
                _write(git, objects, new, paths)
    if configure:
        _configure(context, git, configure, dry_run=dry_run)
    if not quiet(context):
        for line in _told(plans, dry_run=dry_run):
            typer.echo(plain(line))
    if any(not one.ref for one in plans):
        raise typer.Exit(FINDINGS)


def _links(root: str, snapshot: Snapshot) -> list[Link]:
    return needed(snapshot.sidecars, snapshot.guidelines.values(), claiming(Disk(root)))


def _write(git: Git, objects: Objects, new: list[Keep], paths: dict[str, str]) -> None:
    """Make all refs at once, or none."""
    known = kept(git)
    lines = []
    for one in new:
        commit = one.commit or _alone(git, objects, one, paths[one.link.id])
        if known.get(one.ref, commit) != commit:
            raise Refused(
                f"{one.ref} names {known[one.ref][:12]}, not {commit[:12]}; look into it, then "
                f"git update-ref -d {one.ref}"
            )
        lines.append(f"update {one.ref} {commit}\n")
    git.run("update-ref", "--stdin", stdin="".join(lines).encode(errors="surrogateescape"))


def _alone(git: Git, objects: Objects, one: Keep, path: str) -> str:
    """Make a commit of one content alone, at its place."""
    found = objects.get(one.link.object)
    mode = "040000 tree" if found is not None and found[1] == TREE else "100644 blob"
    object_ = one.link.object
    while path:
        path, name = posixpath.split(path)
        entry = f"{mode} {object_}\t{name}\0".encode(errors="surrogateescape")
        object_ = git.run("mktree", "-z", stdin=entry).decode().strip()
        mode = "040000 tree"
    message = f"Guideline {one.link.id} {one.link.version}: its content alone\n"
    how = ("-c", "i18n.commitEncoding=UTF-8", "commit-tree", object_)
    return git.run(*how, stdin=message.encode(), env=_ALWAYS).decode().strip()


def _configure(context: typer.Context, git: Git, remote: str, *, dry_run: bool) -> None:
    if remote not in git.text("remote").splitlines():
        raise Refused(f"--configure {remote}: there is no such remote; see `git remote`")
    key, spec = f"remote.{remote}.fetch", "+" + REFS
    known = git.run("config", "--get-all", key, ok=(0, 1)).decode(errors="replace").splitlines()
    if spec not in known and not dry_run:
        git.run("config", "--add", key, spec)
    if not quiet(context):
        verb = "fetches" if spec in known else "would fetch" if dry_run else "now fetches"
        typer.echo(plain(f"git fetch {remote} {verb} {REFS.partition(':')[0]}"))


def _told(plans: list[Keep], *, dry_run: bool) -> Iterator[str]:
    for one in plans:
        name = f"{one.link.id} {one.link.version}"
        if not one.ref:
            yield (
                f"LOST {name}: its content {one.link.object[:12]} is not in this clone; fetch the "
                f"branch that holds it, or {REFS.partition(':')[0]} of a clone that kept it"
            )
        elif not one.there:
            yield f"{'would keep' if dry_run else 'keep'} {name} as {one.ref}"
    there = sum(one.there for one in plans)
    new = sum(bool(one.ref) for one in plans) - there
    yield f"{there} kept before, {new} {'to keep' if dry_run else 'kept now'}"
    if new and not dry_run:
        yield f"share them: git push REMOTE {shlex.quote(REFS)}"
