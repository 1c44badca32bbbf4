"""`trace` of an item or a record: every label that it ever had, and under which wording."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from itertools import islice
from typing import Any, NamedTuple

import typer

from dvc_labelmeta.cli.common import refuse_other, verbose
from dvc_labelmeta.cli.sources import MISSING, is_missing
from dvc_labelmeta.diff.labelling import Trace, faults, missing, ordered, standings
from dvc_labelmeta.errors import CLEAN, FINDINGS, Refused, Unknown, UnreadableFile
from dvc_labelmeta.model.annotators import REGISTRY, Annotator, annotators
from dvc_labelmeta.model.event import HEADS, Event
from dvc_labelmeta.model.labelling import Label, text
from dvc_labelmeta.model.snapshot import Snapshot
from dvc_labelmeta.read.files import decode, misfits, parse
from dvc_labelmeta.read.git import Objects, Repository, open_repository
from dvc_labelmeta.read.ledger import Disk
from dvc_labelmeta.read.ledger_walk import Persons, walk
from dvc_labelmeta.read.lookup import named
from dvc_labelmeta.read.record_history import History
from dvc_labelmeta.read.seen_labels import Wordings
from dvc_labelmeta.read.snapshot import load
from dvc_labelmeta.read.sources import Source, shards, source_of
from dvc_labelmeta.report.graph import dot, mermaid
from dvc_labelmeta.report.labelling import trace_graph, trace_json, trace_text
from dvc_labelmeta.write.edits import content

FORMATS = ("text", "json", "mermaid", "dot")
_EVENTS = 5_000  # of the ledger, newest first: those of other splits are passed over
_KINDS = {"item:": "item", "record:": "id"}


class Hit(NamedTuple):
    """A layer that knows a name: as an item, or as the record of one."""

    source: Source
    item: str
    record: str = ""


def trace_item(
    context: typer.Context, root: str, name: str, split: str, format_: str, *, full: bool = False
) -> int:
    """Tell the labels of an item, or of the item of a record; returns the exit code.

    split: where to look, "" for all. "item:NAME" and "record:NAME" say which of the two is meant.
    """
    refuse_other("--format", format_, FORMATS)
    full = full or verbose(context)
    snapshot = load(root, with_pipeline=False)
    repository = open_repository(snapshot.root)
    try:
        with ExitStack() as stack:
            objects = stack.enter_context(repository.git.objects())
            tracer = Tracer(snapshot, repository, objects, Wordings(snapshot, stack), full=full)
            found = tracer.traces(name, split)
    except ModuleNotFoundError as error:
        if is_missing(error):
            raise Unknown(MISSING) from None
        raise
    command = f"labelmeta --verbose trace {name}{f' --split {split}' if split else ''}"
    typer.echo(_shown(found, snapshot, format_, command, full=full))
    return FINDINGS if any(trace.faults for trace in found) else CLEAN


def _shown(
    found: Sequence[Trace], snapshot: Snapshot, format_: str, command: str, *, full: bool
) -> str:
    registry = _registry(snapshot.root)
    if format_ == "json":
        return json.dumps([trace_json(one, registry) for one in found], indent=2)
    if format_ == "text":
        return "\n\n".join(trace_text(one, registry, command, full=full) for one in found)
    draw = mermaid if format_ == "mermaid" else dot
    return "\n".join(draw(*trace_graph(one)) for one in found)


def _registry(root: str) -> dict[str, Annotator]:
    """Return who the annotators are; of a registry that cannot be read, `check` tells."""
    try:
        value = parse(decode(content(root, REGISTRY) or b""))
    except UnreadableFile:
        return {}
    return annotators(value) if value is not None and not misfits("annotators", value) else {}


class Tracer:
    """Looks names up in the records of a project, and tells what became of their labels."""

    def __init__(
        self,
        snapshot: Snapshot,
        repository: Repository,
        objects: Objects,
        wordings: Wordings,
        *,
        full: bool = False,
    ) -> None:
        self.snapshot, self.repository, self.objects = snapshot, repository, objects
        self.wordings, self.full = wordings, full
        self._histories: dict[str, History] = {}
        self._items: dict[tuple[str, str, str], list[Any]] = {}  # by path, layer and item
        self.unread: list[str] = []

    def traces(self, name: str, split: str) -> list[Trace]:
        """Return what is known of a name: an entry a layer; raises Refused."""
        sources = list(self._sources(split))
        if not sources:
            raise Unknown(
                f"no split is linked that has records, so nothing is known of {name!r}"
                if not split
                else f"{split} is not linked, or its sidecar names no records"
            )
        hits = self._hits(name, sources)
        self._refuse_several(name, hits)
        return [self._trace(hit) for hit in hits]

    def _sources(self, split: str) -> Iterator[Source]:
        for one in self.snapshot.sidecars:
            for layer in one.layers if split in {"", one.split} else ():
                if layer.annotations is not None:
                    yield source_of(self.snapshot, one, layer)

    def _hits(self, name: str, sources: Sequence[Source]) -> list[Hit]:
        prefix = next((one for one in _KINDS if name.startswith(one)), "")
        asked: list[tuple[str, tuple[str, ...]]] = [(name, ("item", "id"))]
        asked += [(name[len(prefix) :], (_KINDS[prefix],))] if prefix else []
        for wanted, fields in asked:
            for look in (self._in_records, self._in_past):
                hits = [hit for source in sources for hit in look(source, wanted, fields)]
                if hits:
                    return [*dict.fromkeys(hits)]
        places = ", ".join(dict.fromkeys(_split(source) for source in sources))
        raise Unknown(
            f"no item or record {name} in the records of {places}, nor in their history"
            f"{''.join(dict.fromkeys(self.unread))}"
        )

    def _in_records(self, source: Source, name: str, fields: tuple[str, ...]) -> Iterator[Hit]:
        found = self._named(source, [name], fields)
        if "item" in fields:  # no need to look for them a second time
            self._items[self._path(source), source.layer_name, name] = [
                record for record in found if text(record, "item") == name
            ]
        for record in found:
            item = text(record, "item")
            if name == item and "item" in fields:
                yield Hit(source, item)
            elif item:
                yield Hit(source, item, name)

    def _in_past(self, source: Source, name: str, fields: tuple[str, ...]) -> Iterator[Hit]:
        history = self._history(source)
        if "item" in fields and history.of(name, ())[0]:
            yield Hit(source, name)
        elif "id" in fields and (item := history.item_of(name)):
            yield Hit(source, item, name)

    def _refuse_several(self, name: str, hits: Sequence[Hit]) -> None:
        """Refuse what stands for several items, or an item in several splits, with what to ask."""
        kinds: dict[tuple[str, str], Hit] = {}
        for hit in hits:
            kinds.setdefault((_split(hit.source), hit.item), hit)
        if len(kinds) < 2:
            return
        splits = {split for split, _ in kinds}
        told = [
            f"{f'record of item {hit.item}' if hit.record else 'item'} in {split}: labelmeta trace "
            f"{_kind(hit, hits)}{name}{f' --split {split}' if len(splits) > 1 else ''}"
            for (split, _), hit in kinds.items()
        ]
        raise Refused(f"{name} stands for several: " + "; ".join(told))

    def _trace(self, hit: Hit) -> Trace:
        source = hit.source
        one, layer = source.sidecar, source.layer
        assert one is not None and layer is not None  # noqa: PT018, S101  # of a linked split
        now = self._items.get((self._path(source), layer.name, hit.item))
        if now is None:
            now = self._named(source, [hit.item], ("item",))
        labels, past = self._history(source).of(hit.item, now)
        labels = [label for label in labels if text(label.record, "layer") in {"", layer.name}]
        told = [self.wordings.seen(label, layer, one.split) for label in ordered(labels)]
        events, note = self._events(one.split)
        return Trace(
            one.split,
            layer.name,
            layer.guideline.id,
            self._path(source),
            hit.item,
            hit.record,
            tuple(told),
            tuple(standings(told)),
            tuple(faults(told, self._elsewhere(source, told))),
            tuple(self.wordings.turns(told)),
            past,
            events,
            note,
        )

    def _named(self, source: Source, names: Sequence[str], fields: Sequence[str]) -> list[Any]:
        layer = source.layer_name
        try:
            found = named(shards(source.path, source.format), source.format, names, fields)
        except UnreadableFile as error:
            self.unread.append(f"; not read: {_split(source)} ({str(error).split(';')[0]})")
            return []
        return [one for one in found if text(one, "layer") in {"", layer}]

    def _elsewhere(self, source: Source, labels: Sequence[Label]) -> dict[str, str]:
        ids = missing(labels)
        found = self._named(source, ids, ("id",)) if ids else []
        return {text(one, "id"): text(one, "item") for one in found}

    def _history(self, source: Source) -> History:
        path = self._path(source)
        if path not in self._histories:
            given = (self.repository, self.objects, self.snapshot.root, path, source.format)
            self._histories[path] = History(*given, full=self.full)
        return self._histories[path]

    def _path(self, source: Source) -> str:
        return os.path.relpath(source.path, self.snapshot.root).replace(os.sep, "/")

    def _events(self, split: str) -> tuple[tuple[tuple[Event, str], ...], str]:
        """Return the events of a split, oldest first, and what was not looked through."""
        files = Disk(self.snapshot.root)
        persons = Persons(files)
        seen = [*islice(walk(files, files.names(HEADS)), _EVENTS + 1)]
        own = [one for one in seen[:_EVENTS] if one.subject == f"split:{split}"]
        note = f"events of the ledger before the last {_EVENTS}" if len(seen) > _EVENTS else ""
        return tuple((one, persons.name(one.actor) or "somebody erased") for one in own[::-1]), note


def _split(source: Source) -> str:
    return source.sidecar.split if source.sidecar is not None else source.path


def _kind(hit: Hit, hits: Sequence[Hit]) -> str:
    """Return what has to stand before a name that is an item and a record."""
    both = {bool(one.record) for one in hits if _split(one.source) == _split(hit.source)}
    return "" if len(both) < 2 else "record:" if hit.record else "item:"
