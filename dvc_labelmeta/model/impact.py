"""What the records of a layer hold, as far as a change of their guideline tells them apart."""

from __future__ import annotations

from typing import NamedTuple


class Wanted(NamedTuple):
    """What is looked for in each record: label ids, ids of clauses cited, names of fields.

    task: what the guideline asks for, "" for not said; it tells where a value names a label.
    """

    labels: tuple[str, ...] = ()
    cites: tuple[str, ...] = ()
    fields: tuple[str, ...] = ()
    task: str = ""


class Group(NamedTuple):
    """Records that are alike in all that is wanted: what they have of it, and how many there are.

    version: the guideline version they were made under, "" where they do not say. annotator: ""
    where they do not say.
    """

    labels: frozenset[str]
    cites: frozenset[str]
    fields: frozenset[str]
    version: str
    annotator: str
    records: int


class Durations(NamedTuple):
    """How long records took: how many say so, and the median of these in seconds."""

    records: int = 0
    median: float | None = None
