"""Facts about annotation files, computed by DuckDB: every count exact, the first places shown.

One pass over the files keeps 8 to 60 bytes of each line: whether it offends, and hashes of
what other lines are compared with. Only where that found something are offending lines read again
and each fault named, so that good files cost one pass. Ids are compared by 64-bit hashes: the
chance that any two of 1e7 different ids are taken for one is below 1 in 300,000.
"""

# ruff: noqa: S608  # SQL is put together from our own field names and quoted texts

from __future__ import annotations

import csv
import json
import os
import tempfile
import zlib
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

import duckdb

from dvc_labelmeta.errors import UnreadableFile
from dvc_labelmeta.model.annotation import FIELDS, mandatory
from dvc_labelmeta.model.facts import KINDS, SHOWN, At, Expected, Flaw, RecordFacts
from dvc_labelmeta.read import circles
from dvc_labelmeta.read.cells import Dialect, JsonLines, Table, quoted
from dvc_labelmeta.read.faults import UNLABELLED, Check, absent, checks
from dvc_labelmeta.read.lines import (
    Cleaned,
    Numbers,
    clean,
    csv_header,
    delimiter,
    shown_row,
)

if TYPE_CHECKING:
    from typing_extensions import Self

_SAMPLE = 2048
_ORDER = tuple(KINDS)


class Validated:
    """One validation: `facts`, and the offending rows on request; close it (or use `with`)."""

    def __init__(self, files: Sequence[str], format_: str, expected: Expected) -> None:
        self.files, self.format, self.expected = tuple(files), format_, expected
        self.folder = tempfile.TemporaryDirectory(prefix="labelmeta-")
        self.db = _connect(self.folder.name)
        self.cleaned = Cleaned(self.files)
        try:
            self.dialect = self._keep()
            self.starts = self._starts()
            self._find_faults()
            self.facts = self._facts()
        except duckdb.Error as error:
            self.close()
            raise UnreadableFile(f"cannot be read as {format_}: {_first_line(error)}") from None
        except (OSError, EOFError, zlib.error, csv.Error, UnicodeDecodeError) as error:
            self.close()
            raise UnreadableFile(f"cannot be read as {format_}: {error}") from None
        except BaseException:
            self.close()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Free memory and temporary files."""
        self.db.close()
        self.folder.cleanup()

    def _keep(self) -> Dialect:
        """Make the table `kept`, one row a line in file order, and return how lines are read."""
        if self.format != "jsonl":
            dialect: Dialect = _table(self.db, self.files, self.format)
            self._fill(dialect)
            return dialect
        try:
            return self._keep_lines()
        except duckdb.Error:  # bytes that are no text, several kinds of line ends, a long line
            self.cleaned = clean(self.files, self.folder.name)
            return self._keep_lines()

    def _keep_lines(self) -> Dialect:
        files, longest = self.cleaned.files, self.cleaned.longest
        seen = _seen(self.db, JsonLines([files[0]], ["id"], longest))
        dialect = JsonLines(files, sorted(seen | set(mandatory("L3"))), longest)
        self._fill(dialect)
        narrow = self.db.execute("SELECT count(*) FROM kept WHERE narrow").fetchone()
        if narrow != (0,):
            dialect = JsonLines(files, [field.name for field in FIELDS], longest)
            self._fill(dialect)
        return dialect

    def _fill(self, dialect: Dialect, *, numbered: bool = False) -> None:
        quick = [check.quick for check in checks(dialect, self.expected) if check.quick]
        bad = " OR ".join(f"({condition})" for condition in quick)
        has = dialect.fields.__contains__
        version = dialect.text("guideline_version") if has("guideline_version") else "NULL"
        lines = _numbered(dialect) if numbered else dialect.lines
        self.db.execute(
            "CREATE OR REPLACE TEMP TABLE kept AS SELECT file::UINTEGER AS file, "
            f"{'position' if numbered else '0 AS position'}, "
            f"coalesce({bad}, false) AS bad, NOT blank AND NOT malformed AS record, more, narrow, "
            f"{_hash_if(dialect, 'id')} AS id, "
            f"CASE WHEN {self._answer(dialect)} END AS answer, "
            f"{_hash_if(dialect, 'supersedes')} AS supersedes, "
            f"{_moment(dialect)} AS moment, {version}::VARCHAR AS version "
            f"FROM ({dialect.cells(lines)})"
        )

    def _answer(self, dialect: Dialect) -> str:
        """Return "condition THEN hash": the same for two answers of which one can hold only."""
        has = dialect.fields.__contains__
        if not (has("item") and has("annotator") and has("label")):
            return "false THEN 0::UBIGINT"
        condition = "label IS NOT NULL AND item IS NOT NULL AND annotator IS NOT NULL"
        # several spans or boxes of an item are no contradiction
        condition += " AND value IS NULL" if has("value") else ""
        condition += " AND supersedes IS NULL" if has("supersedes") else ""
        if has("status"):
            states = ", ".join(dialect.literal(state) for state in UNLABELLED)
            condition += f" AND coalesce(status NOT IN ({states}), true)"
        layer = ", layer" if has("layer") else ""
        return f"{condition} THEN hash(item, annotator{layer})"

    def _starts(self) -> list[int]:
        """Return the position of the first line of each file, and the end."""
        counted = dict(self.db.execute("SELECT file, count(*) FROM kept GROUP BY file").fetchall())
        starts = [0]
        for file in range(len(self.files)):
            starts.append(starts[-1] + counted.get(file, 0))
        return starts

    def _find_faults(self) -> None:
        """Fill the table `faults`: position, kind and field of each fault."""
        self.db.execute("CREATE TEMP TABLE faults (position BIGINT, kind UTINYINT, field VARCHAR)")
        bad, ids, answers, rekept = self._one(
            "SELECT count_if(bad), count(id) - count(DISTINCT id), "
            "count(answer) - count(DISTINCT answer), count(supersedes) FROM kept"
        )
        if bad or ids or answers or rekept:
            # only now: numbering keeps a scan on one processor, and a table made from a
            # parallel scan does not hold its rows in the order of the file
            self._fill(self.dialect, numbered=True)
        if bad:
            self._find_local(checks(self.dialect, self.expected))
        if ids:
            self._add("duplicate_id", "id", _repeats("id"))
        if answers:
            self._add("relabelled", "label", _repeats("answer"))
        if rekept:
            self._add("missing_superseded", "supersedes", circles.MISSING)
            circles.find(self.db)
            self._add("later_superseded", "supersedes", circles.LATER)

    def _find_local(self, asked: list[Check]) -> None:
        cases = ", ".join(
            f"CASE WHEN {check.condition} THEN {at} END" for at, check in enumerate(asked)
        )
        lines = _numbered(self.dialect, "SELECT position FROM kept WHERE bad")
        self.db.execute("CREATE TEMP TABLE asked (number INTEGER, kind UTINYINT, field VARCHAR)")
        rows = [(at, _ORDER.index(one.kind), one.field) for at, one in enumerate(asked)]
        self.db.executemany("INSERT INTO asked VALUES (?, ?, ?)", rows)
        self.db.execute(
            "INSERT INTO faults SELECT position, kind, field FROM (SELECT position, "
            f"unnest([{cases}]) AS number "
            f"FROM ({self.dialect.cells(lines)})) JOIN asked USING (number)"
        )

    def _add(self, kind: str, field: str, positions: str) -> None:
        number = _ORDER.index(kind)
        self.db.execute(f"INSERT INTO faults SELECT *, {number}, '{field}' FROM ({positions})")

    def _facts(self) -> RecordFacts:
        lines, records = self._one("SELECT count(*), coalesce(count_if(record), 0) FROM kept")
        (offending,) = self._one("SELECT count(DISTINCT position) FROM faults")
        versions = self.db.execute(
            "SELECT coalesce(version, ''), count(*) FROM kept WHERE record GROUP BY 1 "
            "ORDER BY 2 DESC, 1"
        ).fetchall()
        flaws = self._flaws() if offending else ()
        return RecordFacts(
            self.files, lines, records, offending, flaws, tuple(versions), self._unknown(records)
        )

    def _one(self, sql: str) -> tuple[Any, ...]:
        return self.db.execute(sql).fetchone() or ()

    def _unknown(self, records: int) -> tuple[tuple[str, int], ...]:
        if isinstance(self.dialect, Table):
            names = (name for name in self.dialect.columns if name not in self.dialect.fields)
            return tuple((name, records) for name in names if name != "filename")
        if self._one("SELECT count_if(more AND record) FROM kept") == (0,):
            return ()
        return tuple(self.db.execute(self.dialect.unknown()).fetchall())

    def _flaws(self) -> tuple[Flaw, ...]:
        rows = self.db.execute(
            "SELECT kind, field, count(*), min(position, "
            f"{SHOWN}) FROM faults GROUP BY kind, field ORDER BY kind, field"
        ).fetchall()
        wanted = sorted({position for row in rows for position in row[3]})
        read = dict(self._rows(wanted))
        numbers = Numbers(self.files, self.starts, self.format)
        return tuple(
            Flaw(
                _ORDER[kind],
                field,
                count,
                tuple(_at(numbers, position, read[position], field) for position in positions),
            )
            for kind, field, count, positions in rows
        )

    def _rows(self, positions: Sequence[int]) -> Iterator[tuple[int, str | None]]:
        self.db.execute("CREATE OR REPLACE TEMP TABLE wanted (position BIGINT)")
        self.db.execute("INSERT INTO wanted SELECT unnest(?)", [list(positions)])
        lines = _numbered(self.dialect, "SELECT position FROM wanted")
        yield from self.db.execute(f"SELECT position, {self.dialect.raw} FROM ({lines})").fetchall()

    def bad_rows(self) -> Iterator[dict[str, Any]]:
        """Yield every offending row in file order: file, line, reasons and the row itself.

        `row` is the record, or the text of a line that holds none.
        """
        reasons = (
            "SELECT position, list({'kind': kind, 'field': field} ORDER BY kind, field) AS why "
            "FROM faults GROUP BY position"
        )
        lines = _numbered(self.dialect, "SELECT position FROM faults")
        cursor = self.db.execute(
            f"SELECT position, {self.dialect.raw}, why FROM ({lines}) JOIN ({reasons}) "
            "USING (position) ORDER BY position"
        )
        numbers = Numbers(self.files, self.starts, self.format)
        while rows := cursor.fetchmany(1000):
            for position, raw, why in rows:
                file, line = numbers.of(position)
                told = [{"fault": _ORDER[w["kind"]], "field": w["field"]} for w in why]
                yield {"file": file, "line": line, "reasons": told, "row": shown_row(raw)}


def facts(files: Sequence[str], format_: str, expected: Expected) -> RecordFacts:
    """Return the facts about annotation files of one format, read in the order given."""
    with Validated(files, format_, expected) as validated:
        return validated.facts


def _connect(folder: str) -> duckdb.DuckDBPyConnection:
    settings: dict[str, str | bool | int | float | list[str]] = {
        "autoinstall_known_extensions": "false",
        "threads": str(os.cpu_count() or 1),
        "temp_directory": folder,
    }
    db = duckdb.connect(config=settings)
    db.execute("SET TimeZone = 'UTC'")
    return db


def _seen(db: duckdb.DuckDBPyConnection, dialect: JsonLines) -> set[str]:
    """Return the fields that the first lines have: looking for all 36 in each line costs time."""
    rows = db.execute(
        f"SELECT DISTINCT unnest(TRY(json_keys(line))) FROM ({dialect.lines} LIMIT {_SAMPLE})"
    ).fetchall()
    return {row[0] for row in rows} & {field.name for field in FIELDS}


def _table(db: duckdb.DuckDBPyConnection, files: Sequence[str], format_: str) -> Table:
    names = "[" + ", ".join(quoted(file) for file in files) + "]"
    options = "union_by_name=true" if format_ == "parquet" else _csv_options(files)
    source = f"read_{format_}({names}, {options})"
    described = db.execute(f"DESCRIBE SELECT * FROM {source}").fetchall()
    columns = {row[0]: row[1] for row in described}
    if not {field.name for field in FIELDS} & set(columns):
        raise UnreadableFile(f"has no column of an annotation record: {', '.join(columns)}")
    return Table(source, columns, csv=format_ == "csv")


def _csv_options(files: Sequence[str]) -> str:
    """Return options that leave nothing to guess: a guess may take the first rows for a preface."""
    header = csv_header(files[0])
    for file in files[1:]:
        if csv_header(file) != header:
            raise UnreadableFile(f"has shards with other columns: {file}")
    if not header or len(set(header)) < len(header):
        raise UnreadableFile("has no first line that names each column once")
    columns = ", ".join(f"{quoted(name)}: 'VARCHAR'" for name in header)
    return (
        f"auto_detect=false, header=true, columns={{{columns}}}, "
        f"delim={quoted(delimiter(files[0]))}, quote='\"', escape='\"'"
    )


def _hash_if(dialect: Dialect, name: str) -> str:
    if name not in dialect.fields:
        return "NULL::UBIGINT"
    return f"CASE WHEN NOT {absent(dialect, name)} THEN hash({name}) END"


def _moment(dialect: Dialect) -> str:
    name = "annotated_at"
    if name not in dialect.fields or dialect.wrong(name, "time") == f"{name} IS NOT NULL":
        return "NULL::TIMESTAMPTZ"
    return dialect.time(name)


def _numbered(dialect: Dialect, positions: str = "") -> str:
    """Return SQL for the lines, or those at some positions, counted as the files hold them."""
    lines = f"SELECT *, row_number() OVER () - 1 AS position FROM ({dialect.lines})"
    return f"SELECT * FROM ({lines}) WHERE position IN ({positions})" if positions else lines


def _repeats(column: str) -> str:
    """Return SQL for the positions of all but the first of those with the same value."""
    return (
        f"SELECT position FROM (SELECT position, row_number() OVER (PARTITION BY {column} "
        f"ORDER BY position) AS nth FROM kept WHERE {column} IS NOT NULL) WHERE nth > 1"
    )


def _at(numbers: Numbers, position: int, raw: str | None, field: str) -> At:
    file, line = numbers.of(position)
    row = shown_row(raw)
    if not isinstance(row, dict):
        return At(file, line, "", str(row)[:80])
    value = row.get(field) if field else None
    value = "" if value is None else value
    shown = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return At(file, line, str(row.get("id") or ""), shown[:80])


def _first_line(error: Exception) -> str:
    return str(error).split("\n", 1)[0]
