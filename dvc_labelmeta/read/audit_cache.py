"""What an audit knows of each commit from last time, in .labelmeta/cache/audit/.

What a commit changed follows from the commit, the programs that judge, the profile, and which
commits of links are there; all of it is part of an entry or of its name. A damaged file is one
that is not there.
"""

from __future__ import annotations

import contextlib
import json
import os
from collections.abc import Iterable, Mapping
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
from dvc_labelmeta.read.cached import digest_of, keep, programs, recalled

FOLDER = f"{OWN_FOLDER}/cache/audit"
_BROKEN = (ValueError, LookupError, TypeError, AttributeError)
_JUDGING = ("model", "read", "checks", "diff", "cli")


class Known:
    """What is known of commits. heads: all before them is known, too; present: commits of links
    that were asked for, and whether they were there; keep=False: nothing is read or written.
    """

    def __init__(self, root: str, version: str, profile: str, *, keep: bool) -> None:
        self.keep = keep
        name = digest_of(json.dumps([version, profile, programs(*_JUDGING)]).encode())[:32]
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
        value = recalled(self.root, self.path)
        with contextlib.suppress(*_BROKEN):
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
        if keep(self.root, self.path, value):
            with contextlib.suppress(OSError):
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
