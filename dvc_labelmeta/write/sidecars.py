"""Sidecars as text: a new one in one canonical form, a changed one spliced into what is there."""

from __future__ import annotations

import posixpath
from typing import Any

from dvc_labelmeta.model.sidecar import SUFFIX, DataPin, Layer, Records, Sidecar, records_of
from dvc_labelmeta.model.snapshot import Record
from dvc_labelmeta.write.splice import flow, merged, plain, quoted


def sidecar_path(split: str) -> str:
    """Return where the sidecar of a split is kept: beside the data."""
    return split + SUFFIX


def data_pin(record: Record, sidecar_file: str, *, exact: bool) -> DataPin:
    """Return the pin of data as recorded; the output of a stage is pinned to it unless `exact`."""
    path = posixpath.relpath(record.path, posixpath.dirname(sidecar_file) or ".")
    by_stage = record.stage is not None and not exact
    return DataPin(
        path,
        "stage" if by_stage else "exact",
        record.hash,
        record.value,
        record.size,
        record.stage if by_stage else None,
    )


def value_of(one: Sidecar) -> dict[str, Any]:
    """Return a sidecar as the plain value its file holds; absent fields are None."""
    return {
        "schema": "labelmeta/sidecar/v1",
        "dataset": one.dataset or None,
        "split": one.name or None,
        "owners": list(one.owners) or None,
        "data": {
            "path": one.data.path,
            "pin": one.data.pin,
            "hash": one.data.hash,
            "value": one.data.value,
            "size": one.data.size,
            "stage": one.data.stage,
        },
        "layers": {layer.name: _layer(layer) for layer in one.layers},
    }


def _layer(layer: Layer) -> dict[str, Any]:
    link, records = layer.guideline, layer.annotations
    return (
        {
            "guideline": {
                "id": link.id,
                "version": link.version,
                "commit": link.commit,
                "object": link.object,
            },
        }
        | ({"mode": layer.mode} if layer.own else {})
        | ({"annotations": _records(records)} if records is not None else {})
    )


def _records(records: Records) -> dict[str, Any]:
    """Return where records are; format and level only where they are not what is taken anyway."""
    told = records_of({"path": records.path})
    return {
        "path": records.path,
        "format": records.format if records.format != told.format else None,
        "level": records.level if records.level != told.level else None,
    }


def rendered(one: Sidecar) -> str:
    """Return the text of a new sidecar."""
    value = value_of(one)
    lines = ["schema: labelmeta/sidecar/v1"]
    lines += [f"{key}: {plain(value[key])}" for key in ("dataset", "split") if value[key]]
    if value["owners"]:
        lines.append(f"owners: {flow(value['owners'])}")
    lines.append("data:")
    for key, item in value["data"].items():
        if item is not None:
            text = quoted(item) if key == "value" else flow(item)
            lines.append(f"  {key}: {text}")
    lines.append("layers:")
    for name, layer in value["layers"].items():
        lines += [f"  {plain(name)}:", "    guideline:"]
        for key, item in layer["guideline"].items():
            lines.append(f"      {key}: {plain(item) if key == 'id' else quoted(item)}")
        lines += [f"    mode: {layer['mode']}"] if "mode" in layer else []
        told = {k: v for k, v in layer.get("annotations", {}).items() if v is not None}
        lines += [f"    annotations: {flow(told)}"] if told else []
    return "\n".join(lines) + "\n"


def changed(text: str, current: dict[str, Any], one: Sidecar) -> str:
    """Return the text of a sidecar with new values; comments, order and other keys stay.

    Raises Refused where the file is laid out so that this cannot be done safely.
    """
    wanted = value_of(one)
    for key in ("dataset", "split", "owners"):
        if wanted[key] is None:
            del wanted[key]
    for name, layer in wanted["layers"].items():
        told = current["layers"].get(name, {}).get("annotations", {})
        for key in ("format", "level") if told else ():
            taken = getattr(records_of({"path": told["path"]}), key)
            if layer["annotations"][key] is None and told.get(key) == taken:
                del layer["annotations"][key]  # it need not be there, and somebody wrote it
    return merged(text, current, wanted)
