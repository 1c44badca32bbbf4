"""Entries of dvc.lock: the quick way and the parser tell the same, whoever wrote the file."""

from __future__ import annotations

import pytest

from dvc_labelmeta.model.lineage import Content, Moment
from dvc_labelmeta.read import dvc
from dvc_labelmeta.read.runs import Entries, parts, run, run_id

ENTRY = """\
  train:
    cmd: |
      python train.py

        --deep: yes
    deps:
    - path: data/a.csv
      hash: md5
      md5: aa
    - path: s3://b/c
      etag: bb
    params:
      params.yaml:
        lr: 1
        many words: that go
          on
    outs:
    - path: m.bin
      md5: cc
"""
HEAD = "schema: '2.0'\nstages:\n"


@pytest.mark.parametrize("more", ["", "  b@x-1.2:\n    cmd: [y, z]\n", "  b:\n    cmd: y\n\n"])
def test_both_ways_tell_the_same(more: str) -> None:
    quick = Entries().of((HEAD + ENTRY + more).encode())
    slow = Entries().of((HEAD + ENTRY + more + "# by hand\n").encode())
    assert quick == slow
    assert quick["train"][1]["cmd"] == "python train.py\n\n  --deep: yes\n"
    old = Entries().of((ENTRY + more).replace("\n  ", "\n")[2:].encode())
    assert [*old] == [*quick], "the format of DVC 1"


@pytest.mark.parametrize(
    "text", ["", "[]", "schema: '2.0'\n", HEAD, HEAD + "  a: b\n", HEAD + "  a:\n    - b\n",
             HEAD + "  a:\n    cmd: x\n  a:\n    cmd: y\n", "\xff", "stages: ["],
)  # fmt: skip
def test_what_cannot_be_read_tells_nothing(text: str) -> None:
    assert Entries().of(text.encode("latin-1")) == {}


def test_a_key_in_quotes_is_read() -> None:
    text = HEAD + "  'a: b':\n    cmd: x\n"
    assert [*Entries().of(text.encode())] == ["a: b"]


def test_a_run() -> None:
    found = Entries().of((HEAD + ENTRY).encode())["train"]
    pipeline = {
        "stages": {"train": {"wdir": "in", "metrics": ["m.json"]}},
        "plots": [{"p.json": {"x": "a"}}],
        "artifacts": {"m": {"path": "in/m.bin", "type": "model"}, "d": {"path": "d"}, "x": 1},
    }
    bases = dvc.bases("jobs/dvc.yaml", pipeline, ["train", "gone"])
    assert bases == {"train": "jobs/in", "gone": "jobs"}
    one = run("jobs/dvc.yaml", "train", found, pipeline, bases["train"], Moment())
    assert one.id == run_id("jobs/dvc.yaml", "train", found)
    assert one.deps == (Content("jobs/in/data/a.csv", "aa"), Content("s3://b/c", "bb"))
    assert one.outs == (Content("jobs/in/m.bin", "cc", one.id),)
    assert one.metrics == {"jobs/in/m.json", "jobs/p.json"}
    assert one.models == {"jobs/in/m.bin"}
    assert dvc.artifacts("dvc.yaml", pipeline) == {"m": "in/m.bin", "d": "d"}


def test_parts_of_folders() -> None:
    state = {"out": Content("out", "1.dir"), "in/a": Content("in/a", "2"), "in/b": Content("in/b")}
    assert parts([Content("out/x", "9")], state) == (state["out"],)
    assert parts([Content("in", "9.dir")], state) == (state["in/a"], state["in/b"])
    assert parts([Content("in", "9"), Content("out", "1.dir")], state) == ()


def test_sources_of_imports() -> None:
    repo = {"url": "https://e.org/r", "rev": "main", "rev_lock": "ab"}
    assert dvc.source({"deps": [{"path": "x", "repo": repo}]}) == {
        "repo": "https://e.org/r", "rev": "main", "rev_lock": "ab", "path": "x",
    }  # fmt: skip
    assert dvc.source({"deps": [{"path": "https://e.org/x", "etag": "7"}]})["etag"] == "7"
    assert dvc.source({"outs": []}) == dvc.source(None) == {}
