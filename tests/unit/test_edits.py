"""Edits: atomic, refused where the file changed meanwhile, never half."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest

from dvc_labelmeta.errors import Refused
from dvc_labelmeta.write import edits
from dvc_labelmeta.write.edits import Edit, apply, changes, content, lock, remove_file, write_file


def test_verbs_and_changes() -> None:
    made = [
        Edit("a", None, b"x"),
        Edit("b", b"x", b"y"),
        Edit("c", b"x", None),
        Edit("d", b"", b""),
    ]
    assert [edit.verb for edit in made[:3]] == ["create", "change", "remove"]
    assert changes(made) == made[:3]


def test_apply_creates_changes_and_removes(tmp_path: Path) -> None:
    (tmp_path / "b").write_bytes(b"old")
    (tmp_path / "c").write_bytes(b"old")
    todo = [Edit("x/y/a", None, b"new"), Edit("b", b"old", b"new"), Edit("c", b"old", None)]
    assert apply(str(tmp_path), [*todo, Edit("z", None, None)]) == todo
    assert (tmp_path / "x/y/a").read_bytes() == b"new"
    assert (tmp_path / "b").read_bytes() == b"new"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["b", "x"]


def test_nothing_is_written_if_any_file_changed_meanwhile(tmp_path: Path) -> None:
    (tmp_path / "b").write_bytes(b"theirs")
    with pytest.raises(Refused, match="b changed while this command ran"):
        apply(str(tmp_path), [Edit("a", None, b"x"), Edit("b", b"ours", b"new")])
    assert [path.name for path in tmp_path.iterdir()] == ["b"]
    assert (tmp_path / "b").read_bytes() == b"theirs"


def test_leftovers_of_a_killed_process_are_swept(tmp_path: Path) -> None:
    (tmp_path / ".labelmeta-abc.tmp").write_bytes(b"half")
    (tmp_path / "other.tmp").write_bytes(b"theirs")
    apply(str(tmp_path), [Edit("a", None, b"x"), Edit("no/such", None, None)])
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a", "other.tmp"]


def test_content(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"\xff")
    assert content(str(tmp_path), "a") == b"\xff"
    assert content(str(tmp_path), "b") is None
    assert content(str(tmp_path), "a/b") is None
    with pytest.raises(Refused, match="cannot read"):
        content(str(tmp_path), ".")


def test_mode_is_kept_and_a_new_file_gets_the_usual_one(tmp_path: Path) -> None:
    old, new = tmp_path / "old", tmp_path / "new"
    old.write_bytes(b"")
    old.chmod(0o751)
    write_file(str(old), b"x")
    write_file(str(new), b"x")
    (tmp_path / "plain").write_bytes(b"")
    assert stat.S_IMODE(old.stat().st_mode) == 0o751
    assert new.stat().st_mode == (tmp_path / "plain").stat().st_mode


def test_file_without_a_folder_in_its_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    write_file("a", b"x")
    assert (tmp_path / "a").read_bytes() == b"x"


def test_refusals_leave_no_temporary_file(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"kept")
    (tmp_path / "folder").mkdir()
    for path in ("file/below", "folder", "n" * 300):
        with pytest.raises(Refused, match="cannot write"):
            write_file(str(tmp_path / path), b"x")
    with pytest.raises(Refused, match="cannot remove"):
        remove_file(str(tmp_path / "folder"))
    remove_file(str(tmp_path / "gone"))
    remove_file(str(tmp_path / "file" / "below"))
    assert sorted(path.name for path in tmp_path.iterdir()) == ["file", "folder"]
    assert (tmp_path / "file").read_bytes() == b"kept"


def test_interrupted_write_leaves_the_old_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "a").write_bytes(b"old")

    def interrupted(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(edits.os, "replace", interrupted)
    with pytest.raises(KeyboardInterrupt):
        write_file(str(tmp_path / "a"), b"new")
    monkeypatch.undo()
    assert [path.name for path in tmp_path.iterdir()] == ["a"]
    assert (tmp_path / "a").read_bytes() == b"old"


def test_lock_ignores_its_own_folder_and_is_free_again(tmp_path: Path) -> None:
    with lock(str(tmp_path)):
        assert (tmp_path / ".labelmeta/.gitignore").read_bytes() == b"*\n"
    with lock(str(tmp_path)):
        pass
    os.unlink(tmp_path / ".labelmeta/lock")
    (tmp_path / ".labelmeta/lock").mkdir()
    with pytest.raises(Refused, match="cannot write"), lock(str(tmp_path)):
        pass
