"""A ledger of many events, made with `git fast-import`, and what verifying and growing it costs."""

from __future__ import annotations

import datetime as dt
import hashlib
import os
import shutil
import sys
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import repos
from timing import LABELMETA, Row, Timed, medians, run

from dvc_labelmeta.model.claims import split_claims
from dvc_labelmeta.model.event import (
    EVENTS,
    FOLDER,
    HEADS,
    TIPS,
    Event,
    canonical,
    event_path,
    opening,
    person_path,
    value_of,
)
from dvc_labelmeta.model.sidecar import DataPin, Layer, Link, Sidecar
from dvc_labelmeta.read.ledger import key_of
from dvc_labelmeta.write.sidecars import rendered

SPLITS, A_COMMIT = 200, 10
START = 1_768_000_000  # seconds since 1970 of the first commit, after the one with the data
LATER = "2026-06-01T09:00:00+00:00"
MODES = ("backward", "full")
HASHING = f"""
import hashlib, os
for folder, _, names in os.walk("{EVENTS}"):
    for name in names:
        with open(os.path.join(folder, name), "rb") as file:
            assert hashlib.sha256(file.read()).hexdigest() == name[:-5]
"""
PERSON = opening("Ada <ada@example.org>", "00" * 16)
ACTOR = hashlib.sha256(PERSON).hexdigest()


def one_sidecar(number: int, commit: str, object_: str, mode: str) -> Sidecar:
    """Return the sidecar of a split."""
    split = f"data/{number}.csv"
    pin = DataPin(f"{number}.csv", "exact", "md5", repos.md5(split))
    layer = Layer("labels", Link("tone", "1.0.0", commit, object_), mode)
    return Sidecar(f"{split}.labelmeta.yaml", split, pin, layers=(layer,))


def begun(root: Path) -> tuple[str, str]:
    """Commit the settings, the guideline and the data; return that commit and the guideline."""
    repos.begin(root)
    repos.write(root, "labelmeta.yaml", repos.settings(["tone"]))
    repos.write(root, ".gitattributes", f"{FOLDER}/** -text\n")
    repos.write(root, "guidelines/tone/guideline.yaml", repos.guideline("tone", "1.0.0"))
    repos.write(root, person_path(ACTOR), PERSON.decode())
    for number in range(SPLITS):
        split = f"data/{number}.csv"
        text = f"outs:\n- md5: {repos.md5(split)}\n  size: 9\n  hash: md5\n  path: {number}.csv\n"
        repos.write(root, f"{split}.dvc", text)
    repos.write(root, "data/.gitignore", "*.csv\n")
    return repos.commit(root, "Add data"), run(root, "git", "rev-parse", "HEAD:guidelines/tone")


def stream(count: int, start: str, object_: str) -> Iterator[bytes]:
    """Yield what `git fast-import` reads: each split is linked anew, in turns."""
    head, tips = "", dict[str, str]()
    for first in range(0, count, A_COMMIT):
        time = START + first
        at = _time(time)
        yield _header(first // A_COMMIT, time, start if not first else "")
        if head:
            yield f"D {HEADS}/{head}\n".encode()
        for number in range(first, min(first + A_COMMIT, count)):
            mode = MODES[number // SPLITS % 2]
            one = one_sidecar(number % SPLITS, start, object_, mode)
            subject, kind = f"split:{one.split}", "relinked" if number >= SPLITS else "linked"
            parents = (head,) if head else ()
            event = Event("", kind, subject, at, ACTOR, parents, number + 1, split_claims(one, {}))
            content = canonical(value_of(event))
            head = hashlib.sha256(content).hexdigest()
            yield _file(event_path(head), content) + _file(one.path, rendered(one).encode())
            key = key_of(subject)
            if key in tips:
                yield f"D {TIPS}/{key}-{tips[key]}\n".encode()
            tips[key] = head
            yield _file(f"{TIPS}/{key}-{head}", b"")
        yield _file(f"{HEADS}/{head}", b"")


def _time(seconds: int) -> str:
    return dt.datetime.fromtimestamp(seconds, dt.timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")


def _header(number: int, time: int, parent: str) -> bytes:
    who = f"Ada <ada@example.org> {time} +0000"
    told = f"commit refs/heads/main\nauthor {who}\ncommitter {who}\ndata 5\nstep\n\n"
    return (told + (f"from {parent}\n" if parent else "")).encode()


def _file(path: str, content: bytes) -> bytes:
    return b"M 100644 inline %s\ndata %d\n%s\n" % (path.encode(), len(content), content)


def many(root: Path, count: int) -> Path:
    """Make a repository whose ledger holds so many events, ten a commit."""
    start, object_ = begun(root)
    run(root, "git", "fast-import", "--quiet", stdin=b"".join(stream(count, start, object_)))
    run(root, "git", "reset", "-q", "--hard")
    run(root, "git", "gc", "-q")
    return root


def forget(repo: Path) -> None:
    """Remove what the last verification left."""
    shutil.rmtree(repo / ".labelmeta" / "cache" / "ledger", ignore_errors=True)


def grow(repo: Path) -> None:
    """Add one event and commit it."""
    wanted = next(m for m in MODES if f"mode: {m}\n" not in _sidecar(repo).read_text())
    relink(repo, wanted)
    run(repo, "git", "add", "-A", "labelmeta", "data")
    run(repo, "git", "commit", "-q", "-m", "step")


def relink(repo: Path, mode: str) -> None:
    """Link a split with another mode, which is one event."""
    run(repo, LABELMETA, "link", "data/0.csv", "--guideline", "tone", "--mode", mode)


def restore(repo: Path) -> None:
    """Take back an event that is not committed."""
    run(repo, "git", "reset", "-q", "--hard")
    run(repo, "git", "clean", "-q", "-fd", FOLDER)


def _sidecar(repo: Path) -> Path:
    return repo / "data" / "0.csv.labelmeta.yaml"


def rows(folder: Path, runs: int) -> Iterator[Row]:
    """Verify and grow ledgers of 10 and of 100,000 events."""
    count = 100_000
    large, small = many(folder / "large", count), many(folder / "small", 10)
    os.environ |= {"GIT_AUTHOR_DATE": LATER, "GIT_COMMITTER_DATE": LATER}
    verify, full = [LABELMETA, "ledger", "verify"], [LABELMETA, "ledger", "verify", "--full"]
    hashed, whole, same, grown = medians(
        runs,
        Timed([sys.executable, "-c", HASHING], large),
        Timed(full, large),
        Timed(verify, large),
        Timed(verify, large, partial(grow, large)),
    )
    what = f"`ledger verify`, {count:,} events"
    yield Row(f"{what} / reading and hashing them", whole, hashed, 3)
    yield Row(f"{what}, nothing new / all of them", same, whole, 0.05)
    yield Row(f"{what}, one new / all of them", grown, whole, 0.05)
    link = [LABELMETA, "link", "data/0.csv", "--guideline", "tone", "--mode", "none"]
    ours, peer = medians(
        runs,
        Timed(link, large, partial(restore, large)),
        Timed(link, small, partial(restore, small)),
    )
    yield Row(f"`link`, ledger of {count:,} / of 10 events", ours, peer, 1.2)
    sizes = [_size(one / ".git") for one in (large, small)]
    each = (sizes[0] - sizes[1]) / (count / 1000)
    plain = _size(large / EVENTS) / (count / 1000)
    yield Row("bytes in .git for 1,000 events / of their files", each, plain, 2, "B")


def _size(folder: Path) -> int:
    return sum(file.stat().st_size for file in folder.rglob("*") if file.is_file())


if __name__ == "__main__":
    many(Path(sys.argv[1]), int(sys.argv[2]))
