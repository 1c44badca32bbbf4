"""Records judged on two Dask workers: the same facts to the last count and place, or an error."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from dvc_labelmeta.cli.engines import workers_of
from dvc_labelmeta.errors import LabelMetaError, UnreadableFile
from dvc_labelmeta.model.config import config
from dvc_labelmeta.model.facts import Expected
from dvc_labelmeta.read.cache import Cache
from tests.annotated import LOOSE, PLANTED, VOCABULARIES, as_line, planted
from tests.repo import Repo

pytest.importorskip("duckdb")
distributed = pytest.importorskip("distributed")
from dvc_labelmeta.read import workers  # noqa: E402
from dvc_labelmeta.read.validate import facts  # noqa: E402

pytestmark = [pytest.mark.slow, pytest.mark.filterwarnings("ignore::ResourceWarning")]

L2 = Expected("L2", VOCABULARIES)
JUDGE = workers._judge


@pytest.fixture(scope="module")
def two() -> Iterator[workers.Workers]:
    with workers.Workers() as made:
        yield made


@pytest.fixture(scope="module")
def shards(tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    folder = tmp_path_factory.mktemp("shards")
    lines = [as_line(record) for record in planted(2000, PLANTED, LOOSE)[0]]
    lines[7], lines[1500], lines[600] = "no json\n", '{"zz": 1, "id": "q", "id": "r"}\n', "\n"
    for number in range(4):
        (folder / f"{number}.jsonl").write_text("".join(lines[number * 500 : number * 500 + 500]))
    return sorted(str(file) for file in folder.iterdir())


def _dies_once(task: Any) -> Any:
    """Judge, but the first to do so is killed as by the system."""
    try:
        os.close(
            os.open(
                os.path.join(os.path.dirname(next(iter(task.tables.values()))), "died"),
                os.O_CREAT | os.O_EXCL,
            )
        )
    except FileExistsError:
        return JUDGE(task)
    return os.kill(os.getpid(), signal.SIGKILL)


def _dies(task: Any) -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def test_two_workers_find_what_one_process_finds(
    two: workers.Workers, shards: list[str], tmp_path: Path
) -> None:
    wanted = facts(shards, "jsonl", L2)
    assert {"duplicate_id", "relabelled", "missing_superseded", "later_superseded"} <= {
        flaw.kind for flaw in wanted.flaws
    }
    assert facts(shards, "jsonl", L2, None, two) == wanted
    cache = Cache(str(tmp_path), "train")
    assert facts(shards, "jsonl", L2, cache, two) == wanted
    assert cache.facts(cache.keys(shards, "jsonl", L2), shards, "") == wanted


def test_a_worker_that_is_killed_leaves_its_work_to_others(
    two: workers.Workers, shards: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(workers, "_judge", _dies_once)
    assert facts(shards, "jsonl", L2, None, two) == facts(shards, "jsonl", L2)


def test_a_missing_shard_is_an_error_that_names_it(two: workers.Workers, shards: list[str]) -> None:
    with pytest.raises(UnreadableFile, match=r"gone\.jsonl"):
        facts([*shards, "/none/gone.jsonl"], "jsonl", L2, None, two)


def test_work_that_kills_every_worker_is_an_error(
    two: workers.Workers, shards: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(workers, "_judge", _dies)
    two.client.run_on_scheduler(_no_second_time)
    with pytest.raises(LabelMetaError, match="workers died"):
        facts(shards[:1], "jsonl", L2, None, two)


def _no_second_time(dask_scheduler: Any) -> None:
    dask_scheduler.allowed_failures = 0


def test_the_command_line_chooses_the_engine(shards: list[str], tmp_path: Path) -> None:
    repo = Repo(tmp_path)
    asked = ("annotations", "validate", shards[0], "--format", "json")
    there = repo.labelmeta(*asked, "--engine", "dask", code=1)
    assert there.out == repo.labelmeta(*asked, code=1).out
    assert "choose one of" in repo.labelmeta(*asked, "--engine", "spark", code=2).err
    ran = repo.labelmeta(*asked, "--engine", "dask", "--bad-rows", "x", code=2)
    assert "--engine duckdb" in ran.err


def test_no_scheduler_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(workers, "WAIT", 1)
    settings = config({"version": 1, "engine": {"name": "dask", "address": "tcp://127.0.0.1:9"}})
    with pytest.raises(LabelMetaError, match="no Dask scheduler at tcp://127"):  # noqa: SIM117
        with workers_of(settings):
            pass
    with workers_of(settings, "duckdb") as none:
        assert none is None
