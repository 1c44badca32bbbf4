"""The values that annotators gave an item, such as spans and boxes, item by item.

Made of the view `records` and the temporary table `told` of `read.tallies`. A list is the whole
answer of its record, and the latest list of an annotator counts; an object is one shape of the
answer, and all that are not superseded count.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from itertools import groupby
from operator import itemgetter
from typing import Any

import duckdb

from dvc_labelmeta.read.tallies import Tallies

_AT_ONCE = 10_000

_GIVEN = """(
    SELECT told.item, coalesce(told.annotator, '?' || told.id) AS who, told.id, value,
        json_type(value) AS kind, row_number() OVER (PARTITION BY told.item, who
            ORDER BY told.annotated_at DESC NULLS LAST, told.id DESC) AS place
    FROM (SELECT DISTINCT * FROM told WHERE label IS NULL) AS told
    JOIN (SELECT DISTINCT id, item, layer, value FROM records WHERE label IS NULL) AS records
        ON records.id = told.id AND records.item = told.item
        AND records.layer IS NOT DISTINCT FROM told.layer
    WHERE json_valid(value)
        AND told.status NOT IN ('draft', 'skipped', 'discarded')
        AND NOT told.gold AND NOT told.aggregate AND NOT told.rejected
        AND NOT EXISTS (SELECT 1 FROM told AS later WHERE later.supersedes = told.id))"""

_ANSWERS = f"""SELECT item, who, list(value ORDER BY id) FROM {_GIVEN}
WHERE kind = 'OBJECT' OR (kind = 'ARRAY' AND place = 1)
GROUP BY item, who ORDER BY item, who"""  # noqa: S608  # names of our own

# the second list of an annotator on an item is there where a third is
_REPEATED = f"SELECT count(*) FROM {_GIVEN} WHERE kind = 'ARRAY' AND place = 2"  # noqa: S608  # as above


def answers(tallies: Tallies) -> Iterator[list[list[Any]]]:
    """Yield for each item what each annotator answered, as parsed JSON; by item and annotator.

    Values of records that have a label too do not count: those are votes.
    """
    found = tallies.connection.execute(_ANSWERS)
    for _, rows in groupby(_rows(found), key=itemgetter(0)):
        yield [[shape for text in texts for shape in _listed(text)] for _, _, texts in rows]


def repeated(tallies: Tallies) -> int:
    """Return how often an annotator has several whole answers (lists) for an item."""
    ((pairs,),) = tallies.connection.execute(_REPEATED).fetchall()
    return int(pairs)


def _rows(found: duckdb.DuckDBPyConnection) -> Iterator[Any]:
    while rows := found.fetchmany(_AT_ONCE):
        yield from rows


def _listed(text: str) -> list[Any]:
    value = json.loads(text)
    return value if isinstance(value, list) else [value]
