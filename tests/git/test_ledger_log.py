"""`ledger log`: what happened, newest first, of one subject, since a revision, at a revision."""

from __future__ import annotations

import json
from typing import Any

import pytest

from dvc_labelmeta.model.event import person_path
from tests.repo import Repo

pytestmark = pytest.mark.inside

TRAIN = "data/train.csv"
TEXT = ["EVENT", "TIME", "WHO", "TYPE", "SUBJECT", "WHAT", "NOTE"]
BO = {"GIT_AUTHOR_NAME": "Bo\x1b[1m", "GIT_AUTHOR_EMAIL": "bo@example.org"}


def log(repo: Repo, *args: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(
        repo.labelmeta("ledger", "log", "--format", "json", *args).out
    )
    return found


def told(repo: Repo, *args: str) -> list[tuple[str, str, str]]:
    return [
        (one["type"], one["subject"].partition(":")[2], one["what"]) for one in log(repo, *args)
    ]


def test_a_life(linked: Repo) -> None:
    first = linked.git("rev-parse", "HEAD")
    linked.bump("1.1.0", "delighted")
    linked.labelmeta("guideline", "release", "tone")
    linked.commit("Release")
    linked.labelmeta("link", TRAIN)
    second = linked.commit("Link")
    linked.labelmeta("ledger", "approve", "tone", "--note", "Read.\x1b[2J", **BO)
    linked.labelmeta("unlink", TRAIN)
    expected = [
        ("unlinked", TRAIN, "labels: tone 1.1.0"),
        ("approved", "tone", "1.1.0"),
        ("relinked", TRAIN, "labels: tone 1.0.0 -> 1.1.0"),
        ("released", "tone", "1.1.0"),
        ("linked", "data/test.csv", "labels: tone 1.0.0"),
        ("linked", "data/dev.csv", "labels: tone 1.0.0"),
        ("linked", TRAIN, "labels: tone 1.0.0"),
    ]
    assert told(linked) == expected
    assert told(linked, "--limit", "3") == expected[:3], "told against what is not shown"
    assert told(linked, "--since", second) == expected[:2]
    assert told(linked, "--since", first) == expected[:4]
    assert told(linked, "--rev", "HEAD") == expected[2:]
    assert told(linked, "--rev", "HEAD", "--since", first) == expected[2:4]
    assert told(linked, TRAIN) == told(linked, f"split:{TRAIN}") == [expected[n] for n in (0, 2, 6)]
    assert told(linked, f"{TRAIN}.labelmeta.yaml", "--limit", "1") == expected[:1]
    assert told(linked, "tone") == [expected[1], expected[3]]
    assert linked.labelmeta("ledger", "log", "train.csv", cwd="data").out.count(TRAIN) == 3

    event = log(linked, "--limit", "2")[1]
    assert (event["at"], event["note"]) == ("2026-01-05T09:00:00Z", "Read.\x1b[2J")
    assert event["parents"] == [log(linked, "--limit", "3")[2]["event"]]
    shown = linked.labelmeta("ledger", "log").out
    assert "\x1b" not in shown
    head, _, line, *_ = shown.splitlines()
    assert head.split() == TEXT
    assert line.split()[:5] == [
        event["event"][:12], event["at"], "Bo\\x1b[1m", "approved", "guideline:tone"
    ]  # fmt: skip
    (bo,) = event["claims"]["approved_by"]
    (linked.path / person_path(bo)).unlink()
    assert log(linked, "--limit", "2")[1]["who"] is None
    assert linked.labelmeta("ledger", "log").out.splitlines()[2].split()[2] == "redacted"


def test_branches_that_met(linked: Repo) -> None:
    linked.git("checkout", "-q", "-b", "side")
    linked.labelmeta("unlink", "data/dev.csv", GIT_AUTHOR_DATE="2026-01-07T09:00:00+00:00")
    linked.commit("Without dev")
    linked.git("checkout", "-q", "main")
    linked.labelmeta("unlink", "data/test.csv", GIT_AUTHOR_DATE="2026-01-06T09:00:00+00:00")
    linked.commit("Without test")
    linked.git("merge", "-q", "-X", "ours", "side", "-m", "Merge")
    assert [row[:2] for row in told(linked, "--limit", "2")] == [
        ("unlinked", "data/dev.csv"),
        ("unlinked", "data/test.csv"),
    ]
    linked.labelmeta("unlink", TRAIN)
    shown = linked.labelmeta("ledger", "log", "--limit", "1").out.splitlines()[1]
    parents = log(linked, "--limit", "1")[0]["parents"]
    assert len(parents) == 2
    assert f"(joins {parents[0][:12]}, {parents[1][:12]})" in shown


def test_what_another_branch_did_meanwhile_was_not_before(linked: Repo) -> None:
    linked.bump("1.1.0", "delighted")
    linked.git("checkout", "-q", "-b", "side")
    linked.labelmeta("link", TRAIN, GIT_AUTHOR_DATE="2026-01-07T09:00:00+00:00")
    linked.commit("Link train anew")
    linked.git("checkout", "-q", "main")
    linked.labelmeta("unlink", TRAIN, GIT_AUTHOR_DATE="2026-01-08T09:00:00+00:00")
    linked.commit("Without train")
    linked.git("merge", "-q", "-X", "ours", "side", "-m", "Merge", code=None)
    linked.git("rm", "-qf", "--ignore-unmatch", f"{TRAIN}.labelmeta.yaml")
    linked.commit("Merge")
    expected = [
        ("unlinked", TRAIN, "labels: tone 1.0.0"),  # not 1.1.0, which is on the other branch
        ("relinked", TRAIN, "labels: tone 1.0.0 -> 1.1.0"),
        ("linked", TRAIN, "labels: tone 1.0.0"),
    ]
    assert told(linked, TRAIN) == expected
    assert told(linked, TRAIN, "--limit", "1") == expected[:1]
    linked.labelmeta("link", TRAIN, "--guideline", "tone")
    joined = told(linked, TRAIN)
    assert joined[1:] == expected
    assert joined[0][2].startswith("labels: tone 1.1.0")


def test_nothing_yet(project: Repo) -> None:
    assert log(project) == []
    assert "no events; `labelmeta ledger record`" in project.labelmeta("ledger", "log").out
    assert "text, json" in project.labelmeta("ledger", "log", "--format", "xml", code=2).err
    assert "there is no commit" in project.labelmeta("ledger", "log", "--rev", "v9", code=2).err
