"""What each commit changed of a split: one `git log` and one `git cat-file` for all of them."""

from __future__ import annotations

import json
import posixpath
from collections.abc import Iterable, Iterator, Mapping

from dvc_labelmeta.errors import UnreadableFile
from dvc_labelmeta.model.gate import gate_path
from dvc_labelmeta.model.life import Change, Pair
from dvc_labelmeta.model.sidecar import SUFFIX, Layer, Sidecar
from dvc_labelmeta.model.snapshot import enclosing
from dvc_labelmeta.read import dvc
from dvc_labelmeta.read.git import Commit, Objects, Repository, Touched, pairs
from dvc_labelmeta.read.guidelines import Editions
from dvc_labelmeta.read.states import sidecar_of


class Life:
    """Reads the life of one split; guidelines: their paths from the root by id."""

    def __init__(
        self, repository: Repository, objects: Objects, guidelines: Mapping[str, str]
    ) -> None:
        self.git, self.head, self.objects = repository.git, repository.head, objects
        self.guidelines = guidelines
        self.editions = Editions(objects)

    def of(self, split: str) -> list[tuple[Commit, Change]]:
        """Return what each commit changed, newest first, through all names that the split had."""
        found: list[tuple[Commit, Change]] = []
        head = self.head
        while head:
            layers = self._layers(split, head)
            records = {path for layer in layers for path in _records(split + SUFFIX, layer)}
            guides = {self.guidelines.get(layer.guideline.id, "") for layer in layers} - {""}
            own = (split + SUFFIX, f"{split}.dvc", split, gate_path(split))
            below = self._below(head, [*own, *sorted(records | guides)])
            split, head = self._read(split, below, records, found)
        links = [n for n, (_, c) in enumerate(found) if c.after and not (c.before or c.moved)]
        linked = links[-1] if links else -1
        return [
            (commit, change if n <= linked else change._replace(guidelines=()))
            for n, (commit, change) in enumerate(found)
        ]

    def _below(self, head: str, paths: Iterable[str]) -> list[Touched]:
        """Return the commits up to `head` that changed any of `paths`; all paths from the root."""
        return [
            Touched(commit, {self.git.below(path): pair for path, pair in files.items()})
            for commit, files in self.git.touching(head, map(self.git.above, paths))
        ]

    def _read(
        self,
        split: str,
        below: list[Touched],
        records: set[str],
        found: list[tuple[Commit, Change]],
    ) -> tuple[str, str]:
        """Add the changes of one name; return the name before and the commit that still had it."""
        side = split + SUFFIX
        states = [(one.commit.hash, one.files[side][1]) for one in below if side in one.files]
        own_data = any(self._data_file(split, path) for one in below for path in one.files)
        for commit, files in below:
            old, new = files.get(side, ("", ""))
            if old or new:
                states.pop(0)
            before, after = self._sidecar(side, old), self._sidecar(side, new)
            moved = self._moved(commit.hash, before, after)
            change = Change(
                before,
                after,
                moved,
                next((hash_ for hash_, blob in states if old and blob == new), "") if new else "",
                None if moved else self._data(split, commit.hash, files, own=own_data),
                any(path in records or records & {*enclosing(path)} for path in files),
                tuple(self._guidelines(commit.hash, files)),
            )
            found.append((commit, change))
            if moved and after:
                return moved, f"{commit.hash}^"
        return split, ""

    def _sidecar(self, path: str, blob: str) -> Sidecar | None:
        content = self.objects.blob(blob) if blob else None
        return sidecar_of(path, content) if content is not None else None

    def _moved(self, commit: str, before: Sidecar | None, after: Sidecar | None) -> str:
        """Return the split that a commit renamed this one from, or to; "" for none.

        It has the same links and the same data.
        """
        one = before or after
        if one is None or (before and after):
            return ""
        specs = ("--root", commit, "--", f":(top,glob)**/*{SUFFIX}")
        out = self.git.run("diff-tree", "-r", "-z", "--raw", "--no-abbrev", "--no-renames",
                           "--no-commit-id", *specs)  # fmt: skip
        for above, pair in pairs(out.split(b"\0")):
            path = self.git.below(above)
            other = self._sidecar(path, pair[0] if after else pair[1])
            if other and "" in pair and path != one.path and _core(other) == _core(one):
                return other.split
        return ""

    def _data_file(self, split: str, path: str) -> bool:
        return path in {split, f"{split}.dvc"} or path.startswith(split + "/")

    def _data(
        self, split: str, commit: str, files: Mapping[str, Pair], *, own: bool
    ) -> Pair | None:
        """Return the hashes of the data; own=False: a stage makes it, so that its gate tells."""
        if f"{split}.dvc" in files:
            old, new = (self._recorded(split, blob) for blob in files[f"{split}.dvc"])
            return (old, new) if old != new else None
        if split in files:
            return files[split]
        if own:
            inside = any(path.startswith(split + "/") for path in files)
            return (self._tree(f"{commit}^", split), self._tree(commit, split)) if inside else None
        old, new = map(self._gate, files.get(gate_path(split), ("", "")))
        return (old, new) if old and new and old != new else None

    def _recorded(self, split: str, blob: str) -> str:
        """Return the hash that a .dvc file records of the data; "" where it cannot be read."""
        try:
            content = self.objects.blob(blob) if blob else None
            records = dvc.file_records(f"{split}.dvc", content or b"")
        except UnreadableFile:
            return ""
        return next((record.value for record in records if record.path == split), "")

    def _tree(self, commit: str, path: str) -> str:
        entry = self.objects.entry(commit, self.git.above(path))
        return entry.object if entry else ""

    def _gate(self, blob: str) -> str:
        try:
            return str(json.loads(self.objects.blob(blob) or b"")["data"]["value"])
        except (ValueError, LookupError, TypeError):
            return ""

    def _guidelines(self, commit: str, files: Iterable[str]) -> Iterator[tuple[str, Pair]]:
        for id_, path in self.guidelines.items():
            if any(one == path or one.startswith(path + "/") for one in files):
                old, new = (
                    self.editions.at(rev, self.git.above(path)) for rev in (f"{commit}^", commit)
                )
                yield id_, (old.version if old else "", new.version if new else "")

    def _layers(self, split: str, head: str) -> tuple[Layer, ...]:
        """Return the layers of a split at a commit; none where it is not linked there."""
        found = self.objects.get(f"{head}:{self.git.above(split + SUFFIX)}")
        one = sidecar_of(split + SUFFIX, found[2]) if found else None
        return one.layers if one else ()


def _records(side: str, layer: Layer) -> tuple[str, ...]:
    """Return where the records of a layer may be: the files themselves, or in DVC."""
    if layer.annotations is None:
        return ()
    path = dvc.join(posixpath.dirname(side), layer.annotations.path)
    return path, f"{path}.dvc"


def _core(one: Sidecar) -> tuple[object, ...]:
    """Return what a rename leaves as it is."""
    links = [(layer.name, layer.guideline, layer.mode) for layer in one.layers]
    return links, one.data.hash, one.data.value
