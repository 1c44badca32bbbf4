"""What a link would name: a guideline at a revision, and data that is what DVC recorded."""

from __future__ import annotations

import difflib
import hashlib
import json
import os
import posixpath
import subprocess
import sys
from collections.abc import Iterable
from typing import NamedTuple

from dvc_labelmeta.errors import LabelMetaError, Refused
from dvc_labelmeta.model.config import CONFIG_FILE, OWN_FOLDER
from dvc_labelmeta.model.guideline import Guideline
from dvc_labelmeta.model.sidecar import Link
from dvc_labelmeta.model.snapshot import Record, Snapshot
from dvc_labelmeta.read.git import Repository
from dvc_labelmeta.read.guidelines import Editions

_NO_DATA = ("dvc.yaml", "dvc.lock", ".dvcignore", ".gitignore", ".gitattributes")


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
        editions = Editions(objects)
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


def not_data(snapshot: Snapshot, split: str) -> str | None:
    """Say why this path is no split: a file the tools live by, or a folder around data of DVC.

    DVC refuses the whole project when a gate stage depends on a dvc.yaml.
    """
    name, top = posixpath.basename(split), split.partition("/")[0]
    if name in _NO_DATA or split == CONFIG_FILE or top in ("labelmeta", OWN_FOLDER, ".dvc", ".git"):
        return f"{split} is no data: DVC, Git or labelmeta needs it itself"
    for guideline in snapshot.guidelines.values():
        if guideline.repo is None and f"{split}/".startswith(guideline.path + "/"):
            return f"{split} is no data: guideline {guideline.id!r} is there"
    record = snapshot.records.get(split)
    start = "" if split == "." else split + "/"
    if record is None or record.hash == "git":
        inside = sorted(
            path
            for path, one in snapshot.records.items()
            if path.startswith(start) and one.hash != "git"
        )
        if inside:
            some = " ".join(inside[:3]) + (" …" if len(inside) > 3 else "")
            return f"{split} holds data that DVC tracks by itself: link that instead ({some})"
    return None


def untracked(snapshot: Snapshot, split: str) -> str:
    """Say that nothing tracks a path, and which one may have been meant."""
    folder, name = posixpath.split(split)
    near = [path for path in snapshot.records if posixpath.dirname(path) == folder]
    close = [path for path in snapshot.records if posixpath.basename(path) == name]
    close = close or difflib.get_close_matches(split, near, 1, 0.8)
    hint = f"; did you mean {', '.join(sorted(close))}?" if close else ""
    if "*" in name:
        hint = "; a pattern without quotes is filled in by the shell"
    return (
        f"{split} is tracked neither by DVC nor by Git: `dvc add` it first, or run the stage "
        f"that makes it{hint}"
    )


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
            if not holds(root, record):
                wrong[record.path] = "differs from what DVC recorded"
        else:
            asked.append(record)
    if asked:
        changed = _dvc_changes(root)
        for record in asked:
            if record.path in changed:
                wrong[record.path] = "differs from what DVC recorded"
    return wrong


def holds(root: str, record: Record) -> bool:
    """Whether a plain file in the workspace is what a record, maybe of another commit, says."""
    path = os.path.join(root, record.path)
    plain = os.path.isfile(path) and record.hash == "md5" and not record.folder
    return plain and _md5(path) == record.value


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
