"""Names, places and kinds of data: what a split may be called, what tracks it, where the project is."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable

import pytest

from tests.repo import Repo

pytestmark = pytest.mark.inside

NAMES = [
    "with space/a b.csv",
    "données/日本 ✓.csv",
    "-rf.csv",
    "--root=x.csv",
    "[a]*.csv",
    ":(top)x.csv",
    "it's & (new); #1.csv",
    "no.csv",
    "0123.csv",
    "{x}%20.csv",
]


def small(new_repo: Callable[[str], Repo], name: str = "p") -> Repo:
    """A Git repository with a prose guideline and labelmeta.yaml, without DVC."""
    repo = new_repo(name)
    repo.write("guide.md", "Label every line.\n")
    repo.write("labelmeta.yaml", "version: 1\nguidelines:\n  g: {path: guide.md}\n")
    repo.commit("Guideline")
    return repo


def test_odd_names_link_check_gate_and_repro(new_repo: Callable[[str], Repo]) -> None:
    repo = small(new_repo)
    repo.dvc("init", "-q")
    for name in NAMES:
        repo.write(name, f"text of {name}\n")
        repo.git("add", "--", f":(literal){name}")
    out = repo.labelmeta("link", "--guideline", "g", "--", *NAMES).out
    add = out[out.index("next: ") + 6 :]
    repo.run("sh", "-c", add)
    assert len(repo.git("diff", "--cached", "--name-only", "-z").split("\0")) > 3 * len(NAMES)
    repo.commit("Link them")
    assert repo.codes(code=0) == []
    opened = repo.labelmeta("gate", "--", *NAMES).out
    assert all(f"gate open: {name} (g" in opened for name in NAMES)
    assert repo.git("status", "--porcelain") == ""
    ran = repo.dvc("repro", "-P")
    assert ran.text.count("gate open") == len(NAMES)
    assert repo.git("status", "--porcelain", "--", "labelmeta/gates") == ""
    assert repo.labelmeta("check", "--", "-rf.csv").code == 0

    repo.write("-rf.csv", "other\n")
    repo.write("[a]*.csv", "other\n")
    repo.commit("Other data")
    assert sorted(f["split"] for f in repo.findings(code=1)) == ["-rf.csv", "[a]*.csv"]
    repo.labelmeta("unlink", "--", *NAMES)
    repo.commit("Unlink")
    assert repo.codes(code=0) == []


@pytest.mark.parametrize("name", ['a".csv', "a$b.csv", "a`b.csv", "a\\b.csv", "a\nb.csv"])
def test_names_that_a_shell_would_change_are_refused(
    new_repo: Callable[[str], Repo], name: str
) -> None:
    repo = small(new_repo)
    repo.write(name, "text\n")
    repo.commit("Data")
    err = repo.labelmeta("link", name, "--guideline", "g", code=2).err
    assert "which the shell that DVC runs stages in would change; rename the data" in err
    assert repo.git("status", "--porcelain") == ""
    assert repo.codes(code=0) == []


def test_name_that_is_no_utf8_is_refused(new_repo: Callable[[str], Repo]) -> None:
    repo = small(new_repo)
    name = os.fsdecode(b"caf\xe9.csv")
    repo.write(name, "text\n")
    repo.commit("Data")
    err = repo.labelmeta("link", name, "--guideline", "g", code=2).err
    assert "is not UTF-8" in err
    assert "rename the data" in err
    assert repo.git("status", "--porcelain") == ""


def test_data_tracked_by_git_alone(new_repo: Callable[[str], Repo]) -> None:
    repo = small(new_repo)
    repo.write("data/a.csv", "1\n")
    repo.write("images/x/1.txt", "1\n")
    repo.write("images/2.txt", "2\n")
    err = repo.labelmeta("link", "data/a.csv", "--guideline", "g", code=2).err
    assert "data/a.csv is tracked neither by DVC nor by Git" in err
    repo.git("add", "-A")  # staged, not committed: the hash is known
    repo.labelmeta("link", "data/a.csv", "images", "--guideline", "g")
    sidecar = repo.read("images.labelmeta.yaml")
    assert "hash: git" in sidecar
    commit = repo.commit("Data and links")
    assert f'value: "{repo.git("rev-parse", commit + ":images")}"' in sidecar
    assert repo.git("rev-parse", f"{commit}:data/a.csv") in repo.read("data/a.csv.labelmeta.yaml")
    assert repo.codes(code=0) == []

    repo.write("images/x/1.txt", "changed\n")
    (finding,) = repo.findings(code=1)
    assert finding["code"] == "LM106"
    assert "uncommitted" in finding["message"]
    assert "gate shut" in repo.labelmeta("gate", "images", code=1).err
    repo.git("checkout", "-q", "--", "labelmeta")
    err = repo.labelmeta("link", "images", code=2).err
    assert "images has changes that are not in Git's index: `git add` it first" in err
    repo.git("add", "images")
    assert repo.codes(code=1) == ["LM106"]
    repo.labelmeta("link", "images")
    repo.commit("Other images")
    assert repo.codes(code=0) == []
    repo.write("images/new.txt", "untracked\n")
    assert "LM106" in repo.codes(code=1)


def test_symlinked_sidecar_is_not_read_and_does_not_hide_the_others(linked: Repo) -> None:
    path = linked.path / "data/dev.csv.labelmeta.yaml"
    path.rename(linked.path / "elsewhere.yaml")
    path.symlink_to("../elsewhere.yaml")
    linked.commit("Link by a symbolic link")
    linked.bump("2.0.0", "delighted")
    found = {(f["code"], f["split"]) for f in linked.findings(code=2)}
    assert ("LM100", "data/dev.csv") in found
    assert ("LM105", "data/train.csv") in found
    assert "symbolic link" in linked.labelmeta("gate", "data/dev.csv", code=2).err
    assert "symbolic link" in linked.labelmeta("link", "data/dev.csv", code=2).err
    assert path.is_symlink()


def test_symlinked_data(linked: Repo) -> None:
    store = linked.path.parent / "store"
    store.mkdir()
    data = linked.path / "data/train.csv"  # as DVC's cache type symlink leaves it
    shutil.move(data, store / "train.csv")
    data.symlink_to(store / "train.csv")
    assert linked.codes(code=0) == []
    assert "nothing to change" in linked.labelmeta("link", "data/train.csv").out
    (store / "train.csv").write_text("other\n")
    assert (
        "differs from what DVC recorded" in linked.labelmeta("link", "data/train.csv", code=2).err
    )

    (linked.path / "short").symlink_to("data")  # a second name for the folder
    assert linked.labelmeta("check", "short/dev.csv").code == 0
    assert "nothing to change" in linked.labelmeta("link", "short/dev.csv").out
    linked.write("real.csv", "1\n")
    (linked.path / "alias.csv").symlink_to("real.csv")
    linked.git("add", "alias.csv", "real.csv")
    linked.labelmeta("link", "alias.csv", "--guideline", "tone")
    assert not (linked.path / "real.csv.labelmeta.yaml").exists()
    linked.commit("An alias")
    assert linked.codes(code=0) == []


def test_conflict_markers_in_a_sidecar(linked: Repo) -> None:
    def relink(branch: str, version: str) -> None:
        linked.git("checkout", "-q", "-B", branch, "main")
        linked.bump(version, f"as of {branch}")
        linked.labelmeta("link", "data/train.csv")
        linked.commit(f"Link on {branch}")

    relink("left", "1.1.0")
    relink("right", "1.2.0")
    linked.git("merge", "-q", "left", code=1)
    linked.git("checkout", "-q", "--ours", "guidelines")
    sidecar = "data/train.csv.labelmeta.yaml"
    line = linked.read(sidecar).splitlines().index("<<<<<<< HEAD") + 1
    ran = linked.labelmeta("check", code=2)
    assert f"{sidecar}:{line}:1" in ran.out
    assert "merge conflict markers" in ran.out
    assert "LM105" in ran.out
    assert "data/test.csv" in ran.out
    shut = linked.labelmeta("gate", "data/train.csv", code=2).err
    assert f"{sidecar}:{line}:1" in shut
    assert (
        f"{sidecar} has merge conflict markers"
        in linked.labelmeta("link", "data/train.csv", code=2).err
    )
    linked.labelmeta("link", "data/dev.csv", "--guideline", "tone@HEAD")
    assert "      - data/train.csv\n" in linked.read("labelmeta/dvc.yaml")


def test_monorepo_with_a_shared_guideline(new_repo: Callable[[str], Repo]) -> None:
    repo = new_repo("mono")
    repo.write("guidelines/tone/guideline.yaml", repo.guideline_yaml("tone", "1.0.0"))
    for name in ("a", "b"):
        root = f"teams/{name}"
        (repo.path / root).mkdir(parents=True)
        repo.run("python", "-m", "dvc", "init", "-q", "--subdir", cwd=root)
        repo.write(
            f"{root}/labelmeta.yaml",
            "version: 1\nguidelines:\n  tone: {path: ../../guidelines/tone}\n",
        )
        repo.write(f"{root}/data/train.csv", f"of {name}\n")
        repo.write(f"{root}/data/deep/x.csv", f"of {name}\n")
    repo.commit("Two teams")
    repo.labelmeta("link", "train.csv", "deep/x.csv", cwd="teams/a/data")
    repo.labelmeta("--root", "teams/b", "link", "data/train.csv")
    paths = repo.git("status", "--porcelain", "-uall").split()[1::2]
    ledgers = [path for path in paths if "/labelmeta/ledger/" in path]
    assert [sum(f"teams/{name}/" in path for path in ledgers) for name in ("a", "b")] == [6, 4]
    assert [path for path in paths if path not in ledgers] == [
        "teams/a/.gitattributes",
        "teams/a/data/deep/x.csv.labelmeta.yaml",
        "teams/a/data/train.csv.labelmeta.yaml",
        "teams/a/labelmeta/dvc.yaml",
        "teams/a/labelmeta/gates/data/deep/x.csv.json",
        "teams/a/labelmeta/gates/data/train.csv.json",
        "teams/b/.gitattributes",
        "teams/b/data/train.csv.labelmeta.yaml",
        "teams/b/labelmeta/dvc.yaml",
        "teams/b/labelmeta/gates/data/train.csv.json",
    ]
    repo.commit("Link")
    for cwd in ("teams/a", "teams/a/data/deep", "teams/b/labelmeta/gates"):
        assert repo.labelmeta("check", cwd=cwd).out.endswith("aligned\n")
    assert (
        "gate open: data/deep/x.csv" in repo.labelmeta("gate", "x.csv", cwd="teams/a/data/deep").out
    )

    repo.write("guidelines/tone/guide.md", "Not agreed yet.\n")
    assert "LM108" in repo.labelmeta("check", cwd="teams/b", code=None).out
    assert (
        "uncommitted changes in ../../guidelines/tone"
        in repo.labelmeta("link", "data/train.csv", cwd="teams/a", code=2).err
    )
    repo.bump("2.0.0", "delighted")
    for name, count in (("a", 2), ("b", 1)):
        out = repo.labelmeta("--root", f"teams/{name}", "check", code=1).out
        assert out.count("LM105") == count
        sarif = repo.labelmeta("--root", f"teams/{name}", "check", "--format", "sarif", code=1).out
        assert f"teams/{name}/data/train.csv.labelmeta.yaml" in sarif
    repo.labelmeta("link", "--all", cwd="teams/a/data")
    assert "LM105" not in repo.labelmeta("check", cwd="teams/a", code=None).out
    assert "LM105" in repo.labelmeta("check", cwd="teams/b", code=1).out
    err = repo.labelmeta("check", code=2).err
    assert "no labelmeta.yaml" in err


PIPELINE = """\
stages:
  raw:
    cmd: echo 1 > raw.csv
    outs: [raw.csv]
  never:
    cmd: echo 1 > never.csv
    outs: [never.csv]
  each:
    foreach: [one, two]
    do:
      cmd: echo ${item} > each/${item}.csv
      outs: ["each/${item}.csv"]
  grid:
    matrix: {size: [s, m], lang: [en]}
    cmd: echo ${item.size} > grid/${item.size}-${item.lang}.csv
    outs: ["grid/${item.size}-${item.lang}.csv"]
  bench:
    cmd: echo 1 > test.csv
    outs: [test.csv]
"""


def test_outputs_of_stages_and_imported_data(new_repo: Callable[[str], Repo]) -> None:
    source = new_repo("source")
    source.dvc("init", "-q")
    source.write("shared.csv", "imported\n")
    source.dvc("add", "-q", "shared.csv")
    source.commit("Data")
    repo = small(new_repo)
    repo.dvc("init", "-q")
    for folder in ("each", "grid"):
        repo.write(f"{folder}/.gitkeep", "")
    repo.write("dvc.yaml", PIPELINE)
    repo.dvc("import", "-q", str(source.path), "shared.csv")
    repo.dvc("repro", "-q", "raw", "each", "grid", "bench")
    repo.commit("Pipeline")

    err = repo.labelmeta("link", "never.csv", "--guideline", "g", code=2).err
    assert "run the stage that makes it" in err
    splits = ["raw.csv", "each/one.csv", "grid/m-en.csv", "test.csv", "shared.csv"]
    out = repo.labelmeta("link", *splits, "--guideline", "g").out
    assert "test.csv -> g" in out
    assert "frozen, as it is a test split" in out
    for split, stage in (("raw", "raw"), ("each/one", "each@one"), ("grid/m-en", "grid@m-en")):
        sidecar = repo.read(f"{split}.csv.labelmeta.yaml")
        assert "pin: stage" in sidecar
        assert f"dvc.yaml:{stage}" in sidecar
    for split in ("test", "shared"):
        assert "pin: exact" in repo.read(f"{split}.csv.labelmeta.yaml")
    repo.commit("Link")
    assert repo.codes(code=0) == []

    lock = repo.read("dvc.lock")
    for split in ("raw.csv", "each/one.csv", "test.csv"):  # as another run would record them
        at = lock.index("md5: ", lock.index(f"path: {split}")) + 5
        lock = lock[:at] + "f" * 32 + lock[at + 32 :]
    repo.write("dvc.lock", lock)
    found = {(f["code"], f["split"], f["severity"]) for f in repo.findings(code=1)}
    assert ("LM106", "raw.csv", "note") in found
    assert ("LM106", "each/one.csv", "note") in found
    assert ("LM113", "test.csv", "error") in found
    assert not any(split == "shared.csv" for _, split, _ in found)
    assert "gate open" in repo.labelmeta("gate", "raw.csv").out
    assert "gate shut" in repo.labelmeta("gate", "test.csv", code=1).err
