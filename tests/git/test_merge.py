"""Data that DVC's merge driver joined, and sidecars that lie where they must not."""

from __future__ import annotations

from pathlib import Path

from tests.repo import Repo


def test_a_hash_made_by_the_merge_driver_is_told_from_a_changed_one(project: Repo) -> None:
    for name in ("a", "b"):
        project.write(f"data/images/{name}.txt", name)
    project.dvc("add", "-q", "data/images")
    project.commit("Add images")
    project.dvc("install")
    project.git("config", "core.hooksPath", "none")  # its hooks; only the driver is wanted
    project.write(".gitattributes", project.read(".gitattributes") + "*.dvc merge=dvc\n")
    project.labelmeta("link", "data/images", "--guideline", "tone")
    project.commit("Link images")
    project.git("switch", "-q", "-c", "side")
    project.write("data/images/c.txt", "c")
    project.dvc("add", "-q", "data/images")
    project.commit("One side adds c")
    project.git("switch", "-q", "main")
    project.dvc("checkout", "-q", "data/images.dvc")
    project.write("data/images/d.txt", "d")
    project.dvc("add", "-q", "data/images")
    project.commit("The other side adds d")
    scripts = project._environment()["PATH"]
    project.git("merge", "-q", "-m", "Merge side", "side", PATH=scripts)
    assert project.git("rev-list", "--parents", "-1", "HEAD").count(" ") == 2

    (finding,) = [f for f in project.findings(code=1) if f["split"] == "data/images"]
    assert finding["code"] == "LM116"
    assert project.git("rev-parse", "HEAD")[:12] in finding["message"]
    assert finding["path"] == "data/images.dvc"

    project.dvc("checkout", "-q", "data/images.dvc")
    project.labelmeta("link", "data/images")
    assert project.codes() == []


def test_a_sidecar_inside_a_dvc_folder_is_found_though_git_ignores_it(project: Repo) -> None:
    project.write("data/images/a.txt", "a")
    project.dvc("add", "-q", "data/images")
    project.commit("Add images")
    project.labelmeta("link", "data/images", "--guideline", "tone")
    project.commit("Link images")
    inside = project.read("data/images.labelmeta.yaml")
    project.write("data/images/a.txt.labelmeta.yaml", inside)
    assert project.git("status", "--porcelain") == ""
    assert "LM115" in project.codes(code=1)


def test_many_changed_splits_are_one_question_to_git(linked: Repo, tmp_path: Path) -> None:
    for split in ("train", "dev", "test"):
        path = f"data/{split}.csv.dvc"
        linked.write(path, linked.read(path).replace("md5: ", "md5: 0", 1)[:-1] + "\n")
        old = linked.read(path).split("md5: ", 1)[1].split("\n", 1)[0]
        linked.write(path, linked.read(path).replace(old, old[:32], 1))
    linked.commit("Change all data")
    trace = tmp_path / "trace"
    ran = linked.labelmeta("check", code=1, GIT_TRACE=str(trace))
    assert ran.out.count("error LM106") + ran.out.count("error LM113") == 3
    questions = [line for line in trace.read_text().splitlines() if "built-in: git log" in line]
    assert len([line for line in questions if "--merges" in line]) == 1
    assert not [line for line in questions if "log -1" in line]
