"""Files and contents of guidelines that one repository holds, each looked up and parsed once."""

from __future__ import annotations

import re
from typing import Any

from dvc_labelmeta.errors import UnreadableFile
from dvc_labelmeta.model.config import GuidelineRef
from dvc_labelmeta.model.guideline import Release
from dvc_labelmeta.model.schema import HASH
from dvc_labelmeta.read.chain_files import MISSING, Lookup
from dvc_labelmeta.read.files import decode, misfits, parse
from dvc_labelmeta.read.git import TREE, Objects, Repository
from dvc_labelmeta.read.guidelines import Editions, releases, releases_path

LIMIT = 1 << 20  # bytes of a file that is read
_HASH = re.compile(HASH)


class Contents:
    """What a repository holds: the project's own, or the clone of one that guidelines are in."""

    def __init__(self, repository: Repository, objects: Objects) -> None:
        self.repository = repository
        self.objects = objects
        self.lookup = Lookup(repository)
        self.editions = Editions(objects)
        self.parsed: dict[str, Any] = {}
        self.versions: dict[tuple[str, str], str] = {}

    def value(self, commit: str, path: str, limit: int = LIMIT) -> Any:
        """Return what a YAML file of a commit holds, None where there is none that can be read."""
        object_, kind, size = self.lookup.at(commit, path)
        if kind != "blob" or size > limit:
            return None
        if object_ not in self.parsed:
            try:
                value = parse(decode(self.objects.blob(object_) or b"", limit))
            except UnreadableFile:
                value = None
            self.parsed[object_] = value
        return self.parsed[object_]

    def releases(self, commit: str, ref: GuidelineRef) -> tuple[Release, ...]:
        """Return what the list of releases of a guideline says in a commit."""
        value = self.value(commit, releases_path(ref))
        return releases(value) if value is not None and not misfits("releases", value) else ()

    def version(self, object_: str, ref: GuidelineRef) -> str:
        """Return the version of a content, as it says itself or the newest list of releases does;
        "" where neither tells.
        """
        key = object_, ref.id
        if key not in self.versions:
            self.versions[key] = self._told(object_, ref.path) or self._listed(object_, ref)
        return self.versions[key]

    def _told(self, object_: str, path: str) -> str:
        self.lookup.ask([(object_, "")] if _HASH.match(object_) else ())
        _, kind, _ = self.lookup.known[object_].get("", MISSING)
        if kind not in {TREE, "blob"}:
            return ""
        edition = self.editions.content(object_, folder=kind == TREE, path=path)
        return edition.version if edition else ""

    def _listed(self, object_: str, ref: GuidelineRef) -> str:
        head = self.repository.head
        known = self.releases(head, ref) if head else ()
        return next((one.version for one in known if one.object == object_), "")
