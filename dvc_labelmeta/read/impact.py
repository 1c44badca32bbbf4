"""Annotation records counted by what a change of their guideline touches: one scan of each file.

Counted are the records in force: those of the layer and guideline, that have an answer, are
submitted or flagged (no draft, nothing skipped or discarded), and that no other record supersedes.
Reference answers and aggregates count too: a change of meaning makes them as wrong as any other.
"""

# ruff: noqa: S608  # SQL is put together from our own field names and quoted texts

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from contextlib import nullcontext
from functools import lru_cache
from typing import NamedTuple

import duckdb

from dvc_labelmeta.model.facts import Expected
from dvc_labelmeta.model.impact import Durations, Group, Wanted
from dvc_labelmeta.model.values import LABEL, SHAPES
from dvc_labelmeta.read.cells import Dialect, JsonLines, Table, quoted
from dvc_labelmeta.read.engine import Watch, Workspace
from dvc_labelmeta.read.faults import UNLABELLED, absent, ours
from dvc_labelmeta.read.reader import Reader, readers, refuse_other_columns

_READ = (
    "id", "label", "value", "cites", "annotator", "status", "guideline_version", "guideline_id",
    "layer", "supersedes", "duration_seconds",
)  # fmt: skip
_ALIKE = "labels, inner_labels, cites, carried, version, annotator"


class _Key(NamedTuple):
    """The texts by which records are alike, as the engine keeps them; None for nothing."""

    labels: str | None
    inner_labels: str | None
    cites: str | None
    carried: str | None
    version: str | None
    annotator: str | None


class Tally(Workspace):
    """The records of a layer, read once: `groups`, and how long some of these took; close it."""

    def __init__(
        self,
        files: Sequence[str],
        format_: str,
        expected: Expected,
        wanted: Wanted,
        watch: Watch = nullcontext,
    ) -> None:
        self.expected, self.wanted, self.json = expected, wanted, format_ == "jsonl"
        super().__init__()
        try:
            with watch(self.db.query_progress):
                self._read(files, format_)
                self.groups = self._groups()
        except BaseException:
            self.close()
            raise

    def durations(self, chosen: Iterable[int]) -> Durations:
        """Return how long the records of some groups (their places in `groups`) took."""
        self.db.execute("CREATE OR REPLACE TEMP TABLE chosen AS SELECT unnest(?) AS number",
                        [[*chosen] or [-1]])  # fmt: skip
        (row,) = self.db.execute(
            "SELECT count(duration), median(duration) FROM in_force WHERE alike IN "
            "(SELECT alike FROM alikes WHERE number IN (SELECT number FROM chosen))"
        ).fetchall()
        return Durations(*row)

    def _read(self, files: Sequence[str], format_: str) -> None:
        if format_ == "csv":
            refuse_other_columns(files)
        numbered = dict(enumerate(files))
        for at, reader in enumerate(readers(self.db, numbered, format_, self.folder.name)):
            verb = "INSERT INTO told" if at else "CREATE TEMP TABLE told AS"
            try:
                self.db.execute(f"{verb} {self._rows(reader)}")
            except duckdb.Error as error:
                reader.mend(error)
                self.db.execute(f"{verb} {self._rows(reader)}")
        replaced = "SELECT supersedes FROM told WHERE supersedes IS NOT NULL"
        self.db.execute(
            f"CREATE TEMP VIEW in_force AS SELECT *, hash({_ALIKE}) AS alike FROM told "
            f"WHERE counts AND coalesce(id NOT IN ({replaced}), true)"
        )

    def _rows(self, reader: Reader) -> str:
        """Return SQL for one row a record: what it has of all that is wanted."""
        dialect = reader.dialect
        if isinstance(dialect, JsonLines):
            files, longest = reader.cleaned
            dialect = JsonLines(files, _READ, longest)
        told = dialect.cells(_with_carried(dialect, self.wanted.fields))
        kept = "coalesce(status NOT IN ({}), true)" if "status" in dialect.fields else "true"
        kept = kept.format(", ".join(map(dialect.literal, UNLABELLED)))
        answered = f"NOT ({absent(dialect, 'label')} AND {absent(dialect, 'value')})"
        mine = ours(dialect, self.expected)
        return (
            f"SELECT {_hash(dialect, 'id')} AS id, "
            f"CASE WHEN NOT ({_draft(dialect)}) THEN {_hash(dialect, 'supersedes')} END "
            "AS supersedes, "
            f"coalesce({kept} AND {answered} AND {mine}, false) AS counts, "
            f"{_named(dialect, 'label', self.wanted.labels)} AS labels, "
            f"{_inner(dialect, self.wanted)} AS inner_labels, "
            f"{_named(dialect, 'cites', self.wanted.cites)} AS cites, carried, "
            f"{_text(dialect, 'guideline_version')} AS version, "
            f"{_text(dialect, 'annotator')} AS annotator, {_duration(dialect)} AS duration "
            f"FROM ({told})"
        )

    def _groups(self) -> tuple[Group, ...]:
        self.db.execute(
            "CREATE TEMP TABLE alikes AS "
            f"SELECT row_number() OVER (ORDER BY {_ALIKE}) - 1 AS number, * "
            f"FROM (SELECT {_ALIKE}, alike, count(*) AS records FROM in_force GROUP BY ALL)"
        )
        rows = self.db.execute(f"SELECT {_ALIKE}, records FROM alikes ORDER BY number").fetchall()
        return tuple(self._group(_Key(*row[:-1]), row[-1]) for row in rows)

    def _group(self, key: _Key, records: int) -> Group:
        carried = key.carried or ""
        return Group(
            _listed(key.labels) | _listed(key.inner_labels),
            _listed(key.cites),
            frozenset(
                name for name, mark in zip(self.wanted.fields, carried, strict=True) if mark == "1"
            ),
            self._said(key.version),
            self._said(key.annotator),
            records,
        )

    def _said(self, cell: str | None) -> str:
        value = json.loads(cell) if self.json and cell else cell
        return "" if value is None else str(value)


@lru_cache(10_000)
def _listed(cell: str | None) -> frozenset[str]:
    value = json.loads(cell) if cell else []
    return frozenset([value] if isinstance(value, str) else value)


def _with_carried(dialect: Dialect, fields: Sequence[str]) -> str:
    """Return SQL for the lines and `carried`: for each field 1 where the record has it, else 0."""
    if isinstance(dialect, Table):
        cells = [
            f"nullif({_quoted_name(name)}::VARCHAR, '')" if name in dialect.columns else "NULL"
            for name in fields
        ]
        return dialect.lines_and(f"{_marks(cells)} AS carried")
    paths = ", ".join(quoted("$." + json.dumps(name, ensure_ascii=False)) for name in fields)
    found = f"TRY(json_extract(line, [{paths}]))::VARCHAR[]"
    cells = [f"nullif(nullif(({found})[{at}], 'null'), '\"\"')" for at in range(1, len(fields) + 1)]
    return dialect.lines_and(f"{_marks(cells)} AS carried")


def _marks(cells: Sequence[str]) -> str:
    marks = [f"CASE WHEN {cell} IS NULL THEN '0' ELSE '1' END" for cell in cells]
    return " || ".join(marks) or "NULL::VARCHAR"


def _quoted_name(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def _text(dialect: Dialect, name: str) -> str:
    """Return SQL for a cell as it is kept: the JSON of a cell of JSONL, else its text."""
    if name not in dialect.fields:
        return "NULL::VARCHAR"
    return name if isinstance(dialect, JsonLines) else f"nullif(CAST({name} AS VARCHAR), '')"


def _hash(dialect: Dialect, name: str) -> str:
    if name not in dialect.fields:
        return "NULL::UBIGINT"
    return f"CASE WHEN NOT {absent(dialect, name)} THEN hash({name}::VARCHAR) END"


def _draft(dialect: Dialect) -> str:
    """Return the condition that a record replaces nothing: it is a draft, or names itself."""
    draft = "false"
    if "status" in dialect.fields:
        draft = f"coalesce(status = {dialect.literal('draft')}, false)"
    if {"id", "supersedes"} <= set(dialect.fields):
        draft += " OR coalesce(supersedes::VARCHAR = id::VARCHAR, false)"
    return draft


def _named(dialect: Dialect, name: str, words: Sequence[str]) -> str:
    """Return SQL for the JSON of those of `words` that a cell names, NULL for none.

    A cell holds one text or a list of texts.
    """
    if name not in dialect.fields or not words:
        return "NULL::VARCHAR"
    known = f"[{', '.join(map(quoted, words))}]"
    if isinstance(dialect, Table) and dialect.columns[name] == "VARCHAR[]":
        return _both(name, known)
    if dialect.is_text(name) == "false":
        return "NULL::VARCHAR"
    one = ", ".join(dialect.literal(word) for word in words)
    if isinstance(dialect, JsonLines):
        scalar, several = name, f"json_extract_string({name}, '$[*]')"
    else:
        scalar, several = (
            f"to_json({name})::VARCHAR",
            f"TRY_CAST(TRY_CAST({name} AS JSON) AS VARCHAR[])",
        )
    return (
        f"CASE WHEN {name} IN ({one}) THEN {scalar} "
        f"WHEN starts_with({name}, '[') THEN {_both(several, known)} END"
    )


def _both(texts: str, known: str) -> str:
    common = f"list_sort(list_distinct(list_intersect({texts}, {known}::VARCHAR[])))"
    return f"nullif(to_json({common})::VARCHAR, '[]')"


def _inner(dialect: Dialect, wanted: Wanted) -> str:
    """Return the same for the labels that a value names, as the task of the guideline has it."""
    shape = SHAPES.get(wanted.task)
    if shape is None or "value" not in dialect.fields or not wanted.labels:
        return "NULL::VARCHAR"
    if shape.kind == LABEL or shape.labels:
        return _named(dialect, "value", wanted.labels)
    part = next((part.name for part in shape.parts if part.type == LABEL), "")
    if not part:
        return "NULL::VARCHAR"
    cell = f"TRY(json_extract({dialect.json('value')}, '$.{part}'))::VARCHAR"
    known = ", ".join(quoted(json.dumps(word, ensure_ascii=False)) for word in wanted.labels)
    return f"CASE WHEN {cell} IN ({known}) THEN {cell} END"


def _duration(dialect: Dialect) -> str:
    name = "duration_seconds"
    if name not in dialect.fields or dialect.is_number(name) == "false":
        return "NULL::DOUBLE"
    number = f"TRY_CAST({name} AS DOUBLE)"
    return f"CASE WHEN {dialect.is_number(name)} AND {number} > 0 THEN {number} END"
