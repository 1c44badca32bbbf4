"""`labelmeta audit` on a long history: python tests/benchmarks/audit.py [COMMITS [SPLITS]].

Whole processes. Of ten commits four change only code, three link a split anew to other data and
three change records in Git, with an event of the ledger each; every 100th commit changes the
guideline, so that all splits are judged anew. First run: no cache. Second: one more commit.
"""

from __future__ import annotations

import hashlib
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from repos import content, dvc_file, guideline, md5, sidecar
from timing import LABELMETA, isolate, run

from dvc_labelmeta.model.event import (
    HEADS,
    TIPS,
    Event,
    canonical,
    event_path,
    opening,
    person_path,
    value_of,
)
from dvc_labelmeta.read.git import Entry
from dvc_labelmeta.read.gitdata import tree_hash
from dvc_labelmeta.read.ledger import key_of

PERSON = opening("Ada <ada@example.org>", "0" * 32)
START = 1_500_000_000
SETTINGS = "version: 1\nprofile: audit\nguidelines:\n  tone: {path: guidelines/tone}\n"
Files = dict[str, str | None]


class History:
    """Makes commits for `git fast-import`, one after the other."""

    def __init__(self, splits: int, pinned: str) -> None:
        self.paths = [f"data/{n // 50:02}/part-{n:04}.csv" for n in range(splits)]
        self.pinned, self.object = pinned, tree("1.0.0")
        self.data = {path: content(path) for path in self.paths}
        self.records = dict.fromkeys(self.paths, "")
        self.head, self.total, self.tips = "", 0, dict[str, str]()

    def first(self) -> Files:
        """Return the files of the first commit that links all splits."""
        person = hashlib.sha256(PERSON).hexdigest()
        files: Files = {"labelmeta.yaml": SETTINGS, person_path(person): PERSON.decode()}
        for path in self.paths:
            self.records[path] = record(path, 0)
            files |= self.linked(path, "linked")
        return files

    def linked(self, path: str, kind: str) -> Files:
        """Return the files of a split, and of the event that tells of it."""
        text = sidecar(path, self.data[path], ("tone", "1.0.0", self.pinned, self.object))
        name = path.rpartition("/")[2]
        text += f"    annotations: {{path: {name}.annotations.jsonl, level: L1}}\n"
        return {
            f"{path}.dvc": dvc_file(path, self.data[path]),
            f"{path}.labelmeta.yaml": text,
            f"{path}.annotations.jsonl": self.records[path],
            **self.event(path, kind),
        }

    def event(self, path: str, kind: str) -> Files:
        """Return the files of one more event."""
        name = f"{path.rpartition('/')[2]}.annotations.jsonl"
        held = {"md5": md5(self.records[path]), "git": blob(self.records[path])}
        link = {"guideline": "tone", "version": "1.0.0", "object": self.object}
        link |= {"commit": self.pinned, "mode": "backward"}
        claims = {
            "data": {"hash": "md5", "value": md5(self.data[path])},
            "layers": {"labels": {**link, "records": {"path": name, **held}}},
        }
        parents = (self.head,) if self.head else ()
        self.total += 1
        at = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(START + self.total))
        person = hashlib.sha256(PERSON).hexdigest()
        one = Event("", kind, f"split:{path}", at, person, parents, self.total, claims)
        text = canonical(value_of(one))
        new = hashlib.sha256(text).hexdigest()
        files: Files = {f"{HEADS}/{self.head}": None} if self.head else {}
        key = key_of(one.subject)
        if path in self.tips:
            files[f"{TIPS}/{key}-{self.tips[path]}"] = None
        self.head = self.tips[path] = new
        return files | {
            event_path(new): text.decode(),
            f"{HEADS}/{new}": "",
            f"{TIPS}/{key}-{new}": "",
        }

    def step(self, number: int) -> Files:
        """Return the files of a commit."""
        path = self.paths[number * 7 % len(self.paths)]
        files: Files = {f"src/{number % 200:03}.txt": f"step {number}\n"}
        if number % 100 == 0:
            files["guidelines/tone/guideline.yaml"] = guideline("tone", f"1.0.{number // 100}")
        if number % 10 in {1, 4, 7}:
            self.data[path] = f"{content(path)}{number}\n"
            files |= self.linked(path, "relinked")
        elif number % 10 in {2, 5, 8}:
            self.records[path] += record(path, number)
            files[f"{path}.annotations.jsonl"] = self.records[path]
            files |= self.event(path, "relabelled")
        return files


def tree(version: str) -> str:
    """Return Git's hash of the guideline's folder."""
    return tree_hash({"guideline.yaml": Entry("100644", blob(guideline("tone", version)), "")})


def blob(text: str) -> str:
    """Return Git's hash of a file."""
    return hashlib.sha1(b"blob %d\0" % len(text.encode()) + text.encode()).hexdigest()


def record(path: str, number: int) -> str:
    """Return one record."""
    return (
        f'{{"id": "{path}-{number}", "item": "{number}", "label": "pos", "source": "made", '
        f'"annotator": "ann", "annotator_type": "person", "annotated_at": "2017-07-13T09:00:00Z", '
        f'"status": "submitted", "tool": "t", "guideline_version": "1.0.0", "guideline_version_source": "recorded"}}\n'
    )


def commit(number: int, files: Files, message: str = "step") -> Iterator[bytes]:
    """Yield one commit of a fast-import stream."""
    yield b"commit refs/heads/main\ncommitter Ada <ada@example.org> %d +0000\n" % (
        START + number * 600
    )
    yield b"data %d\n%s\n" % (len(message), message.encode())
    if number == 1 or message == "more":
        yield b"from refs/heads/main^0\n"
    for path, text in files.items():
        if text is None:
            yield b"D %s\n" % path.encode()
        else:
            data = text.encode()
            yield b"M 100644 inline %s\ndata %d\n%s\n" % (path.encode(), len(data), data)


def build(root: Path, commits: int, splits: int) -> History:
    """Make the repository."""
    root.mkdir()
    run(root, "git", "init", "-q", "-b", "main")
    begin = {
        "guidelines/tone/guideline.yaml": guideline("tone", "1.0.0"),
        "labelmeta.yaml": SETTINGS,
    }
    fed(root, b"".join(commit(0, {**begin})))
    made = History(splits, run(root, "git", "rev-parse", "main"))
    told = [b"".join(commit(1, made.first()))]
    told += (b"".join(commit(number, made.step(number))) for number in range(2, commits))
    fed(root, b"".join(told))
    run(root, "git", "reset", "-q", "--hard", "main")
    return made


def fed(root: Path, stream: bytes) -> None:
    """Import a stream."""
    run(root, "git", "fast-import", "--quiet", "--date-format=raw", stdin=stream)


def timed(root: Path, *args: str) -> tuple[float, str]:
    """Return the seconds of an audit, and what it printed last."""
    start = time.perf_counter()
    code = f"{LABELMETA} --root {root} audit --today 2026-03-01 {' '.join(args)}; test $? -le 1"
    out = run(root, "bash", "-c", code)
    return time.perf_counter() - start, out.splitlines()[-1]


def main() -> None:
    """Print the times."""
    commits, splits = ([int(one) for one in sys.argv[1:]] + [10_000, 200][len(sys.argv) - 1 :])[:2]
    with tempfile.TemporaryDirectory() as folder:
        isolate(Path(folder))
        root = Path(folder) / "project"
        made = build(root, commits, splits)
        first, said = timed(root)
        print(f"{commits} commits, {splits} splits: first run {first:.1f} s ({said})")
        again, _ = timed(root)
        fed(root, b"".join(commit(commits + 1, made.step(commits + 1), "more")))
        run(root, "git", "reset", "-q", "--hard", "main")
        more, _ = timed(root)
        print(f"nothing new {again:.2f} s; one more commit {more:.2f} s")


if __name__ == "__main__":
    main()
