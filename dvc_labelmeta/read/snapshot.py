"""Read one project at one revision into a frozen Snapshot; judge nothing."""

from __future__ import annotations

import os
import posixpath
from collections.abc import Iterable, Mapping
from contextlib import ExitStack
from functools import cached_property
from typing import Any

from dvc_labelmeta.errors import BadConfig, UnreadableFile
from dvc_labelmeta.model.annotators import REGISTRY, annotators
from dvc_labelmeta.model.config import CONFIG_FILE, Config, config, glob_matcher
from dvc_labelmeta.model.finding import Finding, Report
from dvc_labelmeta.model.gate import gate_path
from dvc_labelmeta.model.guideline import Guideline, Pin, structured_path
from dvc_labelmeta.model.sidecar import SUFFIX, Link, Sidecar, sidecar
from dvc_labelmeta.model.snapshot import Fault, Place, Record, Snapshot
from dvc_labelmeta.read import dvc, gitdata, pipeline
from dvc_labelmeta.read.files import MAX_BYTES, MAX_LOCK_BYTES, decode, misfits, parse, places
from dvc_labelmeta.read.git import Git, Objects, Repository, open_bare, open_repository
from dvc_labelmeta.read.guidelines import Parsed, PinKey, Pins, releases, releases_path
from dvc_labelmeta.read.past import made_here
from dvc_labelmeta.read.source import (
    CommitTree,
    Source,
    WorkTree,
    clone_folder,
    find_root,
    leaves,
    unreadable,
)


def load(
    start: str = ".",
    rev: str | None = None,
    *,
    with_pipeline: bool = True,
    also: Iterable[str] = (),
    profile: str = "",
) -> Snapshot:
    """Return the snapshot of the project that `start` is in: the working tree, or revision `rev`.

    Reads neither data nor the network and does not need DVC. `with_pipeline=False` leaves out
    stages, gates and runs (the gate stage asks for nothing else). `also` names paths that may
    become splits: without it, of the data that only Git tracks, only linked splits have a record.
    `profile` takes the place of the configured one.

    Raises NotARepository, NoSuchRevision, BadConfig.
    """
    root = find_root(start)
    repository = open_repository(root)
    git = repository.git
    if rev is not None:
        repository = repository._replace(head=git.commit(rev))
    with ExitStack() as stack:
        objects = stack.enter_context(git.objects())
        here = WorkTree(git) if rev is None else None
        source = here or CommitTree(git, objects, repository.head)
        reader = _Reader(root, git.prefix, source)
        settings = reader.config()
        if here is not None:
            here.expect(ref.path for ref in settings.guidelines if ref.repo is None)
        settings = settings._replace(profile=profile or settings.profile)
        reader.sidecars(settings.modes)
        pipelines = reader.data()
        reader.git_data(also)
        local = Pins(repository, objects, keep=made_here(root, source.index, rev))
        guidelines, pins = _guidelines(reader, settings, local, stack)
        snapshot = _snapshot(reader, repository, settings)._replace(
            rev=rev or "", guidelines=guidelines, pins=pins, faults=tuple(reader.faults)
        )
        if with_pipeline:
            # a gate asks for none of this, and starts without it
            from dvc_labelmeta.read.guideline_facts import Reading, with_guideline_facts  # noqa: PLC0415
            from dvc_labelmeta.read.ledger_facts import ledger_facts  # noqa: PLC0415

            registry = reader.shaped(REGISTRY, "annotators")
            snapshot = _with_pipeline(snapshot, reader, pipelines, git, objects)
            reading = Reading(snapshot, source, repository, objects, local)
            snapshot = with_guideline_facts(reading, reader.parsed)._replace(
                ledger=ledger_facts(source, snapshot.sidecars, snapshot.records),
                annotators=annotators(registry) if registry is not None else None,
            )
    return snapshot


def load_links(root: str) -> Snapshot:
    """Return what labelmeta.yaml and the sidecars of the working tree say, and nothing else.

    Neither data nor links are looked into; of guidelines only their places are known. Raises
    NotARepository, BadConfig.
    """
    git = open_repository(root).git
    reader = _Reader(root, git.prefix, WorkTree(git))
    settings = reader.config()
    reader.sidecars(settings.modes)
    return Snapshot(
        root=root,
        prefix=git.prefix,
        config=settings,
        sidecars=tuple(reader.found),
        faults=tuple(reader.faults),
        guidelines={ref.id: Guideline(ref.id, ref.path, ref.repo) for ref in settings.guidelines},
    )


def _snapshot(reader: _Reader, repository: Repository, settings: Config) -> Snapshot:
    """Return what sidecars and records say; guidelines and the pipeline are added to it."""
    return Snapshot(
        root=reader.root,
        prefix=repository.git.prefix,
        head=repository.head,
        shallow=repository.shallow,
        config=settings,
        sidecars=tuple(reader.found),
        records=gitdata.with_merges(reader.records, reader.found, reader.source, repository),
        untracked=frozenset(p for p in reader.source.extra if p.endswith(SUFFIX)),
        folders=frozenset(r.path for r in reader.records.values() if r.folder),
        matched=reader.matched(settings),
        texts=reader.texts,
    )


class _Reader:
    """Collects what the files say; each file that cannot be read becomes a fault."""

    def __init__(self, root: str, prefix: str, source: Source) -> None:
        self.root = root
        self.prefix = prefix
        self.source = source
        self.texts: dict[str, str] = {}
        self.faults: list[Fault] = []
        self.found: list[Sidecar] = []
        self.records: dict[str, Record] = {}
        self.parsed: dict[str, Parsed] = {}

    @cached_property
    def paths(self) -> list[str]:
        """What there is: of what Git does not track, files of ours and DVC's."""
        return sorted({*self.source.index, *self.source.extra})

    def value(self, path: str, limit: int = MAX_BYTES) -> Any:
        """Return the parsed content of a file; None where it is absent or a fault was noted."""
        try:
            content = self.source.read(path, limit)
            if content is None:
                return None
            text = decode(content, limit)
            if limit == MAX_BYTES:  # DVC's larger files are read again where a line is wanted
                self.texts[path] = text
            return parse(text)
        except UnreadableFile as error:
            self.faults.append(unreadable(path, error))
            return None

    def shaped(self, path: str, name: str) -> dict[str, Any] | None:
        """Return the content of one of our own files if it fits its schema, else note faults."""
        before = len(self.faults)
        value = self.value(path)
        if value is None and (len(self.faults) > before or path not in self.texts):
            return None
        problems = misfits(name, value)
        self.faults += [Fault(Place(path, at), f"{path}: {message}") for at, message in problems]
        return value if not problems else None

    def config(self) -> Config:
        """Return labelmeta.yaml; it must be right before anything can be judged."""
        value = self.shaped(CONFIG_FILE, "config")
        if value is None and not self.faults:
            raise BadConfig(f"there is no {CONFIG_FILE} at this revision; run `labelmeta init`")
        try:
            if value is not None:
                settings = config(value)
                self._inside(settings)
                return settings
        except BadConfig as error:
            self.faults.append(Fault(Place(CONFIG_FILE, error.pointer), f"{CONFIG_FILE}: {error}"))
        raise BadConfig("\n".join(self._located(fault) for fault in self.faults))

    def _located(self, fault: Fault) -> str:
        place = fault.place
        line, column = place.line, place.column
        if not line:
            ((line, column),) = places(self.texts.get(place.path, ""), [place.pointer])
        message = fault.message.removeprefix(f"{place.path}:").strip()
        return f"{place.path}:{line}:{column}: {message}"

    def _inside(self, settings: Config) -> None:
        for ref in settings.guidelines:
            if leaves(ref.path, 0 if ref.repo else self.prefix.count("/")):
                raise BadConfig(
                    f"guideline {ref.id!r}: {ref.path} leaves the repository",
                    ("guidelines", ref.id, "path"),
                )

    def sidecars(self, modes: Mapping[str, str]) -> None:
        """Read every sidecar; `modes` by guideline id."""
        for path in self.paths:
            if not path.endswith(SUFFIX):
                continue
            entry = self.source.index.get(path)
            if entry is not None and entry.mode == "120000":
                self.faults.append(Fault(Place(path), f"{path} is a symbolic link; use a file"))
                continue
            value = self.shaped(path, "sidecar")
            if value is None:
                continue
            one = sidecar(path, value, modes)
            if leaves(one.split, 0):
                at = Place(path, ("data", "path"))
                self.faults.append(
                    Fault(at, f"{path}: data.path {one.data.path!r} leaves the project")
                )
                continue
            self.found.append(one)

    def data(self) -> dict[str, tuple[Any, Any]]:
        """Read every record of DVC; return the pipelines as (dvc.yaml, dvc.lock) by path."""
        pipelines: dict[str, tuple[Any, Any]] = {}
        for path in self.paths:
            if path.endswith(".dvc") and not path.endswith("/.dvc"):
                self._dvc_file(path)
            elif path == "dvc.yaml" or path.endswith("/dvc.yaml"):
                lock_path = posixpath.join(posixpath.dirname(path), "dvc.lock")
                lock = self.value(lock_path, MAX_LOCK_BYTES)
                pipelines[path] = (self.value(path, MAX_LOCK_BYTES), lock)
                for record in dvc.lock_records(path, *pipelines[path]):
                    self.records[record.path] = record
                for key, entry in dvc.entries(lock):
                    self._unquoted(lock_path, ("stages", key), entry)
        return pipelines

    def _unquoted(self, path: str, at: tuple[str | int, ...], value: Any) -> None:
        for number, message in dvc.unquoted(value):
            place = Place(path, (*at, "outs", number, "md5"))
            self.faults.append(Fault(place, f"{path}: {message}"))

    def _dvc_file(self, path: str) -> None:
        try:
            content = self.source.read(path)
            if content is None:
                return
            text = decode(content)
            found = dvc.plain_records(path, text)
            if found is None:
                value = parse(text)
                found = dvc.records(path, value)
                self._unquoted(path, (), value)
            for record in found:
                self.records[record.path] = record
        except UnreadableFile as error:
            self.faults.append(unreadable(path, error))

    def git_data(self, also: Iterable[str]) -> None:
        """Add records for splits, and for the paths `also`, that only Git tracks."""
        wanted = sorted({one.split for one in self.found}.union(also) - self.records.keys())
        dirty = self.source.dirty(wanted, staged=False)
        for record in gitdata.records(self.source.index, wanted, dirty):
            self.records[record.path] = record

    def matched(self, settings: Config) -> tuple[str, ...]:
        """Return the data that `splits:` names: what DVC or Git tracks."""
        if not settings.splits:
            return ()
        match = glob_matcher(settings.splits).match
        ours = (SUFFIX, ".dvc")
        candidates = {p for p in self.source.index if not p.endswith(ours)} | set(self.records)
        named = (path for path in candidates if not posixpath.basename(path).startswith("."))
        return tuple(sorted(path for path in named if match(path)))


def _guidelines(
    reader: _Reader, settings: Config, local: Pins, stack: ExitStack
) -> tuple[dict[str, Guideline], dict[PinKey, Pin]]:
    """Return the guidelines by id and a pin for each link of each sidecar."""
    refs = {ref.id: ref for ref in settings.guidelines}
    dirty = reader.source.dirty(sorted({r.path for r in refs.values() if r.repo is None}))
    places_: dict[str | None, Pins] = {None: local}
    guidelines: dict[str, Guideline] = {}
    for ref in refs.values():
        if ref.repo not in places_:
            folder = clone_folder(reader.root, settings, ref.repo or "")
            if folder is not None:
                repository = open_bare(folder)
                objects = stack.enter_context(repository.git.objects())
                places_[ref.repo] = Pins(repository, objects, keep=True)
        pins = places_.get(ref.repo)
        guideline = Guideline(ref.id, ref.path, ref.repo, available=pins is not None)
        if pins is not None:
            published = reader.shaped(releases_path(ref), "releases") if not ref.repo else None
            guideline = guideline._replace(
                head=pins.head_edition(pins.git.above(ref.path)),
                dirty=ref.repo is None and ref.path in dirty,
                releases=releases(published) if published else (),
            )
        if ref.repo is None:
            _read_structure(reader, ref.id, ref.path)
        guidelines[ref.id] = guideline
    answers: dict[PinKey, Pin] = {}
    for repo, pins in places_.items():
        answers |= pins.answer(guidelines, _links(reader, guidelines, repo))
    return guidelines, answers


def _links(reader: _Reader, guidelines: dict[str, Guideline], repo: str | None) -> list[Link]:
    return [
        layer.guideline
        for one in reader.found
        for layer in one.layers
        if layer.guideline.id in guidelines and guidelines[layer.guideline.id].repo == repo
    ]


def _read_structure(reader: _Reader, id_: str, path: str) -> None:
    """Read guideline.yaml for its faults; its edition comes from the commit."""
    is_file = path in reader.source.index
    where = structured_path(path, folder=not is_file)
    if where is None or where in reader.texts:
        return
    value = reader.shaped(where, "guideline")
    if value is not None:
        reader.parsed[id_] = Parsed(where, value)
    if value is not None and value["id"] != id_:
        reader.faults.append(
            Fault(
                Place(where, ("id",)),
                f"{where}: id is {value['id']!r}, but {CONFIG_FILE} calls this guideline {id_!r}",
            )
        )


def _with_pipeline(
    snapshot: Snapshot,
    reader: _Reader,
    pipelines: dict[str, tuple[Any, Any]],
    git: Git,
    objects: Objects,
) -> Snapshot:
    users, gate_stages = pipeline.all_stages(pipelines)
    known = pipeline.gates(reader.source, [one.split for one in snapshot.sidecars], reader.faults)
    runs = pipeline.Runs(git, objects, snapshot.head, snapshot.shallow, reader.source)
    return snapshot._replace(
        buried=reader.source.buried(snapshot.folders),
        stages=users,
        gate_stages=gate_stages,
        gates=known,
        untracked_gates=frozenset(s for s in known if gate_path(s) not in reader.source.index),
        runs=tuple(runs.of(users, known)),
        faults=tuple(reader.faults),
    )


def located(snapshot: Snapshot, report: Report) -> Report:
    """Return the report with line and column of every place looked up in the files read."""
    wanted: dict[str, list[Place]] = {}
    for finding in (*report.findings, *(i.finding for i in report.ignored)):
        if not finding.place.line:
            wanted.setdefault(finding.place.path, []).append(finding.place)
    spots: dict[Place, Place] = {}
    for path, asked in wanted.items():
        text = _text(snapshot, path)
        for place, (line, column) in zip(
            asked, places(text, [p.pointer for p in asked]), strict=True
        ):
            spots[place] = place._replace(line=line, column=column)

    def placed(finding: Finding) -> Finding:
        return finding._replace(place=spots.get(finding.place, finding.place))

    return report._replace(
        findings=tuple(placed(finding) for finding in report.findings),
        ignored=tuple(i._replace(finding=placed(i.finding)) for i in report.ignored),
    )


def _text(snapshot: Snapshot, path: str) -> str:
    known = snapshot.texts.get(path)
    if known is not None:
        return known
    if not path.endswith((".yaml", ".yml", ".dvc", ".lock")) or snapshot.rev:
        return ""
    try:
        with open(os.path.join(snapshot.root, path), "rb") as file:
            return decode(file.read(MAX_LOCK_BYTES), MAX_LOCK_BYTES)
    except (OSError, UnreadableFile):
        return ""
