"""What annotators wrote, by the clause that they cite: counts of all, and the first few of each.

Made beside the temporary table `votes` of `read.tallies`, which tells the items in dispute.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import duckdb

# one row a record and clause it cites, NULL for none; a confidence outside of 0..1 is unknown
_CITED = """CREATE TEMP TABLE cited AS
SELECT id, item, label, annotator, annotated_at, guideline_version,
    coalesce(status, 'submitted') AS status,
    CASE WHEN confidence BETWEEN 0 AND 1 THEN confidence END AS confidence,
    nullif(trim(rationale), '') AS rationale, nullif(trim(note), '') AS note,
    unnest(CASE WHEN len(cites) > 0 THEN list_distinct(cites) ELSE [NULL::VARCHAR] END) AS clause
FROM records
WHERE ($layer = '' OR layer IS NULL OR layer = $layer) AND ($search = ''
    OR contains(lower(coalesce(rationale, '')), lower($search))
    OR contains(lower(coalesce(note, '')), lower($search)))"""

_CLAUSES = """WITH disputed AS (
    SELECT item, count(DISTINCT label) > 1 AS apart FROM votes GROUP BY item HAVING count(*) > 1),
items AS (
    SELECT clause, count(DISTINCT item) AS compared,
        count(DISTINCT item) FILTER (WHERE apart) AS apart
    FROM cited JOIN disputed USING (item) GROUP BY clause),
said AS (
    SELECT clause, count(*) AS records,
        count(*) FILTER (WHERE rationale IS NOT NULL OR note IS NOT NULL) AS notes,
        count(confidence) AS known,
        sum(confidence::DECIMAL(18, 12))::DOUBLE / nullif(count(confidence), 0) AS confidence
    FROM cited GROUP BY clause)
SELECT said.clause, records, notes, known, confidence, coalesce(compared, 0),
    apart / nullif(compared, 0)
FROM said LEFT JOIN items ON said.clause IS NOT DISTINCT FROM items.clause
WHERE $clause = '' OR said.clause = $clause
ORDER BY said.clause IS NULL, notes DESC, said.clause"""

_NOTES = """SELECT clause, guideline_version, id, item, label, annotator, status, confidence,
    rationale, note, count(*) OVER (PARTITION BY clause, guideline_version)
FROM cited WHERE (rationale IS NOT NULL OR note IS NOT NULL) AND ($clause = '' OR clause = $clause)
QUALIFY row_number() OVER (PARTITION BY clause, guideline_version
    ORDER BY annotated_at NULLS LAST, id, item, rationale, note) <= $limit
ORDER BY clause NULLS LAST, guideline_version NULLS LAST, annotated_at NULLS LAST, id, item,
    rationale, note"""


class Clause(NamedTuple):
    """What the records that cite a clause say; clause: None for records that cite none.

    known: records with a confidence, of which `confidence` is the mean. compared: items of these
    records with votes of two annotators, of which `disagreement` is the share in dispute.
    """

    clause: str | None
    records: int
    notes: int
    known: int
    confidence: float | None
    compared: int
    disagreement: float | None


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


def cite(connection: duckdb.DuckDBPyConnection, layer: str, search: str) -> None:
    """Choose the records of a layer ("": all) whose note or rationale holds a text ("": all)."""
    connection.execute(_CITED, {"layer": layer, "search": search})


def clauses(connection: duckdb.DuckDBPyConnection, clause: str) -> list[Clause]:
    """Return the clauses that the chosen records cite, or that one; most notes first."""
    rows = connection.execute(_CLAUSES, {"clause": clause}).fetchall()
    return [Clause(*row) for row in rows]


def groups(connection: duckdb.DuckDBPyConnection, clause: str, limit: int) -> list[Group]:
    """Return the notes of the chosen records by clause and guideline version, `limit` of each."""
    found: dict[tuple[str | None, str | None], tuple[int, list[Note]]] = {}
    values = {"clause": clause, "limit": limit}
    rows: list[Any] = connection.execute(_NOTES, values).fetchall()
    for cited, version, *note, count in rows:
        found.setdefault((cited, version), (count, []))[1].append(Note(*note))
    return [Group(*key, count, tuple(notes)) for key, (count, notes) in found.items()]
