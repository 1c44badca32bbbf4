"""What an erasure cannot or should not change: looked for in files, in Git and in DVC."""

from __future__ import annotations

import os
from collections.abc import Container, Iterator, Mapping, Sequence
from typing import Any

from dvc_labelmeta.cli.redacting import Plan, all_sources
from dvc_labelmeta.model.config import CONFIG_FILE, OWN_FOLDER, GuidelineRef
from dvc_labelmeta.model.event import FOLDER
from dvc_labelmeta.model.snapshot import Record, Snapshot, enclosing
from dvc_labelmeta.read.dvc_traces import Held, remotes, versions
from dvc_labelmeta.read.git import open_repository
from dvc_labelmeta.read.guidelines import releases_path
from dvc_labelmeta.read.traces import Spot, has, past, spots

_RECORDS = f"{OWN_FOLDER}/cache/records/"
_OWNERS = {CONFIG_FILE, "CODEOWNERS", ".github/CODEOWNERS", "docs/CODEOWNERS"}


def left(snapshot: Snapshot, done: Plan, folder: str, *, dry_run: bool) -> dict[str, Any]:
    """Return where the person still stands: files by why they stay, history, versions in DVC."""
    root = snapshot.root
    held = _held(root, done, folder) if dry_run else {}
    found, packed = spots(root, done.words, held)
    parquet, unsearched = _parquet(snapshot, done, held, packed)
    git = open_repository(root).git
    files = [
        {"path": one.path, "lines": list(one.lines), "count": one.times, "why": why}
        for one in [*found, *parquet]
        if not one.path.startswith(_RECORDS)
        for why in [_why(snapshot, one.path)]
    ]
    return {
        "files": sorted(files, key=lambda one: str(one["path"])),
        "unsearched": unsearched,
        "git": past(git, done.words)._asdict(),
        "dvc": [*_versions(snapshot, done)],
        "remotes": remotes(root),
    }


def _parquet(
    snapshot: Snapshot, done: Plan, held: Mapping[str, str], packed: Sequence[str]
) -> tuple[list[Spot], list[str]]:
    """Return records in Parquet that have words, and the packed files that nothing can search."""
    names = all_sources(snapshot)
    mine = [one for one in packed if one.endswith(".parquet") and _is_of(one, names)]
    if not mine:
        return [], [*packed]
    from dvc_labelmeta.read.annotators import mentions  # noqa: PLC0415  # DuckDB is an extra

    found = []
    for path in mine:
        rows, times = mentions(held.get(path, os.path.join(snapshot.root, path)), done.words)
        if times:
            found.append(Spot(path, rows, times))
    return found, [path for path in packed if path not in mine]


def _is_of(path: str, names: Container[str]) -> bool:
    """Whether a path is one of these, or below one."""
    return path in names or any(above in names for above in enclosing(path))


def _held(root: str, done: Plan, folder: str) -> dict[str, str]:
    """Return where the files that would be written have their content, "" for those that go."""
    found = {}
    for one in done.rewritten:
        for path, new in one.files.items():
            found[os.path.relpath(path, root).replace(os.sep, "/")] = new
    for number, edit in enumerate(done.edits):
        found[edit.path] = ""
        if edit.after is not None:
            found[edit.path] = os.path.join(folder, f"edit-{number}")
            with open(found[edit.path], "wb") as file:
                file.write(edit.after)
    return found


def _why(snapshot: Snapshot, path: str) -> str:
    """Return why a file was left: released, ledger, owners, records, made, cache or other."""
    for one in snapshot.guidelines.values():
        ref = GuidelineRef(one.id, one.path, one.repo)
        released = path == one.path or path.startswith(one.path + "/")
        if one.repo is None and (released or path == releases_path(ref)):
            return "released"
    if path.startswith(FOLDER + "/"):
        return "ledger"
    if path in _OWNERS or path.endswith(".labelmeta.yaml"):
        return "owners"
    if _is_of(path, all_sources(snapshot)):
        return "records"
    if _is_of(path, {one.path for one in snapshot.records.values() if one.stage}):
        return "made"
    return "cache" if path.startswith(f"{OWN_FOLDER}/") else "other"


def _versions(snapshot: Snapshot, done: Plan) -> Iterator[dict[str, Any]]:
    """Yield the versions of records that DVC tracked and that have the person, or may have."""
    git = open_repository(snapshot.root).git
    before = {one.before for one in done.rewritten}
    after = {one.after for one in done.rewritten} - before
    told: set[str] = set()
    for record in _tracked(snapshot):
        for one in versions(snapshot.root, git, record):
            unseen = not one.file or one.path.endswith((".gz", ".zst"))
            sure = one.value in before or (not unseen and _has(one, done.words))
            if one.value in after | told or not (sure or unseen):
                continue
            told.add(one.value)
            yield {"path": one.path, "md5": one.value, "cache": one.file, "sure": sure}


def _has(one: Held, words: Sequence[str]) -> bool:
    """Whether a version in the cache has words."""
    if not one.path.endswith(".parquet"):
        return has(one.file, words)
    from dvc_labelmeta.read.annotators import mentions  # noqa: PLC0415  # DuckDB is an extra

    return mentions(one.file, words)[1] > 0


def tracked(snapshot: Snapshot, path: str) -> Record | None:
    """Return what DVC has recorded of a path, or of a folder that it is in; None for nothing."""
    for name in [path, *enclosing(path)]:
        record = snapshot.records.get(name)
        if record is not None and record.hash != "git":
            return record
    return None


def _tracked(snapshot: Snapshot) -> list[Record]:
    """Return what DVC has recorded of annotation records, each once."""
    found = [tracked(snapshot, path) for path in all_sources(snapshot)]
    return list(dict.fromkeys(one for one in found if one is not None))
