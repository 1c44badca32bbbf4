"""What an import met and did: exact counts by reason, the first places of each."""

from __future__ import annotations

from typing import Any, NamedTuple

MAX_PLACES = 20
_MAX_REASONS = 100
_REST = "(other reasons, too many to list)"

LEFT_OUT = "left out"  # rows that became no record
LOST = "unfit"  # values that fit no field; kept in extra
UNMAPPED = "unmapped"  # values that a value map does not list
DROPPED = "dropped"  # personal data and what the mapping drops
KEPT = "kept in extra"  # columns without a field
NOTED = "noted"  # what else a reader of the records should know
KINDS = (LEFT_OUT, LOST, UNMAPPED, DROPPED, KEPT, NOTED)


class Seen:
    """How often one thing was met, and where first."""

    def __init__(self) -> None:
        self.count = 0
        self.places: list[str] = []


class Tally:
    """Counts of one import; bounded, whatever the size of the export.

    unit: what a place counts: "line", "row" or "pair".
    """

    def __init__(self, unit: str = "line") -> None:
        self.unit = unit
        self.read = 0
        self.kinds: dict[str, dict[str, Seen]] = {kind: {} for kind in KINDS}
        self.versions: dict[str, int] = {}

    def add(self, kind: str, reason: str, place: object = None, count: int = 1) -> None:
        """Count one thing of a kind, at a place: the number of a line, or a name."""
        reasons = self.kinds[kind]
        if reason not in reasons and len(reasons) >= _MAX_REASONS:
            reason = _REST
        seen = reasons.setdefault(reason, Seen())
        seen.count += count
        if place is not None and len(seen.places) < MAX_PLACES:
            seen.places.append(str(place))

    def count(self, kind: str) -> int:
        """Return how many things of a kind were met."""
        return sum(seen.count for seen in self.kinds[kind].values())

    def version(self, version: str) -> None:
        """Count a record under a guideline version; "" = not known."""
        if version not in self.versions and len(self.versions) >= _MAX_REASONS:
            version = _REST
        self.versions[version] = self.versions.get(version, 0) + 1

    def value(self) -> dict[str, list[dict[str, Any]]]:
        """Return all counts as JSON has them: by kind, most frequent first."""
        return {
            kind.replace(" ", "_"): [
                {"reason": reason, "count": seen.count, "places": seen.places}
                for reason, seen in sorted(reasons.items(), key=lambda one: (-one[1].count, one[0]))
            ]
            for kind, reasons in self.kinds.items()
        }


class Draft(NamedTuple):
    """A record before people's ids and personal data are taken out of it.

    place: number of its line, row or pair. id_parts: what the record's id is made of.
    """

    place: int
    fields: dict[str, Any]
    extra: dict[str, Any]
    id_parts: tuple[str, ...] = ()
