"""One identity replaced in a Parquet file of annotation records, through DuckDB."""

# ruff: noqa: S608  # SQL is put together from quoted names and texts

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from dvc_labelmeta.write.redaction import EXTRA, PARTS, WHOLE, Swap, literal

if TYPE_CHECKING:
    import duckdb

_CODECS = {"SNAPPY", "ZSTD", "GZIP", "UNCOMPRESSED"}


def parquet(db: duckdb.DuckDBPyConnection, source: str, target: str, swap: Swap) -> int:
    """Write the rows of `source` with the identity replaced to `target`; return how many had it.

    Rows, their order, columns, their types and what a program put into the file stay; an
    enumeration becomes text. Nothing is written where no row had it.
    """
    described = db.execute(f"DESCRIBE SELECT * FROM read_parquet({_text(source)})").fetchall()
    new = {
        str(name): after
        for name, type_, *_ in described
        if (after := _replaced(str(name), str(type_), swap))
    }
    if not new:
        return 0
    differs = " OR ".join(differs for _, differs in new.values())
    ((changed,),) = db.execute(
        f"SELECT count(*) FILTER ({differs}) FROM read_parquet({_text(source)})"
    ).fetchall()
    if changed:
        shown = ", ".join(f"{after} AS {_name(name)}" for name, (after, _) in new.items())
        db.execute(
            f"COPY (SELECT * REPLACE ({shown}) FROM read_parquet({_text(source)})) "
            f"TO {_text(target)} ({_options(db, source)})"
        )
    return int(changed)


def _options(db: duckdb.DuckDBPyConnection, source: str) -> str:
    """Return how the new file is written: packed as the old one, with what it was told."""
    codecs = {
        row[0]
        for row in db.execute(
            f"SELECT DISTINCT compression FROM parquet_metadata({_text(source)})"
        ).fetchall()
    }
    options = ["FORMAT parquet"]
    if len(codecs) == 1 and codecs <= _CODECS:
        options.append(f"COMPRESSION {codecs.pop().lower()}")
    told = db.execute(
        f"SELECT key::VARCHAR, value FROM parquet_kv_metadata({_text(source)})"
    ).fetchall()
    # Arrow's description of the columns may not fit any more, and says nothing of its own
    pairs = ", ".join(
        f"{_text(key)}: {_text(bytes(value).decode('utf-8', 'replace'))}"
        for key, value in told
        if key != "ARROW:schema"
    )
    return ", ".join([*options, f"KV_METADATA {{{pairs}}}"] if pairs else options)


def _replaced(name: str, type_: str, swap: Swap) -> tuple[str, str] | None:
    """Return SQL for a column with the identity replaced, and for whether a row has it.

    None where the column cannot hold it.
    """
    column = _name(name)
    if name == EXTRA:
        return _in_json(column, type_, swap)
    change = _whole if name in WHOLE else _part if name in PARTS else None
    after = ""
    if change is not None and type_ == "VARCHAR[]":
        after = f"[{change('x', swap)} for x in {column}]"
    elif change is not None and (type_ == "VARCHAR" or type_.startswith("ENUM")):
        after = change(f"{column}::VARCHAR", swap)
    return (after, f"{column} IS DISTINCT FROM {after}") if after else None


def _whole(column: str, swap: Swap) -> str:
    return f"CASE WHEN {column} = {_text(swap.old)} THEN {_text(swap.new)} ELSE {column} END"


def _part(column: str, swap: Swap) -> str:
    # the engine's expressions cannot look around: what is between two is looked at once more
    pattern = _text(rf"(^|[^A-Za-z0-9]){re.escape(swap.old)}($|[^A-Za-z0-9])")
    after = _text(rf"\1{swap.new}\2")
    once = f"regexp_replace({column}, {pattern}, {after}, 'g')"
    return f"regexp_replace({once}, {pattern}, {after}, 'g')"


def _in_json(column: str, type_: str, swap: Swap) -> tuple[str, str]:
    texts = type_ in {"VARCHAR", "JSON"}
    json = f"{column}::VARCHAR" if texts else f"to_json({column})::VARCHAR"
    after = json
    for old in literal(swap.old):
        after = f"replace({after}, {_text(old)}, {_text(literal(swap.new)[0])})"
    there = " OR ".join(f"contains({json}, {_text(old)})" for old in literal(swap.old))
    new_type = _in_type(type_, swap)
    typed = f"({after})::{type_}" if texts else f"({after})::JSON::{new_type}"
    if new_type != type_:  # a column within `extra` is called so: that of all rows
        return f"CASE WHEN {column} IS NOT NULL THEN {typed} END", f"({there})"
    return f"CASE WHEN {there} THEN {typed} ELSE {column} END", f"({there})"


def _in_type(type_: str, swap: Swap) -> str:
    """Return a type in which the part that is called as the identity has the other name."""
    old, bare = re.escape(_name(swap.old)), re.escape(swap.old)
    return re.sub(rf"(?<=[(, ])(?:{old}|{bare})(?= )", lambda _: _name(swap.new), type_)


def _name(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def _text(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"
