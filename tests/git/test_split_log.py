"""`log SPLIT` from outside: a split's life from the history alone, also under earlier names."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.lived import DEV, TRAIN, Past, lines
from tests.repo import Repo

TEST = "data/test.csv"

pytestmark = pytest.mark.inside


def rows(repo: Repo, split: str, *args: str) -> list[tuple[str, str]]:
    found = json.loads(repo.labelmeta("log", split, "--format", "json", *args).out)
    return [(row["event"], row["what"]) for row in found]


def test_a_life(lived: Repo, past: Past) -> None:
    sidecar = f"{TRAIN}.labelmeta.yaml"
    migrated = lived.read(sidecar)
    lived.write(sidecar, migrated.replace("mode: backward", "mode: full"))
    lived.commit(
        "Stricter\x1e, by\x1f signs that part fields elsewhere", "2026-02-04T09:00:00+00:00"
    )
    lived.labelmeta("rollback", TRAIN, "--to", past.new)
    lived.commit("Not so strict", "2026-02-05T09:00:00+00:00")
    lived.write(sidecar, migrated.replace(past.reworded, "a" * 40))
    lived.commit("As after a squash", "2026-02-06T09:00:00+00:00")
    lived.dvc("move", TRAIN, "data/learn.csv")
    lived.labelmeta("mv", TRAIN, "data/learn.csv")
    lived.commit("Rename", "2026-02-07T09:00:00+00:00")
    lived.labelmeta("unlink", "data/learn.csv")
    last = lived.commit("Unlink", "2026-02-08T09:00:00+00:00")
    old, new = (
        lived.git("show", f"{rev}:{TRAIN}.dvc").split("md5: ")[1][:12]
        for rev in (past.old, past.new)
    )
    expected = [
        ("unlinked", "labels: tone 2.0.0"),
        ("moved", "from data/train.csv"),
        ("repaired", f"labels: commit {past.reworded[:12]} -> aaaaaaaaaaaa"),
        ("rolled back", f"as at {past.new[:12]}"),
        ("mode", "labels: full -> backward"),
        ("mode", "labels: backward -> full"),
        ("migrated", "labels: tone 1.0.0 -> 2.0.0, records changed"),
        ("data", f"{old} -> {new}"),
        ("guideline", "tone 1.0.0 -> 2.0.0"),
        ("records", "labels: changed"),
        ("linked", "labels: tone 1.0.0"),
        ("data", f"{old} added"),
    ]
    assert rows(lived, "data/learn.csv") == expected
    assert rows(lived, "data/learn.csv", "--limit", "2") == expected[:2]
    text = lived.labelmeta("log", "data/learn.csv").out.splitlines()
    assert text[0].split() == ["COMMIT", "DATE", "AUTHOR", "EVENT", "WHAT"]
    assert text[1].split()[:4] == [last[:12], "2026-02-08", "Ada", "unlinked"]
    assert rows(lived, TRAIN)[0] == ("moved", "to data/learn.csv")
    lived.git("checkout", "-q", "--detach", past.new)
    assert rows(lived, TRAIN)[0][0] == "migrated"


def test_counts_that_a_sidecar_declares_are_told(linked: Repo) -> None:
    sidecar = f"{DEV}.labelmeta.yaml"
    plain = linked.read(sidecar)
    for count in (2, 3):
        linked.write(f"{DEV}.annotations.jsonl", lines(*["1.0.0"] * count))
        named = (
            f"    annotations: {{path: dev.csv.annotations.jsonl, count: {count}}}\n    guideline:"
        )
        linked.write(sidecar, plain.replace("    guideline:", named))
        linked.commit("Import")
    assert rows(linked, DEV)[:2] == [
        ("records", "labels: 2 -> 3 records"),
        ("records", "labels: no -> 2 records"),
    ]


def test_data_in_git_and_the_output_of_a_stage(new_repo, tmp_path: Path) -> None:
    repo = new_repo("kinds")
    repo.write("tone.md", "Be careful.\n")
    repo.write("labelmeta.yaml", "version: 1\nguidelines:\n  tone: {path: tone.md}\n")
    repo.write("dvc.yaml", "stages:\n  make:\n    cmd: make\n    outs: [made.csv]\n")
    lock = "schema: '2.0'\nstages:\n  make:\n    cmd: make\n    outs:\n    - path: made.csv\n      hash: md5\n      md5: '{}'\n"
    for step in "12":
        repo.write("dvc.lock", lock.format(step * 32))
        repo.write("file.csv", f"{step}\n")
        repo.write("many/a.csv", f"{step}\n")
        repo.write("tone.md", f"Be careful, {step} times.\n")
        repo.commit("Data")
        repo.labelmeta("link", "file.csv", "many", "made.csv", "--guideline", "tone")
        repo.commit("Link")
    blob, tree, text = ([repo.git("rev-parse", f"{rev}:{path}")[:12] for rev in ("HEAD~2", "HEAD")]
                        for path in ("file.csv", "many", "tone.md"))  # fmt: skip
    relinked = ("re-linked", f"labels: tone {text[0]} -> {text[1]}")
    guideline = ("guideline", f"tone {text[0]} -> {text[1]}")
    for split, pair in (("file.csv", blob), ("many", tree)):
        data = ("data", f"{pair[0]} -> {pair[1]}")
        assert rows(repo, split)[:3] == [relinked, data, guideline]
    assert rows(repo, "made.csv")[:3] == [
        relinked,
        ("data", f"{'1' * 12} -> {'2' * 12}"),
        guideline,
    ]
    assert repo.git("log", "--oneline", "--", "tone.md").count("\n") == 1


def test_what_was_never_linked(linked: Repo) -> None:
    said = linked.labelmeta("log", "data/none.csv", code=2).err
    assert "data/none.csv was never linked in the history of HEAD" in said


def test_a_merge_that_gives_a_link_of_its_own(linked: Repo) -> None:
    sidecar = f"{TEST}.labelmeta.yaml"
    plain = linked.read(sidecar)
    linked.git("checkout", "-q", "-b", "aside")
    linked.write(sidecar, plain.replace("frozen", "full"))
    linked.commit("Full")
    linked.git("checkout", "-q", "main")
    linked.write(sidecar, plain.replace("frozen", "none"))
    linked.commit("None")
    linked.git("merge", "-q", "aside", code=1)
    linked.write(sidecar, plain.replace("frozen", "forward"))
    linked.commit("Merge")
    assert ("mode", "labels: none -> forward") in rows(linked, TEST)
