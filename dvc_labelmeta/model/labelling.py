"""The labels of one item in one layer of a split, past and present, as frozen values."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Any, NamedTuple


class Change(NamedTuple):
    """A commit that changed records, as Git tells it.

    commit: "" for what is not committed yet, or where no commit of its own did it, as subject says.
    """

    commit: str = ""
    date: str = ""
    author: str = ""
    subject: str = ""


class Seen(NamedTuple):
    """Which text of a guideline a label was made under, and how that is known.

    guideline: its id. object: Git's hash of the text, "" where nobody can tell; evidence then
    says why. version: its number, or the first 12 of the object.
    """

    guideline: str = ""
    object: str = ""
    evidence: str = ""
    version: str = ""


class Label(NamedTuple):
    """What a record says of an item, or once said.

    record: the fields that it has. gone: "" while the records hold it, "rewritten" or "removed";
    gone_in: the commit that did it. first: the commit that brought it, None where that is not
    known.
    """

    record: Mapping[str, Any]
    first: Change | None = None
    gone: str = ""
    gone_in: Change | None = None
    seen: Seen = Seen()

    @property
    def id(self) -> str:
        """The id of its record; "" where that is no text."""
        return text(self.record, "id")

    @property
    def moment(self) -> dt.datetime | None:
        """When the label was given; None where the record has no time that means a moment."""
        return moment(text(self.record, "annotated_at"))

    @property
    def since(self) -> dt.datetime | None:
        """When it came to be: of what a migration carried over, the end of the day of its commit.

        Such a record still has the time of the label that it was made of.
        """
        if not self.points_to("migrated_from"):
            return self.moment
        day = moment(f"{self.first.date}T23:59:59Z") if self.first else None
        return max(day, self.moment or day) if day else None

    def points_to(self, field: str) -> tuple[str, ...]:
        """The ids that a field of the record names: supersedes, migrated_from, derived_from."""
        value = self.record.get(field)
        ids = value if isinstance(value, list) else [value]
        return tuple(one for one in ids if isinstance(one, str) and one)


class Past(NamedTuple):
    """What the history of the records was searched for, and how far.

    kind: "git" (the records themselves), "dvc" (their hashes) or "" (they are not committed).
    versions: how many states they had; read: how many of them were read; why: what was not, and
    why, each a sentence.
    """

    kind: str = ""
    versions: int = 0
    read: int = 0
    why: tuple[str, ...] = ()


def text(record: Mapping[str, Any], field: str) -> str:
    """Return a field of a record, "" where it has none or it is no text."""
    value = record.get(field)
    return value if isinstance(value, str) else ""


def moment(time: str) -> dt.datetime | None:
    """Return a time of ISO 8601 with its zone as a moment, None for any other text."""
    try:
        found = dt.datetime.fromisoformat(time[:-1] + "+00:00" if time[-1:] in "zZ" else time)
    except ValueError:
        return None
    return found if found.tzinfo else None
