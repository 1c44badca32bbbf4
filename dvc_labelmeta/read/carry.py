"""Records on their way to another guideline version, as SQL: each distinct case is decided once.

What decides is a function that the caller gives; here its answers are joined to the records, so
that a million of them cost a few questions and memory stays bounded.
"""

# ruff: noqa: S608  # SQL is put together from our own field names and quoted texts

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

import duckdb

from dvc_labelmeta.errors import Refused
from dvc_labelmeta.model.annotation import ANY, BY_NAME, FLAG, NUMBER, TEXTS
from dvc_labelmeta.read.cells import JsonLines, quoted
from dvc_labelmeta.read.engine import connect
from dvc_labelmeta.read.lines import csv_header, delimiter
from dvc_labelmeta.read.sources import Source

# what a record is asked for whatever the rules are
_OWN = (
    "id", "item", "layer", "guideline_id", "guideline_version", "supersedes", "migrated_from",
    "status",
)  # fmt: skip
_BATCH = 5_000
Record = dict[str, Any]


class Target(NamedTuple):
    """The version that records go to; linked: that of records which name none."""

    guideline: str
    version: str
    commit: str
    linked: str


class Decided(NamedTuple):
    """The answer for one case. record: as it will be, None where it is not carried over."""

    state: str
    reasons: tuple[str, ...]
    record: Mapping[str, Any] | None


class Case(NamedTuple):
    """Records that are alike in all that the rules look at; unsaid: those that name no version."""

    version: str
    label: Any
    decided: Decided
    records: int
    unsaid: int


class Lines:
    """JSONL: a cell is JSON text; a new record is a line with a merge patch (RFC 7386)."""

    def __init__(self, files: Sequence[str]) -> None:
        self.added: dict[str, str] = {}
        self.source = JsonLines(files, ()).lines

    def told(self, fields: Sequence[str]) -> str:
        """Return SQL with a cell for each field, named `~field`."""
        paths = ", ".join(quoted(f'$."{name}"') for name in fields)
        cells = ", ".join(
            f"nullif(e[{at}], 'null') AS {_cell(name)}" for at, name in enumerate(fields, 1)
        )
        return (
            f"SELECT {cells}, e IS NULL AND line IS NOT NULL AND trim(line) <> '' AS broken "
            f"FROM (SELECT line, TRY(json_extract(line, [{paths}]))::VARCHAR[] AS e "
            f"FROM ({self.source}))"
        )

    def text(self, name: str) -> str:
        """Return SQL for the text in a cell."""
        return f"json_extract_string({_cell(name)}, '$')"

    def decoded(self, name: str, cell: str | None) -> Any:
        """Return the value that a cell holds."""
        del name
        return None if cell is None else json.loads(cell)

    def answer(self, before: Record, after: Record, target: Target) -> Record:
        """Return what is joined to the records of a case: merge patches."""
        changed = sorted(n for n in {**before, **after} if before.get(n) != after.get(n))
        # a patch merges objects; so the old one goes first
        clear = {n: None for n in changed if isinstance(before.get(n), dict)}
        put = {name: after.get(name) for name in changed}
        put |= {
            "guideline_version": target.version,
            "guideline_version_source": "declared",
            "guideline_commit": target.commit,
        }
        return {"clear": _dumped(clear) if clear else None, "put": _dumped(put)}

    def select(self, fields: Sequence[str], target: Target) -> str:
        """Return SQL for the head of a query of new records, over lines and answers."""
        del fields
        own = (
            f"json_object('id', {_cell('id')} || {quoted(suffix(target))}, 'item', {_cell('item')},"
            f" 'supersedes', {_cell('id')}, 'migrated_from', {_cell('id')})"
        )
        start = "CASE WHEN clear IS NULL THEN line ELSE json_merge_patch(line, clear) END"
        return f"SELECT json_merge_patch({start}, put, {own})::VARCHAR AS line"


class Table:
    """Parquet or CSV: a cell is a column; columns that a new record needs are added."""

    def __init__(self, db: duckdb.DuckDBPyConnection, files: Sequence[str], format_: str) -> None:
        names = "[" + ", ".join(map(quoted, files)) + "]"
        options = "union_by_name=true"
        if format_ == "csv":
            header = csv_header(files[0])
            columns = ", ".join(f"{quoted(name)}: 'VARCHAR'" for name in header)
            options = (
                f"auto_detect=false, header=true, columns={{{columns}}}, "
                f"delim={quoted(delimiter(files[0]))}, quote='\"', escape='\"'"
            )
        self.csv = format_ == "csv"
        self.source = f"SELECT * FROM read_{format_}({names}, {options})"
        self.columns = {row[0]: row[1] for row in db.execute(f"DESCRIBE {self.source}").fetchall()}
        self.added: dict[str, str] = {}

    def told(self, fields: Sequence[str]) -> str:
        """Return SQL with a cell for each field, named `~field`."""
        cells = ", ".join(f"{self._asked(name)} AS {_cell(name)}" for name in fields)
        return f"SELECT {cells}, false AS broken FROM ({self.source})"

    def _asked(self, name: str) -> str:
        if name not in self.columns:
            return "NULL::VARCHAR"
        column = _name(name)
        return column if self.columns[name] == "VARCHAR" else f"to_json({column})::VARCHAR"

    def text(self, name: str) -> str:
        """Return SQL for the text in a cell."""
        return _cell(name)

    def decoded(self, name: str, cell: str | None) -> Any:
        """Return the value that a cell holds."""
        if cell is None or cell == "":
            return None
        if self.columns.get(name) != "VARCHAR":
            return json.loads(cell)
        type_ = BY_NAME[name].type if name in BY_NAME else ANY
        if type_ in {NUMBER, FLAG} or (type_ in {ANY, TEXTS} and cell[0] in "[{"):
            try:
                return json.loads(cell)
            except ValueError:
                return cell
        return cell

    def answer(self, before: Record, after: Record, target: Target) -> Record:
        """Return what is joined to the records of a case: each field as it will be."""
        del before, target
        return {f"={name}": self._encoded(name, value) for name, value in after.items()}

    def _encoded(self, name: str, value: Any) -> str | None:
        if name not in self.columns and value is not None:
            self.added[name] = self._type(name)
        if value is None or (isinstance(value, str) and self._kind(name) == "VARCHAR"):
            return value
        return _dumped(value)

    def _kind(self, name: str) -> str:
        return self.columns.get(name) or self._type(name)

    def _type(self, name: str) -> str:
        type_ = BY_NAME[name].type if name in BY_NAME and not self.csv else ANY
        return {NUMBER: "DOUBLE", FLAG: "BOOLEAN", TEXTS: "VARCHAR[]"}.get(type_, "VARCHAR")

    def select(self, fields: Sequence[str], target: Target) -> str:
        """Return SQL for the new records, as in Lines; afterwards `added` is complete."""
        old, own = _cell("id"), {"guideline_version", "supersedes", "migrated_from"}
        self.added |= dict.fromkeys(sorted(own - self.columns.keys()), "VARCHAR")
        shown = {name: _name(name) for name in self.columns}
        for name in fields:
            if name in self.columns or name in self.added:
                cell, kind = _name(f"={name}"), self._kind(name)
                shown[name] = cell if kind == "VARCHAR" else f"CAST({cell}::JSON AS {kind})"
        shown |= {"id": f"{old} || {quoted(suffix(target))}", "item": _cell("item")}
        shown |= {
            "supersedes": old, "migrated_from": old, "guideline_version": quoted(target.version)
        }  # fmt: skip
        for name, value in (
            ("guideline_version_source", "declared"),
            ("guideline_commit", target.commit),
        ):
            if name in self.columns:
                shown[name] = quoted(value)
        return "SELECT " + ", ".join(f"{sql} AS {_name(name)}" for name, sql in shown.items())


class Carrying:
    """The records of a layer, and what becomes of those that were made under other versions.

    fields: what the rules read or write. folder: for what does not fit into memory. Raises Refused
    where lines hold no record.
    """

    def __init__(
        self,
        source: Source,
        files: Sequence[str],
        target: Target,
        fields: Iterable[str],
        folder: str,
    ) -> None:
        self.db, self.target, self.folder = connect(folder), target, folder
        jsonl = source.format == "jsonl"
        self.form = Lines(files) if jsonl else Table(self.db, files, source.format)
        self.fields = tuple(sorted(fields))
        self._keep(source.layer_name)

    def _keep(self, layer: str) -> None:
        """Fill the table `told`: for each line what is asked of it; `version`: NULL = not ours."""
        target = self.target
        asked = self.form.told([*dict.fromkeys((*_OWN, *self.fields))])
        cells = "".join(f", {_cell(name)} AS {_name(f'?{name}')}" for name in self.fields)

        def text(name: str) -> str:  # an empty cell of a table says nothing
            return f"nullif({self.form.text(name)}, '')"

        ours = (
            f"coalesce({text('layer')}, {quoted(layer)}) = {quoted(layer)} AND "
            f"coalesce({text('guideline_id')}, {quoted(target.guideline)}) "
            f"= {quoted(target.guideline)} AND {_cell('id')} IS NOT NULL"
        )
        self.db.execute(
            f"CREATE TEMP TABLE told AS SELECT {text('id')} AS id, {text('item')} AS item, "
            f"CASE WHEN NOT coalesce({text('status')} = 'draft', false) "
            f"THEN nullif({text('supersedes')}, {text('id')}) END AS supersedes, "
            f"{text('migrated_from')} IS NOT NULL AS migrated, "
            f"{text('guideline_version')} AS said, "
            f"CASE WHEN {ours} THEN coalesce(said, {quoted(target.linked)}) END AS version, "
            f"broken{cells} FROM ({asked})"
        )
        self.total, broken = self.db.execute(
            "SELECT count(id), count_if(broken) FROM told"
        ).fetchall()[0]
        if broken:
            raise Refused(
                f"{broken} lines hold no record; mend them first: `labelmeta annotations validate`"
            )
        self.db.execute(
            "CREATE TEMP VIEW asked AS SELECT rowid AS row, *, "
            f"version <> {quoted(target.version)} AND id NOT IN "
            "(SELECT supersedes FROM told WHERE supersedes IS NOT NULL) AS waits FROM told"
        )
        self.db.execute("CREATE TEMP VIEW waiting AS SELECT * FROM asked WHERE waits")

    def versions(self) -> dict[str, int]:
        """Return how many records that nothing replaces there are of each other version."""
        rows = self.db.execute(
            "SELECT version, count(*) FROM waiting GROUP BY ALL ORDER BY 1"
        ).fetchall()
        return dict(rows)

    def map_items(
        self, versions: Sequence[str], pairs: Iterable[tuple[str, str]], csv_file: str = ""
    ) -> None:
        """Give the items of records of some versions new ids.

        They come from pairs, or from a CSV file with a header and two columns.
        """
        if csv_file:
            self.db.execute(
                "CREATE TEMP TABLE items AS SELECT * FROM read_csv("
                f"{quoted(csv_file)}, header=true, all_varchar=true) AS i(old, new)"
            )
        else:
            self.db.execute("CREATE TEMP TABLE items (old VARCHAR, new VARCHAR)")
            self.db.executemany("INSERT INTO items VALUES (?, ?)", [*pairs])
        counts = self.db.execute(
            "SELECT count(*), count(DISTINCT old), count(DISTINCT new) FROM items"
        ).fetchall()[0]
        if len(set(counts)) > 1:
            raise Refused(f"{csv_file or 'items'}: the map of items is not one to one")
        self.db.execute(
            "UPDATE told SET item = items.new FROM items WHERE told.item = items.old "
            "AND list_contains($versions, version)",
            {"versions": [*versions]},
        )

    def decide(self, ask: Callable[[Record], Decided]) -> Iterator[Case]:
        """Yield each case; all of them must be taken before `select`.

        ask: is given a record with `fields` and its version.
        """
        keys = self._keys()
        rows = self.db.execute(
            f"SELECT {', '.join(keys)}, count(*), count_if(said IS NULL) FROM waiting "
            "GROUP BY ALL ORDER BY ALL"
        )
        with open(self._answers, "w", encoding="utf-8") as file:
            while batch := rows.fetchmany(_BATCH):
                for version, *cells, records, unsaid in batch:
                    pairs = zip(self.fields, cells, strict=True)
                    before = {name: self.form.decoded(name, cell) for name, cell in pairs}
                    decided = ask(before | {"guideline_version": version})
                    if decided.record is not None:
                        after = {name: decided.record.get(name) for name in self.fields}
                        answer = self.form.answer(before, after, self.target)
                        answer |= {f"key{at}": c for at, c in enumerate((version, *cells))}
                        file.write(_dumped(answer) + "\n")
                    yield Case(version, before.get("label"), decided, records, unsaid)

    @property
    def _answers(self) -> str:
        return os.path.join(self.folder, "answers.jsonl")

    def _keys(self) -> list[str]:
        return ["version", *(_name(f"?{name}") for name in self.fields)]

    def select(self) -> str:
        """Return SQL for all new records, in the order of the old ones."""
        keys = self._keys()
        jsonl = isinstance(self.form, Lines)
        others = ["clear", "put"] if jsonl else [f"={name}" for name in self.fields]
        names = [*(f"key{at}" for at in range(len(keys))), *others]
        columns = ", ".join(f"{quoted(name)}: 'VARCHAR'" for name in names)
        same = " AND ".join(f"{key} IS NOT DISTINCT FROM key{at}" for at, key in enumerate(keys))
        answers = (
            f"read_json({quoted(self._answers)}, format='newline_delimited', columns={{{columns}}})"
        )
        shown = ", ".join(map(_name, others))
        # one row for each line, in their order: then lines and rows only need to be laid together
        self.db.execute(
            f"CREATE OR REPLACE TEMP TABLE chosen AS SELECT id AS {_cell('id')}, item AS "
            f"{_cell('item')}, key0 IS NOT NULL AS {_cell('')}, {shown} FROM asked "
            f"LEFT JOIN {answers} ON waits AND {same} ORDER BY row"
        )
        head = self.form.select(self.fields, self.target)
        return f"{head} FROM ({self.form.source}) POSITIONAL JOIN chosen WHERE {_cell('')}"

    def refuse_taken_ids(self) -> None:
        """Raise Refused where a record that was not carried over has the id of a new one."""
        taken = self.db.execute(
            f"SELECT id FROM told WHERE ends_with(id, {quoted(suffix(self.target))}) "
            "AND NOT migrated LIMIT 1"
        ).fetchall()
        if taken:
            raise Refused(f"record {taken[0][0]} has an id that migrated records would have")


def suffix(target: Target) -> str:
    """Return what the id of a record gets when it is carried over: the same on each machine."""
    return f"@{target.version}"


def _cell(name: str) -> str:
    return _name(f"~{name}")


def _name(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def _dumped(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)
