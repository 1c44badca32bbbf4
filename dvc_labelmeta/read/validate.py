"""Facts about annotation files, computed by DuckDB: every count exact, the first places shown.

Each file is judged by itself (read/batch.py), then what lines of all files are compared by is
merged (read/merge.py).
"""

# ruff: noqa: S608  # SQL is put together from our own names

from __future__ import annotations

import csv
import tempfile
import zlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import duckdb

from dvc_labelmeta.errors import UnreadableFile
from dvc_labelmeta.model.facts import SHOWN, Expected, Flaw, RecordFacts
from dvc_labelmeta.read import merge
from dvc_labelmeta.read.batch import ORDER, Batch
from dvc_labelmeta.read.engine import connect
from dvc_labelmeta.read.lines import shown_row
from dvc_labelmeta.read.reader import readers
from dvc_labelmeta.read.shard import FILE, Lines, Shard

if TYPE_CHECKING:
    from typing_extensions import Self


class Validated:
    """One validation: `facts`, and the offending rows on request; close it (or use `with`)."""

    def __init__(self, files: Sequence[str], format_: str, expected: Expected) -> None:
        self.files, self.format, self.expected = tuple(files), format_, expected
        self.folder = tempfile.TemporaryDirectory(prefix="labelmeta-")
        self.shards: dict[int, Shard] = {}
        self.db = connect(self.folder.name)
        try:
            with readable(format_):
                self._judge()
                self.facts = self._facts()
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

    def _judge(self) -> None:
        """Fill `shards`, the view `kept` and the table `faults`."""
        self.db.execute(f"CREATE TEMP TABLE faults {merge.FAULTS}")
        files = dict(enumerate(self.files))
        batches = [
            Batch(reader, self.expected, f"kept_{at}")
            for at, reader in enumerate(readers(self.db, files, self.format, self.folder.name))
        ]
        for batch in batches:
            self.shards |= batch.shards()
        kept = " UNION ALL ".join(batch.compared() for batch in batches)
        self.db.execute(f"CREATE TEMP VIEW kept AS {kept}")
        merge.find_repeats(self.db)
        merge.find_replaced(self.db)
        merge.find_circles(self.db)
        merge.find_odd(self.db)
        if self.expected.items is not None:
            merge.find_strangers(self.db, self.expected.items)

    def _facts(self) -> RecordFacts:
        offending = self.db.execute("SELECT count(DISTINCT position) FROM faults").fetchone()
        shards = [self.shards[number] for number in range(len(self.files))]
        return merge.summed(self.files, shards, self._crossed(), offending[0] if offending else 0)

    def _crossed(self) -> list[Flaw]:
        """Return the faults that only several lines together show."""
        rows = self.db.execute(
            f"SELECT kind, field, count(DISTINCT position), min(DISTINCT position, {SHOWN}) "
            f"FROM faults WHERE kind IN {merge.ACROSS} GROUP BY kind, field"
        ).fetchall()
        read = dict(self._rows({position for row in rows for position in row[3]}))
        lines = Lines(dict(enumerate(self.files)), self.format)
        return [
            Flaw(ORDER[kind], field, count, tuple(lines.at(at, read[at], field) for at in first))
            for kind, field, count, first in rows
        ]

    def _rows(self, positions: set[int]) -> Iterator[tuple[int, str | None]]:
        """Yield positions, in order, and the text of their lines; reads only files asked for."""
        wanted = sorted({position >> FILE for position in positions})
        files = {number: self.files[number] for number in wanted}
        lines = {number: self.shards[number].lines for number in wanted}
        for reader in readers(self.db, files, self.format, self.folder.name):
            asked = [at for at in positions if at >> FILE in reader.files]
            yield from reader.rows(asked, lines)

    def bad_rows(self) -> Iterator[dict[str, Any]]:
        """Yield every offending row in file order: file, line, reasons and the row itself.

        `row` is the record, or the text of a line that holds none.
        """
        lines = Lines(dict(enumerate(self.files)), self.format)
        for number in range(len(self.files)):
            faults = self.db.execute(
                "SELECT position, list(DISTINCT {'kind': kind, 'field': field}) AS why FROM faults "
                f"WHERE position >> {FILE} = {number} GROUP BY position"
            ).fetchall()
            reasons = dict(faults)
            for position, raw in self._rows(set(reasons)):
                file, line = lines.of(position)
                told = sorted((why["kind"], why["field"]) for why in reasons[position])
                why = [{"fault": ORDER[kind], "field": field} for kind, field in told]
                yield {"file": file, "line": line, "reasons": why, "row": shown_row(raw)}


def facts(files: Sequence[str], format_: str, expected: Expected) -> RecordFacts:
    """Return the facts about annotation files of one format, read in the order given."""
    with Validated(files, format_, expected) as validated:
        return validated.facts


@contextmanager
def readable(format_: str) -> Iterator[None]:
    """Say that files cannot be read, whatever the engine or Python said of them."""
    try:
        yield
    except duckdb.Error as error:
        reason = str(error).split("\n", 1)[0]
        raise UnreadableFile(f"cannot be read as {format_}: {reason}") from None
    except (OSError, EOFError, zlib.error, csv.Error, UnicodeDecodeError) as error:
        raise UnreadableFile(f"cannot be read as {format_}: {error}") from None
