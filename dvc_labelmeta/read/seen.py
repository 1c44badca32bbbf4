"""Which text of a guideline it was: at a revision, at a time, or when a record was made."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import cached_property
from typing import Any, NamedTuple

from dvc_labelmeta.errors import Refused
from dvc_labelmeta.model.guideline import Edition, Guideline
from dvc_labelmeta.model.sidecar import Link
from dvc_labelmeta.read.git import Commit, Objects, Repository
from dvc_labelmeta.read.guidelines import Editions


class Text(NamedTuple):
    """The content of a guideline (Git's hash of it), and how it is known that it is that one."""

    object: str
    evidence: str


class Texts:
    """The texts of one guideline; history: its commits, newest first, asked only when needed."""

    def __init__(
        self,
        repository: Repository,
        objects: Objects,
        guideline: Guideline,
        history: Iterable[tuple[Commit, Edition | None]],
    ) -> None:
        self.repository, self.objects, self.guideline = repository, objects, guideline
        self.path = repository.git.above(guideline.path)
        self._unread = history

    @cached_property
    def _history(self) -> list[tuple[Commit, Edition | None]]:
        return list(self._unread)

    def _at(self, commit: str) -> Edition | None:
        return Editions(self.objects).at(commit, self.path)

    def at_revision(self, rev: str) -> Text:
        """Return the text at a revision; what the user named needs no evidence."""
        edition = self._at(self.repository.git.commit(rev))
        if edition is None:
            raise Refused(
                f"guideline {self.guideline.id!r}: {self.guideline.path} is not there at {rev}"
            )
        return Text(edition.object, "")

    def in_force(self, time: str) -> Text:
        """Return the text in force at an RFC 3339 time, by the times of commits."""
        from dvc_labelmeta.read.in_force import Timeline  # noqa: PLC0415  # time zones: 10 ms

        found = Timeline(self.guideline.id, self.repository, self._history).at(time)
        edition = self._at(found.commit) if found.commit else None
        if edition is None:
            raise Refused(
                f"guideline {self.guideline.id!r} was not there at {time}; "
                f"see `labelmeta guideline log {self.guideline.id}`"
            )
        told = f"{self.guideline.id} {found.version} (commit {found.commit[:12]})"
        return Text(edition.object, f"{told}, in force at {time} by the times of the commits")

    def seen(self, record: Mapping[str, Any], link: Link, split: str) -> Text:
        """Return the text under which a record was made, by the best evidence that there is.

        The commit that it names, else its version, else its time. A version whose source is
        "unknown" is no evidence. link: of its layer. Raises Refused where nothing tells.
        """
        source = record["guideline_version_source"] or "source not said"
        known = source != "unknown"
        text = known and (self._by_commit(record, link) or self._by_version(record, link, split))
        if text:
            return text._replace(evidence=f"{text.evidence} ({source})")
        time = _time(record["annotated_at"])
        if not time:
            raise Refused(
                f"record {record['id']} of {split} has no time, and no commit or version of "
                f"guideline {self.guideline.id!r} that is found here: nothing tells what was seen"
            )
        text = self.in_force(time)
        lost = self._lost(record) if known else ""
        return text._replace(evidence=f"{text.evidence}, which is a guess from its date{lost}")

    def _lost(self, record: Mapping[str, Any]) -> str:
        """Say what the record names that could not be found."""
        named = record["guideline_commit"] or record["guideline_version"]
        return f"; {named}, which the record names, is not in this clone" if named else ""

    def _by_commit(self, record: Mapping[str, Any], link: Link) -> Text | None:
        commit, version = record["guideline_commit"], record["guideline_version"]
        if not commit:
            return None
        edition = self._at(commit)
        if edition is None and commit == link.commit:  # squashed since; the content is what counts
            edition = self._linked(link)
        if edition is None:
            return None
        told = f"{self.guideline.id} {edition.version}, by the commit {commit[:12]} of the record"
        if version and version != edition.version:
            told += f", whose version says {version}"
        return Text(edition.object, told)

    def _linked(self, link: Link) -> Edition | None:
        return Edition(link.object, link.version) if self.objects.get(link.object) else None

    def _by_version(self, record: Mapping[str, Any], link: Link, split: str) -> Text | None:
        version = record["guideline_version"]
        told = f"{self.guideline.id} {version}, by the version of the record"
        if not version:
            return None
        if version == link.version and (linked := self._linked(link)):
            return Text(linked.object, f"{told} and the link of {split}")
        for commit, edition in self._history:
            if edition is not None and edition.version == version:
                return Text(edition.object, f"{told} and its last commit {commit.hash[:12]}")
        for release in self.guideline.releases:
            if release.version == version and self.objects.get(release.object):
                return Text(release.object, f"{told} and its release")
        return None


def _time(value: str | None) -> str:
    """Return a record's time as RFC 3339; "" where it has none that means a moment."""
    from dvc_labelmeta.read.times import TimeFormat, rfc3339  # noqa: PLC0415  # as above

    try:
        return rfc3339(TimeFormat().time(value))
    except ValueError:
        return ""
