"""The same judging on Dask workers: some files a task, what crosses files by parts of the hashes.

Workers and this machine share the files and the folder of the results. Every worker runs the SQL
of read/batch.py and read/merge.py; a task that a dying worker leaves is done again by another.
"""

# ruff: noqa: S608  # SQL is put together from our own names

from __future__ import annotations

import logging
import os
import tempfile
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from typing import TYPE_CHECKING, Any, NamedTuple

import duckdb
from distributed import Client, KilledWorker, LocalCluster

from dvc_labelmeta.errors import LabelMetaError
from dvc_labelmeta.model.facts import Expected
from dvc_labelmeta.read import merge
from dvc_labelmeta.read.batch import Batch
from dvc_labelmeta.read.cells import quoted
from dvc_labelmeta.read.engine import connect
from dvc_labelmeta.read.reader import readers
from dvc_labelmeta.read.shard import Shard
from dvc_labelmeta.read.tables import readable, save, stored

if TYPE_CHECKING:
    from typing_extensions import Self

LOCAL = 2  # processes, where no scheduler is named
_EACH = 4  # tasks a worker: fewer and one waits for the last, more and starting them costs time
WAIT = 10  # seconds for a scheduler


class _Task(NamedTuple):
    """Files to judge, and where to write what their lines are compared by, by number.

    parts: workers that share a machine.
    """

    files: dict[int, str]
    format: str
    expected: Expected
    tables: dict[int, str]
    parts: int


class Workers:
    """Dask workers: of the scheduler at `address`, or processes of this machine for ""."""

    def __init__(self, address: str = "") -> None:
        self.stack = ExitStack()
        self.parts = 1 if address else LOCAL
        try:
            if not address:
                cluster = LocalCluster(  # type: ignore[no-untyped-call]
                    n_workers=LOCAL,
                    threads_per_worker=1,
                    dashboard_address=None,
                    silence_logs=logging.CRITICAL,
                )
                address = self.stack.enter_context(cluster)
            client = Client(address, timeout=WAIT)  # type: ignore[no-untyped-call]
            self.client = self.stack.enter_context(client)
        except OSError as error:
            self.stack.close()
            raise LabelMetaError(f"there is no Dask scheduler at {address}: {error}") from None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.stack.close()

    def judge(
        self,
        files: Mapping[int, str],
        format_: str,
        expected: Expected,
        tables: Mapping[int, str],
    ) -> dict[int, Shard]:
        """Return the facts about each file, and write what its lines are compared by.

        files, tables: paths by the number of a file.
        """
        numbers = list(files)
        size = -(-len(numbers) // (_EACH * self._count())) or 1
        tasks = [
            _Task(
                {at: os.path.abspath(files[at]) for at in some},
                format_,
                expected,
                {at: tables[at] for at in some},
                self.parts,
            )
            for some in (numbers[at : at + size] for at in range(0, len(numbers), size))
        ]
        found = self._map(_judge, tasks)
        if any(engine != duckdb.__version__ for engine, _ in found):
            raise LabelMetaError(
                f"a worker has another DuckDB than this machine ({duckdb.__version__}), "
                "whose hashes differ; install the same everywhere"
            )
        for number, table in tables.items():
            if not os.path.exists(table):
                raise LabelMetaError(
                    f"the result of {files[number]} is not here: workers and this machine must "
                    f"share the folder {os.path.dirname(table)}"
                )
        return {number: shard for _, shards in found for number, shard in shards.items()}

    def merge(self, tables: Mapping[int, str], folder: str) -> list[str]:
        """Return Parquet files of the faults that lines of several files show together."""
        parts = max(LOCAL, self._count())
        jobs = [
            (dict(tables), part, parts, os.path.join(folder, f"part-{part}.parquet"), self.parts)
            for part in range(parts)
        ]
        return self._map(_merge, jobs)

    def _count(self) -> int:
        return len(self.client.scheduler_info()["workers"]) or 1

    def _map(self, job: Callable[[Any], Any], tasks: Sequence[Any]) -> list[Any]:
        client: Any = self.client  # Dask's methods have no types
        try:
            return list(client.gather(client.map(job, tasks, pure=False)))
        except KilledWorker as error:
            raise LabelMetaError(
                f"workers died again and again, of memory perhaps: {error}"
            ) from None


def _judge(task: _Task) -> tuple[str, dict[int, Shard]]:
    """Judge files; return the version of the engine, too, since hashes differ between versions."""
    shards: dict[int, Shard] = {}
    with (
        tempfile.TemporaryDirectory(prefix="labelmeta-") as folder,
        readable(task.format),
        connect(folder, task.parts) as db,
    ):
        db.execute(f"CREATE TEMP TABLE faults {merge.FAULTS}")
        for at, reader in enumerate(readers(db, task.files, task.format, folder)):
            batch = Batch(reader, task.expected, f"kept_{at}")
            for number in batch.lines:
                save(db, batch.of(number), task.tables[number])
            shards |= batch.shards()
    return duckdb.__version__, shards


def _merge(job: tuple[dict[int, str], int, int, str, int]) -> str:
    """Find the faults of those lines whose hashes belong to one part; write their positions."""
    tables, part, parts, target, sharing = job
    lines = stored(tables)
    ours = {
        name: f"CASE WHEN {name} % {parts} = {part} THEN {name} END AS {name}"
        for name in ("id", "answer", "supersedes")
    }
    with (
        tempfile.TemporaryDirectory(prefix="labelmeta-") as folder,
        readable("parquet"),
        connect(folder, sharing) as db,
    ):
        db.execute(f"CREATE TEMP TABLE faults {merge.FAULTS}")
        db.execute(
            f"CREATE TEMP VIEW kept AS SELECT position, {', '.join(ours.values())}, moment "
            f"FROM ({lines})"
        )
        merge.find_repeats(db)
        merge.find_replaced(db)
        db.execute(f"COPY faults TO {quoted(target + '.part')} (FORMAT parquet)")
        os.replace(target + ".part", target)
    return target
