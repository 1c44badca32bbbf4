"""`trace` from outside: four runs and an experiment over three versions of a guideline."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.inside import Inside
from tests.repo import Repo

pytestmark = pytest.mark.inside

TRAIN, LEARN = "data/train.csv", "data/learn.csv"
GATE = "labelmeta/gates/{}.json"
STAGES = """\
stages:
  train:
    cmd: cat {split} params.yaml > model.bin
    deps: [{split}, train.py, {gate}]
    params: [lr]
    outs: [model.bin]
  evaluate:
    cmd: wc -c < model.bin > size.txt
    deps: [model.bin]
    metrics: [size.txt: {{cache: false}}]
  lost:
    cmd: echo 1 > lost.bin
    outs: [lost.bin]
  late:
    cmd: cat lost.bin > late.bin
    deps: [lost.bin]
    outs: [late.bin]
artifacts:
  tone-model: {{path: model.bin, type: model}}
"""


def md5(content: bytes | str) -> str:
    raw = content.encode() if isinstance(content, str) else content
    return hashlib.md5(raw, usedforsecurity=False).hexdigest()


def entry(
    stage: str, deps: dict[str, str], outs: dict[str, str], cmd: str = "x", lr: int = 0
) -> str:
    """Return an entry of dvc.lock as DVC writes it."""
    text = f"  {stage}:\n    cmd: {cmd}\n"
    for kind, files in (("deps", deps), ("outs", outs)):
        rows = [f"    - path: {path}\n      hash: md5\n      md5: '{value}'\n      size: 9\n"
                for path, value in files.items()]  # fmt: skip
        if kind == "outs" and lr:
            text += f"    params:\n      params.yaml:\n        lr: {lr}\n"
        text += f"    {kind}:\n{''.join(rows)}" if rows else ""
    return text


def lock(*entries: str) -> str:
    return "schema: '2.0'\nstages:\n" + "".join(entries)


def dvc_file(repo: Repo, path: str) -> None:
    content = repo.read(path)
    name = path.rpartition("/")[2]
    text = f"outs:\n- md5: {md5(content)}\n  size: {len(content)}\n  hash: md5\n  path: {name}\n"
    repo.write(f"{path}.dvc", text)


def train(repo: Repo, split: str, lr: int = 1) -> str:
    """Write dvc.lock as a run of all stages leaves it; return the hash of the model."""
    model = md5(repo.read(split) + repo.read("train.py") + str(lr))
    deps = {split: md5(repo.read(split)), "train.py": md5(repo.read("train.py"))}
    gate = GATE.format(split)
    deps[gate] = md5(repo.read(gate))
    repo.write("dvc.lock", lock(
        entry("train", deps, {"model.bin": model}, f"cat {split} params.yaml > model.bin", lr),
        entry("evaluate", {"model.bin": model}, {"size.txt": md5(model)}),
        entry("lost", {}, {"lost.bin": "a" * 32}),
        entry("late", {"lost.bin": "b" * 32}, {"late.bin": "c" * 32}),
    ))  # fmt: skip
    return model


def label(repo: Repo, split: str, text: str) -> None:
    repo.write(split, text)
    dvc_file(repo, split)
    repo.labelmeta("link", split, "--guideline", "tone")


class Trained(Inside):
    """That repository; models: the hashes of what the four runs made."""

    models: list[str]
    commits: list[str]


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Trained:
    repo = Trained(tmp_path_factory.mktemp("trained") / "project")
    repo.path.mkdir()
    models, commits = [], []
    repo.git("init", "-q", "-b", "main")
    repo.write("guidelines/tone/guideline.yaml", repo.guideline_yaml("tone", "1.0.0"))
    repo.write("labelmeta.yaml", "version: 1\nguidelines:\n  tone: {path: guidelines/tone}\n")
    repo.write(".gitignore", "*.csv\n*.bin\nsize.txt\n")
    repo.write("train.py", "one\n")
    repo.write("params.yaml", "lr: 1\n")
    repo.write("dvc.yaml", STAGES.format(split=TRAIN, gate=GATE.format(TRAIN)))
    repo.commit("Begin", "2026-01-01T09:00:00+00:00")

    def run(message: str, date: str, split: str) -> None:
        models.append(train(repo, split))
        commits.append(repo.commit(message, date))

    label(repo, TRAIN, "id,text\n1,good\n")
    run("Run 1", "2026-01-02T09:00:00+00:00", TRAIN)
    repo.git("tag", "-a", "-m", "x", "tone-model@v1.0.0")
    repo.git("tag", "-a", "-m", "x", "tone-model#prod#1")
    repo.bump("1.1.0", "happy")
    label(repo, TRAIN, "id,text\n1,good\n2,bad\n")
    run("Run 2", "2026-02-02T09:00:00+00:00", TRAIN)
    repo.git("tag", "-a", "-m", "x", "tone-model@v1.1.0")
    repo.git("tag", "-a", "-m", "x", "tone-model#prod#2")
    repo.git("mv", f"{TRAIN}.dvc", f"{LEARN}.dvc")
    (repo.path / TRAIN).rename(repo.path / LEARN)
    dvc_file(repo, LEARN)
    repo.labelmeta("mv", TRAIN, LEARN)
    repo.write("dvc.yaml", STAGES.format(split=LEARN, gate=GATE.format(LEARN)))
    repo.commit("Rename", "2026-02-03T09:00:00+00:00")
    repo.bump("2.0.0", "delighted")
    label(repo, LEARN, "id,text\n1,good\n2,bad\n3,so so\n")
    run("Run 3", "2026-03-02T09:00:00+00:00", LEARN)
    repo.write("train.py", "two\n")
    run("Run 4", "2026-04-02T09:00:00+00:00", LEARN)
    # as `dvc exp run -n warm -S lr=5` on the second run keeps it
    repo.git("checkout", "-q", "--detach", commits[1])
    repo.write(TRAIN, "id,text\n1,good\n2,bad\n")
    models.append(train(repo, TRAIN, lr=5))
    tried = repo.commit("dvc: commit experiment", "2026-02-02T10:00:00+00:00")
    ref = f"refs/exps/{commits[1][:2]}/{commits[1][2:]}/warm"
    repo.git("update-ref", ref, tried)
    repo.git("checkout", "-q", "main")
    object.__setattr__(repo, "models", models)
    object.__setattr__(repo, "commits", commits)
    return repo


def traced(repo: Repo, *args: str, cwd: str = ".") -> dict[str, Any]:
    asked = repo.labelmeta("trace", *args, "--format", "json", cwd=cwd)
    found: dict[str, Any] = json.loads(asked.out)
    return found


def nodes(found: dict[str, Any], kind: str) -> list[dict[str, Any]]:
    return [one for one in found["nodes"] if one["kind"] == kind]


def hashes(found: dict[str, Any]) -> set[str]:
    assert [one["id"] for one in nodes(found, "model")] == found["models"]
    return {one["hash"] for one in nodes(found, "model")}


@pytest.mark.parametrize(
    ("asked", "runs"),
    [("tone@1", {0, 1, 4}), ("tone@1.0.0", {0}), ("tone@>=1.1.0,<2.0.0", {1, 4}),
     ("tone@2.x", {2, 3}), ("tone", {0, 1, 2, 3, 4})],
)  # fmt: skip
def test_which_models_were_trained_on_labels_made_under_a_version(
    trained: Trained, asked: str, runs: set[int]
) -> None:
    assert hashes(traced(trained, asked)) == {trained.models[run] for run in runs}


def test_the_answer_in_words(trained: Trained) -> None:
    text = trained.labelmeta("trace", "tone@1").out.splitlines()
    warm, two, one = (trained.models[run][:7] for run in (4, 1, 0))
    assert text[0] == (
        "guideline tone 1.1.0, 1.0.0: 3 models trained on labels made under it "
        "(3 runs, 1 of them in experiments)"
    )
    assert text[1].startswith(f"  model model.bin {warm} · under tone 1.1.0 · 2026-02-02 by Ada")
    assert text[2].startswith(f"  model model.bin {two} · under tone 1.1.0 · 2026-02-02 by Ada")
    assert text[3].startswith(f"  model model.bin {one} · under tone 1.0.0 · 2026-01-02 by Ada")
    assert any("experiment warm" in line for line in text)


def test_a_model_back_to_its_labels(trained: Trained) -> None:
    text = trained.labelmeta("trace", "model.bin", "--up").out
    assert f"model model.bin {trained.models[3][:7]} · under tone 2.0.0" in text
    assert "run train · 2026-04-02 by Ada, commit " in text
    assert "inputs as they are now" in text
    assert f"command: cat {LEARN} params.yaml > model.bin" in text
    assert f"code: train.py {md5('two' + chr(10))[:7]}" in text
    assert 'params: params.yaml {"lr": 1}' in text
    assert f"gate {LEARN} · passed, 2026-03-02" in text
    assert f"split {LEARN} {md5(trained.read(LEARN))[:7]} · labels: tone 2.0.0" in text
    assert f"file {LEARN} {md5(trained.read(LEARN))[:7]} · added 2026-03-02" in text
    assert text.count("earlier: model model.bin") == 4
    assert "evaluate" not in text
    assert "run evaluate" in trained.labelmeta("trace", "model.bin", "--down").out


@pytest.mark.parametrize("name", [TRAIN, LEARN, f"{LEARN}.labelmeta.yaml"])
def test_a_split_by_each_of_its_names(trained: Trained, name: str) -> None:
    found = traced(trained, name)
    assert {one["name"] for one in nodes(found, "split")} == {LEARN}
    assert {one["details"]["path"] for one in nodes(found, "split")} == {TRAIN, LEARN}
    assert hashes(found) == set(trained.models)
    assert [one["details"]["current"] for one in nodes(found, "deployment")] == [False, True]
    assert {one["name"] for one in nodes(found, "experiment")} == {"warm"}


def test_versions_of_a_registry(trained: Trained) -> None:
    text = trained.labelmeta("trace", "tone-model@v1.0.0").out
    assert f"model model.bin {trained.models[0][:7]} · under tone 1.0.0" in text
    assert re.search(r"deployment tone-model#prod#1 · \S+ by Ada, no longer", text)
    second = trained.labelmeta("trace", "tone-model@v1.1.0", "--down").out
    assert re.search(r"deployment tone-model#prod#2 · \S+ by Ada$", second, re.MULTILINE)


def test_a_stage_whose_history_is_lost(trained: Trained) -> None:
    text = trained.labelmeta("trace", "late.bin").out
    assert "file lost.bin bbbbbbb · made by no run that is recorded" in text


def test_code_and_an_experiment_by_name(trained: Trained) -> None:
    found = traced(trained, "train.py", "--down")
    assert hashes(found) == {trained.models[3]}
    assert trained.models[4] in hashes(traced(trained, "warm"))


def test_as_it_was_at_a_revision(trained: Trained) -> None:
    found = traced(trained, "tone", "--rev", trained.commits[0])
    assert hashes(found) == {trained.models[0]}
    assert found["commit"] == trained.commits[0]
    assert nodes(found, "experiment") == []


def test_refusals(trained: Trained) -> None:
    assert "there are 2.0.0, 1.1.0, 1.0.0" in trained.labelmeta("trace", "tone@7", code=2).err
    assert "is no version" in trained.labelmeta("trace", "tone@>=x", code=2).err
    assert "choose one of" in trained.labelmeta("trace", "tone", "--format", "png", code=2).err
    assert "no commit" in trained.labelmeta("trace", "tone", "--rev", "nowhere", code=2).err


def test_what_is_neither_data_nor_guideline_is_an_item(trained: Trained) -> None:
    assert "nobody" in trained.labelmeta("trace", "nobody", code=2).err
    assert "told whole" in trained.labelmeta("trace", "nobody", "--up", code=2).err
    found = trained.labelmeta("trace", f"item:{LEARN}", code=2).err
    assert LEARN in found, "not the split"


@pytest.fixture
def plain(new_repo) -> Repo:
    """A split in Git under tone 1.0.0, and one run, committed."""
    repo = new_repo("plain")
    repo.write("guidelines/tone/guideline.yaml", repo.guideline_yaml("tone", "1.0.0"))
    repo.write("labelmeta.yaml",
               "version: 1\ngate: none\nguidelines:\n  tone: {path: guidelines/tone}\n")  # fmt: skip
    repo.write("s.csv", "id\n1\n")
    repo.write("dvc.yaml", "stages:\n  train:\n    cmd: x\n    deps: [s.csv]\n    outs: [m.bin]\n")
    repo.commit("Begin")
    repo.labelmeta("link", "s.csv", "--guideline", "tone")
    run(repo, "1")
    repo.commit("Run")
    return repo


def run(repo: Repo, model: str) -> None:
    repo.write("dvc.lock", lock(
        entry("train", {"s.csv": md5(repo.read("s.csv"))}, {"m.bin": model * 32})
    ))  # fmt: skip


def test_stale_inputs_and_runs_that_are_not_committed(plain: Repo) -> None:
    assert "inputs as they are now" in plain.labelmeta("trace", "m.bin").out
    assert "no gate before it" in plain.labelmeta("trace", "m.bin").out
    plain.write("s.csv", "id\n1\n2\n")
    assert "stale: s.csv changed since" in plain.labelmeta("trace", "m.bin").out
    run(plain, "2")
    text = plain.labelmeta("trace", "m.bin").out
    assert "model m.bin 2222222 · under tone 1.0.0 · not committed" in text
    assert "earlier: model m.bin 1111111" in text
    assert "run train · not committed · inputs as they are now" in text


def test_parameters_and_folders_of_code(plain: Repo) -> None:
    plain.write("src/a.py", "a\n")
    plain.write("params.yaml", "lr: 1\nnet: {depth: 3}\n")
    deps = {"s.csv": md5(plain.read("s.csv")), "src": "7" * 32 + ".dir"}
    text = lock(entry("train", deps, {"m.bin": "2" * 32}, lr=1))
    plain.write("dvc.lock", text.replace("lr: 1\n", "lr: 1\n        net.depth: 3\n"))
    plain.commit("Run")
    told = "inputs as they are now (not compared: src)"
    assert told in plain.labelmeta("trace", "m.bin").out
    plain.write("params.yaml", "lr: 1\nnet: {depth: 4}\n")
    assert "stale: params.yaml:net.depth changed since" in plain.labelmeta("trace", "m.bin").out


def test_a_project_in_a_folder_and_one_without_commits(new_repo) -> None:
    repo = new_repo("above")
    repo.write("sub/s.csv", "id\n")
    repo.write("sub/tone.md", "Be careful.\n")
    repo.write(
        "sub/labelmeta.yaml", "version: 1\ngate: none\nguidelines:\n  tone: {path: tone.md}\n"
    )
    repo.write("sub/dvc.yaml", "stages:\n  a:\n    cmd: x\n    deps: [s.csv]\n    outs: [m.bin]\n")
    assert "tone" in repo.labelmeta("trace", "tone", cwd="sub", code=2).err
    repo.write("sub/dvc.lock", lock(entry("a", {"s.csv": md5("id\n")}, {"m.bin": "1" * 32})))
    assert "not committed" in repo.labelmeta("trace", "m.bin", cwd="sub").out
    repo.commit("Begin")
    repo.labelmeta("link", "s.csv", "--guideline", "tone", cwd="sub")
    repo.write("sub/dvc.lock", lock(entry("a", {"s.csv": md5("id\n")}, {"m.bin": "2" * 32})))
    repo.commit("Run")
    text = repo.labelmeta("trace", "../m.bin", cwd="sub/labelmeta").out
    assert "model m.bin 2222222 · under tone " in text
    assert "earlier: model m.bin 1111111" in text or "earlier: file m.bin 1111111" in text
    assert [one["name"] for one in nodes(traced(repo, "tone", cwd="sub"), "model")] == ["m.bin"]


def test_a_link_renewed_without_a_run(plain: Repo) -> None:
    plain.bump("1.1.0", "happy")
    plain.labelmeta("link", "s.csv")
    plain.commit("Link again")
    text = plain.labelmeta("trace", "tone@1.1.0").out
    assert "same bytes, not run again" in text
    assert "model m.bin 1111111 · under tone 1.0.0" in text


def test_a_run_on_a_branch_that_a_merge_left_behind(plain: Repo) -> None:
    plain.git("checkout", "-q", "-b", "aside")
    run(plain, "3")
    plain.commit("Run aside")
    plain.git("checkout", "-q", "main")
    run(plain, "4")
    plain.commit("Run")
    plain.git("merge", "-q", "-s", "ours", "-m", "Merge", "aside")
    assert {one[:1] for one in hashes(traced(plain, "tone@1"))} == {"1", "3", "4"}


def test_versions_that_the_records_name_win_over_the_link(plain: Repo) -> None:
    side = "s.csv.labelmeta.yaml"
    summary = (
        "    annotations:\n      path: r.jsonl\n      summary:\n        hash: md5\n"
        f"        value: {'a' * 32}\n        records: 4\n        items: 4\n        annotators: 1\n"
        "        votes: 4\n        guideline_versions:\n"
        "          - {records: 3, share: 0.75, version: '0.9.0'}\n"
        "          - {records: 1, share: 0.25, version: '0.8.0'}\n    guideline:\n"
    )
    plain.write(side, plain.read(side).replace("    guideline:\n", summary))
    run(plain, "5")
    plain.commit("Count")
    assert hashes(traced(plain, "tone@0.9")) == hashes(traced(plain, "tone@0.8.0")) == {"5" * 32}
    assert hashes(traced(plain, "tone@1")) == {"1" * 32}
    assert "m.bin 5555555 · under tone 0.8.0, tone 0.9.0" in plain.labelmeta("trace", "m.bin").out
    assert "3 records 0.9.0, 1 record 0.8.0" in plain.labelmeta("trace", "tone@0").out


LINEAGE = """\
lineage:   # told by the data team
  source: https://example.org/corpus
  licence: CC-BY-4.0
  collected: {from: "2025-01-01", until: "2025-06-30"}
  transformations:
    - {name: anonymise, what: names replaced, tool: scrub 2.1, at: "2025-07-02", by: data-team}
    - {name: dedup, what: doubles left out}
"""


def test_what_a_person_tells_of_the_source(plain: Repo) -> None:
    side = plain.read("s.csv.labelmeta.yaml")
    plain.write("s.csv.labelmeta.yaml", side + LINEAGE)
    assert plain.codes(code=0) == []
    plain.bump("1.0.1", "pleased ")
    plain.labelmeta("link", "s.csv")
    assert plain.read("s.csv.labelmeta.yaml").endswith(LINEAGE), "link leaves it as it is"
    plain.git("mv", "s.csv", "t.csv")
    plain.labelmeta("mv", "s.csv", "t.csv")
    assert plain.read("t.csv.labelmeta.yaml").endswith(LINEAGE)
    text = plain.labelmeta("trace", "t.csv", "--up").out
    order = ("transformation dedup · doubles left out", "transformation anonymise · names replaced",
             "origin https://example.org/corpus", "licence: CC-BY-4.0")  # fmt: skip
    assert [text.index(one) for one in order] == sorted(text.index(one) for one in order)
    assert 'collected: {"from": "2025-01-01", "until": "2025-06-30"}' in text
    plain.write(
        "t.csv.labelmeta.yaml", plain.read("t.csv.labelmeta.yaml").replace("licence", "license")
    )
    assert "license" in plain.labelmeta("check", code=None).text


def test_a_split_that_a_stage_makes(new_repo) -> None:
    repo = new_repo("made")
    gate = GATE.format("made.csv")
    repo.write("tone.md", "Be careful.\n")
    repo.write("labelmeta.yaml", "version: 1\nguidelines:\n  tone: {path: tone.md}\n")
    repo.write("dvc.yaml", "stages:\n  make:\n    cmd: x\n    outs: [made.csv]\n  train:\n    cmd: y\n"
               f"    deps: [made.csv, {gate}]\n    outs: [m.bin]\n")  # fmt: skip
    make = entry("make", {}, {"made.csv": "1" * 32})
    repo.write("dvc.lock", lock(make))
    repo.commit("Make")
    repo.labelmeta("link", "made.csv", "--guideline", "tone")
    deps = {"made.csv": "1" * 32, gate: md5(repo.read(gate))}
    repo.write("dvc.lock", lock(make, entry("train", deps, {"m.bin": "2" * 32})))
    text = repo.labelmeta("trace", "m.bin").out
    assert text.count("file made.csv") == text.count("run make") == 1
    assert "gate made.csv · passed, not committed" in text
    repo.write("dvc.lock", lock(make, entry("train", deps | {gate: "9" * 32}, {"m.bin": "3" * 32})))
    assert "gate made.csv · no commit holds this gate" in repo.labelmeta("trace", "m.bin").out


def test_imports_folders_and_stages_elsewhere(plain: Repo) -> None:
    plain.write("in/raw.dvc", "deps:\n- path: raw\n  repo:\n    url: https://example.org/r.git\n"
                f"    rev_lock: {'e' * 40}\nouts:\n- md5: {'6' * 32}.dir\n  hash: md5\n  path: raw\n")  # fmt: skip
    plain.write("jobs/dvc.yaml", "stages:\n  prep:\n    foreach: [a, b]\n    do:\n      wdir: ..\n"
                "      cmd: x ${item}\n      deps:\n      - in/raw/${item}.csv\n      outs:\n"
                "      - out/${item}\n  use:\n    cmd: y\n    wdir: ..\n"
                "    deps: [out, 's3://bucket/x']\n    outs: [end.bin]\n")  # fmt: skip
    plain.write("jobs/dvc.lock", lock(
        *(entry(f"prep@{one}", {f"in/raw/{one}.csv": one * 32}, {f"out/{one}": one * 32})
          for one in "ab"),
        entry("use", {"out": "7" * 32 + ".dir", "s3://bucket/x": "8" * 32}, {"end.bin": "9" * 32}),
    ))  # fmt: skip
    plain.commit("Import")
    found = traced(plain, "end.bin")
    assert {one["name"] for one in nodes(found, "run")} == {
        "jobs/dvc.yaml:prep@a", "jobs/dvc.yaml:prep@b", "jobs/dvc.yaml:use",
    }  # fmt: skip
    assert {"s3://bucket/x", "out/a", "out/b"} <= {one["name"] for one in nodes(found, "file")}
    text = plain.labelmeta("trace", "in/raw").out
    assert "file in/raw 6666666" in text
    assert "origin https://example.org/r.git eeeeeee" in text
    assert f"rev_lock: {'e' * 40}" in text


def arrows(text: str) -> Iterator[str]:
    """Yield the lines of a flowchart that its grammar does not know."""
    shape = r'(\["[^"]*"\]|\("[^"]*"\)|\[\("[^"]*"\)\])'
    known = re.compile(rf'  n\d+{shape}|  n\d+ (-->|-\.->)(\|"[^"]*"\|)? n\d+')
    yield from (line for line in text.splitlines()[1:] if not known.fullmatch(line))


def test_pictures_whatever_names_hold(plain: Repo) -> None:
    name = 'a "b] --> n1[(<c>) \\" #;\n|x|.bin'
    quoted = json.dumps(name)
    plain.write("dvc.lock", lock(
        entry("train", {"s.csv": md5("id\n1\n")}, {quoted: "1" * 32}, cmd=quoted)
    ))  # fmt: skip
    plain.commit("Run\n\nwith names")
    for format_, start in (("mermaid", "flowchart "), ("dot", "digraph trace {")):
        text = plain.labelmeta("trace", "s.csv", "--format", format_).out
        assert text.startswith(start)
        assert "\\n|x|.bin" in text or "#92;n|x|.bin" in text or "\\\\n|x|.bin" in text
    mermaid = plain.labelmeta("trace", "s.csv", "--format", "mermaid").out
    assert [*arrows(mermaid)] == []
    dot = plain.labelmeta("trace", "s.csv", "--format", "dot").out.splitlines()
    text = r'"(?:[^"\\]|\\.)*"'
    known = re.compile(rf"  n\d+ \[label={text}, shape=\w+(, style=\w+)?\];|"
                       rf"  n\d+ -> n\d+( \[(label={text})?(, )?(style=\w+)?\])?;")  # fmt: skip
    assert [line for line in dot[2:-1] if not known.fullmatch(line)] == []
    assert (dot[1], dot[-1]) == ("  rankdir=TB;", "}")


def test_a_lock_that_nobody_can_read_hides_no_other(plain: Repo) -> None:
    plain.write("dvc.lock", "schema: '2.0'\nstages: {train: [")
    plain.commit("Conflict")
    run(plain, "2")
    plain.commit("Run")
    assert {one[0] for one in hashes(traced(plain, "m.bin"))} == {"2"}
    assert len(traced(plain, "m.bin")["earlier"]) == 1


def test_a_real_experiment(linked: Repo, tmp_path: Path) -> None:
    linked.write(
        "dvc.yaml", linked.read("dvc.yaml").replace("> model.txt", "- < p.yaml > model.txt")
    )
    text = linked.read("dvc.yaml").replace(
        "    outs:", "    params:\n      - p.yaml:\n    outs:", 1
    )
    linked.write("dvc.yaml", text)
    linked.write("p.yaml", "lr: 1\n")
    linked.commit("Parameters")
    linked.dvc("exp", "run", "-q", "-n", "warm", "-S", "p.yaml:lr=5")
    linked.git("checkout", "-q", ".")
    found = traced(linked, "tone@1")
    assert [one["name"] for one in nodes(found, "experiment")] == ["warm"]
    tried = [one for one in nodes(found, "run") if one["details"]["experiment"]]
    assert [one["details"]["params"]["p.yaml"]["lr"] for one in tried] == [5]
    assert len(hashes(found)) == 2


def with_records(repo: Repo, side: str, *items: str) -> None:
    repo.write("r.jsonl", "".join(
        json.dumps({"id": f"r-{item}", "item": item, "label": "pos", "annotator": "a-1",
                    "annotated_at": "2026-01-05T09:00:00Z", "guideline_version": "1.0.0",
                    "status": "submitted"}) + "\n"
        for item in items
    ))  # fmt: skip
    known = "    annotations: {path: r.jsonl}\n    guideline:\n"
    repo.write(side, repo.read(side).replace("    guideline:\n", known))
    repo.commit("Records")


def test_what_is_there_now_goes_before_an_item_and_that_before_what_was(plain: Repo) -> None:
    plain.git("mv", "s.csv", "t.csv")
    plain.commit("Rename")
    plain.labelmeta("mv", "s.csv", "t.csv")
    with_records(plain, "t.csv.labelmeta.yaml", "s.csv", "m.bin", "tone", "9")
    for name in ("s.csv", "9", "r-tone"):
        (one,) = traced(plain, name)
        assert one["item"] == name.removeprefix("r-")
    assert traced(plain, "m.bin")["kind"] == "model"
    assert traced(plain, "tone")["kind"] == "guideline"
    assert traced(plain, "item:m.bin")[0]["item"] == "m.bin"
    # the path of the past, where no item is meant or none is called so
    assert traced(plain, "s.csv", "--down")["kind"] == "split"
    plain.write("r.jsonl", "")
    assert traced(plain, "9")[0]["item"] == "9", "of the past as well"
    nothing = plain.labelmeta("trace", "8", code=2).err
    assert "no item or record 8 in the records of t.csv, nor in their history" in nothing
    assert "nor is it data, a guideline, a tag or an experiment\n" in nothing
    assert "; did you mean t.csv?\n" in plain.labelmeta("trace", "tt.csv", code=2).err
    assert "; did you mean tone?\n" in plain.labelmeta("trace", "tnoe@1", code=2).err
