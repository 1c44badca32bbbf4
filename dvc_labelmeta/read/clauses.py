"""Which clauses of a guideline read otherwise now than in an earlier version, from its history."""

from __future__ import annotations

import json
import posixpath
from typing import Any

from dvc_labelmeta.model.guideline import Guideline
from dvc_labelmeta.model.snapshot import Snapshot
from dvc_labelmeta.read.git import Objects
from dvc_labelmeta.read.guidelines import structured_path
from dvc_labelmeta.read.vocabulary import repository_of, structure

# what a decision rests on; names, examples and reasons may change and leave the meaning
_MEANING = {
    "labels": ("definition", "use_when", "avoid_when"),
    "rules": ("text",),
    "edge_cases": ("case", "decision", "label"),
    "escalation": ("when", "to"),
}
Texts = dict[str, str]


def changed_clauses(snapshot: Snapshot, guideline: Guideline) -> dict[str, frozenset[str]]:
    """Return {version: ids of the labels and clauses that HEAD words otherwise, or has no more}.

    Of the versions in the history of HEAD. A clause counts as unchanged if any state of that
    version had the wording of HEAD. Empty for prose, which has no clauses.
    """
    repository = repository_of(snapshot, guideline)
    if repository is None or not repository.head:
        return {}
    git = repository.git
    head = snapshot.head if guideline.repo is None else repository.head
    path = git.above(guideline.path)
    states: list[tuple[str, Texts]] = []
    with git.objects() as objects:
        for commit in git.log(head, "--", f":(top,literal){path}"):
            value = _state(objects, commit.hash, path)
            if value is not None:
                states.append((value["version"], _texts(value)))
    if not states:
        return {}
    now = states[0][1]
    found: dict[str, frozenset[str]] = {}
    same: dict[str, set[str]] = {}
    for version, texts in states:
        kept = {id_ for id_, text in texts.items() if now.get(id_) == text}
        same.setdefault(version, set()).update(kept)
        found[version] = found.get(version, frozenset()) | texts.keys()
    return {version: ids - same[version] for version, ids in found.items() if ids - same[version]}


def _state(objects: Objects, commit: str, path: str) -> dict[str, Any] | None:
    entry = objects.entry(commit, path)
    if entry is None:
        return None
    folder = entry.mode == "40000"
    where = structured_path(path, folder=folder)
    blob: str | None = entry.object if where and not folder else None
    if folder and where:
        name = posixpath.basename(where)
        blob = next((e.object for e in objects.entries(entry.object) if e.name == name), None)
    return structure(objects.blob(blob)) if blob else None


def _texts(value: dict[str, Any]) -> Texts:
    return {
        clause["id"]: json.dumps([clause.get(key) for key in keys])
        for part, keys in _MEANING.items()
        for clause in value.get(part, ())
    }
