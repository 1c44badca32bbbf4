"""The first-parent history of a commit: what each step changed below the root, by one `git log`."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from itertools import islice
from typing import NamedTuple

from dvc_labelmeta.model.event import EVENTS
from dvc_labelmeta.model.sidecar import SUFFIX
from dvc_labelmeta.read.git import Entry, Git, Objects

_FORM = (
    "--format=%x00%H%x00%as%x00%an%x00%s%x00%P%x00"
    "%(trailers:key=Labelmeta-Change,valueonly,separator=%x2c)%x00"
)
_WORDS = 6
_BATCH = 200
_OURS = (SUFFIX, ".dvc", "guideline.yaml", "labelmeta.yaml", ".releases.yaml")


class Step(NamedTuple):
    """One commit; files: what it changed against its first parent, (before, after) by path.

    None: not there before, or after. trailer: see Commit.
    """

    hash: str
    date: str
    author: str
    subject: str
    parents: tuple[str, ...]
    trailer: str
    files: Mapping[str, tuple[Entry | None, Entry | None]]


def chain(git: Git, head: str) -> list[str]:
    """Return the commits from the first one to `head`, by first parents."""
    return git.text("rev-list", "--first-parent", "--reverse", head).split()


def steps(git: Git, head: str, after: str, paths: Iterable[str] = ()) -> Iterator[Step]:
    """Yield the commits that follow `after` ("": all) up to `head`, oldest first.

    paths: from the root; none: all below it.
    """
    span = f"{after}..{head}" if after else head
    asked = [git.above(path) for path in paths] or [git.prefix.rstrip("/")] * bool(git.prefix)
    below = [f":(top,literal){path}" for path in asked]
    how = ("--first-parent", "-m", "--reverse", "--root", _FORM, span, "--", *below)
    for told, changed in logged(git, how, _WORDS):
        files = {git.below(path): _pair(sides, git.below(path)) for sides, path in changed}
        hash_, date, author, subject, parents, trailer = told
        yield Step(hash_, date, author, subject, tuple(parents.split()), trailer, files)


def logged(
    git: Git, how: Iterable[str], words: int, stdin: bytes | None = None
) -> Iterator[tuple[list[str], list[tuple[str, str]]]]:
    """Yield for each commit of a `git log` the words of its format, and what it changed.

    Each word, and the first one's beginning, is set off by NUL, the only sign that no name and no
    message can hold. Of a change: modes and hashes as Git has them, and the path from the top
    level; of a merge with `-m`, a commit for each parent.
    """
    asked = ("log", "--raw", "-z", "--no-abbrev", "--no-renames", *how)
    fields = git.run(*asked, stdin=stdin).split(b"\0")
    at = 0
    while at < len(fields):
        if not fields[at].strip():
            at += 1
            continue
        told = [one.decode(errors="replace") for one in fields[at : at + words]]
        at += words
        changed: list[tuple[str, str]] = []
        while at < len(fields) and fields[at].lstrip(b"\n")[:1] in {b"", b":"}:
            if fields[at].strip():
                path = fields[at + 1].decode(errors="surrogateescape")
                changed.append((fields[at].decode().lstrip("\n:"), path))
                at += 1
            at += 1
        yield told, changed


def ahead(objects: Objects, found: Iterable[Step]) -> Iterator[Step]:
    """Yield steps whose small files were read ahead, many in one question."""
    rest = iter(found)
    while batch := list(islice(rest, _BATCH)):
        changed = (pair for step in batch for pair in step.files.items())
        objects.ask(new.object for path, (_, new) in changed if new and _is_read(path))
        yield from batch


def _is_read(path: str) -> bool:
    return path.endswith(_OURS) or path.startswith(f"{EVENTS}/")


def _pair(told: str, path: str) -> tuple[Entry | None, Entry | None]:
    old_mode, new_mode, old, new, _ = told.split(" ")
    return (
        Entry(old_mode, old, path) if old.strip("0") else None,
        Entry(new_mode, new, path) if new.strip("0") else None,
    )


class Ancestry:
    """When each commit came into a first-parent history: the number of the step that merged it."""

    def __init__(self, git: Git, head: str, line: list[str]) -> None:
        self.number = {commit: at for at, commit in enumerate(line)}
        parents = {}
        for row in git.text("rev-list", "--parents", head).split("\n"):
            commit, *rest = row.split()
            parents[commit] = rest
        for at, commit in enumerate(line):
            todo = [*parents[commit][1:]]
            while todo:
                one = todo.pop()
                if one not in self.number:
                    self.number[one] = at
                    todo += parents.get(one, ())

    def held(self, commit: str, at: int) -> bool:
        """Whether a commit is in the history of step `at`."""
        return self.number.get(commit, at + 1) <= at
