"""`dvc exp run` in the workspace, in temporary copies and from the queue, with gates in the way."""

from __future__ import annotations

import csv
import io
from pathlib import Path

import pytest

from tests.git.pipelines import gate_of, gates, pipeline
from tests.repo import Repo

MADE = gate_of("data/made.csv")
OTHER = gate_of("data/other.csv")


@pytest.fixture
def piped(tmp_path_factory: pytest.TempPathFactory, tmp_path: Path) -> Repo:
    return pipeline(tmp_path_factory, tmp_path / "project")


def experiments(repo: Repo) -> dict[str, dict[str, str]]:
    """Return what `dvc exp show` lists, by name; without workspace and branches."""
    rows = csv.DictReader(io.StringIO(repo.dvc("exp", "show", "--csv").out))
    return {row["Experiment"]: row for row in rows if row["Experiment"]}


@pytest.mark.slow
def test_a_sweep_over_a_stage_that_makes_a_split_passes_its_gates(piped: Repo) -> None:
    before = gates(piped)
    queued = piped.dvc("exp", "run", "--queue", "-S", "prepare.seed=1,2")
    assert queued.out.count("Queued experiment") == 2
    done = piped.dvc("exp", "run", "--run-all")
    assert done.text.count("gate open: data/made.csv") == 2
    found = experiments(piped)
    assert sorted(row["prepare.seed"] for row in found.values()) == ["1", "2"]
    assert {row["State"] for row in found.values()} == {"Success"}
    assert len({row[MADE] for row in found.values()}) == 2, "each has a gate of its own"
    assert len({row[OTHER] for row in found.values()}) == 1
    assert gates(piped) == before
    assert piped.git("status", "--porcelain") == ""

    name = next(name for name, row in found.items() if row["prepare.seed"] == "2")
    piped.dvc("exp", "apply", name)
    assert [(f["code"], f["severity"]) for f in piped.findings(code=0)] == [("LM106", "note")]
    assert "seed: 2" in piped.read("data/made.csv")
    piped.commit("Take the second")
    assert piped.codes(code=0) == ["LM106"]
    piped.labelmeta("link", "data/made.csv")
    assert piped.codes(code=0) == []


def test_an_experiment_in_a_copy_and_in_the_workspace(piped: Repo) -> None:
    done = piped.dvc("exp", "run", "--temp", "-n", "aside", "-S", "prepare.seed=6")
    assert "gate open: data/made.csv" in done.text
    assert piped.git("status", "--porcelain") == ""
    done = piped.dvc("exp", "run", "-n", "here", "-S", "prepare.seed=5")
    assert "Running stage 'train'" in done.text
    assert "note LM106 changed-data" in done.err, "new data of a pinned stage is a note"
    assert piped.git("branch", "--show-current") == "main"
    assert piped.codes(code=0) == ["LM106"]
    found = experiments(piped)
    assert {name: row["prepare.seed"] for name, row in found.items()} == {"aside": "6", "here": "5"}


@pytest.mark.parametrize("where", [(), ("--temp",)])
def test_a_shut_gate_fails_an_experiment(piped: Repo, where: tuple[str, ...]) -> None:
    piped.bump("2.0.0", "delighted")
    done = piped.dvc("exp", "run", *where, "-S", "prepare.seed=8", code=255)
    assert "LM105 outdated-guideline" in done.err
    assert "HEAD has 2.0.0" in done.err
    assert "Running stage 'prepare'" not in done.text
    refs = piped.git("for-each-ref", "--format=%(refname)", "refs/exps/").splitlines()
    assert [ref for ref in refs if not ref.startswith("refs/exps/exec/")] == []
    assert piped.git("branch", "--show-current") == "main"
    assert (gate_of("data/raw.csv") in gates(piped)) == bool(where), "a copy leaves ours alone"
    report = piped.path / ".labelmeta/reports/data/raw.csv.txt"
    assert report.exists() != bool(where)


def test_a_split_that_git_does_not_track_fails_in_a_copy(piped: Repo) -> None:
    piped.write("data/new.csv", "id,text,label\n")
    piped.dvc("add", "-q", "data/new.csv")
    piped.git("add", "data")
    piped.labelmeta("link", "data/new.csv", "--guideline", "tone")
    piped.write(
        "dvc.yaml",
        piped.read("dvc.yaml") + "  new:\n    cmd: cp data/new.csv new.txt\n    outs: [new.txt]\n"
        f"    deps: [data/new.csv, {gate_of('data/new.csv')}]\n",
    )
    assert piped.codes(code=1) == ["LM114"]
    done = piped.dvc("exp", "run", "--temp", "new", code=255)
    assert "data/new.csv has no sidecar" in done.err
    piped.git("add", "-A")
    assert "gate open: data/new.csv" in piped.dvc("exp", "run", "--temp", "new").text


def test_an_applied_experiment_whose_link_was_not_kept(piped: Repo) -> None:
    piped.write("data/other.csv", "id,text,label\n3,fine,pos\n")
    piped.dvc("add", "-q", "data/other.csv")
    piped.labelmeta("link", "data/other.csv")
    piped.dvc("exp", "run", "-q", "-n", "tried")
    piped.git("checkout", "-q", ".")
    piped.dvc("exp", "apply", "-q", "tried")
    assert piped.codes(code=0) == [], "the experiment brings its own sidecar and gate"
    piped.git("checkout", "-q", "--", "data", "labelmeta")
    found = piped.findings(code=1)
    assert [(f["code"], f["severity"], f["split"]) for f in found] == [
        ("LM403", "note", "data/other.csv"),
        ("LM122", "error", "data/other.csv"),
    ]
    piped.commit("Commit its dvc.lock alone")
    assert piped.codes(code=1) == ["LM122", "LM403"]


@pytest.mark.slow
def test_a_shut_gate_fails_a_queued_experiment_though_dvc_exits_with_0(piped: Repo) -> None:
    piped.bump("2.0.0", "delighted")
    before = gates(piped)
    piped.dvc("exp", "run", "-q", "--queue", "-S", "prepare.seed=4")
    done = piped.dvc("exp", "run", "--run-all", code=0)
    assert "LM105 outdated-guideline" in done.text
    assert "Failed to reproduce experiment(s)" in done.text
    assert piped.dvc("queue", "status").out.count("Failed") == 1
    assert gates(piped) == before


def test_overriding_a_version_of_a_sidecar_does_not_open_its_gate(piped: Repo) -> None:
    piped.labelmeta("stage", "require", "train", "--params")
    piped.git("add", "-A")
    key = "data/made.csv.labelmeta.yaml:layers.labels.guideline.version"
    done = piped.dvc("exp", "run", "-S", f"{key}=1.0", code=255)
    assert "must be text, not 1.0; put it in quotes" in done.err
    assert "Running stage 'train'" not in done.text
    piped.git("checkout", "-q", "data", "labelmeta")
    done = piped.dvc("exp", "run", "-S", f"{key}=9.9.9", code=255)
    assert "LM104" in done.err
