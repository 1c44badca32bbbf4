"""Earlier versions of data that DVC tracks: which of them its cache holds, and its remotes."""

from __future__ import annotations

import configparser
import json
import os
import re
from collections.abc import Iterator
from typing import NamedTuple

from dvc_labelmeta.errors import UnreadableFile
from dvc_labelmeta.model.snapshot import Record
from dvc_labelmeta.read import dvc
from dvc_labelmeta.read.dvc_cache import cached, is_hash
from dvc_labelmeta.read.git import Git
from dvc_labelmeta.read.source import upward
from dvc_labelmeta.read.traces import states

_QUOTED = re.compile(r"\"?'?remote \"(.+?)\"'?\"?\Z")


class Held(NamedTuple):
    """One earlier or present version of a file. value: its hash; file: in the cache, "" = not."""

    path: str
    value: str
    file: str


def versions(root: str, git: Git, record: Record) -> list[Held]:
    """Return the versions of what a record names, the present one too; each file of a folder."""
    values = {record.value: record.hash}
    if record.place.path.endswith(".dvc"):
        values = dict(_recorded(git, record)) | values
    places = _caches(root)
    found: dict[str, Held] = {}
    for value, kind in values.items():
        if is_hash(value):
            for one in _files(places, record.path, value, kind):
                found.setdefault(one.value, one)
    return [*found.values()]


def remotes(root: str) -> list[str]:
    """Return the places that data are pushed to, as DVC's configuration in the project says."""
    found = [
        f"{match[1]} ({settings[name].get('url', '?')})"
        for settings in _configs(root)
        for name in settings.sections()
        if (match := _QUOTED.match(name))
    ]
    return list(dict.fromkeys(found))


def _recorded(git: Git, record: Record) -> Iterator[tuple[str, str]]:
    """Yield hash and algorithm of each state that the .dvc file was committed in."""
    path = record.place.path
    with git.objects() as objects:
        for blob in states(git, path):
            try:
                known = dvc.file_records(path, objects.blob(blob) or b"")
            except UnreadableFile:
                continue
            yield from ((one.value, one.hash) for one in known)


def _files(places: list[str], path: str, value: str, kind: str) -> Iterator[Held]:
    file = _cached(places, value, kind)
    if not value.endswith(".dir"):
        yield Held(path, value, file)
        return
    if not file:
        yield Held(path, value, "")
        return
    with open(file, encoding="utf-8") as listing:
        for one in json.load(listing):
            if is_hash(str(one["md5"])):
                yield Held(
                    f"{path}/{one['relpath']}", one["md5"], _cached(places, one["md5"], kind)
                )


def _cached(places: list[str], value: str, kind: str) -> str:
    names = (cached(place, kind, value) for place in places)
    return next(filter(os.path.isfile, names), "")


def _caches(root: str) -> list[str]:
    """Return the folders that may be DVC's cache: the usual one, and those of its configuration."""
    found = [os.path.join(folder, ".dvc", "cache") for folder in upward(root)]
    found += [
        os.path.join(_own(root), settings.get("cache", "dir"))
        for settings in _configs(root)
        if settings.has_option("cache", "dir")
    ]
    return [place for place in found if os.path.isdir(place)]


def _configs(root: str) -> Iterator[configparser.ConfigParser]:
    for name in ("config", "config.local"):
        settings = configparser.ConfigParser(interpolation=None, strict=False)
        try:
            settings.read(os.path.join(_own(root), name), encoding="utf-8")
        except (configparser.Error, UnicodeDecodeError):
            continue
        yield settings


def _own(root: str) -> str:
    names = (os.path.join(folder, ".dvc") for folder in upward(root))
    return next(filter(os.path.isdir, names), os.path.join(root, ".dvc"))
