"""Guidelines as Git knows them: the edition at HEAD, releases, and a pin for each link."""

from __future__ import annotations

import posixpath
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from dvc_labelmeta.errors import UnreadableFile
from dvc_labelmeta.model.config import GuidelineRef
from dvc_labelmeta.model.guideline import (
    STRUCTURED,
    Both,
    Edition,
    Guideline,
    Pin,
    Release,
    declared_bump,
    strongest,
    structured_path,
)
from dvc_labelmeta.model.migration import migrations_folder
from dvc_labelmeta.model.sidecar import Link
from dvc_labelmeta.read.files import decode, misfits, parse
from dvc_labelmeta.read.git import TREE, Commit, Entry, Objects, Repository
from dvc_labelmeta.read.past import Past

_FOLDER_MODE = "40000"
PinKey = tuple[str, str, str]


def releases_path(ref: GuidelineRef) -> str:
    """Return where the releases of a guideline are listed: beside it, never in it."""
    return posixpath.join(posixpath.dirname(ref.path), f"{ref.id}.releases.yaml")


def migrations_tree(commit: str, path: str, id_: str) -> str:
    """Return the name by which Git knows the migrations of a guideline at a commit.

    path: of the guideline from the top level.
    """
    return f"{commit}:{migrations_folder(path, id_)}"


class Parsed(NamedTuple):
    """A guideline.yaml that fits its schema, and its path from the root."""

    path: str
    structure: Mapping[str, Any]


class Editions:
    """Reads editions from objects; each content is parsed once."""

    def __init__(self, objects: Objects) -> None:
        self.objects = objects
        self._known: dict[str, Edition | None] = {}
        self._structures: dict[str, Mapping[str, Any]] = {}

    def at(self, commit: str, path: str) -> Edition | None:
        """Return the edition at `path` (from the top level) in a commit; None: not there."""
        entry = self.objects.entry(commit, path)
        return None if entry is None else self.of(entry, path)

    def of(self, entry: Entry, path: str) -> Edition:
        """Return the edition that a tree entry holds; unreadable structure counts as prose."""
        return self.content(entry.object, folder=entry.mode == _FOLDER_MODE, path=path) or Edition(
            entry.object, entry.object[:12]
        )

    def unread(self, edition: Edition) -> bool:
        """Whether an edition's content is not here (a partial clone): its version is a guess."""
        return self._known.get(edition.object, edition) is None

    def content(self, object_: str, *, folder: bool, path: str) -> Edition | None:
        """Return the edition with this content, or None where the object cannot be read."""
        if object_ not in self._known:
            self._known[object_] = self._read(object_, folder=folder, path=path)
        return self._known[object_]

    def both(self, previous: str, current: str, folder: str = "") -> Both | None:
        """Return what two objects say that were read; None where one of them is no structure.

        folder: the tree of the guideline's migrations, "" for none.
        """
        structures = self._structures.get(previous), self._structures.get(current)
        if structures[0] is None or structures[1] is None:
            return None
        files = [
            {e.name: e.object for e in self.objects.entries(one) if e.name != STRUCTURED}
            for one in (previous, current)
        ]
        rest = tuple(name for name, _ in sorted(files[0].items() ^ files[1].items()))
        labels = self._labels(folder, *(one["version"] for one in structures if one))
        return Both(structures[0], structures[1], tuple(dict.fromkeys(rest)), labels)

    def _labels(self, folder: str, previous: str, current: str) -> Mapping[str, Sequence[str]]:
        """Return what migrations say became of labels between two versions."""
        entries = self.objects.entries(folder) if folder else ()
        files = {one.name: self.objects.blob(one.object) or b"" for one in entries}
        if not files:
            return {}
        # few guidelines have migrations, and only a link that is behind asks for them
        from dvc_labelmeta.read.label_history import declared_labels  # noqa: PLC0415

        return declared_labels(files, previous, current)

    def _read(self, object_: str, *, folder: bool, path: str) -> Edition | None:
        blob: str | None = object_ if structured_path(path, folder=False) else None
        if folder:
            entries = self.objects.entries(object_)
            blob = next((e.object for e in entries if e.name == STRUCTURED), None)
        prose = Edition(object_, object_[:12])
        if blob is None:
            return prose
        content = self.objects.blob(blob)
        if content is None:
            return None
        try:
            value = parse(decode(content))
        except UnreadableFile:
            return prose
        if misfits("guideline", value):
            return prose
        self._structures[object_] = value
        approved = tuple(entry["name"] for entry in value.get("approved_by", ()))
        return Edition(object_, value["version"], value["status"], approved)


class Pins:
    """Answers for the links into one repository."""

    def __init__(self, repository: Repository, objects: Objects, *, keep: bool) -> None:
        self.git, _, self.head, self.shallow = repository
        self.objects = objects
        self.editions = Editions(objects)
        self.past = Past(self.git, self.head, keep=keep and not self.shallow)

    def head_edition(self, path: str) -> Edition | None:
        """Return the edition of the guideline at `path` (from the top level) at HEAD."""
        return self.editions.at(self.head, path) if self.head else None

    def answer(
        self, guidelines: Mapping[str, Guideline], links: Iterable[Link]
    ) -> dict[PinKey, Pin]:
        """Return a pin for each link; one ancestry question for all of them."""
        asked = {(link.id, link.commit, link.object): link for link in links}
        commits = list(dict.fromkeys(link.commit for link in asked.values()))
        self.objects.ask(commits)
        present = {commit for commit in commits if self._is_commit(commit)}
        inside = set()
        if self.head:
            inside = present - self.past.outside(present)
        self.objects.ask(
            f"{link.commit}:{posixpath.dirname(self.git.above(guidelines[link.id].path))}"
            for link in asked.values()
            if link.commit in present and posixpath.dirname(guidelines[link.id].path)
        )
        answers = {
            key: self._pin(guidelines[link.id], link, link.commit in present, link.commit in inside)
            for key, link in asked.items()
        }
        self.past.keep()
        return answers

    def _is_commit(self, commit: str) -> bool:
        found = self.objects.get(commit)
        return found is not None and found[1] == "commit"

    def _pin(self, guideline: Guideline, link: Link, present: bool, inside: bool) -> Pin:
        path = self.git.above(guideline.path)
        entry = self.objects.entry(link.commit, path) if present else None
        old_path = path
        if present and (entry is None or entry.object != link.object):
            moved = self._elsewhere(link)
            if moved is not None:
                entry, old_path = moved, moved.name
        pin = Pin(
            present,
            inside,
            object=entry.object if entry else None,
            edition=self._linked_edition(guideline, link, entry, path),
            cut=self.shallow and not inside,
        )
        base = link.commit if inside else None
        if not inside:
            found, base = self._search(guideline, link, path)
            pin = pin._replace(found=found)
        head = guideline.head
        if head is None or head.object == link.object:
            return pin._replace(behind=())
        linked = pin.edition.version if pin.edition else link.version
        pin = pin._replace(
            bump=declared_bump(linked, head.version),
            versions=(head.version,),
            both=self.editions.both(
                link.object, head.object, migrations_tree(self.head, path, link.id)
            ),
        )
        if base is None:
            return pin
        return self._distance(pin, guideline, linked, base, {path, old_path})

    def _elsewhere(self, link: Link) -> Entry | None:
        """Find the linked content at another path of its commit: the guideline was renamed."""
        out = self.git.run("ls-tree", "-r", "-t", "-z", "--full-tree", link.commit)
        for item in out.decode(errors="surrogateescape").split("\0"):
            meta, _, path = item.partition("\t")
            if meta.endswith(" " + link.object):
                return Entry(meta.split(" ")[0].lstrip("0"), link.object, path)
        return None

    def _linked_edition(
        self, guideline: Guideline, link: Link, entry: Entry | None, path: str
    ) -> Edition | None:
        found = self.objects.get(link.object)
        if found is not None:
            name = entry.name if entry else path
            return self.editions.content(link.object, folder=found[1] == TREE, path=name)
        for release in guideline.releases:
            if release.object == link.object:
                return Edition(link.object, release.version)
        return None

    def _search(self, guideline: Guideline, link: Link, path: str) -> tuple[str, str | None]:
        """Say where the content of an unreachable commit still is, and at which commit."""
        if guideline.head is not None and guideline.head.object == link.object:
            return "HEAD", None
        for release in guideline.releases:
            if release.object == link.object:
                known = release.commit if self._is_commit(release.commit) else None
                return f"release {release.version}", known
        if self.head:
            for commit in self.past.log("", [path]):
                entry = self.objects.entry(commit.hash, path)
                if entry is not None and entry.object == link.object:
                    return f"commit {commit.hash[:12]}", commit.hash
        return "", None

    def _distance(
        self, pin: Pin, guideline: Guideline, linked: str, base: str, paths: set[str]
    ) -> Pin:
        """Add to a pin the commits since `base` that touched the guideline."""
        commits = self.past.log(base, paths)
        return pin._replace(
            bump=declared_by(commits) if pin.bump == "unknown" else pin.bump,
            behind=tuple((c.hash, c.date, c.subject) for c in commits),
            versions=self._versions(commits, guideline, linked),
        )

    def _versions(
        self, commits: list[Commit], guideline: Guideline, linked: str
    ) -> tuple[str, ...]:
        path = self.git.above(guideline.path)
        editions = (self.editions.at(commit.hash, path) for commit in reversed(commits))
        versions = dict.fromkeys(edition.version for edition in editions if edition)
        return tuple(version for version in versions if version != linked)


def declared_by(commits: list[Commit]) -> str:
    """Return the bump that the authors of all these commits declared; "unknown" if one did not."""
    declared = [commit.trailer.split(",")[-1].strip().lower() for commit in commits]
    if all(bump in ("patch", "minor", "major") for bump in declared):
        return strongest(declared)
    return "unknown"


def releases(value: Mapping[str, Any]) -> tuple[Release, ...]:
    """Return the releases in a releases file that fits its schema."""
    return tuple(
        Release(
            version, entry["object"], entry.get("commit", ""), tuple(entry.get("approvals", ()))
        )
        for version, entry in value["releases"].items()
    )
