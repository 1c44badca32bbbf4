"""What only several lines together show: repeats, what replaces what, odd durations; and the sum.

All is SQL over the relation `kept` (position and the columns of read/shard.py) of all files. Ids
are compared by 64-bit hashes: the chance that any two of 1e7 different ids are taken for one is
below 1 in 300,000.
"""

# ruff: noqa: S608  # SQL is put together from our own names

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

import duckdb

from dvc_labelmeta.model.facts import SHOWN, Flaw, Items, RecordFacts
from dvc_labelmeta.read import circles
from dvc_labelmeta.read.batch import ORDER
from dvc_labelmeta.read.shard import Shard
from dvc_labelmeta.read.split_items import hashes_in

FAULTS = "(position BIGINT, kind UTINYINT, field VARCHAR)"
ACROSS = tuple(
    ORDER.index(kind)
    for kind in (
        "unknown_item", "duplicate_id", "missing_superseded", "later_superseded", "relabelled",
        "odd_duration",
    )
)  # fmt: skip
_ENOUGH = 20  # durations: of fewer, quartiles say nothing


def find_repeats(db: duckdb.DuckDBPyConnection, fresh: str = "kept") -> None:
    """Add to `faults` the lines that repeat an id, or an answer that may hold once.

    fresh: a relation of lines of which one is in every repeat; to look at the others for these
    only is much quicker.
    """
    for column, kind, field in (("id", "duplicate_id", "id"), ("answer", "relabelled", "label")):
        among = "" if fresh == "kept" else f"WHERE {column} IN (SELECT {column} FROM {fresh})"
        repeated = db.execute(
            f"SELECT (SELECT count({column}) FROM kept {among}) "
            f"- (SELECT count(DISTINCT {column}) FROM {fresh})"
        ).fetchone()
        if repeated != (0,):
            _add(db, kind, field, _repeats(column))


def find_replaced(db: duckdb.DuckDBPyConnection) -> None:
    """Add to `faults` the lines whose `supersedes` names no record or a later one."""
    if db.execute("SELECT count(supersedes) FROM kept").fetchone() != (0,):
        _add(db, "missing_superseded", "supersedes", circles.MISSING)
        _add(db, "later_superseded", "supersedes", circles.LATER)


def find_circles(db: duckdb.DuckDBPyConnection) -> None:
    """Add to `faults` the lines that, step by step, replace themselves."""
    if db.execute("SELECT count(supersedes) FROM kept").fetchone() != (0,):
        circles.find(db)
        _add(db, "later_superseded", "supersedes", circles.CLOSED)


def replaced(db: duckdb.DuckDBPyConnection) -> Counter[str]:
    """Return how many of the judged records of each version another one of these replaces."""
    if db.execute("SELECT count(supersedes) FROM kept").fetchone() == (0,):
        return Counter()
    old = "SELECT supersedes FROM kept WHERE version IS NOT NULL AND supersedes <> id"
    rows = db.execute(
        "SELECT version, count(*) FROM kept "
        f"WHERE version IS NOT NULL AND id IN ({old}) GROUP BY ALL"
    ).fetchall()
    return Counter(dict(rows))


def find_strangers(db: duckdb.DuckDBPyConnection, items: Items) -> None:
    """Add to `faults` the lines that label an item which the split does not have."""
    known = hashes_in(items)
    strange = f"SELECT position FROM kept WHERE item IS NOT NULL AND item NOT IN ({known})"
    _add(db, "unknown_item", "item", strange)


def find_odd(db: duckdb.DuckDBPyConnection) -> None:
    """Add to `faults` the lines with a far-out duration: Tukey's outer fences of its logarithm.

    Tukey, Exploratory Data Analysis (1977), section 2D: beyond three times the distance of the
    quartiles. Durations are skewed, their logarithms hardly.
    """
    count, quartiles = db.execute(
        "SELECT count(duration), quantile_cont(ln(duration), [0.25, 0.75]) FROM kept "
        "WHERE duration > 0"
    ).fetchall()[0]
    if count < _ENOUGH or quartiles[0] == quartiles[1]:
        return
    low, high = quartiles
    away = 3 * (high - low)
    odd = f"ln(duration) < {low - away!r}::DOUBLE OR ln(duration) > {high + away!r}::DOUBLE"
    _add(
        db,
        "odd_duration",
        "duration_seconds",
        f"SELECT position FROM kept WHERE CASE WHEN duration > 0 THEN {odd} ELSE false END",
    )


def _add(db: duckdb.DuckDBPyConnection, kind: str, field: str, positions: str) -> None:
    db.execute(f"INSERT INTO faults SELECT *, {ORDER.index(kind)}, '{field}' FROM ({positions})")


def _repeats(column: str) -> str:
    """Return SQL for the positions of all but the first of those with the same value."""
    several = f"SELECT {column} FROM kept GROUP BY {column} HAVING count({column}) > 1"
    return (
        f"SELECT position FROM kept WHERE {column} IN ({several}) "
        f"QUALIFY row_number() OVER (PARTITION BY {column} ORDER BY position) > 1"
    )


def summed(
    files: Sequence[str],
    shards: Sequence[Shard],
    crossed: Iterable[Flaw],
    offending: int,
    replaced_: Counter[str],
) -> RecordFacts:
    """Return the facts about all files, from those about each and what shows across files.

    replaced_: how many records of each version do not count, since another replaces them.
    """
    versions: Counter[str] = Counter()
    unknown: Counter[str] = Counter()
    for shard in shards:
        versions.update(dict(shard.versions))
        unknown.update(dict(shard.unknown))
    counts: Counter[tuple[int, str]] = Counter()
    places: dict[tuple[int, str], list[Flaw]] = {}
    for file, shard in zip(files, shards, strict=True):
        for flaw in shard.flaws:
            key = ORDER.index(flaw.kind), flaw.field
            counts[key] += flaw.records
            named = tuple(at._replace(file=file) for at in flaw.places)
            places.setdefault(key, []).append(flaw._replace(places=named))
    for flaw in crossed:
        key = ORDER.index(flaw.kind), flaw.field
        counts[key], places[key] = flaw.records, [flaw]
    flaws = tuple(
        Flaw(
            ORDER[kind],
            field,
            count,
            tuple(at for one in places[kind, field] for at in one.places)[:SHOWN],
        )
        for (kind, field), count in sorted(counts.items())
    )
    return RecordFacts(
        tuple(files),
        sum(shard.lines for shard in shards),
        sum(shard.records for shard in shards),
        offending,
        flaws,
        _ranked(versions - replaced_),
        _ranked(unknown),
    )


def _ranked(counts: Mapping[str, int]) -> tuple[tuple[str, int], ...]:
    return tuple(sorted(counts.items(), key=lambda one: (-one[1], one[0])))
