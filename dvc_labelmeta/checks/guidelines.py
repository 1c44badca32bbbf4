"""LM1xx, third part: guidelines at HEAD, and how the links of a project stand to them.

Each Bad and Good is a project in short: the guideline `g` at HEAD, and links. A test runs
every one of them.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator

from dvc_labelmeta.checks.links import link_hit, name_of, pinned
from dvc_labelmeta.checks.modes import effect, operations
from dvc_labelmeta.checks.outdated import commits
from dvc_labelmeta.checks.rule import Hit, short
from dvc_labelmeta.model.config import CONFIG_FILE
from dvc_labelmeta.model.guideline import BUMPS, Pin, declared_bump
from dvc_labelmeta.model.shell import typed
from dvc_labelmeta.model.sidecar import Layer, Sidecar
from dvc_labelmeta.model.snapshot import Place, Snapshot

# how grave it is that splits of one data set are linked that far apart
_APART = {"none": None, "patch": None, "minor": "warning", "unknown": "warning"}


def missing_guideline(snapshot: Snapshot) -> Iterator[Hit]:
    """A guideline that labelmeta.yaml lists is not there at HEAD.

    It was deleted, renamed or never committed.

    Bad:
        guidelines: {g: {head: null}}
    Good:
        guidelines: {g: {version: "1.0.0"}}
    Fix: commit it, or correct its path in labelmeta.yaml.
    """
    for guideline in snapshot.guidelines.values():
        if guideline.head is None and guideline.available:
            where = f" of repository {guideline.repo!r}" if guideline.repo else ""
            state = "not committed yet" if guideline.dirty else "not there"
            yield Hit(
                (guideline.id, ""),
                Place(CONFIG_FILE, ("guidelines", guideline.id, "path")),
                f"guideline {guideline.id!r}: {guideline.path} is {state} at HEAD{where}",
                f"git add {typed(guideline.path)} and commit it, or correct the path",
            )


def uncommitted_guideline(snapshot: Snapshot) -> Iterator[Hit]:
    """A guideline has changes that are not committed.

    What annotators read from this working tree is no version that a link can name.

    Bad:
        guidelines: {g: {version: "1.0.0", dirty: true}}
    Good:
        guidelines: {g: {version: "1.0.0"}}
    Fix: commit the change, or take it back.
    """
    for guideline in snapshot.guidelines.values():
        if guideline.dirty and guideline.head is not None:
            yield Hit(
                (guideline.id, ""),
                Place(guideline.path),
                f"guideline {guideline.id!r} has uncommitted changes in {guideline.path}",
                f"git commit {typed(guideline.path)}",
            )


def reused_guideline_version(snapshot: Snapshot) -> Iterator[Hit]:
    """A guideline's content changed, its version number did not.

    Two texts under one number: nobody can tell which one an annotator read.

    Bad:
        guidelines: {g: {version: "1.0.0", object: bb}}
        links: {data/train.csv: {version: "1.0.0", object: aa}}
    Good:
        guidelines: {g: {version: "1.0.1", object: bb}}
        links: {data/train.csv: {version: "1.0.1", object: bb}}
    Fix: raise `version` in guideline.yaml in the commit that changes the text.
    """
    for one, layer, guideline, pin in pinned(snapshot):
        head, link = guideline.head, layer.guideline
        if head is not None and head.object != link.object and head.version == link.version:
            yield link_hit(
                one,
                layer,
                "version",
                f"guideline {link.id} {link.version} is {short(link.object)} for "
                f"{name_of(one, layer)} and {short(head.object)} at HEAD",
                f"raise `version` in {guideline.path}",
                None,
                commits(pin),
            )


def inactive_guideline(snapshot: Snapshot) -> Iterator[Hit]:
    """A split is linked to a guideline that is a draft, deprecated or retired.

    A draft may still change, a retired text should no longer be trained on (an error).

    Bad:
        guidelines: {g: {version: "1.0.0", status: retired}}
        links: {data/train.csv: {version: "1.0.0"}}
    Good:
        guidelines: {g: {version: "1.0.0", status: active}}
        links: {data/train.csv: {version: "1.0.0"}}
    Fix: make the guideline active, or link the split to one that is.
    """
    for one, layer, guideline, pin in pinned(snapshot):
        linked = pin.edition.status if pin.edition else "active"
        now = guideline.head.status if guideline.head else linked
        status = now if now in ("retired", "deprecated") else linked
        if status != "active":
            yield link_hit(
                one,
                layer,
                "id",
                f"{name_of(one, layer)} is linked to guideline {layer.guideline.id} "
                f"{layer.guideline.version}, which is {status}",
                "make the guideline active, or link the split to one that is",
                "error" if status == "retired" else None,
            )


def incompatible_splits(snapshot: Snapshot) -> Iterator[Hit]:
    """Splits of one data set are linked to incompatible versions of one guideline.

    A model trained under one meaning and tested under another is measured against the wrong
    answers. The splits that are behind the newest are named.

    Bad:
        guidelines: {g: {version: "2.0.0"}}
        links:
          data/train.csv: {version: "2.0.0", dataset: d}
          data/test.csv: {version: "1.0.0", dataset: d, mode: none, bump: major}
    Good:
        guidelines: {g: {version: "2.0.0"}}
        links:
          data/train.csv: {version: "2.0.0", dataset: d}
          data/test.csv: {version: "2.0.0", dataset: d, mode: none}
    Fix: link the splits of a data set together: labelmeta link SPLIT SPLIT ...
    """
    groups: dict[tuple[str, str], list[tuple[Sidecar, Layer, Pin]]] = defaultdict(list)
    for one, layer, _, pin in pinned(snapshot):
        if one.dataset:
            groups[one.dataset, layer.guideline.id].append((one, layer, pin))
    for (dataset, _), members in groups.items():
        newest = min(members, key=lambda member: _age(member[2]))
        for one, layer, pin in members:
            severity = _apart(layer, pin, newest[1], newest[2])
            if severity is not None:
                link, other = layer.guideline, newest[1].guideline
                yield link_hit(
                    one,
                    layer,
                    "version",
                    f"{name_of(one, layer)} is linked to guideline {link.id} {link.version}, but "
                    f"{newest[0].split} of the same data set {dataset!r} to {other.version}",
                    f"labelmeta link {typed(one.split)} {typed(newest[0].split)}",
                    severity,
                )


def _age(pin: Pin) -> tuple[int, int]:
    """Order links from newest to oldest: by commits behind, then by how far the bump is."""
    return len(pin.behind) if pin.behind is not None else 10**9, BUMPS.index(pin.bump)


def _apart(layer: Layer, pin: Pin, newest: Layer, newest_pin: Pin) -> str | None:
    """Return how grave it is that two splits of a data set are linked apart; None: not at all."""
    link, other = layer.guideline, newest.guideline
    if link.object == other.object:
        return None
    bump = declared_bump(link.version, other.version)
    if newest_pin.behind == ():  # it is at HEAD, which the other one was compared with
        declared = pin.bump if bump == "unknown" else bump
        bump = effect("backward", declared, operations(pin.both)).bump
    return _APART.get(bump, "error")
