"""The hash of annotation records is the one that DVC gives the same files."""

from __future__ import annotations

from pathlib import Path

from dvc_labelmeta.read.digest import records_hash
from dvc_labelmeta.read.sources import shards


def test_a_file_and_a_folder_hash_as_dvc_hashes_them(tmp_path: Path) -> None:
    for name, text in (("b.jsonl", "a\n"), ("sub/a.jsonl", "c\n"), ("sub-2.jsonl", "z\n")):
        file = tmp_path / name
        file.parent.mkdir(exist_ok=True)
        file.write_text(text)
    one = str(tmp_path / "b.jsonl")
    # as `dvc add` wrote them
    assert records_hash(one, [one]) == "60b725f10c9c85c70d97880dfe8191b3"
    folder = str(tmp_path)
    found = records_hash(folder, shards(folder, "jsonl"))
    assert found == "b22a4e10d72135731d60bc3246c70fa6.dir"
    pattern = str(tmp_path / "*.jsonl")
    assert records_hash(pattern, shards(pattern, "jsonl")).endswith(".dir")
