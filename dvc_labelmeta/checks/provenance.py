"""LM4xx: the end of the ledger, and splits held against their last event in it.

`labelmeta ledger verify` judges the whole ledger; these rules are asked on each check.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from dvc_labelmeta.checks.rule import Hit, short
from dvc_labelmeta.model.claims import CONTENT, mapping, split_claims, split_of
from dvc_labelmeta.model.event import Event, event_path
from dvc_labelmeta.model.ledger_facts import LedgerFacts
from dvc_labelmeta.model.shell import typed
from dvc_labelmeta.model.sidecar import SUFFIX, Layer, Sidecar
from dvc_labelmeta.model.snapshot import Place, Snapshot


def broken_ledger(snapshot: Snapshot) -> Iterator[Hit]:
    """An event at the end of the ledger is missing, changed or malformed.

    Each event is named by the hash of its bytes and names those before it. One that is not there or
    not what its name says was lost or rewritten after it was written, and what it proved is open.
    Looked at are the last events; `labelmeta ledger verify` looks at all, and at Git's history.

    Bad:
        ledger: {faults: {labelmeta/ledger/events/ab/ab12.json: is not what it was}}
    Good:
        ledger: {faults: {}}
    Fix: git log -- labelmeta/ledger   # who did that; git checkout COMMIT -- labelmeta/ledger
    """
    for fault in snapshot.ledger.faults if snapshot.ledger else ():
        message = fault.message if fault.path in fault.message else f"{fault.path} {fault.message}"
        yield Hit(
            (fault.path, ""),
            Place(fault.path),
            message,
            "labelmeta ledger verify says what else; git log -- labelmeta/ledger says who did that",
        )


def unrecorded_split(snapshot: Snapshot) -> Iterator[Hit]:
    """A linked split has no event in the ledger.

    The project keeps a ledger, but nothing in it says who linked this split and when: it is older
    than the ledger, or its sidecar was written by hand.

    Bad:
        links: {data/a.csv: {version: "1.0.0"}}
        ledger: {events: {}}
    Good:
        links: {data/a.csv: {version: "1.0.0"}}
        ledger: {events: {data/a.csv: {}}}
    Fix: labelmeta ledger record data/a.csv
    """
    for one, told in _linked(snapshot):
        if not told:
            yield Hit(
                (one.split, ""),
                Place(one.path),
                f"no event of the ledger is about {one.split}",
                f"labelmeta ledger record {typed(one.split)}",
            )


def untold_link(snapshot: Snapshot) -> Iterator[Hit]:
    """A split is linked otherwise than its last event in the ledger says.

    The sidecar was changed or removed without an event: by hand, by a merge, or by taking back a
    commit; or a command was killed between event and sidecar. Who asks later who decided that
    finds nothing.

    Bad:
        links: {data/a.csv: {version: "1.1.0"}}
        guidelines: {g: {version: "1.1.0"}}
        ledger: {events: {data/a.csv: {version: "1.0.0"}}}
    Good:
        links: {data/a.csv: {version: "1.1.0"}}
        guidelines: {g: {version: "1.1.0"}}
        ledger: {events: {data/a.csv: {version: "1.1.0"}}}
    Fix: labelmeta ledger record data/a.csv, or bring the sidecar back
    """
    broken = {fault.place.path for fault in snapshot.faults}
    linked = {one.split for one in snapshot.sidecars}
    for split, last in snapshot.ledger.last.items() if snapshot.ledger else ():
        if split not in linked and split + SUFFIX not in broken:
            yield Hit(
                (split, ""),
                Place(event_path(last[0].hash)),
                f"{split} is not linked, and its last event says it is ({short(last[0].hash)}, "
                f"{last[0].type} at {last[0].at})",
                f"labelmeta ledger record {typed(split)}, or bring {typed(split + SUFFIX)} back",
            )
    for one, told in _linked(snapshot):
        apart = [_apart(one, event) for event in told]
        if apart and all(apart):
            yield Hit(
                (one.split, ""),
                Place(one.path),
                f"{one.split} is not linked as its last event says ({short(told[0].hash)}, "
                f"{told[0].type} at {told[0].at})",
                f"labelmeta ledger record {typed(one.split)}, or bring {typed(one.path)} back",
                details=tuple(apart[0]),
            )


def untold_records(snapshot: Snapshot) -> Iterator[Hit]:
    """The annotation records of a split are not those of its last event in the ledger.

    Labels were added or changed without an event, so that nobody can tell a correction from a
    manipulation.

    Bad:
        links: {data/a.csv: {version: "1.0.0"}}
        annotations: {data/a.csv: {records: 4}}
        ledger: {events: {data/a.csv: {records: {md5: aa}}}, records: {data/a.csv: {md5: bb}}}
    Good:
        links: {data/a.csv: {version: "1.0.0"}}
        annotations: {data/a.csv: {records: 4}}
        ledger: {events: {data/a.csv: {records: {md5: bb}}}, records: {data/a.csv: {md5: bb}}}
    Fix: labelmeta ledger record data/a.csv --note "who labelled what"
    """
    for one, told in _linked(snapshot):
        for layer in one.layers if told and snapshot.ledger else ():
            now = snapshot.ledger.content(one.split, layer.name) if snapshot.ledger else {}
            then = [_content(event, layer) for event in told]
            if all(_differ(now, each) for each in then):
                key = next(key for key in CONTENT if key in now and key in then[0])
                yield Hit(
                    (one.split, layer.name),
                    Place(one.path, ("layers", layer.name, "annotations")),
                    f"the records of {one.split} changed after its last event in the ledger "
                    f"({short(told[0].hash)}, {told[0].type} at {told[0].at}): {key} "
                    f"{short(then[0][key])} then, {short(now[key])} now",
                    f"labelmeta ledger record {typed(one.split)} --note WHY (after `dvc add` or "
                    "`dvc commit`, where DVC tracks them)",
                )


def parted_history(snapshot: Snapshot) -> Iterator[Hit]:
    """Two branches changed a split, and no event has joined them yet.

    Git merged both histories. Which of the two states holds is what the sidecar says now; the next
    event about the split says so in the ledger as well.

    Bad:
        links: {data/a.csv: {version: "1.0.0"}}
        ledger: {events: {data/a.csv: [{version: "1.0.0"}, {version: "0.9.0"}]}}
    Good:
        links: {data/a.csv: {version: "1.0.0"}}
        ledger: {events: {data/a.csv: {version: "1.0.0"}}}
    Fix: labelmeta ledger record data/a.csv
    """
    for one, told in _linked(snapshot):
        if len(told) > 1:
            yield Hit(
                (one.split, ""),
                Place(one.path),
                f"{one.split} has {len(told)} last events in the ledger: "
                f"{', '.join(f'{short(event.hash)} ({event.type})' for event in told)}",
                f"labelmeta ledger record {typed(one.split)}",
            )


def _linked(snapshot: Snapshot) -> Iterator[tuple[Sidecar, tuple[Event, ...]]]:
    """Yield the linked splits with their last events; none where the project has no ledger."""
    facts: LedgerFacts | None = snapshot.ledger
    for one in snapshot.sidecars if facts else ():
        yield one, facts.last.get(one.split, ()) if facts else ()


def _apart(one: Sidecar, event: Event) -> list[str]:
    """Return how a link differs from what an event claims; the content of records apart."""
    now, then = split_claims(one, {}), split_of(event.claims)
    if not then:
        return [f"the ledger says {event.type}, and the sidecar is there"]
    lines = []
    if now["data"] != then["data"]:
        lines.append(f"data: {short(then['data']['value'])} then, {short(one.data.value)} now")
    for name in sorted({*now["layers"], *then["layers"]}):
        old, new = (_plain(side["layers"].get(name)) for side in (then, now))
        lines += [
            f"{name}: {key} {old.get(key, 'not there')} then, {new.get(key, 'not there')} now"
            for key in sorted({*old, *new})
            if old.get(key) != new.get(key)
        ]
    return lines


def _plain(layer: Mapping[str, Any] | None) -> dict[str, str]:
    """Return the claims about a layer, of its records only the path."""
    found = {key: str(value) for key, value in (layer or {}).items() if key != "records"}
    return found | ({"records": layer["records"]["path"]} if layer and "records" in layer else {})


def _content(event: Event, layer: Layer) -> Mapping[str, str]:
    layers = mapping(split_of(event.claims).get("layers"))
    return mapping(mapping(layers.get(layer.name)).get("records"))


def _differ(now: Mapping[str, str], then: Mapping[str, str]) -> bool:
    """Whether two hashes of the same kind are known and differ, and none agree."""
    both = [key for key in CONTENT if key in now and key in then]
    return bool(both) and all(now[key] != then[key] for key in both)
