"""A repository under test whose labelmeta runs in this process: most of a run is its start."""

from __future__ import annotations

import io
import os

import pytest

from dvc_labelmeta.cli.main import main
from tests.repo import Ran, Repo


class Inside(Repo):
    """The same from outside, exit code, outputs and files; only the process is not its own."""

    def labelmeta(self, *args: str, code: int | None = 0, cwd: str = ".", **env: str) -> Ran:
        """Run labelmeta."""
        outputs = [io.TextIOWrapper(io.BytesIO(), "utf-8", newline="") for _ in range(2)]
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr("sys.argv", ["labelmeta", *args])
            patch.setattr("sys.stdout", outputs[0])
            patch.setattr("sys.stderr", outputs[1])
            for name, value in (self._environment() | env).items():
                patch.setitem(os.environ, name, value)
            patch.chdir(self.path / cwd)
            with pytest.raises(SystemExit) as ended:
                main()
        for one in outputs:
            one.flush()
        out, err = (one.buffer.getvalue().decode() for one in outputs)
        ran = Ran(int(ended.value.code or 0), out, err)
        assert code is None or ran.code == code, (
            f"labelmeta {' '.join(args)}: exit code {ran.code}, expected {code}\n{ran.text}"
        )
        return ran
