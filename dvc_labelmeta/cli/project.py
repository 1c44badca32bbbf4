"""A project that a command is about to write to, and the repositories of its guidelines."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import nullcontext

from dvc_labelmeta.errors import LabelMetaError, NoSuchRevision, Refused
from dvc_labelmeta.model.guideline import Edition, Guideline
from dvc_labelmeta.read.git import Commit, Repository, open_bare, open_repository
from dvc_labelmeta.read.guidelines import Editions
from dvc_labelmeta.read.snapshot import load
from dvc_labelmeta.read.source import clone_folder
from dvc_labelmeta.read.targets import Target, target
from dvc_labelmeta.write.edits import lock


class Project:
    """A project about to be written to: its snapshot, read once the lock is held."""

    def __init__(self, root: str, asked: Sequence[str] = (), *, locked: bool = False) -> None:
        self.root = root
        self.asked = asked
        self.locked = locked
        self.snapshot = load(root, with_pipeline=False, also=asked)
        self._targets: dict[tuple[str, str | None], Target] = {}

    def guideline(self, id_: str) -> Guideline:
        """Return a guideline that can be asked; fetches its repository when that is needed."""
        guideline = self.snapshot.guidelines.get(id_)
        if guideline is None:
            known = ", ".join(self.snapshot.guidelines) or "none"
            raise Refused(f"labelmeta.yaml lists no guideline {id_!r}; it lists {known}")
        if not guideline.available:
            self.fetch(guideline)
            guideline = self.snapshot.guidelines[id_]
        return guideline

    def fetch(self, guideline: Guideline) -> None:
        """Clone or update the repository of a guideline, and read the project anew."""
        from dvc_labelmeta.read.clones import fetch  # noqa: PLC0415  # GitPython: 60 ms, rarely

        with nullcontext() if self.locked else lock(self.root):
            fetch(self.root, self.snapshot.config, guideline.repo or "")
        self.snapshot = load(self.root, with_pipeline=False, also=self.asked)

    def target(self, id_: str, rev: str | None) -> Target:
        """Return the link to a guideline at a revision; asks its repository once."""
        key = (id_, rev)
        if key not in self._targets:
            guideline = self.guideline(id_)
            try:
                found = target(self.repository(guideline), guideline, rev)
            except NoSuchRevision:
                if guideline.repo is None:
                    raise
                found = None
            if found is None or (guideline.repo is not None and not found.merged):
                found = self._fetched(guideline, rev, found)
            self._targets[key] = found
        return self._targets[key]

    def _fetched(self, guideline: Guideline, rev: str | None, known: Target | None) -> Target:
        """Ask again after a fetch: a commit may be new, or merged there since the last time.

        Out of reach, what is known counts.
        """
        try:
            self.fetch(guideline)
        except LabelMetaError:
            if known is None:
                raise
            return known
        return target(self.repository(guideline), guideline, rev)

    def repository(self, guideline: Guideline) -> Repository:
        """Return the repository that holds a guideline."""
        if guideline.repo is None:
            return open_repository(self.root)
        folder = clone_folder(self.root, self.snapshot.config, guideline.repo)
        if folder is None:
            raise Refused(f"repository {guideline.repo!r} is not in the cache")
        return open_bare(folder)

    def history(self, guideline: Guideline) -> Iterator[tuple[Commit, Edition | None]]:
        """Yield the commits that touched a guideline, newest first, each with its edition."""
        repository = self.repository(guideline)
        path = repository.git.above(guideline.path)
        with repository.git.objects() as objects:
            editions = Editions(objects)
            for commit in repository.git.log(repository.head, "--", f":(top,literal){path}"):
                yield commit, editions.at(commit.hash, path)
