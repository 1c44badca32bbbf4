"""What dvc.lock recorded of runs, entry by entry: one that stays as it is, is parsed once."""

from __future__ import annotations

import hashlib
import json
import posixpath
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from dvc_labelmeta.errors import UnreadableFile
from dvc_labelmeta.model.lineage import Content, Moment, StageRun
from dvc_labelmeta.model.snapshot import enclosing
from dvc_labelmeta.read import dvc
from dvc_labelmeta.read.files import MAX_LOCK_BYTES, decode, parse

# what DVC writes: the entries stand at the second column, all of one is deeper
_HEAD = re.compile(r"schema: '2\.0'\nstages:\n(?=  \S)")
_BLOCK = re.compile(r"  ([A-Za-z_][\w@./=,+-]*):\n((?:(?:    .*)?\n)+)")
Entry = tuple[str, dict[str, Any]]  # digest, what it says
Found = dict[str, Entry]  # by key

_KINDS = ("md5", "etag", "checksum", "version_id")


class Entries:
    """Reads entries of dvc.lock; one with the same text is parsed once."""

    def __init__(self) -> None:
        self._known: dict[str, Entry] = {}

    def of(self, content: bytes) -> Found:
        """Return (digest, entry) by key; nothing where the file cannot be read."""
        try:
            text = decode(content, MAX_LOCK_BYTES)
            blocks = _blocks(text)
            if blocks is not None:
                return {key: self._entry(key, block) for key, block in blocks.items()}
            value = parse(text)
        except UnreadableFile:
            return {}
        whole = value if isinstance(value, dict) else {}
        stages = whole.get("stages") if "schema" in whole else whole
        found = stages if isinstance(stages, dict) else {}
        return {
            str(key): (_digest(entry), entry)
            for key, entry in found.items()
            if isinstance(entry, dict)
        }

    def _entry(self, key: str, block: str) -> Entry:
        if block not in self._known:
            value = parse(block)
            if not isinstance(value, dict):
                raise UnreadableFile(f"stage {key} is no mapping")
            self._known[block] = _digest(value), value
        return self._known[block]


def _blocks(text: str) -> dict[str, str] | None:
    """Return the text of each entry by its key; None where DVC did not write the file so."""
    head = _HEAD.match(text)
    at = head.end() if head else -1
    found: dict[str, str] = {}
    while 0 <= at < len(text):
        block = _BLOCK.match(text, at)
        if block is None or block[1] in found:
            return None
        found[block[1]] = block[2]
        at = block.end()
    return found or None


def _digest(entry: Mapping[str, Any]) -> str:
    text = json.dumps(entry, sort_keys=True, default=str)
    return hashlib.sha256(text.encode(errors="surrogatepass")).hexdigest()[:12]


def run(
    path: str,
    key: str,
    found: Entry,
    pipeline: Any,
    base: str,
    at: Moment,
) -> StageRun:
    """Return the run that an entry of the dvc.lock beside the dvc.yaml at `path` records.

    pipeline: that dvc.yaml, parsed. base: the folder from which the paths of the stage start.
    """
    digest, entry = found
    id_ = run_id(path, key, found)
    command = entry.get("cmd", "")
    params = entry.get("params")
    return StageRun(
        dvc.address(path, key),
        digest,
        at,
        "; ".join(map(str, command)) if isinstance(command, list) else str(command),
        tuple(_contents(entry.get("deps"), base)),
        tuple(one._replace(maker=id_) for one in _contents(entry.get("outs"), base)),
        {dvc.join(base, str(file)): one for file, one in dvc.items(params)},
        metrics=frozenset(dvc.measures(path, pipeline, key, base)),
        models=frozenset(dvc.artifacts(path, pipeline, "model").values()),
    )


def _contents(values: Any, base: str) -> Iterator[Content]:
    for value in values if isinstance(values, list) else ():
        if isinstance(value, dict) and isinstance(value.get("path"), str):
            path = value["path"]
            hash_ = next((str(value[kind]) for kind in _KINDS if value.get(kind)), "")
            yield Content(path if "://" in path else dvc.join(base, path), hash_)


def parts(contents: Iterable[Content], state: Mapping[str, Content]) -> tuple[Content, ...]:
    """Return the outputs that some of `contents` is a part of, or holds, as they are in `state`."""
    found: list[Content] = []
    for one in contents:
        if one.path not in state:
            found += [state[folder] for folder in enclosing(one.path) if folder in state]
            if one.hash.endswith(".dir"):
                inside = one.path + "/"
                found += [held for path, held in state.items() if path.startswith(inside)]
    return tuple(dict.fromkeys(found))


def pipeline_of(lock: str) -> str:
    """Return where the dvc.yaml beside a dvc.lock is."""
    return posixpath.join(posixpath.dirname(lock), "dvc.yaml")


def run_id(path: str, key: str, entry: Entry) -> str:
    """Return the id of the run that an entry beside the dvc.yaml at `path` records."""
    return f"run:{dvc.address(path, key)}:{entry[0]}"
