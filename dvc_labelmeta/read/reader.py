"""How files of one format and the same columns are read by one query, whatever is in them."""

# ruff: noqa: S608  # SQL is put together from our own field names and quoted texts

from __future__ import annotations

import tempfile
from collections.abc import Collection, Iterator, Mapping, Sequence

import duckdb

from dvc_labelmeta.errors import UnreadableFile
from dvc_labelmeta.model.annotation import FIELDS, mandatory
from dvc_labelmeta.read.cells import Dialect, JsonLines, Table, quoted
from dvc_labelmeta.read.lines import Cleaned, clean, csv_header, csv_source
from dvc_labelmeta.read.shard import FILE
from dvc_labelmeta.read.sound import SoundLines

_SAMPLE = 2048
_ALL = tuple(field.name for field in FIELDS)


class Reader:
    """Files by their number, in order. dialect: how their cells are asked for.

    sound: a faster way that holds for sound lines only, which whoever takes it has to prove.
    """

    def __init__(
        self, db: duckdb.DuckDBPyConnection, files: Mapping[int, str], format_: str, folder: str
    ) -> None:
        self.db, self.files, self.format, self.folder = db, files, format_, folder
        self.cleaned = Cleaned(tuple(files.values()))
        self.sound: SoundLines | None = None
        try:
            self.dialect = self._dialect()
        except duckdb.Error as error:
            self.mend(error)

    def mend(self, error: duckdb.Error) -> None:
        """Read copies from now on, in which each line is one that the engine can read.

        It cannot read bytes that are no text, several kinds of line ends, a long line. Raises the
        error where there is nothing to mend.
        """
        if self.format != "jsonl" or self.cleaned.longest:
            raise error
        self.sound = None
        self.cleaned = clean(self.cleaned.files, tempfile.mkdtemp(dir=self.folder))
        self.dialect = self._dialect()

    def widen(self) -> None:
        """Look for every field from now on, not only for those that the first lines have."""
        self.dialect = JsonLines(self.cleaned.files, _ALL, self.cleaned.longest)

    def rows(
        self, positions: Sequence[int], lines: Mapping[int, int]
    ) -> Iterator[tuple[int, str | None]]:
        """Yield each position and the text of its line, in order; lines: of each file."""
        starts, start = {}, 0
        for number in self.files:
            starts[number] = start
            start += lines[number]
        rows = {starts[at >> FILE] + (at & ((1 << FILE) - 1)): at for at in positions}
        cursor = self.db.cursor()
        cursor.execute("CREATE OR REPLACE TEMP TABLE wanted AS SELECT unnest(?) AS row", [[*rows]])
        cursor.execute(
            f"SELECT row, {self.dialect.raw} FROM "
            f"({numbered(self.dialect, 'SELECT row FROM wanted')}) ORDER BY row"
        )
        while found := cursor.fetchmany(1000):
            yield from ((rows[row], raw) for row, raw in found)

    def _dialect(self) -> Dialect:
        files, longest = self.cleaned
        if self.format == "jsonl":
            seen, nulls = self._seen()
            fields = sorted((seen & set(_ALL)) | set(mandatory("L3")))
            if not (longest or nulls):
                self.sound = SoundLines(files, fields, seen - set(_ALL))
            return JsonLines(files, fields, longest)
        return _table(self.db, files, self.format)

    def _seen(self) -> tuple[set[str], bool]:
        """Return the keys that the first lines have, and whether one has no value (null).

        Looking for all fields costs time, and so does proving lines sound that are not.
        """
        files, longest = self.cleaned
        rows = self.db.execute(
            "SELECT DISTINCT unnest(TRY(json_keys(line))) AS key, "
            "coalesce(list_contains(TRY(json_extract(line, '$.*'))::VARCHAR[], 'null'), false) "
            f"FROM ({JsonLines(files[:1], ['id'], longest).lines} LIMIT {_SAMPLE})"
        ).fetchall()
        return {key for key, _ in rows}, any(null for _, null in rows)


def readers(
    db: duckdb.DuckDBPyConnection, files: Mapping[int, str], format_: str, folder: str
) -> list[Reader]:
    """Return readers for all files: one, but of Parquet one for each set of columns and types."""
    if not files:
        return []
    if format_ != "parquet" or len(files) == 1:
        return [Reader(db, files, format_, folder)]
    alike: dict[str, dict[int, str]] = {}
    for number, file in files.items():
        described = db.execute(f"DESCRIBE SELECT * FROM read_parquet({quoted(file)})").fetchall()
        alike.setdefault(repr([row[:2] for row in described]), {})[number] = file
    return [Reader(db, group, format_, folder) for group in alike.values()]


def numbered(dialect: Dialect, rows: str) -> str:
    """Return SQL for those of all lines, counted from 0 in `row`, whose number is among `rows`."""
    lines = f"SELECT *, row_number() OVER () - 1 AS row FROM ({dialect.lines})"
    return f"SELECT * FROM ({lines}) WHERE row IN ({rows})"


def _table(db: duckdb.DuckDBPyConnection, files: Sequence[str], format_: str) -> Table:
    if format_ == "csv":
        source = csv_source(files)
    else:
        names = ", ".join(quoted(file) for file in files)
        source = f"read_parquet([{names}], union_by_name=true)"
    described = db.execute(f"DESCRIBE SELECT * FROM {source}").fetchall()
    columns = {row[0]: row[1] for row in described}
    refuse_foreign(columns)
    return Table(source, columns, csv=format_ == "csv")


def refuse_foreign(columns: Collection[str]) -> None:
    """Raise UnreadableFile where none of the columns is a field of a record."""
    if not set(_ALL) & set(columns):
        raise UnreadableFile(f"has no column of an annotation record: {', '.join(columns)}")


def refuse_other_columns(files: Sequence[str]) -> None:
    """Raise UnreadableFile where shards of CSV do not have the same columns in the same order."""
    header = csv_header(files[0])
    for file in files[1:]:
        if csv_header(file) != header:
            raise UnreadableFile(f"has shards with other columns: {file}")
