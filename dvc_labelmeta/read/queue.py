"""Which items most need another look: a score for each, from a few queries over all records.

An item's score is the sum of what its reasons are worth, each 0 to 1 (`model.queue.REASONS`).
Ties go by item id, so that the same records give the same queue. Votes are those of
`read.tallies`. A record that is flagged, rejected or waits for review counts until it is
superseded, or its annotator labels the item again.
"""

# ruff: noqa: S608  # SQL is put together from our own names only

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from typing import Any

from dvc_labelmeta.model.guideline import in_order
from dvc_labelmeta.model.queue import Entry
from dvc_labelmeta.read.tallies import Tallies

FIELDS = ("review", "cites", "guideline_id")
_BATCH = 2000

# what each reason is worth, in SQL over the columns of _FACTS
_WORTH = {
    "flagged": "(flagged > 0)::INTEGER",
    "rejected": "(rejected > 0)::INTEGER",
    "changed": "coalesce(changed / votes, 0)",
    "unsure": "CASE WHEN confidence < 0.6 THEN 1 - confidence ELSE 0 END",
    "disputed": "coalesce(1 - times[1] / votes, 0)",
    "close": "CASE WHEN times[1] - times[2] <= 1 OR near > 0 THEN 0.5 ELSE 0 END",
    "pending": "CASE WHEN pending > 0 THEN 0.5 ELSE 0 END",
    "lone": "CASE WHEN votes = 1 AND most > 1 THEN 0.25 ELSE 0 END",
}

_OPEN = """CREATE TEMP TABLE open_records AS
SELECT id, item, guideline_version, status = 'flagged' AS flagged, rejected,
    coalesce(review = 'pending', false) AS pending
FROM told WHERE item IS NOT NULL AND NOT gold AND NOT aggregate
    AND (status = 'flagged' OR rejected OR review = 'pending')
    AND status NOT IN ('draft', 'discarded')
    AND NOT EXISTS (SELECT 1 FROM told AS later WHERE later.supersedes = told.id)
    AND NOT EXISTS (SELECT 1 FROM told AS later WHERE later.item = told.item
        AND later.annotator = told.annotator AND later.annotated_at > told.annotated_at
        AND later.status <> 'draft')"""

# labels and cited clauses of a vote that read otherwise now
_HITS = """list_intersect(clauses, list_concat(coalesce(cites, []),
    CASE WHEN starts_with(label, '[')
    THEN coalesce(TRY_CAST(TRY_CAST(label AS JSON) AS VARCHAR[]), []) ELSE [label] END))"""

_FACTS = f"""CREATE TEMP TABLE facts AS
WITH cells AS (SELECT item, label, count(*) AS times FROM votes GROUP BY ALL),
spread AS (SELECT item, list_sort(list(times), 'DESC') AS times FROM cells GROUP BY item),
sums AS (SELECT item, count(*) AS votes,
        avg(CASE WHEN confidence BETWEEN 0 AND 1 THEN confidence::DECIMAL(18, 12) END)::DOUBLE
            AS confidence,
        count(*) FILTER (WHERE score BETWEEN 0.4 AND 0.6) AS near,
        count(*) FILTER (WHERE clauses IS NOT NULL AND len({_HITS}) > 0) AS changed
    FROM votes LEFT JOIN moved ON votes.guideline_version = moved.version
        AND coalesce(votes.guideline_id, $guideline) = $guideline GROUP BY item),
open AS (SELECT item, count(*) FILTER (WHERE flagged) AS flagged,
        count(*) FILTER (WHERE rejected) AS rejected, count(*) FILTER (WHERE pending) AS pending
    FROM open_records GROUP BY item)
SELECT item, coalesce(votes, 0) AS votes, times, confidence, near, changed,
    max(votes) OVER () AS most, coalesce(flagged, 0) AS flagged,
    coalesce(rejected, 0) AS rejected, coalesce(pending, 0) AS pending
FROM spread JOIN sums USING (item) FULL JOIN open USING (item)"""

_QUEUE = """CREATE TEMP TABLE queue AS
SELECT item, [{worths}] AS worths, round(list_sum(worths), 6) AS score, confidence,
    flagged, rejected, pending
FROM facts WHERE score > 0"""

_ROWS = f"""WITH chosen AS (FROM queue ORDER BY score DESC, item LIMIT $limit),
cells AS (SELECT item, label, count(*) AS times FROM votes SEMI JOIN chosen USING (item)
    GROUP BY ALL),
labels AS (SELECT item, list((label, times) ORDER BY times DESC, label) AS labels
    FROM cells GROUP BY item),
told_of AS (SELECT item, id, guideline_version, confidence, score,
        CASE WHEN clauses IS NOT NULL THEN {_HITS} END AS hits
    FROM votes SEMI JOIN chosen USING (item)
    LEFT JOIN moved ON votes.guideline_version = moved.version
        AND coalesce(votes.guideline_id, $guideline) = $guideline
    UNION ALL SELECT item, id, guideline_version, NULL, NULL, NULL
    FROM open_records SEMI JOIN chosen USING (item)),
about AS (SELECT item, list_sort(list(DISTINCT id) FILTER (WHERE id IS NOT NULL)) AS records,
        list(DISTINCT guideline_version) FILTER (WHERE guideline_version IS NOT NULL) AS versions,
        count(*) FILTER (WHERE confidence BETWEEN 0 AND 1) AS sure,
        min(score) FILTER (WHERE score BETWEEN 0.4 AND 0.6) AS near_score,
        count(*) FILTER (WHERE len(hits) > 0) AS moved_votes,
        list_sort(list_distinct(flatten(list(hits)))) AS clauses,
        list(DISTINCT guideline_version) FILTER (WHERE len(hits) > 0) AS since
    FROM told_of GROUP BY item)
SELECT item, score, worths, coalesce(labels, []), coalesce(records, []),
    coalesce(versions, []), confidence, sure, near_score, flagged, rejected, pending,
    moved_votes, coalesce(clauses, []), coalesce(since, [])
FROM chosen LEFT JOIN labels USING (item) LEFT JOIN about USING (item)
ORDER BY score DESC, item"""


class Queue:
    """The queue of a set of records; `reasons` are those of REASONS that count.

    changed: {version: clauses that read otherwise now} of `guideline`. size: how many items have
    any of the reasons.
    """

    def __init__(
        self,
        tallies: Tallies,
        reasons: Collection[str],
        guideline: str = "",
        changed: Mapping[str, Collection[str]] | None = None,
    ) -> None:
        self.connection, self.guideline = tallies.connection, guideline
        self.connection.execute("CREATE TEMP TABLE moved (version VARCHAR, clauses VARCHAR[])")
        for version, clauses in (changed or {}).items():
            self.connection.execute("INSERT INTO moved VALUES (?, ?)", [version, sorted(clauses)])
        self.connection.execute(_OPEN)
        self.connection.execute(_FACTS, {"guideline": guideline})
        worths = ", ".join(
            f"round({worth}, 6)::DOUBLE" if name in reasons else "0::DOUBLE"
            for name, worth in _WORTH.items()
        )
        self.connection.execute(_QUEUE.format(worths=worths))
        ((self.size,),) = self.connection.execute("SELECT count(*) FROM queue").fetchall()

    def entries(self, limit: int) -> Iterator[Entry]:
        """Yield the first `limit` items (0: all), the highest score first."""
        values = {"limit": limit or self.size, "guideline": self.guideline}
        rows = self.connection.execute(_ROWS, values)
        while batch := rows.fetchmany(_BATCH):
            for item, score, worths, *more in batch:
                worth = {name: value for name, value in zip(_WORTH, worths, strict=True) if value}
                one = Entry(item, score, worth, *(_frozen(value) for value in more))
                yield one._replace(versions=_sorted(one.versions), since=_sorted(one.since))


def _frozen(value: Any) -> Any:
    return tuple(value) if isinstance(value, list) else value


def _sorted(versions: Iterable[str]) -> tuple[str, ...]:
    return tuple(sorted(versions, key=in_order))
