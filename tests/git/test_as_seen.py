"""`guideline show --as-seen` and `--at` from outside: the exact text, and how that is known."""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import duckdb
import pytest

from dvc_labelmeta.cli import app
from dvc_labelmeta.cli.main import funnel
from dvc_labelmeta.read.lookup import FIELDS, looked_up
from dvc_labelmeta.read.sources import Source
from tests.lived import DEV, IN_GIT, TRAIN, Past
from tests.repo import Repo

EARLY = "2026-01-25T10:00:00+01:00"  # under 1.0.0
Show = Callable[..., tuple[str, str]]


@pytest.fixture
def show(lived: Repo, capsys: pytest.CaptureFixture[str]) -> Show:
    """Run the command in this process and return both outputs."""

    def run(*args: str, code: int = 0) -> tuple[str, str]:
        try:
            with funnel():
                found = app.run(["--root", str(lived.path), "guideline", "show", "tone", *args])
        except SystemExit as left:
            found = left.code  # type: ignore[assignment]  # a number, as in the funnel
        shown = capsys.readouterr()
        assert found == code, shown.out + shown.err
        return shown.out, shown.err

    return run


def texts(repo: Repo, *commits: str) -> list[str]:
    """Return what the folder of the guideline holds at commits, as `show` prints it."""
    found = []
    for commit in commits:
        names = repo.git("ls-tree", "--name-only", f"{commit}:guidelines/tone").split("\n")
        found.append("".join(
            f"--- guidelines/tone/{name} ---\n{repo.git('show', f'{commit}:guidelines/tone/{name}')}\n"
            for name in names
        ))  # fmt: skip
    return found


def test_as_seen_says_by_which_evidence(lived: Repo, past: Past, show: Show) -> None:
    old, new = texts(lived, past.old, past.new)
    guess = "which is a guess from its date"
    cases: list[tuple[dict[str, Any], str, str]] = [
        ({"guideline_commit": past.old, "guideline_version_source": "recorded"}, old,
         f"tone 1.0.0, by the commit {past.old[:12]} of the record (recorded)\n"),
        ({"guideline_commit": past.reworded, "guideline_version": "1.0.0"}, new,
         "of the record, whose version says 1.0.0 (source not said)\n"),
        ({"guideline_version": "2.0.0", "guideline_version_source": "inferred"}, new,
         f"tone 2.0.0, by the version of the record and the link of {TRAIN} (inferred)\n"),
        ({"guideline_version": "1.0.0", "guideline_version_source": "issued"}, old,
         "by the version of the record and its last commit"),
        ({"annotated_at": EARLY}, old, f"in force at {EARLY} by the times of the commits, {guess}\n"),
        ({"annotated_at": EARLY, "guideline_version": "2.0.0", "guideline_version_source": "unknown"},
         old, f"{guess}\n"),
        ({"annotated_at": EARLY, "guideline_commit": "f" * 40}, old,
         f"{guess}; {'f' * 40}, which the record names, is not in this clone\n"),
    ]  # fmt: skip
    lived.write(
        IN_GIT,
        "".join(
            json.dumps({"id": f"r/{n}", **record}) + "\n" for n, (record, _, _) in enumerate(cases)
        ),
    )
    for number, (_, text, evidence) in enumerate(cases):
        out, err = show("--as-seen", f"r/{number}")
        assert out == text
        assert evidence in err


def test_a_commit_that_a_squash_took_is_known_by_its_content(
    lived: Repo, past: Past, show: Show
) -> None:
    gone = "a" * 40
    path = f"{TRAIN}.labelmeta.yaml"
    lived.write(path, lived.read(path).replace(past.reworded, gone))
    lived.write(IN_GIT, json.dumps({"id": "x", "guideline_commit": gone}) + "\n")
    assert show("--as-seen", "x")[0] == texts(lived, past.new)[0]


@pytest.mark.parametrize(
    ("record", "args", "reason"),
    [
        ({"id": "y"}, (), f"no record x under guideline 'tone'; searched: {DEV}, {TRAIN}"),
        ({"id": "x", "guideline_id": "prose"}, (), "no record x under guideline 'tone'"),
        ({"id": "x"}, (), "nothing tells what was seen"),
        ({"id": "x", "annotated_at": "noon"}, (), "nothing tells what was seen"),
        ({"id": "r0"}, (), f"there are 2 records r0, in {DEV}, {TRAIN}; say which with --split"),
        ({"id": "x"}, ("--at", "2026-01-01"), "give one of --rev, --as-seen and --at"),
    ],
)
def test_what_nobody_can_tell_is_refused(
    lived: Repo, show: Show, record: dict[str, str], args: tuple[str, ...], reason: str
) -> None:
    lived.write(IN_GIT, json.dumps(record) + "\n")
    id_ = "r0" if record["id"] == "r0" else "x"
    assert reason in show("--as-seen", id_, *args, code=2)[1]


def test_records_that_are_not_here_are_named(lived: Repo, show: Show) -> None:
    (lived.path / f"{DEV}.annotations.jsonl").unlink()
    said = show("--as-seen", "none", code=2)[1]
    assert f"searched: {TRAIN}; not read: {DEV} (is not there)" in said
    assert "tone 1.0.0" in show("--as-seen", "r0", "--split", f"{lived.path}/{TRAIN}")[1]


def test_the_text_in_force_at_a_time(lived: Repo, past: Past, show: Show) -> None:
    old, new = texts(lived, past.old, past.new)
    instant = "2026-02-01T09:00:00+00:00"
    assert show("--at", "2026-02-01")[0] == old
    assert show("--at", "2026-02-01T09:59:59+01:00")[0] == old
    assert show("--at", "2026-02-01T09:00:00Z") == (
        new,
        f"tone 2.0.0 (commit {past.reworded[:12]}), in force at {instant} by the times of the commits\n",
    )
    assert "guideline 'tone' was not there at 2025-12-31" in show("--at", "2025-12-31", code=2)[1]
    assert "is a time without a zone" in show("--at", "2026-02-01T09:00", code=2)[1]
    assert "--at then is no ISO 8601 time" in show("--at", "then", code=2)[1]
    assert show("--rev", past.old) == (old, "")
    assert "--split says where" in show("--split", TRAIN, code=2)[1]


ROWS = [
    {"id": "a", "item": "1", "annotated_at": "2026-01-05T10:00:00Z", "guideline_version": "1.0.0"},
    {"id": 'q"ä\\', "item": "2", "guideline_version": "1.1.0"},
    {"id": "b", "item": "a", "note": 'not "id": "a"'},
    {"id": "c/1", "item": "a"},
]


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("r.jsonl", "jsonl"),
        ("r.jsonl.gz", "jsonl"),
        ("escaped.jsonl", "jsonl"),
        ("slashes.jsonl", "jsonl"),
        ("r.csv", "csv"),
        ("r.parquet", "parquet"),
    ],
)
def test_every_format_gives_the_same_record(tmp_path: Path, name: str, kind: str) -> None:
    plain, path = tmp_path / "plain", tmp_path / name
    plain.write_text("".join(json.dumps(row) + "\n" for row in ROWS))
    data = b"no record\n" + plain.read_bytes().rstrip(b"\n")
    if name.startswith("escaped"):
        path.write_bytes(data.replace(b'"id": "a"', b'"id": "\\u0061"', 1))
    elif name.startswith("slashes"):  # as PHP and some others write them
        path.write_bytes(data.replace(b"c/1", b"c\\/1"))
    elif kind == "jsonl":
        path.write_bytes(gzip.compress(data) if name.endswith("gz") else data)
    else:
        names = ("id", "item", "annotated_at", "guideline_version", "note")
        columns = ", ".join(f"{name}: 'VARCHAR'" for name in names)
        rows = f"read_json('{plain}', format='newline_delimited', columns={{{columns}}})"
        duckdb.sql(f"COPY (SELECT * FROM {rows}) TO '{path}'")
    source = Source(str(path), kind)
    for row in ROWS:
        (found,) = looked_up(source, str(row["id"]))
        expected = {name: row.get(name) for name in FIELDS}
        assert found == expected
    assert looked_up(source, "none") == []
    empty = tmp_path / "empty.jsonl"
    empty.write_text("")
    assert looked_up(Source(str(empty), "jsonl"), "a") == []
