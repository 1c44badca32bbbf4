"""Replays the two real histories side by side, linking as a team would have done on each day."""

from __future__ import annotations

import hashlib
import json
import subprocess
from itertools import groupby
from pathlib import Path
from typing import Any

from dvc_labelmeta import check, load
from tests.inside import Inside
from tests.real.logs import SPLITS, Histories, Row
from tests.repo import Repo

Day = dict[str, Any]


def guideline_history(histories: Histories, folder: Path) -> dict[str, str]:
    """Write all pages into one repository, in true time order, and return log -> new commit."""
    folder.mkdir(parents=True)
    repo = Repo(folder)
    repo.git("init", "-q", "-b", "main")
    rows = sorted((row for rows in histories.pages.values() for row in rows), key=lambda r: r.when)
    groups = [list(group) for _, group in groupby(rows, key=lambda row: row.commit)]
    stream = b"".join(_imported(number, group) for number, group in enumerate(groups, 1))
    command = ["git", "fast-import", "--quiet", "--date-format=raw", "--export-marks=.git/marks"]
    subprocess.run(command, cwd=folder, input=stream, check=True)
    repo.git("reset", "-q", "--hard")
    marks = dict(line.split() for line in repo.read(".git/marks").splitlines())
    return {group[0].commit: marks[f":{number}"] for number, group in enumerate(groups, 1)}


def _imported(number: int, rows: list[Row]) -> bytes:
    """Return one commit as `git fast-import` reads it; the logs have names, no addresses."""
    first = rows[0]
    head = (
        f"commit refs/heads/main\nmark :{number}\n"
        f"author {first.author} <> {_raw(first.author_date)}\n"
        f"committer {first.author} <> {_raw(first.commit_date)}\n"
    )
    files = b"".join(
        f"M 100644 inline {row.path}\n".encode() + _sized(row.file.read_bytes())
        for row in rows
        if row.file is not None
    )
    return head.encode() + _sized(first.message.encode() + b"\n") + files


def _raw(date: str) -> str:
    moment = Row(0, "", None, "", date, date, "", "", "", "", "", "").when
    return f"{int(moment.timestamp())} {date[-6:].replace(':', '')}"


def _sized(content: bytes) -> bytes:
    return f"data {len(content)}\n".encode() + content + b"\n"


class Replay:
    """The data repository, growing version by version beside the guideline repository.

    `docs-all` holds the whole guideline history, `docs` only what was there on the day: it is
    what labelmeta.yaml names. Both are folders of `base`, as is `data`.
    """

    def __init__(self, histories: Histories, base: Path) -> None:
        self.histories = histories
        self.base = base
        self.all = Repo(base / "docs-all")
        self.docs = Repo(base / "docs")
        self.data = Inside(base / "data")
        self.commits = guideline_history(histories, self.all.path)
        self.head = ""

    def start(self) -> None:
        """Set up the two repositories as they are before the first data version."""
        for repo in (self.docs, self.data):
            repo.path.mkdir()
        self.docs.git("init", "-q", "--bare", "-b", "main")
        self.data.git("init", "-q", "-b", "main")
        self.data.dvc("init", "-q")

    def publish(self, n: int | None = None) -> bool:
        """Bring `docs` to the day of data version `n` (None: today); say whether that is news."""
        moment = self.histories.data[n][0].when if n else None
        rows = [row for rows in self.histories.pages.values() for row in rows]
        newest = max(
            (row for row in rows if moment is None or row.when <= moment), key=lambda row: row.when
        )
        moved, self.head = self.head, self.commits[newest.commit]
        if moved != self.head:
            self.all.git("push", "-q", "../docs", f"{self.head}:refs/heads/main")
        return moved != self.head

    def day(self, n: int) -> Day:
        """Live through one data version and return what the tool said at each step."""
        news = self.publish(n)
        seen: Day = {"n": n, "head": self.head}
        self.data.write("labelmeta.yaml", configuration(self.histories.layers(n)))
        if n == 1:
            self.add(n)
        else:
            self.replace(n)
            seen["before"] = self.findings("--fetch") if news else found(self.data)
        paths = list(self.histories.paths(n).values())
        for page in self.histories.layers(n) if news else ():
            rev = f"{page}@{self.head}"
            self.data.labelmeta("link", *paths, "--guideline", rev, "--layer", page)
        if not news:
            self.data.labelmeta("link", *paths)
        seen["commit"] = self.commit(n)
        seen["linked"] = linked(self.data, seen["commit"])
        seen["after"] = found(self.data, seen["commit"])
        return seen

    def add(self, n: int) -> None:
        """Write the first data version and let the real `dvc add` record it."""
        paths = self.histories.paths(n)
        for split, file in self.histories.files(n).items():
            self.data.write(paths[split], file.read_bytes())
        self.data.dvc("add", "-q", *paths.values())

    def replace(self, n: int) -> None:
        """Write a later data version, with `.dvc` files as `dvc add` and `dvc move` leave them."""
        old, new = self.histories.paths(n - 1), self.histories.paths(n)
        for split, file in self.histories.files(n).items():
            if old[split] != new[split]:
                for path in (old[split], old[split] + ".dvc"):
                    (self.data.path / path).unlink()
            content = file.read_bytes()
            self.data.write(new[split], content)
            self.data.write(new[split] + ".dvc", dvc_file(new[split], content))
        self.data.write(".gitignore", "".join(f"/{new[split]}\n" for split in SPLITS))
        for split in SPLITS:
            if old[split] != new[split]:
                self.data.labelmeta("mv", old[split], new[split])
        self.data.git("add", "-A")

    def findings(self, *args: str) -> list[dict[str, Any]]:
        """Return the findings of a check with the exit code that they call for."""
        ran = self.data.labelmeta("check", "--format", "json", *args, code=None)
        findings: list[dict[str, Any]] = json.loads(ran.out)["findings"]
        assert ran.code == int(any(one["severity"] == "error" for one in findings)), ran.text
        return findings

    def commit(self, n: int) -> str:
        """Commit a data version as its author did, in the time zone they were in."""
        row = self.histories.data[n][0]
        self.data.git("add", "-A")
        self.data.git(
            "commit", "-q", "-m", row.message,
            GIT_AUTHOR_NAME=row.author, GIT_COMMITTER_NAME=row.author,
            GIT_AUTHOR_DATE=row.author_date, GIT_COMMITTER_DATE=row.commit_date,
        )  # fmt: skip
        return self.data.git("rev-parse", "HEAD")


def configuration(layers: dict[str, Row]) -> str:
    """Return a labelmeta.yaml that lists these pages."""
    listed = "".join(
        f"  {page}: {{path: {row.path}, repo: ud-docs}}\n" for page, row in layers.items()
    )
    return (
        f"version: 1\nrepos:\n  ud-docs: {{url: ../docs}}\nguidelines:\n{listed}"
        'splits: ["*.conllu"]\n'
    )


def found(repo: Repo, commit: str | None = None) -> list[dict[str, Any]]:
    """Return the findings at a commit (None: in the working tree) as the API gives them.

    They are judged against the guidelines that were fetched last.
    """
    return [
        {"code": f.code, "severity": f.severity, "split": f.split, "message": f.message}
        | {"details": list(f.details)}
        for f in check(load(repo.path, commit), today="2026-01-05").findings
    ]


def linked(repo: Repo, commit: str) -> dict[str, dict[str, str]]:
    """Return the guideline commit of each layer of each split, as linked at a commit."""
    return {
        one.split: {layer.name: layer.guideline.commit for layer in one.layers}
        for one in load(repo.path, commit).sidecars
    }


def dvc_file(path: str, content: bytes) -> str:
    """Return the `.dvc` file of a plain file, as `dvc add` writes it."""
    md5 = hashlib.md5(content, usedforsecurity=False).hexdigest()
    return f"outs:\n- md5: {md5}\n  size: {len(content)}\n  hash: md5\n  path: {path}\n"


def live_through(histories: Histories, base: Path) -> dict[str, Any]:
    """Replay everything and return what was seen each day; at the end it is today."""
    replay = Replay(histories, base)
    replay.start()
    days = [replay.day(n) for n in histories.data]
    replay.publish()
    replay.data.labelmeta("check", "--fetch")
    for day in days:
        day["today"] = found(replay.data, day["commit"])
    return {"commits": replay.commits, "days": days}
