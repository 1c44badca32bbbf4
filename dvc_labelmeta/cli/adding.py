"""The command that adds to Git what a command wrote: the last line that it prints."""

from __future__ import annotations

import os
import re
import shlex
from collections.abc import Iterable, Sequence

import typer

from dvc_labelmeta.cli.common import quiet
from dvc_labelmeta.model.event import FOLDER
from dvc_labelmeta.model.sidecar import SUFFIX
from dvc_labelmeta.read.git import Git
from dvc_labelmeta.write.edits import Edit

_FEW = 8  # paths to name one by one
_MAGIC = re.compile(r"[*?\[\\]|^:")


def put_next(
    context: typer.Context,
    root: str,
    written: Iterable[Edit],
    *,
    records: Iterable[str] = (),
    then: str = "",
) -> None:
    """Say what adds all that was written; not a word where nothing was, or with --quiet.

    records: files from the root that were written, and that DVC may track. then: what follows.
    """
    paths, data = [edit.path for edit in written], list(dict.fromkeys(records))
    if (paths or data) and not quiet(context) and (line := adding(root, paths, data)):
        typer.echo(f"next: {line}{then}")


def adding(root: str, paths: Sequence[str], records: Sequence[str] = ()) -> str:
    """Return the command that adds files and records, as it is typed in the current folder."""
    tracked = [one for one in records if os.path.exists(os.path.join(root, f"{one}.dvc"))]
    pointers = [f"{one}.dvc" for one in tracked]
    names = dict.fromkeys([*(p for p in records if p not in tracked), *pointers, *paths])
    specs = _specs(_addable(root, [*names]))
    commands = []
    if tracked:
        commands.append(f"dvc {_there(root, '--cd')}add {_listed(tracked)}")
    if specs:
        commands.append(f"git {_there(root, '-C')}add {_listed(specs)}")
    return " && ".join(commands)


def _specs(paths: list[str]) -> list[str]:
    """Return what means these paths to Git; of many, all of ours at once."""
    ours = [path for path in paths if path.endswith(SUFFIX) or path.startswith("labelmeta/")]
    short: list[str] = []
    if len(paths) > _FEW:
        paths = [path for path in paths if path not in ours]
        short += ["labelmeta"] if any(path.startswith("labelmeta/") for path in ours) else []
        short += [f"*{SUFFIX}"] if any(path.endswith(SUFFIX) for path in ours) else []
    return [*(f":(literal){one}" if _MAGIC.search(one) else one for one in paths), *short]


def _listed(words: list[str]) -> str:
    dashes = "-- " if any(word.startswith("-") for word in words) else ""
    return f"{dashes}{shlex.join(words)}"


def checking_out(root: str, places: Sequence[str]) -> str:
    """Return the command that brings data back, as it is typed in the current folder."""
    return f"dvc {_there(root, '--cd')}checkout {_listed([*places])}"


def _there(root: str, option: str) -> str:
    here = os.getcwd()
    same = os.path.splitdrive(here)[0] == os.path.splitdrive(root)[0]
    folder = os.path.relpath(root, here) if same else root
    return "" if folder == "." else f"{option} {shlex.quote(folder)} "


def _addable(root: str, paths: list[str]) -> list[str]:
    """Return what `git add` takes: of files that are gone those that Git tracks, none it ignores.

    The ledger stands as one folder. One name that means nothing, and Git would add none of them.
    """
    git = Git(root)
    mine = [path for path in paths if not path.startswith(FOLDER + "/")]
    gone = [path for path in mine if not os.path.lexists(os.path.join(root, path))]
    if gone:
        tracked = git.index(*(f":(literal){path}" for path in gone))
        mine = [path for path in mine if path not in gone or path in tracked]
    if len(mine) < len(paths) and any(path.startswith(FOLDER + "/") for path in paths):
        mine.append(FOLDER)
    asked = "".join(f"{path}\0" for path in mine).encode(errors="surrogateescape")
    out = git.run("check-ignore", "-z", "--stdin", stdin=asked, ok=(0, 1, 128)) if mine else b""
    ignored = set(out.decode(errors="surrogateescape").split("\0"))
    return [path for path in mine if path not in ignored]
