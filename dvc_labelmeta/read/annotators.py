"""The registry of annotators as a file, and what records say of each annotator."""

# ruff: noqa: S608  # SQL is put together from our own field names

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

import duckdb

from dvc_labelmeta.errors import UnreadableFile
from dvc_labelmeta.model.annotators import Seen
from dvc_labelmeta.read.records import open_records

_FEW = 20  # tools and versions to name
_PEOPLE = "coalesce(annotator_type, 'person') <> 'aggregate'"
_SOFTWARE = "coalesce(annotator_type = 'software', false)"
_NAMES = f"""list_sort(list_distinct(list({{}}) FILTER ({{}} IS NOT NULL)))[:{_FEW}]"""
_COUNTS = f"""WITH made AS (
    SELECT annotator, count(*) AS records, min(annotated_at) AS first, max(annotated_at) AS last,
        count(*) FILTER ({_SOFTWARE}) AS software,
        count(*) FILTER ({_SOFTWARE} AND model IS NULL AND tool IS NULL) AS nameless,
        {_NAMES.format("tool", "tool")} AS tools,
        {_NAMES.format("guideline_version", "guideline_version")} AS versions
    FROM told WHERE annotator IS NOT NULL AND {_PEOPLE} GROUP BY annotator),
reviewed AS (SELECT reviewer, count(*) AS reviews FROM told
    WHERE reviewer IS NOT NULL GROUP BY reviewer)
SELECT coalesce(annotator, reviewer) AS name, coalesce(records, 0),
    strftime(first, '%Y-%m-%d'), strftime(last, '%Y-%m-%d'),
    coalesce(software, 0), coalesce(nameless, 0), coalesce(reviews, 0), tools, versions
FROM made FULL JOIN reviewed ON annotator = reviewer ORDER BY name"""


def seen(files: Sequence[str], format_: str, layer: str = "") -> tuple[Seen, ...]:
    """Return what records say of each annotator, by name.

    layer: leave out records that name another one. Raises UnreadableFile.
    """
    try:
        with open_records(files, format_) as connection:
            connection.execute(
                "CREATE TEMP VIEW told AS SELECT * FROM records"
                + (f" WHERE coalesce(layer, {_text(layer)}) = {_text(layer)}" if layer else "")
            )
            return tuple(_seen(row) for row in connection.execute(_COUNTS).fetchall())
    except duckdb.Error as error:
        reason = str(error).split("\n", 1)[0]
        raise UnreadableFile(f"cannot be read as {format_}: {reason}") from None


def mentions(file: str, words: Sequence[str]) -> tuple[tuple[int, ...], int]:
    """Return the first rows of a Parquet file that have words, from 1, and how many have."""
    either = "|".join(re.escape(word) for word in words)
    wanted = _text(rf"(^|[^A-Za-z0-9])({either})($|[^A-Za-z0-9])")
    rows = (
        "SELECT row_number() OVER () AS row, to_json(one)::VARCHAR AS told "
        f"FROM read_parquet({_text(file)}) AS one"
    )
    with duckdb.connect(config={"autoinstall_known_extensions": "false"}) as connection:
        ((first, count),) = connection.execute(
            f"SELECT min(row, 3), count(*) FROM ({rows}) WHERE regexp_matches(told, {wanted})"
        ).fetchall()
    return tuple(first or ()), int(count)


def plain(found: Sequence[Seen]) -> list[list[Any]]:
    """Return counts as JSON can hold them; `unplain` takes that back."""
    return [[*one] for one in found]


def unplain(found: Sequence[Sequence[Any]]) -> tuple[Seen, ...]:
    """Return the counts that `plain` made a list of."""
    return tuple(_seen(row) for row in found)


def by_name(found: Mapping[tuple[str, str], Sequence[Seen]]) -> dict[str, dict[str, list[Seen]]]:
    """Return counts by annotator and split, those of several layers together. found: by layer."""
    names: dict[str, dict[str, list[Seen]]] = {}
    for (split, _), people in found.items():
        for one in people:
            names.setdefault(one.annotator, {}).setdefault(split, []).append(one)
    return dict(sorted(names.items()))


def _seen(row: Sequence[Any]) -> Seen:
    name, records, first, last, software, nameless, reviews, tools, versions = row
    return Seen(
        name,
        records,
        first or "",
        last or "",
        software,
        nameless,
        reviews,
        tuple(tools or ()),
        tuple(versions or ()),
    )


def _text(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"
