"""Git histories as values, and what somebody needs who forges them: new hashes, markers, commits."""

from __future__ import annotations

import hashlib
import itertools
import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from dvc_labelmeta.checks.ancestry import ancestry
from dvc_labelmeta.checks.chain import heads_of, tips_of
from dvc_labelmeta.model.event import EVENTS, HEADS, TIPS, canonical, event_of, event_path
from dvc_labelmeta.read.git import Git
from dvc_labelmeta.read.ledger import key_of

Value = dict[str, Any]
Change = Callable[[str, Value], Value | None]
Mode = tuple[str, bytes]  # of Git, and content
Tree = Mapping[str, Mode]
FILE = "100644"


class Commit(NamedTuple):
    """One commit, its parents by number. hash: "" = it has to be made."""

    hash: str
    parents: tuple[int, ...]
    author: str
    committer: str
    message: str
    files: Tree


def history(root: Path) -> tuple[Commit, ...]:
    """Return the history of HEAD, parents before children."""
    git = Git(str(root))
    form = "%H%x00%P%x00%an <%ae> %ad%x00%cn <%ce> %cd%x00%B%x01"
    out = git.text("log", "--reverse", "--topo-order", "--date=raw", f"--format={form}")
    found: list[Commit] = []
    numbers: dict[str, int] = {}
    with git.objects() as objects:
        for record in out.split("\x01"):
            if record.strip():
                hash_, parents, author, committer, message = record.lstrip("\n").split("\0")
                files = {
                    path: (one.mode, objects.blob(one.object) or b"")
                    for path, one in git.tree(hash_).items()
                }
                numbers[hash_] = len(found)
                before = tuple(numbers[parent] for parent in parents.split())
                found.append(Commit(hash_, before, author, committer, message, files))
    return tuple(found)


def filtered(
    commits: Sequence[Commit], change: Callable[[Tree], Tree], message: Callable[[str], str] = str
) -> tuple[Commit, ...]:
    """Return the history with another tree, or message, in each commit; the rest as it was."""
    done: list[Commit] = []
    for one in commits:
        new = one._replace(files=change(one.files), message=message(one.message))
        same = new == one and all(done[parent].hash for parent in one.parents)
        done.append(one if same else new._replace(hash=""))
    return tuple(done)


def edited(files: Tree, edits: Mapping[str, Mode | None]) -> Tree:
    """Return a tree with other files; None = without it."""
    kept = {path: one for path, one in files.items() if path not in edits}
    return kept | {path: one for path, one in edits.items() if one is not None}


def contents(files: Tree) -> dict[str, bytes]:
    """Return the events of a tree by hash."""
    start = EVENTS + "/"
    return {path[-69:-5]: one[1] for path, one in files.items() if path.startswith(start)}


def placed(files: Tree, events: Mapping[str, bytes]) -> Tree:
    """Return a tree with other events, and the markers that they need."""
    of_events = (EVENTS + "/", HEADS + "/", TIPS + "/")
    kept = {path: one for path, one in files.items() if not path.startswith(of_events)}
    known = {hash_: event_of(hash_, json.loads(content)) for hash_, content in events.items()}
    tips = tips_of(known, ancestry(known))
    names = [f"{HEADS}/{hash_}" for hash_ in heads_of(known)]
    names += [f"{TIPS}/{key_of(name)}-{hash_}" for name, last in tips.items() for hash_ in last]
    kept |= {event_path(hash_): (FILE, content) for hash_, content in events.items()}
    return kept | dict.fromkeys(names, (FILE, b""))


def sealed(value: Mapping[str, Any]) -> tuple[str, bytes]:
    """Return the hash and the content of an event."""
    content = canonical(value)
    return hashlib.sha256(content).hexdigest(), content


def rehashed(events: Mapping[str, bytes], change: Change) -> dict[str, tuple[str, bytes] | None]:
    """Return the events changed, and all that follow with new parents, counts and hashes.

    By their old hashes; None = it was left out, and its parents stand in its place.
    """
    values: list[tuple[str, Value]] = [(hash_, json.loads(c)) for hash_, c in events.items()]
    now: dict[str, tuple[str, ...]] = {}
    before: dict[str, frozenset[str]] = {}
    done: dict[str, tuple[str, bytes] | None] = {}
    for hash_, value in sorted(values, key=lambda pair: (pair[1]["count"], pair[0])):
        parents = sorted({new for parent in value["parents"] for new in now[parent]})
        history_ = frozenset(parents).union(*(before[parent] for parent in parents))
        changed = change(hash_, value | {"parents": parents, "count": len(history_) + 1})
        if changed is None:
            now[hash_], done[hash_] = tuple(parents), None
            continue
        done[hash_] = sealed(changed)
        now[hash_] = (done[hash_] or ("",))[0:1]
        before[now[hash_][0]] = history_ | set(parents)
    return done


def forged(files: Tree, new: Mapping[str, tuple[str, bytes] | None]) -> Tree:
    """Return a tree whose events are those that took the place of the old ones."""
    there = [new.get(hash_, (hash_, content)) for hash_, content in contents(files).items()]
    return placed(files, dict(filter(None, there)))


def stream(histories: Iterable[Sequence[Commit]]) -> Iterator[bytes]:
    """Yield what makes `git fast-import` write the new commits of some histories.

    Marks count them, from 1, in the order in which they come.
    """
    mark = 0
    for number, commits in enumerate(histories):
        names: list[str] = []
        for one in commits:
            if one.hash:
                names.append(one.hash)
                continue
            mark += 1
            names.append(f":{mark}")
            if not one.parents:  # else it would follow what the branch held before
                yield f"reset refs/attacks/{number}\n\n".encode()
            yield f"commit refs/attacks/{number}\nmark :{mark}\n".encode()
            yield f"author {one.author}\ncommitter {one.committer}\n".encode()
            yield _data(one.message.encode())
            words = ("from", *["merge"] * (len(one.parents) - 1))
            yield from (
                f"{word} {names[parent]}\n".encode()
                for word, parent in zip(words, one.parents, strict=False)
            )
            yield from _files(commits[one.parents[0]].files if one.parents else {}, one.files)


def _files(old: Tree, new: Tree) -> Iterator[bytes]:
    yield from (f"D {path}\n".encode() for path in old.keys() - new.keys())
    for path, (mode, content) in new.items():
        if old.get(path) != (mode, content):
            yield f"M {mode} inline {path}\n".encode() + _data(content)


def _data(content: bytes) -> bytes:
    return b"data %d\n%s\n" % (len(content), content)


def made(root: Path, histories: Sequence[Sequence[Commit]]) -> list[list[str]]:
    """Write the new commits of histories, and return the hashes of each."""
    marks = root / ".git" / "marks"
    text = b"".join(stream(histories))
    Git(str(root)).run("fast-import", "--quiet", "--force", f"--export-marks={marks}", stdin=text)
    lines = (line.split() for line in marks.read_text().splitlines())
    hashes = {int(mark[1:]): hash_ for mark, hash_ in lines}
    new = itertools.count(1)
    return [[one.hash or hashes[next(new)] for one in commits] for commits in histories]
