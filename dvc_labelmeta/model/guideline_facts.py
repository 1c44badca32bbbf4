"""What is known of a guideline beyond its edition at HEAD: what it says, and what was published.

Read by `labelmeta check` only; a gate does without.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

from dvc_labelmeta.model.guideline import precedence
from dvc_labelmeta.model.version import Step


class Published(NamedTuple):
    """A content that somebody may rely on; where: the releases file or sidecar that names it."""

    version: str
    object: str
    where: str


class Approval(NamedTuple):
    """Who approved a version; change: the digest of what was approved, or any words."""

    name: str
    role: str = ""
    at: str = ""
    change: str = ""


class Unsigned(NamedTuple):
    """A commit whose signature Git could not verify, and why."""

    commit: str
    reason: str


class GuidelineFacts(NamedTuple):
    """One structured guideline of this repository.

    path: its guideline.yaml. structure: the same, parsed, as the working tree (or the revision)
    has it; dirty: HEAD has something else. published: releases and links. base: the newest of them
    with other content. step: from there to now; None where nothing was published, it is not here,
    or what is there now was released (so that it was judged). authors: names and addresses of who
    made the commits since. digest: of what annotators read now, "" where no approval names one.
    migrated: a file says how labels are carried over to this version. unsigned: those of these
    commits that Git cannot verify, where that is asked for.
    released_by: the approvals that the releases file lists for the content that is there now.
    """

    path: str
    structure: Mapping[str, Any]
    published: tuple[Published, ...] = ()
    base: Published | None = None
    step: Step | None = None
    authors: tuple[str, ...] = ()
    digest: str = ""
    migrated: bool = False
    unsigned: tuple[Unsigned, ...] = ()
    dirty: bool = False
    released_by: tuple[Approval, ...] = ()

    @property
    def version(self) -> str:
        """The version that stands there now."""
        return str(self.structure["version"])

    @property
    def approvals(self) -> tuple[Approval, ...]:
        """The approvals that guideline.yaml lists."""
        return approvals(self.structure.get("approved_by", ()))


def approvals(entries: Iterable[Mapping[str, str]]) -> tuple[Approval, ...]:
    """Return the approvals in a list of guideline.yaml or of a releases file."""
    return tuple(
        Approval(*(entry.get(field, "") for field in Approval._fields)) for entry in entries
    )


def newest(published: Iterable[Published], now: tuple[str, str]) -> Published | None:
    """Return the highest version that is not `now`, a version and an object; None: nothing is."""
    others = [one for one in published if (one.version, one.object) != now]
    return max(others, key=lambda one: precedence(one.version) or (-1,), default=None)
