"""Data that only Git tracks; that the tree hash is Git's own is a law."""

from __future__ import annotations

from dvc_labelmeta.model.snapshot import Place, Record
from dvc_labelmeta.read.git import Entry
from dvc_labelmeta.read.gitdata import records, tree_hash

INDEX = {
    path: Entry("100644", digit * 40, path)
    for path, digit in (("data/a.csv", "1"), ("data/b/c.csv", "2"), ("data.csv", "3"))
}


def record(path: str, *, dirty: bool) -> Record | None:
    return next(records(INDEX, [path], {path} if dirty else set()), None)


def test_file() -> None:
    assert record("data.csv", dirty=False) == Record("data.csv", "git", "3" * 40, Place("data.csv"))


def test_folder_is_its_tree_and_not_its_neighbour_with_the_same_beginning() -> None:
    found = record("data", dirty=False)
    inside = {path.removeprefix("data/"): INDEX[path] for path in ("data/a.csv", "data/b/c.csv")}
    assert found == Record("data", "git", tree_hash(inside), Place("data"), nfiles=2, folder=True)


def test_changed_data_has_no_hash_yet_and_unknown_data_no_record() -> None:
    for path in ("data.csv", "data"):
        found = record(path, dirty=True)
        assert found is not None
        assert found.value == ""
    assert record("dat", dirty=False) is None


def test_repository_with_sha256() -> None:
    assert len(tree_hash({"a": Entry("100644", "1" * 64, "a")})) == 64
