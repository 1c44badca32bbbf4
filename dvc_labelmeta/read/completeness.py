"""How many annotation records have a field, over the commits that changed them.

Read from the records where Git holds them; else, since DVC does, from the summaries that their
sidecar had. Bounded: the latest STATES commits, and files of BYTES at most. Commits whose records
this clone does not hold are left out.
"""

from __future__ import annotations

import math
import os
import posixpath
import tempfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from dvc_labelmeta.errors import UnreadableFile
from dvc_labelmeta.model.annotation import FIELDS
from dvc_labelmeta.read.files import decode, misfits, parse
from dvc_labelmeta.read.git import Commit, Git, Repository, open_repository
from dvc_labelmeta.read.records import open_records
from dvc_labelmeta.read.sources import Source, format_of

STATES = 30
BYTES = 50_000_000
NOW = "not committed"

_ASKED = tuple(field.name for field in FIELDS if field.level)


class State(NamedTuple):
    """What the records of one commit have. commit: date and short hash, or NOW.

    shares: {field: share of the records that have it}.
    """

    commit: str
    shares: dict[str, float]


def completeness(root: str, source: Source, files: Sequence[str]) -> list[State]:
    """Return the states of a linked split's records, oldest first, each that differs from the last.

    root: of the project. files: the records as they are now, whose state comes last.
    """
    repository = open_repository(root)
    path = os.path.relpath(os.path.abspath(source.path), root).replace(os.sep, "/")
    found = list(_from_records(repository, path, source.format))
    if not found and source.sidecar is not None:
        found = list(_from_sidecars(repository, source.sidecar.path, source.layer_name))
    now = State(NOW, _shares(files, source.format))
    states: list[State] = []
    for state in [*reversed(found), now]:
        if not states or states[-1].shares != state.shares:
            states.append(state)
    return states


def _commits(repository: Repository, path: str) -> list[Commit]:
    """Return the latest commits that changed `path`, newest first."""
    if not repository.head:
        return []
    above = repository.git.above(path)
    return repository.git.log(f"-{STATES}", repository.head, "--", f":(top,literal){above}")


def _from_records(repository: Repository, path: str, format_: str) -> Iterator[State]:
    git = repository.git
    for commit in _commits(repository, path):
        tree = git.run("ls-tree", "-r", "-z", "--full-tree", commit.hash, "--", git.above(path))
        entries = [item.partition("\t") for item in tree.decode(errors="replace").split("\0")]
        blobs = {name: meta.split()[2] for meta, _, name in entries if format_of(name) == format_}
        if blobs and _sum_of_sizes(git, blobs.values()) <= BYTES:
            yield State(_named(commit), _past_shares(git, blobs, format_))


def _sum_of_sizes(git: Git, blobs: Iterable[str]) -> float:
    """Return the bytes of blobs together; infinite where a partial clone does not hold one."""
    asked = "".join(f"{blob}\n" for blob in blobs)
    out = git.run("cat-file", "--batch-check=%(objectsize)", stdin=asked.encode(), ok=(0, 128))
    sizes = out.decode().splitlines()
    whole = len(sizes) == asked.count("\n") and all(map(str.isdecimal, sizes))
    return sum(map(int, sizes)) if whole else math.inf


def _past_shares(git: Git, blobs: Mapping[str, str], format_: str) -> dict[str, float]:
    with tempfile.TemporaryDirectory() as folder:
        files = []
        for number, (name, blob) in enumerate(blobs.items()):
            file = os.path.join(folder, f"{number}-{posixpath.basename(name)}")
            with open(file, "wb") as target:
                target.write(git.run("cat-file", "blob", blob))
            files.append(file)
        return _shares(files, format_)


def _shares(files: Sequence[str], format_: str) -> dict[str, float]:
    counts = ", ".join(f"count({name})" for name in _ASKED)
    with open_records(files, format_) as connection:
        rows = connection.execute(f"SELECT count(*), {counts} FROM records").fetchall()  # noqa: S608  # names of our own
    records, *having = rows[0]
    return {name: there / max(records, 1) for name, there in zip(_ASKED, having, strict=True)}


def _from_sidecars(repository: Repository, path: str, layer: str) -> Iterator[State]:
    with repository.git.objects() as objects:
        for commit in _commits(repository, path):
            entry = objects.entry(commit.hash, repository.git.above(path))
            content = objects.blob(entry.object) if entry is not None else None
            summary = _summary(content, layer) if content is not None else None
            if summary is not None:
                yield State(_named(commit), _told(summary))


def _summary(content: bytes, layer: str) -> dict[str, Any] | None:
    """Return the summary that a sidecar of the past held, None where it had none."""
    try:
        value = parse(decode(content))
    except UnreadableFile:
        return None
    if misfits("sidecar", value):
        return None
    found: dict[str, Any] | None = (
        value["layers"].get(layer, {}).get("annotations", {}).get("summary")
    )
    return found


def _told(summary: dict[str, Any]) -> dict[str, float]:
    named = [one["share"] for one in summary.get("guideline_versions", ()) if "version" in one]
    found = {"guideline_version": round(sum(named), 4)}
    if "confidence_unknown" in summary:
        found["confidence"] = round(1 - summary["confidence_unknown"], 4)
    return found


def _named(commit: Commit) -> str:
    return f"{commit.date} {commit.hash[:7]}"
