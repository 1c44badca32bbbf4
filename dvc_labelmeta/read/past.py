"""What Git said about the history, kept in .labelmeta/cache so that a walk is made once.

An ancestor of HEAD stays one while HEAD moves on, and a log only grows where HEAD moved on without
a merge; all else holds for one HEAD only. The file is safe to delete at any time, and one that
cannot be read or written only costs the walk again.
"""

from __future__ import annotations

import contextlib
import json
import os
from collections.abc import Iterable

from dvc_labelmeta.errors import LabelMetaError
from dvc_labelmeta.model.config import OWN_FOLDER
from dvc_labelmeta.read.git import Commit, Git
from dvc_labelmeta.read.own import are_caches, prepare, shipped

HISTORY = f"{OWN_FOLDER}/cache/history.json"


class Past:
    """The history of `head`.

    keep=False: nothing is kept or believed, as in a shallow clone, which may lose ancestors, or
    where what is kept came with the clone and could claim any history.
    """

    def __init__(self, git: Git, head: str, *, keep: bool) -> None:
        self.git, self.head, self.changed = git, head, False
        self.folder = os.path.join(git.folder, OWN_FOLDER) if keep and head else ""
        self.path = os.path.join(git.folder, HISTORY)
        self.inside: frozenset[str] = frozenset()
        self.out: frozenset[str] = frozenset()
        self.logs: dict[str, list[Commit]] = {}
        self.older: tuple[str, dict[str, list[Commit]]] = "", {}
        broken = (OSError, ValueError, LookupError, TypeError, AttributeError, RecursionError)
        with contextlib.suppress(*broken):
            if self.folder:
                self._recall()

    def _recall(self) -> None:
        with open(self.path, "rb") as file:
            known = json.load(file)
        old, inside, out = known["head"], frozenset(known["inside"]), frozenset(known["outside"])
        logs = {span: [Commit(*row) for row in rows] for span, rows in known["logs"].items()}
        if old == self.head:
            self.inside, self.out, self.logs = inside, out, logs
            return
        with contextlib.suppress(LabelMetaError):  # `git gc` may have taken the old HEAD
            if not self.git.outside([old], self.head):
                self.inside, self.changed = inside | {old}, True
                if not self.git.text("rev-list", "-1", "--min-parents=2", f"{old}..{self.head}"):
                    self.older = old, {k: v for k, v in logs.items() if k.split("\0")[0] in inside}

    def outside(self, commits: Iterable[str]) -> frozenset[str]:
        """Return those of `commits` (all present) that are neither HEAD nor its ancestors."""
        asked = frozenset(commits) - {self.head}
        if new := asked - self.inside - self.out:
            self.out |= self.git.outside(sorted(new), self.head)
            self.inside |= new - self.out
            self.changed = True
        return asked & self.out

    def log(self, base: str, paths: Iterable[str]) -> list[Commit]:
        """Return the commits after `base` ("": all) up to HEAD that changed any of `paths`."""
        specs = [f":(top,literal){path}" for path in sorted(paths)]
        key = "\0".join([base, *specs])
        if key not in self.logs:
            old, older = self.older
            start = old if key in older else base
            span = f"{start}..{self.head}" if start else self.head
            self.logs[key] = self.git.log(span, "--", *specs) + older.get(key, [])
            self.changed = True
        return self.logs[key]

    def keep(self) -> None:
        """Write down what was learnt; nothing depends on whether that works."""
        if not self.changed or not self.folder:
            return
        value = {"head": self.head, "logs": self.logs}
        value |= {"inside": [*self.inside], "outside": [*self.out]}
        temporary = f"{self.path}.{os.getpid()}"
        with contextlib.suppress(OSError, ValueError):
            prepare(self.git.folder, os.path.dirname(self.path))
            with open(temporary, "w", encoding="utf-8") as file:
                json.dump(value, file)
            os.replace(temporary, self.path)


def made_here(root: str, index: Iterable[str], rev: str | None) -> bool:
    """Whether the history that is kept below `root`, if there is any, did not come with the clone.

    index: what Git tracks, at the revision `rev` if that is not None. What was committed could
    claim any history.
    """
    if are_caches(index):
        return False
    return rev is None or not os.path.exists(os.path.join(root, HISTORY)) or not shipped(root)
