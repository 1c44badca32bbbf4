"""Where the files of a snapshot come from: the working tree, or one commit."""

from __future__ import annotations

import contextlib
import os
import re
from collections.abc import Iterable, Iterator, Mapping
from functools import cached_property
from typing import Protocol

from dvc_labelmeta.errors import NotARepository, UnreadableFile
from dvc_labelmeta.model.config import CONFIG_FILE, LEDGER, OWN_FOLDER, Config
from dvc_labelmeta.model.sidecar import SUFFIX
from dvc_labelmeta.model.snapshot import Fault, Place
from dvc_labelmeta.read import files
from dvc_labelmeta.read.files import MAX_BYTES
from dvc_labelmeta.read.git import Entry, Git, Objects

# events may be many; who needs them reads them by their names
_NO_EVENTS = f":(exclude){LEDGER}/events"
_APART = ("../", f"{LEDGER}/events/")  # not in the index of a commit, and read by name
_ENDINGS = (SUFFIX, ".dvc", "dvc.yaml", "dvc.lock")
_GLOBS = (f"*{SUFFIX}", "*.dvc", "dvc.*")  # few: Git holds each against each file of its index
_OURS = tuple(f":(glob)**/{glob}" for glob in _GLOBS)
CLONES = f"{OWN_FOLDER}/cache/repos"
_MANY = 50  # folders to name one by one


class Source(Protocol):
    """Files by path from the root.

    `index` is what Git tracks below the root, events of the ledger left out.
    """

    index: Mapping[str, Entry]

    @property
    def extra(self) -> frozenset[str]:
        """Files of ours and DVC's that Git does not track (yet)."""

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
        self._expected: frozenset[str] = frozenset()

    def expect(self, paths: Iterable[str]) -> None:
        """Say about which files and folders `dirty` is going to be asked.

        Before anything but `read`: then Git goes through its index once for all of them.
        """
        self._expected = frozenset(paths)

    @cached_property
    def states(self) -> Mapping[str, str]:
        """What differs from HEAD among the files of ours and DVC's, and in what is expected."""
        return self.git.status([*_ours(self.git.folder, self.index), *self._specs(self._expected)])

    @cached_property
    def extra(self) -> frozenset[str]:
        """See Source."""
        new = (path for path, state in self.states.items() if state == "??")
        return frozenset(path for path in new if path.endswith(_ENDINGS))

    def _specs(self, paths: Iterable[str]) -> Iterator[str]:
        return (f":(top,literal){self.git.above(path)}" for path in sorted(paths))

    def read(self, path: str, limit: int = MAX_BYTES) -> bytes | None:
        """See Source."""
        return files.content(os.path.join(self.git.folder, path), limit)

    def names(self, folder: str) -> list[str]:
        """See Source."""
        return files.names(os.path.join(self.git.folder, folder))

    def dirty(self, paths: Iterable[str], *, staged: bool = True) -> frozenset[str]:
        """See Source."""
        asked = list(paths)
        if not asked:
            return frozenset()
        states = self.states  # all `.dvc` files were asked about once: no process for each
        if not all(path.endswith(".dvc") or path in self._expected for path in asked):
            states = self.git.status(self._specs(asked))
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
    names -= {parent, f"{parent}/{ledger}", ".git", ".dvc", OWN_FOLDER}
    folders = [name for name in names if not os.path.isfile(os.path.join(folder, name))]
    if len(folders) > _MANY:
        return _OURS
    files = [name for name in names if name.endswith(_ENDINGS)]
    inside = (f":(glob){_escaped(name)}/**/{glob}" for name in sorted(folders) for glob in _GLOBS)
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


class Committed:
    """What is so of the files of any commit: nothing is dirty, and nothing is hidden."""

    def __init__(self, git: Git, objects: Objects, commit: str) -> None:
        self.git, self.objects, self.commit = git, objects, commit
        self.extra: frozenset[str] = frozenset()

    def names(self, folder: str) -> list[str]:
        """See Source."""
        name = f"{self.commit}:{self.git.above(folder)}"
        names = (entry.name for entry in self.objects.entries(name))
        return sorted(name for name in names if not name.startswith("."))

    def dirty(self, paths: Iterable[str], *, staged: bool = True) -> frozenset[str]:
        """See Source: a commit has no uncommitted changes."""
        del paths, staged
        return frozenset()

    def buried(self, folders: Iterable[str]) -> frozenset[str]:
        """See Source: a commit holds nothing that Git ignores."""
        del folders
        return frozenset()


class CommitTree(Committed):
    """The files of one commit."""

    def __init__(self, git: Git, objects: Objects, commit: str) -> None:
        super().__init__(git, objects, commit)
        self.index: Mapping[str, Entry] = git.tree(commit, _NO_EVENTS)

    def read(self, path: str, limit: int = MAX_BYTES) -> bytes | None:
        """See Source."""
        entry = self.index.get(path)
        if entry is None and not path.startswith(_APART):
            return None
        content = self.objects.blob(
            entry.object if entry else f"{self.commit}:{self.git.above(path)}"
        )
        if content is None and entry is None:
            return None
        if content is None:
            raise UnreadableFile("is not in this clone (a partial one?); fetch it with `git fetch`")
        if len(content) > limit:
            raise UnreadableFile(f"is larger than the {limit:,} bytes that are read")
        return content


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


def clone_folder(root: str, settings: Config, repo: str) -> str | None:
    """Return the bare clone of a repository of `repos:`, or None if it was never fetched.

    Looks in the enclosing folders too: `dvc exp run --temp` works in a copy below the project.
    """
    name = os.path.join(CLONES, clone_name(repo, dict(settings.repos)[repo]))
    candidates = (os.path.join(folder, name) for folder in upward(root))
    return next((folder for folder in candidates if os.path.isdir(folder)), None)


def clone_name(repo: str, url: str) -> str:
    """Return the folder name of a clone: another URL under the same name is another clone."""
    import hashlib  # noqa: PLC0415  # OpenSSL starts slowly; a gate needs no hash

    return f"{repo}-{hashlib.sha256(url.encode()).hexdigest()[:12]}.git"


def leaves(path: str, depth: int) -> bool:
    """Whether a normalised path climbs more than `depth` folders up, or is absolute."""
    parts = path.split("/")
    return path.startswith("/") or parts.count("..") > depth


def unreadable(path: str, error: UnreadableFile) -> Fault:
    """Return the fault of a file that could not be read, at the place that the error names."""
    return Fault(Place(path, (), error.line, error.column), f"{path} {error}")
