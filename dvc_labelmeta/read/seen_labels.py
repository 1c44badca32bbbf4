"""The texts of guidelines under which the labels of an item were made, and how they differ."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack
from typing import Any

from dvc_labelmeta.diff.comparison import Comparison, compared
from dvc_labelmeta.diff.labelling import Turn, turns
from dvc_labelmeta.errors import LabelMetaError, Refused
from dvc_labelmeta.model.config import GuidelineRef
from dvc_labelmeta.model.guideline import Edition, Guideline
from dvc_labelmeta.model.labelling import Label, Seen, text
from dvc_labelmeta.model.sidecar import Layer, Link
from dvc_labelmeta.model.snapshot import Snapshot
from dvc_labelmeta.read.git import TREE, Commit, Objects, Repository
from dvc_labelmeta.read.guidelines import Editions
from dvc_labelmeta.read.lookup import FIELDS
from dvc_labelmeta.read.seen import Texts
from dvc_labelmeta.read.versions import between
from dvc_labelmeta.read.vocabulary import repository_of, state_of


class Wordings:
    """What the guidelines of a project said; use it in a `with` block of `stack`."""

    def __init__(self, snapshot: Snapshot, stack: ExitStack) -> None:
        self.snapshot, self.stack = snapshot, stack
        self._opened: dict[str, tuple[Repository, Objects, Texts] | None] = {}
        self._versions: dict[str, str] = {}
        self._differences: dict[tuple[str, str], Comparison | None] = {}  # by their objects

    def seen(self, label: Label, layer: Layer, split: str) -> Label:
        """Return a label with the text that it was made under, or why nobody can tell."""
        record: dict[str, Any] = {name: text(label.record, name) or None for name in FIELDS}
        id_ = record["guideline_id"] or layer.guideline.id
        # the link of the layer is no evidence of another guideline
        link = layer.guideline if id_ == layer.guideline.id else Link(id_, "", "", "")
        guideline = self.snapshot.guidelines.get(id_)
        if guideline is None:
            return label._replace(seen=Seen(id_, "", f"labelmeta.yaml lists no guideline {id_!r}"))
        opened = self._open(guideline)
        if opened is None:
            why = f"repository {guideline.repo!r} is not fetched yet: labelmeta check --fetch"
            return label._replace(seen=Seen(id_, "", why))
        try:
            found = opened[2].seen(record, link, split)
        except Refused as error:
            return label._replace(seen=Seen(id_, "", str(error)))
        version = self._version(opened, found.object)
        return label._replace(seen=Seen(id_, found.object, found.evidence, version))

    def turns(self, labels: Sequence[Label]) -> Iterator[Turn]:
        """Yield the labels that follow each other under different texts, and how those differ."""
        told: set[tuple[str, str]] = set()
        for before, after in turns(labels):
            old, new = labels[before].seen, labels[after].seen
            pair = (old.object, new.object)
            if pair not in self._differences:
                self._differences[pair] = self._compared(old, new)
            yield Turn(before, after, None if pair in told else self._differences[pair])
            told.add(pair)

    def _compared(self, old: Seen, new: Seen) -> Comparison | None:
        guideline = self.snapshot.guidelines[old.guideline]
        opened = self._open(guideline)
        if opened is None:
            return None
        ref = GuidelineRef(guideline.id, guideline.path, guideline.repo)
        step = between(opened[0], opened[1], ref, old.object, new.object)
        return None if step is None else compared(step)

    def _open(self, guideline: Guideline) -> tuple[Repository, Objects, Texts] | None:
        if guideline.id not in self._opened:
            repository = repository_of(self.snapshot, guideline)
            self._opened[guideline.id] = None
            if repository is not None:
                objects = self.stack.enter_context(repository.git.objects())
                history = _history(repository, objects, guideline)
                texts = Texts(repository, objects, guideline, history)
                self._opened[guideline.id] = repository, objects, texts
        return self._opened[guideline.id]

    def _version(self, opened: tuple[Repository, Objects, Texts], object_: str) -> str:
        if object_ not in self._versions:
            _, objects, texts = opened
            found = objects.get(object_)
            folder = found is not None and found[1] == TREE
            state: Mapping[str, Any] = state_of(objects, texts.path, object_, folder=folder)
            self._versions[object_] = str(state["version"])
        return self._versions[object_]


def _history(
    repository: Repository, objects: Objects, guideline: Guideline
) -> Iterator[tuple[Commit, Edition | None]]:
    """Yield the commits that touched a guideline, newest first, when they are asked for."""
    if not repository.head:
        raise LabelMetaError("nothing is committed yet")
    path = repository.git.above(guideline.path)
    editions = Editions(objects)
    for commit in repository.git.log(repository.head, "--", f":(top,literal){path}"):
        yield commit, editions.at(commit.hash, path)
