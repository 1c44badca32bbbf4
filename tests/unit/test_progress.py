"""Progress goes to a terminal only, and Ctrl-C leaves nothing behind."""

from __future__ import annotations

import io
import signal
import sys
import tempfile
import threading
from pathlib import Path
from typing import Any

import pytest

from dvc_labelmeta.cli.progress import progress_line, shown
from dvc_labelmeta.model.facts import Expected


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_a_terminal_shows_how_far_it_is_and_is_clean_again(monkeypatch: pytest.MonkeyPatch) -> None:
    terminal, asked = Terminal(), threading.Event()
    monkeypatch.setattr(sys, "stderr", terminal)

    def percent() -> float:
        asked.set()
        return 50.0

    with shown(percent, wait=0.0):
        assert asked.wait(10)
    written = terminal.getvalue()
    assert f"[{'#' * 15}{'.' * 15}]  50 %" in written
    assert written.endswith(" \r")
    assert progress_line(-1, 3).endswith("  ?      3 s")


def test_a_pipe_and_quick_work_show_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    pipe, terminal = io.StringIO(), Terminal()
    for stream in (pipe, terminal):
        monkeypatch.setattr(sys, "stderr", stream)
        with shown(lambda: 1.0, wait=30 if stream is terminal else 0):
            pass
        assert stream.getvalue() == ""


def test_an_interrupt_leaves_no_temporary_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("duckdb")
    from dvc_labelmeta.read import merge, validate

    def interrupt(db: Any, fresh: str) -> None:
        signal.raise_signal(signal.SIGINT)  # in a query, the engine says RuntimeError
        db.execute("SELECT sum(hash(range)) FROM range(1000000000000)")

    (tmp_path / "a.jsonl").write_text('{"id": "r"}\n')
    (tmp_path / "own").mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "own"))
    monkeypatch.setattr(merge, "find_repeats", interrupt)
    # a shell that starts the tests in the background has them ignore the signal
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        with pytest.raises(KeyboardInterrupt):
            validate.facts([str(tmp_path / "a.jsonl")], "jsonl", Expected())
    finally:
        signal.signal(signal.SIGINT, before)
    assert list((tmp_path / "own").iterdir()) == []
