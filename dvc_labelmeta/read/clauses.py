"""What the clauses of a guideline say in each version, and which read otherwise now."""

from __future__ import annotations

import json
from typing import Any

from dvc_labelmeta.model.guideline import Guideline
from dvc_labelmeta.model.snapshot import Snapshot
from dvc_labelmeta.read.vocabulary import repository_of, state_of

# what a decision rests on; names, examples and reasons may change and leave the meaning
_MEANING = {
    "labels": ("definition", "use_when", "avoid_when"),
    "rules": ("text",),
    "edge_cases": ("case", "decision", "label"),
    "escalation": ("when", "to"),
}
_SAID = ("text", "case", "when", "definition", "name")
Texts = dict[str, str]


def changed_clauses(snapshot: Snapshot, guideline: Guideline) -> dict[str, frozenset[str]]:
    """Return {version: ids of the labels and clauses that HEAD words otherwise, or has no more}.

    Of the versions in the history of HEAD. A clause counts as unchanged if any state of that
    version had the wording of HEAD. Empty for prose, which has no clauses.
    """
    states = [(value["version"], _texts(value)) for value in _states(snapshot, guideline)]
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


def wordings(snapshot: Snapshot, guideline: Guideline) -> dict[str, dict[str, str]]:
    """Return {version: {id of a label or clause: what it says}}, the latest version first.

    Of the versions in the history of HEAD; of a version with several states, the latest counts.
    """
    found: dict[str, dict[str, str]] = {}
    for value in _states(snapshot, guideline):
        said = {
            clause["id"]: next((clause[key] for key in _SAID if key in clause), "")
            for part in _MEANING
            for clause in value.get(part, ())
        }
        found.setdefault(value["version"], said)
    return found


def _states(snapshot: Snapshot, guideline: Guideline) -> list[dict[str, Any]]:
    """Return what each state of a guideline in the history of HEAD says, newest first."""
    repository = repository_of(snapshot, guideline)
    if repository is None or not repository.head:
        return []
    git = repository.git
    head = snapshot.head if guideline.repo is None else repository.head
    path = git.above(guideline.path)
    found = []
    with git.objects() as objects:
        for commit in git.log(head, "--", f":(top,literal){path}"):
            entry = objects.entry(commit.hash, path)
            if entry is not None:
                folder = entry.mode == "40000"
                found.append(state_of(objects, path, entry.object, folder=folder))
    return found


def _texts(value: dict[str, Any]) -> Texts:
    return {
        clause["id"]: json.dumps([clause.get(key) for key in keys])
        for part, keys in _MEANING.items()
        for clause in value.get(part, ())
    }
