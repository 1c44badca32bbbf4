"""Validation of annotation records: exact counts and places in every format."""

from __future__ import annotations

import csv
import gzip
import json
from pathlib import Path

import pytest

from dvc_labelmeta.errors import UnreadableFile
from dvc_labelmeta.model.facts import KINDS, SHOWN, Expected, RecordFacts
from tests.annotated import LOOSE, PLANTED, STRICT, VOCABULARIES, as_line, planted, records
from tests.repo import Repo

duckdb = pytest.importorskip("duckdb")
validate = pytest.importorskip("dvc_labelmeta.read.validate")

L2 = Expected("L2", VOCABULARIES)
COUNT = 20_000


def facts(path: Path | list[Path], format_: str = "jsonl", expected: Expected = L2) -> RecordFacts:
    files = [str(one) for one in (path if isinstance(path, list) else [path])]
    return validate.facts(files, format_, expected)


def told(found: RecordFacts) -> dict[tuple[str, str], tuple[int, list[int]]]:
    return {(f.kind, f.field): (f.records, [at.line for at in f.places]) for f in found.flaws}


def wanted(where: dict[tuple[str, str], list[int]], first: int = 1) -> dict:
    return {key: (len(at), [n + first for n in at][:SHOWN]) for key, at in where.items()}


def one(tmp_path: Path, **values: object) -> dict[tuple[str, str], tuple[int, list[int]]]:
    """Judge one good record with some values changed (None: taken out)."""
    record = next(records(1)) | values
    path = tmp_path / "one.jsonl"
    path.write_text(as_line({k: v for k, v in record.items() if v is not None}))
    return told(facts(path))


def test_good_records_have_no_flaw_and_are_counted(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    path.write_text("".join(as_line(r) for r in records(3000)))
    found = facts(path)
    assert (found.lines, found.records, found.offending, found.flaws) == (3000, 3000, 0, ())
    assert sum(count for _, count in found.versions) == 3000
    assert {version for version, _ in found.versions} == set(VOCABULARIES)
    assert found.unknown == ()


def test_jsonl_every_planted_fault_is_found_at_its_line(tmp_path: Path) -> None:
    made, where = planted(COUNT, PLANTED, LOOSE, STRICT)
    lines = [as_line(record) for record in made]
    for number in (100, 300):
        lines[number] = lines[number].replace('"tool":', '"item": "x", "tool":', 1)
    for number in (200, 400, 500):
        lines[number] = lines[number][:40] + "\n"
    lines[600] = "[1, 2]\n"
    lines[50] = "\n" + lines[50]  # two blank lines: all that follows is one or two further down
    lines[700] = "  \n" + lines[700]
    path = tmp_path / "a.jsonl"
    path.write_text("".join(lines))
    shifted = {key: [n + 2 for n in at] for key, at in where.items()}
    expected = wanted(shifted)
    expected["repeated_key", ""] = (2, [102, 302])
    expected["malformed", ""] = (4, [202, 402, 502, 602])
    found = facts(path)
    assert told(found) == expected
    assert found.lines == COUNT + 2
    assert found.records == COUNT - 4
    flaw = next(f for f in found.flaws if f.kind == "unknown_label")
    assert {at.value for at in flaw.places} == {"a4"}
    assert flaw.places[0].record == f"r{where['unknown_label', 'label'][0]:09d}"
    asks_more = {"wrong_value", "early_time", "future_time", "unknown_item", "odd_duration"}
    assert {key[0] for key in expected} == set(KINDS) - asks_more


def test_parquet_every_planted_fault_is_found_at_its_row(tmp_path: Path) -> None:
    made, where = planted(COUNT, PLANTED)
    (tmp_path / "a.jsonl").write_text("".join(as_line(record) for record in made))
    path = tmp_path / "a.parquet"
    columns = {name: "VARCHAR" for record in made for name in record}
    columns |= {"cites": "VARCHAR[]"}
    columns |= dict.fromkeys(("confidence", "score", "duration_seconds"), "DOUBLE")
    duckdb.sql(
        f"COPY (SELECT * FROM read_json('{tmp_path}/a.jsonl', columns={columns})) TO '{path}'"
    )
    found = facts(path, "parquet")
    assert told(found) == wanted(where)
    assert found.records == COUNT
    assert found.flaws[0].places[0].file == str(path)


def test_parquet_types_are_judged_by_column(tmp_path: Path) -> None:
    path = tmp_path / "a.parquet"
    duckdb.sql(
        "COPY (SELECT 'r' || i AS id, 'd' AS item, 'a1' AS label, 's' AS source, i AS tool, '0.5' "
        "AS confidence, TIMESTAMP '2026-02-01 10:00:00' AS annotated_at, i AS mine, "
        f"'submitted'::ENUM('submitted', 'x') AS status FROM range(10) t(i)) TO '{path}'"
    )
    found = facts(path, "parquet", Expected("L0", VOCABULARIES, "1.0.0"))
    assert told(found) == {
        ("wrong_type", "confidence"): (10, [1, 2, 3, 4, 5]),
        ("wrong_type", "tool"): (10, [1, 2, 3, 4, 5]),
        ("unzoned_time", "annotated_at"): (10, [1, 2, 3, 4, 5]),
    }
    assert found.unknown == (("mine", 10),)


def test_csv_every_planted_fault_is_found_at_its_line(tmp_path: Path) -> None:
    made, where = planted(COUNT, PLANTED, LOOSE)
    path = tmp_path / "a.csv"
    names = list(dict.fromkeys(name for record in made for name in record))
    with path.open("w", newline="") as file:
        writer = csv.DictWriter(file, names)
        writer.writeheader()
        for record in made:
            cites = record.get("cites")
            shown = record | ({"cites": json.dumps(cites)} if cites else {})
            writer.writerow(shown | {"note": "two\nlines"})
    lines = {key: [2 * n + 2 for n in at] for key, at in where.items()}
    assert told(facts(path, "csv")) == wanted(lines, 0)


def test_shards_are_read_in_order_and_ids_are_unique_across_them(tmp_path: Path) -> None:
    lines = [as_line(record) for record in records(400)]
    first, second = tmp_path / "a.jsonl", tmp_path / "b.jsonl.gz"
    first.write_text("".join(lines[:250]))
    second.write_bytes(gzip.compress("".join([*lines[250:], "\n", lines[3]]).encode()))
    found = facts([first, second])
    assert found.records == 401
    assert told(found) == {("duplicate_id", "id"): (1, [152]), ("relabelled", "label"): (1, [152])}
    assert found.flaws[0].places[0].file == str(second)
    empty = tmp_path / "0.jsonl"
    empty.touch()
    assert told(facts([empty, first, second])) == told(found)


@pytest.mark.parametrize(
    ("value", "kind"),
    [
        ("2026-02-01T10:00:00Z", ""),
        ("2026-02-01 10:00:00.123456Z", ""),
        ("2024-02-29T23:59:59-11:30", ""),
        ("2026-02-29T10:00:00Z", "impossible_time"),
        ("2026-02-01T24:00:00Z", "impossible_time"),
        ("2026-02-01T10:00:00+25:00", "impossible_time"),
        ("2026-02-01", "impossible_time"),
        ("yesterday", "impossible_time"),
        ("2026-02-01T10:00:00", "unzoned_time"),
        ("2026-02-30T10:00:00", "impossible_time"),
        (1769940000, "wrong_type"),
    ],
)
def test_times_are_rfc_3339_with_a_zone(tmp_path: Path, value: object, kind: str) -> None:
    assert set(one(tmp_path, annotated_at=value)) == ({(kind, "annotated_at")} if kind else set())


@pytest.mark.parametrize(
    ("values", "flaws"),
    [
        ({"label": ["a1", "a2"]}, set()),
        ({"label": ["a1", "zz"]}, {("unknown_label", "label")}),
        ({"label": 3}, {("unknown_label", "label")}),
        ({"label": "a4", "guideline_version": "2.0.0"}, set()),
        ({"label": None, "value": {"start": 1}}, set()),
        ({"label": None, "status": "skipped"}, set()),
        ({"label": None}, {("missing", "label")}),
        ({"confidence": 0}, set()),
        ({"confidence": 1}, set()),
        ({"confidence": 1.0000001}, {("out_of_range", "confidence")}),
        ({"confidence": "0.5"}, {("wrong_type", "confidence")}),
        ({"confidence": True}, {("wrong_type", "confidence")}),
        ({"cites": []}, set()),
        ({"cites": ["R1", 2]}, {("wrong_type", "cites")}),
        ({"is_gold": True, "extra": {"id": 1}}, set()),
        ({"mine": 1, "yours": "x"}, set()),
    ],
)
def test_single_records(tmp_path: Path, values: dict[str, object], flaws: set) -> None:
    assert set(one(tmp_path, **values)) == flaws


def test_fields_that_only_later_lines_have_are_judged_and_unknown_ones_counted(
    tmp_path: Path,
) -> None:
    made = list(records(5000))
    made[4000]["reviewer"] = 5
    made[4001]["mine"] = made[4002]["mine"] = 1
    path = tmp_path / "a.jsonl"
    path.write_text("".join(map(as_line, made)))
    found = facts(path)
    assert told(found) == {("wrong_type", "reviewer"): (1, [4001])}
    assert found.unknown == (("mine", 2),)


def test_bytes_that_are_no_text_do_not_hide_the_rest(tmp_path: Path) -> None:
    lines = [as_line(record).encode() for record in records(20)]
    lines[3] = b'{"id": "\xff"}\n'
    lines[5] = lines[5].replace(b"\n", b"\r\n")
    lines[7] = b'{"id": "a\x01b"}\n'
    lines[9] = b'{"id": "a\rb"}\n'
    lines[11] = lines[11].replace(b'"item"', b'"status": "x", "item"')
    path = tmp_path / "a.jsonl"
    path.write_bytes(b"".join(lines))
    assert told(facts(path)) == {
        ("malformed", ""): (3, [4, 8, 10]),
        ("repeated_key", ""): (1, [12]),
        ("unknown_choice", "status"): (1, [12]),
    }


def test_a_line_longer_than_the_engine_expects_is_read(tmp_path: Path) -> None:
    made = list(records(3))
    made[1]["note"] = "x" * 3_000_000
    path = tmp_path / "a.jsonl"
    path.write_text("".join(map(as_line, made)))
    assert facts(path).records == 3
    assert facts(path).flaws == ()


def test_supersedes_must_be_earlier_and_make_no_circle(tmp_path: Path) -> None:
    made = list(records(12))
    for record in made:
        record["annotated_at"] = "2026-02-01T10:00:00Z"
    for new, old in ((1, 0), (2, 1), (4, 5), (5, 6), (6, 4), (7, 4)):
        made[new]["supersedes"] = made[old]["id"]
    made[9]["supersedes"] = made[10]["id"]
    made[10]["annotated_at"] = "2026-02-01T10:00:00.5Z"
    path = tmp_path / "a.jsonl"
    path.write_text("".join(map(as_line, made)))
    assert told(facts(path)) == {("later_superseded", "supersedes"): (4, [5, 6, 7, 10])}


def test_durations_far_out_of_the_whole_set_are_told(tmp_path: Path) -> None:
    def odd(*ends: float) -> list[tuple[int, list[str]]]:
        # quartiles of 8 and 16 seconds: the outer fences of the logarithms are at 1 and 128
        files, seconds = [], [8, 8, 8, 8, 16, 16, 16, 16, 11, 11]
        for number in range(2):
            made = [r | {"id": f"{number}-{r['id']}", "item": r["id"]} for r in records(12)]
            for record, duration in zip(made, (*seconds, *ends), strict=False):
                record |= {"duration_seconds": duration, "annotator": f"a{number}"}
            files.append(tmp_path / f"{number}.jsonl")
            files[-1].write_text("".join(as_line(r) for r in made[: len([*seconds, *ends])]))
        found = facts(files).flaws
        assert {flaw.kind for flaw in found} <= {"odd_duration"}
        return [(flaw.records, [at.value for at in flaw.places]) for flaw in found]

    assert odd(1.01, 127) == []
    assert odd(0.99, 127) == [(2, ["0.99", "0.99"])]
    assert odd(1.01, 129) == [(2, ["129", "129"])]


def test_of_few_durations_none_is_odd(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    for count, told_of in ((19, 0), (20, 1)):
        made = [r | {"duration_seconds": 8 + n} for n, r in enumerate(records(count))]
        made[3]["duration_seconds"] = 1e9
        path.write_text("".join(map(as_line, made)))
        assert len(facts(path).flaws) == told_of


def test_without_vocabularies_labels_and_versions_are_not_judged(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    path.write_text(as_line(next(records(1)) | {"label": "zz", "guideline_version": "7"}))
    assert facts(path, expected=Expected("L2")).flaws == ()
    prose = Expected("L2", {"7": None})
    assert facts(path, expected=prose).flaws == ()
    assert set(told(facts(path))) == {("unknown_version", "guideline_version")}


def test_bad_rows_are_told_with_every_reason(tmp_path: Path) -> None:
    lines = [as_line(record) for record in records(5)]
    lines[1] = "no json\n"
    lines[3] = as_line(json.loads(lines[3]) | {"confidence": 7, "status": "done"})
    path = tmp_path / "a.jsonl"
    path.write_text("".join(lines))
    with validate.Validated([str(path)], "jsonl", L2) as validated:
        rows = list(validated.bad_rows())
    assert rows == [
        {
            "file": str(path), "line": 2, "reasons": [{"fault": "malformed", "field": ""}],
            "row": "no json",
        },
        {
            "file": str(path), "line": 4, "row": json.loads(lines[3]),
            "reasons": [
                {"fault": "out_of_range", "field": "confidence"},
                {"fault": "unknown_choice", "field": "status"},
            ],
        },
    ]  # fmt: skip


def test_what_is_no_table_of_records_is_unreadable(tmp_path: Path) -> None:
    path = tmp_path / "a.parquet"
    path.write_bytes(b"PAR1 not")
    with pytest.raises(UnreadableFile, match="cannot be read as parquet"):
        facts(path, "parquet")
    other = tmp_path / "a.csv"
    other.write_text("x,y\n1,2\n")
    with pytest.raises(UnreadableFile, match="has no column of an annotation record"):
        facts(other, "csv")


def _with_records(repo: Repo, lines: list[str]) -> None:
    repo.write("data/train.csv.annotations.jsonl", "".join(lines))
    sidecar = repo.read("data/train.csv.labelmeta.yaml")
    block = "    annotations: {path: train.csv.annotations.jsonl, format: jsonl}\n"
    repo.write("data/train.csv.labelmeta.yaml", sidecar.rstrip("\n") + "\n" + block)
    repo.labelmeta("ledger", "record")


@pytest.mark.inside
def test_check_and_validate_judge_the_records_of_a_split(linked: Repo) -> None:
    good = next(records(1)) | {"item": "1", "label": "pos", "guideline_version": "1.0.0"}
    other = good | {"id": "s", "item": "2"}
    _with_records(linked, [as_line(good), as_line(other)])
    assert linked.codes(code=0) == []
    assert "2 records in 2 lines: 0 offending" in (
        linked.labelmeta("annotations", "validate", "data/train.csv", code=0).out
    )
    sad = other | {"label": "sad", "confidence": 2}
    linked.write("data/train.csv.annotations.jsonl", as_line(good) + "{\n" + as_line(sad))
    assert linked.codes(code=1) == ["LM301", "LM307", "LM309", "LM404"]
    found = {finding["code"]: finding for finding in linked.findings()}
    assert found["LM309"]["path"] == "data/train.csv.labelmeta.yaml"
    assert found["LM309"]["details"] == ["data/train.csv.annotations.jsonl:3: s sad"]
    assert found["LM309"]["line"] > 1
    shown = linked.labelmeta(
        "annotations", "validate", "data/train.csv", "--bad-rows", "bad.jsonl", code=1
    ).out
    assert "data/train.csv.annotations.jsonl:3: s 2" in shown
    assert [json.loads(line)["line"] for line in linked.read("bad.jsonl").splitlines()] == [2, 3]
    # the gate of the split reads no records, and the vocabulary is that of each version
    linked.labelmeta("gate", "data/train.csv", code=0)
    labels = linked.guideline_yaml("tone", "1.1.0").replace("id: neg", "id: sad")
    linked.write("guidelines/tone/guideline.yaml", labels)
    linked.commit("Guideline tone 1.1.0")
    new = sad | {"confidence": 1, "guideline_version": "1.1.0"}
    linked.write("data/train.csv.annotations.jsonl", as_line(good) + as_line(new))
    assert [c for c in linked.codes() if c.startswith("LM3")] == ["LM320"]  # newer than the link
    linked.write("data/train.csv.annotations.jsonl", as_line(new | {"label": "neg"}))
    assert "LM309" in linked.codes()
    (linked.path / "data/train.csv.annotations.jsonl").unlink()
    assert "LM300" in linked.codes(code=2)
    assert linked.labelmeta("annotations", "validate", "data/train.csv", code=2).err


def test_without_the_engine_records_are_not_judged_and_nothing_else_suffers(linked: Repo) -> None:
    _with_records(linked, [as_line(next(records(1)))])
    linked.write("none/duckdb.py", "raise ModuleNotFoundError('no duckdb', name='duckdb')\n")
    env = {"PYTHONPATH": str(linked.path / "none")}
    ran = linked.labelmeta("check", "--format", "json", code=2, **env)
    found = json.loads(ran.out)["findings"]
    assert [finding["code"] for finding in found] == ["LM300"]
    assert "pip install" in found[0]["message"]
    linked.labelmeta("gate", code=0, **env)
    ran = linked.labelmeta("annotations", "validate", "data/train.csv", code=2, **env)
    assert "pip install" in ran.err


def test_validate_takes_a_bare_file_or_folder_anywhere(tmp_path: Path) -> None:
    repo = Repo(tmp_path)
    record = next(records(1))
    repo.write("x/a.jsonl", as_line(record))
    repo.write("x/b.jsonl", as_line(record | {"id": "b", "annotator": "b", "score": 3}))
    repo.labelmeta("annotations", "validate", "x/a.jsonl", "--level", "L2", code=0)
    repo.labelmeta("annotations", "validate", "x/a.jsonl", "--level", "L3", code=1)
    told = json.loads(
        repo.labelmeta("annotations", "validate", "x", "--format", "json", code=1).out
    )
    assert told[0]["records"] == 2
    assert [(f["kind"], f["field"], f["records"]) for f in told[0]["flaws"]] == [
        ("out_of_range", "score", 1)
    ]
    assert told[0]["flaws"][0]["places"] == [
        {"file": "x/b.jsonl", "line": 1, "record": "b", "value": "3"}
    ]
    for wrong in (["y.jsonl"], ["README.md"], ["x", "--level", "L9"], ["x", "--bad-rows", "q/w"]):
        ran = repo.labelmeta("annotations", "validate", *wrong, code=2)
        assert ran.err
        assert "Traceback" not in ran.text


def test_zstd_shards_are_read(tmp_path: Path) -> None:
    plain, packed = tmp_path / "a.jsonl", tmp_path / "b.jsonl.zst"
    plain.write_text("".join(map(as_line, records(50))))
    lines = "columns={'line': 'VARCHAR'}, delim=chr(1), quote='', escape='', header=false"
    duckdb.sql(
        f"COPY (SELECT line FROM read_csv('{plain}', {lines}, auto_detect=false)) TO '{packed}' "
        "(FORMAT csv, HEADER false, COMPRESSION zstd, QUOTE '', ESCAPE '', DELIMITER '\x01')"
    )
    found = facts(packed)
    assert (found.lines, found.records, found.flaws) == (50, 50, ())


def test_bad_rows_of_parquet_are_records(tmp_path: Path) -> None:
    path = tmp_path / "a.parquet"
    duckdb.sql(
        "COPY (SELECT 'r' || i AS id, 'd' AS item, 'a1' AS label, 's' AS source, i / 2 AS score "
        f"FROM range(4) t(i)) TO '{path}'"
    )
    with validate.Validated([str(path)], "parquet", Expected()) as validated:
        rows = list(validated.bad_rows())
    assert [(row["line"], row["row"]["id"], row["row"]["score"]) for row in rows] == [
        (4, "r3", 1.5)
    ]


def test_csv_rows_of_another_length_are_never_skipped(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    head = "id,item,label,source\n1,a,x,s\n"
    path.write_text(head + "\n2,,x,s\n")
    assert told(facts(path, "csv", Expected())) == {("missing", "item"): (1, [4])}
    for ragged in ("2,b,x\n", "2,b,x,s,more\n"):
        path.write_text(head + ragged)
        with pytest.raises(UnreadableFile, match="Line: 3"):
            facts(path, "csv", Expected())


@pytest.mark.parametrize("name", ["a.jsonl.gz", "a.jsonl.zst", "a.csv", "a.csv.gz", "a.parquet"])
def test_noise_is_unreadable(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    path.write_bytes(bytes(range(256)) * 12)
    with pytest.raises(UnreadableFile):
        facts(path, name.split(".")[1], Expected())


def test_an_empty_file_holds_no_record(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    path.touch()
    assert facts(path)[1:4] == (0, 0, 0)
