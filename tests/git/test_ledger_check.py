"""`check` and the end of the ledger: what nobody told, what is broken, what a merge left apart."""

from __future__ import annotations

import json

import pytest

from dvc_labelmeta.model.event import event_path
from tests.repo import Repo

pytestmark = pytest.mark.inside

SIDECAR = "data/train.csv.labelmeta.yaml"
RECORDS = "data/train.csv.annotations.jsonl"


def record(number: int, label: str = "pos") -> str:
    fields = {"id": f"r{number}", "item": "1", "label": label, "guideline_version": "1.0.0"}
    return json.dumps(fields | {"annotator": "ada", "source": "form"}) + "\n"


def told(repo: Repo, code: str, *args: str) -> list[str]:
    return [f["message"] for f in repo.findings(*args) if f["code"] == code]


@pytest.fixture
def labelled(linked: Repo) -> Repo:
    """The train split with records that Git tracks, told to the ledger."""
    text = linked.read(SIDECAR) + "    annotations: {path: train.csv.annotations.jsonl}\n"
    linked.write(SIDECAR, text)
    linked.write(RECORDS, record(1))
    linked.labelmeta("link", "data/train.csv")
    linked.commit("Label")
    assert linked.codes(code=0) == []
    return linked


def test_a_hand_on_the_sidecar_is_seen_and_a_new_link_tells_it(linked: Repo) -> None:
    before = linked.read(SIDECAR)
    linked.write(SIDECAR, before.replace("mode: backward", "mode: none"))
    (said,) = told(linked, "LM403")
    assert "data/train.csv is not linked as its last event says" in said
    audited = linked.findings("--profile", "audit", code=1)
    assert ("LM403", "error") in {(f["code"], f["severity"]) for f in audited}
    linked.labelmeta("link", "data/train.csv")
    assert linked.codes(code=0) == []


def test_records_in_git_are_held_against_the_event(labelled: Repo) -> None:
    labelled.write(RECORDS, record(1, "neg"))
    (said,) = told(labelled, "LM404")
    assert "md5" in said, "not in Git as it is: hashed on disk"
    labelled.commit("Quietly another label")
    (said,) = told(labelled, "LM404")
    assert "git" in said
    assert told(labelled, "LM404", "--rev", "HEAD~1") == []
    assert told(labelled, "LM404", "--rev", "HEAD") == [said]
    labelled.labelmeta("link", "data/train.csv")
    assert labelled.codes(code=0) == []


def test_records_in_dvc_are_held_against_the_event_once_they_are_added(labelled: Repo) -> None:
    labelled.git("rm", "-q", "--cached", RECORDS)
    labelled.dvc("add", "-q", RECORDS)
    assert labelled.codes(code=0) == [], "the same content"
    labelled.write(RECORDS, record(1) + record(2).replace('"1", "l', '"2", "l'))
    labelled.dvc("add", "-q", RECORDS)
    assert labelled.codes(code=0) == ["LM404"]


def test_a_folder_of_records_in_dvc_has_the_hash_that_dvc_gives_it(linked: Repo) -> None:
    linked.write(SIDECAR, linked.read(SIDECAR) + "    annotations: {path: notes, format: jsonl}\n")
    linked.write("data/notes/b/1.jsonl", record(1))
    linked.write("data/notes/a.jsonl", record(2, "neg"))
    linked.write("data/notes/README.txt", "Not a record.\n")
    linked.dvc("add", "-q", "data/notes")
    linked.labelmeta("link", "data/train.csv")
    assert "LM404" not in linked.codes()
    linked.write("data/notes/a.jsonl", record(2))
    linked.dvc("add", "-q", "data/notes")
    assert "LM404" in linked.codes()


def test_a_changed_or_missing_event_is_an_error(linked: Repo) -> None:
    (head,) = (linked.path / "labelmeta/ledger/heads").iterdir()
    event = linked.path / event_path(head.name)
    kept = event.read_bytes()
    event.write_bytes(kept.replace(b"2026-01-05", b"2025-01-05"))
    (said,) = told(linked, "LM401")
    assert event.name in said
    assert "its hash is another" in said
    event.unlink()
    (said,) = told(linked, "LM401")
    assert "is not there" in said
    assert linked.labelmeta("check", code=1).out.count("LM401") == 1
    refused = linked.labelmeta("link", "data/train.csv", "--mode", "none", code=2).err
    assert event.name in refused
    event.write_bytes(kept)
    assert linked.codes(code=0) == []


def test_markers_that_lie(linked: Repo) -> None:
    ledger = linked.path / "labelmeta/ledger"
    (head,) = (ledger / "heads").iterdir()
    head.unlink()
    assert told(linked, "LM401") == ["labelmeta/ledger/heads names no event, though there are some"]
    head.touch()
    one, two = sorted((ledger / "tips").iterdir())[:2]
    (one.parent / f"{one.name[:16]}-{two.name[17:]}").touch()
    (said,) = told(linked, "LM401")
    assert "names an event about split:" in said


def test_two_branches_that_link_the_same_split_come_apart_and_together(linked: Repo) -> None:
    linked.git("checkout", "-q", "-b", "other")
    linked.labelmeta("link", "data/train.csv", "--mode", "none")
    linked.commit("No mode")
    linked.git("checkout", "-q", "main")
    linked.labelmeta("link", "data/train.csv", "--mode", "full")
    linked.commit("Full mode")
    linked.git("merge", "-q", "-X", "ours", "other")
    assert len(list((linked.path / "labelmeta/ledger/heads").iterdir())) == 2
    assert linked.codes(code=0) == ["LM405"]
    linked.labelmeta("link", "data/train.csv")
    assert linked.codes(code=0) == []
    (head,) = (linked.path / "labelmeta/ledger/heads").iterdir()
    event = json.loads(
        (linked.path / f"labelmeta/ledger/events/{head.name[:2]}/{head.name}.json").read_bytes()
    )
    assert len(event["parents"]) == 2
    assert event["count"] == 6, "three links, one on each branch, and the one that joins them"


def test_a_project_that_began_without_a_ledger_is_told_at_audit(linked: Repo) -> None:
    linked.git("rm", "-rq", "labelmeta/ledger")
    assert linked.codes(code=0) == []
    linked.labelmeta("link", "data/dev.csv")
    assert linked.codes(code=0) == ["LM402", "LM402"]
    linked.write("labelmeta.yaml", linked.read("labelmeta.yaml") + "ledger: false\n")
    linked.labelmeta("link", "data/train.csv", "--mode", "none")
    assert linked.codes(code=0) == ["LM402", "LM402"]


def test_a_report_that_is_kept_elsewhere_proves_later_that_nothing_was_taken_away(
    linked: Repo,
) -> None:
    kept = json.loads(linked.labelmeta("check", "--format", "json").out)["ledger"]
    (head,) = kept["heads"]
    assert kept["count"] == 3
    assert f"ledger: 3 events, head {head}" in linked.labelmeta("--verbose", "check").out
    linked.labelmeta("ledger", "verify", "--expected-head", head, "--min-count", "3", code=0)
    linked.git("rm", "-rq", "labelmeta/ledger")
    linked.git("commit", "-q", "--amend", "-m", "As if nothing had been")
    nothing = json.loads(linked.labelmeta("check", "--format", "json").out)["ledger"]
    assert nothing == {"heads": [], "count": 0}
    linked.labelmeta("ledger", "verify", "--expected-head", head, code=1)
    linked.labelmeta("ledger", "verify", "--min-count", "3", code=1)
