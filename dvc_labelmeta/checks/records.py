"""LM3xx: the records of who labelled what, judged by facts that an engine computed.

Each Bad and Good is a project in short: how often each kind of fault was found in which field of
a split's records. A test runs every one of them.
"""

from __future__ import annotations

from collections.abc import Iterator

from dvc_labelmeta.checks.links import layers, name_of
from dvc_labelmeta.checks.rule import Hit
from dvc_labelmeta.model.facts import Flaw, RecordFacts, Unpulled
from dvc_labelmeta.model.shell import typed
from dvc_labelmeta.model.sidecar import Layer, Sidecar
from dvc_labelmeta.model.snapshot import Place, Snapshot

_UNREAD = (
    "bring the file back or correct the path; where the engine is missing: "
    'pip install "dvc-labelmeta[annotations]"'
)


def unread_records(snapshot: Snapshot) -> Iterator[Hit]:
    """Annotation records could not be read, so that nothing can be said about them.

    The file is not there, is damaged, or the engine is not installed; exit code 2. Records that DVC
    tracks need not be in a checkout: where they were not pulled, rules on records are skipped.

    Bad:
        links: {data/train.csv: {version: "1.0.0"}}
        annotations: {data/train.csv: {unread: "holds no jsonl file"}}
    Good:
        links: {data/train.csv: {version: "1.0.0"}}
        annotations: {data/train.csv: {}}
    Fix: bring the file back, correct `path:`, or pip install "dvc-labelmeta[annotations]"
    """
    told: set[str] = set()
    for one, layer in layers(snapshot):
        found = snapshot.annotations.get((one.split, layer.name))
        if isinstance(found, str) and found not in told:
            told.add(found)
            message = f"the annotation records were not judged: {found}"
            yield Hit((one.split, layer.name), records_place(one, layer), message, _UNREAD)
        elif isinstance(found, Unpulled):
            place = records_place(one, layer)
            yield Hit((one.split, layer.name), place, "", "", untold=f"records {found.told}")


def malformed_record(snapshot: Snapshot) -> Iterator[Hit]:
    """Lines of an annotation file hold no record.

    A crashed export or a merge conflict leaves such lines; a reader that skips them loses labels
    unseen.

    Bad:
        links: {data/train.csv: {version: "1.0.0"}}
        annotations: {data/train.csv: {malformed: {"": 3}}}
    Good:
        links: {data/train.csv: {version: "1.0.0"}}
        annotations: {data/train.csv: {}}
    Fix: take the lines out or write them again (labelmeta annotations validate --bad-rows FILE)
    """
    yield from hits(snapshot, "malformed", "{count} lines of the records of {split} hold no record")


def repeated_key(snapshot: Snapshot) -> Iterator[Hit]:
    """A record has the same key twice.

    Readers disagree on which of the two values holds, so the label depends on the library.

    Bad:
        links: {data/train.csv: {version: "1.0.0"}}
        annotations: {data/train.csv: {repeated_key: {"": 3}}}
    Good:
        links: {data/train.csv: {version: "1.0.0"}}
        annotations: {data/train.csv: {}}
    Fix: keep one of the two
    """
    yield from hits(snapshot, "repeated_key", "{count} records of {split} have a key twice")


def missing_field(snapshot: Snapshot) -> Iterator[Hit]:
    """Records lack a field that every record must have.

    A label without its item, its id or its source can be neither joined nor traced.

    Bad:
        links: {data/train.csv: {version: "1.0.0"}}
        annotations: {data/train.csv: {missing: {source: 3}}}
    Good:
        links: {data/train.csv: {version: "1.0.0"}}
        annotations: {data/train.csv: {}}
    Fix: fill it in, or import the records again with a mapping that has it
    """
    yield from hits(snapshot, "missing", "{count} records of {split} have no {field}")


def wrong_type(snapshot: Snapshot) -> Iterator[Hit]:
    """A field holds a value of another type.

    A confidence that is text is read as unknown, as zero or not at all, depending on the reader.

    Bad:
        links: {data/train.csv: {version: "1.0.0"}}
        annotations: {data/train.csv: {wrong_type: {confidence: 3}}}
    Good:
        links: {data/train.csv: {version: "1.0.0"}}
        annotations: {data/train.csv: {}}
    Fix: write numbers as numbers, lists as lists and all else as text
    """
    yield from hits(
        snapshot, "wrong_type", "{count} records of {split} have a {field} of the wrong type"
    )


def unzoned_time(snapshot: Snapshot) -> Iterator[Hit]:
    """A time has no zone.

    It cannot be told which guideline version was in force then: the hour differs by place.

    Bad:
        links: {data/train.csv: {version: "1.0.0"}}
        annotations: {data/train.csv: {unzoned_time: {annotated_at: 3}}}
    Good:
        links: {data/train.csv: {version: "1.0.0"}}
        annotations: {data/train.csv: {}}
    Fix: write RFC 3339 with a zone, such as 2026-02-01T09:30:00+01:00
    """
    yield from hits(
        snapshot, "unzoned_time", "{count} records of {split} have {field} without a zone"
    )


def impossible_time(snapshot: Snapshot) -> Iterator[Hit]:
    """A time is not RFC 3339, or names a day that does not exist.

    Something else was written where the time of the label belongs, so its order is unknown.

    Bad:
        links: {data/train.csv: {version: "1.0.0"}}
        annotations: {data/train.csv: {impossible_time: {annotated_at: 3}}}
    Good:
        links: {data/train.csv: {version: "1.0.0"}}
        annotations: {data/train.csv: {}}
    Fix: write RFC 3339 with a zone, such as 2026-02-01T09:30:00+01:00
    """
    yield from hits(
        snapshot,
        "impossible_time",
        "{count} records of {split} have {field} that is no RFC 3339 time",
    )


def out_of_range(snapshot: Snapshot) -> Iterator[Hit]:
    """A number lies outside its range.

    Confidence and scores are 0 to 1, durations not negative; another scale makes every mean
    wrong.

    Bad:
        links: {data/train.csv: {version: "1.0.0"}}
        annotations: {data/train.csv: {out_of_range: {confidence: 3}}}
    Good:
        links: {data/train.csv: {version: "1.0.0"}}
        annotations: {data/train.csv: {}}
    Fix: map the scale to 0..1 and keep the raw value in `extra`; unknown is absent, never 0
    """
    yield from hits(
        snapshot, "out_of_range", "{count} records of {split} have {field} outside its range"
    )


def unknown_choice(snapshot: Snapshot) -> Iterator[Hit]:
    """A field with fixed choices holds another value.

    Records whose status is not understood are counted as answers, or left out, by accident.

    Bad:
        links: {data/train.csv: {version: "1.0.0"}}
        annotations: {data/train.csv: {unknown_choice: {status: 3}}}
    Good:
        links: {data/train.csv: {version: "1.0.0"}}
        annotations: {data/train.csv: {}}
    Fix: map it to one of the choices (labelmeta annotations validate shows the values)
    """
    yield from hits(
        snapshot,
        "unknown_choice",
        "{count} records of {split} have a {field} that is none of the choices",
    )


def unknown_guideline_version(snapshot: Snapshot) -> Iterator[Hit]:
    """Records name a guideline version that does not exist.

    Nobody can read the text these labels were made under, nor tell what a change did to them.

    Bad:
        links: {data/train.csv: {version: "1.0.0"}}
        annotations: {data/train.csv: {unknown_version: {guideline_version: 3}}}
    Good:
        links: {data/train.csv: {version: "1.0.0"}}
        annotations: {data/train.csv: {}}
    Fix: correct the version, or commit the guideline they were made under
    """
    yield from hits(
        snapshot,
        "unknown_version",
        "{count} records of {split} name a guideline version that does not exist",
    )


def unknown_label(snapshot: Snapshot) -> Iterator[Hit]:
    """Records have a label that the guideline version they name does not list.

    Either the label is a typing error, or it was made under another version than it says.

    Bad:
        links: {data/train.csv: {version: "1.0.0"}}
        annotations: {data/train.csv: {unknown_label: {label: 3}}}
    Good:
        links: {data/train.csv: {version: "1.0.0"}}
        annotations: {data/train.csv: {}}
    Fix: correct the label, or the guideline version of the record
    """
    yield from hits(
        snapshot,
        "unknown_label",
        "{count} records of {split} have a label that their guideline version lacks",
    )


def duplicate_record_id(snapshot: Snapshot) -> Iterator[Hit]:
    """Several records have the same id.

    A record was imported twice and counts twice, or what refers to it is ambiguous.

    Bad:
        links: {data/train.csv: {version: "1.0.0"}}
        annotations: {data/train.csv: {duplicate_id: {id: 3}}}
    Good:
        links: {data/train.csv: {version: "1.0.0"}}
        annotations: {data/train.csv: {}}
    Fix: take the second copy out, or give each act of labelling its own id
    """
    yield from hits(
        snapshot, "duplicate_id", "{count} records of {split} have the id of an earlier one"
    )


def missing_superseded_record(snapshot: Snapshot) -> Iterator[Hit]:
    """A record replaces one that does not exist.

    The history of the label is cut: what was believed before cannot be looked up.

    Bad:
        links: {data/train.csv: {version: "1.0.0"}}
        annotations: {data/train.csv: {missing_superseded: {supersedes: 3}}}
    Good:
        links: {data/train.csv: {version: "1.0.0"}}
        annotations: {data/train.csv: {}}
    Fix: restore the earlier record; records are appended, never overwritten
    """
    yield from hits(
        snapshot, "missing_superseded", "{count} records of {split} replace one that does not exist"
    )


def later_superseded_record(snapshot: Snapshot) -> Iterator[Hit]:
    """A record replaces itself, a later one, or closes a circle.

    Then no record of the chain is the valid one, and the label depends on the reader.

    Bad:
        links: {data/train.csv: {version: "1.0.0"}}
        annotations: {data/train.csv: {later_superseded: {supersedes: 3}}}
    Good:
        links: {data/train.csv: {version: "1.0.0"}}
        annotations: {data/train.csv: {}}
    Fix: let each record name an earlier one
    """
    yield from hits(
        snapshot,
        "later_superseded",
        "{count} records of {split} replace themselves, a later one, or go in a circle",
    )


def repeated_label(snapshot: Snapshot) -> Iterator[Hit]:
    """An annotator labelled the same item twice and nothing says which holds.

    Counted twice, one person outvotes the others; meant as a test, it should be told apart.

    Bad:
        links: {data/train.csv: {version: "1.0.0"}}
        annotations: {data/train.csv: {relabelled: {label: 3}}}
    Good:
        links: {data/train.csv: {version: "1.0.0"}}
        annotations: {data/train.csv: {}}
    Fix: name the earlier record in `supersedes`, or leave the second out
    """
    yield from hits(
        snapshot,
        "relabelled",
        "{count} records of {split} label an item that the annotator had labelled before",
    )


def hits(snapshot: Snapshot, kind: str, message: str) -> Iterator[Hit]:
    """Yield a hit for each field of each layer's records in which this kind was found."""
    for one, layer in layers(snapshot):
        found = snapshot.annotations.get((one.split, layer.name))
        for flaw in found.flaws if isinstance(found, RecordFacts) else ():
            if flaw.kind == kind:
                name = name_of(one, layer)
                told = message.format(count=flaw.records, split=name, field=flaw.field)
                yield Hit(
                    (one.split, layer.name),
                    records_place(one, layer),
                    told.replace("1 records of", "1 record of") if flaw.records == 1 else told,
                    f"labelmeta annotations validate {typed(one.split)} --bad-rows bad.jsonl",
                    details=_details(flaw),
                )


def records_place(one: Sidecar, layer: Layer, key: str = "path") -> Place:
    """Return where a sidecar speaks of the records of a layer."""
    return Place(one.path, ("layers", layer.name, "annotations", key))


def _details(flaw: Flaw) -> tuple[str, ...]:
    """Return the first places, one a line, and how many more there are."""
    shown = [
        f"{at.file}:{at.line}:{' ' + at.record if at.record else ''} {at.value}".rstrip()
        for at in flaw.places
    ]
    more = flaw.records - len(shown)
    return tuple([*shown, f"and {more} more"] if shown and more > 0 else shown)


def read_layers(snapshot: Snapshot) -> Iterator[tuple[Sidecar, Layer, RecordFacts]]:
    """Yield each layer whose records were read."""
    for one, layer in layers(snapshot):
        found = snapshot.annotations.get((one.split, layer.name))
        if isinstance(found, RecordFacts):
            yield one, layer, found


def many(count: int) -> str:
    """Return "1 record" or "3 records"."""
    return f"{count} record{'s' * (count != 1)}"
