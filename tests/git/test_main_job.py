"""The main job from outside: link, repro, a guideline change stops it, link anew, repro passes."""

from __future__ import annotations

from tests.repo import Repo


def test_aligned_repro_runs_only_the_gates(linked: Repo) -> None:
    before = linked.read("dvc.lock")
    ran = linked.dvc("repro", "-P")
    assert "gate open: data/train.csv (tone 1.0.0)" in ran.text
    assert "Stage 'train' didn't change, skipping" in ran.text
    assert linked.read("dvc.lock") == before
    assert linked.git("status", "--porcelain") == ""
    assert linked.codes(code=0) == []


def test_major_change_stops_repro_and_link_mends_it(linked: Repo) -> None:
    commit = linked.bump("2.0.0", "delighted", "Narrow pos")
    ran = linked.dvc("repro", code=None)
    assert ran.code != 0
    for words in ("LM105 outdated-guideline", "data/train.csv", "tone 1.0.0", "2.0.0", commit[:12]):
        assert words in ran.text
    assert "do not commit its deletion" in ran.text
    assert not (linked.path / "labelmeta/gates/data/train.csv.json").exists()
    assert "LM105" in linked.read(".labelmeta/reports/data/train.csv.txt")
    assert "Running stage 'train'" not in ran.text

    linked.labelmeta("link", "data/train.csv")
    ran = linked.dvc("repro")
    assert "Running stage 'train'" in ran.text


def test_patch_relink_retrains_nothing(linked: Repo) -> None:
    linked.bump("1.0.1", "pleased!", "Fix a typo")
    linked.labelmeta("link", "--all")
    ran = linked.dvc("repro", "-P")
    assert "Running stage 'train'" not in ran.text
    assert linked.codes(code=0) == []


def test_a_deleted_guideline_shuts_the_gate_and_an_edited_one_is_told(linked: Repo) -> None:
    linked.write("guidelines/tone/guide.md", "# Tone\n\nAnother text.\n")
    ran = linked.labelmeta("gate", "data/train.csv", code=0)
    assert "LM108 uncommitted-guideline" in ran.err
    assert "gate open: data/train.csv" in ran.out
    linked.git("rm", "-rqf", "guidelines/tone")
    linked.commit("Delete the guideline")
    assert "LM118 missing-guideline" in linked.labelmeta("gate", "data/train.csv", code=1).err
    assert not (linked.path / "labelmeta/gates/data/train.csv.json").exists()
