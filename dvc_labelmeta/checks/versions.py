"""LM3xx: guideline versions of records held against the link, and what is accepted as legacy.

Like `checks/records.py` it judges facts that an engine computed. A test runs every Bad and Good.
"""

from __future__ import annotations

from collections.abc import Iterator

from dvc_labelmeta.checks.legacy import accepted, legacy_of
from dvc_labelmeta.checks.links import name_of
from dvc_labelmeta.checks.records import many, read_layers, records_place
from dvc_labelmeta.checks.rule import Hit
from dvc_labelmeta.model.facts import RecordFacts
from dvc_labelmeta.model.guideline import precedes, semver
from dvc_labelmeta.model.shell import typed
from dvc_labelmeta.model.sidecar import TRANSITIVE, Layer, Sidecar
from dvc_labelmeta.model.snapshot import Snapshot


def incompatible_records(snapshot: Snapshot) -> Iterator[Hit]:
    """Records were made under guideline versions that do not fit the link of the split.

    The link says what the labels mean; labels of another major version, or of a newer one, mean
    something else. Frozen layers hold their own minor version only, mode `none` asks for nothing,
    and older versions in layers of a `_transitive` mode are LM105's. `legacy:` in labelmeta.yaml
    accepts old versions until a day; from the next day on their records are an error.

    Bad:
        guidelines: {g: {version: "2.0.0"}}
        links: {data/train.csv: {version: "2.0.0"}}
        annotations: {data/train.csv: {versions: {"2.0.0": 60, "1.4.0": 40}}}
    Good:
        guidelines: {g: {version: "2.0.0"}}
        links: {data/train.csv: {version: "2.0.0"}}
        annotations: {data/train.csv: {versions: {"2.0.0": 100}}}
    Fix: label them again under the linked version, or link the version they were made under
    """
    for one, layer, found in _judged(snapshot):
        link = layer.guideline
        apart = [
            (version, count, why)
            for version, count in _by_version(layer, found)
            if (why := _apart(snapshot, layer, version))
        ]
        if apart:
            count = sum(count for _, count, _ in apart)
            share = _share(count, found)
            yield Hit(
                (one.split, layer.name),
                records_place(one, layer),
                f"{many(count)} ({share}) of {name_of(one, layer)} ({layer.mode}) were made under "
                f"versions that do not fit the link to guideline {link.id} {link.version}",
                f"label them again under {link.version}, or link what they were made under: "
                f"labelmeta link {typed(one.split)} --guideline {link.id}@REV",
                details=tuple(
                    f"{version}: {many(count)} ({_share(count, found)}), {why}"
                    for version, count, why in apart
                ),
            )


def mixed_versions(snapshot: Snapshot) -> Iterator[Hit]:
    """Records of other guideline versions than the linked one are in a split.

    They are compatible, but not the same: a difference between them may be one of the wording. A
    patch changes no label, and is not told.

    Bad:
        guidelines: {g: {version: "1.1.0"}}
        links: {data/train.csv: {version: "1.1.0"}}
        annotations: {data/train.csv: {versions: {"1.1.0": 60, "1.0.0": 40}}}
    Good:
        guidelines: {g: {version: "1.1.0"}}
        links: {data/train.csv: {version: "1.1.0"}}
        annotations: {data/train.csv: {versions: {"1.1.0": 60, "": 40}}}
    Fix: nothing where the change leaves labels as they are; else label the older records again
    """
    for one, layer, found in _judged(snapshot):
        versions = _by_version(layer, found)
        link = layer.guideline
        if any(
            _meaning(version) != _meaning(link.version) and not accepted(snapshot, link.id, version)
            for version, _ in versions
        ):
            shares = ", ".join(f"{v} {_share(count, found)}" for v, count in versions)
            yield Hit(
                (one.split, layer.name),
                records_place(one, layer),
                f"{name_of(one, layer)} is linked to guideline {link.id} {link.version} and has "
                f"records of {shares}",
                f"labelmeta annotations stats {typed(one.split)} --by guideline_version",
                details=tuple(f"{version}: {many(count)}" for version, count in versions),
            )


def _judged(snapshot: Snapshot) -> Iterator[tuple[Sidecar, Layer, RecordFacts]]:
    """Yield layers whose records were read, unless their versions may differ as they like."""
    yield from (each for each in read_layers(snapshot) if each[1].mode != "none")


def _by_version(layer: Layer, found: RecordFacts) -> list[tuple[str, int]]:
    """Return how many records each version has, most first; those that name none, the link's."""
    counts: dict[str, int] = {}
    for version, count in found.versions:
        name = version or layer.guideline.version
        counts[name] = counts.get(name, 0) + count
    return sorted(counts.items(), key=lambda one: (-one[1], one[0]))


def _apart(snapshot: Snapshot, layer: Layer, version: str) -> str:
    """Return why records of a version do not fit the link, "" where they do or nobody can tell."""
    link = layer.guideline
    entry = legacy_of(snapshot, link.id, version)
    if version == link.version or accepted(snapshot, link.id, version):
        return ""
    if entry is not None:
        return f"accepted as legacy until {entry.until} and no longer ({entry.reason})"
    return _distant(layer.mode, version, link.version)


def _distant(mode: str, version: str, linked: str) -> str:
    made, number = semver(version), semver(linked)
    frozen = "another version than the frozen one" if mode == "frozen" else ""
    if made is None or number is None:
        return frozen
    if precedes(linked, version):
        return "newer than the link"
    if frozen and made[:2] != number[:2]:
        return frozen
    # those of a transitive mode are held against HEAD by LM105
    older = made[0] < number[0] and not mode.endswith(TRANSITIVE)
    return "an older major version" if older else ""


def _meaning(version: str) -> str | tuple[int, int, str]:
    """Return what of a version can change labels: all but the patch."""
    number = semver(version)
    return version if number is None else (*number[:2], number[3])


def _share(count: int, found: RecordFacts) -> str:
    """Return the share of the records that count: none that is replaced, a draft or skipped."""
    return f"{100 * count / sum(records for _, records in found.versions):.1f} %"
