"""The note of a killed command: finished if it is ours, and never a way out of the ledger."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from dvc_labelmeta.errors import Refused
from dvc_labelmeta.write.edits import Edit
from dvc_labelmeta.write.journal import JOURNAL, apply_journalled, finish

EVENT = f"labelmeta/ledger/events/aa/{'a' * 64}.json"
HEAD = f"labelmeta/ledger/heads/{'a' * 64}"


def note(root: Path, create: object, remove: object = ()) -> None:
    path = root / JOURNAL
    path.parent.mkdir(exist_ok=True)
    path.write_text(json.dumps({"create": create, "remove": remove}))


def test_what_was_begun_is_finished(tmp_path: Path) -> None:
    apply_journalled(str(tmp_path), [Edit(EVENT, None, b"{}")])
    assert not (tmp_path / JOURNAL).exists()
    note(tmp_path, {EVENT: "{}", HEAD: ""})
    finish(str(tmp_path))
    assert (tmp_path / HEAD).exists()
    assert not (tmp_path / JOURNAL).exists()


@pytest.mark.parametrize(
    "path",
    ["../out", "labelmeta.yaml", "/tmp/out", "labelmeta/ledger/../../../out", "labelmeta/ledger/"],
)
def test_a_note_that_came_with_a_clone_writes_and_removes_nothing_else(
    tmp_path: Path, path: str
) -> None:
    root = tmp_path / "project"
    (root / EVENT).parent.mkdir(parents=True)
    (root / EVENT).write_text("{}")
    (root / "labelmeta.yaml").write_text("version: 1\n")
    note(root, {EVENT: "{}", path: "text"})
    finish(str(root))
    note(root, {EVENT: "{}"}, [path])
    finish(str(root))
    assert (root / "labelmeta.yaml").read_text() == "version: 1\n"
    assert sorted(p.name for p in tmp_path.iterdir()) == ["project"]
    assert not (root / JOURNAL).exists()


@pytest.mark.parametrize("create", [[1], {EVENT: 1}, None, "text"])
def test_a_note_that_is_none_is_dropped(tmp_path: Path, create: object) -> None:
    note(tmp_path, create)
    finish(str(tmp_path))
    assert not (tmp_path / JOURNAL).exists()
    assert not (tmp_path / "labelmeta").exists()


@pytest.mark.parametrize("link", ["labelmeta", "labelmeta/ledger", "labelmeta/ledger/heads"])
def test_a_ledger_that_is_a_link_is_neither_finished_nor_added_to(
    tmp_path: Path, link: str
) -> None:
    root, home = tmp_path / "project", tmp_path / "home"
    (root / EVENT).parent.mkdir(parents=True)
    (root / EVENT).write_text("{}")
    (root / HEAD).parent.mkdir()
    (root / link).rename(home)
    (root / link).symlink_to(home)
    (root / HEAD).with_name("kept").write_text("")
    before = sorted(home.rglob("*"))
    note(root, {EVENT: "{}", HEAD: ""}, [str(Path(HEAD).with_name("kept"))])
    finish(str(root))
    with pytest.raises(Refused, match="a link to another folder"):
        apply_journalled(str(root), [Edit(HEAD, None, b"")])
    assert sorted(home.rglob("*")) == before
    assert not (root / JOURNAL).exists()
