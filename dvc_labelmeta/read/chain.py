"""All files of a ledger, each held against its own name: of a working tree, or of a commit."""

from __future__ import annotations

import datetime as dt
import hashlib
import os
import re
import stat
import sys
from collections.abc import Iterable, Iterator, Mapping
from functools import lru_cache
from typing import Any, NamedTuple

from dvc_labelmeta.model.chain import Files, Flaw
from dvc_labelmeta.model.event import (
    EVENTS,
    FOLDER,
    HEADS,
    PEOPLE,
    SCHEMA,
    TIPS,
    TYPES,
    Event,
    canonical,
)
from dvc_labelmeta.read.files import MAX_BYTES
from dvc_labelmeta.read.git import Git, Objects
from dvc_labelmeta.read.ledger import DECODE, judged, key_of, opened

_HEX = r"[0-9a-f]{64}"
_EVENT = re.compile(rf"{re.escape(EVENTS)}/([0-9a-f]{{2}})/(\1[0-9a-f]{{62}})\.json")
_PERSON = re.compile(rf"{re.escape(PEOPLE)}/({_HEX})\.json")
_MARKER = re.compile(rf"(?:{re.escape(HEADS)}/{_HEX}|{re.escape(TIPS)}/[0-9a-f]{{16}}-{_HEX})")
# an event as nearly all are: in its canonical form and fit for its schema, if its parts are so
_USUAL = re.compile(
    rf'{{"actor":"({_HEX})",'
    r'"at":"([0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}Z)",'
    r'"claims":(\{.*\}),"count":(0|[1-9][0-9]{0,14}),(?:"details":(\{.*\}),)?'
    rf'"parents":\[((?:"{_HEX}",)*(?:"{_HEX}")?)(?<!,)\],"schema":"{re.escape(SCHEMA)}",'
    r'"subject":"((?:split|guideline|stage|waiver|project|person|annotator):[^"\\\x00-\x1f]*)",'
    rf'"type":"({"|".join(TYPES)})"}}'
)
_CHUNK = 2000
_SHORT = 1 << 14
_READ = os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_BINARY", 0)


class Content(NamedTuple):
    """One file of the ledger; what: its content, or the kind of the Flaw that it has."""

    path: str
    what: bytes | str


def on_disk(root: str) -> Iterator[Content]:
    """Yield the files of the ledger in the working tree; links are never followed."""
    top = os.path.join(root, FOLDER)
    here = os.path.realpath(top) == os.path.join(os.path.realpath(root), *FOLDER.split("/"))
    waiting = [FOLDER] if os.path.isdir(top) and here else []
    if not waiting and os.path.lexists(top):
        yield Content(FOLDER, "special-file")
    while waiting:
        folder = waiting.pop()
        with os.scandir(os.path.join(root, folder)) as entries:
            for entry in entries:
                path = f"{folder}/{entry.name}"
                if entry.is_dir(follow_symlinks=False):
                    waiting.append(path)
                elif entry.is_file(follow_symlinks=False):
                    yield Content(path, _read(entry.path))
                else:
                    yield Content(path, "special-file")


def one_on_disk(root: str, path: str) -> Content:
    """Return one file of the working tree."""
    return Content(path, _read(os.path.join(root, path)))


def _read(path: str) -> bytes | str:
    """Return the content of a regular file, or why there is none."""
    try:
        file = os.open(path, _READ)
        try:
            content = os.read(file, 1 << 16)
            if len(content) == 1 << 16:
                while len(content) <= MAX_BYTES and (more := os.read(file, 1 << 16)):
                    content += more
        finally:
            os.close(file)
    except OSError:
        return "unreadable-file"
    return content if len(content) <= MAX_BYTES else "unknown-file"


def in_commit(git: Git, objects: Objects, commit: str) -> Iterator[Content]:
    """Yield the files of the ledger in a commit."""
    out = git.run("ls-tree", "-r", "-z", commit, "--", FOLDER).decode(errors="surrogateescape")
    entries = [item.partition("\t") for item in out.split("\0") if item]
    for start in range(0, len(entries), _CHUNK):
        some = [(*meta.split(" "), path) for meta, _, path in entries[start : start + _CHUNK]]
        objects.ask(object_ for mode, _, object_, _ in some if stat.S_ISREG(int(mode, 8)))
        for mode, _, object_, path in some:
            if not stat.S_ISREG(int(mode, 8)):
                yield Content(path, "special-file")
                continue
            content = objects.blob(object_)
            yield Content(path, "unreadable-file" if content is None else content)


def files(contents: Iterable[Content]) -> Files:
    """Return what the files of a ledger say."""
    events: dict[str, Event] = {}
    heads: set[str] = set()
    tips: set[str] = set()
    people: dict[str, str] = {}
    keys: dict[str, str] = {}
    flaws: list[Flaw] = []
    for path, what in contents:
        found: Any = Flaw(what, path) if isinstance(what, str) else _parsed(path, what)
        if isinstance(found, Flaw):
            flaws.append(found)
        elif isinstance(found, Event):
            events[found.hash] = found
            if found.subject not in keys:
                keys[found.subject] = key_of(found.subject)
        elif found:
            people[path[len(PEOPLE) + 1 : -len(".json")]] = found
        else:
            folder, _, name = path.rpartition("/")
            (heads if folder == HEADS else tips).add(name)
    flaws.sort()
    return Files(events, frozenset(heads), frozenset(tips), people, keys, tuple(flaws))


def _parsed(path: str, content: bytes) -> Event | Flaw | str:
    """Return the event that a file holds, the name that it opens, "" for a marker, or its flaw."""
    match = _EVENT.fullmatch(path)
    if match is not None:
        return _event(path, sys.intern(match[2]), content)
    match = _PERSON.fullmatch(path)
    if match is not None:
        return opened(match[1], content) or Flaw("changed-opening", path)
    if _MARKER.fullmatch(path):
        return Flaw("filled-marker", path) if content else ""
    return Flaw("unknown-file", path)


def _event(path: str, hash_: str, content: bytes) -> Event | Flaw:
    if hashlib.sha256(content).hexdigest() == hash_:
        usual = _usual(hash_, content)
        if usual is not None:
            return usual
    found = judged(hash_, content)
    if isinstance(found, Event):
        return found
    kind, told = found
    return Flaw(kind, path, told if kind == "unfit-event" else "")


def _usual(hash_: str, content: bytes) -> Event | None:
    """Return an event that is as nearly all are, None for all others, sound or not.

    Of long ones each end of a mapping would be tried with each other one: minutes for one file
    that was made for it. What many events have in common is kept once.
    """
    try:
        match = _USUAL.fullmatch(content.decode()) if len(content) <= _SHORT else None
        if match is None:
            return None
        actor, at, claims, count, details, before, subject, type_ = match.groups()
        dt.datetime.fromisoformat(at[:-1])
        parts = _part(claims), _part(details or "{}")
    except (ValueError, RecursionError):
        return None
    parents = tuple(map(sys.intern, before[1:-1].split('","'))) if before else ()
    who, what, kind = map(sys.intern, (actor, subject, type_))
    return Event(hash_, kind, what, at, who, parents, int(count), *parts)


@lru_cache(4096)
def _part(text: str) -> Mapping[str, Any]:
    """Return a mapping that an event holds; raises ValueError where its form is not canonical."""
    value: Any = DECODE(text)
    if canonical(value) != text.encode():
        raise ValueError(text)
    found: Mapping[str, Any] = value
    return found
