"""Which version of a guideline was in force at a time: from the times of its commits."""

from __future__ import annotations

import datetime as dt
from bisect import bisect_right
from collections.abc import Iterable

from dvc_labelmeta.errors import Refused
from dvc_labelmeta.model.guideline import Edition
from dvc_labelmeta.read.git import Commit, Repository
from dvc_labelmeta.read.recording import Version


class Timeline:
    """The versions of a guideline by the time from which each was in force.

    That time is the commit's (of the committer: when the text came to stand there). It is an
    inference: nobody recorded which text an annotator had open.
    """

    def __init__(
        self, id_: str, repository: Repository, history: Iterable[tuple[Commit, Edition | None]]
    ) -> None:
        if repository.shallow:
            raise Refused(
                f"guideline {id_!r}: this clone is shallow: earlier versions are not known; "
                "run `git fetch --unshallow`"
            )
        commits = list(history)
        out = repository.git.run(
            "log", "--no-walk=unsorted", "--stdin", "--format=%H %ct",
            stdin="\n".join(commit.hash for commit, _ in commits).encode(),
        ) if commits else b""  # fmt: skip
        times = dict(line.split() for line in out.decode().splitlines())
        marks = [
            (int(times[commit.hash]), -age, Version(edition.version, commit.hash))
            if edition
            else (int(times[commit.hash]), -age, Version(""))
            for age, (commit, edition) in enumerate(commits)
        ]
        marks.sort(key=lambda mark: mark[:2])
        self._times = [mark[0] for mark in marks]
        self._versions = [mark[2] for mark in marks]

    def at(self, time: str) -> Version:
        """Return the version at an RFC 3339 time; an empty one before the first or once removed."""
        moment = dt.datetime.fromisoformat(time.replace("Z", "+00:00")).timestamp()
        place = bisect_right(self._times, moment)
        return self._versions[place - 1] if place else Version("")
