"""`labelmeta init` and `labelmeta guideline`: what they write, keep and refuse."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.inside import Inside
from tests.repo import Repo

pytestmark = pytest.mark.inside

WRITTEN = {".gitattributes", "labelmeta/dvc.yaml", "labelmeta.yaml"}


@pytest.fixture(scope="session")
def built_fresh(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A Git and DVC repository that knows nothing of labelmeta: one file, one folder, one stage."""
    repo = Repo(tmp_path_factory.mktemp("fresh") / "project")
    repo.path.mkdir()
    repo.git("init", "-q", "-b", "main")
    repo.dvc("init", "-q")
    repo.write("data/train.csv", "id,label\n1,a\n")
    repo.write("data/images/one.txt", "1\n")
    repo.dvc("add", "-q", "data/train.csv", "data/images")
    repo.write(
        "dvc.yaml",
        "stages:\n  prepare:\n    cmd: cp data/train.csv made.csv\n    deps: [data/train.csv]\n"
        "    outs: [made.csv]\n",
    )
    repo.dvc("repro", "-q")
    repo.commit("Add data")
    return repo.path


@pytest.fixture
def fresh(built_fresh: Path, tmp_path: Path) -> Repo:
    shutil.copytree(built_fresh, tmp_path / "project", symlinks=True)
    return Inside(tmp_path / "project")


def files(repo: Repo) -> dict[str, tuple[bytes, int]]:
    """Return bytes and time of change of each file outside .git, by path."""
    found = [p for p in repo.path.rglob("*") if p.is_file() and ".git" not in p.parts]
    return {
        p.relative_to(repo.path).as_posix(): (p.read_bytes(), p.stat().st_mtime_ns) for p in found
    }


def changed(repo: Repo) -> set[str]:
    """Return what Git calls new or changed."""
    return {line[3:] for line in repo.git("status", "--porcelain", "-uall").split("\n") if line}


def test_it_scaffolds_once_and_a_second_time_changes_nothing(fresh: Repo) -> None:
    before = files(fresh)
    shown = fresh.labelmeta("init", "--dry-run").out
    assert "would create labelmeta.yaml" in shown
    assert files(fresh) == before
    out = fresh.labelmeta("init").out
    guideline = {"guidelines/labels/guide.md", "guidelines/labels/guideline.yaml"}
    assert changed(fresh) == WRITTEN | guideline
    for line in ("  data/train.csv", "  data/images/", "  made.csv  (made by dvc.yaml:prepare)"):
        assert line in out.splitlines()
    assert "not linked (3)" in out
    assert "`dvc status -q` exits with 1 from now on" in out
    assert fresh.read(".labelmeta/.gitignore") == "*\n"
    assert "labelmeta/gates/** -text" in fresh.read(".gitattributes").splitlines()

    after = files(fresh)
    again = fresh.labelmeta("init", "--task", "span", "--gate", "single", "--id", "other")
    assert "nothing to change" in again.out
    assert "created" not in again.out
    assert files(fresh) == after, "bytes and times of change"
    assert "nothing to change" in fresh.labelmeta("init", cwd="data").out, "from any folder"
    assert files(fresh) == after

    fresh.commit("Add labelmeta")
    assert fresh.codes(code=0) == []
    assert fresh.dvc("repro", "-P").code == 0
    fresh.labelmeta("link", "data/train.csv", "data/images", "made.csv")
    fresh.labelmeta("stage", "require", "prepare")
    fresh.git("add", "-A")
    fresh.dvc("repro", "-P")
    fresh.commit("Link and run")
    assert fresh.codes(code=0) == []
    out = fresh.labelmeta("init").out
    assert "not linked" not in out


@pytest.mark.parametrize(
    ("task", "gate"),
    [
        ("classification", "always"),
        ("span", "single"),
        ("bbox", "cached"),
        ("prose", "single"),
        ("none", "cached"),
    ],
)
def test_each_template_is_valid_once_committed(fresh: Repo, task: str, gate: str) -> None:
    out = fresh.labelmeta("init", "--task", task, "--gate", gate, "--id", "my-task.v2").out
    assert f"gate: {gate} " in fresh.read("labelmeta.yaml")
    assert ("exits with 1" in out) == (gate != "cached")
    folder = {p for p in changed(fresh) if p.startswith("guidelines/")}
    wanted = {"prose": {"guide.md"}, "none": set()}.get(task, {"guide.md", "guideline.yaml"})
    assert folder == {f"guidelines/my-task.v2/{name}" for name in wanted}
    assert "{{" not in "".join(fresh.read(path) for path in changed(fresh))
    fresh.commit("Add labelmeta")
    unowned = [] if task in {"prose", "none"} else ["LM505"]  # the person who starts it has to say
    assert fresh.codes("--profile", "audit", code=0) == unowned
    assert fresh.labelmeta("--quiet", "check", "--fail-on", "note").text == ""
    if task == "none":
        listed = fresh.labelmeta("guideline", "list").out
        assert "lists no guideline" in listed
        refused = fresh.labelmeta("link", "data/train.csv", code=2)
        assert "say which guideline" in refused.err
        return
    fresh.labelmeta("link", "data/train.csv")
    fresh.labelmeta("stage", "require", "prepare")
    fresh.git("add", "-A")
    assert fresh.codes("--profile", "audit", code=0) == [*unowned, "LM506"]


def test_what_is_there_is_kept(fresh: Repo) -> None:
    fresh.write(".gitattributes", "*.png binary")
    fresh.write(".gitignore", "/made.csv\n*.tmp\n")
    fresh.write("guidelines/labels/mine.md", "# Mine\n")
    fresh.labelmeta("init")
    assert fresh.read(".gitattributes") == (
        "*.png binary\nlabelmeta/gates/** -text\nlabelmeta/ledger/** -text\n"
    )
    assert fresh.read(".gitignore") == "/made.csv\n*.tmp\n"
    assert changed(fresh) >= {"guidelines/labels/mine.md"}
    assert not (fresh.path / "guidelines/labels/guideline.yaml").exists()
    fresh.commit("Add labelmeta around a guideline of ours")
    assert fresh.codes(code=0) == []
    assert "labels" in fresh.labelmeta("guideline", "list").out


def test_an_existing_configuration_is_kept_and_obeyed(fresh: Repo) -> None:
    mine = "version: 1  # ours\ngate: single\nguidelines:\n  g: {path: g.md}\n"
    fresh.write("labelmeta.yaml", mine)
    fresh.write("g.md", "# G\n")
    fresh.labelmeta("init", "--id", "labels")
    assert fresh.read("labelmeta.yaml") == mine
    assert changed(fresh) == WRITTEN | {"g.md"}
    fresh.commit("Add labelmeta")
    assert "nothing to change" in fresh.labelmeta("stage", "sync").out, "written as it asks for"
    assert fresh.codes(code=0) == []


@pytest.mark.parametrize(
    ("options", "says"),
    [
        (("--task", "poetry"), "bbox, classification, prose, span"),
        (("--gate", "never"), "always, single, cached"),
        (("--id", "../up"), "is no id"),
        (("--id", ""), "is no id"),
        (("--id", "-x"), "is no id"),
    ],
)
def test_a_wrong_option_writes_nothing(fresh: Repo, options: tuple[str, str], says: str) -> None:
    refused = fresh.labelmeta("init", *options, code=2)
    assert says in refused.err
    assert changed(fresh) == set()


def test_outside_git_or_dvc_it_says_what_to_do(
    new_repo: Callable[[str], Repo], tmp_path: Path
) -> None:
    plain = Inside(tmp_path / "plain")
    plain.path.mkdir()
    refused = plain.labelmeta("init", code=2)
    assert "is in no DVC project; run `git init` and `dvc init` first" in refused.err
    only_git = new_repo("git")
    assert "dvc init --subdir" in only_git.labelmeta("init", code=2).err
    plain.dvc("init", "-q", "--no-scm")
    refused = plain.labelmeta("init", code=2)
    assert "is not in a Git repository; run `git init` first" in refused.err
    for repo in (plain, only_git):
        assert not (repo.path / "labelmeta.yaml").exists()
        assert not (repo.path / ".labelmeta").exists()
    assert "run `labelmeta init`" in only_git.labelmeta("check", code=2).err


def test_several_roots_in_one_repository(new_repo: Callable[[str], Repo]) -> None:
    top = new_repo("mono")
    for name in ("a", "b c"):
        one = Inside(top.path / name)
        one.path.mkdir()
        one.dvc("init", "-q", "--subdir")
        one.write("data/train.csv", f"id,label\n1,{name}\n")
        one.dvc("add", "-q", "data/train.csv")
        one.write(
            "ml/deep/dvc.yaml",
            "stages:\n  train:\n    cmd: cp ../../data/train.csv m.txt\n"
            "    deps: [../../data/train.csv]\n    outs: [m.txt]\n",
        )
        one.labelmeta("init", cwd="ml/deep")
        assert (one.path / "labelmeta.yaml").exists()
        top.commit(f"Set up {name}")
        one.labelmeta("link", "train.csv", cwd="data")
        one.labelmeta("stage", "require", "ml/deep/dvc.yaml:train")
        assert "../../labelmeta/gates/data/train.csv.json" in one.read("ml/deep/dvc.yaml")
        one.git("add", "-A")
        ran = one.dvc("repro", "-P")
        assert "gate open: data/train.csv (labels 0.1.0)" in ran.text
        assert "Running stage 'ml/deep/dvc.yaml:train'" in ran.text
        top.commit(f"Link {name}")
        assert one.codes(code=0) == []
    assert not (top.path / "labelmeta.yaml").exists()
    assert top.labelmeta("init", code=2).err
    a, b = Inside(top.path / "a"), Inside(top.path / "b c")
    text = a.read("guidelines/labels/guideline.yaml")
    a.write("guidelines/labels/guideline.yaml", text.replace('"0.1.0"', '"1.0.0"'))
    top.commit("A major version in a only")
    assert a.codes(code=1) == ["LM105", "LM203", "LM204"]
    assert b.codes(code=0) == []
    assert top.labelmeta("--root", "b c", "check").code == 0


def test_guidelines_are_made_listed_shown_and_logged(fresh: Repo) -> None:
    fresh.labelmeta("init", "--task", "none")
    config = fresh.read("labelmeta.yaml")
    shown = fresh.labelmeta("guideline", "new", "tone", "--task", "span", "--dry-run").out
    assert "would create guidelines/tone/guideline.yaml" in shown
    assert fresh.read("labelmeta.yaml") == config
    fresh.labelmeta("guideline", "new", "tone", "--task", "span")
    fresh.labelmeta("guideline", "new", "house-style", "--task", "prose")
    for id_, says in (("tone", "already"), ("a/b", "is no id"), ("x", "no guideline template")):
        task = ("--task", "poem") if id_ == "x" else ()
        assert says in fresh.labelmeta("guideline", "new", id_, *task, code=2).err
    listed = fresh.labelmeta("guideline", "list").out
    assert "not committed" in listed
    first = fresh.commit("Add two guidelines", "2026-02-01T09:00:00+00:00")
    assert fresh.codes(code=0) == []

    old = fresh.read("guidelines/tone/guideline.yaml")
    fresh.write("guidelines/tone/guideline.yaml", old.replace('"0.1.0"', '"0.2.0"'))
    assert "(edited)" in fresh.labelmeta("guideline", "list").out
    second = fresh.commit("Clarify\n\nLabelmeta-Change: minor", "2026-02-02T09:00:00+00:00")
    rows = [line.split() for line in fresh.labelmeta("guideline", "list").out.splitlines()]
    assert ["tone", "0.2.0", "active", "0", "guidelines/tone"] in rows
    rows = [line.split() for line in fresh.labelmeta("guideline", "log", "tone").out.splitlines()]
    assert rows[1][:6] == [second[:12], "2026-02-02", "0.2.0", "Ada", "-", "minor"]
    assert rows[2][:5] == [first[:12], "2026-02-01", "0.1.0", "Ada", "-"]
    assert len(rows) == 3

    guide = fresh.read("guidelines/tone/guide.md")
    shown = fresh.labelmeta("guideline", "show", "tone", "--rev", "HEAD~1").out
    assert shown == (
        f"--- guidelines/tone/guide.md ---\n{guide}--- guidelines/tone/guideline.yaml ---\n{old}"
    )
    assert 'version: "0.2.0"' in fresh.labelmeta("guideline", "show", "tone").out
    prose = fresh.labelmeta("guideline", "show", "house-style").out
    assert prose == fresh.read("guidelines/house-style/guide.md")
    for words in (("show", "nope"), ("log", "nope"), ("show", "tone", "--rev", "nope")):
        assert "nope" in fresh.labelmeta("guideline", *words, code=2).err
