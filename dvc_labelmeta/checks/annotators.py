"""LM42x: annotators.yaml held against the records: who is not in it, and who should not be in them.

They say nothing where there is no registry. A test runs every Bad and Good.
"""

from __future__ import annotations

from collections.abc import Iterator

from dvc_labelmeta.checks.links import layers, name_of
from dvc_labelmeta.checks.records import many, records_place
from dvc_labelmeta.checks.rule import Hit
from dvc_labelmeta.model.annotators import (
    REGISTRY,
    SOFTWARE,
    Annotator,
    Seen,
    contradicted,
    outside,
)
from dvc_labelmeta.model.shell import typed
from dvc_labelmeta.model.sidecar import Layer, Sidecar
from dvc_labelmeta.model.snapshot import Place, Snapshot


def unregistered_annotator(snapshot: Snapshot) -> Iterator[Hit]:
    """Records name annotators that annotators.yaml does not list.

    Of them nobody can say who they are, what they know or whether they agreed to it.

    Bad:
        annotators: {ann: {role: expert}}
        links: {data/train.csv: {version: "1.0.0"}}
        seen: {data/train.csv: {ann: {records: 5}, bob: {records: 3}}}
    Good:
        annotators: {ann: {role: expert}, bob: {role: expert}}
        links: {data/train.csv: {version: "1.0.0"}}
        seen: {data/train.csv: {ann: {records: 5}, bob: {records: 3}}}
    Fix: labelmeta annotators add ID --role ROLE
    """
    for one, layer in layers(snapshot):
        unknown = [
            seen
            for seen in snapshot.seen.get((one.split, layer.name), ())
            if snapshot.annotators is not None and seen.annotator not in snapshot.annotators
        ]
        if unknown:
            count = sum(seen.records + seen.reviews for seen in unknown)
            yield Hit(
                (one.split, layer.name),
                records_place(one, layer),
                f"{many(count)} of {name_of(one, layer)} name {len(unknown)} "
                f"annotator{'s' * (len(unknown) != 1)} that {REGISTRY} does not list",
                "labelmeta annotators add ID --role ROLE",
                details=tuple(
                    f"{seen.annotator}: {many(seen.records + seen.reviews)}" for seen in unknown
                ),
            )


def inactive_annotator(snapshot: Snapshot) -> Iterator[Hit]:
    """Records were made outside the time in which their annotator was active.

    Either the time of a record is wrong, somebody else used the account, or the registry is old.

    Bad:
        annotators: {ann: {active: {from: "2026-01-01", until: "2026-02-01"}}}
        links: {data/train.csv: {version: "1.0.0"}}
        seen: {data/train.csv: {ann: {records: 5, first: "2026-01-05", last: "2026-02-02"}}}
    Good:
        annotators: {ann: {active: {from: "2026-01-01", until: "2026-02-01"}}}
        links: {data/train.csv: {version: "1.0.0"}}
        seen: {data/train.csv: {ann: {records: 5, first: "2026-01-05", last: "2026-02-01"}}}
    Fix: correct `active` in annotators.yaml, or find out who made these records
    """
    for one, layer, known, seen in _registered(snapshot):
        if why := outside(known, seen):
            yield Hit(
                (one.split, layer.name),
                _place(known, "active"),
                f"{known.id} made records of {name_of(one, layer)} outside the active period: "
                f"{why}",
                f"correct `active` in {REGISTRY}, or find out who made these records",
            )


def withdrawn_consent(snapshot: Snapshot) -> Iterator[Hit]:
    """Records are left of somebody who took back the consent to use them.

    They may not be used any more; taking the person out of them is the least.

    Bad:
        annotators: {ann: {consent: {given: "2026-01-01", withdrawn: "2026-02-01"}}}
        links: {data/train.csv: {version: "1.0.0"}}
        seen: {data/train.csv: {ann: {records: 5}}}
    Good:
        annotators: {ann: {consent: {given: "2026-01-01"}}}
        links: {data/train.csv: {version: "1.0.0"}}
        seen: {data/train.csv: {ann: {records: 5}}}
    Fix: labelmeta annotators redact ID, or take the records out
    """
    for one, layer, known, seen in _registered(snapshot):
        if known.consent.withdrawn:
            yield Hit(
                (one.split, layer.name),
                _place(known, "consent", "withdrawn"),
                f"{known.id} withdrew consent on {known.consent.withdrawn}, and "
                f"{many(seen.records + seen.reviews)} of {name_of(one, layer)} still name them",
                f"labelmeta annotators redact {typed(known.id)}, or take the records out",
            )


def unnamed_software(snapshot: Snapshot) -> Iterator[Hit]:
    """Records were made by software, and nothing says which.

    A label of a model can be judged, or made again, only where the model is known.

    Bad:
        annotators: {bot: {type: software}}
        links: {data/train.csv: {version: "1.0.0"}}
        seen: {data/train.csv: {bot: {records: 5, software: 5, nameless: 5}}}
    Good:
        annotators: {bot: {type: software, tools: [clf-2026-01]}}
        links: {data/train.csv: {version: "1.0.0"}}
        seen: {data/train.csv: {bot: {records: 5, software: 5, nameless: 5}}}
    Fix: name `model` or `tool` in the records, or `tools` in annotators.yaml
    """
    for one, layer, known, seen in _registered(snapshot):
        if known.type == SOFTWARE and seen.nameless and not known.tools:
            yield Hit(
                (one.split, layer.name),
                _place(known),
                f"{known.id} is software, and neither {REGISTRY} nor {many(seen.nameless)} of "
                f"{name_of(one, layer)} say which",
                f"name `model` or `tool` in the records, or `tools` in {REGISTRY}",
            )


def contradicted_annotator(snapshot: Snapshot) -> Iterator[Hit]:
    """Records say that an annotator is a person and annotators.yaml says software, or the reverse.

    Agreement with a program's labels taken for a person's says nothing.

    Bad:
        annotators: {ann: {type: person}}
        links: {data/train.csv: {version: "1.0.0"}}
        seen: {data/train.csv: {ann: {records: 5, software: 2}}}
    Good:
        annotators: {ann: {type: person}}
        links: {data/train.csv: {version: "1.0.0"}}
        seen: {data/train.csv: {ann: {records: 5}}}
    Fix: correct `type` in annotators.yaml, or `annotator_type` in the records
    """
    for one, layer, known, seen in _registered(snapshot):
        if why := contradicted(known, seen):
            yield Hit(
                (one.split, layer.name),
                _place(known, "type"),
                f"{known.id} {why}, in {name_of(one, layer)}",
                f"correct `type` in {REGISTRY}, or `annotator_type` in the records",
            )


def _registered(snapshot: Snapshot) -> Iterator[tuple[Sidecar, Layer, Annotator, Seen]]:
    """Yield each annotator of each layer that the registry lists."""
    known = snapshot.annotators or {}
    for one, layer in layers(snapshot):
        for seen in snapshot.seen.get((one.split, layer.name), ()):
            if seen.annotator in known:
                yield one, layer, known[seen.annotator], seen


def _place(known: Annotator, *keys: str) -> Place:
    return Place(REGISTRY, ("annotators", known.id, *keys))
