"""The last line of a command that writes: typed as it stands, it adds all of it to Git."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.inside import Inside

pytestmark = pytest.mark.inside

RECORDS = "data/train.csv.annotations.jsonl"
MAPPING = (
    "schema: labelmeta/mapping/v1\ncolumns: {item: doc, label: answer, annotator: who}\n"
    'constants: {guideline_version: "1.0.0", status: submitted, annotated_at: 2026-01-05T09:00:00Z}\n'
)
KEEP = ("annotations", "import", "table", "labels.csv", "--mapping", "map.yaml", "--keep-ids")


@pytest.fixture
def repo(new_repo: Callable[[str], Inside]) -> Inside:
    """A project without DVC: a guideline that is released, two splits, nothing linked."""
    made = new_repo("small")
    made.write("guidelines/tone/guideline.yaml", made.guideline_yaml("tone", "1.0.0"))
    made.write("labelmeta.yaml", "version: 1\nguidelines:\n  tone: {path: guidelines/tone}\n")
    for path in ("data/train.csv", "data/test.csv"):
        made.write(path, f"of {path}\n")
    made.write("labels.csv", "doc,who,answer\n1,a-1,pos\n2,a-2,neg\n")
    made.write("map.yaml", MAPPING)
    made.commit("Start")
    return made


def added(repo: Inside, *args: str, cwd: str = ".") -> str:
    """Run a command and then what it says comes next; nothing is left to add. Returns that line."""
    out = repo.labelmeta(*args, cwd=cwd).out
    line = out.splitlines()[-1]
    assert line.startswith("next: git "), out
    repo.run("sh", "-c", line.removeprefix("next: "), cwd=cwd)
    left = repo.git("status", "--porcelain", "-uall").splitlines()
    assert [row for row in left if row[1] != " "] == [], line
    return line


def test_commands_on_guidelines_annotators_and_the_ledger(repo: Inside) -> None:
    added(repo, "link", "data/train.csv", "--guideline", "tone")
    added(repo, *KEEP, "--split", "data/train.csv")
    repo.commit("Link")
    added(repo, "annotators", "add", "a-1", "--role", "annotator")
    repo.commit("Add")
    # the sidecar, the records and the registry change; the opening of nobody is removed
    assert RECORDS in added(repo, "annotators", "redact", "a-1", "--to", "gone-1")
    repo.commit("Redact")
    added(repo, "guideline", "release", "tone")
    repo.commit("Release")
    assert added(repo, "ledger", "approve", "tone").endswith(" labelmeta/ledger")
    assert "guidelines" in added(repo, "guideline", "archive", "tone")
    side = repo.read("data/train.csv.labelmeta.yaml")
    repo.write("data/train.csv.labelmeta.yaml", side.replace("mode: backward", "mode: full"))
    repo.commit("By hand")
    assert added(repo, "ledger", "record").endswith("add labelmeta/ledger")
    assert "next:" not in repo.labelmeta("ledger", "record").out
    assert repo.labelmeta("--quiet", "unlink", "data/train.csv").out == ""


def test_files_that_git_never_had_or_ignores_are_not_named(repo: Inside) -> None:
    repo.labelmeta("link", "data/test.csv", "--guideline", "tone")
    repo.commit("Link one")
    repo.labelmeta("link", "data/train.csv", "--guideline", "tone")
    assert "train" not in added(repo, "unlink", "data/train.csv")  # never added, gone again
    assert "data/test.csv.labelmeta.yaml" in added(repo, "unlink", "data/test.csv")
    repo.write(".gitignore", "*.jsonl\n")
    repo.commit("Ignore")
    added(repo, "link", "data/train.csv", "--guideline", "tone")
    repo.commit("Link")
    assert RECORDS not in added(repo, *KEEP, "--split", "data/train.csv")


def test_records_of_a_split_are_not_written_past_it(repo: Inside) -> None:
    repo.labelmeta("link", "data/train.csv", "--guideline", "tone")
    repo.labelmeta(*KEEP, "--split", "data/train.csv")
    (repo.path / "here").symlink_to("data")
    for path in (RECORDS, "here/train.csv.annotations.jsonl"):
        for more in ((), ("--dry-run",)):
            err = repo.labelmeta(*KEEP, "--to", path, *more, code=2).err
            assert "give --split data/train.csv --layer labels instead" in err
    repo.labelmeta(*KEEP, "--to", "data/other.annotations.jsonl")


def test_typed_in_the_folder_where_the_command_was(repo: Inside, tmp_path: Path) -> None:
    args = ("link", "train.csv", "--guideline", "tone")
    assert added(repo, *args, cwd="data").startswith("next: git -C .. add ")
    repo.commit("Link")
    root = ("--root", "small", "unlink", "data/train.csv")
    outside = Inside(tmp_path)
    line = outside.labelmeta(*root).out.splitlines()[-1]
    assert line.startswith("next: git -C small add ")
    outside.run("sh", "-c", line.removeprefix("next: "))
    assert not re.search(r"^.\S", repo.git("status", "--porcelain", "-uall"), re.MULTILINE)


def test_many_files_and_names_that_mean_others_to_git(repo: Inside) -> None:
    names = [f"data/{number}.csv" for number in range(9)]
    for name in [*names, "data/[a]*.csv", "data/a1.csv.labelmeta.yaml.txt", ":odd.csv"]:
        repo.write(name, f"of {name}\n")
    repo.commit("More")
    line = added(repo, "link", *names, "--guideline", "tone")
    assert line.endswith(" labelmeta '*.labelmeta.yaml'")
    repo.commit("Link")
    assert added(repo, "unlink", *names).endswith(" labelmeta '*.labelmeta.yaml'")
    repo.commit("Unlink")
    line = added(repo, "link", "data/[a]*.csv", ":odd.csv", "--guideline", "tone")
    assert "':(literal):odd.csv.labelmeta.yaml'" in line


def test_records_that_dvc_tracks(linked: Inside) -> None:
    linked.write("labels.csv", "doc,who,answer\n1,a-1,pos\n2,a-2,neg\n")
    linked.write("map.yaml", MAPPING)
    linked.commit("Labels")
    linked.labelmeta(*KEEP, "--split", "data/train.csv")
    linked.dvc("add", "-q", RECORDS)
    linked.commit("Records")
    linked.write("labels.csv", "doc,who,answer\n3,a-1,pos\n")
    linked.commit("More")
    line = linked.labelmeta(*KEEP, "--split", "data/train.csv").out.splitlines()[-1]
    assert line.startswith(f"next: dvc add {RECORDS} && git add {RECORDS}.dvc ")
    linked.dvc("add", "-q", RECORDS)
    linked.run("sh", "-c", line.partition(" && ")[2])
    assert not re.search(r"^.\S", linked.git("status", "--porcelain", "-uall"), re.MULTILINE)
