"""What an erasure cannot or should not change: looked for in files, in Git and in DVC."""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import Any

from dvc_labelmeta.cli.redacting import Plan, all_sources
from dvc_labelmeta.model.config import CONFIG_FILE, OWN_FOLDER, GuidelineRef
from dvc_labelmeta.model.event import FOLDER
from dvc_labelmeta.model.snapshot import Record, Snapshot, enclosing
from dvc_labelmeta.read.dvc_traces import remotes, versions
from dvc_labelmeta.read.git import open_repository
from dvc_labelmeta.read.guidelines import releases_path
from dvc_labelmeta.read.traces import has, past, spots

_RECORDS = f"{OWN_FOLDER}/cache/records/"
_OWNERS = {CONFIG_FILE, "CODEOWNERS", ".github/CODEOWNERS", "docs/CODEOWNERS"}


def left(snapshot: Snapshot, done: Plan, folder: str, *, dry_run: bool) -> dict[str, Any]:
    """Return where the person still stands: files by why they stay, history, versions in DVC."""
    root = snapshot.root
    held = _held(root, done, folder) if dry_run else {}
    found, unsearched = spots(root, done.words, held)
    git = open_repository(root).git
    files = [
        {"path": one.path, "lines": list(one.lines), "count": one.times, "why": why}
        for one in found
        if not one.path.startswith(_RECORDS)
        for why in [_why(snapshot, one.path)]
    ]
    return {
        "files": files,
        "unsearched": unsearched,
        "git": past(git, done.words)._asdict(),
        "dvc": [*_versions(snapshot, done)],
        "remotes": remotes(root),
    }


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
    """Return why a file was left: released, ledger, owners, records, made or other."""
    for one in snapshot.guidelines.values():
        ref = GuidelineRef(one.id, one.path, one.repo)
        released = path == one.path or path.startswith(one.path + "/")
        if one.repo is None and (released or path == releases_path(ref)):
            return "released"
    if path.startswith(FOLDER + "/"):
        return "ledger"
    if path in _OWNERS or path.endswith(".labelmeta.yaml"):
        return "owners"
    names = all_sources(snapshot)
    if path in names or any(path.startswith(name + "/") for name in names):
        return "records"
    made = {one.path for one in snapshot.records.values() if one.stage}
    if path in made or any(above in made for above in enclosing(path)):
        return "made"
    return "other"


def _versions(snapshot: Snapshot, done: Plan) -> Iterator[dict[str, Any]]:
    """Yield the versions of records that DVC tracked and that have the person, or may have."""
    git = open_repository(snapshot.root).git
    before = {one.before for one in done.rewritten}
    after = {one.after for one in done.rewritten} - before
    told: set[str] = set()
    for record in _tracked(snapshot):
        for one in versions(snapshot.root, git, record):
            packed = one.path.endswith((".parquet", ".gz", ".zst"))
            sure = one.value in before or (
                bool(one.file) and not packed and has(one.file, done.words)
            )
            if one.value in after | told or not (sure or packed or not one.file):
                continue
            told.add(one.value)
            yield {"path": one.path, "md5": one.value, "cache": one.file, "sure": sure}


def _tracked(snapshot: Snapshot) -> Iterator[Record]:
    """Yield the records of DVC that hold annotation records, each once."""
    seen = set()
    for path in all_sources(snapshot):
        for name in [path, *enclosing(path)]:
            record = snapshot.records.get(name)
            if record is not None and record.hash != "git" and name not in seen:
                seen.add(name)
                yield record
