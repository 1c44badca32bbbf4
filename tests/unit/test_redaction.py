"""One identity replaced in files of records: its own places only, every other byte stays."""

from __future__ import annotations

import io
from typing import Any

import duckdb
import pytest

from dvc_labelmeta.errors import Refused
from dvc_labelmeta.write.redaction import Swap, csv, jsonl, opened
from dvc_labelmeta.write.redaction_parquet import parquet

SWAP = Swap("zoë", "p-1")


def lines(text: str) -> tuple[str, int]:
    target = io.BytesIO()
    changed = jsonl(io.BytesIO(text.encode()), target, SWAP)
    return target.getvalue().decode(), changed


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ('{"annotator":"zoë"}', '{"annotator":"p-1"}'),
        ('{ "annotator" : "zo\\u00eb" }\r', '{ "annotator" : "p-1" }\r'),
        ('{"annotator":"zoë2","note":"zoë","label":"zoë"}', None),
        ('{"id":"r:zoë:1","derived_from":["zoë-2","azoë"]}', '{"id":"r:p-1:1","derived_from":["p-1-2","azoë"]}'),
        ('{"extra":{"zoë":["zoë",{"a":"zoë!"}]}}', '{"extra":{"p-1":["p-1",{"a":"zoë!"}]}}'),
        ('{"extra":"say \\"zoë\\"","reviewer":"zoë"}', '{"extra":"say \\"zoë\\"","reviewer":"p-1"}'),
        ('{"annotator":"zoë"', '{"annotator":"p-1"'),
        ('["zoë"]', None),
        ('{"annotator":"zoë","annotator":"zoë"}', '{"annotator":"p-1","annotator":"p-1"}'),
        ("zoë", None),
        ("{}", None),
        ('{"a\\u0062":1}', None),
    ],
)  # fmt: skip
def test_lines(before: str, after: str | None) -> None:
    assert lines(before + "\n") == ((after or before) + "\n", after is not None)
    assert lines(before) == (after or before, after is not None)


def test_lines_that_are_no_text_stay() -> None:
    broken = b'{"annotator": "zo\xc3\xab\xff"}\n'
    target = io.BytesIO()
    assert jsonl(io.BytesIO(broken), target, SWAP) == 0
    assert target.getvalue() == broken


def test_rows() -> None:
    head = '\ufeffid;annotator;"extra";note\r\n'
    before = (
        head
        + 'r:zoë;zoë;"{""zoë"": 1}";"zoë\r\nand ""zoë"""\r\n;;;\r\nb;bob;zoë;zoë;zoë\r\nc;"zoë"'
    )
    after = (
        head
        + 'r:p-1;p-1;"{""p-1"": 1}";"zoë\r\nand ""zoë"""\r\n;;;\r\nb;bob;p-1;zoë;zoë\r\nc;"p-1"'
    )
    target = io.BytesIO()
    assert csv(io.BytesIO(before.encode()), target, SWAP, ";") == 3
    assert target.getvalue().decode() == after
    wide = io.BytesIO()
    assert csv(io.BytesIO(b'annotator\nzo\xc3\xab\n"open'), wide, Swap("zoë", "a,b"), ",") == 1
    assert wide.getvalue() == b'annotator\n"a,b"\n"open'


def table(folder: Any, values: str, names: str) -> tuple[list[Any], int]:
    with duckdb.connect() as db:
        source, target = f"{folder}/a.parquet", f"{folder}/b.parquet"
        db.execute(f"COPY (SELECT * FROM (VALUES {values}) t({names})) TO '{source}'")
        changed = parquet(db, source, target, SWAP)
        found = db.execute(f"SELECT * FROM read_parquet('{target}')").fetchall() if changed else []
        return found, changed


def test_columns(tmp_path: Any) -> None:
    found = table(
        tmp_path,
        "('zoë zoë', 'zoë'::ENUM('zoë','b'), ['zoë'], 7, 'zoë', '{\"by\": \"zoë\"}'::JSON),"
        "('q', 'b', NULL, 8, 'zoë', NULL)",
        "id, annotator, derived_from, batch, note, extra",
    )
    assert found == (
        [
            ("p-1 p-1", "p-1", ["p-1"], 7, "zoë", '{"by": "p-1"}'),
            ("q", "b", None, 8, "zoë", None),
        ],
        1,
    )
    assert table(tmp_path, "(1, 'zoë')", "batch, note") == ([], 0)
    assert table(tmp_path, "('a', 'zoë')", "id, note") == ([], 0)
    weights = "{'zoë': 1, 'who': 'zoë'}"
    found, changed = table(tmp_path, f"('a', {weights}), ('b', NULL)", "id, extra")
    assert (found, changed) == ([("a", {"p-1": 1, "who": "p-1"}), ("b", None)], 1)
    found, _ = table(tmp_path, "('a', MAP {'zoë': 1})", "id, extra")
    assert found == [("a", {"p-1": 1})]


def test_what_cannot_be_packed_again_is_refused(tmp_path: Any) -> None:
    with pytest.raises(Refused, match="unpack it first"):
        opened(str(tmp_path / "a.jsonl.zst"))
