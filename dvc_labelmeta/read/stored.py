"""The files of a project as one commit or tree has them, read one by one: no list of all."""

from __future__ import annotations

import posixpath

from dvc_labelmeta.model.event import HEADS
from dvc_labelmeta.read.git import Objects


class Stored:
    """Files from the root of a project in `rev`, a commit or a tree; see `ledger.Files`."""

    def __init__(self, objects: Objects, rev: str, prefix: str = "") -> None:
        self.objects = objects
        self.rev = rev
        self.prefix = prefix

    def read(self, path: str) -> bytes | None:
        """Return the content of a file from the root, None where there is none."""
        return self.objects.blob(self._name(path))

    def names(self, folder: str) -> list[str]:
        """Return the names in a folder from the root, sorted; none where there is no folder."""
        return sorted(entry.name for entry in self.objects.entries(self._name(folder)))

    def heads(self) -> tuple[str, ...] | None:
        """Return the heads of the ledger, sorted; None where a partial clone does not tell."""
        return tuple(self.names(HEADS)) or (None if self._unread(HEADS) else ())

    def _unread(self, folder: str) -> bool:
        """Whether a folder may be there, as one above it, or it, is not in this clone."""
        tree = f"{self.rev}^{{tree}}"
        path = ""
        for part in posixpath.join(self.prefix, folder).split("/"):
            if self.objects.get(tree) is None:
                return True
            if part not in {entry.name for entry in self.objects.entries(tree)}:
                return False
            path = posixpath.join(path, part)
            tree = f"{self.rev}:{path}"
        return self.objects.get(tree) is None

    def ask_heads(self, revs: list[str]) -> None:
        """Read the heads in many commits ahead."""
        self.objects.ask([*revs, *(f"{rev}:{posixpath.join(self.prefix, HEADS)}" for rev in revs)])

    def _name(self, path: str) -> str:
        return f"{self.rev}:{posixpath.join(self.prefix, path)}"
