"""What the votes on each item come to, in SQL: shares of labels, the chosen one, who is skilled.

Dawid and Skene's method stands here instead of behind an extra: crowd-kit, the library that is
kept, installs 47 packages for it (159 MB to download, transformers and scikit-learn among them;
DuckDB has 20 MB) and holds the votes in pandas, while a round of it is two aggregates that DuckDB
does in bounded memory. The tests hold it to plain loops, to 1e-9, and to the published table.
"""

# ruff: noqa: S608  # SQL is put together from numbers and names of our own

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

import duckdb

LEAST = 5  # votes to compare before an annotator's skill counts as known
TOLERANCE = 1e-6
ROUNDS = 100
FIELDS = ("guideline_id", "guideline_commit", "guideline_version_source")  # beside those of votes
_NEVER = -1e5  # stands for the logarithm of nothing: far below that of any share there can be
_BATCH = 2000

_SHARES = """CREATE TEMP TABLE soft AS
SELECT item, label, count(*) / sum(count(*)) OVER (PARTITION BY item) AS share
FROM votes GROUP BY item, label"""

# of each vote on an item that others labelled too: how far the others, or the model, agree with it
_SKILLS = """CREATE TEMP TABLE skills AS
WITH sizes AS (SELECT item, count(*) AS of FROM votes GROUP BY item HAVING count(*) > 1),
rated AS (SELECT annotator, count(*) AS compared,
        sum(({right})::DECIMAL(18, 12))::DOUBLE / count(*) AS skill
    FROM votes JOIN sizes USING (item) LEFT JOIN soft USING (item, label)
    WHERE NOT nameless GROUP BY annotator)
SELECT *, compared >= {least} AND round(skill, 9) >= (SELECT quantile_disc(round(skill, 9), 0.5)
    FROM rated WHERE compared >= {least}) AS skilled
FROM rated"""

_SAME = "CASE WHEN count(DISTINCT coalesce({0}, '')) = 1 THEN min({0}) END AS {0}"
_SHARED = ", ".join(map(_SAME.format, ("guideline_version", *FIELDS)))

_CONSENSUS = f"""CREATE TEMP TABLE consensus AS
WITH best AS (SELECT item, max(share) AS top, list(struct_pack(label := label, share := share)
        ORDER BY share DESC, label) AS soft_label FROM soft GROUP BY item),
chosen AS (SELECT item, soft_label, top AS probability,
        len(soft_label) > 1 AND soft_label[2].share > top - 1e-9 AS tie FROM best),
cells AS (SELECT item, label, count(*) AS times, count(*) FILTER (skilled) AS skilled
    FROM votes LEFT JOIN skills USING (annotator) GROUP BY item, label),
shapes AS (SELECT item, sum(times)::INTEGER AS votes, max(times)::INTEGER AS most,
        count(*)::INTEGER AS labels, sum(skilled)::INTEGER AS skilled,
        max(skilled)::INTEGER AS skilled_most FROM cells GROUP BY item),
shared AS (SELECT item, list_sort(list(id)) AS derived_from, {_SHARED} FROM votes GROUP BY item),
times AS (SELECT item, max(annotated_at) AS latest FROM current_records
    WHERE NOT gold GROUP BY item)
SELECT item, CASE WHEN NOT tie THEN soft_label[1].label END AS label, * EXCLUDE (item)
FROM chosen JOIN shapes USING (item) JOIN shared USING (item) JOIN times USING (item)"""


class Shape(NamedTuple):
    """The votes on an item in numbers: what its kind is judged by, see `stats.consensus.kind`."""

    votes: int
    most: int
    labels: int
    skilled: int
    skilled_most: int


class Fitted(NamedTuple):
    """How an iteration ended. change: probability that moved to other labels, mean of the items."""

    rounds: int
    change: float

    @property
    def converged(self) -> bool:
        """Whether it stopped since nothing changed any more."""
        return self.change <= TOLERANCE


def overlap(connection: duckdb.DuckDBPyConnection) -> tuple[int, int, int]:
    """Return (annotators, items with two votes or more, different labels) of the table `votes`."""
    (row,) = connection.execute(
        "SELECT count(DISTINCT annotator), (SELECT count(*) FROM (SELECT item FROM votes "
        "GROUP BY item HAVING count(*) > 1)), count(DISTINCT label) FROM votes"
    ).fetchall()
    return row[0], row[1], row[2]


def majority(connection: duckdb.DuckDBPyConnection) -> None:
    """Make `soft` (item, label, share of the item's votes) and `skills` from `votes`.

    An annotator's skill is the share of the other votes on the same items that are as theirs.
    """
    connection.execute(_SHARES)
    connection.execute(_SKILLS.format(right="(share * of - 1) / (of - 1)", least=LEAST))


def dawid_skene(connection: duckdb.DuckDBPyConnection) -> Fitted:
    """Make `soft` (item, label, probability) and `skills` from `votes`.

    Maximum likelihood by EM, from the shares of votes as a start: A. P. Dawid, A. M. Skene,
    Maximum likelihood estimation of observer error-rates using the EM algorithm, Applied
    Statistics 28 (1979) 20-28, equations 2.3 to 2.5 and 3.1. Each annotator has a matrix of
    errors; all votes without an annotator share one. Ends when a round moves no more than
    TOLERANCE of probability to other labels, in the mean of the items, or after ROUNDS.
    Probabilities are given to nine decimals. Sums are of decimals, so that they do not depend on
    the order in which threads come to the rows. An annotator's skill is the mean probability of
    the labels that they gave.
    """
    labels = _coded(connection)
    fitted = Fitted(0, 1.0)
    while not fitted.converged and fitted.rounds < ROUNDS:
        fitted = Fitted(fitted.rounds + 1, _round(connection, labels))
    parts = (f"SELECT i, {n} AS l, round(p{n}, 9) AS share FROM posterior" for n in range(labels))
    connection.execute(
        f"CREATE TEMP TABLE soft AS SELECT item, label, share FROM ({' UNION ALL '.join(parts)}) "
        "JOIN coded_items USING (i) JOIN coded_labels USING (l) WHERE share > 0"
    )
    connection.execute(_SKILLS.format(right="coalesce(share, 0)", least=LEAST))
    return fitted


def _coded(connection: duckdb.DuckDBPyConnection) -> int:
    """Make `coded` (i, a, l: numbers for item, annotator, label) and the first `posterior`.

    Returns how many labels there are.
    """
    for table, column, number in (("items", "item", "i"), ("labels", "label", "l")):
        connection.execute(
            f"CREATE TEMP TABLE coded_{table} AS SELECT {column}, "
            f"(row_number() OVER (ORDER BY {column}) - 1)::INTEGER AS {number} "
            f"FROM (SELECT DISTINCT {column} FROM votes)"
        )
    connection.execute(
        "CREATE TEMP TABLE coded AS SELECT i, l, dense_rank() OVER "
        "(ORDER BY CASE WHEN NOT nameless THEN annotator END)::INTEGER AS a "
        "FROM votes JOIN coded_items USING (item) JOIN coded_labels USING (label)"
    )
    ((labels,),) = connection.execute("SELECT count(*) FROM coded_labels").fetchall()
    shares = ", ".join(f"count(*) FILTER (l = {n}) / count(*) AS p{n}" for n in range(labels))
    connection.execute(f"CREATE TEMP TABLE posterior AS SELECT i, {shares} FROM coded GROUP BY i")
    return int(labels)


def _round(connection: duckdb.DuckDBPyConnection, labels: int) -> float:
    """Replace `posterior` by that of the next round; return how much of it moved, per item."""

    def each(form: str, between: str = ", ") -> str:
        return between.join(form.format(n=n) for n in range(labels))

    total = "sum(p{n}::DECIMAL(18, 15))"
    priors = each(f"{total}::DOUBLE / count(*) AS q{{n}}")
    sums = each(f"{total} AS s{{n}}")
    share = "s{n}::DOUBLE / sum(s{n}) OVER (PARTITION BY a)::DOUBLE"
    never = f"ELSE {_NEVER} END"
    errors = each(f"(CASE WHEN s{{n}} > 0 THEN ln({share}) {never})::DECIMAL(18, 12) AS g{{n}}")
    prior = f"CASE WHEN q{{n}} > 0 THEN ln(q{{n}}) {never}"
    likely = each(f"{prior} + sum(g{{n}})::DOUBLE AS e{{n}}")
    connection.execute(
        f"""CREATE OR REPLACE TEMP TABLE next AS
        WITH priors AS (SELECT {priors} FROM posterior),
        sums AS (SELECT a, l, {sums} FROM coded JOIN posterior USING (i) GROUP BY a, l),
        errors AS (SELECT a, l, {errors} FROM sums),
        likely AS (SELECT i, {likely} FROM coded JOIN errors USING (a, l), priors
            GROUP BY i, {each("q{n}")}),
        scaled AS (SELECT i, {each("exp(e{n} - greatest(" + each("e{n}") + ")) AS x{n}", ", ")}
            FROM likely)
        SELECT i, {each("x{n} / (" + each("x{n}", " + ") + ") AS p{n}")} FROM scaled"""
    )
    changes = each("abs(next.p{n} - posterior.p{n})", " + ")
    ((change,),) = connection.execute(
        f"SELECT sum((({changes}) / 2)::DECIMAL(18, 15))::DOUBLE / count(*) "
        "FROM next JOIN posterior USING (i)"
    ).fetchall()
    connection.execute("DROP TABLE posterior")
    connection.execute("ALTER TABLE next RENAME TO posterior")
    return float(change)


def conclude(connection: duckdb.DuckDBPyConnection) -> dict[Shape, int]:
    """Make `consensus`, one row an item, from `votes`, `soft` and `skills`.

    Items whose best labels are equal (to 1e-9) are tied and have no label. Returns how many items
    have which shape.
    """
    connection.execute(_CONSENSUS)
    names = ", ".join(Shape._fields)
    found = connection.execute(f"SELECT {names}, count(*) FROM consensus GROUP BY ALL ORDER BY ALL")
    return {Shape._make(row[:-1]): row[-1] for row in found.fetchall()}


def skills(connection: duckdb.DuckDBPyConnection) -> list[tuple[str, int, float, bool]]:
    """Return (annotator, votes compared, skill 0..1, whether skilled), least skilled first."""
    return connection.execute(
        "SELECT annotator, compared, skill, skilled FROM skills "
        "ORDER BY round(skill, 9), compared DESC, annotator"
    ).fetchall()


def ties(connection: duckdb.DuckDBPyConnection) -> int:
    """Return how many items of `consensus` are tied."""
    ((number,),) = connection.execute(
        "SELECT count(*) FILTER (WHERE tie) FROM consensus"
    ).fetchall()
    return int(number)


def rows(
    connection: duckdb.DuckDBPyConnection, kinds: Mapping[Shape, str], *, apart: bool = False
) -> Iterator[dict[str, Any]]:
    """Yield each item of `consensus` with its kind, by item.

    kinds: what `conclude` returned, judged. apart: only those on which votes do not agree.
    """
    names = ("item", "label", "probability", "tie", "soft_label", *Shape._fields)
    where = "labels > 1 OR votes = 1" if apart else "true"
    found = connection.execute(
        f"SELECT {', '.join(names)} FROM consensus WHERE {where} ORDER BY item"
    )
    while batch := found.fetchmany(_BATCH):
        for row in batch:
            one = dict(zip(names, row, strict=True))
            one["soft_label"] = {each["label"]: each["share"] for each in one["soft_label"]}
            yield one | {"kind": kinds[Shape._make(row[-len(Shape._fields) :])]}


def aggregates(method: str, layer: str, version: str) -> str:
    """Return a query for the items that have a label, as annotation records, by item.

    version: of this program. The id is a hash of all that the record says, so that the same votes
    give the same records. Its time is that of the latest vote: an aggregate has none of its own.
    Guideline fields are those that all votes share. One vote is no agreement: no consensus_score.
    """
    named = layer.replace("'", "''")
    return f"""SELECT 'consensus-' || substr(sha256(concat_ws(chr(0), '{method}', '{named}', item,
            label, round(probability, 9), array_to_string(derived_from, chr(0)))), 1, 24) AS id,
        item, CASE WHEN starts_with(label, '[') AND json_valid(label) THEN label::JSON
            ELSE to_json(label) END AS label,
        'labelmeta:consensus' AS source, nullif('{named}', '') AS layer,
        'consensus-{method}' AS annotator, 'aggregate' AS annotator_type,
        strftime(latest, '%Y-%m-%dT%H:%M:%S.%fZ') AS annotated_at,
        CASE WHEN latest IS NOT NULL THEN 'latest vote' END AS annotated_at_source,
        'labelmeta' AS tool, '{version}' AS tool_version,
        guideline_id, guideline_version, guideline_commit, guideline_version_source,
        CASE WHEN votes > 1 THEN least(round(probability, 9), 1) END AS consensus_score,
        '{method}' AS consensus_method, 'submitted' AS status, derived_from,
        json_object('votes', votes, 'soft_label', to_json(map_from_entries(
            [(one.label, one.share) for one in soft_label]))) AS extra
        FROM consensus WHERE label IS NOT NULL ORDER BY item"""
