"""`trace` of the treebank's sentences through all 19 data versions, beside a guideline page.

Records are made here from the data alone: item = sentence, value = its tokens, one record for each
version that changed it; once they are added to those before (`supersedes`), once a sentence has one
record that is written over, as the treebank itself was. Expected numbers are SOURCE.md's.
"""

from __future__ import annotations

import hashlib
import json
import subprocess
from collections import Counter
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from dvc_labelmeta.cli.trace_item import Tracer
from dvc_labelmeta.read.git import open_repository
from dvc_labelmeta.read.seen_labels import Wordings
from dvc_labelmeta.read.snapshot import load
from tests.inside import Inside
from tests.real.logs import SPLITS, Histories, Row, histories
from tests.real.replay import _raw, _sized

pytestmark = pytest.mark.inside

PAGE = "specific-syntax"
# tokens that each data commit changed, in train, dev and test: the table of SOURCE.md
TOKENS = {
    10: (417, 171, 178), 11: (7, 2, 0), 12: (5, 5, 1), 13: (3, 0, 0), 14: (2, 0, 3),
    15: (10, 4, 17), 16: (3, 5, 0), 17: (8, 2, 1), 18: (1, 0, 0), 19: (8, 1, 1),
}  # fmt: skip
Sentences = dict[str, dict[str, str]]


@dataclass(frozen=True)
class Traced:
    """The repository, its data commits by number, and the sentences of each version and split."""

    repo: Inside
    logs: Histories
    added: bool
    commits: dict[int, str]
    versions: dict[int, dict[str, Sentences]]

    def changes(self, split: str, sentence: str) -> list[int]:
        """Return the versions in which a sentence was other than before."""
        told = [self.versions[n][split][sentence] for n in self.versions]
        return [n for n, tokens in enumerate(told, 1) if n == 1 or tokens != told[n - 2]]


def sentences(path: Path) -> Sentences:
    """Return the tokens of each sentence by their numbers, as the file has them."""
    found: Sentences = {}
    for line in path.read_text(encoding="utf-8").splitlines():
        if line.startswith("# sent_id"):
            tokens = found[line.partition("=")[2].strip()] = {}
        elif line and not line.startswith("#"):
            number, _, rest = line.partition("\t")
            tokens[number] = rest
    return found


def record(row: Row, page: Row, sentence: str, tokens: dict[str, str]) -> dict[str, Any]:
    return {
        "id": sentence,
        "item": sentence,
        "value": tokens,
        "source": f"treebank:{row.commit[:7]}",
        "annotator": f"a-{hashlib.sha256(row.author.encode()).hexdigest()[:6]}",
        "annotated_at": row.author_date,
        "guideline_version": page.blob[:12],
        "guideline_version_source": "inferred",
    }


def replayed(logs: Histories, path: Path, *, added: bool) -> Traced:
    """Write pages and records into one repository, in true time order."""
    versions = {
        n: {split: sentences(file) for split, file in logs.files(n).items()} for n in logs.data
    }
    records: dict[str, dict[str, dict[str, Any]]] = {split: {} for split in SPLITS}
    last: dict[str, str] = {}
    steps = sorted(
        [*logs.pages[PAGE], *(rows[0] for rows in logs.data.values())], key=lambda r: r.when
    )
    stream = []
    marks = {}
    for mark, row in enumerate(steps, 1):
        files = [(row.path, row.file.read_bytes())] if row in logs.pages[PAGE] and row.file else []
        if row not in logs.pages[PAGE]:
            marks[row.n] = f":{mark}"
            page = logs.linked(PAGE, row.n)
            assert page is not None
            for split in SPLITS:
                for name, tokens in versions[row.n][split].items():
                    if row.n > 1 and versions[row.n - 1][split][name] == tokens:
                        continue
                    one = record(row, page, name, tokens)
                    if added:
                        one |= {"id": f"{name}@{row.n}"}
                        one |= {"supersedes": last[name]} if name in last else {}
                        last[name] = one["id"]
                    records[split][one["id"]] = one
                lines = "".join(json.dumps(one) + "\n" for one in records[split].values())
                files += [(f"{split}.annotations.jsonl", lines.encode()), (f"{split}.txt", b"1\n")]
        stream.append(commit(mark, row, files))
    path.mkdir()
    repo = Inside(path)
    repo.git("init", "-q", "-b", "main")
    command = ["git", "fast-import", "--quiet", "--date-format=raw", "--export-marks=.git/marks"]
    subprocess.run(command, cwd=path, input=b"".join(stream), check=True)
    repo.git("reset", "-q", "--hard")
    known = dict(line.split() for line in repo.read(".git/marks").splitlines())
    place = logs.pages[PAGE][0].path
    repo.write("labelmeta.yaml", f"version: 1\nguidelines:\n  syntax: {{path: {place}}}\n")
    repo.commit("Set up")
    repo.labelmeta("link", *(f"{split}.txt" for split in SPLITS), "--guideline", "syntax")
    for split in SPLITS:
        side = f"{split}.txt.labelmeta.yaml"
        named = f"    annotations: {{path: {split}.annotations.jsonl}}\n    guideline:\n"
        repo.write(side, repo.read(side).replace("    guideline:\n", named))
    repo.commit("Link")
    return Traced(repo, logs, added, {n: known[mark] for n, mark in marks.items()}, versions)


def commit(mark: int, row: Row, files: list[tuple[str, bytes]]) -> bytes:
    head = (
        f"commit refs/heads/main\nmark :{mark}\n"
        f"author {row.author} <> {_raw(row.author_date)}\n"
        f"committer {row.author} <> {_raw(row.commit_date)}\n"
    )
    told = b"".join(f"M 100644 inline {name}\n".encode() + _sized(data) for name, data in files)
    return head.encode() + _sized(row.message.encode() + b"\n") + told


@pytest.fixture(scope="module")
def logs(shared: Path) -> Histories:
    return histories(shared / "data" / "ud_lithuanian_hse")


@pytest.fixture(scope="module", params=[True, False], ids=["added", "written over"])
def traced(
    logs: Histories, tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest
) -> Traced:
    return replayed(logs, tmp_path_factory.mktemp("traced") / "repo", added=request.param)


def test_a_sentence_through_all_its_versions(traced: Traced) -> None:
    name, split = next(
        (name, "train")
        for name in traced.versions[1]["train"]
        if {10, 15, 19} <= {*traced.changes("train", name)}
    )
    (found,) = json.loads(
        traced.repo.labelmeta("trace", name, "--split", "train.txt", "--format", "json").out
    )
    changes = traced.changes(split, name)
    assert [one["first"]["commit"] for one in found["labels"]] == [
        traced.commits[n] for n in changes
    ]
    assert [one["record"]["value"] for one in found["labels"]] == [
        traced.versions[n][split][name] for n in changes
    ]
    pages = [traced.logs.linked(PAGE, n) for n in changes]
    assert [one["seen"]["version"] for one in found["labels"]] == [p.blob[:12] for p in pages if p]
    assert [one["seen"]["object"] for one in found["labels"]] == [p.blob for p in pages if p]
    places = [(at - 1, at) for at in range(1, len(pages)) if pages[at - 1] != pages[at]]
    assert [(one["from"], one["to"]) for one in found["wordings"]] == places
    assert all(one["difference"]["files"] for one in found["wordings"])
    assert [one["state"] for one in found["labels"]][-1] == "in force"
    assert found["faults"] == []
    assert found["history"]["why"] == []


def test_tokens_changed_by_each_commit_are_those_of_the_table(traced: Traced) -> None:
    # records that pile up are read slowly: of these the two small splits are enough
    splits = SPLITS[1:] if traced.added else SPLITS
    numbers = {hash_: n for n, hash_ in traced.commits.items()}
    found: Counter[tuple[int, str]] = Counter()
    repository = open_repository(str(traced.repo.path))
    with ExitStack() as stack:
        objects = stack.enter_context(repository.git.objects())
        snapshot = load(str(traced.repo.path), with_pipeline=False)
        tracer = Tracer(snapshot, repository, objects, Wordings(snapshot, stack))
        for split in splits:
            for name in traced.versions[1][split]:
                (trace,) = tracer.traces(name, f"{split}.txt")
                for before, after in zip(trace.labels, trace.labels[1:], strict=False):
                    assert after.first
                    old, new = before.record["value"], after.record["value"]
                    changed = sum(old.get(one) != new.get(one) for one in old | new)
                    found[numbers[after.first.commit], split] += changed
    for n, counts in TOKENS.items():
        expected = dict(zip(SPLITS, counts, strict=True))
        assert [found[n, split] for split in splits] == [expected[split] for split in splits], n
