"""`trace` from outside: under which versions labels were made, by their records, link and data."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.git.test_trace import dvc_file, entry, hashes, lock, md5, traced
from tests.repo import Repo

pytestmark = pytest.mark.inside

SIDE, RECORDS = "s.csv.labelmeta.yaml", "r.jsonl"
TO_2 = """schema: labelmeta/migration/v1
from: "1.0.0"
to: "2.0.0"
labels:
  - {subject_id: pos, predicate_id: skos:exactMatch, object_id: good,
     mapping_justification: semapv:ManualMappingCuration}
"""


def guideline(repo: Repo, version: str, label: str) -> None:
    text = f"schema: labelmeta/guideline/v1\nid: tone\nversion: {version!r}\nstatus: active\n"
    repo.write("tone/guideline.yaml", f"{text}labels:\n  - {{id: {label}, definition: nice}}\n")
    repo.commit(f"Guideline {version}")


def record(id_: str, version: str = "1.0.0", **more: Any) -> dict[str, Any]:
    return {"id": id_, "item": "1", "label": "pos" if version < "2" else "good", "annotator": "a-1",
            "annotated_at": f"2026-01-0{id_[1:]}T09:00:00Z", "guideline_version": version,
            "source": "tool", **more}  # fmt: skip


def keep(repo: Repo, *rows: dict[str, Any]) -> None:
    repo.write(RECORDS, "".join(json.dumps(row) + "\n" for row in rows))


def run(repo: Repo, model: str) -> None:
    repo.write("dvc.lock", lock(
        entry("train", {"s.csv": md5(repo.read("s.csv"))}, {"m.bin": model * 32})
    ))  # fmt: skip
    repo.commit("Run")


def count(repo: Repo) -> None:
    repo.labelmeta("annotations", "stats", "s.csv", "--write", "--resamples", "0")


def under(repo: Repo, range_: str) -> str:
    """Return the models of a version, each by the one character that its hash is made of."""
    asked = repo.labelmeta("trace", f"tone@{range_}", code=None)
    if asked.code:
        assert "no split was ever linked" in asked.err
        return ""
    return "".join(sorted(one[0] for one in hashes(traced(repo, f"tone@{range_}"))))


def words(repo: Repo) -> str:
    """Return what the newest model's labels were made under, as text."""
    lines = repo.labelmeta("trace", "m.bin", "--up").out.splitlines()
    return next(line for line in lines if "split s.csv" in line).partition(" · labels: ")[2]


@pytest.fixture
def repo(new_repo) -> Repo:
    """A split in Git with two records, linked to tone 1.0.0; tone 2.0.0 has a migration."""
    repo = new_repo("versions")
    repo.write("labelmeta.yaml", "version: 1\ngate: none\nguidelines:\n  tone: {path: tone}\n")
    repo.write("s.csv", "id\n1\n")
    repo.write("dvc.yaml", "stages:\n  train:\n    cmd: x\n    deps: [s.csv]\n    outs: [m.bin]\n")
    guideline(repo, "1.0.0", "pos")
    repo.labelmeta("link", "s.csv", "--guideline", "tone")
    declared = (
        "    annotations: {path: r.jsonl, hash: md5, value: '%s', count: 2}\n    guideline:\n"
    )
    keep(repo, record("r1"), record("r2", annotator="a-2"))
    kept = declared % md5(repo.read(RECORDS))
    repo.write(SIDE, repo.read(SIDE).replace("    guideline:\n", kept))
    guideline(repo, "2.0.0", "good")
    repo.write("tone.migrations/2.0.0.yaml", TO_2)
    repo.commit("Link and label")
    return repo


def test_superseded_records_made_no_label(repo: Repo) -> None:
    new = [record(f"r{n}", "2.0.0", supersedes=f"r{n - 2}", annotator=f"a-{n - 2}") for n in (3, 4)]
    keep(repo, record("r1"), record("r2", annotator="a-2"), *new, record("r5", status="draft"))
    repo.write("s.csv", "id,label\n1,good\n")
    repo.git("add", "s.csv")
    repo.labelmeta("link", "s.csv")
    count(repo)
    run(repo, "7")
    assert "records: 5," in repo.read(SIDE)
    assert '{version: "1.0.0", records: 3, in_force: 0, share: 0.6}' in repo.read(SIDE)
    assert words(repo).startswith("tone 2.0.0 (2 records 2.0.0)")
    assert (under(repo, "1"), under(repo, "2")) == ("", "7")


@pytest.mark.parametrize("tracked", ["git", "dvc"])
def test_a_fresh_count_counts_and_one_of_other_records_does_not(repo: Repo, tracked: str) -> None:
    def save() -> None:
        if tracked == "dvc":
            dvc_file(repo, RECORDS)

    if tracked == "dvc":
        repo.write(".gitignore", f"{RECORDS}\n")
        repo.git("rm", "-q", "--cached", RECORDS)
    keep(repo, record("r1"), record("r2", annotator="a-2"), record("r3", annotator="a-3"))
    save()
    assert "LM322" in repo.codes(code=1)
    count(repo)
    assert f'value: "{md5(repo.read(RECORDS))}", count: 3,' in repo.read(SIDE)
    assert "LM322" not in repo.codes(code=1)
    run(repo, "1")
    assert words(repo).startswith("tone 1.0.0 (3 records 1.0.0)")
    # the records decide, whatever an import before said of them
    text = repo.read(SIDE)
    stale = text.replace(md5(repo.read(RECORDS)), "f" * 32, 1)
    assert stale != text
    repo.write(SIDE, stale)
    run(repo, "2")
    assert words(repo).startswith("tone 1.0.0 (3 records 1.0.0)")
    repo.write(SIDE, text)
    keep(repo, record("r1", "2.0.0"))
    save()
    run(repo, "3")
    assert words(repo).startswith("tone 1.0.0 (by the link)"), "counted were others"


def test_what_is_not_committed_yet(repo: Repo) -> None:
    count(repo)
    repo.write("dvc.lock", lock(entry("train", {"s.csv": md5("id\n1\n")}, {"m.bin": "4" * 32})))
    assert words(repo).startswith("tone 1.0.0 (2 records 1.0.0)")
    repo.labelmeta("migrate", "s.csv", "--to", "2.0.0")
    assert words(repo).startswith(
        "tone 2.0.0 (by the link; link made by a migration of records; the data is that of 1.0.0)"
    )


def test_a_migration_leaves_the_data_under_the_version_before(repo: Repo) -> None:
    told = "link made by a migration of records; the data is that of 1.0.0)"
    run(repo, "1")
    repo.labelmeta("migrate", "s.csv", "--to", "2.0.0")
    run(repo, "2")
    assert words(repo).startswith(f"tone 2.0.0 (by the link; {told}")
    assert (under(repo, "1"), under(repo, "2")) == ("12", "")
    assert "m.bin 2222222 · under tone 1.0.0 ·" in repo.labelmeta("trace", "m.bin").out
    # the records are of 2.0.0, and who trains with them does so under it
    count(repo)
    repo.git("mv", "s.csv", "t.csv")
    repo.labelmeta("mv", "s.csv", "t.csv")
    repo.git("mv", "t.csv", "s.csv")
    repo.labelmeta("mv", "t.csv", "s.csv")
    run(repo, "3")
    assert words(repo).startswith(f"tone 2.0.0 (2 records 2.0.0; {told}")
    assert (under(repo, "1"), under(repo, "2")) == ("123", "3")
    (split,) = [one for one in traced(repo, "m.bin", "--up")["nodes"] if one["kind"] == "split"]
    assert split["details"]["labels"][0]["data_of"] == ["1.0.0"]
    # new data ends it
    repo.write("s.csv", "id,label\n1,good\n")
    repo.git("add", "s.csv")
    repo.labelmeta("link", "s.csv")
    run(repo, "4")
    assert words(repo).startswith("tone 2.0.0 (2 records 2.0.0) ·")
    assert (under(repo, "1"), under(repo, "2")) == ("123", "34")


def test_a_link_by_a_person_is_no_migration(repo: Repo) -> None:
    run(repo, "1")
    repo.labelmeta("link", "s.csv")
    run(repo, "2")
    assert words(repo).startswith("tone 2.0.0 (by the link) ·")
    assert (under(repo, "1"), under(repo, "2")) == ("1", "2")


def test_there_and_back_again_and_other_names(repo: Repo) -> None:
    repo.labelmeta("migrate", "s.csv", "--to", "2.0.0")
    repo.commit("Migrate")
    repo.git("mv", "s.csv", "t.csv")
    repo.labelmeta("mv", "s.csv", "t.csv")
    repo.commit("Rename")
    text = repo.labelmeta("trace", "t.csv", "--up").out
    assert "the data is that of 1.0.0) · " in text
    repo.labelmeta("migrate", "t.csv", "--to", "1.0.0")
    repo.commit("Back")
    first = repo.labelmeta("trace", "t.csv", "--up").out.splitlines()[1]
    assert "labels: tone 1.0.0 (by the link) ·" in first
