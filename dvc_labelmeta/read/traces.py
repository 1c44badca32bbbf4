"""Where words about a person stand: in files of the working tree, in Git's history, in DVC's cache.

What is packed (Parquet, gzip, zstd) cannot be searched for words; it is told apart.
"""

from __future__ import annotations

import contextlib
import mmap
import os
import re
from collections.abc import Iterator, Mapping, Sequence
from types import MappingProxyType
from typing import NamedTuple

from dvc_labelmeta.read.git import Git

COMMITS = 2_000  # the newest ones that are searched
_FIRST = 3
_FILES = 100_000
_OLDEST = 50
_PACKED = (".parquet", ".gz", ".zst", ".zip", ".tar", ".xz", ".bz2")
_OUTSIDE = {".git"}  # a folder of this name is not searched
_OF_DVC = {"cache", "tmp"}
_NONE: Mapping[str, str] = MappingProxyType({})
_COMMIT = re.compile(r"[0-9a-f]{40}([0-9a-f]{24})?\Z")
_ERE = re.compile(r"([.\[\]()*+?{}^$|\\])")


class Spot(NamedTuple):
    """A file that has words; lines: the first ones, from 1 (0: its own name); times: how often."""

    path: str
    lines: tuple[int, ...]
    times: int


class Past(NamedTuple):
    """What Git's history says of words.

    searched, all: commits. holding: commits that added or took away such words; files: the ones
    in which. authors, messages: commits that name them so. refs: those that lead to the oldest
    commits found. tags: annotated tags whose text names them.
    """

    searched: int
    all: int
    holding: int
    files: tuple[str, ...]
    authors: int
    messages: int
    refs: tuple[str, ...]
    tags: tuple[str, ...]


def pattern(words: Sequence[str]) -> re.Pattern[bytes]:
    """Return an expression for any of the words, where no letter or digit is beside it."""
    either = b"|".join(re.escape(word.encode(errors="surrogateescape")) for word in words)
    return re.compile(rb"(?<![A-Za-z0-9])(?:" + either + rb")(?![A-Za-z0-9])")


def spots(
    root: str, words: Sequence[str], held: Mapping[str, str] = _NONE
) -> tuple[list[Spot], list[str]]:
    """Return the files below the root that have words, by path, and those that were not searched.

    held: where files that are about to be written have their content, "" for one that goes.
    Git's own folder and DVC's cache are not looked into.
    """
    wanted = pattern(words)
    found, left = [], []
    for number, path in enumerate(_files(root)):
        full = held.get(path, os.path.join(root, path))
        if not full:
            continue
        name = path.encode(errors="surrogateescape")
        if wanted.search(name):
            found.append(Spot(path, (0,), 1))
        if path.endswith(_PACKED) or number >= _FILES:
            left.append(path)
            continue
        lines, count = _lines(full, wanted)
        if count:
            found.append(Spot(path, lines, count))
    return sorted(found), left


def has(path: str, words: Sequence[str]) -> bool:
    """Whether a file that is not packed has words."""
    return _lines(path, pattern(words))[1] > 0


def past(git: Git, words: Sequence[str]) -> Past:
    """Return what the history of all branches and tags says of words."""
    total = int(git.text("rev-list", "--all", "--count") or 0)
    newest = git.text("rev-list", "--all", f"--max-count={COMMITS}")
    holding, files = _changed(git, newest, words)
    oldest = [word for one in holding[-_OLDEST:] for word in ("--contains", one)]
    refs = git.text("for-each-ref", "--format=%(refname)", *oldest).split() if oldest else []
    return Past(
        min(total, COMMITS),
        total,
        len(holding),
        tuple(sorted(files)),
        len(_by(git, "author", words) | _by(git, "committer", words)),
        len(_by(git, "grep", words)),
        tuple(refs),
        tuple(_tags(git, words)),
    )


def states(git: Git, path: str) -> list[str]:
    """Return the blobs that a file was in all branches and tags; path from the folder of `git`."""
    args = ("--all", "--raw", "--no-abbrev", "-m", "--no-renames", "--format=")
    out = git.text("log", *args, "--", f":(literal){path}")
    found = (line.split()[3] for line in out.splitlines() if line.startswith(":"))
    return [blob for blob in dict.fromkeys(found) if blob.strip("0")]


def _changed(git: Git, commits: str, words: Sequence[str]) -> tuple[list[str], set[str]]:
    either = "|".join(_ERE.sub(r"\\\1", word) for word in words)
    wanted = f"(^|[^A-Za-z0-9])({either})($|[^A-Za-z0-9])"  # a short id is part of many hashes
    how = ("-r", "--root", "--name-only", "--pickaxe-regex", f"-S{wanted}", "--stdin")
    quiet = ("-c", "core.quotePath=false")
    out = git.run(*quiet, "diff-tree", *how, stdin=commits.encode() + b"\n")
    holding: list[str] = []
    files: set[str] = set()
    for line in out.decode(errors="replace").splitlines():
        if _COMMIT.match(line):
            holding.append(line)
        elif line:
            files.add(line)
    return holding, files


def _by(git: Git, what: str, words: Sequence[str]) -> set[str]:
    """Return the commits that name one of the words in a line of their head or in their message."""
    found: set[str] = set()
    for word in words:
        found |= {*git.text("log", "--all", "--format=%H", "-F", f"--{what}={word}").split()}
    return found


def _tags(git: Git, words: Sequence[str]) -> Iterator[str]:
    form = "--format=%(objecttype) %(refname:short)%00%(taggername) %(taggeremail) %(contents)%01"
    for one in git.text("for-each-ref", form, "refs/tags").split("\x01"):
        head, _, told = one.strip().partition("\0")
        kind, _, name = head.partition(" ")
        if kind == "tag" and pattern(words).search(told.encode(errors="surrogateescape")):
            yield name


def _files(root: str) -> Iterator[str]:
    for folder, below, names in os.walk(root):
        inside = os.path.basename(folder) == ".dvc"
        below[:] = sorted(set(below) - (_OF_DVC if inside else _OUTSIDE))
        for name in sorted(names):
            path = os.path.join(folder, name)
            if not os.path.islink(path) or os.path.isfile(path):
                yield os.path.relpath(path, root).replace(os.sep, "/")


def _lines(path: str, wanted: re.Pattern[bytes]) -> tuple[tuple[int, ...], int]:
    """Return the first lines of a file that have words, and how often it has them."""
    lines: list[int] = []
    count = last = line = 0
    with contextlib.suppress(OSError, ValueError), _mapped(path) as content:  # empty, or not ours
        for match in wanted.finditer(content):
            count += 1
            if len(lines) < _FIRST:
                line += content[last : match.start()].count(b"\n")
                last = match.start()
                if line + 1 not in lines:
                    lines.append(line + 1)
    return tuple(lines), count


def _mapped(path: str) -> mmap.mmap:
    """Return the content of a file, which need not fit into memory; raises OSError, ValueError."""
    with open(path, "rb") as file:
        return mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
