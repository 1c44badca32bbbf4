"""Files as a commit holds them, and which commit holds a version: where a rollback goes."""

from __future__ import annotations

import posixpath
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from dvc_labelmeta.errors import BadConfig, NoSuchRevision, Refused, UnreadableFile
from dvc_labelmeta.model.config import CONFIG_FILE, config
from dvc_labelmeta.model.guideline import Edition, Guideline
from dvc_labelmeta.model.sidecar import SUFFIX, Sidecar, sidecar
from dvc_labelmeta.read.files import decode, misfits, parse
from dvc_labelmeta.read.git import TREE, Commit, Entry, Objects, Repository
from dvc_labelmeta.read.guidelines import Editions

Files = dict[str, Entry]  # by name from what was asked; the name of a file by itself is ""


class State(NamedTuple):
    """A state to return to. commit: None for a release that no commit of the history holds."""

    commit: Commit | None
    files: Files

    @property
    def name(self) -> str:
        """How messages name it."""
        return self.commit.hash[:12] if self.commit else "the release"


def files_at(objects: Objects, commit: str, path: str) -> Files:
    """Return the files at a path (from the top level) of a commit: one, or those of a folder."""
    entry = objects.entry(commit, path) if commit else None
    return files_of(objects, entry) if entry else {}


def files_of(objects: Objects, entry: Entry) -> Files:
    """Return the files of a tree entry, by name from there."""
    return dict(_walk(objects, entry, ""))


def _walk(objects: Objects, entry: Entry, name: str) -> Iterator[tuple[str, Entry]]:
    if entry.mode != "40000":
        yield name, entry
        return
    for inner in objects.entries(entry.object):
        yield from _walk(objects, inner, posixpath.join(name, inner.name))


def commit_of(repository: Repository, rev: str) -> Commit:
    """Return the commit that a user's `rev` names; raises NoSuchRevision."""
    return repository.git.log("-1", repository.git.commit(rev))[0]


def guideline_state(
    repository: Repository,
    objects: Objects,
    guideline: Guideline,
    history: Iterable[tuple[Commit, Edition | None]],
    to: str,
) -> tuple[State, Edition]:
    """Return a guideline as its version `to` was last, or as it was at revision `to`.

    Raises Refused where no commit or release holds it.
    """
    path = repository.git.above(guideline.path)
    held = list(history)
    for commit, edition in held:
        if edition is not None and edition.version == to:
            return State(commit, files_at(objects, commit.hash, path)), edition
    for release in guideline.releases:
        found = objects.get(release.object)
        if release.version == to and found is not None:
            entry = Entry("40000" if found[1] == TREE else "100644", found[0], path)
            edition = Edition(release.object, release.version)
            return State(None, files_of(objects, entry)), edition
    try:
        commit = commit_of(repository, to)
    except NoSuchRevision:
        versions = list(dict.fromkeys(edition.version for _, edition in held if edition))
        raise Refused(
            f"{to} is no revision, and no commit or release holds a version {to} of guideline "
            f"{guideline.id!r}; there are {', '.join(versions) or 'none'}"
        ) from None
    return _guideline_at(repository, objects, guideline, commit)


def _guideline_at(
    repository: Repository, objects: Objects, guideline: Guideline, commit: Commit
) -> tuple[State, Edition]:
    """Return a guideline at a commit; where it was elsewhere then, labelmeta.yaml there says so."""
    for path in (guideline.path, _path_then(repository, objects, guideline, commit)):
        above = repository.git.above(path)
        entry = objects.entry(commit.hash, above)
        if entry is not None:
            return State(commit, files_of(objects, entry)), Editions(objects).of(entry, above)
    raise Refused(
        f"guideline {guideline.id!r}: {guideline.path} is not there at {commit.hash[:12]}"
    )


def _path_then(
    repository: Repository, objects: Objects, guideline: Guideline, commit: Commit
) -> str:
    found = objects.get(f"{commit.hash}:{repository.git.above(CONFIG_FILE)}")
    try:
        value = parse(decode(found[2])) if found else None
        if value is not None and not misfits("config", value):
            for ref in config(value).guidelines:
                if (ref.id, ref.repo) == (guideline.id, None):
                    return ref.path
    except (UnreadableFile, BadConfig):
        pass
    return guideline.path


def split_state(
    repository: Repository, objects: Objects, split: str, to: str
) -> tuple[Commit, Sidecar]:
    """Return the commit at revision `to`, or the newest one that links a split to version `to`.

    Raises Refused where no commit does, or where the split is not linked there.
    """
    path = split + SUFFIX
    above = repository.git.above(path)
    versions = []
    for commit in repository.git.log(repository.head, "--", f":(top,literal){above}"):
        found = sidecar_at(objects, commit.hash, above, path)
        held = [layer.guideline.version for layer in found.layers] if found else []
        if found is not None and to in held:
            return commit, found
        versions += held
    try:
        commit = commit_of(repository, to)
    except NoSuchRevision:
        raise Refused(
            f"{to} is no revision, and no commit links {split} to a version {to}; it was linked to "
            f"{', '.join(dict.fromkeys(versions)) or 'none'}"
        ) from None
    found = sidecar_at(objects, commit.hash, above, path)
    if found is None:
        raise Refused(f"{path} is not there, or cannot be read, at {commit.hash[:12]}")
    return commit, found


def sidecar_at(objects: Objects, commit: str, above: str, path: str) -> Sidecar | None:
    """Return the sidecar at a commit, None where it is not there or cannot be read.

    above: its path from the top level; path: from the root.
    """
    found = objects.get(f"{commit}:{above}")
    return sidecar_of(path, found[2]) if found is not None else None


def sidecar_of(path: str, content: bytes) -> Sidecar | None:
    """Return the sidecar that a content holds, None where it does not fit its schema."""
    try:
        value = parse(decode(content))
    except UnreadableFile:
        return None
    return sidecar(path, value) if not misfits("sidecar", value) else None
