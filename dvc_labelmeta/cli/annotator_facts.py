"""What the records of layers say of each annotator, from the cache where it is there."""

from __future__ import annotations

from dvc_labelmeta.cli.record_facts import expected_of, name_of
from dvc_labelmeta.errors import Refused, UnreadableFile
from dvc_labelmeta.model.annotators import Seen
from dvc_labelmeta.model.facts import RecordFacts
from dvc_labelmeta.model.sidecar import Layer, Sidecar
from dvc_labelmeta.model.snapshot import Snapshot
from dvc_labelmeta.read.cache import Cache
from dvc_labelmeta.read.sources import shards, source_of

_NAME = "annotators"


def with_seen(snapshot: Snapshot) -> Snapshot:
    """Return the snapshot with what records say of annotators, for layers that could be judged."""
    found = {
        (one.split, layer.name): seen_of(snapshot, one, layer)
        for one in snapshot.sidecars
        for layer in one.layers
        if isinstance(snapshot.annotations.get((one.split, layer.name)), RecordFacts)
    }
    return snapshot._replace(seen=found)


def seen_of(snapshot: Snapshot, one: Sidecar, layer: Layer) -> tuple[Seen, ...]:
    """Return what the records of a layer say of annotators; nothing where they cannot be read.

    DuckDB has to be there.
    """
    from dvc_labelmeta.read.annotators import plain, seen, unplain  # noqa: PLC0415  # an extra

    try:
        source = source_of(snapshot, one, layer)
        files = shards(source.path, source.format)
        cache = Cache(snapshot.root, name_of(one.split, layer.name))
        keys = cache.keys(files, source.format, expected_of(snapshot, source))
        known = cache.other(_NAME, keys)
        if known is not None:
            return unplain(known)
        found = seen(files, source.format, layer.name)
        cache.keep_other(_NAME, keys, plain(found))
    except (Refused, UnreadableFile):  # LM300 says so
        return ()
    return found
