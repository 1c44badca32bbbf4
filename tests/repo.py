"""A real repository under test: runs git, dvc and the installed labelmeta in it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.warm_dvc import warm

LABELMETA = [sys.executable, "-m", "dvc_labelmeta"]
DVC = [sys.executable, "-m", "dvc"]


@dataclass(frozen=True)
class Ran:
    """What a command did."""

    code: int
    out: str
    err: str

    @property
    def text(self) -> str:
        """Both outputs."""
        return self.out + self.err


@dataclass(frozen=True)
class Repo:
    """One repository on disk."""

    path: Path

    def run(self, *command: str, code: int | None = 0, cwd: str = ".", **env: str) -> Ran:
        """Run a command in the repository; `code` is the exit code expected, None for any."""
        done = subprocess.run(
            command,
            cwd=self.path / cwd,
            env=self._environment() | env,
            capture_output=True,
            text=True,
            encoding="utf-8",
            errors="surrogateescape",
            check=False,
            stdin=subprocess.DEVNULL,
        )
        ran = Ran(done.returncode, done.stdout, done.stderr)
        assert code is None or ran.code == code, (
            f"{' '.join(command)}: exit code {ran.code}, expected {code}\n{ran.text}"
        )
        return ran

    def _environment(self) -> dict[str, str]:
        """The gate stage calls `labelmeta`: the one beside this Python comes first."""
        scripts = str(Path(sys.executable).parent)
        return dict(os.environ) | {"PATH": scripts + os.pathsep + os.environ["PATH"]}

    def git(self, *args: str, code: int | None = 0, **env: str) -> str:
        """Run git and return what it printed."""
        return self.run("git", *args, code=code, **env).out.strip()

    def dvc(self, *args: str, code: int | None = 0, **env: str) -> Ran:
        """Run dvc; where processes can fork, without importing it anew."""
        if not hasattr(os, "fork"):
            return self.run(*DVC, *args, code=code, **env)
        ran = Ran(*warm().run(args, self.path, self._environment() | env))
        assert code is None or ran.code == code, (
            f"dvc {' '.join(args)}: exit code {ran.code}, expected {code}\n{ran.text}"
        )
        return ran

    def labelmeta(self, *args: str, code: int | None = 0, cwd: str = ".", **env: str) -> Ran:
        """Run labelmeta."""
        return self.run(*LABELMETA, *args, code=code, cwd=cwd, **env)

    def findings(self, *args: str, code: int | None = None) -> list[dict[str, Any]]:
        """Return the findings of `labelmeta check ARGS --format json`."""
        found: list[dict[str, Any]] = json.loads(
            self.labelmeta("check", "--format", "json", *args, code=code).out
        )["findings"]
        return found

    def codes(self, *args: str, code: int | None = None) -> list[str]:
        """Return the sorted codes of the findings."""
        return sorted(finding["code"] for finding in self.findings(*args, code=code))

    def write(self, path: str, text: str | bytes) -> Path:
        """Write a file and return its path."""
        file = self.path / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(text if isinstance(text, bytes) else text.encode())
        return file

    def read(self, path: str) -> str:
        """Return the text of a file, line ends as they are."""
        return (self.path / path).read_bytes().decode()

    def commit(self, message: str, date: str = "2026-01-05T09:00:00+00:00") -> str:
        """Commit everything at a fixed date and return the hash."""
        self.git("add", "-A")
        self.git(
            "commit", "-q", "--allow-empty", "-m", message,
            GIT_AUTHOR_DATE=date, GIT_COMMITTER_DATE=date,
        )  # fmt: skip
        return self.git("rev-parse", "HEAD")

    @staticmethod
    def guideline_yaml(id_: str, version: str, definition: str = "pleased", **more: str) -> str:
        """Return the text of a small structured guideline."""
        extra = "".join(f"{key}: {value}\n" for key, value in more.items())
        status = "" if "status" in more else "status: active\n"
        return (
            f'schema: labelmeta/guideline/v1\nid: {id_}\nversion: "{version}"\n{status}{extra}'
            f"labels:\n  - {{id: pos, definition: {definition}}}\n  - {{id: neg}}\n"
        )

    def bump(
        self, version: str, definition: str = "pleased", message: str = "", **more: str
    ) -> str:
        """Commit another version of guideline `tone` and return the commit.

        Its author declares the rewording to be as harmless as the number says, or says what a
        major version changed.
        """
        if version.endswith(".0.0"):
            more.setdefault("change_note", f"All that {version} changed.")
        meaning = "kept" if version.endswith(".0") else "typo"
        if not version.endswith(".0.0") and "changes" not in more:
            more["changes"] = f"[{{clause: pos, meaning: {meaning}, note: {version}}}]"
        text = self.guideline_yaml("tone", version, definition, **more)
        self.write("guidelines/tone/guideline.yaml", text)
        return self.commit(message or f"Guideline tone {version}")
