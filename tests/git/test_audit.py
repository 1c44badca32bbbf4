"""`audit` from outside: each fault planted in a history is found, dated and given to its owner."""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from dvc_labelmeta.checks.audit_kinds import KINDS
from dvc_labelmeta.checks.catalogue import RULES
from tests.inside import Inside
from tests.repo import Repo

pytestmark = pytest.mark.inside
SCHEMAS = Path(__file__).parents[2] / "dvc_labelmeta/schemas"
DAYS = [f"2026-02-{day:02}T09:00:00+00:00" for day in range(1, 29)]
TRAIN, TEST = "data/train.csv", "data/test.csv"
LINEAGE = "lineage: {source: made up, licence: CC0-1.0}\n"


def md5(text: str) -> str:
    return hashlib.md5(text.encode(), usedforsecurity=False).hexdigest()


def track(repo: Repo, path: str, text: str) -> None:
    """Write data and its `.dvc` file as `dvc add` would."""
    repo.write(path, text)
    name = Path(path).name
    repo.write(
        f"{path}.dvc",
        f"outs:\n- md5: {md5(text)}\n  size: {len(text)}\n  hash: md5\n  path: {name}\n",
    )


def record(item: str, version: str = "1.0.0", **more: str) -> str:
    return json.dumps({
        "id": f"r{item}", "item": item, "label": "pos", "source": "tool", "annotator": "ann",
        "annotator_type": "person", "annotated_at": "2026-01-20T09:00:00Z", "status": "submitted",
        "tool": "t", "guideline_id": "tone", "guideline_version": version,
        "guideline_version_source": "recorded", **more,
    }) + "\n"  # fmt: skip


def commit(repo: Repo, message: str, day: int) -> str:
    return repo.commit(message, DAYS[day])


def ledger(repo: Repo, day: int) -> None:
    repo.labelmeta("ledger", "record", GIT_AUTHOR_DATE=DAYS[day])


def named(repo: Repo, split: str) -> None:
    """Name records, owners and origin in a sidecar."""
    side = f"{split}.labelmeta.yaml"
    told = f"    annotations: {{path: {Path(split).name}.annotations.jsonl, level: L2}}\n"
    text = repo.read(side).replace("    guideline:\n", f"{told}    guideline:\n")
    text = text.replace("\ndata:\n", f"\nowners: [data-team]\n{LINEAGE}data:\n", 1)
    repo.write(side, text)
    repo.write(f"{split}.annotations.jsonl", record("1") + record("2"))


@pytest.fixture(scope="module")
def built_clean(tmp_path_factory: pytest.TempPathFactory) -> Path:
    repo = Inside(tmp_path_factory.mktemp("audit") / "project")
    repo.path.mkdir()
    repo.git("init", "-q", "-b", "main", "--template=")
    repo.write(".gitignore", "/data/*.csv\n")
    repo.write(".dvc/config", "")
    text = repo.guideline_yaml("tone", "1.0.0", owners="[guide-team]")
    repo.write("guidelines/tone/guideline.yaml", f"{text}approved_by: [{{name: Grace}}]\n")
    repo.write(
        "labelmeta.yaml",
        "version: 1\nprofile: audit\nguidelines:\n  tone: {path: guidelines/tone}\n",
    )
    for split in (TRAIN, TEST):
        track(repo, split, f"id,text\n1,{split}\n2,b\n")
    repo.commit("Data and a guideline", "2026-01-05T09:00:00+00:00")
    repo.labelmeta("link", TRAIN, TEST, "--guideline", "tone")
    for split in (TRAIN, TEST):
        named(repo, split)
    ledger(repo, 0)
    repo.labelmeta("stage", "sync")
    repo.git("add", "-A")
    repo.labelmeta("gate")
    commit(repo, "Link", 0)
    return repo.path


@pytest.fixture
def clean(built_clean: Path, tmp_path: Path) -> Inside:
    shutil.copytree(built_clean, tmp_path / "project", symlinks=True)
    return Inside(tmp_path / "project")


def audited(repo: Repo, *args: str, code: int | None = None) -> dict[str, Any]:
    args = ("--today", "2026-03-01", "--format", "json", *args)
    found: dict[str, Any] = json.loads(repo.labelmeta("audit", *args, code=code).out)
    return found


def found(repo: Repo, name: str, *args: str) -> list[dict[str, Any]]:
    return [one for one in audited(repo, *args)["findings"] if one["name"] == name]


def test_a_clean_history_has_no_finding(clean: Inside) -> None:
    told = audited(clean, "--fail-on", "note", code=0)
    assert [one for one in told["findings"] if one["until"] is None] == []
    assert {one["name"] for one in told["findings"]} <= {"unlinked-data"}
    assert (told["commits"], told["splits"]) == (2, 2)
    assert told["events"] >= 2
    jsonschema.validate(told, json.loads((SCHEMAS / "audit.json").read_text(encoding="utf-8")))
    assert clean.labelmeta("audit", "--today", "2026-03-01").out.endswith(
        "no finding is open; 2 more ended\n"
    )
    said = clean.labelmeta(
        "audit", "--today", "2026-03-01", "--fail-on", "note", "--fail-on-past", code=1
    )
    assert "ended" in said.out


def side(repo: Repo, split: str, old: str, new: str) -> None:
    path = f"{split}.labelmeta.yaml"
    assert old in repo.read(path)
    repo.write(path, repo.read(path).replace(old, new))


def labels_by_hand(repo: Repo) -> None:
    repo.write(f"{TRAIN}.annotations.jsonl", record("1", label="neg") + record("2"))


def link_by_hand(repo: Repo) -> None:
    side(repo, TRAIN, "mode: backward", "mode: none")


def new_data(repo: Repo) -> None:
    track(repo, TRAIN, "id,text\n1,other\n")


def other_test_data(repo: Repo) -> None:
    track(repo, TEST, "id,text\n1,other\n")


def no_event(repo: Repo) -> None:
    for path in sorted((repo.path / "labelmeta/ledger/tips").iterdir())[:1]:
        hash_ = path.name.rpartition("-")[2]
        path.unlink()
        (repo.path / f"labelmeta/ledger/events/{hash_[:2]}/{hash_}.json").unlink()


def older_version(repo: Repo) -> None:
    side(repo, TEST, 'version: "1.0.0"', 'version: "2.0.0"')


def no_records(repo: Repo) -> None:
    text = repo.read(f"{TRAIN}.labelmeta.yaml")
    kept = [line for line in text.splitlines(True) if "annotations:" not in line]
    repo.write(f"{TRAIN}.labelmeta.yaml", "".join(kept))


def fewer_fields(repo: Repo) -> None:
    repo.write(
        f"{TEST}.annotations.jsonl", record("1", session="s") + record("2", session="s", note="n")
    )


def two_batches(repo: Repo) -> None:
    lines = record("1", batch="a", session="s") + record("2", batch="b")
    repo.write(f"{TRAIN}.annotations.jsonl", lines)


def waiver(repo: Repo) -> None:
    entry = "ignore: [{rule: LM105, path: data/old.csv, reason: benchmark}]\n"
    repo.write("labelmeta.yaml", repo.read("labelmeta.yaml") + entry)


def unapproved(repo: Repo) -> None:
    text = repo.read("guidelines/tone/guideline.yaml")
    repo.write("guidelines/tone/guideline.yaml", text.replace("approved_by: [{name: Grace}]\n", ""))
    repo.commit("Not approved", DAYS[1])
    repo.labelmeta("link", TRAIN, "--guideline", "tone")


def a_team_of_its_own(repo: Repo) -> None:
    older_version(repo)
    side(repo, TEST, "dataset: data", "dataset: e")
    side(repo, TEST, "owners: [data-team]", "owners: [test-team]")


FAULTS: list[tuple[str, Callable[[Repo], None], str, tuple[str, ...]]] = [
    ("unrecorded-change", labels_by_hand, f"split:{TRAIN}", ("data-team",)),
    ("unrecorded-change", link_by_hand, f"split:{TRAIN}", ("data-team",)),
    ("changed-data", new_data, f"split:{TRAIN}", ("data-team",)),
    ("unknown-transformation", new_data, f"split:{TRAIN}", ("data-team",)),
    ("rewritten-frozen-split", other_test_data, f"split:{TEST}", ("data-team",)),
    ("removed-event", no_event, "project:", ()),
    ("unverified-ledger", no_event, "project:", ()),
    ("version-drift", older_version, "guideline:tone", ("guide-team",)),
    ("dataset-drift", a_team_of_its_own, "guideline:tone", ("guide-team",)),
    ("team-drift", a_team_of_its_own, "guideline:tone", ("guide-team",)),
    ("no-records", no_records, f"split:{TRAIN}", ("data-team",)),
    ("orphan-records", no_records, f"records:{TRAIN}.annotations.jsonl", ()),
    ("unattributed-records", lambda r: side(r, TRAIN, "level: L2", "level: L0"), f"split:{TRAIN}", ("data-team",)),
    ("unversioned-records", lambda r: side(r, TRAIN, "level: L2", "level: L1"), f"split:{TRAIN}", ("data-team",)),
    ("format-drift", lambda r: side(r, TRAIN, "level: L2", "level: L3"), "guideline:tone", ("guide-team",)),
    ("no-origin", lambda r: side(r, TRAIN, LINEAGE, ""), f"split:{TRAIN}", ("data-team",)),
    ("field-drift", fewer_fields, "guideline:tone", ("guide-team",)),
    ("batch-drift", two_batches, f"split:{TRAIN}", ("data-team",)),
    ("unapproved-waiver", waiver, "waiver:LM105:data/old.csv", ()),
    ("unlinked-data", lambda r: track(r, "data/extra.csv", "x\n"), "data:data/extra.csv", ()),
]  # fmt: skip


PLANTS = {plant: [one for one in FAULTS if one[1] is plant] for _, plant, *_ in FAULTS}


@pytest.mark.parametrize(
    "plant", PLANTS, ids=["+".join(f[0] for f in fs) for fs in PLANTS.values()]
)
def test_a_fault_is_found_and_dated(clean: Inside, plant: Callable[[Repo], None]) -> None:
    plant(clean)
    planted = commit(clean, "Planted", 5)
    commit(clean, "Later", 6)
    everything = audited(clean)["findings"]
    since = {"commit": planted, "date": "2026-02-06", "author": "Ada"}
    for name, _, subject, owners in PLANTS[plant]:
        still = [one for one in everything if one["name"] == name and one["until"] is None]
        # a ledger that lost an event has files, too, that are wrong since another one is not there
        one = next(one for one in still if one["since"] == since)
        assert len(still) == 1 or name == "unverified-ledger"
        assert (one["subject"], tuple(one["owners"])) == (subject, owners)
        assert one["message"]
        assert one["fix"]


def test_a_version_that_nobody_approved_is_told_once(clean: Inside) -> None:
    unapproved(clean)
    planted = commit(clean, "Planted", 5)
    (one,) = found(clean, "unapproved-use", "--profile", "link")
    assert (one["subject"], one["owners"]) == ("guideline:tone", ["guide-team"])
    assert one["since"]["commit"] == planted
    assert found(clean, "unapproved-version")
    assert not found(clean, "unapproved-use")


def test_kinds_and_rules_have_names_of_their_own() -> None:
    names = [one.name for one in KINDS] + [rule.name for rule in RULES]
    codes = [one.code for one in KINDS] + [rule.code for rule in RULES]
    assert len(names) == len({*names})
    assert len(codes) == len({*codes})


def test_what_was_mended_is_told_from_when_to_when(clean: Inside) -> None:
    labels_by_hand(clean)
    began = commit(clean, "By hand", 5)
    ledger(clean, 7)
    ended = commit(clean, "Recorded", 7)
    (one,) = found(clean, "unrecorded-change")
    assert (one["since"]["commit"], one["until"]["commit"]) == (began, ended)
    assert "labels" in one["message"]
    assert audited(clean, code=0)["open"]["error"] == 0
    clean.labelmeta("audit", "--fail-on-past", code=1)
    assert found(clean, "unrecorded-change", "--since", "2026-02-07")
    assert not found(clean, "unrecorded-change", "--since", "2026-02-09")
    assert not found(clean, "unrecorded-change", "--since", ended)
    assert "there is no commit" in clean.labelmeta("audit", "--since", "nowhere", code=2).err


def test_a_change_of_a_frozen_split_that_somebody_stands_by_is_a_warning(clean: Inside) -> None:
    other_test_data(clean)
    clean.labelmeta("link", TEST, "--guideline", "tone", GIT_AUTHOR_DATE=DAYS[5])
    commit(clean, "Other test data", 5)
    (one,) = found(clean, "rewritten-frozen-split")
    assert one["severity"] == "warning"
    assert "declares" in one["message"]


def test_branches_are_told_apart_and_once(clean: Inside) -> None:
    clean.git("checkout", "-q", "-b", "side")
    side(clean, TRAIN, LINEAGE, "")
    commit(clean, "No origin", 5)
    clean.git("checkout", "-q", "main")
    assert not found(clean, "no-origin")
    (one,) = found(clean, "no-origin", "--branch", "side")
    assert one["branches"] == ["side"]
    told = audited(clean, "--all-branches")
    assert [head["branch"] for head in told["heads"]] == ["main", "side"]
    assert "records of branches that are not checked out" in told["unchecked"]
    clean.git("merge", "-q", "--no-ff", "-m", "Merge", "side", GIT_AUTHOR_DATE=DAYS[8])
    (one,) = found(clean, "no-origin")
    assert one["since"]["commit"] == clean.git("rev-parse", "HEAD")


def test_warm_cold_and_damaged_caches_give_the_same_bytes(clean: Inside) -> None:
    args = ("audit", "--today", "2026-03-01", "--format", "html")
    labels_by_hand(clean)
    clean.bump("1.0.1", "glad")
    clean.labelmeta(*args, code=None)
    for number, plants in enumerate(((new_data,), (no_records, waiver))):
        for plant in plants:
            plant(clean)
        commit(clean, "Planted", 10 + number)
        warm = clean.labelmeta(*args, code=None).out
        (kept,) = (clean.path / ".labelmeta/cache/audit").glob("*.json")
        assert clean.labelmeta(*args, code=None).out == warm
        assert clean.labelmeta(*args, "--full", code=None).out == warm
        kept.write_bytes(kept.read_bytes()[:-9] + b"123456789")
        assert clean.labelmeta(*args, code=None).out == warm
    shutil.rmtree(clean.path / ".labelmeta")
    assert clean.labelmeta(*args, code=None).out == warm


def test_passing_is_recorded(clean: Inside) -> None:
    out = clean.path / "audit.html"
    args = ("audit", "--today", "2026-03-01", "--format", "html", "--out", str(out), "--record")
    said = clean.labelmeta(*args, GIT_AUTHOR_DATE=DAYS[9]).out
    assert said.startswith("record audited")
    events = [
        json.loads(path.read_bytes())
        for path in (clean.path / "labelmeta/ledger/events").rglob("*.json")
    ]
    (event,) = [one for one in events if one["type"] == "audited"]
    assert event["claims"]["commit"] == clean.git("rev-parse", "HEAD")
    assert event["claims"]["heads"] == event["parents"]
    assert event["details"]["report"] == f"sha256:{hashlib.sha256(out.read_bytes()).hexdigest()}"
    out.unlink()
    commit(clean, "Audited", 9)
    assert audited(clean, "--record", code=0)["open"]["error"] == 0  # JSON and nothing else
    clean.git("add", "labelmeta/ledger")
    labels_by_hand(clean)
    commit(clean, "By hand", 10)
    assert "record audited" not in clean.labelmeta("audit", "--record", code=1).out


def test_findings_can_be_waived_and_are_told_all_the_same(clean: Inside) -> None:
    side(clean, TRAIN, LINEAGE, "")
    entry = f"ignore: [{{rule: no-origin, path: {TRAIN}, reason: lost, approved_by: Bo}}]\n"
    clean.write("labelmeta.yaml", clean.read("labelmeta.yaml") + entry)
    commit(clean, "Waived", 5)
    told = audited(clean)
    assert not [one for one in told["findings"] if one["name"] == "no-origin"]
    assert f"waived: AU204 split:{TRAIN} (lost, approved by Bo)" in told["unchecked"]
    assert clean.codes("--profile", "audit") == []


def test_what_cannot_be_judged_is_said(clean: Inside, tmp_path: Path) -> None:
    good = clean.read("labelmeta.yaml")
    clean.write("labelmeta.yaml", "version: 2\n")
    broken = commit(clean, "Broken", 5)
    clean.write("labelmeta.yaml", good)
    mended = commit(clean, "Mended", 6)
    (one,) = found(clean, "unread-commit")
    assert (one["since"]["commit"], one["until"]["commit"]) == (broken, mended)
    clean.write(f"{TRAIN}.labelmeta.yaml", "data: 1\n")
    commit(clean, "No sidecar", 7)
    assert "could not judge" in clean.labelmeta("audit", "--today", "2026-03-01", code=2).err
    clean.git("reset", "-q", "--hard", mended)
    clean.write(f"{TRAIN}.annotations.jsonl", "changed\n")
    told = audited(clean)["unchecked"]
    assert any("is not as HEAD has it" in one for one in told)
    clean.git("checkout", "-q", ".")
    clean.git("clone", "-q", "--depth", "1", clean.path.as_uri(), str(tmp_path / "shallow"))
    told = audited(Inside(tmp_path / "shallow"))["unchecked"]
    assert "what is before the first commit of this shallow clone" in told


def test_options_that_make_no_sense(clean: Inside) -> None:
    for args in (("--format", "pdf"), ("--fail-on", "no"), ("--today", "soon"), ("--branch", "no")):
        assert clean.labelmeta("audit", *args, code=2).err
    assert clean.labelmeta("audit", "--out", "no/folder/a.txt", code=2).err


def test_a_project_below_the_top_and_one_without_a_commit(new_repo: Any) -> None:
    repo = new_repo("nested")
    repo.write("sub/labelmeta.yaml", "version: 1\nguidelines:\n  tone: {path: ../tone.md}\n")
    assert "no commit yet" in repo.labelmeta("audit", cwd="sub", code=2).err
    repo.write("tone.md", "Be careful.\n")
    repo.write("other.txt", "x\n")
    repo.write("sub/data.csv", "id\n1\n")
    repo.write(".github/CODEOWNERS", "/sub/ @org/sub\n")
    repo.commit("Data")
    repo.labelmeta("link", "data.csv", "--guideline", "tone", cwd="sub")
    shutil.rmtree(repo.path / "sub/labelmeta/ledger")
    linked = repo.commit("Link", DAYS[0])
    out = repo.labelmeta(
        "audit", "--today", "2026-03-01", "--format", "json", cwd="sub", code=None
    ).out
    (one,) = [one for one in json.loads(out)["findings"] if one["name"] == "no-records"]
    assert (one["owners"], one["since"]["commit"]) == (["@org/sub"], linked)
    assert "no-ledger" in out
    assert one["path"] == "sub/data.csv.labelmeta.yaml"


def test_data_that_a_stage_makes_and_data_that_git_tracks(new_repo: Any) -> None:
    repo = new_repo("kinds")
    repo.write("tone.md", "Be careful.\n")
    repo.write("labelmeta.yaml", "version: 1\nguidelines:\n  tone: {path: tone.md}\n")
    repo.write("dvc.yaml", "stages:\n  make:\n    cmd: make\n    outs: [made.csv]\n")
    lock = (
        "schema: '2.0'\nstages:\n  make:\n    cmd: make\n    outs:\n    - path: made.csv\n"
        "      hash: md5\n      md5: '{}'\n"
    )
    commits = []
    for number, day in enumerate((1, 3)):
        repo.write("dvc.lock", lock.format("ab"[number] * 32))
        repo.write("file.csv", f"{number}\n")
        repo.write("many/a.csv", f"{number}\n")
        commits.append(commit(repo, "Data", day))
        if not number:
            repo.labelmeta("link", "file.csv", "many", "made.csv", "--guideline", "tone")
            commit(repo, "Link", 2)
    told = audited(repo)
    changed = {
        row["subject"] for row in told["findings"] if row["name"] == "unknown-transformation"
    }
    assert changed == {"split:file.csv", "split:many"}, "a stage says how"
    for split in ("file.csv", "many", "made.csv"):
        assert told["timeline"][split][-1]["commit"] == commits[1]
        assert told["timeline"][split][-1]["what"].startswith("data ")


@pytest.mark.parametrize(
    "args", [("--since", "2026-02-30"), ("--today", "2026-13-01"), ("--today", "1.1.")]
)
def test_a_day_that_is_none_is_refused(clean: Repo, args: tuple[str, str]) -> None:
    told = clean.labelmeta("audit", *args, code=2).err
    assert f"{args[0]} {args[1]}: give a day such as 2026-01-31" in told
