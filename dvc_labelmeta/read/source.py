"""Where the files of a snapshot come from: the working tree, or one commit."""

from __future__ import annotations

import contextlib
import os
import posixpath
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Protocol

from dvc_labelmeta.errors import NotARepository, UnreadableFile
from dvc_labelmeta.model.config import CONFIG_FILE, LEDGER
from dvc_labelmeta.model.sidecar import SUFFIX
from dvc_labelmeta.model.snapshot import Fault, Place
from dvc_labelmeta.read.files import MAX_BYTES
from dvc_labelmeta.read.git import Entry, Git, Objects

# events may be many; who needs them reads them by their names
_NO_EVENTS = f":(exclude){LEDGER}/events"
_ENDINGS = (f"*{SUFFIX}", "*.dvc", "dvc.yaml", "dvc.lock")
_OURS = tuple(f":(glob)**/{ending}" for ending in _ENDINGS)
_MANY = 50  # folders to name one by one


class Source(Protocol):
    """Files by path from the root.

    `index` is what Git tracks (in a working tree: events of the ledger left out), `extra` what it
    does not (yet).
    """

    index: Mapping[str, Entry]
    extra: frozenset[str]

    def read(self, path: str, limit: int = MAX_BYTES) -> bytes | None:
        """Return the content of a file, or None where there is none.

        Raises UnreadableFile for anything larger than `limit` bytes or not to be opened.
        """

    def names(self, folder: str) -> list[str]:
        """Return the names in a folder, sorted; none where there is no such folder.

        Without those that begin with a dot: temporary files that a killed process left.
        """

    def dirty(self, paths: Iterable[str], *, staged: bool = True) -> frozenset[str]:
        """Return those of `paths` (files or folders) that differ from HEAD in any way.

        staged=False: only those that differ from the index.
        """

    def buried(self, folders: Iterable[str]) -> frozenset[str]:
        """Return the sidecars directly in `folders` that Git ignores together with the data."""


class WorkTree:
    """The working tree, with the index beside it."""

    def __init__(self, git: Git) -> None:
        self.git = git
        self.index: Mapping[str, Entry] = git.index(".", _NO_EVENTS)
        self.states = git.status(_ours(git.folder, self.index))
        self.extra = frozenset(path for path, state in self.states.items() if state == "??")

    def read(self, path: str, limit: int = MAX_BYTES) -> bytes | None:
        """See Source."""
        try:
            with open(os.path.join(self.git.folder, path), "rb") as file:
                # a read of `limit` bytes would allocate them, for each small file
                size = os.fstat(file.fileno()).st_size
                content = file.read(min(size, limit) + 1)
                if len(content) > size:
                    content += file.read(limit)
        except (FileNotFoundError, NotADirectoryError):
            return None
        except IsADirectoryError:
            raise UnreadableFile("is a folder, not a file") from None
        except OSError as error:
            raise UnreadableFile(f"cannot be read: {error.strerror}") from None
        if len(content) > limit:
            raise UnreadableFile(
                f"is larger than the {limit:,} bytes that are read; is it the right file?"
            )
        return content

    def names(self, folder: str) -> list[str]:
        """See Source."""
        try:
            names = os.listdir(os.path.join(self.git.folder, folder))
        except (FileNotFoundError, NotADirectoryError):
            return []
        except OSError as error:
            raise UnreadableFile(f"{folder} cannot be read: {error.strerror}") from None
        return sorted(name for name in names if not name.startswith("."))

    def dirty(self, paths: Iterable[str], *, staged: bool = True) -> frozenset[str]:
        """See Source."""
        asked = list(paths)
        if not asked:
            return frozenset()
        states = self.states  # all `.dvc` files were asked about once: no process for each
        if not all(path.endswith(".dvc") for path in asked):
            states = self.git.status(f":(top,literal){self.git.above(path)}" for path in asked)
        changed = [path for path, state in states.items() if staged or state[1] != " "]
        return frozenset(
            path
            for path in asked
            if any(one == path or one.startswith(path + "/") for one in changed)
        )

    def buried(self, folders: Iterable[str]) -> frozenset[str]:
        """See Source."""
        found = set()
        for folder in folders:
            with (
                contextlib.suppress(OSError),
                os.scandir(os.path.join(self.git.folder, folder)) as it,
            ):
                found |= {f"{folder}/{entry.name}" for entry in it if entry.name.endswith(SUFFIX)}
        return frozenset(found - self.index.keys() - self.extra)


def _ours(folder: str, index: Iterable[str]) -> tuple[str, ...]:
    """Return pathspecs for the files of ours and DVC's that may be anywhere below `folder`.

    Where there are events, they name each folder but that of the ledger: Git looks at each file of
    a folder that a pathspec might mean, also where another one excludes it.
    """
    if not os.path.isdir(os.path.join(folder, LEDGER, "events")):
        return _OURS
    parent, ledger = LEDGER.split("/")
    names = _parts(index, folder, "") | {
        f"{parent}/{name}" for name in _parts(index, folder, parent)
    }
    names -= {parent, f"{parent}/{ledger}", ".git"}
    folders = [name for name in names if not os.path.isfile(os.path.join(folder, name))]
    if len(folders) > _MANY:
        return _OURS
    files = [name for name in names if name.endswith(tuple(end.strip("*") for end in _ENDINGS))]
    inside = (f":(glob){_escaped(name)}/**/{end}" for name in sorted(folders) for end in _ENDINGS)
    return (*(f":(literal){name}" for name in sorted(files)), *inside)


def _parts(index: Iterable[str], folder: str, below: str) -> set[str]:
    """Return the names directly in a folder: those that are there, and those that Git tracks."""
    start = f"{below}/" if below else ""
    with contextlib.suppress(OSError):
        there = set(os.listdir(os.path.join(folder, below)))
        return there | {p[len(start) :].split("/", 1)[0] for p in index if p.startswith(start)}
    return set()


def _escaped(name: str) -> str:
    """Return a name as a pattern that means just itself."""
    return re.sub(r"([*?\[\\])", r"\\\1", name)


class CommitTree:
    """The files of one commit."""

    def __init__(self, git: Git, objects: Objects, commit: str) -> None:
        self.objects = objects
        self.commit = commit
        self.prefix = git.prefix
        self.index: Mapping[str, Entry] = git.tree(commit)
        self.extra: frozenset[str] = frozenset()

    def read(self, path: str, limit: int = MAX_BYTES) -> bytes | None:
        """See Source."""
        entry = self.index.get(path)
        if entry is None:
            return None
        content = self.objects.blob(entry.object)
        if content is None:
            raise UnreadableFile("is not in this clone (a partial one?); fetch it with `git fetch`")
        if len(content) > limit:
            raise UnreadableFile(f"is larger than the {limit:,} bytes that are read")
        return content

    def names(self, folder: str) -> list[str]:
        """See Source."""
        path = posixpath.normpath(self.prefix + folder)
        names = (entry.name for entry in self.objects.entries(f"{self.commit}:{path}"))
        return sorted(name for name in names if not name.startswith("."))

    def dirty(self, paths: Iterable[str], *, staged: bool = True) -> frozenset[str]:
        """See Source: a commit has no uncommitted changes."""
        del paths, staged
        return frozenset()

    def buried(self, folders: Iterable[str]) -> frozenset[str]:
        """See Source: a commit holds nothing that Git ignores."""
        del folders
        return frozenset()


def find_root(start: str) -> str:
    """Return the nearest folder upward of `start` that holds labelmeta.yaml.

    Raises NotARepository where there is none up to the folder of the Git repository.
    """
    if not os.path.isdir(os.path.realpath(start)):
        raise NotARepository(f"{start} is no folder; give one with --root")
    for folder in upward(start):
        if os.path.isfile(os.path.join(folder, CONFIG_FILE)):
            return folder
        if os.path.exists(os.path.join(folder, ".git")):
            break
    raise NotARepository(
        f"there is no {CONFIG_FILE} in {os.path.realpath(start)} or above it; "
        "run `labelmeta init` in your DVC project"
    )


def upward(start: str) -> Iterator[str]:
    """Yield a folder and those that enclose it, the nearest first."""
    folder, above = os.path.realpath(start), ""
    while folder != above:
        yield folder
        folder, above = os.path.dirname(folder), folder


def unreadable(path: str, error: UnreadableFile) -> Fault:
    """Return the fault of a file that could not be read, at the place that the error names."""
    return Fault(Place(path, (), error.line, error.column), f"{path} {error}")
