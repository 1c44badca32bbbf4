"""Tags of a model registry as GTO writes them: a version, or the stage that it was given to.

`m@v1.2.3` registers a version of `m`, `m#prod#4` gives it to a stage (4 counts the tags of `m`),
`m#prod!#5` and `m@v1.2.3!#6` take that back. `dir=m@v1.2.3` is of the artifact `m` in dir/dvc.yaml.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import NamedTuple

_NAME = r"[a-zA-Z0-9](?:[\w/-]*[a-zA-Z0-9])?"
_TAG = re.compile(
    rf"(?P<name>(?:[\w./-]+=)?{_NAME})"
    rf"(?:#(?P<stage>{_NAME})|@(?P<version>v[0-9]+\.[0-9]+\.[0-9]+(?:[-+][0-9A-Za-z.+-]+)?))"
    r"(?P<cancel>!?)(?:#(?P<counter>[0-9]{1,9}))?\Z",
    re.ASCII,
)


class Tag(NamedTuple):
    """One such tag. folder: of its dvc.yaml, "" for the root. commit: what it points to.

    version or stage is "". ends: it takes back. at: day it was made. by: who made it.
    """

    tag: str
    folder: str
    artifact: str
    version: str
    stage: str
    ends: bool
    counter: int
    commit: str = ""
    at: str = ""
    by: str = ""

    @property
    def place(self) -> tuple[str, int, str]:
        """What such tags are ordered by."""
        return self.at, self.counter, self.tag


def tag_of(name: str) -> Tag | None:
    """Return what the name of a Git tag says; None where it is no tag of a registry."""
    match = _TAG.match(name)
    if match is None:
        return None
    folder, _, artifact = match["name"].rpartition("=")
    return Tag(
        name,
        folder.rstrip("/"),
        artifact,
        match["version"] or "",
        match["stage"] or "",
        bool(match["cancel"]),
        int(match["counter"] or 0),
    )


def current(tags: Iterable[Tag]) -> Mapping[str, bool]:
    """Return, by tag, whether what it says holds still: nothing later took it back, or its place.

    A version may be in several stages, and a stage has one version: the one it was given last.
    """
    last: dict[tuple[str, str, str], Tag] = {}
    for one in sorted(tags, key=lambda tag: tag.place):
        what = f"#{one.stage}" if one.stage else one.version
        last[one.folder, one.artifact, what] = one
    return {one.tag: not one.ends for one in last.values()}
