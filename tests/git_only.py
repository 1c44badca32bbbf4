"""A linked project made with Git and labelmeta alone: built in a second, without DVC."""

from __future__ import annotations

import hashlib
from pathlib import Path

from tests.repo import Repo


def _md5(content: bytes) -> str:
    return hashlib.md5(content, usedforsecurity=False).hexdigest()


def _track(repo: Repo, split: str, content: str) -> None:
    """Write data and its `.dvc` file as `dvc add` would."""
    repo.write(split, content)
    raw = content.encode()
    repo.write(
        f"{split}.dvc",
        f"outs:\n- md5: {_md5(raw)}\n  size: {len(raw)}\n  hash: md5\n  path: {Path(split).name}\n",
    )


def build(repo: Repo) -> None:
    """Build it in an empty folder; `check` then finds just LM106, for data/dev.csv."""
    repo.git("init", "-q", "-b", "main", "--template=")
    repo.write(".gitignore", "/data/*.csv\n")
    repo.write(".dvc/config", "")
    repo.write("guidelines/tone/guideline.yaml", repo.guideline_yaml("tone", "1.0.0"))
    repo.write("labelmeta.yaml", "version: 1\nguidelines:\n  tone: {path: guidelines/tone}\n")
    for split in ("train", "dev"):
        _track(repo, f"data/{split}.csv", f"id,label\n1,{split}\n")
    repo.commit("Add data and a guideline")
    repo.labelmeta("link", "data/train.csv", "data/dev.csv", "--guideline", "tone")
    gate = "labelmeta/gates/data/train.csv.json"
    deps = "".join(
        f"    - path: {path}\n      hash: md5\n      md5: {_md5((repo.path / path).read_bytes())}\n"
        for path in ("data/train.csv", gate)
    )
    repo.write(
        "dvc.yaml",
        f"stages:\n  train:\n    cmd: train\n    deps:\n    - data/train.csv\n    - {gate}\n",
    )
    repo.write("dvc.lock", f"schema: '2.0'\nstages:\n  train:\n    cmd: train\n    deps:\n{deps}")
    repo.commit("Link the splits")
    assert repo.codes(code=0) == []
    _track(repo, "data/dev.csv", "id,label\n1,changed\n")
    repo.commit("Change dev")
    assert repo.codes(code=1) == ["LM106"]
