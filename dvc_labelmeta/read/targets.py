"""What a link would name: a guideline at a revision, and data that is what DVC recorded."""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
from collections.abc import Iterable
from typing import NamedTuple

from dvc_labelmeta.errors import LabelMetaError, Refused
from dvc_labelmeta.model.guideline import Guideline
from dvc_labelmeta.model.sidecar import Link
from dvc_labelmeta.model.snapshot import Record
from dvc_labelmeta.read.git import Repository
from dvc_labelmeta.read.guidelines import Pins


class Target(NamedTuple):
    """A link that could be written; `merged`: its commit is in the history of HEAD."""

    link: Link
    merged: bool
    status: str


def target(repository: Repository, guideline: Guideline, rev: str | None) -> Target:
    """Return the link to a guideline as it stands at `rev` (None: HEAD).

    The commit is the newest one up to `rev` that touched the guideline, so that linking again
    later gives the same. Raises NoSuchRevision, or Refused where the guideline is not there.
    """
    if not repository.head:
        raise Refused("nothing is committed yet; commit the guideline first")
    commit = repository.git.commit(rev) if rev else repository.head
    path = repository.git.above(guideline.path)
    with repository.git.objects() as objects:
        editions = Pins(repository, objects).editions
        edition = editions.at(commit, path)
    if edition is not None and editions.unread(edition):
        raise Refused(
            f"guideline {guideline.id!r} at {rev or 'HEAD'} is not in this partial clone; "
            f"`git diff {commit[:12]} -- {guideline.path}` fetches it"
        )
    if edition is None:
        where = f"at {rev}" if rev else "at HEAD"
        raise Refused(
            f"guideline {guideline.id!r}: {guideline.path} is not there {where}; commit it first"
        )
    newest = repository.git.log("-1", commit, "--", f":(top,literal){path}")
    found = newest[0].hash if newest else commit
    outside = repository.git.outside([found], repository.head)
    link = Link(guideline.id, edition.version, found, edition.object)
    return Target(link, not outside, edition.status)


def differing(root: str, records: Iterable[Record]) -> dict[str, str]:
    """Return why the data in the workspace is not what DVC recorded, by path.

    Data that is not there (not pulled) counts as recorded. A plain file is hashed here; folders
    and older hashes are left to `dvc data status`, which knows .dvcignore and its caches.
    """
    wrong: dict[str, str] = {}
    asked: list[Record] = []
    for record in records:
        path = os.path.join(root, record.path)
        if record.hash == "git" or not os.path.lexists(path):
            continue
        if os.path.isfile(path) and record.hash == "md5" and not record.folder:
            if _md5(path) != record.value:
                wrong[record.path] = "differs from what DVC recorded"
        else:
            asked.append(record)
    if asked:
        changed = _dvc_changes(root)
        for record in asked:
            if record.path in changed:
                wrong[record.path] = "differs from what DVC recorded"
    return wrong


def _md5(path: str) -> str:
    digest = hashlib.md5(usedforsecurity=False)
    with open(path, "rb") as file:
        for block in iter(lambda: file.read(2**20), b""):
            digest.update(block)
    return digest.hexdigest()


def _dvc_changes(root: str) -> frozenset[str]:
    """Return the paths that `dvc data status` calls changed in the workspace."""
    command = [sys.executable, "-m", "dvc", "data", "status", "--json"]
    done = subprocess.run(command, cwd=root, capture_output=True, check=False)  # noqa: S603  # fixed
    if done.returncode != 0:
        reason = done.stderr.decode(errors="replace").strip().splitlines()[-1:] or ["no message"]
        raise LabelMetaError(
            f"`dvc data status` failed in {root}, so folders cannot be compared: {reason[0]}"
        )
    uncommitted = json.loads(done.stdout or b"{}").get("uncommitted", {})
    paths: set[str] = set()
    for kind in ("modified", "added", "deleted", "renamed", "unknown"):
        for item in uncommitted.get(kind, ()):
            paths.add((item if isinstance(item, str) else str(item.get("new"))).rstrip("/"))
    return frozenset(paths)
