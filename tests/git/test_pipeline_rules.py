"""The rules that read dvc.yaml, dvc.lock and the gates: how DVC is gone round, and who says so."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.git.pipelines import gate_of, gates, pipeline
from tests.repo import DVC, Repo

pytestmark = pytest.mark.inside

GATE = gate_of("data/other.csv")
STAGES = "labelmeta/dvc.yaml"
USERS = """\
  inside:
    cmd: cp box/a.txt inside.txt
    deps: [box/a.txt]
    outs: [inside.txt]
  above:
    cmd: ls . > above.txt
    deps: [boxes]
    outs: [above.txt]
  beside:
    cmd: cp boxes2.txt beside.txt
    deps: [boxes2.txt]
    outs: [beside.txt]
  elsewhere:
    wdir: data
    cmd: cp raw.csv ../elsewhere.txt
    deps: [raw.csv, ../labelmeta/gates/data/raw.csv.json]
    outs: [../elsewhere.txt]
  astray:
    wdir: data
    cmd: cp raw.csv ../astray.txt
    deps: [raw.csv]
    outs: [../astray.txt]
  each:
    foreach: [raw, other]
    do:
      cmd: cp data/${item}.csv each_${item}.txt
      deps: ['data/${item}.csv']
      outs: ['each_${item}.txt']
  keyed:
    foreach: {a: {of: raw}}
    do:
      cmd: cp data/${item.of}.csv keyed.txt
      deps: ['data/${item.of}.csv']
      outs: [keyed.txt]
  grid:
    matrix: {of: [other]}
    cmd: cp data/${item.of}.csv grid.txt
    deps: ['data/${item.of}.csv']
    outs: [grid.txt]
  elsewhere_said:
    foreach: ${of}
    do:
      cmd: cp data/${item}.csv said.txt
      deps: ['data/${item}.csv']
      outs: [said.txt]
vars:
  - more.yaml
"""
NEVER_RAN = {
    ("box", "inside"),
    ("boxes/inner", "above"),
    ("data/raw.csv", "astray"),
    ("data/raw.csv", "each@raw"),
    ("data/other.csv", "each@other"),
    ("data/raw.csv", "keyed@a"),
    ("data/other.csv", "grid@other"),
}


@pytest.fixture
def piped(tmp_path_factory: pytest.TempPathFactory, tmp_path: Path) -> Repo:
    return pipeline(tmp_path_factory, tmp_path / "project")


def named(repo: Repo, code: str) -> set[tuple[str, str]]:
    """Return (split, stage) of each finding with this code."""
    return {(f["split"], f["message"].split("'")[1]) for f in repo.findings() if f["code"] == code}


def relinked(repo: Repo) -> None:
    """Link other.csv anew to other data, as its owner does; run nothing."""
    repo.write("data/other.csv", "id,text,label\n3,fine,pos\n")
    repo.dvc("add", "-q", "data/other.csv")
    repo.labelmeta("link", "data/other.csv")


def test_a_stage_without_the_gate_is_found_in_any_form(piped: Repo) -> None:
    piped.write("box/a.txt", "a\n")
    piped.write("boxes/inner/b.txt", "b\n")
    piped.write("boxes2.txt", "c\n")
    piped.write("more.yaml", "of: [raw]\n")
    piped.write("dvc.yaml", piped.read("dvc.yaml") + USERS)
    piped.git("add", "-A")
    piped.labelmeta("link", "box", "boxes/inner", "--guideline", "tone")
    piped.git("add", "-A")
    assert named(piped, "LM120") == NEVER_RAN
    assert set(piped.codes(code=0)) == {"LM120"}, "a warning in profile link"
    assert set(piped.codes("--profile", "review", code=1)) == {"LM120"}

    piped.dvc("repro", "keyed", "grid", "elsewhere_said")
    said = {("data/raw.csv", "elsewhere_said@raw")}
    assert named(piped, "LM120") == NEVER_RAN | said, "dvc.lock resolves what another file says"
    place = next(f for f in piped.findings() if "'astray'" in f["message"])
    assert piped.read("dvc.yaml").splitlines()[place["line"] - 1] == "    wdir: data"


def test_a_missing_and_a_forged_gate(piped: Repo) -> None:
    good = piped.read(GATE)
    piped.git("rm", "-q", GATE)
    piped.commit("Commit the deletion that a failed check left")
    assert piped.codes(code=1) == ["LM119"]
    piped.labelmeta("gate", "data/other.csv")
    assert piped.read(GATE) == good
    (untracked,) = piped.findings(code=1)
    assert untracked["message"] == f"{GATE} is not tracked by Git"
    piped.git("add", "-A")
    assert piped.codes(code=0) == []

    piped.write(GATE, good.replace('"1.0"', '"2.0"'))
    assert piped.codes(code=1) == ["LM127"]
    piped.commit("Forge a gate")
    assert "LM127" in piped.codes(code=1)
    assert piped.dvc("repro", "other").code == 0
    assert piped.read(GATE) == good


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ("always_changed: true", "always_changed: false", "is not `always_changed`"),
        ("      always_changed: true\n", "", "is not `always_changed`"),
        ("always_changed: true", "always_changed: true\n      frozen: true", "is frozen"),
        ("cache: false", "cache: false\n            persist: true", "(`persist`)"),
        ("cache: false", "cache: true", "caches labelmeta/gates/"),
        (":\n            cache: false", "", "caches labelmeta/gates/"),
        ("      - data/made.csv\n", "", "data/made.csv has no gate stage"),
        ("stages:", "stages: {}\nx:", "data/made.csv has no gate stage"),
    ],
)
def test_a_gate_that_stops_nothing_is_said(piped: Repo, old: str, new: str, says: str) -> None:
    good = piped.read(STAGES)
    assert old in good
    piped.write(STAGES, good.replace(old, new))
    found = piped.findings(code=1)
    assert {f["code"] for f in found} == {"LM121"}
    assert any(says in f["message"] for f in found)
    assert {f["path"] for f in found} == {STAGES}
    piped.labelmeta("stage", "sync")
    assert piped.read(STAGES) == good


def test_what_dvc_itself_does_to_gate_stages_is_said(piped: Repo) -> None:
    gate = f"{STAGES}:gate@data/other.csv"
    assert "cannot dump a parametrized stage" in piped.dvc("freeze", gate, code=None).err
    assert piped.git("status", "--porcelain") == ""

    piped.run(
        *DVC, "stage", "add", "-q", "-f", "-n", "gate", "-w", "..", "-d", "../data/other.csv",
        "-O", f"../{GATE}", "labelmeta gate", cwd="labelmeta",
    )  # fmt: skip
    messages = " ".join(f["message"] for f in piped.findings(code=1))
    assert "is not `always_changed`" in messages
    assert "data/raw.csv has no gate stage" in messages

    piped.write("dvc.yaml", piped.read("dvc.yaml").replace(f", {gate_of('data/raw.csv')}", ""))
    piped.labelmeta("stage", "add", "gate-single")
    piped.dvc("freeze", f"{STAGES}:gate")
    frozen = piped.findings(code=1)
    assert ("LM121", "error") in {(f["code"], f["severity"]) for f in frozen}
    assert any("is frozen: it never runs" in f["message"] for f in frozen)


def test_a_run_under_a_gate_that_was_never_committed_is_an_error(piped: Repo) -> None:
    good = piped.read(GATE)
    for way in (
        ("repro", "-s", "other"),
        ("commit", "-f", "other"),
        ("repro", "-s", "other"),
    ):
        piped.write(GATE, "{}\n")
        done = piped.dvc(*way)
        piped.git("checkout", "-q", "labelmeta")
        assert piped.read(GATE) == good
        found = piped.findings(code=1)
        assert [(f["code"], f["severity"], f["split"]) for f in found] == [
            ("LM122", "error", "data/other.csv")
        ]
        assert "'other' was recorded with a gate" in found[0]["message"]
        assert found[0]["path"] == "dvc.lock"
        line = piped.read("dvc.lock").splitlines()[found[0]["line"] - 1]
        assert line == "    - path: data/other.csv"
        if way == ("repro", "-s", "other") and "is cached" in done.text:
            break
        piped.git("checkout", "-q", "dvc.lock")
    else:
        pytest.fail("the run cache never restored the run")
    piped.commit("Commit the lock of a run that nobody checked")
    assert piped.codes(code=1) == ["LM122"]
    piped.dvc("repro", "-q", "other")
    assert piped.codes(code=0) == []


def test_a_link_without_a_run_is_outstanding(piped: Repo, tmp_path: Path) -> None:
    first = piped.git("rev-parse", "HEAD")
    relinked(piped)
    commit = piped.commit("New data, linked by its owner")
    found = piped.findings(code=0)
    assert [(f["code"], f["severity"]) for f in found] == [("LM123", "note")]
    assert f"as of commit {first[:12]}" in found[0]["message"]
    assert piped.codes("--fail-on", "note", code=1) == ["LM123"]
    codes = piped.codes("--profile", "audit", "--fail-on", "warning", code=1)
    assert [code for code in codes if code < "LM5"] == ["LM123"]  # nobody is named as owner

    url = piped.path.as_uri()
    piped.git("clone", "-q", "--depth", "1", url, str(tmp_path / "shallow"))
    shallow = Repo(tmp_path / "shallow")
    assert "LM122" not in shallow.codes(code=0)
    assert "LM123" not in shallow.codes(code=0)
    said = shallow.labelmeta("--verbose", "check").out
    assert "skipped: LM122 for data/other.csv, because of a history too shallow to tell" in said
    shallow.git("fetch", "-q", "--unshallow")
    assert shallow.codes(code=0) == ["LM123"]

    piped.dvc("repro", "-q", "other")
    piped.commit("Train")
    assert piped.codes(code=0) == []
    assert commit != piped.git("rev-parse", "HEAD")


def test_a_run_whose_link_and_gate_were_rolled_back(piped: Repo) -> None:
    relinked(piped)
    piped.dvc("repro", "-q", "other")
    assert piped.codes(code=0) == []
    before = gates(piped)
    piped.git("checkout", "-q", "--", "data", "labelmeta")
    assert gates(piped) != before
    found = piped.codes(code=1)
    assert found == ["LM122", "LM403"], "dvc.lock alone was kept, and the event of the link"
