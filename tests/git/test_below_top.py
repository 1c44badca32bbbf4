"""A project below the top level of its Git repository, as it is and as a commit has it."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest

from dvc_labelmeta.model.event import EVENTS
from dvc_labelmeta.read.git import Git
from tests.inside import Inside

pytestmark = pytest.mark.inside


@pytest.fixture
def repo(new_repo: Callable[[str], Inside]) -> Inside:
    """The project `sub`, linked to a guideline beside it."""
    made = new_repo("nested")
    made.write("sub/labelmeta.yaml", "version: 1\nguidelines:\n  tone: {path: ../tone}\n")
    made.write("tone/guideline.yaml", made.guideline_yaml("tone", "1.0.0"))
    made.write("sub/data.csv", "id\n1\n")
    made.commit("Data")
    made.labelmeta("link", "data.csv", "--guideline", "tone", cwd="sub")
    made.commit("Link")
    return made


def test_a_commit_is_judged_by_what_is_above_the_project(repo: Inside) -> None:
    def codes(*args: str) -> list[str]:
        out = repo.labelmeta("check", "--format", "json", *args, cwd="sub", code=None).out
        return sorted(one["code"] for one in json.loads(out)["findings"])

    audit = ("--profile", "audit")
    assert "LM506" in codes(*audit)
    repo.write(".github/CODEOWNERS", "/tone/ @cy\n/sub/ @org/sub\n")
    repo.commit("Owners")
    assert "LM506" not in codes(*audit)
    assert codes(*audit, "--rev", "HEAD") == codes(*audit)
    repo.write("tone/guideline.yaml", "id: [\n")
    repo.commit("Broken")
    assert codes("--rev", "HEAD") == codes() == ["LM100", "LM105"]


@pytest.mark.parametrize("format_", ["sha1", "sha256"])
def test_a_tree_without_what_is_left_out(repo: Inside, format_: str) -> None:
    if format_ == "sha256":
        repo.run("rm", "-rf", ".git")
        repo.git("init", "-q", "--object-format=sha256")
    repo.git("add", "-A")
    repo.git(
        "update-index",
        "--add",
        "--cacheinfo",
        f"160000,{'1' * (40 if format_ == 'sha1' else 64)},sub/more",
    )
    repo.git("commit", "-q", "--allow-empty", "-m", "All")
    commit = repo.git("rev-parse", "HEAD")
    for folder, prefix, events in (("sub", "sub/", EVENTS), (".", "", f"sub/{EVENTS}")):
        git = Git(str(repo.path / folder), prefix)
        whole = git.tree(commit)
        assert any(path.startswith(events) for path in whole)
        left = {k: v for k, v in whole.items() if not k.startswith(events)}
        assert git.tree(commit, f":(exclude){events}") == left
    assert git.tree(commit, ":(exclude)sub", ":(exclude)tone").keys() <= {".gitattributes"}
