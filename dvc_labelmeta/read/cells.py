"""SQL over annotation files, line by line: one row a line, one column a field, nothing coerced.

JSONL is read as raw lines, so that line numbers, repeated keys and types are exact; a cell is
then the JSON text of its value ('"a"', '0.5', '[1]'). Cells of Parquet and CSV are their columns.
"""

# ruff: noqa: S608  # SQL is put together from our own field names and quoted texts

from __future__ import annotations

import json
from collections.abc import Sequence

from dvc_labelmeta.model.annotation import FIELDS, FLAG, NUMBER, TEXT, TEXTS, TIME

_STAMP = r"\d{4}-\d\d-\d\d[T ]([01]\d|2[0-3]):[0-5]\d:[0-5]\d(\.\d+)?"
_ZONE = r"(Z|[+-]([01]\d|2[0-3]):[0-5]\d)"
_NUMERIC = ("INT", "FLOAT", "DOUBLE", "DECIMAL", "REAL")


def quoted(text: str) -> str:
    """Return text as an SQL string."""
    return "'" + text.replace("'", "''") + "'"


class JsonLines:
    """The dialect of JSONL. fields: those that are looked for; others only make a line `narrow`."""

    def __init__(self, files: Sequence[str], fields: Sequence[str], longest: int = 0) -> None:
        self.fields = tuple(fields)
        names = ", ".join(quoted(file) for file in files)
        wide = f", max_line_size={longest}, buffer_size={longest * 4}" if longest else ""
        self.lines = (
            "SELECT file_index AS file, line FROM read_csv(["
            f"{names}], columns={{'line': 'VARCHAR'}}, delim=chr(1), quote='', escape='', "
            f"header=false, auto_detect=false{wide})"
        )
        self.raw = "line"

    def lines_and(self, column: str) -> str:
        """Return SQL for the lines and one more column, made of `line`."""
        return f"SELECT *, {column} FROM ({self.lines})"

    def cells(self, lines: str) -> str:
        """Return SQL that adds the cells to what `lines` (SQL with file and line) selects."""
        paths = ", ".join(quoted(f"$.{name}") for name in self.fields)
        known = {field.name for field in FIELDS}
        others = ", ".join(quoted(name) for name in sorted(known - set(self.fields)))
        narrow = f"list_has_any(k, [{others}])" if others else "false"
        shown = ", ".join(
            f"nullif(e[{at}], 'null') AS {name}" for at, name in enumerate(self.fields, 1)
        )
        return (
            "SELECT * EXCLUDE (k, e, line, more), "
            # CASE, since both sides of AND are computed for every line
            "CASE WHEN k IS NULL THEN line IS NULL OR "
            r"regexp_full_match(line, '\s*') ELSE false END AS blank, "
            "CASE WHEN k IS NULL THEN true WHEN len(k) = 0 "
            "THEN NOT starts_with(ltrim(line), '{') ELSE false END AS malformed, "
            "CASE WHEN more THEN len(list_distinct(k)) <> len(k) ELSE false END AS repeated, "
            "coalesce(more, false) AS more, "
            f"CASE WHEN more THEN {narrow} ELSE false END AS narrow, "
            f"{shown} FROM (SELECT *, len(k) <> list_count(e) AS more FROM ("
            f"SELECT *, TRY(json_keys(line)) AS k, "
            f"TRY(json_extract(line, [{paths}]))::VARCHAR[] AS e FROM ({lines})))"
        )

    def unknown(self) -> str:
        """Return SQL for (field name, records) of all fields that the format does not know."""
        known = ", ".join(quoted(field.name) for field in FIELDS)
        names = "unnest(list_distinct(TRY(json_keys(line)))) AS name"
        return (
            f"SELECT name, count(*) FROM (SELECT {names} FROM ({self.lines})) "
            f"WHERE name NOT IN ({known}) "
            "GROUP BY name ORDER BY count(*) DESC, name"
        )

    def literal(self, value: str) -> str:
        """Return a text as the cell that holds it."""
        return quoted(json.dumps(value, ensure_ascii=False))

    def text(self, name: str) -> str:
        """Return SQL for the text in a cell that holds one."""
        return f"json_extract_string({name}, '$')"

    def json(self, name: str) -> str:
        """Return SQL for the JSON text of a cell, NULL where it is empty."""
        return name

    def is_text(self, name: str) -> str:
        """Return the condition that a cell holds a text ('"' sorts before all other values)."""
        return f"{name} < '#'"

    def is_number(self, name: str) -> str:
        """Return the condition that a cell holds a number."""
        return f"({name} >= '-' AND {name} < ':')"

    def wrong(self, name: str, type_: str) -> str:
        """Return the condition that a cell does not have the type of its field, "" for any."""
        if type_ in {TEXT, TIME}:
            return f"{name} >= '#'"
        if type_ == NUMBER:
            return f"NOT {self.is_number(name)}"
        if type_ == FLAG:
            return f"{name} NOT IN ('true', 'false')"
        if type_ == TEXTS:
            kinds = f"list_distinct(json_type({name}, '$[*]'))"
            return (
                f"({name} IS NOT NULL AND (NOT starts_with({name}, '[') OR "
                f"CASE WHEN starts_with({name}, '[') THEN {kinds} NOT IN ([], ['VARCHAR']) END))"
            )
        return ""

    def time(self, name: str) -> str:
        """Return SQL for the moment in a cell, NULL where there is none."""
        return f"TRY_CAST({name}[2:-2] AS TIMESTAMPTZ)"

    def is_time(self, name: str) -> str:
        """Return the condition that a cell could be a time."""
        return self.is_text(name)

    def zoned(self, name: str) -> str:
        """Return the condition that a text cell is written as RFC 3339 asks, with a zone."""
        return f"regexp_full_match({name}, '\"{_STAMP}{_ZONE}\"')"

    def unzoned(self, name: str) -> str:
        """Return the condition that only the zone is missing."""
        return f"regexp_full_match({name}, '\"{_STAMP}\"')"

    def foreign(self, name: str, words: Sequence[str]) -> str:
        """Return the condition that a cell holds a label, or a list with one, outside `words`."""
        one = ", ".join(self.literal(word) for word in words) or "''"
        known = ", ".join(quoted(word) for word in words)
        return (
            f"CASE WHEN starts_with({name}, '\"') THEN {name} NOT IN ({one}) "
            f"WHEN starts_with({name}, '[') THEN NOT list_has_all([{known}]::VARCHAR[], "
            f"json_extract_string({name}, '$[*]')) ELSE {name} IS NOT NULL END"
        )


class Table:
    """The dialect of Parquet (columns: their DuckDB types) and of CSV, where all is text."""

    def __init__(self, source: str, columns: dict[str, str], *, csv: bool = False) -> None:
        # values of an enumeration cannot be compared with texts that it does not have
        enums = {name for name, type_ in columns.items() if type_.startswith("ENUM")}
        self.columns = {n: "VARCHAR" if n in enums else type_ for n, type_ in columns.items()}
        self.csv = csv
        self.fields = tuple(field.name for field in FIELDS if field.name in columns)
        self.source = source
        self.shown = ", ".join(f"{n}::VARCHAR AS {n}" if n in enums else n for n in self.fields)
        self.lines = f"SELECT file_index AS file, {self.shown} FROM {source}"
        self.raw = f"to_json(struct_pack({', '.join(f'{n} := {n}' for n in self.fields)}))"

    def lines_and(self, column: str) -> str:
        """Return SQL for the lines and one more column, made of any that the files have."""
        return f"SELECT file_index AS file, {self.shown}, {column} FROM {self.source}"

    def cells(self, lines: str) -> str:
        """Return SQL that adds what is known of each row to what `lines` selects."""
        return (
            "SELECT *, false AS blank, false AS malformed, false AS repeated, false AS more, "
            f"false AS narrow FROM ({lines})"
        )

    def unknown(self) -> str:
        """Return "": every row has the columns that the format does not know."""
        return ""

    def literal(self, value: str) -> str:
        """Return a text as the cell that holds it."""
        return quoted(value)

    def text(self, name: str) -> str:
        """Return SQL for the text in a cell."""
        return f"CAST({name} AS VARCHAR)"

    def json(self, name: str) -> str:
        """Return SQL for the JSON text of a cell: texts may hold some, or be no JSON at all."""
        return name if self._texts(name) else f"to_json({name})::VARCHAR"

    def is_text(self, name: str) -> str:
        """Return the condition that a cell holds a text."""
        return f"{name} IS NOT NULL" if self._texts(name) else "false"

    def is_number(self, name: str) -> str:
        """Return the condition that a cell holds a number."""
        if self.csv:
            return f"TRY_CAST({name} AS DOUBLE) IS NOT NULL"
        return f"{name} IS NOT NULL" if self._numbers(name) else "false"

    def wrong(self, name: str, type_: str) -> str:
        """Return the condition that a cell does not have the type of its field, "" for any."""
        there = f"{name} IS NOT NULL"
        column = self.columns[name]
        texts = self._texts(name)
        if self.csv and type_ in {NUMBER, FLAG}:
            if type_ == FLAG:
                return f"lower({name}) NOT IN ('true', 'false')"
            return f"{there} AND TRY_CAST({name} AS DOUBLE) IS NULL"
        if type_ == TEXTS and texts:
            return f"{there} AND TRY_CAST(TRY_CAST({name} AS JSON) AS VARCHAR[]) IS NULL"
        fits = {
            TEXT: texts,
            TIME: texts or column.startswith(("TIMESTAMP", "DATE")),
            NUMBER: self._numbers(name),
            FLAG: column == "BOOLEAN",
            TEXTS: column == "VARCHAR[]",
        }
        return "" if fits.get(type_, True) else there

    def time(self, name: str) -> str:
        """Return SQL for the moment in a cell, NULL where there is none."""
        return f"TRY_CAST({name} AS TIMESTAMPTZ)"

    def is_time(self, name: str) -> str:
        """Return the condition that a cell could be a time."""
        return "false" if self.wrong(name, TIME) else f"{name} IS NOT NULL"

    def zoned(self, name: str) -> str:
        """Return the condition that a moment has a zone."""
        if not self._texts(name):
            return "true" if self.columns[name] == "TIMESTAMP WITH TIME ZONE" else "false"
        return f"regexp_full_match({name}, '{_STAMP}{_ZONE}')"

    def unzoned(self, name: str) -> str:
        """Return the condition that only the zone is missing."""
        if not self._texts(name):
            return "true"
        return f"regexp_full_match({name}, '{_STAMP}')"

    def foreign(self, name: str, words: Sequence[str]) -> str:
        """Return the condition that a cell holds a label, or a list with one, outside `words`."""
        known = ", ".join(quoted(word) for word in words)
        if self.columns[name] == "VARCHAR[]":
            return f"NOT list_has_all([{known}]::VARCHAR[], {name})"
        if not self._texts(name):
            return f"{name} IS NOT NULL"
        listed = f"coalesce(TRY_CAST(TRY_CAST({name} AS JSON) AS VARCHAR[]), [''])"
        return (
            f"CASE WHEN starts_with({name}, '[') THEN NOT list_has_all([{known}]::VARCHAR[], "
            f"{listed}) ELSE {name} NOT IN ({known or quoted('')}) END"
        )

    def _texts(self, name: str) -> bool:
        return self.columns[name] in {"VARCHAR", "UUID"}

    def _numbers(self, name: str) -> bool:
        column = self.columns[name]
        return any(part in column for part in _NUMERIC) and not column.endswith("]")


Dialect = JsonLines | Table
