"""What annotators wrote, by the clause that they cite: counts of all, and the first few of each.

Made beside the temporary table `votes` of `read.tallies`, which tells the items in dispute.
"""

from __future__ import annotations

from typing import NamedTuple

import duckdb

# one row a record and clause it cites, NULL for none; a confidence outside of 0..1 is unknown
_EACH = """FROM (SELECT *,
    unnest(coalesce(nullif(list_distinct(cites), []), [NULL::VARCHAR])) AS clause,
    CASE WHEN confidence BETWEEN 0 AND 1 THEN confidence END AS sure,
    nullif(trim(rationale), '') AS why, nullif(trim(note), '') AS more
    FROM records
    WHERE ($layer = '' OR layer IS NULL OR layer = $layer) AND ($search = ''
        OR contains(lower(coalesce(rationale, '')), lower($search))
        OR contains(lower(coalesce(note, '')), lower($search))))"""

_CITED = f"""CREATE TEMP TABLE cited AS
SELECT item, clause, sure, why IS NOT NULL OR more IS NOT NULL AS noted {_EACH}"""

_CLAUSES = """WITH disputed AS (
    SELECT item, count(DISTINCT label) > 1 AS apart FROM votes GROUP BY item HAVING count(*) > 1),
items AS (
    SELECT clause, count(DISTINCT item) AS compared,
        count(DISTINCT item) FILTER (WHERE apart) AS apart
    FROM cited JOIN disputed USING (item) GROUP BY clause),
said AS (
    SELECT clause, count(*) AS records,
        count(*) FILTER (WHERE noted) AS notes, count(sure) AS known,
        sum(sure::DECIMAL(18, 12))::DOUBLE / nullif(count(sure), 0) AS confidence
    FROM cited GROUP BY clause)
SELECT said.clause, records, notes, known, confidence, coalesce(compared, 0),
    apart / nullif(compared, 0)
FROM said LEFT JOIN items ON said.clause IS NOT DISTINCT FROM items.clause
WHERE $clause = '' OR said.clause = $clause
ORDER BY said.clause IS NULL, notes DESC, said.clause"""

# only the first of each group are kept while reading, so that memory does not grow with the notes
_NOTES = f"""SELECT clause, guideline_version, count(*), arg_min(
    [id, item, label, annotator, coalesce(status, 'submitted'), sure::VARCHAR, why, more],
    concat_ws(chr(1), coalesce(annotated_at::VARCHAR, '~'), coalesce(id, ''), coalesce(item, ''),
        coalesce(why, ''), coalesce(more, '')),
    $limit) {_EACH}
WHERE (why IS NOT NULL OR more IS NOT NULL) AND ($clause = '' OR clause = $clause)
GROUP BY ALL"""


class Clause(NamedTuple):
    """What the records that cite a clause say; clause: None for records that cite none.

    known: records with a confidence, of which `confidence` is the mean. compared: items of these
    records with votes of two annotators, of which `dispute` is the share in dispute.
    """

    clause: str | None
    records: int
    notes: int
    known: int
    confidence: float | None
    compared: int
    dispute: float | None


class Note(NamedTuple):
    """What one record says in words."""

    id: str | None
    item: str | None
    label: str | None
    annotator: str | None
    status: str
    confidence: float | None
    rationale: str | None
    note: str | None


class Group(NamedTuple):
    """The notes that cite a clause and were made under a version; notes: all, first: some."""

    clause: str | None
    version: str | None
    notes: int
    first: tuple[Note, ...]


class Notes:
    """The notes of the view `records` of a connection in which `read.tallies` chose the votes.

    Only the records of a layer ("": all) whose note or rationale holds `search`, in any case.
    """

    def __init__(self, connection: duckdb.DuckDBPyConnection, layer: str, search: str) -> None:
        self.connection = connection
        self.chosen = {"layer": layer, "search": search}
        connection.execute(_CITED, self.chosen)

    def clauses(self, clause: str = "") -> list[Clause]:
        """Return the clauses that are cited, or that one; most notes first."""
        rows = self.connection.execute(_CLAUSES, {"clause": clause}).fetchall()
        return [Clause(*row) for row in rows]

    def groups(self, clause: str, limit: int) -> list[Group]:
        """Return the notes by clause and guideline version, the first `limit` of each by time."""
        values = self.chosen | {"clause": clause, "limit": limit}
        return [
            Group(cited, version, count, tuple(map(_note, first)))
            for cited, version, count, first in self.connection.execute(_NOTES, values).fetchall()
        ]


def _note(values: list[str | None]) -> Note:
    id_, item, label, annotator, status, sure, why, more = values
    confidence = None if sure is None else float(sure)
    return Note(id_, item, label, annotator, status or "", confidence, why, more)
