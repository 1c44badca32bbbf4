"""What `Past` is asked, answered for any step of a history that is walked: without a process."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable

from dvc_labelmeta.read.git import Commit, Git
from dvc_labelmeta.read.past import Past
from dvc_labelmeta.read.steps import Ancestry


class Passed(Past):
    """The history up to step `at`; a commit that a merge brought in came with the merge."""

    def __init__(self, git: Git, ancestry: Ancestry) -> None:
        super().__init__(git, "", keep=False)
        self.ancestry, self.at = ancestry, -1
        self.touched: dict[str, list[tuple[int, Commit]]] = defaultdict(list)

    def add(self, paths: Iterable[str], commit: Commit) -> None:
        """Take in that the commit of step `at` touched these, paths from the top level."""
        for path in paths:
            self.touched[path].append((self.at, commit))

    def outside(self, commits: Iterable[str]) -> frozenset[str]:
        """See Past."""
        return frozenset(one for one in commits if not self.ancestry.held(one, self.at))

    def log(self, base: str, paths: Iterable[str]) -> list[Commit]:
        """See Past; of merges, the merge stands for all that it brought in."""
        after = self.ancestry.number.get(base, -1) if base else -1
        found = {(at, commit) for path in paths for at, commit in self.touched[path] if at > after}
        return [commit for _, commit in sorted(found, reverse=True)]
