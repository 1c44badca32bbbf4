"""DVC itself, imported once and forked for each call: half of a test run was DVC importing itself.

Every call is a process of its own with its folder, its environment and its outputs; only the
import is shared. Used by tests/repo.py, and in the same way by tests/killed.py.
"""

from __future__ import annotations

import atexit
import importlib
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterable
from functools import cache
from pathlib import Path

# what DVC imports late, in nearly every command
_IMPORTS = (
    "dvc.cli.parser",
    "dvc.cachemgr",
    "dvc.data_cloud",
    "dvc.parsing",
    "dvc.repo.reproduce",
    "dvc.repo.experiments",
    "dvc.stage.loader",
    "dvc_data.index",
    "dvc_objects.fs.local",
    "scmrepo.git",
    "scmrepo.git.backend.dulwich",
    "scmrepo.git.backend.pygit2",
    "scmrepo.git.backend.gitpython",
)


Main = Callable[[list[str]], int]


class Warm:
    """One process that waits for calls, one at a time."""

    def __init__(self, module: str) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-m", module],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            cwd=Path(__file__).resolve().parents[1],
        )
        atexit.register(self.process.kill)

    def run(self, args: tuple[str, ...], cwd: Path, env: dict[str, str]) -> tuple[int, str, str]:
        """Return the exit code and both outputs of a call."""
        with tempfile.TemporaryDirectory() as folder:
            files = [Path(folder, name) for name in ("out", "err")]
            for file in files:
                file.touch()
            call = {"args": args, "cwd": str(cwd), "env": env, "outputs": list(map(str, files))}
            assert self.process.stdin is not None
            assert self.process.stdout is not None
            self.process.stdin.write(json.dumps(call) + "\n")
            self.process.stdin.flush()
            code = int(self.process.stdout.readline())
            out, err = (file.read_bytes().decode("utf-8", "surrogateescape") for file in files)
        return code, out, err


@cache
def warm() -> Warm:
    """Return the process of this test process."""
    return Warm(__name__)


def serve(imports: Iterable[str], main: Main) -> None:
    """Import modules, then answer calls until there are no more."""
    for name in imports:
        importlib.import_module(name)
    for line in sys.stdin:
        call = json.loads(line)
        child = os.fork()
        if not child:
            _call(main, **call)
        _, status = os.waitpid(child, 0)
        print(os.waitstatus_to_exitcode(status), flush=True)


def _call(main: Main, args: list[str], cwd: str, env: dict[str, str], outputs: list[str]) -> None:
    import logging

    code = 1
    try:
        os.chdir(cwd)
        os.environ.clear()
        os.environ.update(env)
        os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
        for number, path in enumerate(outputs, 1):
            os.dup2(os.open(path, os.O_WRONLY), number)
        code = main(args)
    finally:
        atexit._run_exitfuncs()
        logging.shutdown()
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)


def ended(main: Callable[[], object]) -> int:
    """Return the exit code of what ends by SystemExit."""
    try:
        main()
    except SystemExit as left:
        return int(left.code or 0)
    return 0


def _dvc(args: list[str]) -> int:
    from dvc.cli import main

    sys.argv = ["dvc", *args]
    code: int = main(args)
    return code


if __name__ == "__main__":
    serve(_IMPORTS, _dvc)
