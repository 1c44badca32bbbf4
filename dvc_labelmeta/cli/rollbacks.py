"""From a wish ("that split as it was then") to what it undoes and the files to bring back."""

from __future__ import annotations

import posixpath
import shlex
from collections.abc import Collection, Container, Iterator
from typing import NamedTuple

from dvc_labelmeta.cli.project import Project
from dvc_labelmeta.cli.sources import need_engine, reading
from dvc_labelmeta.diff.rollback import Newer, Rollback, Turn, Wrong, apart, newer, turns
from dvc_labelmeta.errors import LabelMetaError, Refused
from dvc_labelmeta.model.gate import gate_path
from dvc_labelmeta.model.guideline import Edition, Guideline
from dvc_labelmeta.model.sidecar import SUFFIX, Layer, Link, Sidecar
from dvc_labelmeta.model.snapshot import Snapshot
from dvc_labelmeta.read.dvc import join
from dvc_labelmeta.read.files import MAX_LOCK_BYTES, decode
from dvc_labelmeta.read.git import Commit, Entry, Objects, Repository
from dvc_labelmeta.read.snapshot import load
from dvc_labelmeta.read.source import leaves
from dvc_labelmeta.read.sources import source_of
from dvc_labelmeta.read.states import Files, files_at, guideline_state, split_state
from dvc_labelmeta.write import links
from dvc_labelmeta.write.edits import Edit, content
from dvc_labelmeta.write.restore import Wanted, restoring, with_stage_of

Side = tuple[str, str] | None


class Plan(NamedTuple):
    """What is told of a rollback, the files that it takes, and entries of a dvc.lock.

    linked: a split that is linked again, "" for none.
    """

    told: Rollback
    files: list[Wanted]
    entries: tuple[LockEntry, ...] = ()
    linked: str = ""


class LockEntry(NamedTuple):
    """The entry of a stage in the dvc.lock at `path`, as `earlier`, a whole dvc.lock, has it."""

    path: str
    stage: str
    earlier: bytes


class Planner:
    """Plans for one project; the guidelines and splits of `going` go back together."""

    def __init__(
        self, project: Project, repository: Repository, objects: Objects, going: Collection[str]
    ) -> None:
        self.project, self.repository, self.objects = project, repository, objects
        self.snapshot, self.going = project.snapshot, going
        self._histories: dict[str, list[tuple[Commit, Edition | None]]] = {}

    def guideline(self, id_: str, to: str) -> Plan:
        """Return the plan for a guideline; its splits stay linked as they are."""
        guideline = self.snapshot.guidelines[id_]
        if guideline.repo is not None:
            raise Refused(f"guideline {id_!r} is in repository {guideline.repo!r}: go back there")
        history = self._history(guideline)
        state, edition = guideline_state(self.repository, self.objects, guideline, history, to)
        made = self._made(guideline, state.commit)
        after = Link(id_, edition.version, made, edition.object)
        undone = newer(guideline, [(c.hash, e) for c, e in history], after)
        head = guideline.head
        before = Link(id_, head.version, history[0][0].hash, head.object) if head else None
        wrong = [w for one in self.snapshot.sidecars for w in self._wrong(one, undone)]
        told = Rollback(
            id_,
            "guideline",
            to,
            _told(state.commit) if state.commit else None,
            (Turn("", before, after),) if not head or head.object != after.object else (),
            (undone,),
            tuple(wrong),
            apart(self.snapshot.sidecars, undone, self.going),
        )
        return Plan(told, list(self._files(guideline.path, state.files)))

    def _made(self, guideline: Guideline, commit: Commit | None) -> str:
        """Return the newest commit up to this one that touched a guideline."""
        if commit is None:
            return ""
        path = f":(top,literal){self.repository.git.above(guideline.path)}"
        found = self.repository.git.log("-1", commit.hash, "--", path)
        return found[0].hash if found else commit.hash

    def _history(self, guideline: Guideline) -> list[tuple[Commit, Edition | None]]:
        if guideline.id not in self._histories:
            self._histories[guideline.id] = list(self.project.history(guideline))
        return self._histories[guideline.id]

    def split(self, split: str, to: str, *, with_data: bool) -> Plan:
        """Return the plan for a split: its sidecar, records and gate; its guideline stays."""
        commit, then = split_state(self.repository, self.objects, split, to)
        now = next((one for one in self.snapshot.sidecars if one.split == split), None)
        undone = [u for layer in then.layers if (u := self._undone(layer.guideline))]
        files, checkout, notes = self._records(commit, now, then)
        files += self._file(commit, split + SUFFIX)
        entries: tuple[LockEntry, ...] = ()
        if with_data:
            data, entries = self._data(commit, split)
            files, checkout = [*data, *files], [*checkout, split]
        elif (record := self.snapshot.records.get(split)) and record.value != then.data.value:
            notes.append(
                f"the data stays as it is, but its sidecar at {commit.hash[:12]} speaks of other "
                f"data; --with-data goes back to that"
            )
        notes += self._behind(then, to)
        if self.snapshot.config.gate != "none":
            files += self._file(commit, gate_path(split))
        told = Rollback(
            split,
            "split",
            to,
            _told(commit),
            turns(now, then),
            tuple(undone),
            tuple(w for u in undone if now for w in self._wrong(now, u)),
            tuple(a for u in undone for a in apart(self.snapshot.sidecars, u, self.going)),
            tuple(notes),
            tuple(checkout),
        )
        return Plan(told, files, entries, "" if now else split)

    def _behind(self, then: Sidecar, to: str) -> Iterator[str]:
        """Yield what to do where a split goes back, but not the guideline that it was under."""
        for layer in then.layers:
            link = layer.guideline
            guideline = self.snapshot.guidelines.get(link.id)
            head = guideline.head if guideline else None
            if head and head.object != link.object and link.id not in self.going:
                yield (
                    f"guideline {link.id} stays at {head.version}; to take it back as well: "
                    f"labelmeta rollback {link.id} {shlex.quote(then.split)} --to {shlex.quote(to)}"
                )

    def _undone(self, link: Link) -> Newer | None:
        """Return what a guideline became since.

        None where it goes back itself, which tells it, and where its repository is not here.
        """
        guideline = self.snapshot.guidelines.get(link.id)
        if guideline is None or not guideline.available or link.id in self.going:
            return None
        history = [(commit.hash, edition) for commit, edition in self._history(guideline)]
        return newer(guideline, history, link)

    def _wrong(self, one: Sidecar, undone: Newer) -> Iterator[Wrong]:
        for layer in one.layers:
            if layer.guideline.id != undone.id or not layer.annotations or not undone.versions:
                continue
            counted = self._counted(one, layer, undone)
            if counted.records or counted.reason:
                yield counted

    def _counted(self, one: Sidecar, layer: Layer, undone: Newer) -> Wrong:
        leaving = one.split in self.going
        try:
            need_engine()
            from dvc_labelmeta.read.newer import made_under  # noqa: PLC0415  # needs DuckDB

            source = source_of(self.snapshot, one, layer)
            with reading(source):
                counted = made_under(source, undone.id, undone.versions)
            return Wrong(one.split, layer.name, counted, leaving)
        except LabelMetaError as error:
            return Wrong(one.split, layer.name, {}, leaving, str(error))

    def _records(
        self, commit: Commit, now: Sidecar | None, then: Sidecar
    ) -> tuple[list[Wanted], list[str], list[str]]:
        """Return the files of records, those to check out with DVC, and notes."""
        files: list[Wanted] = []
        checkout, notes = [], []
        held = self._places(then)
        for path in sorted(held | self._places(now or then)):
            pointer, plain = self._file(commit, path + ".dvc"), self._file(commit, path)
            files += [*pointer, *plain]
            if any(one.target for one in pointer):
                checkout.append(path)
            elif path in held and not any(one.target for one in plain):
                notes.append(
                    f"{path} stays as it is: at {commit.hash[:12]} it is neither in Git nor in a "
                    ".dvc file of its own"
                )
        return files, checkout, notes

    def _places(self, one: Sidecar) -> set[str]:
        """Return where the records of a split are, from the root."""
        named = [layer.annotations.path for layer in one.layers if layer.annotations]
        found = {join(posixpath.dirname(one.path), path) for path in named}
        for path in found:
            if leaves(path, self.snapshot.prefix.count("/")):
                raise Refused(f"{one.path}: the records {path} are outside the repository")
        return found

    def _data(self, commit: Commit, split: str) -> tuple[list[Wanted], tuple[LockEntry, ...]]:
        """Return what brings the record of the data back: a .dvc file, or an entry of dvc.lock."""
        record = load(self.snapshot.root, rev=commit.hash, with_pipeline=False).records.get(split)
        if record is None:
            raise Refused(f"neither DVC nor Git has a record of {split} at {commit.hash[:12]}")
        path = record.place.path
        if record.stage is None:
            return self._file(commit, path), ()
        then = self._content(commit, path) or b""
        return [], (LockEntry(path, str(record.place.pointer[1]), then),)

    def _content(self, commit: Commit, path: str) -> bytes | None:
        found = self.objects.get(f"{commit.hash}:{self.repository.git.above(path)}")
        return found[2] if found else None

    def _file(self, commit: Commit, path: str) -> list[Wanted]:
        """Return a file, or those of a folder, as a commit holds them."""
        above = self.repository.git.above(path)
        return list(self._files(path, files_at(self.objects, commit.hash, above)))

    def _files(self, path: str, then: Files) -> Iterator[Wanted]:
        head = files_at(self.objects, self.repository.head, self.repository.git.above(path))
        if head and then and ("" in head) != ("" in then):
            raise Refused(f"{path} is a file on one side and a folder on the other; use Git itself")
        for name in sorted({*head, *then}):
            target = then.get(name)
            after = self.objects.blob(target.object) if target else None
            where = posixpath.join(path, name) if name else path
            if target and after is None and target.mode != "160000":
                raise Refused(f"{where} is not in this partial clone; `git fetch` it")
            yield Wanted(where, _side(head.get(name)), _side(target), after)


def _side(entry: Entry | None) -> Side:
    return (entry.mode, entry.object) if entry else None


def _told(commit: Commit) -> tuple[str, str, str]:
    return commit.hash, commit.date, commit.subject


def edits_of(snapshot: Snapshot, repository: Repository, plans: list[Plan]) -> list[Edit]:
    """Return all edits; raises Refused where something uncommitted would be lost."""
    files = [file for plan in plans for file in plan.files]
    entries = [entry for plan in plans for entry in plan.entries]
    paths = {one.path for one in files} | {one.path for one in entries}
    specs = [f":(top,literal){repository.git.above(path)}" for path in sorted(paths)]
    dirty = repository.git.status(specs) if specs else {}
    linked = {plan.linked for plan in plans} - {""}
    splits = {one.split for one in snapshot.sidecars} | linked
    return [
        *_locks(snapshot.root, entries, dirty),
        *(links.project_edits(snapshot, splits) if linked else ()),
        *restoring(snapshot.root, files, dirty),
    ]


def _locks(root: str, entries: list[LockEntry], dirty: Container[str]) -> Iterator[Edit]:
    """Yield one edit for each dvc.lock: several entries may go back in it."""
    for path in dict.fromkeys(entry.path for entry in entries):
        before = content(root, path)
        text = decode(before or b"", MAX_LOCK_BYTES)
        for entry in entries:
            if entry.path == path:
                text = with_stage_of(text, decode(entry.earlier, MAX_LOCK_BYTES), entry.stage)
        after = text.encode()
        if after != before and path in dirty:
            raise Refused(f"{path} has changes that are not committed; commit them first")
        yield Edit(path, before, after)
