"""labelmeta, killed before one of its writes: what is left is what a power cut leaves."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

from tests.repo import Ran, Repo
from tests.warm_dvc import Warm, ended, serve

KILLED = 9
_IMPORTS = ("dvc_labelmeta.cli.link", "dvc_labelmeta.cli.main", "dvc_labelmeta.write.edits")


def killed(repo: Repo, number: int, *command: str) -> Ran:
    """Run a command that dies before its write of this number, from 0; exit code 9 if it did."""
    args = (str(number), *command)
    if hasattr(os, "fork"):
        return Ran(*_warm().run(args, repo.path, dict(os.environ)))
    root = str(Path(__file__).resolve().parents[1])
    return repo.run(sys.executable, "-m", __name__, *args, code=None, PYTHONPATH=root)


@cache
def _warm() -> Warm:
    return Warm(__name__)


def _die(number: str, *command: str) -> int:
    left = int(number)

    def step(real: Callable[..., Any]) -> Callable[..., Any]:
        def done(*args: Any, **named: Any) -> Any:
            nonlocal left
            left -= 1
            if left < 0:
                os._exit(KILLED)
            return real(*args, **named)

        return done

    os.replace, os.unlink = step(os.replace), step(os.unlink)
    from dvc_labelmeta.cli.main import main

    sys.argv = ["labelmeta", *command]
    return ended(main)


if __name__ == "__main__":
    if sys.argv[1:]:
        sys.exit(_die(*sys.argv[1:]))
    serve(_IMPORTS, lambda args: _die(*args))
