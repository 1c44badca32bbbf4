"""The records of a source, opened for counting: those of one layer, and how many are unread."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from dvc_labelmeta.errors import Refused, UnreadableFile
from dvc_labelmeta.read.records import open_records
from dvc_labelmeta.read.sources import Source, shards
from dvc_labelmeta.read.tallies import Tallies, lines


class Counted(NamedTuple):
    """Records whose tallies can be asked. layer: "" for all. unread: lines that are no record."""

    tallies: Tallies
    files: list[str]
    layer: str
    unread: int


def counted(source: Source, layer: str, more: Sequence[str] = ()) -> Counted:
    """Open the records of a source; layer: "" for the only one. more: as in Tallies.

    Raises UnreadableFile where there is no record at all, Refused where layers would be mixed.
    """
    files = shards(source.path, source.format)
    wanted = source.layer_name or layer
    connection = open_records(files, source.format)
    tallies = Tallies(connection, more)
    if not tallies.read:
        raise UnreadableFile("holds no annotation record")
    unread = lines(connection, files) - tallies.read if source.format == "jsonl" else 0
    tallies.select(_chosen(tallies.layers, wanted))
    return Counted(tallies, files, wanted, unread)


def _chosen(layers: Sequence[str], layer: str) -> str | None:
    """Return the layer to count, None for all; refuses to mix layers, whose labels differ."""
    if layer and layers and layer not in layers:
        raise Refused(f"the records name no layer {layer!r}; they name {', '.join(layers)}")
    if not layer and len(layers) > 1:
        raise Refused(f"the records are of several layers; --layer {' or '.join(layers)}")
    return layer or None
