"""Which content files had at many commits: one walk through history instead of a question each."""

from __future__ import annotations

import tempfile
from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping

from dvc_labelmeta.model.event import HEADS
from dvc_labelmeta.read.chain_past import MEMORY
from dvc_labelmeta.read.git import Git, Repository

_HOW = ("--full-history", "--topo-order", "--reverse", "--parents", "--root", "-c", "--raw", "-z")

_OUT = "/"  # no file of a commit has this name
_MOST = 1000  # names that Git holds each path against
MISSING = "", "", 0

# a file of a commit, by its path from the top level; with path "": the object that is named
Name = tuple[str, str]
Kind = tuple[str, str, int]


class Lookup:
    """Hash, kind and size of files in commits, each asked for once.

    known: by commit and path; as in Name, but one after the other.
    """

    def __init__(self, repository: Repository) -> None:
        self.repository = repository
        self.known: defaultdict[str, dict[str, Kind]] = defaultdict(dict)
        self.paths: dict[str, str] = {}

    def above(self, path: str) -> str:
        """Return a path from the top level; for one that leads out, a name that no file has."""
        if path not in self.paths:
            above = self.repository.git.above(path)
            self.paths[path] = _OUT if above.split("/")[0] in {"", ".."} else above
        return self.paths[path]

    def at(self, commit: str, path: str) -> Kind:
        """Return what stands at a path from the root in a commit."""
        return self.named(commit, self.above(path))

    def named(self, of: str, path: str = "") -> Kind:
        """Return what a Name stands for."""
        if path not in self.known[of]:
            self.ask([(of, path)])
        return self.known[of].get(path, MISSING)

    def walk(self, wanted: Mapping[str, Collection[str]]) -> None:
        """Learn from history what files were in commits of it; paths are from the top level."""
        head = self.repository.head
        told = dict(contents(self.repository.git, head, wanted)) if head else {}
        self.ask((object_, "") for files in told.values() for object_ in files.values())
        for commit, files in told.items():
            kinds = {path: self.known[object_][""] for path, object_ in files.items()}
            self.known[commit].update(kinds)

    def ask(self, names: Iterable[Name]) -> None:
        """Learn what names stand for from Git, in one process."""
        unknown = dict.fromkeys((of, path) for of, path in names if path not in self.known[of])
        new = [(o, p) for o, p in unknown if o and p != _OUT and "\n" not in o + p]
        if not new:
            return
        with tempfile.TemporaryFile() as asked:
            lines = (f"{of}:{path}\n" if path else f"{of}\n" for of, path in new)
            asked.write("".join(lines).encode(errors="surrogateescape"))
            asked.seek(0)
            out = self.repository.git.run(*MEMORY, "cat-file", "--batch-check", stdin=asked)
        answers = out.decode(errors="surrogateescape").split("\n")
        for (of, path), line in zip(new, answers, strict=False):
            words = line.rsplit(" ", 2)
            found = len(words) == 3 and words[2].isdigit()
            self.known[of][path] = (words[0], words[1], int(words[2])) if found else MISSING


def contents(
    git: Git, head: str, wanted: Mapping[str, Collection[str]]
) -> Iterator[tuple[str, dict[str, str]]]:
    """Yield commits, and Git's hashes of wanted files by path, which the history of `head` tells.

    wanted: paths from the top level, by commit. Left out are files that are not there, and those
    that the sides of a merge have differently: Git is to be asked for them.
    """
    all_ = frozenset().union(*wanted.values()) - {_OUT, ""}
    tops = {path.partition("/")[0] for path in all_}
    specs = [f":(top,literal){name}" for name in sorted({*tops, git.above(HEADS)})]
    if len(specs) > _MOST:
        return
    log = (*MEMORY, "log", *_HOW, "--no-abbrev", "--no-renames")
    out = git.run(*log, "--format=%x01%H %P", head, "--", *specs)
    commits = list(_commits(out, all_))
    followers = Counter(parent for _, parents, _ in commits for parent in parents)
    states: dict[str, dict[str, str]] = {}
    for commit, parents, changed in commits:
        before = [states[parent] for parent in parents]
        followers.subtract(parents)
        used = len(parents) == 1 and not followers[parents[0]]  # nobody else needs that state
        state = states[commit] = before[0] if used else _agreed(before)
        for path, object_ in changed:
            state[path] = object_
        for parent in parents:
            if not followers[parent]:
                states.pop(parent, None)
        if commit in wanted:
            yield commit, {path: state[path] for path in wanted[commit] if state.get(path)}


def _agreed(sides: list[dict[str, str]]) -> dict[str, str]:
    """Return what all sides have; of files that a merge takes from one side, none is sure."""
    first, *others = sides or [{}]
    return {
        path: object_
        for path, object_ in first.items()
        if all(side.get(path) == object_ for side in others)
    }


def _commits(
    out: bytes, paths: frozenset[str]
) -> Iterator[tuple[str, list[str], list[tuple[str, str]]]]:
    """Yield each commit, its parents, and the new hashes of files ("" = removed), oldest first."""
    header: list[str] = []
    changed: list[tuple[str, str]] = []
    told = ""
    for part in out.decode(errors="surrogateescape").split("\0"):
        if told:
            if part in paths:
                words = told.split(" ")
                object_ = words[2 * words[0].count(":") + 1]  # one colon for each parent
                changed.append((part, object_ if object_.strip("0") else ""))
            told = ""
        elif part.startswith("\x01"):
            if header:
                yield header[0], header[1:], changed
            header, changed = part[1:].split(), []
        else:
            told = part.strip()
    if header:
        yield header[0], header[1:], changed
