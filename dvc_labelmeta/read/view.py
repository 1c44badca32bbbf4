"""The files of a commit that moves along a history: an index, and each content parsed once."""

from __future__ import annotations

import posixpath
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from dvc_labelmeta.errors import UnreadableFile
from dvc_labelmeta.model.snapshot import Fault, Place, Record
from dvc_labelmeta.read import dvc
from dvc_labelmeta.read.files import MAX_BYTES, MAX_LOCK_BYTES, decode, misfits, parse
from dvc_labelmeta.read.git import Entry, Git, Objects
from dvc_labelmeta.read.source import Committed, unreadable


class Shaped(NamedTuple):
    """What a file of ours says; value: None where it is not there, or has faults."""

    value: Any = None
    faults: tuple[Fault, ...] = ()


class View(Committed):
    """See Source: the commit `commit`; `index` is kept up by whoever walks."""

    def __init__(self, git: Git, objects: Objects, commit: str) -> None:
        super().__init__(git, objects, commit)
        self.files: dict[str, Entry] = git.tree(commit) if commit else {}
        self.index: Mapping[str, Entry] = self.files
        self._shaped: dict[tuple[str, str], Shaped] = {}
        self._records: dict[tuple[str, ...], list[Record]] = {}

    def read(self, path: str, limit: int = MAX_BYTES) -> bytes | None:
        """See Source."""
        entry = self.files.get(path)
        content = self.objects.blob(entry.object) if entry else None
        if entry and (content is None or len(content) > limit):
            raise UnreadableFile("is not in this clone, or is larger than what is read")
        return content

    def shaped(self, path: str, name: str) -> Shaped:
        """Return what a file holds, held to the schema `name`."""
        entry = self.files.get(path)
        if entry is None:
            return Shaped()
        key = path, entry.object
        if key not in self._shaped:
            self._shaped[key] = self._read(path, name)
        return self._shaped[key]

    def _read(self, path: str, name: str) -> Shaped:
        try:
            value = parse(decode(self.read(path) or b""))
        except UnreadableFile as error:
            return Shaped(None, (unreadable(path, error),))
        faults = tuple(
            Fault(Place(path, at), f"{path}: {said}") for at, said in misfits(name, value)
        )
        return Shaped(None if faults else value, faults)

    def tracked(self, path: str) -> Record | None:
        """Return what a `.dvc` file or Git records of a path; None where neither does."""
        pointer = self.files.get(f"{path}.dvc")
        if pointer is not None:
            found = self._of_dvc(f"{path}.dvc", pointer.object)
            return next((one for one in found if one.path == path), None)
        if path in self.files:
            return Record(path, "git", self.files[path].object, Place(path))
        entry = self.objects.entry(self.commit, self.git.above(path))
        return Record(path, "git", entry.object, Place(path), folder=True) if entry else None

    def _of_dvc(self, path: str, object_: str) -> list[Record]:
        key = path, object_
        if key not in self._records:
            try:
                self._records[key] = dvc.file_records(path, self.objects.blob(object_) or b"")
            except UnreadableFile:
                self._records[key] = []
        return self._records[key]

    def staged(self) -> dict[str, Record]:
        """Return what the dvc.lock files record, by path of the data."""
        return {record.path: record for path in self._pipelines() for record in self._locked(path)}

    def _pipelines(self) -> Iterator[str]:
        return (one for one in self.files if one.rpartition("/")[2] == "dvc.yaml")

    def _locked(self, path: str) -> list[Record]:
        lock = posixpath.join(posixpath.dirname(path), "dvc.lock")
        key = path, *(self.files[one].object for one in (path, lock) if one in self.files)
        if key not in self._records:
            try:
                values = [
                    parse(decode(self.read(one, MAX_LOCK_BYTES) or b"", MAX_LOCK_BYTES))
                    for one in (path, lock)
                ]
                self._records[key] = list(dvc.lock_records(path, *values))
            except UnreadableFile:
                self._records[key] = []
        return self._records[key]
