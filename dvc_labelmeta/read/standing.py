"""What the ledger should claim of each subject of a project, as its working tree has it."""

from __future__ import annotations

import hashlib
import json
import os
import posixpath
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from dvc_labelmeta.model.claims import Claims, split_claims
from dvc_labelmeta.model.config import Ignore
from dvc_labelmeta.model.gate import GATES_FILE, gate_path
from dvc_labelmeta.model.sidecar import Sidecar
from dvc_labelmeta.model.snapshot import Snapshot, enclosing
from dvc_labelmeta.read import dvc
from dvc_labelmeta.read.files import MAX_LOCK_BYTES, decode, parse
from dvc_labelmeta.read.ledger import Disk
from dvc_labelmeta.read.record_hashes import record_hashes

_HASHES = ("md5", "etag", "checksum", "version_id")


def splits(snapshot: Snapshot, asked: Iterable[str] = ()) -> dict[str, Claims]:
    """Return the claims of linked splits by subject; asked: only of these, all where empty."""
    only = {*asked}
    return {
        f"split:{one.split}": split_claims(one, record_hashes(snapshot.root, one, {}))
        for one in snapshot.sidecars
        if not only or one.split in only
    }


def waivers(entries: Iterable[Ignore]) -> dict[str, Claims]:
    """Return the claims of the entries of `ignore:`; approvers by their names."""
    found: dict[str, Claims] = {}
    for one in entries:
        claims: dict[str, Any] = {"reason": one.reason}
        if one.until:
            claims["until"] = one.until
        if one.approved_by:
            claims["approved_by"] = [one.approved_by]
        subject = name = f"waiver:{one.rule}:{one.path}"
        number = 1
        while name in found:  # two reasons for the same
            number += 1
            name = f"{subject}#{number}"
        found[name] = claims
    return found


def stages(snapshot: Snapshot) -> tuple[dict[str, Claims], set[str]]:
    """Return the claims of runs by subject, and the subjects of all stages that ever ran.

    Told are the runs that tell where labels come from or where they go: of stages that make or
    read a linked split, its records or its gate. Others say nothing of labels, and dvc.lock
    keeps them anyway.
    """
    ours = {path for one in snapshot.sidecars for path in _of_split(one)}
    above = {folder for path in ours for folder in enclosing(path)}
    found: dict[str, Claims] = {}
    there: set[str] = set()
    for path in sorted({stage.place.path for stage in snapshot.stages} - {GATES_FILE}):
        for key, claims in _runs(snapshot.root, path):
            subject = f"stage:{path}:{key}"
            there.add(subject)
            touched = {*claims["deps"], *claims["outs"]}
            inside = any(ours & {*enclosing(one)} for one in touched)
            if inside or touched & ours or touched & above:
                found[subject] = claims
    return found, there


def _of_split(one: Sidecar) -> Iterator[str]:
    yield one.split
    yield gate_path(one.split)
    for layer in one.layers:
        if path := one.records(layer):
            yield path


def _runs(root: str, path: str) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield what dvc.lock holds of each stage that the dvc.yaml at `path` still defines."""
    disk = Disk(root)
    pipeline, lock = (
        parse(decode(disk.read(name, MAX_LOCK_BYTES) or b"", MAX_LOCK_BYTES))
        for name in (path, posixpath.join(posixpath.dirname(path), "dvc.lock"))
    )
    defined = _mapping(_mapping(pipeline).get("stages"))
    entries = _mapping(_mapping(lock).get("stages"))
    bases = dvc.bases(path, pipeline, entries)
    for key, entry in sorted(entries.items()):
        if isinstance(entry, dict) and (key in defined or key.partition("@")[0] in defined):
            yield key, run_claims(entry, bases[key])


def run_claims(entry: Mapping[str, Any], base: str) -> dict[str, Any]:
    """Return what an entry of dvc.lock claims; base: the folder that its paths start from.

    Parameters are claimed by the SHA-256 of their JSON with sorted keys: they hold numbers that
    canonical JSON writes in another way, and may be long.
    """
    claims: dict[str, Any] = {"cmd": _command(entry.get("cmd", ""))}
    for kind in ("deps", "outs"):
        values = entry.get(kind)
        listed = values if isinstance(values, list) else []
        claims[kind] = {
            _place(base, one["path"]): next((str(one[h]) for h in _HASHES if one.get(h)), "")
            for one in listed
            if isinstance(one, dict) and isinstance(one.get("path"), str)
        }
    if params := entry.get("params"):
        text = json.dumps(params, sort_keys=True, separators=(",", ":"), default=str)
        claims["params"] = hashlib.sha256(text.encode()).hexdigest()
    return claims


def _command(value: Any) -> str:
    return "\n".join(map(str, value)) if isinstance(value, list) else str(value)


def _place(base: str, path: str) -> str:
    return path if "://" in path or os.path.isabs(path) else dvc.join(base, path)


def _mapping(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}
