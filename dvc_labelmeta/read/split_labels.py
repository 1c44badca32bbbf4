"""What a sidecar says of its labels: the guideline of each layer, the versions of the records."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from dvc_labelmeta.model.lineage import Moment, Node
from dvc_labelmeta.read.lineage import Side


def labels(side: Side) -> list[dict[str, Any]]:
    """Return, of each layer, the version of its guideline, and what says so: link or records."""
    found = []
    for layer in sorted(side.one.layers):
        link = layer.guideline
        told: dict[str, Any] = {
            "layer": layer.name,
            "guideline": link.id,
            "version": link.version,
            "object": link.object,
            "commit": link.commit,
        }
        counted = record_versions(side, layer.name)
        told["told_by"] = "records" if counted else "link"
        told["records"] = {version or "": count for version, count in counted.items()}
        found.append(told)
    return found


def record_versions(side: Side, layer: str) -> dict[str | None, int]:
    """Return how many records each version has, as `annotations stats --write` counted them.

    {} where nobody counted, or the records are others since. None: those that name no version.
    """
    records: Mapping[str, Any] = side.value["layers"][layer].get("annotations", {})
    summary = records.get("summary", {})
    pinned = records.get("value") if records.get("hash") == "md5" else None
    if pinned not in {None, summary.get("value")}:
        return {}
    return {one.get("version"): one["records"] for one in summary.get("guideline_versions", ())}


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
