"""One side of a comparison of guidelines: a commit, or HEAD with what the working tree changed."""

from __future__ import annotations

import os
import posixpath
from collections import defaultdict
from collections.abc import Iterable, Mapping
from typing import Any

from dvc_labelmeta.errors import BadConfig, LabelMetaError, UnreadableFile
from dvc_labelmeta.model.config import CONFIG_FILE, Config, GuidelineRef, config
from dvc_labelmeta.model.guideline import Release
from dvc_labelmeta.model.snapshot import enclosing
from dvc_labelmeta.read.files import decode, misfits, parse, places
from dvc_labelmeta.read.git import TREE, Entry, Objects, Repository
from dvc_labelmeta.read.guidelines import releases, releases_path
from dvc_labelmeta.read.source import leaves

# files of a guideline by name; Git's hash, or bytes where the working tree differs from HEAD
Files = Mapping[str, str | bytes]


class Side:
    """One side of a comparison: a commit, or HEAD with what the working tree changed."""

    def __init__(self, repository: Repository, objects: Objects, commit: str) -> None:
        self.git, self.objects = repository.git, objects
        self.commit = commit or repository.head
        self.working = not commit
        self.edited: dict[str, list[str]] = defaultdict(list)  # by guideline path
        self.known: dict[str, dict[str, Entry]] = {}  # by folder, then name

    def look(self, refs: Iterable[GuidelineRef]) -> None:
        """Ask about all these guidelines at once."""
        paths = {ref.path for ref in refs}
        folders = {posixpath.dirname(self.git.above(path)) for path in paths}
        self.objects.ask(map(self._tree_name, sorted(folders)))
        if self.working and paths:
            # Git is slow with many pathspecs; the top level may hold much that is no guideline
            specs = {posixpath.dirname(path) or path for path in paths}
            asked = sorted(f":(top,literal){self.git.above(spec)}" for spec in specs)
            for path in self.git.status(asked):
                for place in {path, *enclosing(path)} & paths:
                    self.edited[place].append(path)

    def entry(self, path: str) -> Entry | None:
        """Return what stands at a path from the root in the commit."""
        folder, name = posixpath.split(self.git.above(path))
        if folder not in self.known:
            found = self.objects.entries(self._tree_name(folder))
            self.known[folder] = {entry.name: entry for entry in found}
        return self.known[folder].get(name)

    def _tree_name(self, folder: str) -> str:
        return f"{self.commit}:{folder}" if folder else f"{self.commit}^{{tree}}"

    def config(self) -> Config | None:
        """Return what labelmeta.yaml says on this side, None where there is none."""
        content = self.content(CONFIG_FILE)
        if content is None:
            return None
        at = f"{CONFIG_FILE}{self.where}"
        try:
            text = decode(content)
            value = parse(text)
        except UnreadableFile as error:
            raise BadConfig(f"{at}:{error.line}:{error.column}: {error}") from None
        try:
            return self._settings(value)
        except BadConfig as error:
            ((line, column),) = places(text, [error.pointer])
            raise BadConfig(f"{at}:{line}:{column}: {error}") from None

    def _settings(self, value: Any) -> Config:
        problems = misfits("config", value)
        if problems:
            raise BadConfig(problems[0][1], problems[0][0])
        settings = config(value)
        for ref in settings.guidelines:
            if not ref.repo and leaves(ref.path, self.git.prefix.count("/")):
                message = f"guideline {ref.id!r}: {ref.path} leaves the repository"
                raise BadConfig(message, ("guidelines", ref.id, "path"))
        return settings

    @property
    def where(self) -> str:
        """How messages name this side, after a path."""
        return "" if self.working else f" at {self.commit[:12]}"

    def content(self, path: str) -> bytes | None:
        """Return the content of one file from the root, None where there is none."""
        if self.working:
            return _on_disk(os.path.join(self.git.folder, path))
        found = self.objects.get(f"{self.commit}:{self.git.above(path)}")
        return found[2] if found and found[1] == "blob" else None

    def folder(self, path: str) -> dict[str, bytes]:
        """Return the files of a folder from the root by name; nothing where there is none."""
        if self.working:
            place = os.path.join(self.git.folder, path)
            names = sorted(os.listdir(place)) if os.path.isdir(place) else []
        else:
            tree = f"{self.commit}:{self.git.above(path)}"
            names = [entry.name for entry in self.objects.entries(tree)]
        read = {name: self.content(posixpath.join(path, name)) for name in names}
        return {name: content for name, content in read.items() if content is not None}

    def files(self, path: str) -> tuple[str, Files]:
        """Return the object of the guideline at a path ("": not committed), and its files.

        A guideline that is a file has one, named "".
        """
        entry = self.entry(path)
        known = dict(tree_files(self.objects, entry.object, "")) if entry else {}
        files: dict[str, str | bytes] = {**known}
        for one in self.edited.get(path, ()):
            name = one[len(path) + 1 :]
            content = _on_disk(os.path.join(self.git.folder, one))
            if content is None:
                files.pop(name, None)
            elif name not in known or self.read(known[name]) != content:  # its mode may differ
                files[name] = content
        return (entry.object if entry and files == known else ""), files

    def unedited(self, path: str) -> str:
        """Return the object of a guideline that the working tree leaves as it is, else ""."""
        entry = None if path in self.edited else self.entry(path)
        return entry.object if entry else ""

    def releases(self, ref: GuidelineRef) -> tuple[Release, ...]:
        """Return what was released; a releases file with faults is what `check` is about."""
        content = None if ref.repo else self.content(releases_path(ref))
        try:
            value = parse(decode(content)) if content else None
        except UnreadableFile:
            return ()
        return releases(value) if value and not misfits("releases", value) else ()

    def read(self, content: str | bytes) -> bytes | None:
        """Return the bytes of a file of a guideline; None: not in this partial clone."""
        return content if isinstance(content, bytes) else self.objects.blob(content)


def _on_disk(path: str) -> bytes | None:
    """Return what Git would store of a file: of a symbolic link, where it points to."""
    try:
        if os.path.islink(path):
            return os.fsencode(os.readlink(path))
        with open(path, "rb") as file:
            return file.read()
    except (FileNotFoundError, NotADirectoryError, IsADirectoryError):
        return None
    except OSError as error:
        raise LabelMetaError(f"{path} cannot be read: {error.strerror}") from None


def tree_files(objects: Objects, object_: str, name: str) -> Iterable[tuple[str, str]]:
    """Yield (name, blob) of all files below an object; a file by itself has the name ""."""
    found = objects.get(object_)
    if found is None or found[1] != TREE:
        yield name, object_  # also what is not in a partial clone, and the commit of a submodule
        return
    entries = objects.entries(object_)
    objects.ask(entry.object for entry in entries if entry.mode == "40000")
    for entry in entries:
        inner = posixpath.join(name, entry.name)
        if entry.mode == "40000":
            yield from tree_files(objects, entry.object, inner)
        else:
            yield inner, entry.object
