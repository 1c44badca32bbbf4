"""What is known of records from last time: the same facts, and at worst only time is lost."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from dvc_labelmeta.model.facts import Expected, RecordFacts
from dvc_labelmeta.read.cache import Cache, forget_others
from tests.annotated import LOOSE, PLANTED, VOCABULARIES, as_line, planted
from tests.repo import Repo

pytest.importorskip("duckdb")
from dvc_labelmeta.read import validate

pytestmark = pytest.mark.inside
L2 = Expected("L2", VOCABULARIES, until="2027-01-01T00:00:00Z")
SHARDS = 4


@pytest.fixture
def shards(tmp_path: Path) -> list[str]:
    lines = [as_line(record) for record in planted(2000, PLANTED, LOOSE)[0]]
    lines[7], lines[1500] = "no json\n", '{"zz": 1, "id": "q", "id": "r"}\n'
    files = [tmp_path / f"{number}.jsonl" for number in range(SHARDS)]
    for number, file in enumerate(files):
        file.write_text("".join(lines[number * 500 : (number + 1) * 500]))
    return [str(file) for file in files]


@pytest.fixture
def judged(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """How many files were judged, each time that some were."""
    counts: list[int] = []
    learn = validate.Validated._learn

    def counting(self: validate.Validated, batch: validate.Batch) -> None:
        counts.append(len(batch.lines))
        learn(self, batch)

    monkeypatch.setattr(validate.Validated, "_learn", counting)
    return counts


def cold(files: list[str], expected: Expected = L2) -> RecordFacts:
    return validate.facts(files, "jsonl", expected)


def cached(cache: Cache, files: list[str], expected: Expected = L2) -> RecordFacts:
    keys = cache.keys(files, "jsonl", expected)
    known = cache.facts(keys, files, expected.until)
    return known or validate.facts(files, "jsonl", expected, cache)


def test_only_new_files_are_judged_and_the_facts_are_the_same(
    tmp_path: Path, shards: list[str], judged: list[int]
) -> None:
    wanted, fewer = cold(shards), cold(shards[1:])
    assert wanted.flaws
    judged.clear()
    cache = Cache(str(tmp_path), "train")
    assert cached(cache, shards[1:]) == fewer
    assert cached(cache, shards) == wanted
    assert cached(cache, shards) == wanted
    assert judged == [3, 1]
    moved = str(tmp_path / "moved.jsonl")
    shutil.copy(shards[2], moved)
    again = [*shards[:2], moved, shards[3]]
    found = cached(cache, again)
    assert judged == [3, 1]
    assert found.flaws[0].places == cold(again).flaws[0].places
    assert len(os.listdir(cache.folder)) == 2 * SHARDS + 3
    assert cached(cache, shards, L2._replace(level="L3")) == cold(shards, L2._replace(level="L3"))
    assert judged[2] == SHARDS
    assert len(os.listdir(cache.folder)) == 2 * SHARDS + 3


def test_a_commit_makes_nothing_be_judged_again_unless_records_are_from_its_future(
    tmp_path: Path, shards: list[str], judged: list[int]
) -> None:
    cache = Cache(str(tmp_path), "train")
    wanted = cached(cache, shards)
    assert cached(cache, shards, L2._replace(until="2027-02-02T00:00:00Z")) == wanted
    assert cached(cache, shards, L2._replace(until="")) == wanted
    assert judged == [SHARDS]
    early = L2._replace(until="2026-02-20T00:00:00Z")
    assert cached(cache, shards, early) == cold(shards, early)
    assert "future_time" in {flaw.kind for flaw in cached(cache, shards, early).flaws}
    assert cached(cache, shards) == wanted


def test_repeats_of_records_that_were_clean_before_are_found(tmp_path: Path) -> None:
    lines = [as_line(record) for record in planted(400, {})[0]]
    files = [tmp_path / f"{number}.jsonl" for number in range(3)]
    files[0].write_text("".join(lines[:200]))
    files[1].write_text("".join(lines[200:399]))
    files[2].write_text(lines[399])
    names, cache = [str(file) for file in files], Cache(str(tmp_path), "train")
    assert cached(cache, names[:2]).flaws == ()
    assert cached(cache, names).flaws == ()
    assert cached(cache, names[1:]).flaws == ()
    twice = [*names[1:], names[1]]
    assert cached(cache, twice) == cold(twice)
    assert {flaw.records for flaw in cached(cache, twice).flaws} == {199}
    assert cached(cache, names).flaws == ()
    files[2].write_text(lines[5] + lines[399] + lines[399])
    assert cached(cache, names) == cold(names)
    assert {flaw.records for flaw in cached(cache, names).flaws} == {2}
    assert cached(cache, names[:2]).flaws == ()


def _truncate(path: Path) -> None:
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


def _garble(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)


@pytest.mark.parametrize("spoil", [_truncate, _garble, Path.unlink, lambda p: p.write_text("")])
@pytest.mark.parametrize("ending", ["json", "parquet"])
def test_a_damaged_cache_only_costs_time(
    tmp_path: Path, shards: list[str], spoil: Callable[[Path], object], ending: str
) -> None:
    cache = Cache(str(tmp_path), "train")
    wanted = cached(cache, shards[1:])
    for path in Path(cache.folder).glob(f"*.{ending}"):
        spoil(path)
    assert cached(cache, shards[1:]) == wanted
    for path in Path(cache.folder).glob(f"*.{ending}"):
        spoil(path)
    assert cached(cache, shards) == cold(shards)


def test_where_nothing_can_be_written_nothing_is_kept(tmp_path: Path, shards: list[str]) -> None:
    (tmp_path / ".labelmeta").write_text("a file where the folder should be")
    cache = Cache(str(tmp_path), "train")
    assert cached(cache, shards) == cached(cache, shards) == cold(shards)


def test_layers_that_are_gone_are_forgotten(tmp_path: Path, shards: list[str]) -> None:
    caches = [Cache(str(tmp_path), name) for name in ("train", "test")]
    for cache in caches:
        cached(cache, shards[:1])
    forget_others(str(tmp_path), ["test"])
    assert [os.path.exists(cache.folder) for cache in caches] == [False, True]


def test_check_and_validate_share_what_is_known_and_git_does_not_see_it(linked: Repo) -> None:
    record = {"id": "r1", "item": "1", "label": "pos", "source": "s", "guideline_version": "1.0.0"}
    linked.write("data/train.csv.annotations.jsonl", as_line(record))
    sidecar = linked.read("data/train.csv.labelmeta.yaml").rstrip("\n")
    block = "    annotations: {path: train.csv.annotations.jsonl, format: jsonl}\n"
    linked.write("data/train.csv.labelmeta.yaml", f"{sidecar}\n{block}")
    linked.labelmeta("ledger", "record")
    first = linked.labelmeta("annotations", "validate", "data/train.csv", code=0).out
    kept = sorted((linked.path / ".labelmeta/cache/records").rglob("*.parquet"))
    assert len(kept) == 1
    assert linked.codes(code=0) == []
    assert sorted((linked.path / ".labelmeta/cache/records").rglob("*.parquet")) == kept
    assert linked.labelmeta("annotations", "validate", "data/train.csv", code=0).out == first
    assert " .labelmeta/" not in linked.git("status", "--porcelain")


@pytest.mark.parametrize("link", [".labelmeta", ".labelmeta/cache/records"])
def test_a_link_out_of_the_project_is_not_followed(
    tmp_path: Path, shards: list[str], link: str
) -> None:
    """A repository may hold a link to anywhere: nothing is written or removed there."""
    theirs = tmp_path / "theirs"
    (theirs / "cache/records/kept").mkdir(parents=True)
    (theirs / "kept").mkdir()
    (theirs / "memo.json").write_text("theirs")
    before = sorted(theirs.rglob("*"))
    root = tmp_path / "project"
    (root / link).parent.mkdir(parents=True)
    (root / link).symlink_to(theirs)
    assert cached(Cache(str(root), "train"), shards) == cold(shards)
    forget_others(str(root), ["test"])
    assert sorted(theirs.rglob("*")) == before
    assert (theirs / "memo.json").read_text() == "theirs"
