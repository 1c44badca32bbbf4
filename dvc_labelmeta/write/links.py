"""Plans for `link`, `unlink` and `mv`: which files become what. Nothing is written here."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterable

from dvc_labelmeta.model.gate import GATES_FILE, gate, gate_path
from dvc_labelmeta.model.sidecar import SUFFIX, Layer, Link, Sidecar
from dvc_labelmeta.model.snapshot import Record, Snapshot
from dvc_labelmeta.write.edits import Edit, content
from dvc_labelmeta.write.sidecars import data_pin, sidecar_path
from dvc_labelmeta.write.stages import gates_text, with_attributes

_BENCHMARK = re.compile(r"(^|[-_.])(test|benchmark)([-_.]|$)", re.IGNORECASE)


def is_benchmark(split: str) -> bool:
    """Whether a split is named like a test set: a file or folder called test or benchmark."""
    return any(_BENCHMARK.search(part) for part in split.split("/"))


def relinked(
    one: Sidecar,
    record: Record,
    link: Link,
    layer: str | None,
    mode: str | None,
    default: str | None = None,
) -> Sidecar:
    """Return the sidecar of a split after linking one layer of it.

    layer: None = the layer already under this guideline, else "labels". mode: None = as it was;
    new layers of test splits are frozen, others are left to the guideline's `default`, or backward
    where it has none. Data is pinned as recorded now.
    """
    same = [known.name for known in one.layers if known.guideline.id == link.id]
    name = layer or (same[0] if same else "labels")
    old = next((known for known in one.layers if known.name == name), None)
    new = old._replace(guideline=link) if old else Layer(name, link, own=default is None)
    if mode is None and old is None and is_benchmark(one.split):
        mode = "frozen"
    if mode is not None:
        new = new._replace(mode=mode, own=True)
    elif not new.own:
        new = new._replace(mode=default or "backward")
    layers = tuple(new if known.name == name else known for known in one.layers)
    one = one._replace(layers=layers if old is not None else (*layers, new))
    return one._replace(data=data_pin(record, one.path, exact=one.frozen))


def new_sidecar(record: Record) -> Sidecar:
    """Return a sidecar without layers; data set and split take the names of folder and file."""
    path = sidecar_path(record.path)
    dataset, name = derived_names(record.path)
    return Sidecar(
        path, record.path, data_pin(record, path, exact=True), dataset=dataset, name=name
    )


def derived_names(split: str) -> tuple[str, str]:
    """Return the names of data set and split that follow from a path."""
    folder, name = posixpath.split(split)
    return posixpath.basename(folder) or "data", name.split(".")[0] or name


def moved_layers(one: Sidecar, path: str) -> tuple[Layer, ...]:
    """Return the layers of a sidecar that moves to `path`: their records stay where they are."""
    old, new = posixpath.dirname(one.path), posixpath.dirname(path)
    layers = []
    for layer in one.layers:
        records = layer.annotations
        if records is not None and old != new:
            there = posixpath.relpath(posixpath.join(old, records.path), new or ".")
            layer = layer._replace(annotations=records._replace(path=there))  # noqa: PLW2901
        layers.append(layer)
    return tuple(layers)


def repaired(one: Sidecar, commits: dict[tuple[str, str, str], str]) -> Sidecar:
    """Return a sidecar whose vanished commits are replaced; content and version stay."""
    layers = []
    for layer in one.layers:
        link = layer.guideline
        commit = commits.get((link.id, link.commit, link.object), link.commit)
        layers.append(layer._replace(guideline=link._replace(commit=commit)))
    return one._replace(layers=tuple(layers))


def project_edits(
    snapshot: Snapshot, splits: Iterable[str], gone: Iterable[str] = ()
) -> list[Edit]:
    """Return the edits that keep .gitattributes and the gate stages in step with the splits.

    A split whose sidecar cannot be read keeps its gate stage, unless it is among `gone`.
    """
    faulty = (fault.place.path for fault in snapshot.faults)
    broken = {path.removesuffix(SUFFIX) for path in faulty if path.endswith(SUFFIX)}
    splits = {*splits, *broken} - {*gone}
    before = content(snapshot.root, GATES_FILE)
    if snapshot.config.gate == "none":
        return [Edit(GATES_FILE, before, None)]
    stages = gates_text(snapshot.config, list(splits))
    if before is not None and b"\r\n" in before:  # core.autocrlf: Git made these line ends
        stages = stages.replace("\n", "\r\n")
    return [attributes_edit(snapshot.root), Edit(GATES_FILE, before, stages.encode())]


def attributes_edit(root: str) -> Edit:
    """Return the edit that makes Git keep gates byte for byte; all else in the file stays."""
    before = content(root, ".gitattributes")
    after = with_attributes((before or b"").decode("utf-8", "surrogateescape"))
    return Edit(".gitattributes", before, after.encode("utf-8", "surrogateescape"))


def covers(one: Sidecar, record: Record) -> bool:
    """Whether the link of a split covers its data as recorded now; else its gate stays shut."""
    return not one.exact or (record.hash, record.value) == (one.data.hash, one.data.value)


def gate_edits(snapshot: Snapshot, one: Sidecar, record: Record) -> list[Edit]:
    """Return the edits that write the gate of a split: it follows from sidecar and record.

    None at all where the project has no gates, or where the link does not cover the data.
    """
    if snapshot.config.gate == "none" or not covers(one, record):
        return []
    path = gate_path(one.split)
    return [Edit(path, content(snapshot.root, path), gate(one, record))]


def removal(snapshot: Snapshot, split: str) -> list[Edit]:
    """Return the edits that take sidecar and gate of a split away."""
    paths = [one.path for one in snapshot.sidecars if one.split == split] or [split + SUFFIX]
    return [
        Edit(path, before, None)
        for path in (gate_path(split), *paths)  # the sidecar last: a killed command can run again
        if (before := content(snapshot.root, path)) is not None
    ]
