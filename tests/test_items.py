"""The items of a split on disk: which there are, and which records label others."""

from __future__ import annotations

from pathlib import Path

import pytest

from dvc_labelmeta.model.facts import Expected
from tests.annotated import Record, as_line

duckdb = pytest.importorskip("duckdb")
validate = pytest.importorskip("dvc_labelmeta.read.validate")
items_of = pytest.importorskip("dvc_labelmeta.read.split_items").items_of


def strangers(folder: Path, split: Path, *items: str, column: str = "") -> list[str] | None:
    """Return which of these items the split does not have, None where nothing can be said."""
    found = items_of(str(split), column)
    if found is None:
        return None
    made: list[Record] = [
        {"id": f"r{at}", "item": item, "label": "x", "source": "s"} for at, item in enumerate(items)
    ]
    path = folder / "records.jsonl"
    path.write_text("".join(map(as_line, made)))
    flaws = validate.facts([str(path)], "jsonl", Expected(items=found)).flaws
    assert {flaw.kind for flaw in flaws} <= {"unknown_item"}
    return [at.value for flaw in flaws for at in flaw.places]


def test_the_files_of_a_folder_are_its_items_with_and_without_extension(tmp_path: Path) -> None:
    split = tmp_path / "pic[1] *"
    (split / "cats").mkdir(parents=True)
    for name in ("a.jpg", "cats/b.tar.gz", "cats/it's [2].png", ".hidden", "list.csv"):
        (split / name).touch()
    inside = ("a.jpg", "a", "cats/b.tar.gz", "cats/b.tar", "cats/it's [2]", ".hidden")
    assert strangers(tmp_path, split, *inside, "b", "cats", "A.jpg", "cats/b") == [
        "b", "cats", "A.jpg", "cats/b"
    ]  # fmt: skip
    before = items_of(str(split))
    (split / "new.jpg").touch()
    assert items_of(str(split)).state != before.state


@pytest.mark.parametrize("format_", ["csv", "tsv", "jsonl", "parquet", "folder"])
def test_a_column_of_a_table_names_the_items(tmp_path: Path, format_: str) -> None:
    split = tmp_path / f"t.{format_}"
    rows = "SELECT i AS id, 'é \"' || i AS text FROM range(3) t(i)"
    options = {"csv": "HEADER", "tsv": "FORMAT csv, HEADER, DELIMITER '\t'", "jsonl": "FORMAT json"}
    if format_ == "folder":
        split.mkdir()
        for at in range(2):
            duckdb.sql(f"COPY ({rows} WHERE i >= {at}) TO '{split}/{at}.parquet'")
    else:
        duckdb.sql(f"COPY ({rows}) TO '{split}' ({options.get(format_, 'FORMAT parquet')})")
    assert strangers(tmp_path, split, "0", "2", "3", "02") == ["3", "02"]
    assert strangers(tmp_path, split, 'é "1', "1", column="text") == ["1"]
    assert strangers(tmp_path, split, "0", column="nowhere") is None


def test_the_column_item_goes_before_id(tmp_path: Path) -> None:
    split = tmp_path / "t.csv"
    split.write_text("id,item\n1,a\n2,b\n")
    assert strangers(tmp_path, split, "a", "1") == ["1"]


@pytest.mark.parametrize(
    "content", [b"text\nx\n", b"", b"id,id\n1,2\n", b"id\n", b"id\n\xff\xfe\n", b"id,b\n1\n2,3,4\n"]
)
def test_nothing_is_said_of_tables_that_do_not_tell(tmp_path: Path, content: bytes) -> None:
    split = tmp_path / "t.csv"
    split.write_bytes(content)
    assert strangers(tmp_path, split, "1") is None


def test_nothing_is_said_of_data_that_are_not_there_or_no_table(tmp_path: Path) -> None:
    assert items_of(str(tmp_path / "none.csv")) is None
    (tmp_path / "t.bin").write_bytes(b"id\n1\n")
    assert items_of(str(tmp_path / "t.bin")) is None
    (tmp_path / "mixed").mkdir()
    assert items_of(str(tmp_path / "mixed")) is None
    (tmp_path / "mixed/a.csv").write_text("id\n1\n")
    (tmp_path / "mixed/b.jsonl").write_text('{"id": "1"}\n')
    assert items_of(str(tmp_path / "mixed")) is None
