"""LM3xx: records held against what surrounds them: task, items, history, sidecar.

Like `checks/records.py` it judges facts that an engine computed. A test runs every Bad and Good.
"""

from __future__ import annotations

from collections.abc import Iterator

from dvc_labelmeta.checks.links import name_of
from dvc_labelmeta.checks.records import hits, many, read_layers, records_place
from dvc_labelmeta.checks.rule import Hit
from dvc_labelmeta.model.shell import typed
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


def miscounted_records(snapshot: Snapshot) -> Iterator[Hit]:
    """The sidecar says another number of records than there are.

    Records were added, lost or doubled by something else than what wrote the sidecar.

    Bad:
        links: {data/train.csv: {version: "1.0.0"}}
        annotations: {data/train.csv: {declared: 5, records: 4}}
    Good:
        links: {data/train.csv: {version: "1.0.0"}}
        annotations: {data/train.csv: {declared: 4, records: 4}}
    Fix: restore the file of records, or count them: labelmeta annotations stats SPLIT --write
    """
    for one, layer, found in read_layers(snapshot):
        declared = layer.annotations.declared if layer.annotations else None
        if declared is not None and declared != found.records:
            which = f" --layer {layer.name}" if len(one.layers) > 1 else ""
            yield Hit(
                (one.split, layer.name),
                records_place(one, layer, "count"),
                f"{name_of(one, layer)} has {many(found.records)}; its sidecar says {declared}",
                f"restore the file of records, or renew `count` in {one.path}: "
                f"labelmeta annotations stats {typed(one.split)}{which} --write",
            )
