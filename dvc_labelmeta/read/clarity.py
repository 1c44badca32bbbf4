"""What items were called under one guideline version and under another: counts, never the rows.

Made of the temporary tables of `read.tallies`; `version_votes` holds the latest vote of an
annotator on an item under each version.
"""

from __future__ import annotations

from collections import Counter
from typing import Any, NamedTuple

from dvc_labelmeta.read.tallies import Pattern, Tallies

Facing = dict[tuple[Pattern, Pattern], int]
Confidences = tuple[float, float]

# a clause counts for an item where anybody cites it under that version
_CITED = """CREATE TEMP TABLE cited AS
SELECT DISTINCT item, guideline_version, unnest(cites) AS clause
FROM version_votes WHERE guideline_version IS NOT NULL"""

_ABOUT = """item IN (SELECT item FROM cited
    WHERE clause = $clause AND guideline_version IN ($before, $after))"""


class Version(NamedTuple):
    """A guideline version that records name.

    votes, items, annotators: of its votes. first: time of the first record under it, "" for none.
    """

    name: str
    records: int
    votes: int
    items: int
    annotators: int
    first: str


class Clarity:
    """Votes by guideline version.

    tallies: with the field `cites` where clauses are asked about. unknown: records that name no
    version, which take no part.
    """

    def __init__(self, tallies: Tallies) -> None:
        self.connection = tallies.connection
        # makes version_votes
        counts = {name: (votes, items, who) for name, votes, items, who in tallies.versions()}
        rows = self._rows(
            "SELECT guideline_version, count(*), coalesce(min(annotated_at)::VARCHAR, '') "
            "FROM told GROUP BY 1 ORDER BY 1"
        )
        self.unknown = sum(records for name, records, _ in rows if name is None)
        self.versions = [
            Version(name, records, *counts.get(name, (0, 0, 0)), first=first)
            for name, records, first in rows
            if name is not None
        ]

    def labels(self) -> list[str]:
        """Return the labels that were given, sorted."""
        return [label for (label,) in self._rows("SELECT DISTINCT label FROM votes ORDER BY 1")]

    def read_clauses(self) -> None:
        """Note which clauses were cited on which item; before one is asked about."""
        self.connection.execute(_CITED)

    def clauses(self, before: str, after: str) -> list[str]:
        """Return the clauses that somebody cites under either version, on most items first."""
        rows = self._rows(
            "SELECT clause FROM cited WHERE guideline_version IN ($before, $after) "
            "GROUP BY 1 ORDER BY count(DISTINCT item) DESC, 1",
            {"before": before, "after": after},
        )
        return [clause for (clause,) in rows]

    def facing(self, before: str, after: str, clause: str | None = None) -> Facing:
        """Return {(what an item got before, after): items}; () where it got nothing.

        before, after: guideline versions. clause: only items where somebody cites it under either.
        """
        values = {"before": before, "after": after}
        found: Facing = {}
        for was, became, items in self._rows(
            f"""SELECT was, became, count(*) FROM (SELECT
                list_sort(list(label) FILTER (guideline_version = $before)) AS was,
                list_sort(list(label) FILTER (guideline_version = $after)) AS became
            FROM version_votes WHERE guideline_version IN ($before, $after)
                AND {"true" if clause is None else _ABOUT}
            GROUP BY item) GROUP BY ALL ORDER BY ALL""",  # noqa: S608  # names of our own
            values if clause is None else {**values, "clause": clause},
        ):
            found[_pattern(was), _pattern(became)] = items
        return found

    def facing_confidences(
        self, before: str, after: str, label: str | None = None
    ) -> dict[tuple[Confidences, Confidences], int]:
        """Return {((sum of confidences, votes) of an item before, after): items}.

        label: only votes for it. What is not within 0..1 is no confidence.
        """
        return {
            ((was, float(of)), (became, float(out_of))): items
            for was, of, became, out_of, items in self._rows(
                """SELECT was, of, became, out_of, count(*) FROM (SELECT
                    coalesce(sum(sure) FILTER (guideline_version = $before), 0)::DOUBLE AS was,
                    count(*) FILTER (guideline_version = $before) AS of,
                    coalesce(sum(sure) FILTER (guideline_version = $after), 0)::DOUBLE AS became,
                    count(*) FILTER (guideline_version = $after) AS out_of
                FROM (SELECT item, guideline_version, confidence::DECIMAL(18, 12) AS sure
                    FROM version_votes WHERE guideline_version IN ($before, $after)
                    AND confidence BETWEEN 0 AND 1
                    AND ($label::VARCHAR IS NULL OR label = $label::VARCHAR))
                GROUP BY item) GROUP BY ALL ORDER BY ALL""",
                {"before": before, "after": after, "label": label},
            )
        }

    def common_annotators(self, before: str, after: str) -> int:
        """Return how many annotators have votes under both versions."""
        ((found,),) = self._rows(
            "SELECT count(*) FROM (SELECT annotator FROM version_votes WHERE NOT nameless "
            "AND guideline_version = $before INTERSECT SELECT annotator FROM version_votes "
            "WHERE guideline_version = $after)",
            {"before": before, "after": after},
        )
        return int(found)

    def _rows(self, query: str, values: object = None) -> list[Any]:
        return self.connection.execute(query, values).fetchall()


def _pattern(labels: list[str] | None) -> Pattern:
    return tuple(sorted(Counter(labels or ()).items()))
