"""Guidelines as frozen values: what stands at HEAD, and what Git knows about each link."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

STRUCTURED = "guideline.yaml"
STATUSES = ("draft", "active", "deprecated", "retired")
# what an author may say of a reworded clause; after a typo, or kept, it means the same
MEANINGS = ("typo", "kept", "narrowed", "widened", "changed")
BUMPS = ("none", "patch", "minor", "unknown", "major")

# https://semver.org, without build metadata's extra groups
_SEMVER = re.compile(
    r"([0-9]{1,18})\.([0-9]{1,18})\.([0-9]{1,18})(?:-([0-9A-Za-z.-]+))?(?:\+[0-9A-Za-z.-]+)?\Z"
)


def structured_path(path: str, *, folder: bool) -> str | None:
    """Return the path of a guideline's structured part, or None where it can have none."""
    if folder:
        return posixpath.join(path, STRUCTURED)
    return path if path.endswith((".yaml", ".yml")) else None


class Edition(NamedTuple):
    """A guideline as it stands at one commit; the version of prose is cut from its object."""

    object: str
    version: str
    status: str = "active"
    approved_by: tuple[str, ...] = ()


class Release(NamedTuple):
    """One entry of the releases file: a version that was published, and its content.

    approved_by: as guideline.yaml has them, name, role, at and change of each.
    """

    version: str
    object: str
    commit: str
    approved_by: tuple[Mapping[str, str], ...] = ()


class Guideline(NamedTuple):
    """A guideline of the configuration.

    `head` is None where HEAD does not hold it; `dirty` says that the working tree or the index
    differ from HEAD; `available` is False where it lives in a repository not fetched yet.
    """

    id: str
    path: str
    repo: str | None = None
    head: Edition | None = None
    dirty: bool = False
    available: bool = True
    releases: tuple[Release, ...] = ()


class Both(NamedTuple):
    """What two states of a structured guideline say: guideline.yaml of each, parsed.

    rest: the names of the other files of its folder that differ, which nobody read. labels: what
    migration files say became of labels, previous id -> current ids.
    """

    previous: Mapping[str, Any]
    current: Mapping[str, Any]
    rest: tuple[str, ...] = ()
    labels: Mapping[str, Sequence[str]] = {}


class Pin(NamedTuple):
    """What Git knows about one link.

    in_history: the commit is HEAD or an ancestor of it.
    present: the commit is in the object store, perhaps on another branch.
    object: what stands at the guideline's place in that commit; None: not there, or not known.
    edition: version and status of the linked content, where it can be read.
    found: where the same content was found, "" for nowhere ("HEAD", "release 1.2.0", a commit).
    cut: the history is shallow, so that a missing commit proves nothing.
    behind: the commits after the link that touched the guideline, newest first, each as
        (hash, date, subject); None where that cannot be known.
    versions: the versions those commits brought, oldest first, without the linked one.
    bump: how far HEAD's edition is from the linked one, as declared: one of BUMPS.
    both: what the linked edition says and HEAD's; None where they are the same, or one is prose
        or cannot be read.
    """

    present: bool
    in_history: bool
    object: str | None = None
    edition: Edition | None = None
    found: str = ""
    cut: bool = False
    behind: tuple[tuple[str, str, str], ...] | None = None
    versions: tuple[str, ...] = ()
    bump: str = "none"
    both: Both | None = None


def semver(version: str) -> tuple[int, int, int, str] | None:
    """Return (major, minor, patch, pre-release) or None for any other text."""
    match = _SEMVER.match(version)
    if match is None:
        return None
    major, minor, patch, pre = match.groups()
    return int(major), int(minor), int(patch), pre or ""


def precedence(version: str) -> tuple[object, ...] | None:
    """Return what semantic versions are ordered by (https://semver.org, 11); None for other texts.

    A pre-release comes before its release; its numbers count as numbers, and come before words.
    """
    numbers = semver(version)
    if numbers is None:
        return None
    major, minor, patch, pre = numbers
    parts = [(0, int(one), "") if one.isdigit() else (1, 0, one) for one in pre.split(".")]
    return (major, minor, patch, not pre, parts)


def precedes(version: str, other: str) -> bool:
    """Whether a version is older than another; False where one is no semantic version."""
    first, second = precedence(version), precedence(other)
    return first is not None and second is not None and first < second


def declared_bump(previous: str, current: str) -> str:
    """Return the bump that two version numbers declare, in either direction.

    Equal or not semantic versions: "unknown", since nothing was declared.
    """
    old, new = semver(previous), semver(current)
    if old is None or new is None or old == new:
        return "unknown"
    if old[0] != new[0]:
        return "major"
    return "minor" if old[1] != new[1] else "patch"


def strongest(bumps: list[str]) -> str:
    """Return the bump that asks for most; none of them declared means "unknown"."""
    return max(bumps, key=BUMPS.index) if bumps else "unknown"


def in_order(version: str | None) -> tuple[object, ...]:
    """Return a key that sorts semantic versions as such, then other texts, then none."""
    place = precedence(version or "")
    return (0, *place) if place is not None else (2 if version is None else 1, version or "")
