"""LM105: how far links, and the records of transitive layers, are behind their guideline.

The Bad and Good are a project in short: the guideline `g` at HEAD, and links. A test runs them.
"""

from __future__ import annotations

from collections.abc import Iterator

from dvc_labelmeta.checks.legacy import legacy_of
from dvc_labelmeta.checks.links import link_hit, name_of, pinned
from dvc_labelmeta.checks.modes import Effect, Told, effect, operations
from dvc_labelmeta.checks.records import many, records_place
from dvc_labelmeta.checks.rule import Hit
from dvc_labelmeta.model.facts import RecordFacts
from dvc_labelmeta.model.guideline import Edition, Pin, declared_bump
from dvc_labelmeta.model.shell import typed
from dvc_labelmeta.model.sidecar import TRANSITIVE, Layer, Sidecar
from dvc_labelmeta.model.snapshot import Snapshot

_SHOWN_COMMITS = 5


def outdated_guideline(snapshot: Snapshot) -> Iterator[Hit]:
    """The guideline moved on since the split was linked.

    How much it matters depends on the mode of the layer and on the bump: what the version number
    (of prose the line `Labelmeta-Change: patch`, minor or major of the commit message) declares,
    or what the changed clauses need, whichever is more. A frozen split tolerates only a patch.

    backward: labels made under the linked version must be usable under the one at HEAD. forward:
    those made under the one at HEAD must be usable by who knows the linked one; a label that is
    added breaks that, one that is removed does not. full: both. With `_transitive` each version
    that the split's records name is held against HEAD as the linked one is.

    Bad:
        guidelines: {g: {version: "2.0.0"}}
        links: {data/train.csv: {version: "1.0.0", bump: major}}
    Good:
        guidelines: {g: {version: "2.0.0"}}
        links: {data/train.csv: {version: "2.0.0"}}
    Fix: check the labels against the new text, then labelmeta link SPLIT
    """
    known: dict[tuple[str, str], tuple[Told, ...]] = {}
    for one, layer, guideline, pin in pinned(snapshot):
        head, key = guideline.head, (layer.guideline.id, layer.guideline.object)
        if head is None:
            continue
        if key not in known:
            known[key] = operations(pin.both)
        if head.object != layer.guideline.object:
            yield from _link(one, layer, head, pin, effect(layer.mode, pin.bump, known[key]))
        if layer.mode.endswith(TRANSITIVE):
            yield from _records(snapshot, one, layer, head)


def _link(one: Sidecar, layer: Layer, head: Edition, pin: Pin, found: Effect) -> Iterator[Hit]:
    """Yield a hit where the guideline moved on since the link, and that matters."""
    link = layer.guideline
    if found.severity is None or (found.severity != "error" and head.version == link.version):
        return  # the same version with another text is LM124's to tell
    yield link_hit(
        one,
        layer,
        "version",
        f"{name_of(one, layer)} ({layer.mode}) is linked to guideline {link.id} {link.version}; "
        f"HEAD has {head.version} ({_kind(layer, found, pin.bump)}, {_distance(pin)}){found.names}",
        f"check the labels against the new text, then labelmeta link {typed(one.split)}",
        found.severity,
        commits(pin),
    )


def _records(snapshot: Snapshot, one: Sidecar, layer: Layer, head: Edition) -> Iterator[Hit]:
    """Yield a hit for each other version that records name and that HEAD does not go with."""
    link = layer.guideline
    facts = snapshot.annotations.get((one.split, layer.name))
    versions = facts.versions if isinstance(facts, RecordFacts) else ()
    for version, count in versions:
        told_elsewhere = version in {"", link.version, head.version}
        if told_elsewhere or legacy_of(snapshot, link.id, version):
            continue
        told = operations(snapshot.earlier.get((link.id, version)))
        declared = declared_bump(version, head.version)
        found = effect(layer.mode, declared, told)
        yield Hit(
            (one.split, layer.name),
            records_place(one, layer),
            f"{name_of(one, layer)} ({layer.mode}) has {many(count)} made under guideline "
            f"{link.id} {version}; HEAD has {head.version} "
            f"({_kind(layer, found, declared)}){found.names}",
            f"label them again under {head.version}, or carry them over",
            found.severity,
        )


def _kind(layer: Layer, found: Effect, declared: str) -> str:
    """Return how far a change goes, and what it is taken for where that is something else."""
    said = "bump not declared" if found.bump == "unknown" else found.bump
    if declared not in {found.bump, "unknown"}:
        said += f" though declared {declared}"
    if found.weight != found.bump:
        said += f", as {found.weight} for {layer.mode}"
    return said


def _distance(pin: Pin) -> str:
    versions = len(pin.versions)
    text = f"{versions} version{'s' * (versions != 1)}"
    if pin.behind is None:
        return text + " behind"
    return f"{text}, {len(pin.behind)} commit{'s' * (len(pin.behind) != 1)} behind"


def commits(pin: Pin) -> tuple[str, ...]:
    """Return a line about each of the first commits that a link is behind."""
    behind = pin.behind or ()
    lines = [f"{commit[:12]} {date} {subject}" for commit, date, subject in behind[:_SHOWN_COMMITS]]
    if len(behind) > _SHOWN_COMMITS:
        lines.append(f"… and {len(behind) - _SHOWN_COMMITS} more commits")
    return tuple(lines)
