"""Caches that came with a clone are not believed: whoever made them may have judged his own work."""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from dvc_labelmeta.read.own import shipped
from tests.inside import Inside
from tests.repo import Repo

pytestmark = pytest.mark.inside
CACHE = ".labelmeta/cache"


def entries(repo: Repo, folder: str) -> Iterator[tuple[Path, Any]]:
    for path in (repo.path / CACHE / folder).rglob("*.json"):
        yield path, json.loads(path.read_bytes().partition(b"\n")[2])


def keep(path: Path, value: object) -> None:
    content = json.dumps(value, separators=(",", ":")).encode()
    path.write_bytes(hashlib.sha256(content).hexdigest().encode() + b"\n" + content)


def pushed(repo: Repo, target: Path, *paths: str) -> Inside:
    repo.git("add", "-f", *paths)
    repo.git("commit", "-q", "-m", "Tidy up")
    repo.git("clone", "-q", repo.path.as_uri(), str(target))
    return Inside(target)


def test_facts_about_records_that_somebody_pushed(linked: Repo, tmp_path: Path) -> None:
    linked.write("data/dev.jsonl", '{"id": "1", "broken": true}\n')
    sidecar = "data/dev.csv.labelmeta.yaml"
    linked.write(sidecar, linked.read(sidecar) + "    annotations: {path: dev.jsonl}\n")
    linked.commit("Label dev")
    told = set(linked.codes(code=1))
    facts = [(path, value) for path, value in entries(linked, "records") if "facts" in value]
    assert facts
    for path, value in facts:
        lines, records, _, _, *more = value["facts"]
        keep(path, value | {"facts": [lines, records, 0, [], *more]})
    assert set(linked.codes()) < told  # one's own cache is believed
    assert told <= set(pushed(linked, tmp_path / "clone", CACHE).codes(code=1))


def test_a_history_that_somebody_pushed(linked: Repo, tmp_path: Path) -> None:
    linked.git("checkout", "-q", "--orphan", "other")
    linked.commit("Without what was linked to")
    told = linked.codes(code=0)
    path = linked.path / CACHE / "history.json"
    known = json.loads(path.read_bytes())
    value = known | {"inside": known["inside"] + known["outside"], "outside": []}
    path.write_text(json.dumps(value | {"head": linked.git("rev-parse", "HEAD")}))
    assert linked.codes() != told
    assert pushed(linked, tmp_path / "clone", CACHE).codes() == told


def test_what_is_a_cache_that_git_tracks(linked: Repo, tmp_path: Path) -> None:
    assert not shipped(str(linked.path))
    assert not shipped(str(tmp_path))
    linked.write(".labelmeta/.gitignore", "*\n")
    clone = pushed(linked, tmp_path / "ignoring", ".labelmeta/.gitignore")
    assert not shipped(str(clone.path))
    clone.write(".LABELMETA/Cache/x", "")
    assert shipped(str(pushed(clone, tmp_path / "capitals", ".LABELMETA/Cache/x").path))
    clone.git("rm", "-q", "-r", "--cached", ".LABELMETA", ".labelmeta")
    (clone.path / ".labelmeta").rename(clone.path / "aside")
    (clone.path / ".labelmeta").symlink_to("aside")
    assert shipped(str(pushed(clone, tmp_path / "link", ".labelmeta").path))


def test_nothing_is_kept_behind_a_link_that_somebody_pushed(linked: Repo, tmp_path: Path) -> None:
    away = tmp_path / "home"
    away.mkdir()
    shutil.rmtree(linked.path / ".labelmeta")
    (linked.path / ".labelmeta").mkdir()
    (linked.path / CACHE).symlink_to(away)
    linked.labelmeta("check")
    linked.labelmeta("ledger", "verify")
    linked.labelmeta("audit", code=None)
    assert not list(away.iterdir())
