"""The job of `migrate`: which way each version takes, what each case becomes, what is written."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from dvc_labelmeta.cli.project import Project
from dvc_labelmeta.diff.comparison import compared
from dvc_labelmeta.diff.migration import (
    INVALID,
    OUTCOMES,
    RELABEL,
    carried,
    fields,
    inverse,
    needs_file,
    predecessors,
)
from dvc_labelmeta.diff.summary import summary
from dvc_labelmeta.errors import LabelMetaError, Refused
from dvc_labelmeta.model.config import GuidelineRef
from dvc_labelmeta.model.guideline import Guideline
from dvc_labelmeta.model.migration import Migration
from dvc_labelmeta.model.sidecar import Link
from dvc_labelmeta.read.carry import Carrying, Case, Decided, Target
from dvc_labelmeta.read.digest import records_hash
from dvc_labelmeta.read.files import decode, parse
from dvc_labelmeta.read.migrations import State, folder_of, lineage, migrations
from dvc_labelmeta.read.sources import Source, shards
from dvc_labelmeta.read.versions import Ends, steps
from dvc_labelmeta.write import links
from dvc_labelmeta.write.edits import Edit, content
from dvc_labelmeta.write.migrated import add_records
from dvc_labelmeta.write.splice import merged

Route = tuple[Migration, ...]
_STAY = frozenset({RELABEL, INVALID})


class Found(NamedTuple):
    """What would become of the records of a layer. link: what the layer is linked to afterwards.

    states: records by outcome. left: cases that need a person, most records first.
    """

    source: Source
    link: Link
    versions: Mapping[str, int]
    states: Mapping[str, int]
    left: tuple[Case, ...]

    @property
    def carried(self) -> int:
        """How many records are carried over."""
        return sum(self.states[state] for state in OUTCOMES if state not in _STAY)

    @property
    def stays(self) -> int:
        """How many records stay under their version, for a person to do."""
        return sum(self.states[state] for state in _STAY)

    @property
    def unsaid(self) -> int:
        """How many records stay, and name no version: they would go with the link, unseen."""
        return sum(case.unsaid for case in self.left if case.decided.state in _STAY)


class Ways:
    """How records of a guideline get from one version to another."""

    def __init__(self, project: Project, guideline: Guideline) -> None:
        self.project, self.guideline = project, guideline
        self.files = migrations(project.root, guideline)
        self.states = {one.version: one for one in lineage(project.snapshot, guideline)}

    def state(self, version: str) -> State:
        """Return a version in the history; raises Refused where it is not there."""
        if version not in self.states:
            known = ", ".join(self.states) or "none"
            raise Refused(
                f"guideline {self.guideline.id!r} has no version {version} in the history of "
                f"HEAD; it has {known}"
            )
        return self.states[version]

    def route(self, start: str, end: str) -> Route | None:
        """Return the steps from one version to another, either way; None where none leads there.

        Raises Refused where a step needs a file that is not there, or has no inverse.
        """
        forward = self._between(start, end)
        if forward is not None:
            return forward
        back = self._between(end, start)
        return None if back is None else tuple(self._inverse(step) for step in reversed(back))

    def _between(self, start: str, end: str) -> Route | None:
        if start == end:
            return ()
        found: list[Migration] = []
        for step in predecessors(end, self.files, [*self.states]):
            found.append(self._complete(step))
            if step.previous == start:
                for one in found:
                    self._refuse_without_file(one)
                return tuple(reversed(found))
        return None

    def _complete(self, step: Migration) -> Migration:
        state = self.states.get(step.current)
        return step._replace(labels_after=state.labels, task=state.task) if state else step

    def _refuse_without_file(self, step: Migration) -> None:
        """Refuse a step without a file, unless the guideline says the same about labels."""
        if step.path:
            return
        operations, declared = self._operations(step)
        wanting = needs_file(operations, declared)
        if wanting:
            path = f"{folder_of(self.guideline)}/{step.current}.yaml"
            told = "".join(f"\n  {summary(operation)}" for operation in wanting)
            raise Refused(
                f"{step.previous} -> {step.current} needs a migration: write {path}; `labelmeta "
                f"guideline migration {self.guideline.id} --from {step.previous} "
                f"--to {step.current}` begins it. It is to say what becomes of:{told}"
            )

    def _operations(self, step: Migration) -> tuple[Any, str]:
        repository = self.project.repository(self.guideline)
        one = GuidelineRef(self.guideline.id, self.guideline.path, self.guideline.repo)
        span = Ends(self.state(step.previous).commit, self.state(step.current).commit)
        with repository.git.objects() as objects:
            changed = steps(repository, objects, span, one).changed
        if not changed:
            return (), "none"
        found = compared(changed[0])
        if changed[0].fault:
            raise LabelMetaError(f"{self.guideline.id}: {changed[0].fault}")
        return found.operations, found.declared

    def _inverse(self, step: Migration) -> Migration:
        state = self.states.get(step.previous)
        back, why = inverse(step, state.labels if state else None)
        if step.items_file:
            why.append("items_file is not read backwards")
        if why:
            raise Refused(f"{step.path} has no inverse: {'; '.join(why)}")
        return back


def look(project: Project, source: Source, to: str, folder: str) -> tuple[Found, Carrying]:
    """Ask what becomes of the records of a layer; writes nothing. folder: for temporary files."""
    assert source.layer is not None  # noqa: S101  # for the type checker: of a linked split
    guideline = project.guideline(source.layer.guideline.id)
    ways = Ways(project, guideline)
    head = guideline.head
    if not to and head is None:
        raise Refused(f"guideline {guideline.id!r} is not at HEAD; give --to VERSION")
    state = ways.state(to or (head.version if head else ""))
    link = project.target(guideline.id, state.commit).link
    target = Target(guideline.id, link.version, link.commit, source.layer.guideline.version)
    files = shards(source.path, source.format)
    used = fields(
        (*ways.files.values(), Migration("", "", "", labels_after=state.labels, task=state.task))
    )
    carrying = Carrying(source, files, target, used, folder)
    versions = carrying.versions()
    routes = {version: ways.route(version, link.version) for version in versions}
    _map_items(project, carrying, routes)
    states = Counter(dict.fromkeys(OUTCOMES, 0))
    left: list[Case] = []
    for case in carried_cases(carrying, routes):
        states[case.decided.state] += case.records
        if case.decided.reasons:  # the others may be as many as the records
            left.append(case)
    carrying.refuse_taken_ids()
    left.sort(key=lambda one: (-one.records, str(one)))
    return Found(source, link, versions, dict(states), tuple(left)), carrying


def carried_cases(carrying: Carrying, routes: Mapping[str, Route | None]) -> Iterator[Case]:
    """Yield what becomes of each case. routes: by the version that records were made under."""

    def ask(record: dict[str, Any]) -> Decided:
        route = routes[record["guideline_version"]]
        if route is None:
            return Decided(INVALID, ("no migration leads there from its version",), None)
        state, after, reasons = carried(record, route)
        return Decided(state, reasons, None if state in _STAY else after)

    return carrying.decide(ask)


def _map_items(project: Project, carrying: Carrying, routes: Mapping[str, Route | None]) -> None:
    """Have items renamed; refuses two maps, since which comes first would matter."""
    maps: dict[str, Migration] = {}
    versions: dict[str, list[str]] = {}
    for version, route in routes.items():
        for step in route or ():
            if step.items or step.items_file:
                maps[step.path] = step
                versions.setdefault(step.path, []).append(version)
    if len(maps) > 1:
        raise Refused(
            f"{' and '.join(maps)} both rename items: migrate to the first of "
            "these versions before (--to)"
        )
    for path, step in maps.items():
        folder = os.path.join(project.root, os.path.dirname(path))
        file = os.path.join(folder, step.items_file) if step.items_file else ""
        if file and (os.path.islink(file) or not os.path.isfile(file)):
            raise Refused(f"{path}: items_file {step.items_file} is no file beside it")
        carrying.map_items(versions[path], step.items.items(), file)


def write(found: Found, carrying: Carrying) -> None:
    """Put the new records beside the old ones."""
    new = carrying.select()
    form = carrying.form
    add_records(carrying.db, found.source.path, found.source.format, new, form.source, form.added)


def edits(project: Project, found: Found, count: int) -> list[Edit]:
    """Return the edits of sidecar and gate. count: all records there are, new ones too."""
    source = found.source
    one, layer = source.sidecar, source.layer
    assert one is not None and layer is not None  # noqa: PT018, S101  # for the type checker
    before = content(project.root, one.path) or b""
    after = decode(before)
    if found.carried or layer.guideline != found.link:  # else a killed run got that far
        files = shards(source.path, source.format)
        told = {"hash": "md5", "value": records_hash(source.path, files), "count": count}
        layers = {layer.name: {"guideline": found.link._asdict(), "annotations": told}}
        after = merged(after, parse(after), {"layers": layers})
    linked = tuple(
        known._replace(guideline=found.link) if known.name == layer.name else known
        for known in one.layers
    )
    moved = one._replace(layers=linked)
    record = project.snapshot.records.get(one.split)
    gates = links.gate_edits(project.snapshot, moved, record) if record else []
    return [Edit(one.path, before, after.encode()), *gates]
