"""Repositories for the benchmarks, generated: fixed contents, fixed dates, hashes as DVC has them."""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from timing import DVC, LABELMETA, run

USER_STAGES = {
    "train": ("data/train.csv", "model.txt"),
    "tune": ("data/dev.csv", "tuned.txt"),
    "evaluate": ("data/test.csv", "scores.txt"),
    "summary": ("scores.txt", "summary.txt"),
}
SMALL_SPLITS = ("data/train.csv", "data/dev.csv", "data/test.csv")


def write(root: Path, path: str, text: str) -> None:
    """Write a file below `root`."""
    file = root / path
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(text.encode())


def md5(text: str) -> str:
    """Return the hash that DVC records."""
    return hashlib.md5(text.encode(), usedforsecurity=False).hexdigest()


def guideline(id_: str, version: str) -> str:
    """Return the text of a small structured guideline."""
    return (
        f'schema: labelmeta/guideline/v1\nid: {id_}\nversion: "{version}"\nstatus: active\n'
        "labels:\n  - {id: pos, definition: pleased}\n  - {id: neg, definition: not pleased}\n"
    )


def settings(ids: Sequence[str], gate: str = "always") -> str:
    """Return the text of labelmeta.yaml."""
    lines = "".join(f"  {id_}: {{path: guidelines/{id_}}}\n" for id_ in ids)
    return f"version: 1\ngate: {gate}\nguidelines:\n{lines}"


def begin(root: Path) -> None:
    """Make an empty Git and DVC repository."""
    root.mkdir(parents=True)
    run(root, "git", "init", "-q", "-b", "main")
    run(root, DVC, "init", "-q")


def commit(root: Path, message: str) -> str:
    """Commit everything and return the hash."""
    run(root, "git", "add", "-A")
    run(root, "git", "commit", "-q", "-m", message)
    return run(root, "git", "rev-parse", "HEAD")


def small(root: Path, gate: str | None) -> Path:
    """Three splits that DVC tracks and four stages, all up to date.

    gate: the kind of gate stages, None for a repository without labelmeta.
    """
    begin(root)
    for split in SMALL_SPLITS:
        write(root, split, f"id,text,label\n1,good {split},pos\n2,bad {split},neg\n")
    run(root, DVC, "add", "-q", *SMALL_SPLITS)
    write(root, "dvc.yaml", "stages:\n" + "".join(
        f"  {name}:\n    cmd: cat {dep} > {out}\n    deps:\n      - {dep}\n    outs:\n      - {out}\n"
        for name, (dep, out) in USER_STAGES.items()
    ))  # fmt: skip
    if gate is not None:
        write(root, "guidelines/tone/guideline.yaml", guideline("tone", "1.0.0"))
        write(root, "guidelines/tone/guide.md", "# Tone\n\nChoose pos or neg.\n")
        write(root, "labelmeta.yaml", settings(["tone"], gate))
        commit(root, "Add data and guideline")
        run(root, LABELMETA, "link", *SMALL_SPLITS, "--guideline", "tone")
        for name in ("train", "tune", "evaluate"):
            run(root, LABELMETA, "stage", "require", name)
    run(root, "git", "add", "-A")
    run(root, DVC, "repro", "-q", "-P")
    commit(root, "Run")
    run(root, DVC, "repro", "-q")
    return root


def tracked(root: Path, path: str, text: str) -> None:
    """Write data as `dvc add` leaves it: the file, its `.dvc` file and its place in the cache."""
    value = md5(text)
    write(root, path, text)
    write(root, f".dvc/cache/files/md5/{value[:2]}/{value[2:]}", text)
    write(root, f"{path}.dvc", dvc_file(path, text))


def dvc_file(path: str, text: str) -> str:
    """Return the text of a `.dvc` file as `dvc add` writes it."""
    name = path.rpartition("/")[2]
    return f"outs:\n- md5: {md5(text)}\n  size: {len(text)}\n  hash: md5\n  path: {name}\n"


def sidecar(path: str, text: str, link: tuple[str, str, str, str]) -> str:
    """Return the text of a sidecar as `labelmeta link` writes it."""
    id_, version, commit_, object_ = link
    name = path.rpartition("/")[2]
    return (
        f"schema: labelmeta/sidecar/v1\ndataset: d{hash_number(path) % 97}\nsplit: {name}\n"
        f"owners: [data-team]\ndata:\n  path: {name}\n  pin: exact\n  hash: md5\n"
        f'  value: "{md5(text)}"\n  size: {len(text)}\nlayers:\n  labels:\n    guideline:\n'
        f'      id: {id_}\n      version: "{version}"\n      commit: "{commit_}"\n'
        f'      object: "{object_}"\n    mode: backward\n'
    )


def hash_number(path: str) -> int:
    """Return a number that is the same in every run."""
    return int(md5(path)[:8], 16)


def many(root: Path, splits: int, stages: int, *, gated: bool = True) -> Path:
    """Many linked splits and `stages` stages, one split each, all recorded as up to date."""
    begin(root)
    write(root, ".gitignore", "/data/**/*.csv\n/models/\n")
    write(root, "guidelines/tone/guideline.yaml", guideline("tone", "1.0.0"))
    write(root, "labelmeta.yaml", settings(["tone"]))
    pinned = commit(root, "Add guideline")
    object_ = run(root, "git", "rev-parse", "HEAD:guidelines/tone")
    paths = [f"data/{number // 100:03}/part-{number:05}.csv" for number in range(splits)]
    for path in paths:
        tracked(root, path, content(path))
        if gated:
            side = sidecar(path, content(path), ("tone", "1.0.0", pinned, object_))
            write(root, f"{path}.labelmeta.yaml", side)
    if gated:
        gates(root)
    if stages:
        write(root, "dvc.yaml", "stages:\n" + "".join(definitions(paths[:stages], gated)))
        write(root, "dvc.lock", "schema: '2.0'\nstages:\n" + "".join(locked(root, paths[:stages], gated)))  # fmt: skip
    commit(root, "Add data")
    return root


def gates(root: Path) -> None:
    """Let labelmeta write the gates and their stages for all sidecars there are."""
    run(root, LABELMETA, "stage", "sync")
    run(root, "git", "add", "-A")
    run(root, LABELMETA, "gate")


def content(path: str) -> str:
    """Return the data of a split."""
    return f"id,text,label\n1,good {path},pos\n"


def definitions(paths: Sequence[str], gated: bool) -> Iterator[str]:
    """Yield a stage for each split."""
    for number, path in enumerate(paths):
        gate = f"      - labelmeta/gates/{path}.json\n" if gated else ""
        yield (
            f"  train{number:03}:\n    cmd: {command(number, path)}\n    deps:\n      - {path}\n"
            f"{gate}    outs:\n      - models/{number:03}.txt\n"
        )


def command(number: int, path: str) -> str:
    """Return the command of a stage."""
    return f"cat {path} > models/{number:03}.txt"


def locked(root: Path, paths: Sequence[str], gated: bool) -> Iterator[str]:
    """Yield the entry of dvc.lock for each stage, and leave its output as it would have."""
    for number, path in enumerate(paths):
        text = content(path)
        gate_path = f"labelmeta/gates/{path}.json"
        deps = [(path, text)] + ([(gate_path, (root / gate_path).read_text())] if gated else [])
        out = f"models/{number:03}.txt"
        write(root, out, text)
        yield (
            f"  train{number:03}:\n    cmd: {command(number, path)}\n    deps:\n"
            + "".join(map(entry, deps))
            + "    outs:\n"
            + entry((out, text))
        )


def entry(file: tuple[str, str]) -> str:
    """Return a file as dvc.lock has it."""
    path, text = file
    return f"    - path: {path}\n      hash: md5\n      md5: {md5(text)}\n      size: {len(text)}\n"


def history(root: Path, commits: int, *, behind: bool) -> Path:
    """Twelve linked splits on top of a history of `commits` commits.

    `tone` stands since the first commit, `span` came 20 commits before the last; half of the
    splits are linked to each. behind: four more are linked to the first text of `rank`, which
    got a patch half-way.
    """
    begin(root)
    run(root, "git", "fast-import", "--quiet", "--date-format=raw", stdin=b"".join(stream(commits)))
    run(root, "git", "checkout", "-q", "-f", "main")
    ids = ["tone", "span", *(["rank"] if behind else [])]
    write(root, "labelmeta.yaml", settings(ids))
    write(root, ".gitignore", "/data/**/*.csv\n")
    steps = {"tone": 1, "span": commits - 20, "rank": 2}
    links = {
        id_: (id_, "1.0.0", rev, run(root, "git", "rev-parse", f"{rev}:guidelines/{id_}"))
        for id_ in ids
        for rev in [run(root, "git", "rev-parse", f"HEAD~{commits - steps[id_]}")]
    }
    for number in range(16 if behind else 12):
        path = f"data/{number:02}.csv"
        tracked(root, path, content(path))
        link = links["rank" if number >= 12 else ("tone", "span")[number % 2]]
        write(root, f"{path}.labelmeta.yaml", sidecar(path, content(path), link))
    gates(root)
    commit(root, "Link")
    return root


def recorded(root: Path, count: int) -> tuple[Path, list[str]]:
    """The repository `small` with `count` annotation records of its first split, and their ids."""
    small(root, "always")
    split = SMALL_SPLITS[0]
    ids = [f"r{number:09d}" for number in range(count)]
    write(root, f"{split}.annotations.jsonl", "".join(map(record, ids)))
    side = f"{split}.labelmeta.yaml"
    named = f"annotations: {{path: {split.rpartition('/')[2]}.annotations.jsonl}}\n    guideline:"
    write(root, side, (root / side).read_text().replace("guideline:", named, 1))
    commit(root, "Add records")
    return root, ids


def record(id_: str) -> str:
    """Return a line of JSONL of the usual length."""
    return json.dumps({
        "id": id_, "item": id_[-5:], "label": "pos", "annotator": f"a-{id_[-2:]}",
        "annotator_type": "person", "annotated_at": "2026-01-06T10:00:00+01:00",
        "tool": "label-studio", "tool_version": "1.13.1", "source": "label-studio:42",
        "guideline_version": "1.0.0", "guideline_version_source": "recorded",
        "status": "submitted", "duration_seconds": 12.5, "confidence": 0.8,
        "note": "the writer names a deadline and then takes it back", "cites": ["R1", "E2"],
    }) + "\n"  # fmt: skip


def life(root: Path, commits: int, steps: int = 20) -> Path:
    """One split that was linked anew `steps` times in `commits` commits.

    Each time the guideline had got a new version and the data a new row.
    """
    begin(root)
    path, more = "data/train.csv", {1: {"labelmeta.yaml": settings(["tone"])}}
    for step in range(steps):
        version, text = f"1.{step}.0", f"{content(path)}{step}\n"
        at = commits * step // steps + 2
        more[at] = {"guidelines/tone/guideline.yaml": guideline("tone", version)}
        more[at + 1] = {f"{path}.dvc": dvc_file(path, text)}
        link = ("tone", version, f"{step:040}", f"{step:040}")
        more[at + 2] = {f"{path}.labelmeta.yaml": sidecar(path, text, link)}
    told = b"".join(stream(commits, more))
    run(root, "git", "fast-import", "--quiet", "--date-format=raw", stdin=told)
    run(root, "git", "checkout", "-q", "-f", "main")
    return root


def stream(commits: int, more: Mapping[int, Mapping[str, str]] = {}) -> Iterator[bytes]:
    """Yield a fast-import stream: each commit changes one of 200 files; see `history`.

    more: further files by the number of their commit.
    """
    texts = {
        1: ("tone", "1.0.0"), 2: ("rank", "1.0.0"), commits // 2: ("rank", "1.0.1"),
        commits - 20: ("span", "1.0.0"),
    }  # fmt: skip
    start = 1_500_000_000
    for number in range(1, commits + 1):
        person = b"Ada <ada@example.org> %d +0000" % (start + number * 600)
        yield b"commit refs/heads/main\ncommitter %s\ndata 5\nstep\n\n" % person
        changes = [(f"src/{number % 10}/{number % 200:03}.txt", f"step {number}\n")]
        if number in texts:
            id_, version = texts[number]
            changes.append((f"guidelines/{id_}/guideline.yaml", guideline(id_, version)))
        changes += more.get(number, {}).items()
        for path, text in changes:
            yield b"M 100644 inline %s\ndata %d\n%s\n" % (path.encode(), len(text), text.encode())


def with_graph(source: Path, target: Path) -> Path:
    """Copy a repository and write its commit graph."""
    shutil.copytree(source, target, symlinks=True)
    run(target, "git", "commit-graph", "write", "--reachable")
    return target
