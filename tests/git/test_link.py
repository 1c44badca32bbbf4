"""`link`, `mv` and `unlink`: what is refused, what is kept, two at once, and a kill at any write."""

from __future__ import annotations

import hashlib
from concurrent.futures import ThreadPoolExecutor

import pytest

from dvc_labelmeta.model.event import opening, person_path
from tests.killed import killed
from tests.repo import Repo

pytestmark = pytest.mark.inside

TRAIN = "data/train.csv.labelmeta.yaml"
GATE = "labelmeta/gates/data/train.csv.json"
GATES = "labelmeta/dvc.yaml"


def written(repo: Repo) -> dict[str, bytes]:
    """Every file but Git's, DVC's and what Git ignores, by path."""
    names = repo.git("ls-files", "-z", "--cached", "--others", "--exclude-standard").split("\0")
    files = {name: repo.path / name for name in names if name}
    return {name: file.read_bytes() for name, file in files.items() if file.is_file()}


def refused(repo: Repo, *args: str) -> str:
    """Run `labelmeta link ARGS`; it must refuse, write nothing, and show no traceback."""
    before = written(repo)
    ran = repo.labelmeta("link", *args, code=2)
    assert "Traceback" not in ran.err
    assert written(repo) == before
    return ran.err


def test_every_refusal_says_why_and_writes_nothing(project: Repo) -> None:
    tone = ("--guideline", "tone")
    err = refused(project, "data/nothing.csv", *tone)
    assert "data/nothing.csv is tracked neither by DVC nor by Git: `dvc add` it first" in err
    assert "did you mean data/train.csv?" in refused(project, "train.csv", *tone)
    assert "labelmeta.yaml lists no guideline 'mood'; it lists tone, prose" in refused(
        project, "data/train.csv", "--guideline", "mood"
    )
    assert "say which guideline: --guideline tone | prose" in refused(project, "data/train.csv")
    assert "no commit 'v9'" in refused(project, "data/train.csv", "--guideline", "tone@v9")
    assert "is no revision" in refused(project, "data/train.csv", "--guideline", "tone@--all")
    assert "outside the project" in refused(project, "../other.csv", *tone)
    assert "--mode strict: choose one of" in refused(
        project, "data/train.csv", *tone, "--mode", "strict"
    )
    assert "name the splits" in refused(project)

    project.git("checkout", "-q", "-b", "draft")
    project.bump("2.0.0", "delighted")
    project.git("checkout", "-q", "main")
    err = refused(project, "data/train.csv", "--guideline", "tone@draft")
    assert "not in the history of HEAD" in err
    assert "--allow-unmerged" in err

    project.write("guidelines/tone/guide.md", "# Tone\n\nNot yet agreed.\n")
    err = refused(project, "data/train.csv", *tone)
    assert "guideline 'tone' has uncommitted changes in guidelines/tone" in err
    assert "--guideline tone@HEAD" in err
    project.git("add", "guidelines")
    assert "uncommitted changes" in refused(project, "data/train.csv", *tone)
    project.labelmeta("link", "data/train.csv", "--guideline", "tone@HEAD")
    assert project.codes("data/train.csv", "--fail-on", "error") == ["LM114", "LM120"]

    project.labelmeta("link", "data/dev.csv", "--guideline", "tone@draft", "--allow-unmerged")
    assert "LM109" in project.codes("data/dev.csv")


def test_data_that_is_not_what_dvc_recorded_is_refused(project: Repo) -> None:
    project.write("images/a.txt", "one\n")
    project.write("images/sub/b.txt", "two\n")
    project.dvc("add", "-q", "images")
    project.labelmeta("link", "images", "--guideline", "tone")
    err = refused(project, "images/sub", "--guideline", "tone")
    assert "images/sub is inside images, which DVC tracks as a folder: link images" in err

    project.write("images/a.txt", "changed\n")
    project.write("data/train.csv", "id,text,label\n1,edited,pos\n")
    err = refused(
        project, "images", "data/train.csv", "data/nothing.csv", "images/a.txt", "--guideline", "tone"
    )  # fmt: skip
    for reason in (
        "images differs from what DVC recorded: run `dvc add` or `dvc commit` first",
        "data/train.csv differs from what DVC recorded",
        "data/nothing.csv is tracked neither by DVC nor by Git",
        "images/a.txt is inside images",
    ):
        assert reason in err
    (project.path / "data/train.csv").unlink()  # not pulled: the record is all there is
    project.labelmeta("link", "data/train.csv", "--guideline", "tone")


def test_data_that_a_rollback_left_behind_is_checked_out_first(linked: Repo) -> None:
    first = linked.git("rev-parse", "HEAD")
    linked.write("data/train.csv", "id,text,label\n1,other,pos\n")
    linked.dvc("add", "-q", "data/train.csv")
    linked.labelmeta("link", "data/train.csv")
    linked.commit("Other data")
    linked.bump("2.0.0", "delighted")
    linked.labelmeta("rollback", "data/train.csv", "--to", first, "--with-data")
    assert (
        "data/train.csv is still what data/train.csv.dvc recorded before that was changed or rolled "
        "back: run `dvc checkout data/train.csv` first\n"
    ) in linked.labelmeta("link", "--all", code=2).err
    linked.dvc("checkout", "-q", "data/train.csv")
    linked.labelmeta("link", "--all")
    linked.write("data/train.csv", "id,text,label\n1,mine,pos\n")
    assert (
        "run `dvc add` or `dvc commit` first, or `dvc checkout data/train.csv` to get what "
        "data/train.csv.dvc records"
    ) in linked.labelmeta("link", "data/train.csv", code=2).err


def test_refusals_about_splits_and_guidelines_come_together(project: Repo) -> None:
    project.write("guidelines/tone/guide.md", "# Tone\n\nNot yet agreed.\n")
    project.write("data/dev.csv", "id,text,label\n1,edited,pos\n")
    err = refused(
        project, "data/train.csv", "data/dev.csv", "data/nothing.csv", "bad$.csv", "--guideline", "tone"
    )  # fmt: skip
    for reason in (
        "guideline 'tone' has uncommitted changes",
        "data/dev.csv differs",
        "data/nothing.csv is tracked neither",
        "bad$.csv",
    ):
        assert reason in err, reason


def test_what_the_tools_live_by_and_folders_around_data_are_no_splits(project: Repo) -> None:
    for path in (
        "dvc.yaml",
        "labelmeta.yaml",
        "labelmeta/dvc.yaml",
        ".dvc/config",
        "data/.gitignore",
    ):
        assert f"{path} is no data" in refused(project, path, "--guideline", "tone")
    for path in ("guidelines/tone", "guidelines/tone/guide.md", "guidelines/prose.md"):
        assert f"{path} is no data: guideline" in refused(project, path, "--guideline", "tone")
    held = "holds data that DVC tracks by itself: link that instead (data/dev.csv data/test.csv"
    assert f"data {held}" in refused(project, "data", "--guideline", "tone")
    assert f". {held}" in refused(project, ".", "--guideline", "tone")


def test_typing_errors_get_a_hint(project: Repo) -> None:
    err = refused(project, "data/trian.csv", "--guideline", "tone")
    assert "did you mean data/train.csv?" in err
    err = refused(project, "data/*.csv", "--guideline", "tone")
    assert "a pattern without quotes is filled in by the shell" in err


def test_a_committed_guideline_that_cannot_be_read_is_refused(project: Repo) -> None:
    project.write("guidelines/tone/guideline.yaml", "schema: labelmeta/guideline/v1\nid: tone\n")
    project.commit("Half written")
    err = refused(project, "data/train.csv", "--guideline", "tone")
    assert "guideline 'tone' cannot be read: guidelines/tone/guideline.yaml" in err
    project.labelmeta("link", "data/train.csv", "--guideline", "tone@HEAD~1")


def test_status_shows_what_the_pipeline_rules_found(linked: Repo) -> None:
    (linked.path / GATE).unlink()
    assert "LM119" in linked.labelmeta("status").text


def test_unlink_and_mv_name_the_stages_that_wait_for_a_gate_that_is_gone(linked: Repo) -> None:
    said = linked.labelmeta("unlink", "data/train.csv").text
    assert "note: train still depends on labelmeta/gates/data/train.csv.json" in said
    assert "note:" not in linked.labelmeta("unlink", "data/dev.csv").text


def test_the_next_command_is_short_and_fits_the_folder_it_is_typed_in(project: Repo) -> None:
    tone = ("--guideline", "tone")
    said = project.labelmeta("link", "dev.csv", *tone, cwd="data").text
    assert "next: git -C .. add labelmeta/dvc.yaml data/dev.csv.labelmeta.yaml" in said
    for number in range(6):
        project.write(f"more/{number}.csv", "id\n")
    project.commit("More data")
    said = project.labelmeta("link", *(f"more/{n}.csv" for n in range(6)), *tone).text
    assert "next: git add labelmeta '*.labelmeta.yaml'\n" in said
    project.git("add", "labelmeta", "*.labelmeta.yaml")
    assert project.git("ls-files", "--others", "--exclude-standard") == ""
    assert project.git("diff") == ""


def test_nothing_committed_yet(project: Repo) -> None:
    project.git("checkout", "-q", "--orphan", "empty")
    err = refused(project, "data/train.csv", "--guideline", "tone")
    assert "nothing is committed yet; commit the guideline first" in err or "uncommitted" in err
    assert "LM118" in project.codes(code=1)


def test_dry_run_and_a_second_run_write_nothing(project: Repo) -> None:
    before = written(project)
    splits = ["data/train.csv", "data/dev.csv", "data/test.csv"]
    dry = project.labelmeta("link", *splits, "--guideline", "tone", "--dry-run").out
    for path in (GATES, TRAIN, GATE):
        assert f" {path}\n" in dry
        assert "would " in dry
    assert written(project) == before

    project.labelmeta("link", *splits, "--guideline", "tone")
    after = written(project)
    assert after != before
    for again in (splits, ["data/dev.csv"], ["--all"], ["--repair"]):
        assert "nothing to change" in project.labelmeta("link", *again).out
    assert written(project) == after
    project.labelmeta("unlink", "data/dev.csv", "--dry-run")
    assert written(project) == after


def test_link_again_keeps_a_persons_text_byte_for_byte(project: Repo) -> None:
    project.labelmeta("link", "data/train.csv", "--guideline", "tone")
    text = project.read(TRAIN)
    head, layers = text.split("layers:\n")
    data = head[head.index("data:\n") :]
    person = (
        "# who to ask: the data team\n"
        "x-ticket:   'DATA-7'   # kept as typed\n"
        "layers:   # one so far\n" + layers.rstrip("\n") + "   # do not touch\n\n"
        + data.replace("data:\n", "data:\n  # the file beside this one\n")
        + "x-notes: |\n  first line\n   second\n"
        "owners: [ data-team,  'eve' ]\n"
        "split: train\nschema: labelmeta/sidecar/v1\ndataset: 'data' # quoted\n# the end"
    )  # fmt: skip
    project.write(TRAIN, person)
    project.commit("Tidy up")
    assert "nothing to change" in project.labelmeta("link", "data/train.csv").out
    old = project.git("rev-parse", "HEAD~1"), project.git("rev-parse", "HEAD~1:guidelines/tone")
    new_commit = project.bump("1.1.0", "content")
    new = new_commit, project.git("rev-parse", "HEAD:guidelines/tone")
    project.labelmeta("link", "data/train.csv")
    expected = person.replace('"1.0.0"', '"1.1.0"').replace(old[0], new[0]).replace(old[1], new[1])
    assert project.read(TRAIN) == expected
    assert expected != person


def test_two_links_at_once_both_end_up_in_the_stage(project: Repo) -> None:
    splits = ["data/train.csv", "data/dev.csv", "data/test.csv"]

    def run(split: str) -> int:
        return Repo(project.path).labelmeta("link", split, "--guideline", "tone").code

    with ThreadPoolExecutor(3) as pool:
        assert list(pool.map(run, splits)) == [0, 0, 0]
    gates = project.read(GATES)
    assert all(f"      - {split}\n" in gates for split in splits)
    project.git("add", "-A")
    assert project.codes(code=0) == ["LM120"]  # the stage `train` is not gated in this fixture
    assert "nothing to change" in project.labelmeta("link", *splits).out


def kill_at_every_write(repo: Repo, *command: str) -> int:
    """Kill the command before its n-th write, for every n; then run it again undisturbed.

    Each file must be the old or the new one after the kill, and all new after the second run.
    """
    before = written(repo)
    repo.labelmeta(*command)
    after = written(repo)
    assert after != before
    for number in range(100):
        for name in after.keys() - before.keys():
            (repo.path / name).unlink(missing_ok=True)
        for name, content in before.items():
            repo.write(name, content)
        ended = killed(repo, number, *command)
        if ended.code == 0:
            assert written(repo) == after
            return number
        assert ended.code == 9, ended.err
        left = written(repo)
        for name, content in left.items():
            if not name.endswith(".tmp"):
                assert content in {before.get(name), after.get(name)}, name
        assert before.keys() & after.keys() <= left.keys()
        ran = repo.labelmeta(*command, code=None)
        assert written(repo) == after, (number, ran.text)
    raise AssertionError("it never finished")


def test_kill_between_any_two_writes_of_link(project: Repo) -> None:
    (project.path / ".gitattributes").unlink()
    content = opening("Ada <ada@example.org>", "0" * 32)  # so that no new salt is thrown
    project.write(person_path(hashlib.sha256(content).hexdigest()), content)
    project.commit("As before init")
    command = ("link", "data/train.csv", "data/dev.csv", "--guideline", "tone")
    assert kill_at_every_write(project, *command) >= 6 + 7  # of the ledger


def test_kill_between_any_two_writes_of_a_new_link(linked: Repo) -> None:
    linked.bump("1.1.0", "content")
    assert kill_at_every_write(linked, "link", "--all") >= 6 + 13
    linked.commit("Link")
    assert "LM105" not in linked.codes(code=0)


def test_kill_between_any_two_writes_of_unlink_and_mv(linked: Repo) -> None:
    linked.git("mv", "data/dev.csv.dvc", "data/val.csv.dvc")
    linked.write("data/val.csv.dvc", linked.read("data/val.csv.dvc").replace("dev.csv", "val.csv"))
    assert kill_at_every_write(linked, "mv", "data/dev.csv", "data/val.csv") >= 5 + 9
    linked.commit("Rename dev to val")
    assert kill_at_every_write(linked, "unlink", "data/train.csv") >= 3 + 7


def test_a_split_with_a_broken_sidecar_keeps_its_gate_stage(linked: Repo) -> None:
    linked.write("data/dev.csv.labelmeta.yaml", "schema: [\n")
    linked.bump("1.1.0", "content")
    linked.labelmeta("link", "data/train.csv")
    assert "      - data/dev.csv\n" in linked.read(GATES)
    linked.labelmeta("unlink", "data/test.csv")
    assert "      - data/dev.csv\n" in linked.read(GATES)
    linked.labelmeta("unlink", "data/dev.csv")
    assert "data/dev.csv" not in linked.read(GATES)


def test_unlink_and_mv(linked: Repo) -> None:
    linked.git("mv", "data/dev.csv.dvc", "data/val.csv.dvc")
    linked.write("data/val.csv.dvc", linked.read("data/val.csv.dvc").replace("dev.csv", "val.csv"))
    (linked.path / "data/dev.csv").rename(linked.path / "data/val.csv")
    assert "LM111" in linked.codes(code=1)
    old = linked.read("data/dev.csv.labelmeta.yaml")
    linked.labelmeta("mv", "data/dev.csv", "data/val.csv")
    moved = linked.read("data/val.csv.labelmeta.yaml")
    assert moved == old.replace("path: dev.csv", "path: val.csv").replace(
        "split: dev", "split: val"
    )
    assert not (linked.path / "data/dev.csv.labelmeta.yaml").exists()
    assert not (linked.path / "labelmeta/gates/data/dev.csv.json").exists()
    assert "data/dev.csv" not in linked.read(GATES)
    assert "data/val.csv" in linked.read(GATES)
    linked.commit("Rename dev to val")
    assert linked.codes(code=0) == []
    assert (
        "data/dev.csv is not linked" in linked.labelmeta("mv", "data/dev.csv", "x.csv", code=2).err
    )
    err = linked.labelmeta("mv", "data/val.csv", "data/test.csv", code=2).err
    assert "data/test.csv is linked already" in err

    linked.labelmeta("unlink", "data/val.csv")
    assert linked.git("status", "--porcelain", "--", ".", ":!labelmeta/ledger").splitlines() == [
        "D data/val.csv.labelmeta.yaml",
        " M labelmeta/dvc.yaml",
        " D labelmeta/gates/data/val.csv.json",
    ]
    linked.commit("Unlink val")
    assert linked.codes(code=0) == []
    assert "is not linked" in linked.labelmeta("unlink", "data/val.csv", code=2).err
