"""The registry of annotators, and a person taken out: records, registry, ledger; what stays is told."""

from __future__ import annotations

import gzip
import hashlib
import json
import shlex
import shutil
from pathlib import Path
from typing import Any

import duckdb
import pytest

from dvc_labelmeta.cli import redacting
from dvc_labelmeta.model.event import canonical, opening, person_path
from tests.inside import Inside
from tests.repo import Repo

pytestmark = pytest.mark.inside

ZOE = "zq-7731"
MAIL = "Zoe Quill <zoe@example.org>"
SALT = "ab" * 16
COMMITMENT = hashlib.sha256(opening(MAIL, SALT)).hexdigest()
REGISTRY = f"""\
schema: labelmeta/annotators/v1
annotators:
  # the first one
  {ZOE}:
    role: expert   # Zoe Quill
    active: {{from: "2026-01-01", until: "2026-01-31"}}
    person: "{COMMITMENT}"
    notes: |
      zoe@example.org

  # the second one
  bob: {{role: annotator}}
"""


def rows() -> list[dict[str, Any]]:
    base = {"label": "pos", "source": "test", "annotator_type": "person", "tool": "t"}
    times = {"annotated_at": "2026-01-05T09:00:00Z", "guideline_version": "1.0.0"}
    both = base | times | {"status": "submitted"}
    return [
        {"id": f"i1:{ZOE}", "item": "1", "annotator": ZOE, "session": ZOE, **both},
        {"id": "i1:bob", "item": "1", "annotator": "bob", "reviewer": ZOE, **both},
        {"id": "i2:bob", "item": "2", "annotator": "bob", "note": f"as {ZOE} said", **both},
        {
            "id": "i1:sum", "item": "1", "derived_from": [f"i1:{ZOE}", "i1:bob"],
            "extra": {"weights": {ZOE: 0.5, "bob": 0.5}, "by": [ZOE, "bob"]},
            **both, "annotator_type": "aggregate",
        },
    ]  # fmt: skip


def jsonl(found: list[dict[str, Any]]) -> str:
    """Lines with spacing of their own."""
    return "".join(json.dumps(one, separators=(" , ", ":  ")) + "\r\n" for one in found)


@pytest.fixture(scope="module")
def told_of(built_linked: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Records in JSONL (DVC), CSV (Git) and Parquet (DVC); a registry, an opening, an approval."""
    target = tmp_path_factory.mktemp("annotators") / "project"
    shutil.copytree(built_linked, target, symlinks=True)
    repo = Inside(target)
    repo.write("data/train.csv.annotations.jsonl", jsonl(rows()))
    plain = [one for one in rows() if "extra" not in one]
    names = ["id", "item", "annotator", "reviewer", "session", "note", "label", "source"]
    lines = [",".join(names), *(",".join(f'"{r.get(n, "")}"' for n in names) for r in plain)]
    repo.write("data/dev.csv.annotations.csv", "\n".join(lines) + "\n")
    with duckdb.connect() as db:
        source, made = target / "data/train.csv.annotations.jsonl", target / "data/test.parquet"
        db.execute(
            f"COPY (SELECT * FROM read_json('{source}')) TO '{made}' "
            "(FORMAT parquet, COMPRESSION zstd, KV_METADATA {maker: 'tests'})"
        )
    for split, path in (
        ("train", "train.csv.annotations.jsonl"),
        ("dev", "dev.csv.annotations.csv"),
        ("test", "test.parquet"),
    ):
        side = f"data/{split}.csv.labelmeta.yaml"
        md5 = hashlib.md5((target / "data" / path).read_bytes()).hexdigest()
        told = f'{{path: {path}, hash: md5, value: "{md5}"}}   # ours'
        repo.write(side, repo.read(side) + f"    annotations: {told}\n")
    repo.write("annotators.yaml", REGISTRY)
    repo.write(person_path(COMMITMENT), opening(MAIL, SALT))
    repo.write("guidelines/prose.md", "# Prose\n\nBe careful. Ask Zoe Quill.\n")
    repo.write("team.txt", f"one\n{ZOE}\n")
    repo.dvc("add", "-q", "data/train.csv.annotations.jsonl", "data/test.parquet")
    repo.git("add", "-A")
    repo.git("commit", "-q", "-m", "Add records", GIT_AUTHOR_NAME="Zoe Quill")
    repo.git("tag", "-a", "v1", "-m", f"thanks to {ZOE}")
    return target


@pytest.fixture
def repo(told_of: Path, tmp_path: Path) -> Repo:
    target = tmp_path / "project"
    shutil.copytree(told_of, target, symlinks=True)
    return Inside(target)


def holding(repo: Repo, word: str) -> set[str]:
    """The files of the working tree that hold a word, as grep finds them."""
    out = repo.run(
        "grep", "-rlaF", "--exclude-dir=.git", "--exclude-dir=cache", word, ".", code=None
    )
    return {line.removeprefix("./") for line in out.out.splitlines()}


def events(repo: Repo) -> list[dict[str, Any]]:
    """All events, whose names and bytes are held against each other; by their count."""
    found = []
    for file in (repo.path / "labelmeta/ledger/events").glob("*/*.json"):
        content = file.read_bytes()
        assert hashlib.sha256(content).hexdigest() == file.stem
        value = json.loads(content)
        assert canonical(value) == content
        found.append(value | {"hash": file.stem})
    return sorted(found, key=lambda one: one["count"])


def parquet(repo: Repo, query: str) -> list[Any]:
    with duckdb.connect() as db:
        return db.execute(query.format(f"'{repo.path}/data/test.parquet'")).fetchall()


def test_a_person_is_taken_out(repo: Repo) -> None:
    gates = {p: p.read_bytes() for p in (repo.path / "labelmeta/gates").rglob("*.json")}
    before = repo.read("data/train.csv.annotations.jsonl")
    ran = repo.labelmeta(
        "annotators", "redact", ZOE, "--to", "p-1", "--reason", "asked", "--format", "json"
    )
    told = json.loads(ran.out)
    assert [(one["path"], one["records"]) for one in told["records"]] == [
        ("data/dev.csv.annotations.csv", 2),
        ("data/test.parquet", 3),
        ("data/train.csv.annotations.jsonl", 3),
    ]

    # every byte but the identity stays, what bob wrote as well
    note = f"as {ZOE} said"
    wanted = before.replace(ZOE, "p-1").replace("as p-1 said", note)
    assert repo.read("data/train.csv.annotations.jsonl") == wanted
    table = repo.read("data/dev.csv.annotations.csv")
    assert '"i1:p-1","1","p-1","","p-1","","pos","test"\n' in table
    assert f'"i2:bob","2","bob","","","{note}","pos","test"\n' in table
    assert parquet(repo, "SELECT id, annotator, reviewer FROM {}")[:2] == [
        ("i1:p-1", "p-1", None),
        ("i1:bob", "bob", "p-1"),
    ]
    assert parquet(repo, "SELECT derived_from, extra.by FROM {} WHERE extra IS NOT NULL") == [
        (["i1:p-1", "i1:bob"], ["p-1", "bob"])
    ]
    assert parquet(repo, "SELECT value::VARCHAR FROM parquet_kv_metadata({})") == [("tests",)]
    assert parquet(repo, "SELECT DISTINCT compression FROM parquet_metadata({})") == [("ZSTD",)]

    registry = repo.read("annotators.yaml")
    assert registry == (
        "schema: labelmeta/annotators/v1\nannotators:\n  # the first one\n"
        '  p-1: {redacted: "2026-01-05"}\n\n  # the second one\n  bob: {role: annotator}\n'
    )
    for one in told["records"]:
        side = repo.read(one["path"].split(".")[0] + ".csv.labelmeta.yaml")
        md5 = hashlib.md5((repo.path / one["path"]).read_bytes()).hexdigest()
        assert one["after"] == md5
        assert f'value: "{md5}"}}   # ours' in side
    assert {p: p.read_bytes() for p in gates} == gates

    # the ledger is whole: nobody opens the commitment any more, and nothing names the person
    assert not (repo.path / person_path(COMMITMENT)).exists()
    found = events(repo)
    last = found[-1]
    assert (last["type"], last["subject"], last["note"]) == ("redacted", "annotator:p-1", "asked")
    assert last["details"]["removed"] == [COMMITMENT]
    assert [one["records"] for one in last["details"]["files"]] == [2, 3, 3]
    splits = {one["subject"]: one for one in found[-4:-1]}
    assert {one["type"] for one in splits.values()} == {"redacted"}
    claimed = splits["split:data/train.csv"]["claims"]["layers"]["labels"]["records"]
    assert claimed["md5"] == hashlib.md5(wanted.encode()).hexdigest()
    assert {hash_ for one in found for hash_ in one["parents"]} < {one["hash"] for one in found}
    assert all(ZOE not in json.dumps(one) for one in found)

    # what is left is what was listed
    stays = told["stays"]
    listed = {one["path"]: (one["why"], one["lines"]) for one in stays["files"]}
    assert holding(repo, ZOE) <= {*listed} - {"guidelines/prose.md"}
    assert listed["data/test.parquet"] == ("records", [3])
    assert listed["team.txt"] == ("other", [2])
    assert listed["guidelines/prose.md"] == ("released", [3])
    assert listed["data/train.csv.annotations.jsonl"] == ("records", [3])
    assert (stays["unsearched"], stays["git"]["authors"], stays["git"]["tags"]) == ([], 1, ["v1"])
    assert stays["git"]["holding"] == 1
    assert "refs/tags/v1" in stays["git"]["refs"]
    held = {one["path"]: one for one in stays["dvc"]}
    for path in ("data/train.csv.annotations.jsonl", "data/test.parquet"):
        assert held[path]["sure"]
        assert Path(held[path]["cache"]).is_file()
    assert before == Path(held["data/train.csv.annotations.jsonl"]["cache"]).read_bytes().decode()

    again = repo.labelmeta("annotators", "redact", ZOE, code=0).out
    assert again.startswith(f"nothing here holds {ZOE}: ")
    assert len(again.splitlines()) == 2
    assert shlex.split(again)[-4:] == ["--verbose", "annotators", "redact", ZOE]
    again = repo.labelmeta("--verbose", "annotators", "redact", ZOE).out
    assert again.startswith(f"nothing here holds {ZOE}: ")
    assert "team.txt:2" in again
    assert len(events(repo)) == len(found)

    repo.dvc("add", "-q", "data/train.csv.annotations.jsonl", "data/test.parquet")
    assert "LM4" not in repo.labelmeta("check", code=None).out


def test_what_only_looks_like_the_person_is_not_listed(repo: Repo) -> None:
    with duckdb.connect() as db:
        db.execute(
            "COPY (SELECT 'r1' AS id, 'i1' AS item, 'pos' AS label, 'q7' AS annotator) "
            f"TO '{repo.path}/data/test.parquet'"
        )
    repo.dvc("add", "-q", "data/test.parquet")
    repo.write("guidelines/hashes.txt", "0fq7a91 xq7\n")
    repo.write("other.txt", "by q7, q7\n")
    repo.commit("Records of somebody else")
    out = repo.labelmeta("annotators", "redact", "--dry-run", "--format", "json", "q7").out
    stays = json.loads(out)["stays"]
    assert (stays["git"]["holding"], stays["git"]["files"]) == (1, ["other.txt"])
    (one,) = stays["dvc"]
    assert (one["path"], one["sure"]) == ("data/test.parquet", True)
    md5 = repo.read("data/test.parquet.dvc").split("md5: ")[1][:32]
    assert one["md5"] == md5, "the earlier version was read and has nobody of that name"


def test_a_dry_run_shows_all_and_writes_nothing(repo: Repo) -> None:
    repo.labelmeta("check", code=None)
    state = {
        p: p.read_bytes() for p in repo.path.rglob("*") if p.is_file() and ".git/" not in str(p)
    }
    out = repo.labelmeta("annotators", "redact", "--dry-run", ZOE).out
    assert state == {
        p: p.read_bytes() for p in repo.path.rglob("*") if p.is_file() and ".git/" not in str(p)
    }
    for line in (
        "would change data/test.parquet",
        "would change annotators.yaml",
        "would record redacted data/train.csv",
        f"opening {COMMITMENT[:12]} would be deleted: no event shows any more who acted",
        "    data/train.csv.annotations.jsonl:3",
        "    guidelines/prose.md:3",
        "    tag v1 names the person in its text",
    ):
        assert line in out.splitlines()
    assert "annotators.yaml:" not in out


def test_a_dry_run_names_the_pseudonym_that_the_run_takes(repo: Repo) -> None:
    with (repo.path / "data/train.csv.annotations.jsonl").open("a") as file:
        file.write(json.dumps(rows()[0] | {"id": "x", "annotator": "redacted-1"}) + "\n")
    with duckdb.connect() as db:
        db.execute(
            "COPY (SELECT 'r1' AS id, 'i1' AS item, 'pos' AS label, annotator FROM "
            f"(VALUES ('redacted-2'), ('{ZOE}')) t(annotator)) TO '{repo.path}/data/test.parquet'"
        )
    repo.dvc("add", "-q", "data/test.parquet", "data/train.csv.annotations.jsonl")
    said = "the person %s redacted-3 in 7 records of 3 files"
    erase = ("annotators", "redact")
    assert said % "would be" in repo.labelmeta(*erase, ZOE, "--dry-run").out.splitlines()
    assert said % "is" in repo.labelmeta(*erase, ZOE).out.splitlines()
    assert "the person is redacted-4 in" in repo.labelmeta(*erase, "bob").out
    assert "redacted-3" in repo.read("annotators.yaml")


def test_a_killed_run_is_finished_by_the_next_one(
    repo: Repo, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:  # the moment after the records were written
        patch.setattr("dvc_labelmeta.cli.annotators_redact.carry_out", _killed)
        repo.labelmeta("annotators", "redact", ZOE, code=130)
    err = repo.labelmeta("annotators", "redact", "bob", code=2).err
    assert f"an erasure was not finished: run `labelmeta annotators redact {ZOE}`" in err
    told = json.loads(repo.labelmeta("annotators", "redact", ZOE, "--format", "json").out)
    new = told["pseudonym"]
    names = {row[0] for row in parquet(repo, "SELECT annotator FROM {} WHERE annotator <> 'bob'")}
    assert names == {new}
    assert [one["records"] for one in told["records"]] == [2, 3, 3]
    files = events(repo)[-1]["details"]["files"]
    assert all(one["before"] != one["after"] for one in files)
    assert not (repo.path / redacting.PENDING).exists()

    # or just before the end, when all was told
    told_before = len(events(repo))
    before = {one["path"]: {"before": one["before"], "records": 1} for one in told["records"]}
    repo.write(redacting.PENDING, json.dumps({"old": ZOE, "new": new, "files": before}))
    repo.labelmeta("annotators", "redact", ZOE)
    assert not (repo.path / redacting.PENDING).exists()
    assert len(events(repo)) == told_before


def _killed(*_args: Any, **_more: Any) -> None:
    raise KeyboardInterrupt


def test_what_is_refused(repo: Repo) -> None:
    def refused(*args: str) -> str:
        return repo.labelmeta("annotators", "redact", *args, code=2).err

    assert "two would become one" in refused(ZOE, "--to", "bob")
    assert "another one of letters" in refused(ZOE, "--to", ZOE)
    assert "would stand in the ledger for good" in refused(ZOE, "--reason", f"{ZOE} asked")
    packed = repo.path / "data/train.csv.annotations.jsonl"
    packed.unlink()
    assert "get it first (dvc pull)" in refused(ZOE)
    side = "data/train.csv.labelmeta.yaml"
    repo.write(side, repo.read(side).replace("annotations.jsonl", "jsonl.gz"))
    repo.write("data/train.csv.jsonl.gz", gzip.compress(jsonl(rows()).encode()))
    repo.labelmeta("annotators", "redact", ZOE, "--to", "p-2")
    text = gzip.decompress((repo.path / "data/train.csv.jsonl.gz").read_bytes()).decode()
    assert text.count("p-2") == 7
    repo.write("annotators.yaml", "schema: labelmeta/annotators/v1\n")
    assert "lacks annotators" in refused(ZOE)


def test_earlier_versions_of_a_folder_and_where_they_were_pushed(repo: Repo) -> None:
    side = "data/train.csv.labelmeta.yaml"
    text = repo.read(side)
    at = text.index("    annotations:")
    repo.write(side, text[:at] + "    annotations: {path: notes}\n")
    held = []
    for more in ("", "again "):
        for name, kept in (("a", rows()[:1]), ("b", rows()[2:3])):
            lines = [one | {"note": f"{more}{ZOE}", "item": name} for one in kept]
            file = repo.write(f"data/notes/{name}.jsonl", jsonl(lines))
            held.append(hashlib.md5(file.read_bytes()).hexdigest())
        repo.dvc("add", "-q", "data/notes")
        repo.commit(f"Notes {more}")
    repo.write(".dvc/config", repo.read(".dvc/config") + "['remote \"store\"']\n    url = s3://x\n")
    told = json.loads(repo.labelmeta("annotators", "redact", ZOE, "--format", "json").out)
    (one,) = [one for one in told["records"] if one["path"] == "data/notes"]
    assert (one["records"], one["dvc"]) == (1, "data/notes")
    assert one["before"].endswith(".dir")
    assert one["after"] != one["before"]
    claimed = [one for one in events(repo) if one["subject"] == "split:data/train.csv"][-1]
    assert claimed["claims"]["layers"]["labels"]["records"]["md5"] == one["after"]
    versions = {one["md5"]: one for one in told["stays"]["dvc"] if one["path"].startswith("data/n")}
    assert set(held) == {*versions}
    assert all(one["sure"] and Path(one["cache"]).is_file() for one in versions.values())
    assert told["stays"]["remotes"] == ["store (s3://x)"]
    listed = {one["path"]: one["lines"] for one in told["stays"]["files"]}
    assert listed["data/notes/a.jsonl"] == [1]


def test_registry_beside_records(repo: Repo) -> None:
    out = repo.labelmeta("annotators", "list").out.splitlines()
    assert out[1].split()[:3] == ["bob", "person", "annotator"]
    assert out[2].split()[:5] == [ZOE, "person", "expert", "3", "3"]
    repo.labelmeta("annotators", "list", "--strict")
    repo.labelmeta(
        "annotators", "add", "bot", "--type", "software", "--tool", "clf", "--from", "2026-01-01"
    )
    entry = '  bot:\n    type: software\n    tools: [clf]\n    active:\n      from: "2026-01-01"\n'
    assert repo.read("annotators.yaml") == REGISTRY.rstrip("\n") + "\n" + entry
    assert "no records" in repo.labelmeta("annotators", "list", "--strict", code=1).out
    assert "has 'bot' already" in repo.labelmeta("annotators", "add", "bot", code=2).err
    told = json.loads(repo.labelmeta("annotators", "show", ZOE, "--format", "json").out)
    assert told["splits"] == {"data/train.csv": 1, "data/dev.csv": 1, "data/test.csv": 1}
    assert (told["records"], told["reviews"], told["first"]) == (3, 3, "2026-01-05")
    assert "tools: t\n" in repo.labelmeta("annotators", "show", ZOE).out
    assert "name 'eve'" in repo.labelmeta("annotators", "show", "eve", code=2).err

    text = repo.read("annotators.yaml").replace('until: "2026-01-31"', 'until: "2026-01-04"')
    repo.write("annotators.yaml", text.replace("  bob:", "  rob:"))
    found = [one["code"] for one in repo.findings() if one["code"].startswith("LM42")]
    assert sorted(found) == ["LM420"] * 3 + ["LM421"] * 2
    assert found == [one["code"] for one in repo.findings() if one["code"].startswith("LM42")]
    repo.write("annotators.yaml", text.replace("software", "robot"))
    assert "LM100" in repo.codes()
    (repo.path / "annotators.yaml").unlink()
    assert not [code for code in repo.codes() if code.startswith("LM42")]
    repo.labelmeta("annotators", "add", "bob")
    assert repo.read("annotators.yaml") == (
        "schema: labelmeta/annotators/v1\nannotators:\n  bob: {}\n"
    )
