"""LM3xx: records held against what surrounds them: task, items, history, link, sidecar.

Like `checks/records.py` it judges facts that an engine computed. A test runs every Bad and Good.
"""

from __future__ import annotations

from collections.abc import Iterator

from dvc_labelmeta.checks.links import layers, name_of
from dvc_labelmeta.checks.records import hits, records_place
from dvc_labelmeta.checks.rule import Hit
from dvc_labelmeta.model.facts import RecordFacts
from dvc_labelmeta.model.guideline import semver
from dvc_labelmeta.model.sidecar import Layer, Sidecar
from dvc_labelmeta.model.snapshot import Snapshot


def wrong_value(snapshot: Snapshot) -> Iterator[Hit]:
    """A `value` has not the shape that the task of its guideline asks for.

    A span that ends before it begins, a box without width, a rating off the scale: readers skip
    such answers, or crash on them.

    Bad:
        links: {data/train.csv: {version: "1.0.0"}}
        annotations: {data/train.csv: {wrong_value: {value: 3}}}
    Good:
        links: {data/train.csv: {version: "1.0.0"}}
        annotations: {data/train.csv: {}}
    Fix: correct the value, or `task` and `scale` in guideline.yaml
    """
    yield from hits(
        snapshot,
        "wrong_value",
        "{count} records of {split} have a value that does not fit the task",
    )


def unknown_item(snapshot: Snapshot) -> Iterator[Hit]:
    """Records label items that the split does not have.

    Data and labels come from different exports, or the items are named otherwise: a join by item
    loses these labels unseen.

    Bad:
        links: {data/train.csv: {version: "1.0.0"}}
        annotations: {data/train.csv: {unknown_item: {item: 3}}}
    Good:
        links: {data/train.csv: {version: "1.0.0"}}
        annotations: {data/train.csv: {}}
    Fix: take them out, or name the column of the items: annotations.item_column in the sidecar
    """
    yield from hits(
        snapshot,
        "unknown_item",
        "{count} records of {split} label an item that the split does not have",
    )


def early_time(snapshot: Snapshot) -> Iterator[Hit]:
    """Records are older than the guideline version they name.

    Nobody can have read a text that was not written; the version was filled in afterwards, or the
    text was in use before it was committed.

    Bad:
        links: {data/train.csv: {version: "1.0.0"}}
        annotations: {data/train.csv: {early_time: {annotated_at: 3}}}
    Good:
        links: {data/train.csv: {version: "1.0.0"}}
        annotations: {data/train.csv: {}}
    Fix: correct the version, or say in guideline.yaml since when it was used: effective_from
    """
    yield from hits(
        snapshot,
        "early_time",
        "{count} records of {split} are older than the guideline version they name",
    )


def future_time(snapshot: Snapshot) -> Iterator[Hit]:
    """Records are newer than the commit that holds them.

    The clock of a tool is wrong, or a day was read as a month: what depends on the order of the
    records is wrong as well.

    Bad:
        links: {data/train.csv: {version: "1.0.0"}}
        annotations: {data/train.csv: {future_time: {annotated_at: 3}}}
    Good:
        links: {data/train.csv: {version: "1.0.0"}}
        annotations: {data/train.csv: {}}
    Fix: correct the time; a zone or the order of day and month may be wrong
    """
    yield from hits(
        snapshot,
        "future_time",
        "{count} records of {split} are newer than the commit that holds them",
    )


def odd_duration(snapshot: Snapshot) -> Iterator[Hit]:
    """Records took far longer, or shorter, than others do.

    A second on a page of text is no reading, a night is a break: such labels deserve a look before
    they are trained on, and no mean of the durations should hold them.

    Bad:
        links: {data/train.csv: {version: "1.0.0"}}
        annotations: {data/train.csv: {odd_duration: {duration_seconds: 3}}}
    Good:
        links: {data/train.csv: {version: "1.0.0"}}
        annotations: {data/train.csv: {}}
    Fix: look at them; leave the duration out where the clock ran on
    """
    yield from hits(
        snapshot,
        "odd_duration",
        "{count} records of {split} took far longer or shorter than others",
    )


def incompatible_records(snapshot: Snapshot) -> Iterator[Hit]:
    """Records were made under guideline versions that do not fit the link of the split.

    The link says what the labels mean; labels of another major version, or of a newer one, mean
    something else. Frozen layers hold their own minor version only, mode `none` asks for nothing.

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
            if (why := _apart(layer, version))
        ]
        if apart:
            count = sum(count for _, count, _ in apart)
            share = _share(count, found.records)
            yield Hit(
                (one.split, layer.name),
                records_place(one, layer),
                f"{_many(count)} ({share}) of {name_of(one, layer)} ({layer.mode}) were made under "
                f"versions that do not fit the link to guideline {link.id} {link.version}",
                f"label them again under {link.version}, or link what they were made under: "
                f"labelmeta link {one.split} --guideline {link.id}@REV",
                details=tuple(
                    f"{version}: {_many(count)} ({_share(count, found.records)}), {why}"
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
        if any(_meaning(version) != _meaning(link.version) for version, _ in versions):
            shares = ", ".join(f"{v} {_share(count, found.records)}" for v, count in versions)
            yield Hit(
                (one.split, layer.name),
                records_place(one, layer),
                f"{name_of(one, layer)} is linked to guideline {link.id} {link.version} and has "
                f"records of {shares}",
                f"labelmeta annotations stats {one.split} --by guideline_version",
                details=tuple(f"{version}: {_many(count)}" for version, count in versions),
            )


def miscounted_records(snapshot: Snapshot) -> Iterator[Hit]:
    """The sidecar says another number of records than there are.

    Records were added, lost or doubled by something else than what wrote the sidecar.

    Bad:
        links: {data/train.csv: {version: "1.0.0"}}
        annotations: {data/train.csv: {declared: 5, records: 4}}
    Good:
        links: {data/train.csv: {version: "1.0.0"}}
        annotations: {data/train.csv: {declared: 4, records: 4}}
    Fix: restore the file of records, or correct `count` in the sidecar
    """
    for one, layer, found in _told(snapshot):
        declared = layer.annotations.declared if layer.annotations else None
        if declared is not None and declared != found.records:
            yield Hit(
                (one.split, layer.name),
                records_place(one, layer, "count"),
                f"{name_of(one, layer)} has {_many(found.records)}; its sidecar says {declared}",
                f"restore the file of records, or correct `count` in {one.path}",
            )


def _told(snapshot: Snapshot) -> Iterator[tuple[Sidecar, Layer, RecordFacts]]:
    """Yield each layer whose records were read."""
    for one, layer in layers(snapshot):
        found = snapshot.annotations.get((one.split, layer.name))
        if found is not None and not isinstance(found, str):
            yield one, layer, found


def _judged(snapshot: Snapshot) -> Iterator[tuple[Sidecar, Layer, RecordFacts]]:
    """Yield those of them whose layer does not say that versions may differ as they like."""
    yield from (each for each in _told(snapshot) if each[1].mode != "none")


def _by_version(layer: Layer, found: RecordFacts) -> list[tuple[str, int]]:
    """Return how many records each version has, most first; those that name none, the link's."""
    counts: dict[str, int] = {}
    for version, count in found.versions:
        name = version or layer.guideline.version
        counts[name] = counts.get(name, 0) + count
    return sorted(counts.items(), key=lambda one: (-one[1], one[0]))


def _apart(layer: Layer, version: str) -> str:
    """Return why records of a version do not fit the link, "" where they do or nobody can tell."""
    if version == layer.guideline.version:
        return ""
    made, linked = semver(version), semver(layer.guideline.version)
    frozen = layer.mode == "frozen"
    if made is None or linked is None:
        return "another version than the frozen one" if frozen else ""
    if _order(made) > _order(linked):
        return "newer than the link"
    if frozen and made[:2] != linked[:2]:
        return "another version than the frozen one"
    return "an older major version" if made[0] < linked[0] else ""


def _meaning(version: str) -> str | tuple[int, int, str]:
    """Return what of a version can change labels: all but the patch."""
    number = semver(version)
    return version if number is None else (*number[:2], number[3])


def _order(version: tuple[int, int, int, str]) -> tuple[int, int, int, bool, str]:
    """Return a key by which versions follow each other: a pre-release comes before its release."""
    major, minor, patch, pre = version
    return major, minor, patch, not pre, pre


def _share(count: int, records: int) -> str:
    return f"{100 * count / records:.1f} %"


def _many(count: int) -> str:
    return f"{count} record{'s' * (count != 1)}"
