"""The logs of the real histories, and what follows from them by reading alone.

Nothing here uses the package: the tests hold the tool's answers against these.
"""

from __future__ import annotations

import csv
import datetime as dt
from dataclasses import dataclass
from pathlib import Path

PAGES = {
    "specific-syntax": "guideline_specific_syntax",
    "nsubj-outer": "guideline_nsubj_outer",
    "lt-variant": "guideline_lt_variant",
    "lt-numform": "guideline_lt_numform",
    "extpos": "guideline_extpos",
}
SPLITS = ("train", "dev", "test")


@dataclass(frozen=True)
class Row:
    """One line of a log.tsv: one file in one commit; `file` is empty for a pure rename."""

    n: int
    split: str
    file: Path | None
    commit: str
    author_date: str
    commit_date: str
    author: str
    subject: str
    body: str
    path: str
    old_path: str
    blob: str

    @property
    def when(self) -> dt.datetime:
        """The moment of the commit, comparable across time zones."""
        return dt.datetime.fromisoformat(self.commit_date)

    @property
    def message(self) -> str:
        """Subject and body as one commit message."""
        return f"{self.subject}\n\n{self.body}" if self.body else self.subject


def read(folder: Path) -> list[Row]:
    """Return the rows of a log, oldest first."""
    with open(folder / "log.tsv", encoding="utf-8", newline="") as file:
        return [_row(folder, raw) for raw in csv.DictReader(file, delimiter="\t")]


def _row(folder: Path, raw: dict[str, str]) -> Row:
    return Row(
        n=int(raw["n"]),
        split=raw.get("split", ""),
        file=folder / raw["version_file"] if raw["version_file"] else None,
        commit=raw["commit"],
        author_date=raw["author_date"],
        commit_date=raw["commit_date"],
        author=raw["author"],
        subject=raw["subject"],
        body=raw["body"].replace("\\n", "\n"),
        path=raw["source_path"],
        old_path=raw["old_path"],
        blob=raw["git_blob"],
    )


@dataclass(frozen=True)
class Histories:
    """The guideline pages by id, and the data versions by number, each split as it then was."""

    pages: dict[str, list[Row]]
    data: dict[int, list[Row]]

    def linked(self, page: str, n: int) -> Row | None:
        """Return the version of a page on the day of data version `n`; None: not written yet."""
        moment = self.data[n][0].when
        return max(
            (row for row in self.pages[page] if row.when <= moment),
            key=lambda row: row.when,
            default=None,
        )

    def layers(self, n: int) -> dict[str, Row]:
        """Return the pages that stood on the day of data version `n`."""
        rows = {page: self.linked(page, n) for page in self.pages}
        return {page: row for page, row in rows.items() if row is not None}

    def behind(self, page: str, n: int, until: int | None = None) -> int:
        """Return how many commits changed a page between data version `n` and a later one.

        until: the later data version; None = the end of the log, today.
        """
        start = self.data[n][0].when
        end = self.data[until][0].when if until else dt.datetime.max.replace(tzinfo=dt.timezone.utc)
        linked = self.linked(page, n)
        return sum(start < row.when <= end for row in self.pages[page]) if linked else 0

    def paths(self, n: int) -> dict[str, str]:
        """Return the path of each split at data version `n`."""
        return {split: self._last(split, n).path for split in SPLITS}

    def files(self, n: int) -> dict[str, Path]:
        """Return the file that holds each split at data version `n`."""
        return {split: self._last(split, n, with_file=True).file or Path() for split in SPLITS}

    def changed(self, n: int) -> set[str]:
        """Return the splits whose content data version `n` changed."""
        return {row.split for row in self.data[n] if row.file is not None}

    def _last(self, split: str, n: int, *, with_file: bool = False) -> Row:
        rows = [row for number in range(1, n + 1) for row in self.data[number]]
        return [row for row in rows if row.split == split and (row.file or not with_file)][-1]


def histories(source: Path) -> Histories:
    """Read all logs below the folder of the treebank."""
    data: dict[int, list[Row]] = {}
    for row in read(source / "treebank"):
        data.setdefault(row.n, []).append(row)
    return Histories({page: read(source / name) for page, name in PAGES.items()}, data)
