"""One pass over files of the same columns: what offends, and what lines are compared by.

It keeps 8 to 60 bytes of each line. Only where it found something are offending lines read again
and each fault named, so that good files cost one pass.
"""

# ruff: noqa: S608  # SQL is put together from our own field names and quoted texts

from __future__ import annotations

from typing import Any

import duckdb

from dvc_labelmeta.model.annotation import FIELDS
from dvc_labelmeta.model.facts import KINDS, SHOWN, At, Expected, Flaw
from dvc_labelmeta.read.cells import Dialect, Table, quoted
from dvc_labelmeta.read.faults import UNLABELLED, absent, checks, item_hash, ours
from dvc_labelmeta.read.reader import Reader, numbered
from dvc_labelmeta.read.shard import COMPARED, FILE, Lines, Shard

ORDER = tuple(KINDS)


class Batch:
    """The files of a reader, judged line by line. lines: of each file, by its number."""

    def __init__(self, reader: Reader, expected: Expected, table: str) -> None:
        self.reader, self.expected, self.table = reader, expected, table
        self.db = reader.db
        self._keep()
        self.numbers = tuple(reader.files)
        rows = self.db.execute(
            f"SELECT file, count(*), min(rowid), max(rowid) FROM {table} GROUP BY file"
        ).fetchall()
        counted = {self.numbers[file]: lines for file, lines, _, _ in rows}
        self.lines = {number: counted.get(number, 0) for number in self.numbers}
        if any(last - first + 1 != lines for _, lines, first, last in rows):
            raise RuntimeError("the engine did not keep the lines of a file together")
        self._find_local()

    def compared(self) -> str:
        """Return SQL for the position of each line and the columns that lines are compared by."""
        columns = ", ".join(COMPARED)
        return f"SELECT {self._position('rowid')} AS position, {columns} FROM {self.table}"

    def of(self, number: int) -> str:
        """Return SQL for the columns that lines of one file are compared by, in order."""
        start = sum(self.lines[one] for one in self.numbers if one < number)
        end = start + self.lines[number]
        return (
            f"SELECT {', '.join(COMPARED)} FROM {self.table} "
            f"WHERE rowid >= {start} AND rowid < {end} ORDER BY rowid"
        )

    def shards(self) -> dict[int, Shard]:
        """Return the facts about each file by its number."""
        counted = self.db.execute(
            "SELECT file, count_if(record), count_if(bad), "
            "coalesce(strftime(max(moment), '%Y-%m-%dT%H:%M:%SZ'), '') "
            f"FROM {self.table} GROUP BY file"
        ).fetchall()
        counts = dict.fromkeys(self.numbers, (0, 0, ""))
        counts |= {self.numbers[file]: (records, bad, at) for file, records, bad, at in counted}
        versions = self._grouped(
            f"SELECT file, version, count(*) FROM {self.table} "
            "WHERE record AND version IS NOT NULL GROUP BY ALL ORDER BY 3 DESC, 2"
        )
        unknown, flaws = self._unknown(counts), self._flaws()
        return {
            number: Shard(
                lines,
                counts[number][0],
                counts[number][1],
                tuple(flaws.get(number, ())),
                tuple(versions.get(number, ())),
                tuple(unknown.get(number, ())),
                counts[number][2],
            )
            for number, lines in self.lines.items()
        }

    def _grouped(self, sql: str) -> dict[int, list[Any]]:
        found: dict[int, list[Any]] = {}
        for file, *rest in self.db.execute(sql).fetchall():
            found.setdefault(self.numbers[file], []).append(tuple(rest))
        return found

    def _keep(self) -> None:
        if self._keep_sound():
            return
        self.reader.sound = None
        try:
            self._fill(self.reader.dialect)
        except duckdb.Error as error:
            self.reader.mend(error)
            self._fill(self.reader.dialect)
        if self._holds("narrow"):
            self.reader.widen()
            self._fill(self.reader.dialect)

    def _keep_sound(self) -> bool:
        """Take the fast way, and return whether all lines are as it needs them."""
        sound = self.reader.sound
        if sound is None:
            return False
        try:
            counted = self.db.execute(sound.counted()).fetchone()
            if counted is None or counted[2]:
                return False
            self._fill(sound, ", keys")
        except duckdb.Error:
            return False
        read = self.db.execute(f"SELECT count(*), coalesce(sum(keys), 0) FROM {self.table}")
        return read.fetchone() == counted[:2]

    def _holds(self, condition: str) -> bool:
        sql = f"SELECT count(*) FROM {self.table} WHERE {condition}"
        return self.db.execute(sql).fetchone() != (0,)

    def _fill(self, dialect: Dialect, more: str = "") -> None:
        quick = [check.quick for check in checks(dialect, self.expected) if check.quick]
        bad = " OR ".join(f"({condition})" for condition in quick)
        version = "NULL"
        if "guideline_version" in dialect.fields:
            version = dialect.text("guideline_version")
        judged = ours(dialect, self.expected)
        if "status" in dialect.fields:
            judged += f" AND {_labelled(dialect)}"
        self.db.execute(
            f"CREATE OR REPLACE TEMP TABLE {self.table} AS SELECT file::UINTEGER AS file, "
            f"coalesce({bad}, false) AS bad, NOT blank AND NOT malformed AS record, more, narrow, "
            f"{_hash_if(dialect, 'id')} AS id, "
            f"CASE WHEN {_answer(dialect)} END AS answer, "
            f"{_hash_if(dialect, 'supersedes')} AS supersedes, {_moment(dialect)} AS moment, "
            f"{_duration(dialect)} AS duration, "
            f"CASE WHEN {judged} THEN coalesce({version}::VARCHAR, '') END AS version, "
            f"{item_hash(dialect, self.expected)} AS item{more} "
            f"FROM ({dialect.cells(dialect.lines)})"
        )

    def _find_local(self) -> None:
        """Name the faults of offending lines; positions are those of the lines, file by file."""
        if not self._holds("bad"):
            return
        asked = checks(self.reader.dialect, self.expected)
        cases = ", ".join(
            f"CASE WHEN {check.condition} THEN {at} END" for at, check in enumerate(asked)
        )
        rows = [(at, ORDER.index(one.kind), one.field) for at, one in enumerate(asked)]
        self.db.execute(
            "CREATE OR REPLACE TEMP TABLE asked (number INTEGER, kind UTINYINT, field VARCHAR)"
        )
        self.db.executemany("INSERT INTO asked VALUES (?, ?, ?)", rows)
        lines = numbered(self.reader.dialect, f"SELECT rowid FROM {self.table} WHERE bad")
        self.db.execute(
            f"INSERT INTO faults SELECT {self._position('row')}, kind, field FROM "
            f"(SELECT file, row, unnest([{cases}]) AS number "
            f"FROM ({self.reader.dialect.cells(lines)})) JOIN asked USING (number)"
        )

    def _position(self, row: str) -> str:
        """Return SQL for the position of a line that is the `row`-th of all lines of the batch."""
        bases, start = [], 0
        for number, lines in self.lines.items():
            bases.append((number << FILE) - start)
            start += lines
        return f"{row} + {bases}[file::BIGINT + 1]" if len(bases) > 1 else f"{row} + {bases[0]}"

    def _unknown(self, counts: dict[int, tuple[int, int, str]]) -> dict[int, list[tuple[str, int]]]:
        dialect = self.reader.dialect
        if isinstance(dialect, Table):
            names = [name for name in dialect.columns if name not in dialect.fields]
            return {
                number: [(name, records) for name in names]
                for number, (records, *_) in counts.items()
            }
        if not self._holds("more AND record"):
            return {}
        if self.reader.sound is not None:
            return self._grouped(self.reader.sound.others_counted())
        known = ", ".join(quoted(field.name) for field in FIELDS)
        each = "unnest(list_distinct(TRY(json_keys(line)))) AS name"
        return self._grouped(
            f"SELECT file, name, count(*) FROM (SELECT file, {each} FROM ({dialect.lines})) "
            f"WHERE name NOT IN ({known}) GROUP BY ALL ORDER BY 3 DESC, 2"
        )

    def _flaws(self) -> dict[int, list[Flaw]]:
        low, high = self.numbers[0] << FILE, (self.numbers[-1] + 1) << FILE
        found = self.db.execute(
            f"SELECT position >> {FILE} AS file, kind, field, count(*), min(position, {SHOWN}) "
            f"FROM faults WHERE position >= {low} AND position < {high} "
            f"AND position >> {FILE} IN {self.numbers + self.numbers[:1]} "
            "GROUP BY ALL ORDER BY file, kind, field"
        ).fetchall()
        wanted = sorted({position for row in found for position in row[-1]})
        read = dict(self.reader.rows(wanted, self.lines)) if wanted else {}
        lines = Lines(self.reader.files, self.reader.format)
        flaws: dict[int, list[Flaw]] = {}
        for number, kind, field, count, positions in found:
            places = tuple(_nameless(lines.at(at, read[at], field)) for at in positions)
            flaws.setdefault(number, []).append(Flaw(ORDER[kind], field, count, places))
        return flaws


def _nameless(place: At) -> At:
    return place._replace(file="")


def _hash_if(dialect: Dialect, name: str) -> str:
    if name not in dialect.fields:
        return "NULL::UBIGINT"
    return f"CASE WHEN NOT {absent(dialect, name)} THEN hash({_alike(dialect, name)}) END"


def _alike(dialect: Dialect, name: str) -> str:
    """Return SQL for a cell that has the same hash in every file, whatever fields that has."""
    if name not in dialect.fields:
        return "NULL::VARCHAR"
    return f"{name}::VARCHAR" if isinstance(dialect, Table) else name


def _labelled(dialect: Dialect) -> str:
    """Return the condition that a record is neither a draft, skipped nor discarded."""
    states = ", ".join(dialect.literal(state) for state in UNLABELLED)
    return f"coalesce(status NOT IN ({states}), true)"


def _answer(dialect: Dialect) -> str:
    """Return "condition THEN hash": the same for two answers of which one can hold only."""
    has = dialect.fields.__contains__
    if not (has("item") and has("annotator") and has("label")):
        return "false THEN 0::UBIGINT"
    condition = "label IS NOT NULL AND item IS NOT NULL AND annotator IS NOT NULL"
    # several spans or boxes of an item are no contradiction
    condition += " AND value IS NULL" if has("value") else ""
    condition += " AND supersedes IS NULL" if has("supersedes") else ""
    if has("status"):
        condition += f" AND {_labelled(dialect)}"
    names = ", ".join(_alike(dialect, name) for name in ("item", "annotator", "layer"))
    return f"{condition} THEN hash({names})"


def _moment(dialect: Dialect) -> str:
    name = "annotated_at"
    if name not in dialect.fields or dialect.wrong(name, "time") == f"{name} IS NOT NULL":
        return "NULL::TIMESTAMPTZ"
    return dialect.time(name)


def _duration(dialect: Dialect) -> str:
    name = "duration_seconds"
    if name not in dialect.fields or dialect.is_number(name) == "false":
        return "NULL::DOUBLE"
    number = f"TRY_CAST({name} AS DOUBLE)"
    return f"CASE WHEN {dialect.is_number(name)} AND {number} > 0 THEN {number} END"
