"""What events claim of splits, and what kind of event a change of claims is."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from dvc_labelmeta.model.sidecar import Layer, Sidecar

Claims = Mapping[str, Any]

# what of a claim about records names their content; `git` is the blob of a file that Git tracks
CONTENT = ("md5", "git")
# where names of persons stand, which events hold as commitments: in claims, and in details
PERSONS, BY = "approved_by", "by"
MERGED = "merged"  # the type of an event that joins what branches said of one split


def split_claims(one: Sidecar, records: Mapping[str, Claims]) -> dict[str, Any]:
    """Return what an event claims of a linked split.

    records: {"md5": …, "git": …} by layer, what of it is known. Owners, summaries and the count
    that a sidecar tells are left out: they may change without an event.
    """
    return {
        "data": {"hash": one.data.hash, "value": one.data.value},
        "layers": {layer.name: _layer(layer, records.get(layer.name, {})) for layer in one.layers},
    }


def _layer(layer: Layer, records: Claims) -> dict[str, Any]:
    link = layer.guideline
    found: dict[str, Any] = {
        "guideline": link.id,
        "version": link.version,
        "object": link.object,
        "commit": link.commit,
    }
    if layer.own:
        found["mode"] = layer.mode
    if layer.annotations is not None:
        found["records"] = {"path": layer.annotations.path, **records}
    return found


def split_of(claims: Claims) -> dict[str, Any]:
    """Return what claims say of a split, in the form of `split_claims`; {} = it is no more.

    An event that came with a clone may hold anything: what has another shape says nothing, and
    what has to be there and is not is "".
    """
    if not claims:
        return {}
    data, layers = mapping(claims.get("data")), mapping(claims.get("layers"))
    return {
        "data": {"hash": "", "value": ""} | _texts(data),
        "layers": {name: _said(mapping(layer)) for name, layer in layers.items()},
    }


def _said(layer: Claims) -> dict[str, Any]:
    found = dict.fromkeys(("guideline", "version", "object", "commit"), "") | _texts(layer)
    if records := _texts(mapping(layer.get("records"))):
        found["records"] = {"path": ""} | records
    return found


def _texts(value: Claims) -> dict[str, Any]:
    return {key: one for key, one in value.items() if isinstance(one, str)}


def mapping(value: object) -> Claims:
    """Return a mapping that an event holds; an empty one for anything else."""
    return value if isinstance(value, Mapping) else {}


def approvers(claims: Claims) -> list[str]:
    """Return the persons who approved, as an event holds them."""
    named = claims.get(PERSONS)
    return [one for one in named if isinstance(one, str)] if isinstance(named, list) else []


def kind_of(before: Claims | None, after: Claims) -> str:
    """Return the type of the event that made `after` of `before` (None: there was no link).

    Naming records, or another file of them, makes a link anew: their labels may be old ones.
    """
    if not after:
        return "unlinked"
    if not before:
        return "linked"
    was = split_of(before)
    if _link(was, "commit") != _link(after, "commit"):
        return "relinked"
    return "repaired" if _link(was) != _link(after) else "relabelled"


def _link(claims: Claims, *left_out: str) -> Any:
    """Return what claims say, of records only where they are."""
    layers = {
        name: {
            key: value["path"] if key == "records" else value
            for key, value in layer.items()
            if key not in left_out
        }
        for name, layer in claims["layers"].items()
    }
    return {**claims, "layers": layers}
