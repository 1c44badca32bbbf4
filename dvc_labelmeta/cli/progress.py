"""How far long work is, on a terminal: one line on the standard error that goes away again."""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

_WIDTH = 30


@contextmanager
def shown(percent: Callable[[], float], wait: float = 1.0) -> Iterator[None]:
    """Show what `percent` (negative: unknown) returns from `wait` seconds on; nothing in a pipe."""
    if not sys.stderr.isatty():
        yield
        return
    done = threading.Event()
    thread = threading.Thread(target=_show, args=(percent, done, wait), daemon=True)
    thread.start()
    try:
        yield
    finally:
        done.set()
        thread.join()


def _show(percent: Callable[[], float], done: threading.Event, wait: float) -> None:
    start = time.monotonic()
    if done.wait(wait):
        return
    while True:
        line = progress_line(percent(), time.monotonic() - start)
        print(f"\r{line}", end="", file=sys.stderr, flush=True)
        if done.wait(0.2):
            break
    print(f"\r{' ' * len(line)}\r", end="", file=sys.stderr, flush=True)


def progress_line(percent: float, seconds: float) -> str:
    """Return a bar of `percent`, negative for unknown, and the seconds so far."""
    full = round(max(percent, 0) / 100 * _WIDTH)
    known = f"{percent:3.0f} %" if percent >= 0 else "  ?  "
    return f"judging records [{'#' * full}{'.' * (_WIDTH - full)}] {known} {seconds:4.0f} s"
