"""The gate stage under real `dvc repro`: what runs, what stops, what is left on disk."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from dvc_labelmeta.cli import gate
from dvc_labelmeta.errors import Refused
from dvc_labelmeta.write.edits import lock
from tests.git.pipelines import SPLITS, gate_of, gates, pipeline
from tests.repo import Repo

NEW = "id,text,label\n3,fine,pos\n"


@pytest.fixture
def piped(tmp_path_factory: pytest.TempPathFactory, tmp_path: Path) -> Repo:
    return pipeline(tmp_path_factory, tmp_path / "project")


def ran(text: str) -> list[str]:
    """Return the stages that DVC ran, in order; gates by the name of their split."""
    return [
        line.split("'")[1].removeprefix("labelmeta/dvc.yaml:")
        for line in text.splitlines()
        if line.startswith("Running stage")
    ]


def test_an_aligned_pipeline_runs_its_gates_in_order_and_changes_no_byte(piped: Repo) -> None:
    before = gates(piped), piped.read("dvc.lock"), piped.read("labelmeta/dvc.lock")
    done = piped.dvc("repro", "train", "other")
    assert ran(done.text) == ["gate@data/raw.csv", "gate@data/made.csv", "gate@data/other.csv"]
    assert (gates(piped), piped.read("dvc.lock"), piped.read("labelmeta/dvc.lock")) == before
    assert piped.git("status", "--porcelain") == ""

    forced = ran(piped.dvc("repro", "-f", "train").text)
    assert forced == ["gate@data/raw.csv", "prepare", "gate@data/made.csv", "train"]
    assert gates(piped) == before[0]
    assert piped.dvc("status", "-q", code=None).code == 1, "what `init` warns of"


def test_a_gate_holds_what_must_retrain_and_nothing_else(piped: Repo) -> None:
    assert sorted(gates(piped)) == [gate_of(split) for split in SPLITS]
    value = json.loads(piped.read(gate_of("data/made.csv")))
    assert set(value) == {"schema", "split", "data", "layers"}
    assert value["data"]["value"] in piped.read("dvc.lock")
    assert value["layers"] == {"labels": {"guideline": "tone", "version": "1.0"}}
    assert piped.git("rev-parse", "HEAD")[:7] not in piped.read(gate_of("data/made.csv"))


def test_changed_data_shuts_only_its_own_gate_and_restoring_it_retrains_nothing(
    piped: Repo,
) -> None:
    old, before = piped.read("data/other.csv"), gates(piped)
    piped.write("data/other.csv", NEW)
    done = piped.dvc("repro", "-k", code=255)
    assert "LM106 changed-data" in done.err
    assert "do not commit its deletion" in done.err
    assert ran(done.text) == ["gate@data/raw.csv", "gate@data/made.csv", "gate@data/other.csv"]
    assert "Stage 'train' didn't change" in done.text, "another split goes on"
    report = piped.path / ".labelmeta/reports/data/other.csv.txt"
    assert "data/other.csv was linked with md5" in report.read_text()
    gone = gate_of("data/other.csv")
    assert gates(piped) == {path: gate for path, gate in before.items() if path != gone}
    assert piped.codes(code=1) == ["LM106"], "one fault is said once"

    piped.write("data/other.csv", old)
    done = piped.dvc("repro", "other")
    assert ran(done.text) == ["gate@data/other.csv"]
    assert "Stage 'other' didn't change" in done.text
    assert piped.git("status", "--porcelain") == ""
    assert not report.exists()


def test_new_data_linked_anew_retrains_what_uses_it(piped: Repo) -> None:
    piped.write("data/other.csv", NEW)
    refused = piped.labelmeta("link", "data/other.csv", code=2)
    assert "differs from what DVC recorded" in refused.err
    piped.dvc("add", "-q", "data/other.csv")
    piped.labelmeta("link", "data/other.csv")
    done = piped.dvc("repro")
    assert [name for name in ran(done.text) if "gate" not in name] == ["other"]
    assert piped.codes(code=0) == []


def test_another_minor_retrains_exactly_the_dependents(piped: Repo) -> None:
    piped.bump("1.1.0", "pleased or glad")
    warned = piped.dvc("repro")
    assert "warning LM105" in warned.err
    assert [name for name in ran(warned.text) if "gate" not in name] == []
    piped.labelmeta("link", "data/made.csv")
    done = piped.dvc("repro")
    assert [name for name in ran(done.text) if "gate" not in name] == ["train"]
    assert '"version": "1.1"' in piped.read(gate_of("data/made.csv"))
    assert '"version": "1.0"' in piped.read(gate_of("data/other.csv"))


def test_ignored_errors_leave_no_gate_and_a_check_that_fails(piped: Repo) -> None:
    piped.bump("2.0.0", "delighted")
    done = piped.dvc("repro", "--ignore-errors")
    assert "LM105" in done.err
    assert gates(piped) == {}
    assert set(piped.codes(code=1)) == {"LM105"}
    single = piped.dvc("repro", "-s", "other", code=255)
    assert gate_of("data/other.csv") in single.err, "DVC misses its dependency"
    piped.git("commit", "-q", "-a", "-m", "Everything, with the deleted gates")
    assert set(piped.codes(code=1)) == {"LM105"}
    piped.git("revert", "--no-edit", "HEAD~1")
    assert piped.codes(code=1) == ["LM119"] * 3, "the deletions were committed"
    assert "labelmeta gate data/made.csv, then git add" in piped.labelmeta("check", code=1).out


def test_without_the_command_the_gate_stays_shut(linked: Repo, tmp_path: Path) -> None:
    done = linked.dvc("repro", code=255, PATH=str(tmp_path), SHELL="/bin/sh")
    assert "exited with 127" in done.err
    assert gate_of("data/train.csv") not in gates(linked)
    assert "Running stage 'train'" not in done.text


def test_one_stage_for_all_gates(linked: Repo) -> None:
    before = gates(linked)
    assert linked.labelmeta("stage", "add", "gate-single").code == 0
    assert linked.read("labelmeta.yaml").endswith("gate: single\n")
    assert linked.codes(code=0) == []
    done = linked.dvc("repro")
    assert ran(done.text) == ["gate"]
    assert gates(linked) == before
    linked.commit("One gate stage")
    assert ran(linked.dvc("repro").text) == ["gate"]
    assert linked.git("status", "--porcelain") == ""

    linked.write("data/train.csv", NEW)
    done = linked.dvc("repro", code=255)
    assert ran(done.text) == ["gate"]
    assert gate_of("data/train.csv") not in gates(linked)
    assert len(gates(linked)) == 2, "the other splits are aligned"
    linked.git("checkout", "-q", ".")
    linked.labelmeta("stage", "add", "gate-always")
    assert linked.read("labelmeta.yaml").endswith("gate: always\n")
    assert "foreach" in linked.read("labelmeta/dvc.yaml")


def test_one_stage_for_all_gates_is_refused_where_it_would_be_a_circle(piped: Repo) -> None:
    before = piped.read("labelmeta.yaml")
    refused = piped.labelmeta("stage", "add", "gate-single", code=2)
    assert "data/made.csv is made by a stage that waits for a gate itself" in refused.err
    assert piped.read("labelmeta.yaml") == before
    assert piped.git("status", "--porcelain") == ""

    raw = f", {gate_of('data/raw.csv')}"
    piped.write("dvc.yaml", piped.read("dvc.yaml").replace(raw, ""))
    piped.labelmeta("stage", "add", "gate-single")
    assert ran(piped.dvc("repro").text) == ["gate"]
    refused = piped.labelmeta("stage", "require", "prepare", code=2)
    assert "would make a circle" in refused.err
    assert "already" in piped.labelmeta("stage", "require", "train").out

    piped.labelmeta("unlink", "data/made.csv")
    piped.write("dvc.yaml", piped.read("dvc.yaml").replace("[data/raw.csv", f"[data/raw.csv{raw}"))
    before = piped.git("status", "--porcelain")
    late = piped.labelmeta("link", "data/made.csv", "--guideline", "tone", code=2)
    assert "data/made.csv is made by a stage that waits for a gate itself" in late.err
    assert piped.git("status", "--porcelain") == before


def test_cached_gates_keep_status_quiet_and_still_see_a_new_guideline(linked: Repo) -> None:
    before = gates(linked)
    linked.labelmeta("stage", "add", "gate-cached")
    assert linked.codes(code=0) == []
    linked.dvc("repro", "-P")
    linked.commit("Cached gates")
    assert gates(linked) == before
    linked.dvc("status", "-q", code=0)

    linked.bump("2.0.0", "delighted")
    done = linked.dvc("repro", code=255)
    assert "LM105" in done.err
    assert gate_of("data/train.csv") not in gates(linked)
    again = linked.dvc("repro", code=255)
    assert "LM105" in again.err, "a failure is not remembered as a success"
    linked.git("revert", "--no-edit", "HEAD")
    assert ran(linked.dvc("repro", "-P").text) == ["gate@data/train.csv"]
    assert gates(linked) == before
    linked.dvc("status", "-q", code=0)

    linked.labelmeta("stage", "add", "gate-always")
    linked.dvc("status", "-q", code=1)
    unknown = linked.labelmeta("stage", "add", "gate-none", code=2)
    assert "gate-always.yaml, gate-cached.yaml, gate-single.yaml" in unknown.err


def test_gate_stages_are_listed_synced_and_removed(piped: Repo) -> None:
    shown = piped.labelmeta("stage", "list").out
    rows = [line.split() for line in shown.splitlines()]
    assert ["train", "data/made.csv", "yes"] in rows
    assert "gate-always, gate-cached, gate-single" in shown
    good = piped.read("labelmeta/dvc.yaml")
    assert "nothing to change" in piped.labelmeta("stage", "sync").out
    piped.write("labelmeta/dvc.yaml", good.replace("always_changed: true", "frozen: true"))
    assert "would change" in piped.labelmeta("stage", "sync", "--dry-run").out
    assert "frozen" in piped.read("labelmeta/dvc.yaml")
    piped.labelmeta("stage", "sync")
    assert piped.read("labelmeta/dvc.yaml") == good

    refused = piped.labelmeta("stage", "remove", code=2)
    assert "prepare, train, other" in refused.err
    stages = piped.read("dvc.yaml")
    for split in SPLITS:
        stages = stages.replace(f", {gate_of(split)}", "")
    piped.write("dvc.yaml", stages)
    assert ["train", "data/made.csv", "NO"] in [
        line.split() for line in piped.labelmeta("stage", "list").out.splitlines()
    ]
    piped.labelmeta("stage", "remove", "--dry-run")
    assert gates(piped)
    piped.labelmeta("stage", "remove")
    assert not gates(piped)
    assert not (piped.path / "labelmeta/dvc.yaml").exists()
    assert ran(piped.dvc("repro").text) == [], "taking a dependency away retrains nothing"
    assert piped.codes(code=0) == [], "a project without gates is no finding"
    piped.labelmeta("link", "--all")
    assert not gates(piped)
    would = piped.labelmeta("stage", "add", "gate-always", "--dry-run").out
    assert would == "would change labelmeta.yaml\nwould create labelmeta/dvc.yaml\n"
    piped.labelmeta("stage", "add", "gate-always")
    assert piped.read("labelmeta/dvc.yaml") == good


def test_a_clone_without_data_gets_it_and_passes(piped: Repo, tmp_path: Path) -> None:
    piped.dvc("remote", "add", "-q", "-d", "store", str(tmp_path / "store"))
    piped.commit("Add a remote")
    piped.dvc("push", "-q")
    piped.git("clone", "-q", str(piped.path), str(tmp_path / "clone"))
    clone = Repo(tmp_path / "clone")
    assert clone.codes(code=0) == [], "needs no data"
    done = clone.dvc("repro", "--pull", "--allow-missing")
    assert [name for name in ran(done.text) if "gate" not in name] == []
    assert clone.git("status", "--porcelain") == ""


def test_a_gate_outside_the_project_removes_no_file(linked: Repo) -> None:
    linked.write("package.json", "{}")
    linked.write("broken.dvc", "outs: [")  # a file that cannot be read concerns every split
    done = linked.labelmeta("gate", "../../package", code=2)
    assert "../../package is outside the project" in done.err
    assert linked.read("package.json") == "{}"


def test_a_link_made_while_a_gate_waited_for_the_lock_is_not_overwritten(
    linked: Repo, monkeypatch: pytest.MonkeyPatch
) -> None:
    linked.bump("1.1.0")
    path = linked.path / gate_of("data/train.csv")
    path.unlink()

    @contextmanager
    def after_a_link(root: str) -> Iterator[None]:
        linked.labelmeta("link", "data/train.csv")
        with lock(root):
            yield

    monkeypatch.setattr(gate, "lock", after_a_link)
    with pytest.raises(Refused, match="changed while it was checked"):
        gate.run(["--root", str(linked.path), "data/train.csv"])
    assert '"version": "1.1"' in path.read_text()
