"""`supersedes` as SQL over the table `kept`: what is missing, itself, later, or in a circle."""

from __future__ import annotations

import duckdb

MISSING = (
    "SELECT position FROM kept WHERE supersedes IS NOT NULL "
    "AND supersedes NOT IN (SELECT id FROM kept WHERE id IS NOT NULL)"
)
LATER = (
    "SELECT one.position FROM kept AS one JOIN kept AS old ON one.supersedes = old.id "
    "WHERE old.moment > one.moment OR one.id = one.supersedes"
)
CLOSED = "SELECT position FROM kept WHERE supersedes IS NOT NULL AND id IN (SELECT id FROM circle)"


def find(db: duckdb.DuckDBPyConnection) -> None:
    """Make the table `circle`: the ids of records that, step by step, replace themselves.

    Steps are doubled: after k rounds each id points 2^k steps on, so that with more steps than
    there are ids all that is still pointed at lies on a circle.
    """
    db.execute(
        "CREATE OR REPLACE TEMP TABLE step AS SELECT id, any_value(supersedes) AS target "
        "FROM kept WHERE supersedes IS NOT NULL AND id <> supersedes GROUP BY id"
    )
    (edges,) = db.execute("SELECT count(*) FROM step").fetchone() or (0,)
    for _ in range(edges.bit_length() + 1):
        db.execute(
            "CREATE OR REPLACE TEMP TABLE step AS SELECT one.id, next.target "
            "FROM step AS one JOIN step AS next ON one.target = next.id"
        )
        if db.execute("SELECT count(*) FROM step").fetchone() == (0,):
            break
    db.execute("CREATE OR REPLACE TEMP TABLE circle AS SELECT DISTINCT target AS id FROM step")
