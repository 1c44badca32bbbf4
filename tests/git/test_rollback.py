"""`rollback` from outside: metadata as they were, byte for byte; nothing else, and nothing lost."""

from __future__ import annotations

import json
import random
from collections.abc import Callable
from typing import Any

import pytest

from dvc_labelmeta.cli import app
from dvc_labelmeta.cli.main import funnel
from tests.lived import DEV, IN_DVC, IN_GIT, TRAIN, Past, lines
from tests.repo import Repo

pytestmark = pytest.mark.inside
TEST = "data/test.csv"
LOCKS = {"dvc.lock", "labelmeta/dvc.lock"}
RELEASES = "guidelines/tone.releases.yaml"
Ask = Callable[..., str]


@pytest.fixture
def repo(lived: Repo) -> Repo:
    return lived


@pytest.fixture
def rollback(repo: Repo, capsys: pytest.CaptureFixture[str]) -> Ask:
    """Run the command in this process and return all that it printed."""
    return asking(repo, capsys)


def asking(repo: Repo, capsys: pytest.CaptureFixture[str]) -> Ask:
    def ask(*args: str, code: int = 0) -> str:
        try:
            with funnel(), pytest.MonkeyPatch.context() as patch:
                patch.chdir(repo.path)
                found = app.run(["rollback", *args])
        except SystemExit as left:
            found = left.code  # type: ignore[assignment]  # a number, as in the funnel
        shown = capsys.readouterr()
        assert found == code, shown.out + shown.err
        return shown.out + shown.err

    return ask


def told(rollback: Ask, *args: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(rollback(*args, "--format", "json"))
    return found


def differing(repo: Repo, commit: str) -> set[str]:
    """Return the files that differ from a commit in the working tree, new ones among them.

    But for the ledger: it never goes back.
    """
    repo.git("add", "-A")
    rest = (":/", ":(exclude,glob)**/labelmeta/ledger/**")
    names = repo.git("diff", "--cached", "--name-only", commit, "--", *rest)
    return set(names.split("\n")) - {""}


def test_all_goes_back_byte_for_byte_and_training_follows(
    repo: Repo, past: Past, rollback: Ask
) -> None:
    said = rollback("tone", f"{repo.path}/{TRAIN}", f"{repo.path}/{DEV}", f"{repo.path}/{TEST}",
                    "--to", past.old, "--with-data")  # fmt: skip
    assert differing(repo, past.old) == {*LOCKS, RELEASES}
    assert repo.git("rev-parse", "HEAD") == past.new
    assert f"next: dvc checkout {TRAIN}" in said
    repo.dvc("checkout", "-q")
    assert repo.read(TRAIN).count("\n") == 3
    assert repo.read(IN_DVC) == lines("1.0.0")
    repo.commit("Go back")
    assert [c for c in repo.codes() if c in {"LM105", "LM110", "LM120"}] == []
    repo.dvc("repro", "-q", "train")
    assert "2,bad train" in repo.read("model.txt")


def test_a_guideline_goes_back_and_all_that_comes_apart_is_told(
    repo: Repo, past: Past, rollback: Ask
) -> None:
    found = told(rollback, "tone", "--to", "1.0.0", "--dry-run")
    (one,) = found["rollbacks"]
    assert differing(repo, past.new) == set()
    assert (one["kind"], one["to"]) == ("guideline", "1.0.0")
    (turn,) = one["turns"]
    assert [turn[side]["version"] for side in ("before", "after")] == ["2.0.0", "1.0.0"]
    assert turn["before"]["commit"] == past.reworded
    assert one["newer"] == [
        {
            "guideline": "tone",
            "versions": ["2.0.0"],
            "releases": ["2.0.0"],
            "approvals": [{"version": "2.0.0", "name": "Grace"}],
        }
    ]
    assert {w["split"]: w["records"] for w in one["wrong_again"]} == {
        TRAIN: {"2.0.0": 3},
        DEV: {"2.0.0": 1},
    }
    assert {a["split"] for a in one["apart"]} == {TRAIN, DEV, TEST}
    said = rollback("tone", "--to", "1.0.0")
    assert "  wrong again: 3 of data/train.csv labels (3 under 2.0.0)" in said
    assert f"after the commit: labelmeta link {TRAIN} --guideline tone" in said
    assert "stays listed in tone.releases.yaml: 2.0.0" in said
    assert not (repo.path / "guidelines/tone/cases.md").exists()
    same = repo.git("diff", past.old, "--", "guidelines/tone")
    assert same == ""
    assert differing(repo, past.new) == {f["path"] for f in found["files"]}
    assert rollback("tone", "--to", "1.0.0") == "nothing to change\n"
    repo.commit("Go back")
    repo.labelmeta("link", "--all")
    assert "tone 1.0.0" not in repo.read(f"{TRAIN}.labelmeta.yaml")
    assert 'version: "1.0.0"' in repo.read(f"{TRAIN}.labelmeta.yaml")


def test_a_split_goes_back_and_its_guideline_and_data_stay(
    repo: Repo, past: Past, rollback: Ask
) -> None:
    data = repo.read(f"{TRAIN}.dvc")
    said = rollback(f"{repo.path}/{TRAIN}", "--to", "1.0.0")
    own = {f"{TRAIN}.labelmeta.yaml", IN_GIT, f"labelmeta/gates/{TRAIN}.json"}
    assert differing(repo, past.new) == own
    assert own & differing(repo, past.old) == set()
    assert repo.read(f"{TRAIN}.dvc") == data
    assert "leave the records: 3 of data/train.csv labels (3 under 2.0.0)" in said
    assert f"to keep them together: labelmeta rollback {DEV} --to 1.0.0" in said
    assert f"labelmeta rollback tone {TRAIN} --to 1.0.0" in said
    assert "note: the data stays as it is" in said
    assert said.splitlines()[-1].startswith("next: git add data/train.csv")
    assert "LM105" in repo.labelmeta("check", code=None).out


def test_records_in_dvc_go_back_by_their_pointer(repo: Repo, past: Past, rollback: Ask) -> None:
    said = rollback(f"{repo.path}/{DEV}", "--to", past.old)
    assert f"next: dvc checkout {IN_DVC}" in said
    assert repo.git("diff", past.old, "--", f"{IN_DVC}.dvc") == ""
    assert repo.read(IN_DVC) == lines("1.0.0", "2.0.0")


def test_what_is_not_committed_is_never_overwritten(repo: Repo, past: Past, rollback: Ask) -> None:
    text = repo.read("guidelines/tone/guideline.yaml") + "# mine\n"
    repo.write("guidelines/tone/guideline.yaml", text)
    repo.write("guidelines/tone/notes.txt", "untracked, and nowhere in the past\n")
    said = rollback("tone", "--to", "1.0.0", code=2)
    assert "not committed: guidelines/tone/guideline.yaml; commit them" in said
    assert differing(repo, past.new) == {
        "guidelines/tone/guideline.yaml",
        "guidelines/tone/notes.txt",
    }
    repo.git("checkout", "-q", "HEAD", "--", "guidelines/tone/guideline.yaml")
    rollback("tone", "--to", "1.0.0")
    assert repo.read("guidelines/tone/notes.txt").startswith("untracked")


@pytest.mark.parametrize(
    ("name", "to", "reason"),
    [
        ("tone", "9.9.9", "no commit or release holds a version 9.9.9 of guideline 'tone'"),
        ("tone", "{none}", "guidelines/tone is not there at"),
        (TRAIN, "{none}", "data/train.csv.labelmeta.yaml is not there"),
        (TRAIN, "9.9.9", "it was linked to 2.0.0, 1.0.0"),
        ("data/none.csv", "HEAD", "data/none.csv.labelmeta.yaml is not there"),
    ],
)
def test_what_is_not_held_is_refused(
    repo: Repo, rollback: Ask, name: str, to: str, reason: str
) -> None:
    none = repo.git("commit-tree", "-m", "Nothing", repo.git("mktree"))
    path = name if name == "tone" else f"{repo.path}/{name}"
    assert reason in rollback(path, "--to", to.format(none=none), code=2)


def test_killed_at_any_point_a_second_run_comes_to_the_same(
    repo: Repo, past: Past, rollback: Ask
) -> None:
    args = ("tone", f"{repo.path}/{DEV}", "--to", past.old)
    files = [file["path"] for file in told(rollback, *args, "--dry-run")["files"]]
    rollback(*args)
    done = {path: content(repo, path) for path in files}
    for count in range(1, len(files)):
        repo.git("reset", "-q", "--hard")
        for path in files[:count]:
            put(repo, path, done[path])
        rollback(*args)
        assert {path: content(repo, path) for path in files} == done


def content(repo: Repo, path: str) -> str | None:
    return repo.read(path) if (repo.path / path).exists() else None


def put(repo: Repo, path: str, text: str | None) -> None:
    if text is None:
        (repo.path / path).unlink()
    else:
        repo.write(path, text)


def test_unlinked_splits_come_back_with_their_gate_stage(
    repo: Repo, past: Past, rollback: Ask
) -> None:
    for split in (DEV, TEST):
        repo.labelmeta("unlink", split)
    repo.commit("Unlink")
    assert DEV not in repo.read("labelmeta/dvc.yaml")
    rollback(f"{repo.path}/{DEV}", f"{repo.path}/{TEST}", "--to", past.new)
    assert differing(repo, past.new) == set()


def test_a_release_that_no_commit_of_the_history_holds(
    repo: Repo, past: Past, rollback: Ask
) -> None:
    repo.git("checkout", "-q", "-b", "aside")
    repo.bump("3.0.0", "overjoyed")
    object_ = repo.git("rev-parse", "HEAD:guidelines/tone")
    text = repo.read("guidelines/tone/guideline.yaml")
    repo.git("checkout", "-q", "main")
    repo.write(RELEASES, repo.read(RELEASES) + f'  "3.0.0": {{object: "{object_}"}}\n')
    repo.commit("List what was released")
    assert "tone: back to as released" in rollback("tone", "--to", "3.0.0")
    assert repo.read("guidelines/tone/guideline.yaml") == text


def test_data_that_a_stage_makes_goes_back_in_dvc_lock(
    new_repo: Callable[[str], Repo], capsys: pytest.CaptureFixture[str]
) -> None:
    repo = new_repo("staged")
    repo.write("tone.md", "Be careful.\n")
    repo.write("labelmeta.yaml", "version: 1\nguidelines:\n  tone: {path: tone.md}\n")
    repo.write("dvc.yaml", "stages:\n" + "".join(
        f"  {name}:\n    cmd: make {name}\n    outs: [{name}.csv]\n" for name in ("a", "b", "c")
    ))  # fmt: skip

    def lock(**values: str) -> str:
        return "schema: '2.0'\nstages:\n" + "".join(
            f"  {name}:\n    cmd: make {name}\n    outs:\n    - path: {name}.csv\n"
            f"      hash: md5\n      md5: '{value * 32}'\n      size: 7\n"
            for name, value in values.items()
        )

    repo.write("dvc.lock", lock(a="1", b="2", c="3"))
    repo.commit("Add")
    for name in ("b.csv", "c.csv"):
        repo.labelmeta("link", name, "--guideline", "tone", "--mode", "frozen")
    first = repo.commit("Link")
    repo.write("dvc.lock", lock(a="4", b="5", c="6"))
    repo.commit("Run")
    repo.labelmeta("link", "b.csv")
    repo.commit("Link again")
    ask = asking(repo, capsys)
    assert "dvc checkout b.csv" in ask(f"{repo.path}/b.csv", "--to", first, "--with-data")
    assert repo.read("dvc.lock") == lock(a="4", b="2", c="6")
    assert differing(repo, first) == {"dvc.lock"}
    assert ask(f"{repo.path}/b.csv", "--to", first, "--with-data") == "nothing to change\n"
    repo.git("reset", "-q", "--hard")
    both = (f"{repo.path}/b.csv", f"{repo.path}/c.csv", "--to", first, "--with-data")
    assert "dvc checkout b.csv c.csv" in ask(*both)
    assert repo.read("dvc.lock") == lock(a="4", b="2", c="3")
    repo.git("reset", "-q", "--hard")
    repo.write("dvc.lock", lock(a="4", b="7", c="6"))
    assert "dvc.lock has changes that are not committed" in ask(
        f"{repo.path}/b.csv", "--to", first, "--with-data", code=2
    )


def test_law_any_state_of_a_history_comes_back(
    new_repo: Callable[[str], Repo], capsys: pytest.CaptureFixture[str]
) -> None:
    """Files come and go at random; after a rollback to any commit they are as they were there."""
    repo, chance = new_repo("law"), random.Random(5)
    repo.write("labelmeta.yaml", "version: 1\nguidelines:\n  tone: {path: tone}\n")
    names = ("guideline.yaml", "a.md", "deep/b.md", "deep/er/ü c.md")
    commits = []
    for step in range(8):
        for name in names:
            path = repo.path / "tone" / name
            if chance.random() < 0.3:
                path.unlink(missing_ok=True)
            elif chance.random() < 0.6 or not path.parent.is_dir():
                text = Repo.guideline_yaml("tone", f"1.{step}.0")
                repo.write(f"tone/{name}", text if name == names[0] else f"\r\n{step}\n\0")
        repo.write(f"tone/kept-{step}", b"\xff")
        commits.append(repo.commit(f"Step {step}"))
    ask = asking(repo, capsys)
    for commit in commits:
        ask("tone", "--to", commit)
        assert differing(repo, commit) <= {".gitattributes"}
        repo.git("reset", "-q", "--hard")


def test_a_project_below_the_top_level_with_data_in_git(
    new_repo: Callable[[str], Repo], capsys: pytest.CaptureFixture[str]
) -> None:
    repo = new_repo("mono")
    sub = Repo(repo.path / "sub")
    sub.write("labelmeta.yaml", "version: 1\nguidelines:\n  tone: {path: ../rules/tone.md}\n")
    repo.write("rules/tone.md", "Be careful.\n")
    sub.write("data/a.csv", "1\n")
    repo.commit("Add")
    sub.labelmeta("link", "data/a.csv", "--guideline", "tone")
    first = repo.commit("Link")
    version = repo.git("rev-parse", "HEAD:rules/tone.md")[:12]
    repo.write("rules/tone.md", "Be careless.\n")
    sub.write("data/a.csv", "2\n")
    repo.commit("Reword")
    sub.labelmeta("link", "data/a.csv")
    repo.commit("Link again")
    ask = asking(sub, capsys)
    assert f"tone {version}" in ask("tone", "--to", version)
    assert repo.read("rules/tone.md") == "Be careful.\n"
    ask("tone", f"{sub.path}/data/a.csv", "--to", first, "--with-data")
    assert differing(repo, first) == set()
