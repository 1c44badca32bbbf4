"""A ledger from Git's history, for a project that is older than it or did not always keep one."""

from __future__ import annotations

from contextlib import ExitStack

from dvc_labelmeta.diff.untold import missing
from dvc_labelmeta.errors import LabelMetaError, Refused
from dvc_labelmeta.model.config import CONFIG_FILE, GuidelineRef, config
from dvc_labelmeta.model.event import HEADS, Draft
from dvc_labelmeta.model.snapshot import Snapshot
from dvc_labelmeta.read.chronicle import Guidelines, Splits, Step, in_time, steps
from dvc_labelmeta.read.files import decode, misfits, parse
from dvc_labelmeta.read.git import Objects, Repository, open_bare, open_repository
from dvc_labelmeta.read.ledger import Disk
from dvc_labelmeta.read.ledger_walk import walk
from dvc_labelmeta.read.source import clone_folder

Paths = dict[str, list[str]]  # by id, today's first
_Stream = list[tuple[Step, list[Draft]]]


def history(snapshot: Snapshot) -> tuple[list[Draft], list[str]]:
    """Return the events that Git's history holds and the ledger does not, and what to note.

    Raises Refused for a shallow clone, whose history begins anywhere.
    """
    repository = open_repository(snapshot.root)
    if repository.shallow:
        raise Refused("this clone is shallow: `git fetch --unshallow`, or the beginning would lack")
    files, notes = Disk(snapshot.root), list[str]()
    with ExitStack() as stack:
        objects = stack.enter_context(repository.git.objects())
        refs = _ever_listed(repository, objects, snapshot)
        streams = [_here(repository, objects, snapshot, _paths(refs, None))]
        for repo in sorted({ref.repo for ref in refs if ref.repo}):
            known = dict(snapshot.config.repos)
            folder = clone_folder(snapshot.root, snapshot.config, repo) if repo in known else None
            if folder is None:
                notes.append(
                    f"repository {repo!r} is not in the cache, its guidelines are left out; "
                    "`labelmeta check --fetch`, then run this again"
                )
                continue
            bare = open_bare(folder)
            there = stack.enter_context(bare.git.objects())
            guidelines = Guidelines(bare.git, there, _paths(refs, repo), {})
            found = steps(bare.git, bare.head, guidelines.specs())
            streams.append([(step, guidelines.of(step)) for step in found])
        drafts = in_time(streams)
    return missing(drafts, walk(files, files.names(HEADS))), notes


def _here(repository: Repository, objects: Objects, snapshot: Snapshot, paths: Paths) -> _Stream:
    """Return the events of this repository by commit: guidelines before the links to them."""
    if not repository.head:
        return []
    listed = {
        (one.id, release.version): release.object
        for one in snapshot.guidelines.values()
        for release in one.releases
    }
    guidelines = Guidelines(repository.git, objects, paths, listed)
    splits = Splits(repository.git, objects)
    specs = [*splits.specs(repository.head), *guidelines.specs()]
    return [
        (step, [*guidelines.of(step), *splits.of(step)])
        for step in steps(repository.git, repository.head, specs)
    ]


def _ever_listed(
    repository: Repository, objects: Objects, snapshot: Snapshot
) -> list[GuidelineRef]:
    """Return the guidelines of every labelmeta.yaml that was committed, today's first."""
    refs = [*snapshot.config.guidelines]
    above = repository.git.above(CONFIG_FILE)
    found = (
        steps(repository.git, repository.head, [f":(top,literal){above}"])
        if repository.head
        else []
    )
    for step in reversed(found):
        entry = objects.entry(step.commit, above)
        try:
            value = parse(decode(objects.blob(entry.object) or b"")) if entry else None
            if value is not None and not misfits("config", value):
                refs += config(value).guidelines
        except LabelMetaError:
            continue  # it was mended later
    return list(dict.fromkeys(ref._replace(mode=None, owners=(), approvers=()) for ref in refs))


def _paths(refs: list[GuidelineRef], repo: str | None) -> Paths:
    found: Paths = {}
    for ref in refs:
        if ref.repo == repo:
            found.setdefault(ref.id, []).append(ref.path)
    return found
