"""Appending records: atomic, never twice, never over another."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from dvc_labelmeta.errors import Refused
from dvc_labelmeta.write.records import append


def _record(id_: str, label: str = "pos") -> dict[str, Any]:
    return {"id": id_, "item": "d", "label": label, "source": "test"}


def test_append_is_idempotent_and_keeps_every_byte_that_was_there(tmp_path: Path) -> None:
    path = tmp_path / "new" / "a.jsonl"
    first = append(str(path), [_record("a"), _record("b"), _record("a")])
    assert (first.new, first.there, first.total, first.written) == (2, 1, 2, True)
    assert first.md5 == hashlib.md5(path.read_bytes()).hexdigest()
    odd = b'{"label": "pos", "source":"test","item": "d", "id": "c"}\n\nnot JSON\n[1]\n{"id": 7}'
    path.write_bytes(path.read_bytes() + odd)
    path.chmod(0o640)
    before = path.read_bytes()
    again = append(str(path), [_record("c"), _record("d")])
    assert (again.new, again.there, again.total) == (1, 1, 4)
    assert path.read_bytes().startswith(before + b"\n")
    assert json.loads(path.read_bytes().splitlines()[-1]) == _record("d")
    assert path.stat().st_mode & 0o777 == 0o640
    kept = path.stat().st_ino
    same = append(str(path), [_record("d")])
    assert (same.new, same.written, path.stat().st_ino) == (0, False, kept)
    assert [entry.name for entry in path.parent.iterdir()] == ["a.jsonl"]


def test_another_record_under_a_known_id_stops_everything(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    append(str(path), [_record("a"), _record("b")])
    before = path.read_bytes()
    other = [_record("new"), *(_record(id_, "neg") for id_ in "ab"), _record("new", "neg")]
    for dry_run in (False, True):
        with pytest.raises(Refused, match=r"3 records have an id .* \(a, b, new\)"):
            append(str(path), iter(other), dry_run=dry_run)
    assert path.read_bytes() == before
    assert len(list(tmp_path.iterdir())) == 1


def test_what_is_not_wanted_or_breaks_off_leaves_nothing(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"

    def broken() -> Iterator[dict[str, Any]]:
        yield _record("a")
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        append(str(path), broken())
    assert not append(str(path), [_record("a")], wanted=lambda: False).written
    assert append(str(path), [_record("a")], dry_run=True).new == 1
    assert list(tmp_path.iterdir()) == []
