"""Exports as rows: every place right, no bad row hides the rest."""

from __future__ import annotations

import gzip
import json
from pathlib import Path
from typing import Any

import duckdb
import pytest

from dvc_labelmeta.errors import UnreadableFile
from dvc_labelmeta.read import exports
from dvc_labelmeta.read.exports import rows


def _rows(path: Path, content: bytes, **options: Any) -> list[tuple[int, dict[str, Any], str]]:
    path.write_bytes(content)
    return [tuple(row) for row in rows(str(path), **options)]


def test_csv_rows_have_the_line_they_start_on_and_bad_ones_do_not_hide_the_rest(
    tmp_path: Path,
) -> None:
    content = (
        b"\xef\xbb\xbfid,label\r\n"
        b"1,pos\r\n"
        b'2,"two\r\nlines"\r\n'
        b"3\r\n"
        b"\r\n"
        b"4,\xff\r\n"
        b'5,"a"b\r\n'
        b"6,na\xc3\xafve\r\n"
        b"7,a,b\r\n"
        b"8,neg"
    )
    found = _rows(tmp_path / "a.csv", content)
    assert [(place, values) for place, values, fault in found if not fault] == [
        (2, {"id": "1", "label": "pos"}),
        (3, {"id": "2", "label": "two\r\nlines"}),
        (9, {"id": "6", "label": "naïve"}),
        (11, {"id": "8", "label": "neg"}),
    ]
    assert [(place, fault) for place, _, fault in found if fault] == [
        (5, "has 1 columns instead of 2"),
        (7, "is not UTF-8"),
        (8, "is no CSV row: ',' expected after '\"'"),
        (10, "has 3 columns instead of 2"),
    ]


def test_an_open_quote_says_how_far_it_reaches(tmp_path: Path) -> None:
    found = _rows(tmp_path / "a.csv", b'id,label\n1,pos\n2,"open\n3,neg\n')
    assert found[0][2] == ""
    assert found[1:] == [(3, {}, "is no CSV row: unexpected end of data, up to line 4")]


def test_other_delimiters_and_packed_files(tmp_path: Path) -> None:
    assert _rows(tmp_path / "a.tsv", b"a\tb\n1\t2,3\n")[0][1] == {"a": "1", "b": "2,3"}
    assert _rows(tmp_path / "a.csv", b"a;b\n1;2\n", delimiter=";")[0][1] == {"a": "1", "b": "2"}
    assert _rows(tmp_path / "a.csv.gz", gzip.compress(b"a\n1\n"))[0][1] == {"a": "1"}
    packed = gzip.compress(b'{"a": {"b": 1}}\n')
    assert _rows(tmp_path / "a.jsonl.gz", packed)[0][1] == {"a.b": 1}


@pytest.mark.parametrize(
    ("name", "content", "told"),
    [
        ("a.csv", b"a,a\n1,2\n", "has the column 'a' twice"),
        ("a.csv", b"", "holds no head"),
        ("a.csv", b"a,\xff\n", "the head is not UTF-8"),
        ("a.xlsx", b"", "its ending tells no table"),
        ("a.csv.gz", b"a,b\n", "gzipped"),
        ("a.jsonl.gz", gzip.compress(b"{}\n" * 9, mtime=0)[:-9], "ended before"),
    ],
)
def test_a_file_that_is_no_table_is_refused(
    tmp_path: Path, name: str, content: bytes, told: str
) -> None:
    with pytest.raises(UnreadableFile, match=told):
        _rows(tmp_path / name, content)


def test_json_lines_are_flattened_and_each_bad_line_is_told(tmp_path: Path) -> None:
    good = {"id": 1, "who": {"name": "ada", "tags": ["a"]}, "empty": {}, "none": None}
    lines = [
        json.dumps(good).encode(),
        b"{",
        b"[1]",
        b"",
        b'{"a": NaN}',
        b'{"a": 1, "a": 2}',
        b'{"a": {"b": 1}, "a.b": 2}',
        b'{"a": "\xff"}',
        b'{"a": "\\ud800"}',
        b'{"a": ' + b"[" * 100_000 + b"]" * 100_000 + b"}",
        b'{"a": "\\ud83d\\ude00"}',
    ]
    found = _rows(tmp_path / "a.jsonl", b"\n".join(lines))
    assert found[0] == (
        1,
        {"id": 1, "who.name": "ada", "who.tags": ["a"], "empty": {}, "none": None},
        "",
    )
    assert [(place, fault) for place, _, fault in found[1:-1]] == [
        (2, "is not valid JSON: Expecting property name enclosed in double quotes"),
        (3, "is no JSON object"),
        (5, "holds NaN, which is no JSON"),
        (6, "has the key 'a' twice"),
        (7, "has the key 'a.b' twice, once nested"),
        (8, "is not UTF-8"),
        (9, "holds half a character (a lone surrogate)"),
        (10, "is nested too deep"),
    ]
    assert found[-1] == (11, {"a": "😀"}, "")


def test_a_line_beyond_the_limit_is_told_and_never_held(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(exports, "MAX_ROW", 64)
    content = b'{"a": 1}\n{"a": "' + b"x" * 500 + b'"}\n{"a": 2}\n'
    found = _rows(tmp_path / "a.jsonl", content)
    assert found == [(1, {"a": 1}, ""), (2, {}, "is longer than 64 bytes"), (3, {"a": 2}, "")]
    found = _rows(tmp_path / "a.csv", b"a\n1\n" + b"x" * 500 + b"\n2\n")
    assert [place for place, _, fault in found if not fault] == [2, 4]
    assert "field limit" in found[1][2]


def test_parquet_rows_are_plain_json_values(tmp_path: Path) -> None:
    path = tmp_path / "a.parquet"
    duckdb.sql(
        "SELECT 1 AS id, {'name': 'ada'} AS who, [1, 2] AS tags, 1.50::DECIMAL(5, 2) AS d, "
        "TIMESTAMP '2026-01-05 09:00:00' AS at, TIMESTAMPTZ '2026-01-05 09:00:00+01' AS tz, "
        "'nan'::DOUBLE AS nan, NULL AS none, 'a'::BLOB AS blob"
    ).write_parquet(str(path))
    assert [tuple(row) for row in rows(str(path))] == [
        (
            1,
            {
                "id": 1, "who.name": "ada", "tags": [1, 2], "d": 1.5, "at": "2026-01-05T09:00:00",
                "tz": "2026-01-05T08:00:00.000000+00:00", "nan": None, "none": None, "blob": "YQ==",
            },
            "",
        )
    ]  # fmt: skip
    path.write_bytes(b"no parquet")
    with pytest.raises(UnreadableFile, match=r"a\.parquet"):
        list(rows(str(path)))
