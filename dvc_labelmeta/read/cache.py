"""What is known of files of records from last time, in .labelmeta/cache/: without an engine.

An entry is named by all that its content follows from: the bytes of the file, what its records
are held to, and the programs that judge. Each is checked by a hash, so that a damaged or missing
one only costs time; none is used that Git tracks. A folder holds the entries of one layer as it is
now, and no others.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
from collections import Counter
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from dvc_labelmeta.errors import UnreadableFile
from dvc_labelmeta.model.config import OWN_FOLDER
from dvc_labelmeta.model.facts import At, Expected, Flaw, RecordFacts
from dvc_labelmeta.read.cached import digest_of, keep, programs, recalled
from dvc_labelmeta.read.own import prepare, refuse_link
from dvc_labelmeta.read.shard import Shard

_MEMO, _CLEAN = "memo.json", "clean.json"
_CHUNK = 1 << 20


class Cache:
    """The entries of one layer; a folder that cannot be written is one that stays empty."""

    def __init__(self, root: str, name: str) -> None:
        self.root = root
        self.folder = os.path.join(_all(root), digest_of(name.encode())[:20])

    def keys(self, files: Sequence[str], format_: str, expected: Expected) -> list[str]:
        """Return the name of the entry of each file; a file is read only if its stat changed.

        `until` is left out: it moves on with each commit, and `_holds` looks at it. Raises
        UnreadableFile where a file cannot be read.
        """
        try:
            contents = self._contents(files)
        except OSError as error:
            raise UnreadableFile(f"cannot be read: {error}") from None
        rules = json.dumps([_plain(expected._replace(until="")), _programs()])
        endings = [os.path.basename(file).split(".", 1)[-1] for file in files]
        return [
            digest_of(json.dumps([content, format_, ending, rules]).encode())
            for content, ending in zip(contents, endings, strict=True)
        ]

    def _contents(self, files: Sequence[str]) -> list[str]:
        memo = self._read(_MEMO) or {}
        known: dict[str, list[Any]] = {}
        for file in files:
            told = os.stat(file)
            stat = [told.st_size, told.st_mtime_ns, told.st_ino]
            last = memo.get(os.path.abspath(file))
            known[file] = [stat, last[1] if last and last[0] == stat else ""]
        new = [file for file in files if not known[file][1]]
        with ThreadPoolExecutor() as pool:
            for file, content in zip(new, pool.map(_content, new), strict=True):
                known[file][1] = content
        if new or len(memo) != len(files):
            self._write(_MEMO, {os.path.abspath(file): one for file, one in known.items()})
        return [known[file][1] for file in files]

    def facts(self, keys: Sequence[str], files: Sequence[str], until: str) -> RecordFacts | None:
        """Return the facts about all files, if nothing changed since they were kept."""
        entry = self._read(_set_of(keys) + ".json")
        if entry is None or not _holds(entry, until):
            return None
        lines, records, offending, flaws, versions, unknown = entry["facts"]
        named = [
            flaw._replace(places=tuple(at._replace(file=files[int(at.file)]) for at in flaw.places))
            for flaw in _flaws(flaws)
        ]
        counts = _pairs(versions), _pairs(unknown)
        return RecordFacts(tuple(files), lines, records, offending, tuple(named), *counts)

    def keep_facts(
        self, keys: Sequence[str], shards: Sequence[Shard], facts: RecordFacts, until: str
    ) -> None:
        """Keep the facts about all files, and from now on no entry that they do not follow from."""
        number = {file: str(at) for at, file in enumerate(facts.files)}
        flaws = [
            flaw._replace(places=tuple(at._replace(file=number[at.file]) for at in flaw.places))
            for flaw in facts.flaws
        ]
        told = [*facts[1:4], flaws, facts.versions, facts.unknown]
        latest = max((shard.latest for shard in shards), default="")
        name = _set_of(keys) + ".json"
        self._write(name, {"until": until, "latest": latest, "facts": told})
        repeats = any(flaw.kind in {"duplicate_id", "relabelled"} for flaw in flaws)
        self._write(_CLEAN, [] if repeats else list(keys))
        kept = {name, _MEMO, _CLEAN, *(key + end for key in keys for end in (".json", ".parquet"))}
        _keep_only(self.root, self.folder, kept)

    def other(self, name: str, keys: Sequence[str]) -> Any:
        """Return what else is known of files, None where it is not. name: of what it is."""
        return self._read(f"{name}-{_set_of(keys)}.json")

    def keep_other(self, name: str, keys: Sequence[str], value: object) -> None:
        """Keep something else that follows from files; it goes when their facts do."""
        self._write(f"{name}-{_set_of(keys)}.json", value)

    def clean(self, keys: Sequence[str]) -> set[str]:
        """Return those of the keys whose files, taken together, had no repeated id or answer."""
        before = set(self._read(_CLEAN) or ())
        return {key for key, times in Counter(keys).items() if times == 1 and key in before}

    def shard(self, key: str, until: str) -> tuple[Shard, str] | None:
        """Return the facts about one file, and the Parquet file of what lines are compared by."""
        entry, table = self._read(key + ".json"), self.path(key + ".parquet")
        if entry is None or not _holds(entry, until):
            return None
        try:
            if _content(table) != entry["table"]:
                return None
        except OSError:
            return None
        lines, records, bad, flaws, versions, unknown = entry["shard"]
        shard = Shard(lines, records, bad, _flaws(flaws), _pairs(versions), _pairs(unknown))
        return shard._replace(latest=entry["latest"]), table

    def keep_shard(self, key: str, shard: Shard, until: str) -> None:
        """Keep the facts about one file, whose table is written."""
        entry = {"until": until, "latest": shard.latest, "shard": shard[:6]}
        self._write(key + ".json", entry | {"table": _content(self.table(key))})

    def table(self, key: str) -> str:
        """Return where the Parquet file of what lines are compared by is; its folder is there.

        Raises OSError where nothing can be written.
        """
        prepare(self.root, self.folder)
        return self.path(key + ".parquet")

    def path(self, name: str) -> str:
        """Return where a file of this layer is."""
        return os.path.join(self.folder, name)

    def _read(self, name: str) -> Any:
        """Return what an entry holds, None where there is none or it is damaged."""
        return recalled(self.root, self.path(name))

    def _write(self, name: str, value: object) -> None:
        keep(self.root, self.path(name), value)


def forget_others(root: str, names: Sequence[str]) -> None:
    """Remove what belongs to no layer of these names any more."""
    _keep_only(root, _all(root), {digest_of(name.encode())[:20] for name in names})


def _all(root: str) -> str:
    return os.path.join(root, OWN_FOLDER, "cache", "records")


def _keep_only(root: str, folder: str, names: set[str]) -> None:
    with contextlib.suppress(OSError):
        refuse_link(root, folder)
        for entry in list(os.scandir(folder)):
            if entry.name in names:
                continue
            if entry.is_dir(follow_symlinks=False):
                _keep_only(root, entry.path, set())
                os.rmdir(entry.path)
            else:
                os.unlink(entry.path)


def _holds(entry: Mapping[str, Any], until: str) -> bool:
    """Whether no record is from the future now, as none was then; or nothing moved on."""
    flaws = entry["shard"][3] if "shard" in entry else entry["facts"][3]
    if entry["until"] == until:
        return True
    if any(flaw[0] == "future_time" for flaw in flaws):
        return False
    return not until or bool(entry["latest"] < until)


def _set_of(keys: Sequence[str]) -> str:
    return digest_of(",".join(keys).encode())


def _flaws(told: Sequence[Any]) -> tuple[Flaw, ...]:
    return tuple(
        Flaw(kind, field, records, tuple(At(*place) for place in places))
        for kind, field, records, places in told
    )


def _pairs(told: Sequence[Any]) -> tuple[tuple[str, int], ...]:
    return tuple((name, count) for name, count in told)


def _plain(value: Any) -> Any:
    """Return a value as JSON has it, in one order."""
    if isinstance(value, Mapping):
        return [[key, _plain(value[key])] for key in sorted(value)]
    if isinstance(value, (set, frozenset)):
        return sorted(value)
    return [_plain(one) for one in value] if isinstance(value, tuple) else value


def _content(path: str) -> str:
    """Return the SHA-256 of a file."""
    digest = hashlib.sha256()
    with open(path, "rb") as file:
        while chunk := file.read(_CHUNK):
            digest.update(chunk)
    return digest.hexdigest()


def _programs() -> str:
    """Return a hash of all that judges."""
    from importlib.metadata import version  # noqa: PLC0415  # 10 ms of each start of labelmeta

    return version("duckdb") + programs("model", "read")
