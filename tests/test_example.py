"""The acceptance: the example project as a newcomer meets it, built by its own scripts."""

from __future__ import annotations

import csv
import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from tests.once import once
from tests.repo import Ran, Repo

HERE = Path(__file__).resolve().parents[1] / "example-repo"
SPLITS = ("data/dev.csv", "data/test.csv", "data/train.csv")
GATES = [f"Running stage 'labelmeta/dvc.yaml:gate@{split}':" for split in SPLITS]
GUIDELINE = "guidelines/intent/guideline.yaml"
LATER = "2026-02-13T09:00:00+00:00"


def script(name: str, *args: str, **env: str) -> Ran:
    done = subprocess.run(
        [sys.executable, str(HERE / name), *args],
        env=os.environ | env,
        capture_output=True,
        text=True,
        encoding="utf-8",
        check=False,
    )
    return Ran(done.returncode, done.stdout, done.stderr)


def running(ran: Ran) -> list[str]:
    """Return the stages that ran, sorted."""
    return sorted(line for line in ran.out.splitlines() if line.startswith("Running stage"))


def gates(repo: Repo) -> dict[str, str]:
    return {split: repo.read(f"labelmeta/gates/{split}.json") for split in SPLITS}


def change(repo: Repo, version: str, old: str, new: str, message: str) -> str:
    """Commit the guideline with another version and one text replaced."""
    text = repo.read(GUIDELINE)
    assert text.count('version: "2.1.1"') == 1
    assert text.count(old) == 1
    repo.write(GUIDELINE, text.replace('"2.1.1"', f'"{version}"').replace(old, new))
    return repo.commit(message, "2026-03-02T09:00:00+00:00")


@pytest.fixture(scope="session")
def built_example(tmp_path_factory: pytest.TempPathFactory) -> Path:
    def build(target: Path) -> None:
        ran = script("build.py", str(target))
        assert ran.code == 0, ran.text

    return once(tmp_path_factory, "example", build)


@pytest.fixture
def example(built_example: Path, tmp_path: Path) -> Repo:
    shutil.copytree(built_example, tmp_path / "example", symlinks=True)
    return Repo(tmp_path / "example")


def test_everything_is_committed_linked_and_aligned(built_example: Path) -> None:
    repo = Repo(built_example)
    assert repo.git("status", "--porcelain") == ""
    assert repo.findings(code=0) == []
    sidecars = {
        split: yaml.safe_load(repo.read(f"{split}.labelmeta.yaml")) for split in SPLITS
    }  # every kind of link is shown
    assert [sidecars[split]["data"]["pin"] for split in SPLITS] == ["exact", "exact", "stage"]
    modes = [sidecars[split]["layers"]["labels"]["mode"] for split in SPLITS]
    assert modes == ["backward", "frozen", "backward"]
    rows = repo.labelmeta("guideline", "log", "intent").out.splitlines()[1:]
    versions = [row.split()[2] for row in rows]
    assert len(set(versions)) == len(versions) >= 6
    authors = set(repo.git("log", "--format=%an", "--", "guidelines").splitlines())
    assert len(authors) >= 3
    dates = repo.git("log", "--format=%at").splitlines()
    assert dates == sorted(dates, reverse=True)
    assert len(set(dates)) == len(dates)


def test_training_learned_something_and_was_recorded(built_example: Path) -> None:
    repo = Repo(built_example)
    metrics = json.loads(repo.read("metrics.json"))
    assert 0.6 < metrics["accuracy"] < 1
    weights = json.loads(repo.read("model.json"))["weights"]
    assert max(weights["thank"], key=weights["thank"].__getitem__) == "praise"
    trained_on = metrics["trained_on"]
    assert trained_on["messages"] == 110
    assert 80 < trained_on["effective"] < 110, "disputed messages count less"
    lock = yaml.safe_load(repo.read("dvc.lock"))["stages"]
    assert {"prepare", "weigh", "train", "evaluate"} == set(lock)
    used = {dep["path"] for stage in ("train", "evaluate") for dep in lock[stage]["deps"]}
    assert {f"labelmeta/gates/{split}.json" for split in SPLITS} <= used


def test_records_are_those_of_the_votes_and_of_their_time(built_example: Path) -> None:
    repo = Repo(built_example)
    with (built_example / "raw/annotations.csv").open(encoding="utf-8") as file:
        votes = {row["id"]: row for row in csv.DictReader(file)}
    rows = [json.loads(line) for line in repo.read(f"{SPLITS[2]}.annotations.jsonl").splitlines()]
    *rows, again = rows
    assert len(rows) == 3 * len(votes)
    assert all(votes[row["item"]][row["annotator"]] == row["label"] for row in rows)
    assert (again["supersedes"], again["guideline_version"]) == ("m1284-a02", "2.1.1")
    for split in SPLITS:
        times = re.findall(r'annotated_at": "(.{10})', repo.read(f"{split}.annotations.jsonl"))
        # 2.1.0 came on the 12th, and the data were committed on the 21st
        times = [time for time in times if time != again["annotated_at"][:10]]
        assert "2026-01-12" < min(times) <= max(times) < "2026-01-21"
    people = {row["annotator"] for row in rows}
    assert people == {"a01", "a02", "a03"}
    assert 0 < sum("confidence" in row for row in rows) < len(rows)
    assert {"note", "cites"} <= set().union(*rows)


def test_weights_change_what_is_learned(example: Repo) -> None:
    weighed = example.read("model.json")
    rows = list(csv.DictReader(example.read("weights.csv").splitlines()))
    assert len(rows) == 110
    assert len({row["weight"] for row in rows}) > 1
    same = "item,weight\n" + "".join(f"{row['item']},1\n" for row in rows)
    (example.path / "weights.csv").unlink()  # a link into the cache, perhaps
    example.write("weights.csv", same)
    ran = example.run(sys.executable, "scripts/train.py")
    assert "110 messages, weighed like 110.0" in ran.out
    assert json.loads(example.read("model.json"))["weights"] != json.loads(weighed)["weights"]


def test_second_repro_runs_only_the_gates(example: Repo) -> None:
    before, lock = gates(example), example.read("dvc.lock")
    example.dvc("repro", "-P")
    ran = example.dvc("repro", "-P")
    assert running(ran) == GATES
    assert gates(example) == before
    assert example.read("dvc.lock") == lock
    assert example.git("status", "--porcelain") == ""


def test_changed_definition_stops_repro_and_link_mends_it(example: Repo) -> None:
    commit = change(
        example,
        "3.0.0",
        "Something went wrong with a delivery or with our service.",
        "The writer's own delivery went wrong.",
        "Narrow complaint",
    )
    ran = example.dvc("repro", code=None)
    assert ran.code != 0
    wanted = ("LM105", "data/dev.csv", "guideline intent 2.1.1", "3.0.0", commit[:12])
    for words in (*wanted, "Narrow complaint", "1 commit behind"):
        assert words in ran.text
    assert running(ran) == GATES[:1]
    assert [f["code"] for f in example.findings(code=1) if f["severity"] == "error"].count(
        "LM105"
    ) == len(SPLITS)

    example.labelmeta("link", *SPLITS)
    ran = example.dvc("repro")
    assert running(ran) == ["Running stage 'evaluate':", *GATES, "Running stage 'train':"]
    assert "Stage 'prepare' didn't change, skipping" in ran.out
    example.commit("Link the splits anew", "2026-03-03T09:00:00+00:00")
    # that the labels hold is a person's word; the records still say what they were made under
    # (LM204), and that nobody noted why the guideline changed
    told = [finding["code"] for finding in example.findings(code=1)]
    assert told == ["LM320"] * len(SPLITS) + ["LM204"]


def test_patch_is_followed_without_training(example: Repo) -> None:
    change(example, "2.1.2", "title: What does the writer", "title: What does one", "Shorten")
    before = gates(example)
    assert {f["severity"] for f in example.findings(code=0)} == {"note"}
    example.labelmeta("link", "--all")
    assert gates(example) == before
    assert running(example.dvc("repro", "-P")) == GATES
    example.commit("Follow intent 2.1.2", "2026-03-03T09:00:00+00:00")
    assert example.findings(code=0) == []


HASH = re.compile(r"\b(?=\d*[a-f])[0-9a-f]{7,64}\b")


def shown(words: str) -> str:
    """Return the only block of the README that holds these words."""
    parts = (HERE.parent / "README.md").read_text(encoding="utf-8").split("```")[1::2]
    (found,) = [part for part in parts if words in part]
    return found


def check_shown(example: Repo, block: str) -> None:
    """Run the commands of a block; what it shows is printed, in that order; hashes may differ."""
    for part in block.strip().split("$ ")[1:]:
        command, *lines = part.rstrip().splitlines()
        code = 1 if "exit code 1" in command else 0
        said = HASH.sub("#", example.run("sh", "-c", command, code=code).out)
        printed = iter(said.splitlines())
        told = [HASH.sub("#", line) for line in lines if line not in {"", "…"}]
        missing = [line for line in told if line not in printed]
        assert missing == [], command


def test_what_the_readme_shows_of_records_is_what_is_printed(example: Repo) -> None:
    shutil.copyfile(HERE / "broken.jsonl", example.path.parent / "broken.jsonl")
    check_shown(example, shown("clarify-and-merge"))
    check_shown(example, shown("annotations queue"))  # its last command changes records


@pytest.mark.parametrize(
    "words", ["labelmeta trace m1284", "labelmeta trace intent@2.1", "--branch hurried-fix"]
)
def test_provenance_that_the_readme_shows_is_what_is_printed(example: Repo, words: str) -> None:
    check_shown(example, shown(words))


def test_ledger_is_whole_and_nothing_is_left_to_tell_it(example: Repo) -> None:
    assert "1 anchor: intact" in example.labelmeta("ledger", "verify").out
    assert "nothing to record" in example.labelmeta("ledger", "record").out
    told = example.labelmeta("ledger", "log").out
    for kind in ("linked", "relinked", "relabelled", "transformed", "released", "approved"):
        assert f"  {kind} " in told
    told = example.labelmeta("annotators", "list").out
    assert all(f"\n{who} " in told for who in ("a01", "a02", "a03", "a04"))


def test_audit_finds_the_three_gaps_and_no_other(example: Repo) -> None:
    day = ("--today", "2026-02-20", "--format", "json")
    clean = json.loads(example.labelmeta("audit", *day, code=0).out)
    assert clean["open"] == {"error": 0, "warning": 0, "note": 1}
    told = json.loads(example.labelmeta("audit", "--branch", "hurried-fix", *day, code=1).out)
    commits = example.git("log", "--reverse", "--format=%H", "main..hurried-fix").splitlines()
    found = {
        (one["code"], one["subject"], one["severity"], one["since"]["commit"])
        for one in told["findings"]
        if one["until"] is None and one["severity"] != "note"
    }
    assert found == {
        ("LM501", "guideline:intent", "error", commits[0]),
        ("AU501", "split:data/test.csv", "warning", commits[1]),
        ("AU401", "split:data/dev.csv", "error", commits[2]),
    }
    for one in told["findings"]:
        if one["until"] is None and one["severity"] != "note":
            assert one["owners"] == ["help-desk-quality"]
            assert (one["since"]["date"], one["since"]["author"]) == ("2026-02-12", "Tomasz Nowak")


def test_gaps_are_mended_as_the_readme_of_the_example_says(example: Repo) -> None:
    readme = " ".join((HERE / "README.md").read_text(encoding="utf-8").split())
    example.git("switch", "-q", "hurried-fix")
    for told in (
        ("ledger", "record", "data/dev.csv", "--note", "WHY"),
        ("guideline", "release", "intent", "--approved-by", "NAME"),
        ("rollback", "data/test.csv", "--to", "main", "--with-data"),
    ):
        assert f"`labelmeta {' '.join(told)}`" in readme
        example.labelmeta(*told, GIT_AUTHOR_DATE=LATER)
    example.dvc("checkout")
    example.labelmeta("link", "--all", GIT_AUTHOR_DATE=LATER)
    example.commit("Mend", LATER)
    said = example.labelmeta("audit", code=0).out
    assert set(re.findall(r"(?:AU|LM)\d+", said)) == {"AU205", "LM123"}  # not trained again yet
    assert "1 anchor: intact" in example.labelmeta("ledger", "verify").out


def test_a_person_is_taken_out_and_the_ledger_stays_whole(example: Repo) -> None:
    erased = ("annotators", "redact", "a03", "--reason", "asked for it")
    example.labelmeta(*erased, GIT_AUTHOR_DATE=LATER)
    example.commit("Take a03 out", LATER)
    assert "a03" not in example.read("annotators.yaml")
    assert '"a03"' not in example.read("data/train.csv.annotations.jsonl")
    assert "1 anchor: intact" in example.labelmeta("ledger", "verify").out
    assert example.findings(code=0) == []


def test_deployed_model_leads_back_to_licence_and_guideline(example: Repo) -> None:
    up = json.loads(
        example.labelmeta("trace", "intent-model#prod#1", "--up", "--format", "json").out
    )
    kinds = {one["kind"] for one in up["nodes"]}
    assert {"origin", "transformation", "split", "gate", "model", "version", "deployment"} <= kinds
    versions = {one["details"]["version"] for one in up["nodes"] if one["kind"] == "guideline"}
    assert versions == {"2.1.0", "2.1.1"}
    first = example.labelmeta("trace", "intent-model@v1.0.0", "--up").out
    assert re.search(r"model model\.json \w+ · under intent 2\.1\.0 ·", first)


def states_by_hand(example: Repo, split: str) -> dict[str, int]:
    """Count the records of a split by what `clarify-and-merge` makes of them."""
    rows = [json.loads(line) for line in example.read(f"{split}.annotations.jsonl").splitlines()]
    counts = {"valid": 0, "mapped": 0, "relabel": 0}
    gone = {row.get("supersedes") for row in rows}
    for row in rows:
        if row["id"] in gone:
            continue
        merged = row["label"] in {"question", "request"}
        ironic = "E1" in row.get("cites", ())
        counts["relabel" if ironic else "mapped" if merged else "valid"] += 1
    return counts


def test_comment_says_what_a_branch_does_and_what_it_owes(example: Repo) -> None:
    """The author pays what the comment asks for, with nothing but what stands in it."""
    main = {path: example.read(path) for path in example.git("ls-files").splitlines()
            if path.startswith(("data/", "labelmeta/gates/", "guidelines/"))}  # fmt: skip
    example.git("switch", "-q", "clarify-and-merge")
    comment = ["diff", "main...HEAD", "--format", "markdown"]
    text = example.labelmeta(*comment, code=1).out
    assert "Needed bump: **major**. Declared: **minor**, which is not enough." in text
    assert text.splitlines()[:2] == [
        "<!-- labelmeta-diff -->",
        "**Guidelines:** 1 changed, 0 unchanged, **2 owed**",
    ]
    by_hand = {split: states_by_hand(example, split) for split in SPLITS}
    total = {state: sum(one[state] for one in by_hand.values()) for state in by_hand[SPLITS[0]]}
    assert total == {"valid": 201, "mapped": 270, "relabel": 5}
    for split, counts in by_hand.items():
        mode = "frozen" if "test" in split else "backward"
        under = "2.1.0 99.7%, 2.1.1 0.3%" if "train" in split else "2.1.0"
        cells = [split, "labels", f"2.1.1 ({mode})", "help-desk-quality", under]
        numbers = [sum(counts.values()), *counts.values()]
        assert f"| {' | '.join([*cells, *map(str, numbers)])} |" in text
    merge = "mapped, the original kept: **270 mapped**"
    assert f"| question, request | LABEL_MERGED | major | {merge} |" in text
    flip = "relabel of those citing it: **5 relabel**"
    assert f"| E1 | EDGE_CASE_FLIPPED | major | {flip} |" in text
    assert "data/dev.csv can follow at once, data/test.csv, data/train.csv only once" in text
    owed = re.findall(r"(?s)```yaml\n(.*?)\n  ```", text)
    version, migration = (part.replace("\n  ", "\n").strip() for part in owed)
    example.write(GUIDELINE, example.read(GUIDELINE).replace('version: "2.2.0"', version))
    example.write("guidelines/intent.migrations/3.0.0.yaml", migration + "\n")
    example.commit("Pay what is owed", "2026-03-10T09:00:00+00:00")
    assert "nothing owed" in example.labelmeta(*comment).out
    for split in SPLITS:
        example.labelmeta("migrate", split)
    lock = yaml.safe_load(example.read("dvc.lock"))["stages"]
    example.commit("Carry the labels over", "2026-03-11T09:00:00+00:00")
    assert "Running stage 'train':" in example.dvc("repro").out
    assert yaml.safe_load(example.read("dvc.lock"))["stages"]["train"] != lock["train"]
    example.commit("Train again", "2026-03-12T09:00:00+00:00")
    example.labelmeta("rollback", "intent", *SPLITS, "--to", "main")
    assert {path: example.read(path) for path in main} == main


@pytest.mark.slow
def test_demo_shows_each_state_and_builds_the_same_commits(
    built_example: Path, tmp_path: Path
) -> None:
    home, target = tmp_path / "home", tmp_path / "demo"
    home.mkdir()
    stranger = {
        "HOME": str(home),
        "GIT_AUTHOR_NAME": "Somebody Else",
        "GIT_COMMITTER_DATE": "2020-01-01T00:00:00+00:00",
        "TZ": "Asia/Tokyo",
        "PYTHONHASHSEED": "7",
        "COLUMNS": "40",
    }
    ran = script("demo.py", str(target), **stranger)
    assert ran.code == 0, ran.text
    assert "\x1b" not in ran.text
    screens = ran.out.split("\n=== ")[1:]
    assert [screen.split()[0] for screen in screens] == [f"{n}." for n in range(1, 12)]
    assert all(len(line) <= 80 for screen in screens for line in screen.splitlines()[:-1])
    assert "LM105 outdated-guideline" in screens[2]
    assert "exit code 255" in screens[2]
    assert "score 2.50" in screens[3]
    assert "test accuracy" in screens[4]
    assert "3 splits checked: aligned" in screens[5]
    assert "alpha (nominal)   0.719" in screens[6]
    assert "exit code 1" in screens[7]
    assert "[-than-] {+then+}" in screens[8]
    assert "error changed-event" in screens[9]
    assert "AU401 unrecorded-change" in screens[10]
    assert list(home.iterdir()) == []
    names = ("clarify-and-merge", "hurried-fix", "intent-model#prod#1", "labelmeta/19", "main")
    for name in names:
        held = Repo(built_example).git("rev-parse", name)
        assert Repo(target).git("rev-parse", name) == held


def test_build_keeps_what_it_did_not_make(built_example: Path, tmp_path: Path) -> None:
    (tmp_path / "thesis.md").write_text("mine")
    for name in ("build.py", "demo.py"):
        ran = script(name, str(tmp_path), *(["--force"] if name == "build.py" else []))
        assert ran.code == 1
        assert "holds something else" in ran.err
    assert (tmp_path / "thesis.md").read_text() == "mine"
    ran = script("build.py", str(built_example))
    assert ran.code == 1
    assert "--force" in ran.err
