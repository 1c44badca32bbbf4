"""What an event of the ledger changed, in one line: what is claimed of its subject, and was."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from dvc_labelmeta.diff.life import events
from dvc_labelmeta.model.claims import Claims
from dvc_labelmeta.model.event import Event
from dvc_labelmeta.model.life import Change
from dvc_labelmeta.model.sidecar import DataPin, Layer, Link, Records, Sidecar

_HASH = re.compile(r"[0-9a-f]{32,}(\.dir)?\Z")
_MOST, _LONG = 4, 60


def told(event: Event, before: Claims | None) -> str:
    """Return what an event changed; before: what was claimed last, None where that is not known.

    Then what holds since is told. Claims of a form that is not known are told key by key.
    """
    kind = event.subject.partition(":")[0]
    try:
        if kind == "split":
            parts = [*_split(event, before or {}), *_way(event)]
        elif kind == "guideline" and event.claims:
            parts = [_guideline(event.claims, before or {})]
        else:
            parts = [*_others(event.claims, before or {})]
    except (AttributeError, LookupError, TypeError):
        parts = [*_others(event.claims, before or {})]
    return "; ".join(parts)


def _way(event: Event) -> Iterator[str]:
    """Yield how it came about: where a split was moved from or to, how many records came."""
    for key in ("from", "to"):
        if isinstance(one := event.details.get(key), str):
            yield f"{key} {one}"
        elif one:
            yield ", ".join(
                f"{count['records']} record{'s' * (count['records'] != 1)} of {count['version']}"
                for count in one
            )
    if event.type == "imported" and "new" in event.details:
        batches = ", ".join(map(str, event.details.get("batches", ())))
        what = f"{event.details['new']} new of {event.details['source']}"
        yield f"{what}, batch {batches}" if batches else what


def _split(event: Event, before: Claims) -> Iterator[str]:
    old, new = before, event.claims
    data = None
    if old and new:
        names = [
            name
            for name in {**old["layers"], **new["layers"]}
            if old["layers"].get(name) != new["layers"].get(name)
        ]
        if names and old["data"] != new["data"]:
            data = old["data"]["value"], new["data"]["value"]
        if names:  # others have nothing to tell
            old, new = _only(old, names), _only(new, names)
        elif old["data"] == new["data"]:
            return
    change = Change(
        _side(old),
        _side(new),
        data=data,
        records=bool(old and new) and _records(old) != _records(new),
    )
    same = event.type.replace("-", "")
    for kind, what in events(change):
        plain = not (old and new) or kind.replace("-", "").replace(" ", "") == same
        yield what if plain else f"{kind} {what}"


def _only(claims: Claims, names: list[str]) -> dict[str, Any]:
    layers = {name: layer for name, layer in claims["layers"].items() if name in names}
    return {**claims, "layers": layers}


def _records(claims: Claims) -> dict[str, Any]:
    return {name: layer.get("records") for name, layer in claims["layers"].items()}


def _side(claims: Claims) -> Sidecar | None:
    """Return what claims say as the sidecar that they were made of, None where it was gone."""
    if not claims:
        return None
    data = DataPin("", "exact", claims["data"]["hash"], claims["data"]["value"])
    layers = (
        Layer(
            name,
            Link(one["guideline"], one["version"], one["commit"], one["object"]),
            one.get("mode", "default"),
            Records(one["records"]["path"]) if "records" in one else None,
        )
        for name, one in claims["layers"].items()
    )
    return Sidecar("", "", data, layers=tuple(layers))


def _guideline(after: Claims, before: Claims) -> str:
    new, old = str(after["version"]), str(before.get("version", ""))
    if old == new and before["object"] != after["object"]:
        return f"{new}, with another text"
    return f"{old} -> {new}" if old and old != new else new


def _others(after: Claims, before: Claims) -> Iterator[str]:
    if not after:
        yield "no longer there"
        return
    old, new = dict(_flat(before, "")), dict(_flat(after, ""))
    parts = [
        f"{key} {old[key]} -> {new[key]}"
        if key in old and key in new
        else f"{key} {new[key]}"
        if key in new
        else f"no {key}"
        for key in {**old, **new}
        if old.get(key) != new.get(key)
    ]
    yield from parts[:_MOST]
    if len(parts) > _MOST:
        yield f"{len(parts) - _MOST} more"


def _flat(value: Mapping[str, Any], above: str) -> Iterator[tuple[str, str]]:
    for key, one in value.items():
        if isinstance(one, Mapping):
            yield from _flat(one, f"{above}{key} ")
        else:
            many = one if isinstance(one, list) else [one]
            yield above + key, ", ".join(map(_short, many))


def _short(value: Any) -> str:
    text = str(value)
    if _HASH.match(text):
        return text[:12]
    return text if len(text) <= _LONG else text[: _LONG - 1] + "…"
