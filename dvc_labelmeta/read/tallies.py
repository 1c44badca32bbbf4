"""The counts that statistics need, from annotation records: a query each, never the rows.

What counts as a vote: the latest record of an annotator on an item that has a label and is
submitted or flagged, is no reference answer and no aggregate, and is neither superseded nor
rejected in review. A record
without an annotator counts as one of somebody else. In force is a record that is submitted or
flagged and not superseded. Sums are of decimals, so that they do not
depend on the order in which threads come to the rows.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

import duckdb

LONGEST = 1 << 24  # bytes of a line: as much as the engine's JSON reader takes
Pattern = tuple[tuple[str, int], ...]

# a list of labels means the same in any order
_LABEL = """CASE WHEN starts_with(label, '[') THEN coalesce(
    to_json(list_sort(TRY_CAST(TRY_CAST(label AS JSON) AS VARCHAR[])))::VARCHAR, label)
    ELSE label END"""

# a draft replaces nothing yet; a record cannot replace itself
_TOLD = f"""CREATE TEMP TABLE told AS
SELECT id, item, {_LABEL} AS label, annotator, annotated_at, confidence, score, layer,
    guideline_version, coalesce(status, 'submitted') AS status,
    coalesce(review = 'rejected', false) AS rejected,
    coalesce(is_gold, false) AS gold, coalesce(annotator_type = 'aggregate', false) AS aggregate,
    CASE WHEN supersedes <> id AND coalesce(status, '') <> 'draft' THEN supersedes END
        AS supersedes{{more}}
FROM records"""  # noqa: S608  # no value from outside in it

_IN_FORCE = """status NOT IN ('draft', 'skipped', 'discarded')
    AND NOT EXISTS (SELECT 1 FROM told AS later WHERE later.supersedes = told.id)"""

_CURRENT = f"""CREATE TEMP TABLE current_records AS
SELECT id, item, label, coalesce(annotator, '?' || coalesce(id, '')) AS annotator,
    annotator IS NULL AS nameless, annotated_at, confidence, score, guideline_version, gold{{more}}
FROM told WHERE item IS NOT NULL AND label IS NOT NULL
    AND NOT aggregate AND NOT rejected AND {_IN_FORCE}"""  # noqa: S608  # as above

# to look for the latest is dear, and seldom needed: only where two may have the same key
_VOTES = """CREATE TEMP TABLE {name} AS
WITH several AS (SELECT hash({key}) FROM current_records WHERE NOT gold
    GROUP BY 1 HAVING count(*) > 1)
SELECT id, item, annotator, nameless, label, confidence, score, guideline_version{more}
FROM current_records WHERE NOT gold AND hash({key}) NOT IN (FROM several)
UNION ALL (SELECT id, item, annotator, nameless, label, confidence, score, guideline_version{more}
    FROM current_records WHERE NOT gold AND hash({key}) IN (FROM several)
    QUALIFY row_number() OVER (PARTITION BY {key}
        ORDER BY annotated_at DESC NULLS LAST, id DESC, label) = 1)"""

# the one reference answer of an item, where its reference answers do not contradict each other
_GOLD = """CREATE TEMP TABLE gold AS
SELECT item, min(label) AS label FROM current_records WHERE gold
GROUP BY item HAVING count(DISTINCT label) = 1"""


_TOTALS = """SELECT count(*), count(DISTINCT item),
    count(DISTINCT annotator) FILTER (WHERE NOT aggregate),
    count(*) FILTER (WHERE id IN (SELECT supersedes FROM told WHERE supersedes IS NOT NULL)),
    count(*) FILTER (WHERE item IS NULL OR label IS NULL),
    count(*) FILTER (WHERE rejected), count(*) FILTER (WHERE aggregate),
    count(*) FILTER (WHERE gold) FROM told"""

_VERSIONS = f"""SELECT guideline_version, count(*), count(*) FILTER (WHERE holds) FROM
    (SELECT guideline_version, {_IN_FORCE} AS holds FROM told) GROUP BY 1 ORDER BY 1"""  # noqa: S608  # as above


class Totals(NamedTuple):
    """What a set of records holds.

    annotators: who made records, aggregates apart; voters: those with a vote. votes: what
    statistics are made of, see the module; nameless: votes without an annotator. statuses:
    {status: records}. versions: {version or None: records}; in_force: of these, the records in
    force; mixed: how many versions, None too, what may be a vote names. left_out: records by why
    they are no votes.
    """

    records: int
    items: int
    annotators: int
    voters: int
    votes: int
    nameless: int
    statuses: Mapping[str, int]
    versions: Mapping[str | None, int]
    in_force: Mapping[str | None, int]
    mixed: int
    left_out: Mapping[str, int]


class Gold(NamedTuple):
    """items: with votes and one reference answer. contradicted: items whose references differ.

    unjoined: reference items without a vote. votes, right: those compared, those as it says.
    """

    items: int
    contradicted: int
    unjoined: int
    votes: int
    right: int


class Tallies:
    """Counts of the view `records` of a connection, which is read once.

    layers: those that records name, sorted. read: how many records there are.
    more: further fields of each vote, by name.
    """

    def __init__(self, connection: duckdb.DuckDBPyConnection, more: Iterable[str] = ()) -> None:
        self.connection = connection
        self._more = "".join(f", {field}" for field in more)
        connection.execute(_TOLD.format(more=self._more))
        self.read: int = self._row("SELECT count(*) FROM told")[0]
        layers = self._rows("SELECT DISTINCT layer FROM told WHERE layer IS NOT NULL ORDER BY 1")
        self.layers = [name for (name,) in layers]
        self._grouped: set[str] = set()

    def select(self, layer: str | None) -> None:
        """Choose the records to count: of a layer or of none, or all. To be called once."""
        if layer is not None:
            self.connection.execute("DELETE FROM told WHERE layer <> $layer", {"layer": layer})
        self.connection.execute(_CURRENT.format(more=self._more))
        self._choose("votes", "annotator, item")
        self.connection.execute(_GOLD)

    def _choose(self, name: str, key: str) -> None:
        self.connection.execute(_VOTES.format(name=name, key=key, more=self._more))

    def totals(self) -> Totals:
        """Return the numbers of records, items and annotators, and what is left out."""
        records, items, annotators, superseded, unlabelled, rejected, aggregates, golds = self._row(
            _TOTALS
        )
        voters, votes, nameless = self._row(
            "SELECT count(DISTINCT annotator) FILTER (WHERE NOT nameless), count(*), "
            "count(*) FILTER (WHERE nameless) FROM votes"
        )
        (mixed,) = self._row(
            "SELECT count(DISTINCT coalesce(guideline_version, '')) FROM current_records "
            "WHERE NOT gold"
        )
        versions = self._rows(_VERSIONS)
        statuses = dict(self._rows("SELECT status, count(*) FROM told GROUP BY 1 ORDER BY 1"))
        left = {
            **{
                f"status {name}": statuses.get(name, 0)
                for name in ("draft", "skipped", "discarded")
            },
            "superseded": superseded,
            "without item or label": unlabelled,
            "rejected in review": rejected,
            "aggregate": aggregates,
            "reference answer": golds,
        }
        return Totals(
            records, items, annotators, voters, votes, nameless, statuses,
            {version: number for version, number, _ in versions},
            {version: number for version, _, number in versions},
            mixed,
            {why: number for why, number in left.items() if number},
        )  # fmt: skip

    def patterns(self) -> dict[Pattern, int]:
        """Return {what an item got, as ((label, times), ...): items}, over all votes."""
        return self._patterns("votes", "item").get(None, {})

    def patterns_by(self, field: str) -> dict[str | None, dict[Pattern, int]]:
        """Return patterns per value of a field: of votes with it, the latest with it.

        field: guideline_version, or one that was named as `more`.
        """
        return self._patterns(self._apart(field), "item", field)

    def repeated(self) -> dict[Pattern, int]:
        """Return what annotators gave an item that they labelled several times, as patterns.

        Superseded records are corrections, so no second opinion, and do not count.
        """
        (more,) = self._row(
            "SELECT (SELECT count(*) FROM current_records WHERE NOT gold) "
            "- (SELECT count(*) FROM votes)"
        )
        if not more:
            return {}
        return self._patterns(
            "current_records", "annotator, item", where="NOT gold AND NOT nameless"
        ).get(None, {})

    def _patterns(
        self, table: str, key: str, by: str = "NULL", where: str = "true"
    ) -> dict[Any, dict[Pattern, int]]:
        found: dict[Any, dict[Pattern, int]] = {}
        several = "HAVING count(*) > 1" if table == "current_records" else ""
        for group, labels, items in self._rows(
            f"SELECT g, p, count(*) FROM (SELECT {by} AS g, list_sort(list(label)) AS p "  # noqa: S608  # names of our own
            f"FROM {table} WHERE {where} GROUP BY {by}, {key} {several}) "
            "GROUP BY g, p ORDER BY g, p"
        ):
            pattern = tuple(sorted(Counter(labels).items()))
            found.setdefault(group, {})[pattern] = items
        return found

    def _apart(self, field: str) -> str:
        """Return the table of votes that are told apart by a field too."""
        name = f"{field.removeprefix('guideline_')}_votes"
        if field not in self._grouped:
            self._choose(name, f"{field}, annotator, item")
            self._grouped.add(field)
        return name

    def versions(self) -> list[tuple[str | None, int, int, int]]:
        """Return (guideline version, votes, items, annotators) for each version that has votes."""
        return self.groups("guideline_version")

    def groups(self, field: str) -> list[tuple[str | None, int, int, int]]:
        """Return (value, votes, items, annotators) for each value of a field, as `patterns_by`."""
        return self._rows(
            f"SELECT {field}, count(*), count(DISTINCT item), "  # noqa: S608  # names of our own
            "count(DISTINCT annotator) FILTER (WHERE NOT nameless) "
            f"FROM {self._apart(field)} GROUP BY 1 ORDER BY 1 NULLS LAST"
        )

    def confidences(
        self, field: str = "confidence", by: str = "NULL"
    ) -> dict[Any, dict[float | None, int]]:
        """Return {group: {confidence to four decimals, None = unknown: votes}}.

        field: confidence (what a person said) or score (what a model said). by: NULL (one group,
        None), annotator, label, or a field as `patterns_by` has it. What is not within 0..1 counts
        as unknown.
        """
        table = "votes" if by in {"NULL", "annotator", "label"} else self._apart(by)
        found: dict[Any, dict[float | None, int]] = {}
        for group, value, votes in self._rows(
            f"SELECT {by}, CASE WHEN {field} BETWEEN 0 AND 1 THEN round({field}, 4) END, count(*) "  # noqa: S608  # names of our own
            f"FROM {table} GROUP BY 1, 2 ORDER BY 1, 2"
        ):
            found.setdefault(group, {})[value] = votes
        return found

    def annotators(self, limit: int = 50) -> list[tuple[str, int, int, float | None]]:
        """Return (annotator, votes, of those with another vote on the item, share agreeing).

        share: the mean over these items of the share of the other annotators who chose the same.
        Most votes first.
        """
        return self._rows(
            """WITH cells AS (SELECT item, label, count(*) AS same FROM votes GROUP BY ALL),
            sums AS (SELECT item, sum(same) AS all_of FROM cells GROUP BY item)
            SELECT annotator, count(*), count(*) FILTER (WHERE all_of > 1),
                sum(((same - 1) / greatest(all_of - 1, 1))::DECIMAL(18, 12))::DOUBLE
                / nullif(count(*) FILTER (WHERE all_of > 1), 0)
            FROM votes JOIN cells USING (item, label) JOIN sums USING (item)
            WHERE NOT nameless GROUP BY 1 ORDER BY 2 DESC, 1 LIMIT $limit""",
            {"limit": limit},
        )

    def pairs(
        self, least: int = 10, limit: int = 20
    ) -> dict[tuple[str, str], dict[tuple[str, str], int]]:
        """Return {(annotator, other): {(label, label of the other): items}}.

        The `limit` pairs with most common items, at least `least` each; names sorted in a pair.
        """
        found: dict[tuple[str, str], dict[tuple[str, str], int]] = {}
        for one, other, first, second, items in self._rows(
            """WITH met AS (SELECT a.annotator AS one, b.annotator AS other, a.label AS first,
                b.label AS second, count(*) AS items
                FROM votes AS a JOIN votes AS b ON a.item = b.item AND a.annotator < b.annotator
                WHERE NOT a.nameless AND NOT b.nameless GROUP BY ALL),
            most AS (SELECT one, other, sum(items) AS common FROM met GROUP BY ALL
                HAVING common >= $least ORDER BY common DESC, one, other LIMIT $limit)
            SELECT one, other, first, second, items FROM most JOIN met USING (one, other)
            ORDER BY common DESC, one, other, first, second""",
            {"least": least, "limit": limit},
        ):
            found.setdefault((one, other), {})[first, second] = items
        return found

    def gold(self) -> Gold:
        """Return how the votes compare with reference answers."""
        contradicted, unjoined = self._row(
            "SELECT count(DISTINCT item) FILTER (WHERE item NOT IN (SELECT item FROM gold)), "
            "count(DISTINCT item) FILTER (WHERE item NOT IN (SELECT item FROM votes)) "
            "FROM current_records WHERE gold"
        )
        items, votes, right = self._row(
            "SELECT count(DISTINCT item), count(*), "
            "count(*) FILTER (WHERE votes.label = gold.label) "
            "FROM votes JOIN gold USING (item)"
        )
        return Gold(items, contradicted, unjoined, votes, right)

    def calibration_bins(
        self, against: str, field: str = "confidence", bins: int = 10
    ) -> list[tuple[int, int, int, float, float]]:
        """Return (bin, votes, right, sum of confidences, sum of squared differences), by bin.

        against: "gold" or "majority", which is the label that most others gave, where there is
        one such label.
        """
        right = {
            "gold": "SELECT votes.*, votes.label = gold.label AS correct "
            "FROM votes JOIN gold USING (item)",
            "majority": _MAJORITY,
        }[against]
        return self._rows(
            f"""SELECT least(floor({field} * $bins)::INTEGER, $bins - 1) AS bin, count(*),
            count(*) FILTER (WHERE correct), sum({field}::DECIMAL(18, 12))::DOUBLE,
            sum((({field} - correct::INTEGER) ** 2)::DECIMAL(18, 12))::DOUBLE
            FROM ({right}) WHERE {field} BETWEEN 0 AND 1 GROUP BY 1 ORDER BY 1""",  # noqa: S608  # names of our own
            {"bins": bins},
        )

    def _rows(self, query: str, values: object = None) -> list[Any]:
        return self.connection.execute(query, values).fetchall()

    def _row(self, query: str) -> tuple[Any, ...]:
        (row,) = self._rows(query)
        return tuple(row)


# what most others of its item gave, for each label: its own vote is taken off its cell
_MAJORITY = """WITH cells AS (SELECT item, label, count(*) AS same FROM votes GROUP BY ALL),
others AS (SELECT mine.item, mine.label AS own, cells.label,
        cells.same - (cells.label = mine.label)::INTEGER AS times
    FROM cells AS mine JOIN cells USING (item)),
tops AS (SELECT *, max(times) OVER (PARTITION BY item, own) AS top FROM others),
most AS (SELECT item, own, min(label) AS label FROM tops WHERE times = top AND top > 0
    GROUP BY item, own HAVING count(*) = 1)
SELECT votes.*, votes.label = most.label AS correct
FROM votes JOIN most ON votes.item = most.item AND votes.label = most.own"""


def lines(connection: duckdb.DuckDBPyConnection, files: Iterable[str]) -> int:
    """Return how many lines of text files are not blank; each is a record of JSONL, if sound."""
    query = (
        "SELECT count(*) FROM read_csv($files, columns={'line': 'VARCHAR'}, auto_detect=false, "
        "header=false, delim='\x01', quote='', escape='', "
        "max_line_size=$longest, buffer_size=$longest * 2) WHERE trim(line) <> ''"
    )
    values = {"files": list(files), "longest": LONGEST}
    return int(connection.execute(query, values).fetchall()[0][0])
