"""What an audit knows of each commit from last time, in .labelmeta/cache/audit/.

What a commit changed follows from the commit, the programs that judge, the profile, and which
commits of links are there; all of it is part of an entry or of its name. A damaged file is one
that is not there.
"""

from __future__ import annotations

import contextlib
import functools
import hashlib
import json
import os
import sys
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from dvc_labelmeta.model.audit import (
    Delta,
    EventFact,
    Flaw,
    LayerFact,
    SplitFact,
    Spot,
    Waiver,
)
from dvc_labelmeta.model.config import OWN_FOLDER
from dvc_labelmeta.read.own import shipped

FOLDER = f"{OWN_FOLDER}/cache/audit"
_BROKEN = (OSError, ValueError, LookupError, TypeError, AttributeError, RecursionError)


class Known:
    """What is known of commits. heads: all before them is known, too; present: commits of links
    that were asked for, and whether they were there; keep=False: nothing is read or written.
    """

    def __init__(self, root: str, version: str, profile: str, *, keep: bool) -> None:
        self.keep = keep
        name = _digest(json.dumps([version, profile, _programs()]).encode())[:32]
        self.folder = os.path.join(root, FOLDER)
        self.path, self.root = os.path.join(self.folder, f"{name}.json"), root
        self.heads: set[str] = set()
        self.present: dict[str, bool] = {}
        self.deltas: dict[str, Delta] = {}
        self.changed = False

    def recall(self) -> None:
        """Read what is known; nothing is where that cannot be read or is damaged."""
        if not self.keep:
            return
        with contextlib.suppress(*_BROKEN):
            with open(self.path, "rb") as file:
                digest, _, content = file.read().partition(b"\n")
            if digest.decode("ascii") != _digest(content) or shipped(self.root):
                return
            value = json.loads(content)
            deltas = {commit: delta_of(one) for commit, one in value["deltas"].items()}
            self.heads, self.present = set(value["heads"]), dict(value["present"])
            self.deltas = deltas

    def forget(self) -> None:
        """Know nothing any more."""
        self.heads, self.present, self.deltas = set(), {}, {}

    def write(self) -> None:
        """Keep what is known; nothing depends on whether that works."""
        if not self.keep or not self.changed:
            return
        value = {"heads": sorted(self.heads), "present": self.present, "deltas": self.deltas}
        content = json.dumps(value, separators=(",", ":"), default=dict).encode()
        temporary = f"{self.path}.{os.getpid()}"
        with contextlib.suppress(OSError):
            wanted = os.path.join(os.path.realpath(self.root), FOLDER)
            if os.path.realpath(self.folder) != wanted:
                return  # a repository may hold a link that leads elsewhere
            os.makedirs(self.folder, exist_ok=True)
            ignore = os.path.join(self.root, OWN_FOLDER, ".gitignore")
            with contextlib.suppress(FileExistsError), open(ignore, "x", encoding="ascii") as file:
                file.write("*\n")
            with open(temporary, "wb") as out:
                out.write(_digest(content).encode() + b"\n" + content)
            os.replace(temporary, self.path)
            for name in os.listdir(self.folder):
                if name != os.path.basename(self.path):
                    os.unlink(os.path.join(self.folder, name))


def delta_of(value: list[Any]) -> Delta:
    """Return a delta as JSON had it."""
    spot, subject, trailer, flaws, splits, events, removed, texts, settings, strays, broken = value
    return Delta(
        Spot(*spot),
        subject,
        trailer,
        {key: tuple(_flaw(one) for one in rows) for key, rows in flaws.items()},
        {key: one and _split(one) for key, one in splits.items()},
        tuple(EventFact(*one) for one in events),
        tuple(removed),
        tuple(texts),
        settings and (settings[0], tuple(Waiver(*one) for one in settings[1])),
        strays and (tuple(strays[0]), tuple(strays[1])),
        broken,
    )


def _flaw(row: list[Any]) -> Flaw:
    return Flaw(*row)._replace(evidence=tuple(row[7]))


def _split(row: list[Any]) -> SplitFact:
    split, sidecar, owners, dataset, pinned, data, stage, origin, layers = row
    return SplitFact(
        split,
        sidecar,
        tuple(owners),
        dataset,
        (pinned[0], pinned[1]),
        data,
        stage,
        origin,
        tuple(LayerFact(*one)._replace(approved_by=tuple(one[7])) for one in layers),
    )


def plain(value: Any) -> Any:
    """Return a value as JSON would give it back: what is kept and what is new are the same."""
    if isinstance(value, Mapping):
        return {key: plain(one) for key, one in value.items()}
    if isinstance(value, Iterable) and not isinstance(value, str):
        return [plain(one) for one in value]
    return value


def _digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


@functools.lru_cache(maxsize=1)
def _programs() -> str:
    """Return a hash of all that reads and judges: nobody has to remember to count a version up."""
    digest = hashlib.sha256(sys.version.encode())
    for path in sorted(_sources(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))):
        with open(path, "rb") as file:
            digest.update(hashlib.sha256(file.read()).digest())
    return digest.hexdigest()


def _sources(package: str) -> Iterator[str]:
    for name in ("model", "read", "checks", "diff", "cli"):
        with os.scandir(os.path.join(package, name)) as entries:
            yield from (entry.path for entry in entries if entry.name.endswith(".py"))
