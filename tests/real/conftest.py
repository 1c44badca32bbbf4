"""The treebank is replayed once a test run, also when xdist runs several processes."""

from __future__ import annotations

import fcntl
import json
import os
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.real.logs import Histories, histories
from tests.real.replay import live_through
from tests.repo import Repo


@dataclass(frozen=True)
class Treebank:
    """The replayed repositories: `base` holds docs-all, docs and data; `seen` what was found."""

    histories: Histories
    base: Path
    seen: dict[str, Any]

    @property
    def data(self) -> Repo:
        """The data repository; tests that write use `copied_treebank`."""
        return Repo(self.base / "data")

    @property
    def days(self) -> dict[int, dict[str, Any]]:
        """What was found at each data version, by number."""
        return {day["n"]: day for day in self.seen["days"]}

    def commit(self, log_commit: str) -> str:
        """Return the replayed guideline commit for one of the log."""
        return str(self.seen["commits"][log_commit])


@pytest.fixture(scope="session")
def treebank(shared: Path, tmp_path_factory: pytest.TempPathFactory) -> Treebank:
    """Both histories, replayed to the end of the logs."""
    logs = histories(shared / "data" / "ud_lithuanian_hse")
    folder = tmp_path_factory.getbasetemp()
    folder = folder.parent if "PYTEST_XDIST_WORKER" in os.environ else folder
    base, done = folder / "treebank", folder / "treebank.json"
    with open(folder / "treebank.lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not done.exists():
            shutil.rmtree(base, ignore_errors=True)
            base.mkdir()
            done.write_text(json.dumps(live_through(logs, base)))
    return Treebank(logs, base, json.loads(done.read_text()))


@pytest.fixture
def copied_treebank(treebank: Treebank, tmp_path: Path) -> Treebank:
    """A copy of the replayed repositories to write to."""
    base = tmp_path / "treebank"
    shutil.copytree(treebank.base, base, symlinks=True)
    return Treebank(treebank.histories, base, treebank.seen)


@pytest.fixture
def sidecar_at(treebank: Treebank) -> Callable[[int, str], dict[str, Any]]:
    """Return the sidecar of a split as it was committed with a data version."""
    import yaml

    def read(n: int, split: str) -> dict[str, Any]:
        path = treebank.histories.paths(n)[split] + ".labelmeta.yaml"
        text = treebank.data.git("show", f"{treebank.days[n]['commit']}:{path}")
        value: dict[str, Any] = yaml.safe_load(text)
        return value

    return read
