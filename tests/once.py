"""What is built once for a test run, however many processes the run has."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from dvc_labelmeta.write.edits import lock


def once(factory: pytest.TempPathFactory, name: str, build: Callable[[Path], object]) -> Path:
    """Return a copy, of this process alone, of the folder that `build` makes from nothing.

    The first process that asks builds it; the others wait for it.
    """
    base = factory.getbasetemp()
    run = base.parent if "PYTEST_XDIST_WORKER" in os.environ else base
    kept = run / "once" / name
    done = kept / "done"
    kept.mkdir(parents=True, exist_ok=True)
    with lock(str(kept)):
        if not done.exists():
            shutil.rmtree(kept / "project", ignore_errors=True)  # of one that failed
            build(kept / "project")
            done.touch()
    target = factory.mktemp(name) / "project"
    shutil.copytree(kept / "project", target, symlinks=True)
    return target
