"""What the pipeline rules need: stages, gates, and whether each recorded run saw a known gate."""

from __future__ import annotations

import posixpath
from collections.abc import Iterable, Iterator
from typing import Any

from dvc_labelmeta.errors import UnreadableFile
from dvc_labelmeta.model.gate import FOLDER, GATES_FILE, gate_path
from dvc_labelmeta.model.snapshot import Fault, Place, Run, Stage
from dvc_labelmeta.read import dvc
from dvc_labelmeta.read.git import Git, Objects
from dvc_labelmeta.read.source import Source, unreadable


def gated_split(path: str) -> str | None:
    """Return the split whose gate is at `path` (from the root), or None for any other path."""
    if path.startswith(FOLDER + "/") and path.endswith(".json"):
        return path[len(FOLDER) + 1 : -len(".json")]
    return None


def all_stages(
    pipelines: dict[str, tuple[Any, Any]],
) -> tuple[tuple[Stage, ...], tuple[Stage, ...]]:
    """Return (the users' stages, the gate stages) from (dvc.yaml, dvc.lock) by path of dvc.yaml."""
    users: list[Stage] = []
    gates: list[Stage] = []
    for path, (value, lock) in sorted(pipelines.items()):
        (gates if path == GATES_FILE else users).extend(dvc.stages(path, value, lock))
    return tuple(users), tuple(gates)


def gates(source: Source, splits: Iterable[str], faults: list[Fault]) -> dict[str, bytes]:
    """Return the bytes of each gate that is there, by split; notes those that cannot be read."""
    found = {}
    for split in splits:
        path = gate_path(split)
        try:
            content = source.read(path)
        except UnreadableFile as error:
            faults.append(unreadable(path, error))
            continue
        if content is not None:
            found[split] = content
    return found


class Runs:
    """Looks up the gates that recorded runs depended on; history is read only for unknown ones."""

    def __init__(
        self, git: Git, objects: Objects, head: str, shallow: bool, source: Source
    ) -> None:
        self.git = git
        self.objects = objects
        self.head = head
        self.shallow = shallow
        self.source = source
        self._history: dict[str, dict[str, str]] = {}
        self._unread: set[str] = set()

    def of(self, stages: Iterable[Stage], known: dict[str, bytes]) -> Iterator[Run]:
        """Yield a Run for each gate that a stage's entry in dvc.lock names."""
        for stage in stages:
            for path, md5 in stage.deps:
                split = gated_split(path)
                if split is not None and md5:
                    seen, commit = self._seen(split, md5, known)
                    yield Run(stage.name, split, _lock_place(stage), seen, commit)

    def _seen(self, split: str, md5: str, known: dict[str, bytes]) -> tuple[str, str]:
        if split in known and _md5(known[split]) == md5:
            return "current", ""
        path = gate_path(split)
        entry = self.source.index.get(path)
        committed = self.objects.blob(entry.object) if entry else None
        if committed is not None and _md5(committed) == md5:
            return "current", ""
        if self.head and path not in self._history:
            self._history[path] = self._past(path)
        commit = self._history.get(path, {}).get(md5)
        if commit is not None:
            return "ancestor", commit
        return ("unknown" if self.shallow or path in self._unread else "never"), ""

    def _past(self, path: str) -> dict[str, str]:
        states = list(self.git.blobs_in_history(path, self.head))
        self.objects.ask(blob for _, blob in states)
        past: dict[str, str] = {}
        for commit, blob in states:
            content = self.objects.blob(blob)
            if content is not None:
                past.setdefault(_md5(content), commit)
            elif blob.strip("0"):
                self._unread.add(path)  # a partial clone; all zeros: the gate was deleted here
        return past


def _md5(content: bytes) -> str:
    import hashlib  # noqa: PLC0415  # OpenSSL starts slowly; a gate needs no hash

    return hashlib.md5(content, usedforsecurity=False).hexdigest()


def _lock_place(stage: Stage) -> Place:
    folder, key = posixpath.dirname(stage.place.path), stage.name.rpartition(":")[2]
    key = stage.name if folder == "" else key
    return Place(posixpath.join(folder, "dvc.lock"), ("stages", key, "deps"))
