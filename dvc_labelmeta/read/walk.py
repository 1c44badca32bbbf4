"""A walk along a first-parent history: at each commit, what of the project it touched.

No snapshot of a whole commit is read: a part of it that holds the splits and guidelines in question
is put together from contents that were parsed before.
"""

from __future__ import annotations

import json
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple

from dvc_labelmeta.errors import BadConfig
from dvc_labelmeta.model.audit import EventFact, LayerFact, SplitFact, Waiver
from dvc_labelmeta.model.codeowners import CODEOWNERS, Ownership
from dvc_labelmeta.model.config import CONFIG_FILE, Config, GuidelineRef, config
from dvc_labelmeta.model.event import EVENTS
from dvc_labelmeta.model.guideline import Edition, Guideline, structured_path
from dvc_labelmeta.model.migration import migrations_folder
from dvc_labelmeta.model.sidecar import SUFFIX, Layer, Sidecar, sidecar
from dvc_labelmeta.model.snapshot import Fault, Place, Record, Snapshot, enclosing
from dvc_labelmeta.read.git import Commit, Objects, Repository
from dvc_labelmeta.read.guideline_facts import Reading, with_guideline_facts
from dvc_labelmeta.read.guidelines import Parsed, Pins, releases, releases_path
from dvc_labelmeta.read.owners import codeowners_at, codeowners_of
from dvc_labelmeta.read.passed import Passed
from dvc_labelmeta.read.source import leaves
from dvc_labelmeta.read.steps import Ancestry, Step
from dvc_labelmeta.read.view import View

RECORDS = re.compile(r"\.annotations\.(jsonl|csv|parquet)(\.dvc)?\Z")


class Touched(NamedTuple):
    """What a commit touched of a project: sidecars by their paths, guidelines by their ids.

    texts: paths of the guidelines from the top level, where their text may have changed.
    """

    sidecars: frozenset[str]
    guidelines: frozenset[str]
    settings: bool
    strays: bool
    texts: tuple[str, ...]


class Walk:
    """Stands at a commit ("": before the first) and moves on; profile: of the rules asked."""

    def __init__(
        self,
        repository: Repository,
        objects: Objects,
        root: str,
        profile: str,
        ancestry: Ancestry,
        at: tuple[str, int],
    ) -> None:
        self.repository, self.objects, self.root, self.profile = repository, objects, root, profile
        self.git = repository.git
        self.view = View(self.git, objects, at[0])
        self.pins = Pins(repository._replace(head=""), objects, keep=False)
        self.passed = Passed(self.git, ancestry)
        self.pins.past, self.passed.at = self.passed, at[1]
        self.settings = Config()
        self.broken = ""
        self.found: dict[str, Sidecar] = {}
        self.faults: dict[str, tuple[Fault, ...]] = {}
        self.by_path: dict[str, set[str]] = defaultdict(set)
        self.asked: set[str] = set()
        self.told: dict[str, object] = {}
        self._owners: dict[str, tuple[Ownership, ...]] = {}
        self._editions: dict[str, Edition | None] = {}
        self.names = {path for path in self.view.files if _is_stray(path)}
        if at[0]:
            self._configure()
            for path in [path for path in self.view.files if path.endswith(SUFFIX)]:
                self._sidecar(path)

    def move(self, step: Step) -> Touched:
        """Go on to a commit; return what it touched."""
        self.view.commit = step.hash
        self.pins.head = step.hash
        self.passed.at = self.passed.ancestry.number[step.hash]
        before = {one for path in step.files for one in self._met(path)}
        for path, (_, new) in step.files.items():
            if new is None:
                self.view.files.pop(path, None)
            else:
                self.view.files[path] = new
        settings = CONFIG_FILE in step.files
        if settings:
            self._configure()
        sides = {path for path in step.files if path.endswith(SUFFIX)}
        for path in {*self.view.files, *sides} if settings else sides:
            if path.endswith(SUFFIX):
                self._sidecar(path)
        strays = {path for path in step.files if _is_stray(path)}
        self.names = (self.names - strays) | {one for one in strays if one in self.view.files}
        return self._touched(step, before, sides, settings=settings, strays=bool(strays))

    def _touched(
        self, step: Step, before: set[str], sides: set[str], *, settings: bool, strays: bool
    ) -> Touched:
        met = before | sides | {one for path in step.files for one in self._met(path)}
        guidelines = {
            ref.id for ref in self.refs() if any(_of_guideline(ref, path) for path in step.files)
        }
        texts = tuple(self.git.above(ref.path) for ref in self.refs() if ref.id in guidelines)
        self.passed.add(
            texts, Commit(step.hash, step.date, step.author, step.subject, step.trailer)
        )
        if settings or any(self.git.below(path) in step.files for path in CODEOWNERS):
            guidelines, met = {ref.id for ref in self.refs()}, met | self.found.keys()
        if any(path.rpartition("/")[2] in {"dvc.yaml", "dvc.lock"} for path in step.files):
            met |= {path for path in self.found if self._by_stage(path)}
        met |= {
            path
            for path, one in self.found.items()
            if guidelines & {layer.guideline.id for layer in one.layers}
        }
        for id_ in guidelines:
            self._editions.pop(id_, None)
        seen = strays or bool(sides)
        return Touched(frozenset(met), frozenset(guidelines), settings, seen, texts)

    def refs(self) -> list[GuidelineRef]:
        """Return the guidelines of this repository."""
        return [ref for ref in self.settings.guidelines if ref.repo is None]

    def _met(self, path: str) -> set[str]:
        found = set(self.by_path.get(path, ()))
        for folder in enclosing(path):
            found |= self.by_path.get(folder, set())
        return found

    def _by_stage(self, path: str) -> bool:
        one = self.found[path]
        return one.data.pin == "stage" or self.view.tracked(one.split) is None

    def _configure(self) -> None:
        told = self.view.shaped(CONFIG_FILE, "config")
        self.broken = told.faults[0].message if told.faults else ""
        try:
            if told.value is not None:
                found = config(told.value)
                self.settings = found._replace(profile=self.profile or found.profile)
        except BadConfig as error:
            self.broken = str(error)

    def _sidecar(self, path: str) -> None:
        """Read a sidecar anew."""
        for known in self._paths(self.found.pop(path, None)):
            self.by_path[known].discard(path)
        told = self.view.shaped(path, "sidecar")
        self.faults[path] = told.faults
        if told.value is None:
            return
        one = sidecar(path, told.value, self.settings.modes)
        if leaves(one.split, 0):
            said = f"{path}: data.path {one.data.path!r} leaves the project"
            self.faults[path] = (Fault(Place(path, ("data", "path")), said),)
            return
        self.found[path] = one
        for known in self._paths(one):
            self.by_path[known].add(path)

    def _paths(self, one: Sidecar | None) -> Iterator[str]:
        if one is None:
            return
        for path in (one.split, *filter(None, map(one.records, one.layers))):
            yield from (path, f"{path}.dvc")

    def part(self, touched: Touched) -> Snapshot:
        """Return what the commit says of the splits and guidelines that it touched."""
        sidecars = [self.found[path] for path in sorted(touched.sidecars) if path in self.found]
        linked = {layer.guideline.id for one in sidecars for layer in one.layers}
        wanted = [ref for ref in self.refs() if ref.id in linked | touched.guidelines]
        own = {ref.id for ref in self.refs()}
        sidecars = [
            one._replace(layers=tuple(each for each in one.layers if each.guideline.id in own))
            for one in sidecars
        ]
        guidelines, parsed, faults = self._guidelines(wanted)
        links = [layer.guideline for one in sidecars for layer in one.layers]
        self.asked |= {link.commit for link in links}
        snapshot = Snapshot(
            root=self.root,
            rev=self.view.commit,
            prefix=self.git.prefix,
            head=self.view.commit,
            config=self.settings,
            sidecars=tuple(sidecars),
            faults=(*faults, *(f for path in sorted(touched.sidecars) for f in self.faults[path])),
            records=self._records(sidecars),
            guidelines=guidelines,
            pins=self.pins.answer(guidelines, links),
            codeowners=self.owners(),
        )
        repository = self.repository._replace(head=self.view.commit)
        asked = {id_: one for id_, one in parsed.items() if id_ in touched.guidelines}
        if not asked:
            return snapshot
        reading = Reading(snapshot, self.view, repository, self.objects, self.pins)
        return with_guideline_facts(reading, asked)._replace(codeowners=snapshot.codeowners)

    def _guidelines(
        self, wanted: list[GuidelineRef]
    ) -> tuple[dict[str, Guideline], dict[str, Parsed], list[Fault]]:
        found, parsed, faults = {}, {}, []
        for ref in wanted:
            told = self.view.shaped(releases_path(ref), "releases")
            if ref.id not in self._editions:
                self._editions[ref.id] = self.pins.head_edition(self.git.above(ref.path))
            head = self._editions[ref.id]
            published = releases(told.value) if told.value else ()
            found[ref.id] = Guideline(ref.id, ref.path, head=head, releases=published)
            where = structured_path(ref.path, folder=ref.path not in self.view.files)
            said = self.view.shaped(where, "guideline") if where else None
            faults += [*told.faults, *(said.faults if said else ())]
            if where and said and said.value is not None:
                parsed[ref.id] = Parsed(where, said.value)
        return found, parsed, faults

    def owners(self) -> tuple[Ownership, ...]:
        """Return the lines of CODEOWNERS at this commit."""
        if self.git.prefix:
            return codeowners_at(self.objects, self.view.commit)
        entry = next((self.view.files[one] for one in CODEOWNERS if one in self.view.files), None)
        name = entry.object if entry else ""
        if name and name not in self._owners:
            self._owners[name] = codeowners_of(self.objects.blob(name))
        return self._owners.get(name, ())

    def _records(self, sidecars: list[Sidecar]) -> dict[str, Record]:
        found = {one.split: self.view.tracked(one.split) for one in sidecars}
        if any(record is None for record in found.values()):
            staged = self.view.staged()
            found = {split: record or staged.get(split) for split, record in found.items()}
        return {split: record for split, record in found.items() if record is not None}

    def facts(self, snapshot: Snapshot, paths: Iterable[str]) -> dict[str, SplitFact | None]:
        """Return what is so of the splits of some sidecars; None: no longer linked."""
        layers = {one.split: one for one in snapshot.sidecars}
        found: dict[str, SplitFact | None] = {}
        for path in sorted(paths):
            one = self.found.get(path)
            if one is None:
                found.setdefault(path.removesuffix(SUFFIX), None)
                continue
            record = snapshot.records.get(one.split)
            found[one.split] = SplitFact(
                one.split,
                path,
                one.owners,
                one.dataset,
                (one.data.hash, one.data.value),
                record.value if record else "",
                (record.stage or "") if record else "",
                _origin(self.view.shaped(path, "sidecar").value),
                tuple(self._layer(snapshot, one, each) for each in layers[one.split].layers),
            )
        return found

    def _layer(self, snapshot: Snapshot, one: Sidecar, layer: Layer) -> LayerFact:
        link, pin = layer.guideline, snapshot.pin(layer)
        by = set(pin.edition.approved_by if pin and pin.edition else ())
        guideline = snapshot.guidelines.get(link.id)
        for release in guideline.releases if guideline else ():
            if release.object == link.object:
                by |= {each["name"] for each in release.approved_by}
        path, records = one.records(layer), {}
        record = self.view.tracked(path) if path else None
        if record is not None and record.value:
            records = {"git" if record.hash == "git" else "md5": record.value}
        named = layer.annotations
        return LayerFact(
            layer.name,
            link.id,
            link.version,
            link.object,
            link.commit,
            layer.mode,
            layer.own,
            tuple(sorted(by)),
            path,
            named.format if named else "",
            named.level if named else "",
            records,
        )

    def strays(self) -> tuple[tuple[str, ...], tuple[str, ...]]:
        """Return records that no sidecar names, and data in DVC without a sidecar."""
        named = self.by_path
        loose = {one for one in self.names if not named.get(one)}
        orphans = {one.removesuffix(".dvc") for one in loose if RECORDS.search(one)}
        data = {one.removesuffix(".dvc") for one in loose if not RECORDS.search(one)}
        return tuple(sorted(orphans)), tuple(sorted(data))

    def waivers(self) -> tuple[Waiver, ...]:
        """Return the entries of `ignore:`."""
        return tuple(
            Waiver(one.rule, one.path, one.reason, one.until or "", one.approved_by)
            for one in self.settings.ignore
        )

    def events(self, step: Step) -> tuple[tuple[EventFact, ...], tuple[str, ...]]:
        """Return the events that a commit added, and the names of those it took out or changed."""
        added, removed = [], []
        for path, (old, new) in sorted(step.files.items()):
            if not path.startswith(f"{EVENTS}/"):
                continue
            name = path.rpartition("/")[2].removesuffix(".json")
            if old is not None:
                removed.append(name)
            elif new is not None:
                added.append((name, new.object))
        self.objects.ask(object_ for _, object_ in added)
        found = (self._event(*one) for one in added)
        rows = sorted((one for one in found if one), key=lambda one: one[0])
        return tuple(event for _, event in rows), tuple(removed)

    def _event(self, name: str, object_: str) -> tuple[tuple[int, str], EventFact] | None:
        """Return an event behind what it is ordered by; what is broken is for `ledger verify`."""
        try:
            value = json.loads(self.objects.blob(object_) or b"")
            claims = dict(value["claims"])
            place = int(value["count"]), name
            return place, EventFact(name, str(value["type"]), str(value["subject"]), claims)
        except (ValueError, TypeError, LookupError, RecursionError):
            return None


def _origin(value: Any) -> dict[str, Any]:
    found = value.get("lineage") if isinstance(value, dict) else None
    return dict(found) if isinstance(found, dict) else {}


def _is_stray(path: str) -> bool:
    return bool(RECORDS.search(path)) or (path.endswith(".dvc") and not path.startswith(".dvc/"))


def _of_guideline(ref: GuidelineRef, path: str) -> bool:
    if path == ref.path or path == releases_path(ref):
        return True
    return path.startswith((f"{ref.path}/", f"{migrations_folder(ref.path, ref.id)}/"))
