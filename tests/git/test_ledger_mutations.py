"""`ledger verify` against hundreds of forged ledgers, each found by what has to find it."""

from __future__ import annotations

import hashlib
import json
import re
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from dvc_labelmeta.model.event import Draft, event_path
from dvc_labelmeta.read.verified import FILE
from tests.attack import PUSHES, REWRITES, WRITES, Attack
from tests.attacked import add
from tests.attacks import SOURCES, Source, Victim, attacks, some
from tests.attacks_on_history import of_places, without
from tests.attacks_on_trust import last_of, of_lies, of_people, of_signatures, of_times
from tests.inside import Inside
from tests.ssh import Keys

pytestmark = pytest.mark.inside
MOST = 3  # alike: all of them, which are some 500, are tried by `python -m tests.attacks`
LATER = (of_places, of_times, of_people, of_lies)  # mostly new events: judged as a later run does
README = Path(__file__).resolve().parents[2] / "README.md"


@pytest.fixture(scope="module")
def victim(tmp_path_factory: pytest.TempPathFactory) -> Victim:
    folder = tmp_path_factory.mktemp("attacked")
    keys = Keys.made(folder) if shutil.which("ssh-keygen") else None
    return Victim(folder, keys)


@pytest.fixture
def cloned(victim: Victim, tmp_path: Path) -> Callable[..., Inside]:
    """Clone a repository, by default the one that is attacked."""

    def clone(name: str, *how: str, of: Path | None = None) -> Inside:
        source = of or victim.repo.path
        victim.repo.git("clone", "-q", *how, source.as_uri(), str(tmp_path / name))
        return Inside(tmp_path / name)

    return clone


def verify(repo: Inside, *args: str, code: int = 1) -> tuple[set[str], dict[str, Any]]:
    ran = repo.labelmeta("ledger", "verify", "--format", "json", *args, code=code)
    value: dict[str, Any] = json.loads(ran.out)
    return {f"{one['severity']} {one['kind']}" for one in value["findings"]}, value


def tried(victim: Victim, source: Source) -> None:
    full = source not in LATER
    found = [*victim.results(some(source(victim.target), MOST), full=full)]
    assert found
    wrong = [one for one in found if not one.fits]
    assert wrong == [], [
        (one.attack.kind, one.attack.name, one.found, one.outside) for one in wrong
    ]


@pytest.mark.parametrize("source", SOURCES, ids=lambda one: one.__name__)
def test_each_attack_is_found_by_what_has_to_find_it(victim: Victim, source: Source) -> None:
    tried(victim, source)


@pytest.mark.skipif(shutil.which("ssh-keygen") is None, reason="signs with SSH keys")
def test_signatures(victim: Victim) -> None:
    tried(victim, of_signatures)


def test_so_many_are_tried_and_none_is_found_where_nothing_happened(victim: Victim) -> None:
    known = attacks(victim.target, signed=True)
    assert len({one.kind for one in known}) >= 50
    assert len(some(known, MOST)) >= 240
    found, value = verify(victim.repo, code=0)
    assert (found, value["events"], value["anchors"]["found"]) == (set(), 20, 9)


def test_the_readme_says_no_where_an_attack_is_not_found(victim: Victim) -> None:
    """Whatever an outsider can do, the others can; who pushes to others can do what they do."""
    text = README.read_text(encoding="utf-8").split("## What the ledger protects against")[1]
    lines = re.findall(r"^\| (.*) \|$", text.partition("\n### ")[0], re.MULTILINE)
    rows = {first: cells for first, *cells in (line.split(" | ") for line in lines[1:])}
    unheld = rows.pop("an event never written")  # it is no forgery: `check` asks for it
    assert "`check`" in unheld[0]
    known = attacks(victim.target, signed=True)
    assert rows.keys() == {one.row for one in known}
    for row, cells in rows.items():
        for who, cell in zip((PUSHES, REWRITES, WRITES), cells, strict=True):
            mine = [one for one in known if one.row == row and one.who in {PUSHES, who}]
            assert ("**no**" in cell) == any(_is_lost(one) for one in mine), (row, who, cell)
            if any(one.outside for one in mine):
                assert "anchor" in cell, (row, who, cell)


def _is_lost(one: Attack) -> bool:
    return not one.found and not one.outside


def test_a_verdict_that_somebody_pushed_is_not_believed(
    victim: Victim, cloned: Callable[..., Inside]
) -> None:
    evil = cloned("evil")
    verify(evil, code=0)
    told = json.loads((evil.path / FILE).read_bytes().partition(b"\n")[2])
    first = event_path(victim.target.events[0].hash)
    evil.write(first, evil.read(first).replace("train", "trbin"))
    told["commit"] = evil.commit("Tidy up")
    content = json.dumps(told).encode()
    evil.write(FILE, hashlib.sha256(content).hexdigest().encode() + b"\n" + content)
    evil.git("add", "-f", FILE)
    evil.git("commit", "-q", "-m", "Tidy up more")
    found, value = verify(cloned("fresh", of=evil.path))
    assert ("error changed-event" in found, value["verified_before"]) == (True, 0)
    evil.git("mv", "-f", ".labelmeta", "aside")
    (evil.path / ".labelmeta").symlink_to("aside")
    evil.git("add", "-f", ".labelmeta")
    evil.git("commit", "-q", "-m", "Link")
    found, value = verify(cloned("linked", of=evil.path))
    assert ("error changed-event" in found, value["verified_before"]) == (True, 0)


def test_a_ledger_behind_a_link_is_not_read(cloned: Callable[..., Inside]) -> None:
    evil = cloned("evil")
    (evil.path / "labelmeta").rename(evil.path / "other")
    (evil.path / "labelmeta").symlink_to("other")
    found, value = verify(evil)
    assert ("error special-file" in found, value["events"]) == (True, 0)
    evil.commit("Move")
    assert "error special-file" in verify(evil)[0]
    assert "error removed-event" in verify(evil, "--rev", "HEAD")[0]


def test_a_commit_that_is_made_to_bear_an_event_out(
    victim: Victim, cloned: Callable[..., Inside]
) -> None:
    evil = cloned("evil")
    real = last_of(victim.target, "split:data/dev.csv")
    old = real.claims["data"]["value"]
    evil.git("checkout", "-q", "-b", "aside")
    for path in ("data/dev.csv.dvc", "data/dev.csv.labelmeta.yaml"):
        evil.write(path, evil.read(path).replace(old, "a" * 32))
    aside = evil.commit("Lie")
    evil.git("checkout", "-q", "main")
    claims = json.loads(json.dumps(real.claims).replace(old, "a" * 32))
    draft = Draft("relinked", real.subject, claims, {"commit": aside})
    add(evil.path, "Ada <ada@example.org>", "2026-01-14T09:00:00Z", draft)
    evil.commit("Link anew", "2026-01-14T10:00:00+00:00")
    _, value = verify(evil, code=0)
    assert value["claims"]["unchecked"] == {"commits that are not in this history": 1}


def test_an_erasure_told_before_is_remembered_by_later_runs(cloned: Callable[..., Inside]) -> None:
    evil = cloned("evil")
    known = json.loads(evil.labelmeta("ledger", "verify", "--format", "json").out)
    assert known["verified_before"] == 0
    (commitment,) = {
        one["subject"].partition(":")[2] for one in _events(evil) if one["type"] == "redacted"
    }
    last = max(_events(evil), key=lambda one: int(one["count"]))
    (head,) = known["heads"]
    value = last | {"actor": commitment, "parents": [head], "count": last["count"] + 1}
    content = json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()
    evil.write(event_path(hashlib.sha256(content).hexdigest()), content)
    assert "error erased-actor" in verify(evil)[0]


def _events(repo: Inside) -> list[dict[str, Any]]:
    folder = repo.path / "labelmeta/ledger/events"
    return [json.loads(path.read_bytes()) for path in folder.rglob("*.json")]


def test_a_shallow_clone_needs_an_anchor_even_against_a_push(
    victim: Victim, cloned: Callable[..., Inside]
) -> None:
    evil = cloned("evil")
    files, last = victim.target.files, max(victim.target.events, key=lambda one: one.total)
    cut = without(victim.target, last.hash)
    for path in files.keys() | cut.keys():
        if path not in cut:
            (evil.path / path).unlink()
        elif path not in files:
            evil.write(path, cut[path][1])
    evil.commit("Tidy up", "2026-01-15T09:00:00+00:00")
    assert "error removed-event" in verify(evil)[0]
    shallow = cloned("shallow", "--depth", "1", "--no-tags", of=evil.path)
    _, value = verify(shallow, code=0)
    assert value["claims"]["unchecked"]
    assert verify(shallow, "--expected-head", last.hash[:12])[0] == {"error lost-head"}
    assert verify(shallow, "--min-count", "20")[0] == {"error too-few-events"}


def test_history_that_was_collected_stays_judged_by_a_head(
    victim: Victim, cloned: Callable[..., Inside]
) -> None:
    repo = cloned("short", "--no-tags", "--single-branch")
    head = max(victim.target.events, key=lambda one: one.total).hash
    repo.git("reset", "-q", "--hard", "HEAD~2")
    repo.git("reflog", "expire", "--expire=now", "--all")
    repo.git("remote", "remove", "origin")
    repo.git("gc", "-q", "--prune=now")
    assert verify(repo, code=0)[1]["events"] == 14
    assert verify(repo, "--expected-head", head)[0] == {"error lost-head"}
