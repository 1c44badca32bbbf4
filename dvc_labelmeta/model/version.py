"""A guideline on the two sides of a comparison, as frozen values."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple


class Version(NamedTuple):
    """A guideline as it stands on one side.

    number: its version; of prose the first 12 of its object, "" while that is not committed.
    object: "" for content of the working tree that differs from HEAD. structure: guideline.yaml,
    parsed. texts: other files, by name from the guideline's folder; only those that differ
    between the two sides, or all where only one has a structure. others: the names of those that
    differ and are no text.
    """

    path: str
    number: str
    object: str
    structure: Mapping[str, Any] | None = None
    texts: Mapping[str, str] = {}
    others: frozenset[str] = frozenset()


class Step(NamedTuple):
    """A guideline that differs between two sides; None on a side that does not have it.

    declared: the bump that the commits between declare for prose. committed: the current content
    is. republished: the current version number was released with other content. fault: why
    it cannot be judged, "" where it can. labels: what migration files say became of labels,
    previous id -> current ids. used: labels of versions before the previous one whose ids are new
    in the current one, as they were last defined.
    """

    id: str
    previous: Version | None
    current: Version | None
    declared: str = "unknown"
    committed: bool = True
    republished: bool = False
    fault: str = ""
    labels: Mapping[str, Sequence[str]] = {}
    used: Mapping[str, Mapping[str, Any]] = {}


class Steps(NamedTuple):
    """All that a comparison read: two sides (commits; "" = the working tree), and guidelines.

    same: the ids of guidelines that do not differ. apart: those in another repository.
    """

    base: str
    head: str
    changed: tuple[Step, ...]
    same: tuple[str, ...]
    apart: tuple[str, ...] = ()
