"""What a sidecar says of its labels: the guideline of each layer, the versions of the records."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from typing import Any

from dvc_labelmeta.model.lineage import Moment, Node
from dvc_labelmeta.model.sidecar import Layer
from dvc_labelmeta.read import dvc
from dvc_labelmeta.read.carried_links import CarriedLinks
from dvc_labelmeta.read.digest import md5_of
from dvc_labelmeta.read.lineage import History, Side

_LFS = b"version https://git-lfs"  # Git has a pointer for such a file, not the file
_LARGEST = 50_000_000  # bytes of a file of the working tree that is hashed


class SplitLabels:
    """Answers for one history; what was hashed once is not hashed again."""

    def __init__(self, history: History) -> None:
        self.history = history
        self._carried = CarriedLinks(history, self.told)
        self._hashes: dict[str, frozenset[str]] = {}

    def of(self, side: Side, at: Moment) -> list[dict[str, Any]]:
        """Return, of each layer, the version of its guideline, and what says so: link or records.

        data_of: the versions that the data was labelled under, where a migration of the records
        made the link and left the data as it was.
        """
        found = []
        carried = self._carried.of(side.one.split, at)
        for layer in sorted(side.one.layers):
            link = layer.guideline
            told: dict[str, Any] = {
                "layer": layer.name,
                "guideline": link.id,
                "version": link.version,
                "object": link.object,
                "commit": link.commit,
            }
            counted = self.records(side, layer, at)
            told["told_by"] = "records" if counted else "link"
            told["records"] = {version or "": count for version, count in counted.items()}
            told["data_of"] = [*carried.get(layer.name, ())]
            found.append(told)
        return found

    def told(self, side: Side, layer: Layer, at: Moment) -> list[str]:
        """Return the versions that the records in force name, else that of the link."""
        counted = self.records(side, layer, at)
        return sorted({version or layer.guideline.version for version in counted or (None,)})

    def records(self, side: Side, layer: Layer, at: Moment) -> dict[str | None, int]:
        """Return how many records in force each version has, as `annotations stats` counted them.

        {} where nobody counted, or the records are others since. None: those that name no version.
        """
        records: Mapping[str, Any] = side.value["layers"][layer.name].get("annotations", {})
        summary = records.get("summary", {})
        if not summary or self._others(side.one.records(layer), records, summary["value"], at):
            return {}
        counts = {
            one.get("version"): one.get("in_force", one["records"])
            for one in summary.get("guideline_versions", ())
        }
        return {version: count for version, count in counts.items() if count}

    def _others(self, path: str, records: Mapping[str, Any], counted: str, at: Moment) -> bool:
        """Whether the records of a commit are known to be others than those that were counted."""
        held = self._held(path, at)
        if held:
            return counted not in held
        # what a command that wrote records said of them: of others, where the count is older
        pinned = records.get("value") if records.get("hash") == "md5" else None
        return pinned not in {None, counted}

    def _held(self, path: str, at: Moment) -> frozenset[str]:
        """Return what the hash of records may be, as DVC or Git has them; nothing if unknown."""
        pointer = f"{path}.dvc"
        history = self.history
        value = history.value_at(at.commit, pointer) if at.commit else history.now_value(pointer)
        found = {one.value for one in dvc.records(pointer, value) if one.path == path}
        if found and at.commit:
            return frozenset(found)
        if not at.commit:
            content = _disk(os.path.join(history.git.folder, path))
            return frozenset(found if content is None else found | {md5_of(content)})
        blob = history.object_at(path, at)
        if blob and blob not in self._hashes:
            content = history.objects.blob(blob)
            history.objects.forget([blob])
            self._hashes[blob] = _hashes(content)
        return self._hashes.get(blob, frozenset())


def _hashes(content: bytes | None) -> frozenset[str]:
    if content is None or content.startswith(_LFS):
        return frozenset()
    # a checkout may have had the other line ends
    return frozenset({md5_of(content), md5_of(content.replace(b"\n", b"\r\n"))})


def _disk(path: str) -> bytes | None:
    try:
        with open(path, "rb") as file:
            return file.read() if os.path.getsize(path) <= _LARGEST else None
    except OSError:
        return None


def origin(split: str, id_: str, side: Side, at: Moment) -> Iterator[tuple[str, str, Node]]:
    """Yield (source, target, node at the source) of what a person told about a split's past.

    split: its name. id_: of its node.
    """
    told: Mapping[str, Any] = side.value.get("lineage", {})
    steps = told.get("transformations", ())
    ids = [f"transformation:{split}:{n}:{one['name']}" for n, one in enumerate(steps)]
    when = (at.when, at.by, at.commit, at.order)
    if told:
        name = told.get("source", "a source that is not named")
        rest = {key: one for key, one in told.items() if key != "transformations"}
        source = f"origin:{split}:{name}"
        node = Node(source, "origin", name, "", *when, rest)
        yield source, [*ids, id_][0], node
    for number, (own, one) in enumerate(zip(ids, steps, strict=True)):
        node = Node(own, "transformation", one["name"], "", *when, dict(one))
        yield own, [*ids[number + 1 :], id_][0], node
