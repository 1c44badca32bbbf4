"""`trace` of an item in a real repository: chains, rewritten and deleted records, three wordings."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from tests.lived import IN_DVC, IN_GIT, TRAIN, named
from tests.repo import Repo

pytestmark = pytest.mark.inside

DEV = "data/dev.csv"
NUMBERS = ("1.0.0", "1.1.0", "2.0.0")


def record(id_: str, day: int, label: str = "pos", item: str = "7", **more: Any) -> dict[str, Any]:
    return {
        "id": id_, "item": item, "label": label, "source": "test", "annotator": "ann",
        "annotated_at": f"2026-01-{day:02d}T09:00:00Z", "guideline_version": "1.0.0",
        "guideline_version_source": "recorded",
    } | more  # fmt: skip


def lines(*records: dict[str, Any]) -> str:
    return "".join(json.dumps(one) + "\n" for one in records)


def put(repo: Repo, message: str, *records: dict[str, Any], path: str = IN_GIT) -> str:
    """Commit these records, in place of what was there."""
    repo.write(path, lines(*records))
    return repo.commit(message, "2026-01-20T09:00:00+00:00")


def traced(repo: Repo, *args: str, code: int = 0) -> Any:
    (found,) = json.loads(repo.labelmeta("trace", *args, "--format", "json", code=code).out)
    return found


def told(trace: Any) -> list[tuple[str, str, str]]:
    return [(one["id"], one["record"]["label"], one["state"]) for one in trace["labels"]]


@pytest.fixture
def repo(linked: Repo) -> Repo:
    """The project with three versions of its guideline, and its records named."""
    named(linked, TRAIN)
    text = linked.guideline_yaml("tone", "1.1.0", "pleased or calm").replace(
        "{id: neg}", "{id: neg, definition: cross}"
    )
    linked.write("guidelines/tone/guideline.yaml", text)
    linked.commit("Wider", "2026-01-10T09:00:00+00:00")
    linked.write(
        "guidelines/tone/guideline.yaml",
        linked.guideline_yaml("tone", "2.0.0", "only delighted people"),
    )
    linked.write("guidelines/tone/guide.md", "# Tone\n\nChoose pos or neg, with care.\n")
    linked.commit("Narrower", "2026-01-15T09:00:00+00:00")
    return linked


CHAIN = (
    record("r1", 6, role="expert", rationale="smiles", confidence=0.5, status="submitted"),
    record("r2", 11, "neg", guideline_version="1.1.0", supersedes="r1", cites=["neg"]),
    record("r3", 16, "neg", guideline_version="2.0.0", supersedes="r2", migrated_from="r2"),
    record("x1", 16, item="8"),
)


def test_a_chain_is_told_oldest_first_with_the_wordings_between(repo: Repo) -> None:
    commit = put(repo, "Add records", CHAIN[2], CHAIN[0], CHAIN[3], CHAIN[1])
    found = traced(repo, "7")
    assert told(found) == [
        ("r1", "pos", "superseded"), ("r2", "neg", "superseded"), ("r3", "neg", "in force"),
    ]  # fmt: skip
    assert [one["by"] for one in found["labels"]] == [["r2"], ["r3"], []]
    assert [one["seen"]["version"] for one in found["labels"]] == list(NUMBERS)
    assert "by the version of the record" in found["labels"][0]["seen"]["evidence"]
    assert {one["first"]["commit"] for one in found["labels"]} == {commit}
    assert found["faults"] == []
    assert found["history"] == {"kind": "git", "versions": 1, "read": 1, "why": []}
    first, second = found["wordings"]
    assert (first["from"], first["to"], second["from"], second["to"]) == (0, 1, 1, 2)
    rules = [one["rule"] for one in first["difference"]["operations"]]
    assert [rules[at] for at in first["concerned"]] == ["DEF_CHANGED", "DEF_CHANGED"]
    assert first["difference"]["previous"]["version"] == "1.0.0"
    assert second["difference"]["files"][0]["name"] == "guide.md"


def test_text_shows_what_bears_on_the_labels_and_counts_the_rest(repo: Repo) -> None:
    put(repo, "Add records", *CHAIN)
    out = repo.labelmeta("trace", "record:r2").out
    head, *rest = out.splitlines()
    assert head == f"item 7 of {TRAIN}, layer labels: 3 labels, 1 in force"
    assert "2026-01-06T09:00:00Z  r1  pos  ann (expert): superseded by r2" in rest
    assert "> 2026-01-11T09:00:00Z  r2  neg  ann: superseded by r3" in rest
    assert "    confidence 0.5; source test" in rest
    assert "    rationale: smiles" in rest
    assert "  ~ tone 1.0.0 -> 1.1.0: 2 of 2 changes bear on neg, pos" in rest
    assert "      label pos definition: pleased {+or calm+}" in rest
    assert "  ~ tone 1.1.0 -> 2.0.0: 1 of 2 changes bear on neg; 1 section of prose" in rest
    assert "delighted" not in out, "said of pos, which neither label is"
    assert "      label neg definition: [-cross-]" in rest
    assert "    … all of it: labelmeta --verbose trace record:r2" in rest
    full = repo.labelmeta("--verbose", "trace", "r2").out
    assert "      label pos definition: [-pleased or calm-] {+only delighted people+}" in full
    assert "        Tone Choose pos or [-neg.-] {+neg, with care.+}" in full
    assert "history: 1 of 1 versions of the records read in Git" in rest


def test_what_was_rewritten_or_deleted_is_found_in_git(repo: Repo) -> None:
    put(repo, "Add records", CHAIN[0], record("r9", 7), record("m1", 8, item="other"))
    quiet = put(repo, "Tidy", CHAIN[0] | {"label": "neg", "confidence": 0.9}, record("r9", 7))
    gone = put(repo, "Less is more", CHAIN[0] | {"label": "neg", "confidence": 0.9})
    put(
        repo,
        "Right the item",
        CHAIN[0] | {"label": "neg", "confidence": 0.9},
        record("m2", 9, item="6"),
    )
    put(repo, "And again", CHAIN[0] | {"label": "neg", "confidence": 0.9}, record("m2", 9))
    found = traced(repo, "7")
    assert told(found) == [
        ("r1", "pos", "rewritten"), ("r1", "neg", "overtaken"), ("r9", "pos", "removed"),
        ("m2", "pos", "rewritten"), ("m2", "pos", "in force"),
    ]  # fmt: skip
    by_state = {(one["id"], one["state"]): one for one in found["labels"]}
    first = by_state["r1", "rewritten"]
    assert first["gone_in"]["commit"] == quiet
    assert first["changed"] == [
        {"name": "confidence", "before": 0.5, "after": 0.9},
        {"name": "label", "before": "pos", "after": "neg"},
    ]
    assert by_state["r9", "removed"]["gone_in"]["commit"] == gone
    assert by_state["m2", "rewritten"]["record"]["item"] == "6"
    out = repo.labelmeta("trace", "7").out
    assert f"r1  pos  ann (expert): rewritten in {quiet[:12]} (2026-01-20, Ada): Tidy" in out
    assert "    what changed: confidence 0.5 -> 0.9; label pos -> neg" in out


def test_what_is_not_committed_is_told_as_such(repo: Repo) -> None:
    put(repo, "Add records", CHAIN[0])
    repo.write(IN_GIT, lines(CHAIN[0] | {"label": "neg"}))
    assert "r1  pos  ann (expert): rewritten and not committed" in repo.labelmeta("trace", "7").out
    repo.write(IN_GIT, "")
    found = traced(repo, "r1")
    assert told(found) == [("r1", "pos", "removed")], "found by its id in the history alone"
    assert found["labels"][0]["gone_in"] is None
    assert traced(repo, "7")["item"] == "7"


def test_what_a_merge_left_out_is_told(repo: Repo) -> None:
    put(repo, "Add records", CHAIN[0])
    repo.git("checkout", "-q", "-b", "side")
    put(repo, "A second opinion", CHAIN[0], CHAIN[1])
    repo.git("checkout", "-q", "main")
    repo.write("other.txt", "1\n")
    repo.commit("Meanwhile")
    repo.git("merge", "-q", "-s", "ours", "side", "-m", "Merge")
    found = traced(repo, "7")
    assert told(found) == [("r1", "pos", "in force"), ("r2", "neg", "removed")]
    assert found["labels"][1]["gone_in"]["subject"] == "a merge left it out"
    assert found["labels"][1]["first"]["subject"] == "A second opinion"
    assert "r2  neg  ann: removed: a merge left it out" in repo.labelmeta("trace", "7").out


def test_what_a_pointer_holds_instead_of_a_hash_leads_nowhere(repo: Repo, tmp_path: Path) -> None:
    named(repo, DEV)
    away = tmp_path / "away"
    away.mkdir()
    (away / Path(IN_DVC).name).write_text(lines(CHAIN[0] | {"label": "stolen"}))
    repo.write(IN_DVC, lines(CHAIN[0]))
    repo.dvc("add", "-q", IN_DVC)
    good = repo.read(f"{IN_DVC}.dvc")
    repo.write(f"{IN_DVC}.dvc", re.sub("md5: [0-9a-f]{32}", f"md5: {away}", good))
    repo.commit("Point elsewhere")
    repo.write(f"{IN_DVC}.dvc", good)
    repo.commit("Add records")
    assert told(traced(repo, "r1")) == [("r1", "pos", "in force")]


def test_records_in_dvc_are_read_from_its_cache(repo: Repo) -> None:
    named(repo, DEV)
    repo.write(IN_DVC, lines(CHAIN[0]))
    repo.dvc("add", "-q", IN_DVC)
    repo.commit("Add records")
    repo.write(IN_DVC, lines(CHAIN[0] | {"label": "neg"}))
    repo.dvc("add", "-q", IN_DVC)
    changed = repo.commit("Other records")
    found = traced(repo, "r1")
    assert told(found) == [("r1", "pos", "rewritten"), ("r1", "neg", "in force")]
    assert found["labels"][0]["gone_in"]["commit"] == changed
    assert found["history"] == {"kind": "dvc", "versions": 2, "read": 2, "why": []}
    for kept in (repo.path / ".dvc/cache").rglob("??/*"):
        if kept.is_file() and kept.read_text() == lines(CHAIN[0]):
            kept.chmod(0o644)
            kept.unlink()
    found = traced(repo, "r1")
    assert told(found) == [("r1", "neg", "in force")]
    assert found["history"]["read"] == 1
    assert "1 of 2 versions" in found["history"]["why"][0]
    assert "are not in DVC's cache here" in found["history"]["why"][0]


@pytest.mark.parametrize("format_", ["csv", "parquet"])
def test_tables_give_the_same(repo: Repo, format_: str, tmp_path: Path) -> None:
    import duckdb

    def write(*records: dict[str, Any]) -> None:
        source = tmp_path / "records.jsonl"
        source.write_text(lines(*records))
        path = repo.path / f"data/records.{format_}"
        duckdb.sql(
            f"COPY (SELECT * FROM read_json('{source}', convert_strings_to_integers=false)) TO '{path}'"
        )

    side = f"{TRAIN}.labelmeta.yaml"
    repo.write(side, repo.read(side).replace("train.csv.annotations.jsonl", f"records.{format_}"))
    write(CHAIN[0], CHAIN[3])
    repo.commit("Add records")
    write(CHAIN[0] | {"label": "neg"}, CHAIN[1], CHAIN[3])
    changed = repo.commit("More records")
    found = traced(repo, "7")
    assert told(found) == [
        ("r1", "pos", "rewritten"), ("r1", "neg", "superseded"), ("r2", "neg", "in force"),
    ]  # fmt: skip
    assert found["labels"][0]["gone_in"]["commit"] == changed
    assert found["labels"][0]["record"]["annotated_at"] == "2026-01-06T09:00:00Z"
    if format_ == "parquet":  # the engine writes lists to CSV in a way of its own
        assert found["labels"][2]["record"]["cites"] == ["neg"]


def test_broken_chains_are_findings(repo: Repo) -> None:
    put(repo, "Add", record("r1", 6), record("r5", 9), record("lost", 5))
    put(
        repo, "Break",
        record("r1", 6, supersedes="r4"), record("r2", 7, supersedes="r1"),
        record("r3", 8, supersedes="r1"), record("r4", 9, supersedes="r3"),
        record("r5", 9, supersedes="lost"), record("r6", 9, supersedes="nowhere"),
        record("r7", 9, derived_from=["o1"]), record("o1", 9, item="8"),
    )  # fmt: skip
    found = traced(repo, "7", code=1)
    for part in (
        "r1 supersedes r4, which is later than it",
        "r1 is superseded by several records: r2, r3",
        "in a circle: ",
        "r5 supersedes lost, which was removed in commit",
        "r6 supersedes nowhere, which is not there",
        "r7 was made of o1, which is of another item, 8",
    ):
        assert any(part in fault for fault in found["faults"]), (part, found["faults"])
    out = repo.labelmeta("trace", "7", code=1).out
    assert "wrong: r6 supersedes nowhere, which is not there" in out


def test_a_name_that_stands_for_several_is_refused_with_what_to_ask(repo: Repo) -> None:
    named(repo, DEV)
    put(repo, "Add", record("r1", 6), record("7", 6, item="other"))
    put(repo, "Add more", record("d1", 6), path=IN_DVC)
    said = repo.labelmeta("trace", "7", code=2).err
    assert f"item in {TRAIN}: labelmeta trace item:7 --split {TRAIN}" in said
    assert f"record of item other in {TRAIN}: labelmeta trace record:7 --split {TRAIN}" in said
    assert f"item in {DEV}: labelmeta trace 7 --split {DEV}" in said
    assert traced(repo, "7", "--split", DEV)["labels"][0]["id"] == "d1"
    assert traced(repo, "record:7", "--split", TRAIN)["item"] == "other"
    assert traced(repo, "item:7", "--split", TRAIN)["item"] == "7"


def test_what_is_not_found_says_where_it_was_looked_for(repo: Repo) -> None:
    named(repo, DEV)
    put(repo, "Add", record("r1", 6))
    said = repo.labelmeta("trace", "none", code=2).err
    assert f"no item or record none in the records of {DEV}, {TRAIN}, nor in their history" in said
    assert f"not read: {DEV}" in said
    assert "is not linked, or its sidecar names no records" in (
        repo.labelmeta("trace", "7", "--split", "data/test.csv", code=2).err
    )


def test_pictures_have_labels_as_nodes_whatever_they_hold(repo: Repo) -> None:
    put(
        repo,
        "Add",
        record('r"1', 6, "a|b<c>"),
        record("r2", 7, supersedes='r"1', migrated_from='r"1'),
    )
    out = repo.labelmeta("trace", "7", "--format", "mermaid").out
    assert out.startswith("flowchart TD\n")
    assert '  n0["r#quot;1: a|b#lt;c#gt;<br>ann' in out
    assert '  n0 -->|"migrated"| n1' in out
    out = repo.labelmeta("trace", "7", "--format", "dot").out
    assert out.startswith("digraph trace {\n")
    assert '  n0 [label="r\\"1: a|b<c>\\nann' in out
    assert '  n0 -> n1 [label="migrated"];' in out


def test_events_of_the_ledger_stand_between_the_labels(repo: Repo) -> None:
    put(repo, "Add", CHAIN[0], record("r9", 30))
    repo.labelmeta("link", TRAIN, GIT_AUTHOR_DATE="2026-01-25T09:00:00+00:00")
    found = traced(repo, "7")
    assert [(one["type"], one["by"]) for one in found["events"]] == [
        ("linked", "Ada <ada@example.org>"), ("relinked", "Ada <ada@example.org>"),
    ]  # fmt: skip
    shown = repo.labelmeta("trace", "7").out.splitlines()
    assert [line[:3] for line in shown if line.startswith(("  * ", "2026"))] == [
        "  *", "202", "  *", "202",
    ]  # fmt: skip


def test_a_role_comes_from_the_registry_where_the_record_has_none(repo: Repo) -> None:
    repo.write(
        "annotators.yaml",
        "schema: labelmeta/annotators/v1\nannotators:\n"
        "  ann: {type: person, role: curator, expertise: law}\n",
    )
    put(repo, "Add", record("r1", 6))
    assert "r1  pos  ann (curator, law): in force" in repo.labelmeta("trace", "7").out


def test_the_past_is_followed_through_other_names(repo: Repo) -> None:
    first = put(repo, "Add records", CHAIN[0])
    changed = put(repo, "Tidy", CHAIN[0] | {"label": "neg"})
    side = f"{TRAIN}.labelmeta.yaml"
    repo.git("mv", IN_GIT, "data/labels.jsonl")
    repo.write(side, repo.read(side).replace("train.csv.annotations", "labels"))
    repo.commit("Another name")
    found = traced(repo, "7")
    assert told(found) == [("r1", "pos", "rewritten"), ("r1", "neg", "in force")]
    assert [one["first"]["commit"] for one in found["labels"]] == [first, changed]
    repo.git("rm", "-q", "--cached", "data/labels.jsonl")
    repo.dvc("add", "-q", "data/labels.jsonl")
    in_dvc = repo.commit("In DVC")
    why = traced(repo, "7")["history"]["why"]
    assert why == ["data/labels.jsonl from when Git tracked it (1 state)"]
    repo.git("mv", "data/labels.jsonl.dvc", "data/records.jsonl.dvc")
    pointer = "data/records.jsonl.dvc"
    repo.write(pointer, repo.read(pointer).replace("labels.jsonl", "records.jsonl"))
    (repo.path / "data/labels.jsonl").rename(repo.path / "data/records.jsonl")
    repo.write(
        "data/.gitignore", repo.read("data/.gitignore").replace("labels.jsonl", "records.jsonl")
    )
    repo.write(side, repo.read(side).replace("labels.jsonl", "records.jsonl"))
    repo.commit("A third name")
    found = traced(repo, "7")
    assert told(found) == [("r1", "neg", "in force")]
    assert found["labels"][0]["first"]["commit"] == in_dvc
    assert found["history"]["kind"] == "dvc"


def test_a_long_history_is_read_in_part_and_whole_when_asked(
    repo: Repo, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The limit is a second's work; here it is made small."""
    first, second = CHAIN[0], CHAIN[0] | {"label": "neg"}
    put(repo, "Add records", first)
    put(repo, "Tidy", second)
    put(repo, "More", second, CHAIN[3])
    monkeypatch.setattr("dvc_labelmeta.read.record_history.MOST_VERSIONS", 2)
    monkeypatch.setattr("dvc_labelmeta.read.record_history._SMALL", 0)
    found = traced(repo, "7")
    assert told(found) == [("r1", "neg", "in force")]
    (why,) = found["history"]["why"]
    assert why.startswith(f"1 of 3 versions of {IN_GIT} were not read")
    out = repo.labelmeta("--verbose", "trace", "7").out
    assert "r1  pos  ann (expert): rewritten in" in out
