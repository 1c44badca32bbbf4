"""A project whose pipeline makes one of its linked splits; built once and copied.

data/raw.csv and data/other.csv are added data; `prepare` reads raw.csv (behind its gate) and
makes data/made.csv, on which `train` depends (behind the gate of made.csv); `other` uses other.csv.
"""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from tests.inside import Inside
from tests.once import once
from tests.repo import Repo

SPLITS = ("data/made.csv", "data/other.csv", "data/raw.csv")
STAGES = """\
stages:
  prepare:
    cmd: (cat data/raw.csv; cat params.yaml) > data/made.csv
    deps: [data/raw.csv]
    params: [prepare.seed]
    outs: [data/made.csv]
  train:
    cmd: cat data/made.csv > model.txt
    deps: [data/made.csv]
    outs: [model.txt]
  other:
    cmd: cat data/other.csv > other.txt
    deps: [data/other.csv]
    outs: [other.txt]
"""
_built: list[Path] = []


def pipeline(factory: pytest.TempPathFactory, target: Path) -> Repo:
    """Return a fresh copy: everything linked, gated, run, committed and clean.

    What DVC runs in it are processes, what tests ask labelmeta is asked in theirs.
    """
    if not _built:
        _built.append(once(factory, "pipeline", _build))
    shutil.copytree(_built[0], target, symlinks=True)
    return Inside(target)


def _build(path: Path) -> None:
    repo = Inside(path)
    path.mkdir()
    repo.git("init", "-q", "-b", "main")
    repo.dvc("init", "-q")
    repo.write("guidelines/tone/guideline.yaml", repo.guideline_yaml("tone", "1.0.0"))
    repo.write("guidelines/tone/guide.md", "# Tone\n")
    repo.write("params.yaml", "prepare:\n  seed: 0\n")
    for split in ("raw", "other"):
        repo.write(f"data/{split}.csv", f"id,text,label\n1,good {split},pos\n2,bad {split},neg\n")
    repo.dvc("add", "-q", "data/raw.csv", "data/other.csv")
    repo.write("dvc.yaml", STAGES)
    repo.write("labelmeta.yaml", "version: 1\nguidelines:\n  tone: {path: guidelines/tone}\n")
    repo.labelmeta("stage", "sync")
    repo.commit("Add data, pipeline and guideline")
    repo.dvc("repro", "-q")
    repo.labelmeta("link", *SPLITS, "--guideline", "tone")
    for stage in ("prepare", "train", "other"):
        repo.labelmeta("stage", "require", stage)
    repo.git("add", "-A")
    repo.dvc("repro", "-q")
    repo.commit("Link the splits and run")


def gates(repo: Repo) -> dict[str, bytes]:
    """Return the bytes of each gate file that is there, by path."""
    folder = repo.path / "labelmeta/gates"
    return {
        file.relative_to(repo.path).as_posix(): file.read_bytes()
        for file in sorted(folder.rglob("*.json"))
    }


def gate_of(split: str) -> str:
    """Return where the gate of a split is kept."""
    return f"labelmeta/gates/{split}.json"
