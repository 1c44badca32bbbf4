"""`ledger record` and `ledger approve`: what nobody told the ledger is told, once."""

from __future__ import annotations

import json
from typing import Any

import pytest

from dvc_labelmeta.model.event import person_path
from tests.inside import Inside
from tests.lived import DEV, IN_DVC, IN_GIT, TRAIN, Past, lines
from tests.repo import Repo

pytestmark = pytest.mark.inside

SIDE, TEST = f"{TRAIN}.labelmeta.yaml", "data/test.csv"
BO = {"GIT_AUTHOR_NAME": "Bo", "GIT_AUTHOR_EMAIL": "bo@example.org"}
CY = {"GIT_AUTHOR_NAME": "Cy", "GIT_AUTHOR_EMAIL": "cy@example.org"}
Told = list[tuple[str, str]]


@pytest.fixture
def grown(lived: Repo) -> Inside:
    """The project with a past, with labelmeta in this process."""
    return Inside(lived.path)


def log(repo: Repo, *args: str) -> list[dict[str, Any]]:
    """Return the events of the ledger, the oldest first."""
    found = json.loads(repo.labelmeta("ledger", "log", "--format", "json", *args).out)
    return list(reversed(found))


def recorded(repo: Repo, *args: str) -> Told:
    """Run `ledger record` and return what it wrote: what a dry run says, and once only."""
    before = len(log(repo))
    dry = repo.labelmeta("ledger", "record", *args, "--dry-run").out.splitlines()
    assert len(log(repo)) == before
    ran = repo.labelmeta("ledger", "record", *args).out.splitlines()
    if dry != ["nothing to record"]:
        told = [line.rpartition(" (")[0] or line for line in ran[:-1]]
        assert [line.removeprefix("would ") for line in dry] == told
    assert repo.labelmeta("ledger", "record", *args).out == "nothing to record\n"
    return [(one["type"], one["subject"]) for one in log(repo)[before:]]


def without_ledger(repo: Repo) -> None:
    """Make the project one that is older than its ledger."""
    repo.git("rm", "-rq", "labelmeta/ledger")
    repo.commit("No ledger yet", "2026-02-10T09:00:00+00:00")


def blob(repo: Repo, path: str) -> str:
    return repo.git("hash-object", path)


def ledger_rules(repo: Repo) -> set[str]:
    return {code for code in repo.codes() if code.startswith("LM40")}


def test_what_was_done_without_a_command(grown: Inside) -> None:
    assert ledger_rules(grown) == {"LM404"}
    assert recorded(grown) == [
        ("released", "guideline:tone"),
        ("relabelled", f"split:{DEV}"),
        ("relabelled", f"split:{TRAIN}"),
        ("transformed", "stage:dvc.yaml:train"),
    ]
    released, dev, train, run = log(grown)[-4:]
    object_ = grown.git("rev-parse", "HEAD:guidelines/tone")
    assert released["claims"] == {"version": "2.0.0", "object": object_}
    records = train["claims"]["layers"]["labels"]["records"]
    md5 = grown.run("md5sum", IN_GIT).out.split()[0]
    assert records == {"path": IN_GIT[5:], "md5": md5, "git": blob(grown, IN_GIT)}
    assert dev["claims"]["layers"]["labels"]["records"] == {
        "path": IN_DVC[5:],
        "md5": grown.read(f"{IN_DVC}.dvc").split("md5: ")[1][:32],
    }
    assert run["claims"]["cmd"] == "cat data/train.csv > model.txt"
    data = grown.read(f"{TRAIN}.dvc").split("md5: ")[1][:32]
    assert run["claims"]["deps"][TRAIN] == data
    assert run["claims"]["outs"] == {"model.txt": data}

    assert ledger_rules(grown) == set(), "what `check` asks for is what is recorded"
    grown.commit("Record")
    assert " error" not in grown.labelmeta("ledger", "verify").text

    grown.write(IN_GIT, lines("2.0.0"))
    grown.write(SIDE, grown.read(SIDE).replace("mode: backward", "mode: full"))
    (grown.path / f"{TEST}.labelmeta.yaml").unlink()
    assert recorded(grown, TRAIN) == [("relinked", f"split:{TRAIN}")]
    assert recorded(grown, "--note", "By hand.") == [("unlinked", f"split:{TEST}")]
    assert (log(grown)[-1]["claims"], log(grown)[-1]["note"]) == ({}, "By hand.")
    grown.write(IN_GIT, lines("2.0.0", "2.0.0"))
    assert recorded(grown) == [("relabelled", f"split:{TRAIN}")]

    for path in (DEV, f"{DEV}.dvc", f"{DEV}.labelmeta.yaml"):
        (grown.path / path).rename(grown.path / path.replace("dev", "valid"))
    for name in ("valid.csv.dvc", "valid.csv.labelmeta.yaml"):
        grown.write(
            f"data/{name}",
            grown.read(f"data/{name}").replace("path: dev.csv\n", "path: valid.csv\n"),
        )
    assert recorded(grown) == [
        ("moved", "split:data/valid.csv"),
        ("moved", f"split:{DEV}"),
    ]
    assert [one["what"] for one in log(grown)[-2:]] == [
        "labels: tone 2.0.0; from data/dev.csv",
        "labels: tone 2.0.0; to data/valid.csv",
    ]


def test_a_project_older_than_its_ledger(grown: Inside) -> None:
    without_ledger(grown)
    told = recorded(grown)
    assert told == [
        ("released", "guideline:tone"),
        ("linked", f"split:{DEV}"),
        ("linked", f"split:{TEST}"),
        ("linked", f"split:{TRAIN}"),
        ("transformed", "stage:dvc.yaml:train"),
    ]
    assert "no events" in grown.labelmeta("ledger", "log", "--rev", "HEAD").out


def test_stages_that_say_nothing_of_labels_are_left_out(linked: Repo) -> None:
    linked.write("params.yaml", "rate: 0.5\n")
    more = (
        "  words:\n    cmd: echo a > words.txt\n    outs:\n      - words.txt\n"
        "  test:\n    cmd: cat ../model.txt ../data/test.csv > ../score.txt\n    wdir: models\n"
        "    deps:\n      - ../model.txt\n      - ../data/test.csv\n    params:\n"
        "      - ../params.yaml:\n          - rate\n    outs:\n      - ../score.txt\n"
    )
    linked.write("models/.keep", "")
    linked.write("dvc.yaml", linked.read("dvc.yaml") + more)
    linked.dvc("repro", "-q", "-P")
    assert recorded(linked) == [
        ("transformed", "stage:dvc.yaml:test"),
        ("transformed", "stage:dvc.yaml:train"),
    ]
    claims = log(linked)[-2]["claims"]
    assert [*claims["deps"]] == ["data/test.csv", "model.txt"]
    linked.write("dvc.lock", linked.read("dvc.lock").replace("rate: 0.5", "rate: 0.25"))
    assert recorded(linked) == [("transformed", "stage:dvc.yaml:test")]
    again = log(linked)[-1]["claims"]
    assert again.pop("params") != claims.pop("params")
    assert again == claims
    linked.write("dvc.yaml", linked.read("dvc.yaml").partition("  words:")[0])
    assert recorded(linked) == [("transformed", "stage:dvc.yaml:test")]
    assert log(linked)[-1]["what"] == "no longer there"


def test_waivers(linked: Repo) -> None:
    recorded(linked)
    settings = linked.read("labelmeta.yaml")
    entry = "  - {rule: LM105, path: data/train.csv, reason: %s, approved_by: Bo}\n"
    both = (
        settings
        + "ignore:\n"
        + entry % "old"
        + "  - {rule: LM105, path: data/train.csv, reason: b}\n"
    )
    linked.write("labelmeta.yaml", both)
    subject = "waiver:LM105:data/train.csv"
    assert recorded(linked) == [("waived", subject), ("waived", f"{subject}#2")]
    first, second = log(linked)[-2:]
    (bo,) = first["claims"]["approved_by"]
    assert json.loads(linked.read(person_path(bo)))["name"] == "Bo"
    assert second["claims"] == {"reason": "b"}

    (linked.path / person_path(bo)).unlink()
    assert recorded(linked) == [], "whom nobody can name any more is not named anew"
    linked.write("labelmeta.yaml", settings + "ignore:\n" + entry % "new")
    assert recorded(linked) == [("waived", subject), ("waived", f"{subject}#2")]
    assert [one["claims"] for one in log(linked)[-1:]] == [{}]
    linked.write("labelmeta.yaml", settings + "ignore:\n" + (entry % "new").replace("Bo", "Cy"))
    assert recorded(linked) == [("waived", subject)]
    linked.write("labelmeta.yaml", settings)
    assert recorded(linked) == [("waived", subject)]


def test_retired_guidelines(linked: Repo) -> None:
    recorded(linked)
    linked.labelmeta("guideline", "release", "tone")
    linked.commit("Release")
    linked.bump("1.1.0", status="retired")
    assert recorded(linked) == [("retired", "guideline:tone")]
    assert log(linked)[-1]["claims"]["status"] == "retired"
    linked.write(
        "labelmeta.yaml", "version: 1\nguidelines:\n  prose: {path: guidelines/prose.md}\n"
    )
    assert recorded(linked) == [("retired", "guideline:tone")]
    assert log(linked)[-1]["claims"] == {}


def test_branches_that_met(linked: Repo) -> None:
    recorded(linked)
    linked.commit("Told")
    linked.git("checkout", "-q", "-b", "side")
    text = linked.read(SIDE)
    linked.write(SIDE, text.replace("mode: backward", "mode: full"))
    recorded(linked)
    linked.commit("Full")
    linked.git("checkout", "-q", "main")
    linked.write("data/dev.csv.labelmeta.yaml", linked.read("data/dev.csv.labelmeta.yaml"))
    linked.write(SIDE, text.replace("mode: backward", "mode: frozen"))
    recorded(linked)
    linked.commit("Frozen")
    linked.git("merge", "-q", "-s", "ours", "side", "-m", "Keep frozen")
    linked.git("checkout", "side", "--", "labelmeta/ledger")
    assert recorded(linked) == [("merged", f"split:{TRAIN}")], "which of the two holds is told"
    last = log(linked)[-1]
    assert (len(last["parents"]), last["claims"]["layers"]["labels"]["mode"]) == (2, "frozen")
    assert "(joins " in linked.labelmeta("ledger", "log", "--limit", "1").out


def test_refusals(linked: Repo) -> None:
    def refused(*args: str) -> str:
        return linked.labelmeta("ledger", *args, code=2).err

    assert "never was" in refused("record", "data/none.csv")
    assert "name no splits" in refused("record", "--history", TRAIN)
    assert "no event of data/none.csv" in refused("log", "data/none.csv")
    assert "lists no guideline 'mood'" in refused("approve", "mood")
    assert "no released version 9.0.0; it has" in refused("approve", "prose", "--version", "9.0.0")
    text = linked.read(SIDE)
    linked.write(SIDE, text.replace("layers:", "layer:"))
    assert f"{SIDE}: " in refused("record"), "what cannot be read is not taken for gone"
    linked.write(SIDE, text)
    linked.write("labelmeta.yaml", linked.read("labelmeta.yaml") + "ledger: false\n")
    assert "ledger: false" in refused("record")
    assert "ledger: false" in refused("approve", "tone")


def test_approve(linked: Repo) -> None:
    linked.labelmeta("guideline", "release", "tone")
    linked.commit("Release")
    said = linked.labelmeta("ledger", "approve", "tone", "--note", "Read.", **BO).out
    assert "record approved tone" in said
    assert "approved_by in guideline.yaml, which `labelmeta check` asks for, stays" in said
    event = log(linked)[-1]
    assert (event["type"], event["who"], event["note"]) == (
        "approved",
        "Bo <bo@example.org>",
        "Read.",
    )
    object_ = linked.git("rev-parse", "HEAD:guidelines/tone")
    assert (event["claims"]["version"], event["claims"]["object"]) == ("1.0.0", object_)
    names = [
        json.loads(linked.read(person_path(c)))["name"] for c in event["claims"]["approved_by"]
    ]
    assert names == ["Bo <bo@example.org>"]
    assert "nothing to record" in linked.labelmeta("ledger", "approve", "tone", **BO).out
    assert recorded(linked) == [("transformed", "stage:dvc.yaml:train")]
    prose = linked.git("rev-parse", "HEAD:guidelines/prose.md")
    linked.labelmeta("ledger", "approve", "prose", **BO)
    assert log(linked)[-1]["claims"]["version"] == prose[:12]


def test_an_author_does_not_approve_alone(linked: Repo) -> None:
    linked.labelmeta("guideline", "release", "tone")
    linked.commit("Release")
    linked.bump("1.1.0", "delighted")
    linked.write("labelmeta.yaml", linked.read("labelmeta.yaml") + "profile: audit\n")
    linked.commit("Audit")
    bo = ("--approved-by", "Bo")
    linked.labelmeta("guideline", "release", "tone", *bo)
    linked.commit("Release 1.1.0")
    linked.labelmeta("ledger", "approve", "tone", "--version", "1.1.0")  # Bo did, by the releases
    err = linked.labelmeta("ledger", "approve", "tone", "--version", "1.0.0", code=2).err
    assert "made tone 1.0.0, and nobody else approved it yet" in err
    linked.labelmeta("ledger", "approve", "tone", "--version", "1.0.0", **CY)
    linked.labelmeta("ledger", "approve", "tone", "--version", "1.0.0")
    assert recorded(linked) == [("transformed", "stage:dvc.yaml:train")], "1.1.0 stays released"


def test_history_of_a_project_without_a_ledger(grown: Inside, past: Past) -> None:
    without_ledger(grown)
    grown.labelmeta("ledger", "record", "--history")
    events = log(grown)
    first, second = (grown.git("rev-parse", f"{past.old}~{n}") for n in (2, 1))
    assert [(e["details"]["commit"], e["type"], e["subject"].split(":")[1]) for e in events] == [
        (first, "released", "tone"),
        (first, "released", "prose"),
        (second, "linked", DEV),
        (second, "linked", TEST),
        (second, "linked", TRAIN),
        (past.old, "relinked", DEV),
        (past.old, "relinked", TRAIN),
        (past.reworded, "released", "tone"),
        (past.new, "relinked", DEV),
        (past.new, "relinked", TEST),
        (past.new, "relinked", TRAIN),
    ]
    assert {e["at"] for e in events} == {"2026-01-05T09:00:00Z"}, "when it was recorded"
    assert events[-1]["details"]["when"] == "2026-02-03T09:00:00Z"
    by = events[-1]["details"]["by"]
    assert json.loads(grown.read(person_path(by)))["name"] == "Ada <ada@example.org>"
    shown = grown.labelmeta("ledger", "log", "--limit", "1").out
    assert f"(commit {past.new[:12]} of 2026-02-03, Ada)" in shown
    assert recorded(grown, "--history") == []
    assert recorded(grown) == [("transformed", "stage:dvc.yaml:train")], "the end is what is there"


def test_history_where_the_ledger_has_gaps(grown: Inside) -> None:
    before = {one["subject"]: one["claims"] for one in log(grown)}
    added = recorded(grown, "--history")
    assert added == [
        ("released", "guideline:tone"),
        ("released", "guideline:prose"),
        ("relinked", f"split:{DEV}"),
        ("relinked", f"split:{TRAIN}"),
        ("released", "guideline:tone"),
        ("relinked", f"split:{DEV}"),
        ("relinked", f"split:{TRAIN}"),
    ], "with the records as they were committed, not as they were when a command told of the link"
    after = {one["subject"]: one["claims"] for one in log(grown)}
    assert after.keys() - before.keys() == {"guideline:tone", "guideline:prose"}
    assert recorded(grown) == [("transformed", "stage:dvc.yaml:train")]


def test_history_of_what_a_clone_lacks(linked: Repo, new_repo: Any) -> None:
    shallow = linked.path.parent / "shallow"
    linked.git("clone", "-q", "--depth", "1", f"file://{linked.path}", str(shallow))
    err = Inside(shallow).labelmeta("ledger", "record", "--history", code=2).err
    assert "git fetch --unshallow" in err
    far = linked.read("labelmeta.yaml").replace(
        "guidelines:\n",
        "repos: {far: {url: ../far}}\nguidelines:\n  far: {path: far.md, repo: far}\n",
    )
    linked.write("labelmeta.yaml", far)
    ran = linked.labelmeta("ledger", "record", "--history", "--dry-run")
    assert "note: repository 'far' is not in the cache" in ran.err


def test_history_through_merges_drafts_and_renames(linked: Repo) -> None:
    without_ledger(linked)
    base = linked.read(SIDE)
    linked.git("checkout", "-q", "-b", "side")
    linked.write(SIDE, base.replace("mode: backward", "mode: full"))
    linked.commit("Full", "2026-03-01T00:30:00-07:00")
    linked.git("checkout", "-q", "main")
    linked.write(SIDE, base.replace("mode: backward", "mode: frozen"))
    linked.commit("Frozen", "2026-03-01T09:00:00+02:00")
    linked.git("merge", "-q", "-s", "ours", "side", "-m", "Keep frozen")
    linked.write(SIDE, "layers: [\n")
    linked.write("data/b\udcff.csv.labelmeta.yaml", base)
    linked.commit("Broken", "2026-03-03T09:00:00+00:00")
    linked.bump("2.0.0", status="draft")
    linked.write("guidelines/tone/guideline.yaml", "id: [\n")
    linked.commit("Broken too", "2026-03-04T09:00:00+00:00")
    linked.bump("2.0.0", "delighted")
    linked.git("mv", "guidelines/tone", "guidelines/tune")
    settings = linked.read("labelmeta.yaml").replace("guidelines/tone", "guidelines/tune")
    linked.write("labelmeta.yaml", settings)
    (linked.path / SIDE).unlink()
    (linked.path / "data/b\udcff.csv.labelmeta.yaml").unlink()
    linked.commit("Move and unlink", "2026-03-05T09:00:00+00:00")
    old = linked.read("guidelines/tune/guideline.yaml")
    new = old.replace("2.0.0", "2.1.0").replace("status: active", "status: retired")
    linked.write("guidelines/tune/guideline.yaml", new)
    linked.commit("Retire", "2026-03-06T09:00:00+00:00")
    linked.labelmeta("ledger", "record", "--history")
    events = log(linked)[5:]
    assert [(e["type"], e["subject"].partition(":")[2], e["what"]) for e in events] == [
        ("relinked", TRAIN, "mode labels: backward -> frozen"),
        ("relinked", TRAIN, "mode labels: frozen -> full"),
        ("relinked", TRAIN, "mode labels: full -> frozen"),
        ("released", "tone", "1.0.0 -> 2.0.0"),
        ("unlinked", TRAIN, "labels: tone 1.0.0"),
        ("retired", "tone", "2.0.0 -> 2.1.0"),
    ]
    assert [e["details"].get("merge") for e in events[:4]] == [None, None, True, None]
    assert recorded(linked, "--history") == []


def test_a_checkout_with_other_line_ends_has_nothing_to_tell(grown: Inside) -> None:
    recorded(grown)
    grown.commit("Record")
    grown.git("clone", "-q", "-c", "core.autocrlf=true", str(grown.path), "../windows")
    windows = Inside(grown.path.parent / "windows")
    assert b"\r\n" in (windows.path / IN_GIT).read_bytes()
    told = windows.labelmeta("ledger", "record").out
    assert TRAIN not in told

    with (windows.path / IN_GIT).open("a", encoding="utf-8", newline="") as file:
        file.write(lines("2.0.0", start=9))
    windows.labelmeta("ledger", "record", TRAIN)
    windows.commit("Label one more on Windows")
    records = log(windows)[-1]["claims"]["layers"]["labels"]["records"]
    assert records["git"] == windows.git("rev-parse", f"HEAD:{IN_GIT}")
    assert "error wrong-claim" not in windows.labelmeta("ledger", "verify").text
