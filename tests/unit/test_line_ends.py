"""Line ends of a checkout: what a file is hashed as is what `git add` makes of it."""

from __future__ import annotations

import itertools
import subprocess
from pathlib import Path

import pytest

from dvc_labelmeta.read.line_ends import committed

CONTENTS = (b"a\r\nb\r\n", b"a\nb\r\n", b"\0PAR1\r\n", b"a\n")
ATTRIBUTES = ("", "* -text\n", "* text\n", "* text=auto\n", "* eol=crlf\n")


def git(folder: Path, *args: str, stdin: bytes | None = None) -> bytes:
    return subprocess.run(
        ["git", "-C", str(folder), *args], input=stdin, capture_output=True, check=True
    ).stdout


@pytest.mark.parametrize("attributes", ATTRIBUTES)
@pytest.mark.parametrize("setting", ["true", "input", "false"])
def test_as_git_add_keeps_it(tmp_path: Path, setting: str, attributes: str) -> None:
    git(tmp_path, "init", "-q")
    git(tmp_path, "config", "core.autocrlf", setting)
    git(tmp_path, "config", "core.safecrlf", "false")
    (tmp_path / "d").mkdir()
    said = {}
    for before, (number, content) in itertools.product(("", "lf", "crlf"), enumerate(CONTENTS)):
        path = tmp_path / "d" / f"[ä {before}{number}].jsonl"
        if before:
            old = git(tmp_path, "hash-object", "-w", "--no-filters", "--stdin",
                      stdin=b"x\n" if before == "lf" else b"x\r\n").decode().strip()  # fmt: skip
            name = path.relative_to(tmp_path)
            git(tmp_path, "update-index", "--add", "--cacheinfo", f"100644,{old},{name}")
        path.write_bytes(content)
        said[path] = content
    (tmp_path / ".gitattributes").write_text(attributes)
    said = {path: committed(str(path), content) for path, content in said.items()}
    git(tmp_path, "add", "-A")
    for path, kept in said.items():
        assert git(tmp_path, "cat-file", "blob", f":{path.relative_to(tmp_path)}") == kept


def test_where_git_does_not_say_the_bytes_stay(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path.parent))
    assert committed(str(tmp_path / "a.csv"), b"a\r\n") == b"a\r\n"
    assert committed(str(tmp_path / "gone" / "a.csv"), b"a\r\n") == b"a\r\n"
