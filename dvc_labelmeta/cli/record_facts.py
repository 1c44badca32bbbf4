"""The facts about the annotation records of a project's layers, for `check` and `validate`."""

from __future__ import annotations

import os

from dvc_labelmeta.cli.engines import workers_of
from dvc_labelmeta.cli.progress import shown
from dvc_labelmeta.cli.sources import MISSING, is_missing
from dvc_labelmeta.errors import Refused, UnreadableFile
from dvc_labelmeta.model.annotation import LEVELS
from dvc_labelmeta.model.facts import Expected, RecordFacts, Unpulled
from dvc_labelmeta.model.sidecar import Layer, Records, Sidecar
from dvc_labelmeta.model.snapshot import Snapshot
from dvc_labelmeta.read.cache import Cache, forget_others
from dvc_labelmeta.read.earlier import with_earlier
from dvc_labelmeta.read.latest import Committed, committed, latest
from dvc_labelmeta.read.sources import Source, shards, source_of
from dvc_labelmeta.read.unpulled import unpulled
from dvc_labelmeta.read.vocabulary import Known, begins, known


def expected_of(
    snapshot: Snapshot | None,
    source: Source,
    level: str = "",
    histories: dict[str, Known] | None = None,
    state: Committed | None = None,
) -> Expected:
    """Return what records are held to: their level, their guideline, its history and the split.

    level: "" for the one that the layer declares. A bare file is judged by the format alone.
    histories: of guidelines that were asked for before, by id; it is added to. state: see `latest`.
    """
    if snapshot is None or source.sidecar is None or source.layer is None:
        return Expected(level or LEVELS[0])
    from dvc_labelmeta.read.split_items import items_of  # noqa: PLC0415  # DuckDB is an extra

    link, named = source.layer.guideline, source.layer.annotations or Records("")
    guideline = snapshot.guidelines.get(link.id)
    histories = {} if histories is None else histories
    if link.id not in histories:
        none = Known({}, {}, {})
        histories[link.id] = none if guideline is None else known(snapshot, guideline)
    told = histories[link.id]
    return Expected(
        level or named.level,
        told.vocabularies or None,
        link.version,
        link.id,
        source.layer.name,
        told.tasks,
        {version: begins(day) for version, day in told.since.items()},
        latest(snapshot, source.sidecar.records(source.layer), state),
        items_of(os.path.join(snapshot.root, source.sidecar.split), named.item_column),
        told.cut,
    )


def with_facts(snapshot: Snapshot) -> Snapshot:
    """Return the snapshot with facts about the records of every layer that has any.

    A layer whose records cannot be read, or DuckDB not being there, is told as text in their
    place. Records are read from the working tree only, and those that were not pulled not at all.
    """
    pairs = [(one, layer) for one in snapshot.sidecars for layer in one.layers if layer.annotations]
    if not pairs:
        forget_others(snapshot.root, [])
        return snapshot
    histories: dict[str, Known] = {}
    paths = (one.records(layer) for one, layer in pairs if layer.annotations)
    state = committed(snapshot, paths)
    found = {
        (one.split, layer.name): _facts(snapshot, one, layer, histories, state)
        for one, layer in pairs
    }
    forget_others(snapshot.root, [name_of(*key) for key in found])
    return with_earlier(snapshot._replace(annotations=found))


def facts_of(
    snapshot: Snapshot | None,
    source: Source,
    files: list[str],
    expected: Expected,
    *,
    engine: str = "",
    keep: bool = True,
) -> RecordFacts:
    """Return the facts about records, those of a layer from the cache where they are there.

    engine: "" for the one of labelmeta.yaml. keep: whether to use the cache at all.
    """
    cache = None
    if snapshot is not None and source.sidecar is not None and keep:
        cache = Cache(snapshot.root, name_of(source.sidecar.split, source.layer_name))
        keys = cache.keys(files, source.format, expected)
        known = cache.facts(keys, files, expected.until)
        if known is not None:
            return known
    from dvc_labelmeta.read.validate import facts  # noqa: PLC0415  # DuckDB is an extra

    with workers_of(snapshot and snapshot.config, engine) as workers:
        return facts(files, source.format, expected, cache, workers, shown)


def name_of(split: str, layer: str) -> str:
    """Return by which name the cache keeps a layer."""
    return f"{split} {layer}"


def _facts(
    snapshot: Snapshot,
    one: Sidecar,
    layer: Layer,
    histories: dict[str, Known],
    state: Committed,
) -> RecordFacts | Unpulled | str:
    if missing := unpulled(snapshot, one.records(layer)):
        return missing
    try:
        import duckdb  # noqa: F401, PLC0415  # an extra
    except ModuleNotFoundError as error:
        if not is_missing(error):
            raise
        return MISSING
    try:
        source = source_of(snapshot, one, layer)
        files = shards(source.path, source.format)
        told = facts_of(
            snapshot, source, files, expected_of(snapshot, source, histories=histories, state=state)
        )
    except (Refused, UnreadableFile) as error:
        return f"{one.records(layer)}: {error}"
    names = tuple(os.path.relpath(file, snapshot.root).replace(os.sep, "/") for file in files)
    new = dict(zip(files, names, strict=True))
    return told._replace(
        files=names,
        flaws=tuple(
            flaw._replace(places=tuple(at._replace(file=new[at.file]) for at in flaw.places))
            for flaw in told.flaws
        ),
    )
