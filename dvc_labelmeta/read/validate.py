"""Facts about annotation files, computed by DuckDB: every count exact, the first places shown.

Each file is judged by itself (read/batch.py), then what lines of all files are compared by is
merged (read/merge.py).
"""

# ruff: noqa: S608  # SQL is put together from our own names

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import nullcontext, suppress
from typing import TYPE_CHECKING, Any

import duckdb

from dvc_labelmeta.model.facts import SHOWN, Expected, Flaw, RecordFacts
from dvc_labelmeta.read import merge
from dvc_labelmeta.read.batch import ORDER, Batch
from dvc_labelmeta.read.cache import Cache
from dvc_labelmeta.read.cells import quoted
from dvc_labelmeta.read.engine import Watch, Workspace
from dvc_labelmeta.read.lines import shown_row
from dvc_labelmeta.read.reader import readers, refuse_other_columns
from dvc_labelmeta.read.shard import FILE, Lines, Shard
from dvc_labelmeta.read.tables import readable, save, stored

if TYPE_CHECKING:
    from dvc_labelmeta.read.workers import Workers


class Validated(Workspace):
    """One validation: `facts`, and the offending rows on request; close it (or use `with`)."""

    def __init__(
        self,
        files: Sequence[str],
        format_: str,
        expected: Expected,
        cache: Cache | None = None,
        workers: Workers | None = None,
        watch: Watch = nullcontext,
    ) -> None:
        self.files, self.format, self.expected = tuple(files), format_, expected
        self.cache, self.workers = cache, workers
        self.shards: dict[int, Shard] = {}
        super().__init__()
        try:
            with readable(format_), watch(self.db.query_progress):
                self.keys = cache.keys(files, format_, expected) if cache else []
                self._judge()
                self.facts = self._facts()
                self._remember()
        except BaseException:
            self.close()
            raise

    def _judge(self) -> None:
        """Fill `shards`, the view `kept` and the table `faults`."""
        self.db.execute(f"CREATE TEMP TABLE faults {merge.FAULTS}")
        tables = self._known()
        new = {at: file for at, file in enumerate(self.files) if at not in tables}
        if self.format == "csv":
            refuse_other_columns(self.files)
        if self.workers is not None:
            tables |= self._spread(new)
            new = {}
        batches = [
            Batch(reader, self.expected, f"kept_{at}")
            for at, reader in enumerate(readers(self.db, new, self.format, self.folder.name))
        ]
        for batch in batches:
            self._learn(batch)
        clean = self.cache.clean(self.keys) if self.cache is not None else set()
        seen = {at: table for at, table in tables.items() if self.keys and self.keys[at] in clean}
        rest = {at: table for at, table in tables.items() if at not in seen}
        fresh = [batch.compared() for batch in batches] + ([stored(rest)] if rest else [])
        kept = fresh + ([stored(seen)] if seen else [])
        self.db.execute(f"CREATE TEMP VIEW kept AS {' UNION ALL '.join(kept)}")
        if self.workers is not None:
            found = ", ".join(map(quoted, self.workers.merge(tables, self.folder.name)))
            self.db.execute(f"INSERT INTO faults FROM read_parquet([{found}])")
        else:
            if fresh:  # else files went away only, and none of the rest repeats another
                self.db.execute(f"CREATE TEMP VIEW fresh AS {' UNION ALL '.join(fresh)}")
                merge.find_repeats(self.db, "fresh" if seen else "kept")
            merge.find_replaced(self.db)
        merge.find_circles(self.db)
        merge.find_odd(self.db)
        if self.expected.items is not None:  # the items of the split, for the rule LM316
            merge.find_strangers(self.db, self.expected.items)

    def _known(self) -> dict[int, str]:
        """Take from the cache what is known, and return the tables of these files by number."""
        tables: dict[int, str] = {}
        if self.cache is not None:
            for number, key in enumerate(self.keys):
                found = self.cache.shard(key, self.expected.until)
                if found is not None:
                    self.shards[number], tables[number] = found
        return tables

    def _spread(self, files: Mapping[int, str]) -> dict[int, str]:
        """Have workers judge files; return the tables that they wrote by number."""
        assert self.workers is not None  # noqa: S101  # for the type checker: the caller asks
        tables = {at: os.path.join(self.folder.name, f"{at}.parquet") for at in files}
        if self.cache is not None:
            with suppress(OSError):
                tables = {at: self.cache.table(self.keys[at]) for at in files}
        self.shards |= self.workers.judge(files, self.format, self.expected, tables)
        if self.cache is not None:
            for number in files:
                with suppress(OSError):
                    self.cache.keep_shard(
                        self.keys[number], self.shards[number], self.expected.until
                    )
        return tables

    def _learn(self, batch: Batch) -> None:
        shards = batch.shards()
        self.shards |= shards
        if self.cache is not None:
            for number, shard in shards.items():
                key = self.keys[number]
                with suppress(OSError, duckdb.IOException):  # a cache that cannot be written
                    save(self.db, batch.of(number), self.cache.table(key))
                    self.cache.keep_shard(key, shard, self.expected.until)

    def _remember(self) -> None:
        if self.cache is not None:
            shards = [self.shards[number] for number in range(len(self.files))]
            self.cache.keep_facts(self.keys, shards, self.facts, self.expected.until)

    def _facts(self) -> RecordFacts:
        shards = [self.shards[number] for number in range(len(self.files))]
        crossed, more = self._crossed(), (0,)
        if crossed:
            across = f"SELECT position FROM faults WHERE kind IN {merge.ACROSS}"
            more = self.db.execute(
                f"SELECT count(*) FROM kept WHERE NOT bad AND position IN ({across})"
            ).fetchall()[0]
        offending = sum(shard.bad for shard in shards) + more[0]
        return merge.summed(self.files, shards, crossed, offending, merge.replaced(self.db))

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


def facts(
    files: Sequence[str],
    format_: str,
    expected: Expected,
    cache: Cache | None = None,
    workers: Workers | None = None,
    watch: Watch = nullcontext,
) -> RecordFacts:
    """Return the facts about annotation files of one format, read in the order given.

    cache: where what is known of each file is kept. workers: who judges in place of this process.
    watch: is entered with what tells the progress of the query that runs, in percent.
    """
    with Validated(files, format_, expected, cache, workers, watch) as validated:
        return validated.facts
