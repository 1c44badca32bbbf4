"""The life of a split, commit by commit: from what stood before and after to what happened."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from dvc_labelmeta.model.life import Change, Pair
from dvc_labelmeta.model.sidecar import Layer, Sidecar


class Event(NamedTuple):
    """One thing that happened: a word for it, and what exactly."""

    kind: str
    what: str


def events(change: Change) -> Iterator[Event]:
    """Yield what happened in one commit, the links first."""
    before, after = change.before, change.after
    if before and after and change.earlier:
        yield Event("rolled back", f"as at {change.earlier[:12]}")
    if before is None and after is not None:
        yield from _began(after, change.moved)
    elif before is not None and after is None:
        gone = Event("moved", f"to {change.moved}") if change.moved else None
        yield gone or Event("unlinked", _links(before))
    elif before is not None and after is not None:
        yield from _turned(before, after, records=change.records, back=bool(change.earlier))
    if change.records and (before is None or after is None):
        yield Event("records", "changed")
    if change.data is not None:
        yield Event("data", _pair(change.data))
    for id_, versions in change.guidelines:
        yield Event("guideline", f"{id_} {_pair(versions)}")


def _began(after: Sidecar, moved: str) -> Iterator[Event]:
    if moved:
        yield Event("moved", f"from {moved}")
    else:
        yield Event("linked", _links(after))


def _links(one: Sidecar) -> str:
    return ", ".join(_link(layer) for layer in one.layers)


def _link(layer: Layer) -> str:
    return f"{layer.name}: {layer.guideline.id} {layer.guideline.version}"


def _pair(pair: Pair) -> str:
    old, new = (one[:12] for one in pair)
    if not old or not new:
        return f"{new} added" if new else f"{old} removed"
    return f"{old} -> {new}" if old != new else f"{old}, with another text"


def _turned(before: Sidecar, after: Sidecar, *, records: bool, back: bool) -> Iterator[Event]:
    old = {layer.name: layer for layer in before.layers}
    new = {layer.name: layer for layer in after.layers}
    found = [
        event
        for name in {**old, **new}
        for event in _layer(old.get(name), new.get(name), records=records, back=back)
    ]
    same = not found and before.data.value != after.data.value
    yield from found
    if same:
        pair = _pair((before.data.value, after.data.value))
        yield Event("re-linked", f"{_links(after)}, for data {pair}")
    elif not found:
        yield Event("changed", "the sidecar, but no link, mode or records")


def _layer(old: Layer | None, new: Layer | None, *, records: bool, back: bool) -> Iterator[Event]:
    if old is None or new is None:
        yield from [Event("linked", _link(new))] if new else []
        yield from [Event("unlinked", _link(old))] if old else []
        return
    link, was = new.guideline, old.guideline
    counts = _counts(old, new)
    records = records or bool(counts)
    if (was.id, was.version, was.object) != (link.id, link.version, link.object):
        pair = f"{new.name}: {was.id} {was.version} -> {link.id} {link.version}"
        if was.id == link.id:
            pair = f"{new.name}: {link.id} {was.version} -> {link.version}"
        if records and old.annotations and new.annotations:
            kind = "re-linked" if back else "migrated"  # going back carries nothing over
            yield Event(kind, f"{pair}, {counts or 'records changed'}")
        else:
            yield Event("re-linked", pair)
    elif was.commit != link.commit:
        yield Event("repaired", f"{new.name}: commit {was.commit[:12]} -> {link.commit[:12]}")
    elif records and new.annotations:
        yield Event("records", f"{new.name}: {counts or 'changed'}")
    if old.mode != new.mode:
        yield Event("mode", f"{new.name}: {old.mode} -> {new.mode}")


def _counts(old: Layer, new: Layer) -> str:
    before, after = (
        layer.annotations.declared if layer.annotations else None for layer in (old, new)
    )
    if before == after or after is None:
        return ""
    return f"{'no' if before is None else before} -> {after} records"
