"""The sidecar of a split as a frozen value: which data, under which guideline."""

from __future__ import annotations

import posixpath
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, NamedTuple

SUFFIX = ".labelmeta.yaml"
TRANSITIVE = "_transitive"
MODES = (
    "none",
    "backward",
    "backward_transitive",
    "forward",
    "forward_transitive",
    "full",
    "full_transitive",
    "frozen",
)
_NONE: Mapping[str, str] = MappingProxyType({})


class Link(NamedTuple):
    """One exact state of a guideline: `object` is its identity, `commit` says when and by whom."""

    id: str
    version: str
    commit: str
    object: str


class Records(NamedTuple):
    """Where the annotation records of a layer are: a file or folder, from the sidecar.

    format: "" where neither the sidecar nor the name says. level: what the records are held to.
    item_column: the column of the data that names its items, "" for the usual ones. declared: how
    many records there were when it was written, None where it is not said.
    """

    path: str
    format: str = ""
    level: str = "L0"
    item_column: str = ""
    declared: int | None = None


class Layer(NamedTuple):
    """One labelling of a split under one guideline; `annotations` are its records, if any.

    mode: the one that holds; own: the sidecar says it, it is not the guideline's default.
    """

    name: str
    guideline: Link
    mode: str = "backward"
    annotations: Records | None = None
    own: bool = True


class DataPin(NamedTuple):
    """The data that was linked: `value` is the hash as DVC or Git wrote it, `size` is in bytes."""

    path: str
    pin: str
    hash: str
    value: str
    size: int | None = None
    stage: str | None = None


class Sidecar(NamedTuple):
    """One sidecar; `path` is the file, `split` the data it speaks of, both from the root."""

    path: str
    split: str
    data: DataPin
    dataset: str = ""
    name: str = ""
    owners: tuple[str, ...] = ()
    layers: tuple[Layer, ...] = ()

    def records(self, layer: Layer) -> str:
        """Return where the records of a layer are, from the root; "" for none."""
        if layer.annotations is None:
            return ""
        return posixpath.normpath(
            posixpath.join(posixpath.dirname(self.path), layer.annotations.path)
        )

    @property
    def exact(self) -> bool:
        """Whether the data may not change without a new link; frozen layers always are."""
        return self.data.pin == "exact" or self.frozen

    @property
    def frozen(self) -> bool:
        """Whether any layer is frozen."""
        return any(layer.mode == "frozen" for layer in self.layers)


def sidecar(path: str, value: dict[str, Any], modes: Mapping[str, str] = _NONE) -> Sidecar:
    """Build a Sidecar from what the file at `path` (from the root) holds, fit for its schema.

    modes: by guideline id, that of layers which name none.
    """
    data = value["data"]
    split = posixpath.normpath(posixpath.join(posixpath.dirname(path), data["path"]))
    return Sidecar(
        path=path,
        split=split,
        data=DataPin(
            data["path"],
            data.get("pin", "exact"),
            data["hash"],
            data["value"],
            data.get("size"),
            data.get("stage"),
        ),
        dataset=value.get("dataset", ""),
        name=value.get("split", ""),
        owners=tuple(value.get("owners", ())),
        layers=tuple(
            Layer(
                name,
                _link(layer["guideline"]),
                layer.get("mode") or modes.get(layer["guideline"]["id"], "backward"),
                records_of(layer["annotations"]) if "annotations" in layer else None,
                "mode" in layer,
            )
            for name, layer in value["layers"].items()
        ),
    )


def _link(value: dict[str, str]) -> Link:
    return Link(value["id"], value["version"], value["commit"], value["object"])


def records_of(value: Mapping[str, Any]) -> Records:
    """Build Records from what `annotations:` of a layer holds."""
    name = value["path"].removesuffix(".gz").removesuffix(".zst")
    kind = name.rpartition(".")[2]
    known = {"csv": "csv", "tsv": "csv", "parquet": "parquet", "jsonl": "jsonl", "ndjson": "jsonl"}
    told = value.get("format", known.get(kind, ""))
    return Records(
        value["path"],
        told,
        value.get("level", "L0"),
        value.get("item_column", ""),
        value.get("count"),
    )
