"""A project with a past: two guideline versions, records in Git and in DVC, other data."""

from __future__ import annotations

import json
from typing import NamedTuple

from tests.repo import Repo

TRAIN, DEV = "data/train.csv", "data/dev.csv"
IN_GIT, IN_DVC = f"{TRAIN}.annotations.jsonl", f"{DEV}.annotations.jsonl"


class Past(NamedTuple):
    """Commits by what stands there: `old` everything under 1.0.0, `new` under 2.0.0."""

    old: str
    reworded: str
    new: str


def lines(*versions: str, start: int = 0) -> str:
    """Return records as JSONL, one a version."""
    return "".join(
        json.dumps({
            "id": f"r{number}", "item": str(number), "label": "pos", "source": "test",
            "annotator": "ann", "annotated_at": f"2026-01-{10 + number}T09:00:00Z",
            "guideline_version": version, "guideline_version_source": "recorded",
        }) + "\n"
        for number, version in enumerate(versions, start)
    )  # fmt: skip


def named(repo: Repo, split: str) -> None:
    """Name the records of a split in its sidecar."""
    path = f"{split}.labelmeta.yaml"
    records = f"{split.rpartition('/')[2]}.annotations.jsonl"
    text = repo.read(path).replace(
        "    guideline:\n", f"    annotations: {{path: {records}}}\n    guideline:\n"
    )
    repo.write(path, text)


def live(repo: Repo) -> Past:
    """Give the project `linked` of conftest a past, and return its commits."""
    named(repo, TRAIN)
    named(repo, DEV)
    repo.write(IN_GIT, lines("1.0.0", "1.0.0"))
    repo.write(IN_DVC, lines("1.0.0"))
    repo.dvc("add", "-q", IN_DVC)
    old = repo.commit("Add records", "2026-01-20T09:00:00+00:00")
    repo.write("guidelines/tone/cases.md", "Ask when in doubt.\n")
    text = repo.guideline_yaml("tone", "2.0.0", "delighted")
    repo.write("guidelines/tone/guideline.yaml", f"{text}approved_by: [{{name: Grace}}]\n")
    reworded = repo.commit("Only delight is positive", "2026-02-01T09:00:00+00:00")
    object_ = repo.git("rev-parse", "HEAD:guidelines/tone")
    repo.write(
        "guidelines/tone.releases.yaml",
        'schema: labelmeta/releases/v1\nreleases:\n  "2.0.0":\n'
        f'    object: "{object_}"\n    commit: "{reworded}"\n',
    )
    repo.write(TRAIN, "id,text,label\n1,good train,pos\n")
    repo.dvc("add", "-q", TRAIN)
    repo.commit("Release; drop a bad row", "2026-02-02T09:00:00+00:00")
    repo.labelmeta("link", "--all")
    repo.write(IN_GIT, lines("1.0.0", "1.0.0", "2.0.0", "2.0.0", "2.0.0"))
    repo.write(IN_DVC, lines("1.0.0", "2.0.0"))
    repo.dvc("add", "-q", IN_DVC)
    repo.git("add", "-A")
    repo.dvc("repro", "-q", "-P")
    return Past(old, reworded, repo.commit("Label under 2.0.0", "2026-02-03T09:00:00+00:00"))
