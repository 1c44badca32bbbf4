"""The queue for review as frozen values: the reasons to look again, and an item with its own."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import NamedTuple

# reason: what it says, and what it adds to the score of an item
REASONS: Mapping[str, str] = MappingProxyType(
    {
        "flagged": "an annotator flagged it: 1",
        "rejected": "a record was rejected in review and not replaced: 1",
        "changed": "the label or a cited clause reads otherwise at HEAD: share of such votes",
        "unsure": "mean confidence below 0.6: 1 minus the mean",
        "disputed": "votes differ: share of votes that are not for the commonest label",
        "close": "the two commonest labels are within one vote, or a model's score is 0.4 to 0.6: "
        "0.5",
        "pending": "a record waits for review: 0.5",
        "lone": "one vote only, where other items have more: 0.25",
    }
)


class Entry(NamedTuple):
    """One item of the queue, and what its reasons rest on.

    worth: {reason: what it adds to the score}, those above 0. labels: (label, votes), most first.
    records, versions: of the votes, and of what is flagged, rejected or waits for review.
    confidence: the mean of the `sure` votes that tell one, else None. near: a model's score near
    0.5. moved: votes under changed `clauses`, made under the versions `since`.
    """

    item: str
    score: float
    worth: Mapping[str, float]
    labels: tuple[tuple[str, int], ...]
    records: tuple[str, ...]
    versions: tuple[str, ...]
    confidence: float | None = None
    sure: int = 0
    near: float | None = None
    flagged: int = 0
    rejected: int = 0
    pending: int = 0
    moved: int = 0
    clauses: tuple[str, ...] = ()
    since: tuple[str, ...] = ()
