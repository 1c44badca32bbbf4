"""LM1xx, third part: guidelines at HEAD, and how far links are behind them.

Each Bad and Good is a project in short: the guideline `g` at HEAD, and links. A test runs
every one of them.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator

from dvc_labelmeta.checks.links import link_hit, name_of, pinned
from dvc_labelmeta.checks.rule import Hit, short
from dvc_labelmeta.model.config import CONFIG_FILE
from dvc_labelmeta.model.guideline import BUMPS, Pin, declared_bump
from dvc_labelmeta.model.sidecar import Layer, Sidecar
from dvc_labelmeta.model.snapshot import Place, Snapshot

# DESIGN: how much "the guideline moved on" matters, by mode and bump; absent = nothing.
OUTDATED = {
    "none": {},
    "backward": {"patch": "note", "minor": "warning", "unknown": "warning", "major": "error"},
    "forward": {"patch": "note", "minor": "warning", "unknown": "warning", "major": "error"},
    "full": {"patch": "note", "minor": "warning", "unknown": "warning", "major": "error"},
    "frozen": {"patch": "note", "minor": "error", "unknown": "error", "major": "error"},
}
_SHOWN_COMMITS = 5


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
                f"git add {guideline.path} and commit it, or correct the path",
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
                f"git commit {guideline.path}",
            )


def outdated_guideline(snapshot: Snapshot) -> Iterator[Hit]:
    """The guideline moved on since the split was linked.

    How much it matters depends on the declared bump and on the mode of the layer: a frozen split
    tolerates only a patch. The bump is the step of the version number; for prose it is the line
    `Labelmeta-Change: patch` (or minor, major) of the commit message.

    Bad:
        guidelines: {g: {version: "2.0.0"}}
        links: {data/train.csv: {version: "1.0.0", bump: major}}
    Good:
        guidelines: {g: {version: "2.0.0"}}
        links: {data/train.csv: {version: "2.0.0"}}
    Fix: check the labels against the new text, then labelmeta link SPLIT
    """
    for one, layer, guideline, pin in pinned(snapshot):
        if guideline.head is None or guideline.head.object == layer.guideline.object:
            continue
        severity = OUTDATED[layer.mode].get(pin.bump)
        link, version = layer.guideline, guideline.head.version
        if severity is None or (severity != "error" and version == link.version):
            continue  # the same version with another text is LM124's to tell
        kind = "bump not declared" if pin.bump == "unknown" else pin.bump
        yield link_hit(
            one,
            layer,
            "version",
            f"{name_of(one, layer)} ({layer.mode}) is linked to guideline {link.id} "
            f"{link.version}; HEAD has {version} ({kind}, {_distance(pin)})",
            f"check the labels against the new text, then labelmeta link {one.split}",
            severity,
            _commits(pin),
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
                _commits(pin),
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
                    f"labelmeta link {one.split} {newest[0].split}",
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
    if bump == "unknown" and newest_pin.behind == ():
        bump = pin.bump
    return {"patch": None, "minor": "warning", "unknown": "warning"}.get(bump, "error")


def _distance(pin: Pin) -> str:
    versions = len(pin.versions)
    text = f"{versions} version{'s' * (versions != 1)}"
    if pin.behind is None:
        return text + " behind"
    return f"{text}, {len(pin.behind)} commit{'s' * (len(pin.behind) != 1)} behind"


def _commits(pin: Pin) -> tuple[str, ...]:
    behind = pin.behind or ()
    lines = [f"{commit[:12]} {date} {subject}" for commit, date, subject in behind[:_SHOWN_COMMITS]]
    if len(behind) > _SHOWN_COMMITS:
        lines.append(f"… and {len(behind) - _SHOWN_COMMITS} more commits")
    return tuple(lines)
