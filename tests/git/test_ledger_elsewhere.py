"""`ledger verify` of links to guidelines that another repository keeps."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from typing import Any

import pytest

from dvc_labelmeta.model.event import EVENTS, Draft, Stamp
from dvc_labelmeta.read.ledger import Disk, key_of, ledger
from dvc_labelmeta.write.edits import apply
from dvc_labelmeta.write.ledger import Before, appended
from tests.repo import Repo

pytestmark = pytest.mark.inside
FAR = "repos: {docs: {url: ../docs}}\nguidelines:\n  far: {path: far, repo: docs}\n"


def verify(repo: Repo, code: int = 0) -> dict[str, Any]:
    ran = repo.labelmeta("ledger", "verify", "--full", "--format", "json", code=code)
    value: dict[str, Any] = json.loads(ran.out)
    return value


def add(repo: Repo, one: Draft) -> None:
    """Write an event as commands do, whatever it claims."""
    known, key = ledger(Disk(str(repo.path))), key_of(one.subject)
    heads = tuple(head.hash for head in known.heads)
    tips = {one.subject: known.tips.get(key, ())}
    before = Before(heads, known.total, tips, known.people, {one.subject: key})
    stamp = Stamp("Ada <ada@example.org>", "2026-01-05T09:00:00Z")
    apply(str(repo.path), appended(before, stamp, [one]).edits)


def test_guidelines_elsewhere_are_looked_up_in_their_clone(
    linked: Repo, new_repo: Callable[[str], Repo]
) -> None:
    docs = new_repo("docs")
    docs.write("far/guideline.yaml", Repo.guideline_yaml("far", "1.0.0"))
    docs.commit("Far")
    settings = linked.read("labelmeta.yaml").replace("guidelines:\n", FAR)
    linked.write("labelmeta.yaml", settings)
    linked.labelmeta("check", "--fetch", code=None)
    linked.labelmeta("link", "data/train.csv", "--guideline", "far", "--layer", "far")
    linked.commit("Link to it")
    assert not verify(linked)["claims"]["unchecked"]
    newest = max(
        (linked.path / EVENTS).rglob("*.json"), key=lambda p: json.loads(p.read_text())["count"]
    )
    claims = json.loads(newest.read_text())["claims"]
    object_ = claims["layers"]["far"]["object"]
    add(linked, Draft("released", "guideline:far", {"version": "1.0.0", "object": object_}))
    linked.commit("True")
    assert not verify(linked)["claims"]["unchecked"]
    add(linked, Draft("released", "guideline:far", {"version": "1.1.0", "object": object_}))
    linked.commit("Another version than its content says")
    (wrong,) = verify(linked, code=1)["findings"]
    assert "the version of the guideline is 1.0.0, the event says 1.1.0" in wrong["message"]
    add(linked, Draft("released", "guideline:far", {"version": "1.1.0", "object": "b" * 40}))
    linked.commit("No such content")
    why = "guidelines whose content the clone of their repository does not hold"
    assert verify(linked)["claims"]["unchecked"] == {why: 1}
    shutil.rmtree(linked.path / ".labelmeta" / "cache")
    why = "guidelines in a repository that was not fetched: `labelmeta check --fetch`"
    assert verify(linked)["claims"]["unchecked"][why] >= 2
