"""The jobs that write the comment: valid for their readers, of few rights, right when they run."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.repo import Repo

CI = Path(__file__).parents[1] / "templates/ci"
GITHUB, GITLAB = CI / "github-diff.yaml", CI / "gitlab-diff.yaml"
MARK = "<!-- labelmeta-diff -->"
# stand for the platforms' clients: note what they are asked, and answer from a file
GH = '#!/bin/sh\necho $* >> calls\ncase "$*" in *PATCH*|*POST*) ;; *) cat answer;; esac\n'
CURL = (
    '#!/bin/sh\nprintf "%s\\n" "$*" >> calls\n'
    'case "$*" in *--request*) ;; */user) echo \'{"id": 7}\';; *) cat answer;; esac\n'
)


def loaded(path: Path) -> Any:
    return yaml.safe_load(path.read_text(encoding="utf-8"))


def steps() -> dict[str, Any]:
    return {step["name"]: step for step in loaded(GITHUB)["jobs"]["diff"]["steps"] if "run" in step}


def test_the_workflow_may_write_comments_and_nothing_else() -> None:
    workflow = loaded(GITHUB)
    assert workflow["permissions"] == {"contents": "read"}
    (job,) = workflow["jobs"].values()
    assert job["permissions"] == {"contents": "read", "pull-requests": "write"}
    assert workflow[True] == {"pull_request": None}  # YAML 1.1 reads `on` so
    assert job["steps"][0]["with"] == {"fetch-depth": 0, "persist-credentials": False}
    assert all("${{" not in step["run"] for step in steps().values())
    with_token = [name for name, step in steps().items() if "GH_TOKEN" in step.get("env", {})]
    assert with_token == ["Comment"], "no code of the project runs where the token is"


@pytest.fixture(scope="module")
def proposed(built_linked: Path, tmp_path_factory: pytest.TempPathFactory) -> Repo:
    """A clone with a branch that owes a version number, and clients of both platforms."""
    clone = Repo(tmp_path_factory.mktemp("ci") / "clone")
    Repo(built_linked).git("clone", "-q", built_linked.as_uri(), str(clone.path))
    clone.git("checkout", "-q", "-b", "change")
    changed = clone.guideline_yaml("tone", "1.1.0", "delighted")
    clone.write("guidelines/tone/guideline.yaml", changed)
    clone.commit("Guideline tone 1.1.0")
    for name, script in (("gh", GH), ("curl", CURL)):
        clone.write(f"bin/{name}", script).chmod(0o755)
    return clone


def shell(repo: Repo, script: str, code: int, **env: str) -> list[str]:
    """Run a script as the platform does; return what its client was asked."""
    calls = repo.path / "calls"
    calls.write_text("")
    script = f'PATH="$PWD/bin:$PATH"\n{script}'
    repo.run("bash", "-e", "-o", "pipefail", "-c", script, code=code, **env)
    return calls.read_text().splitlines()


def test_github_writes_one_comment_and_fails_on_what_is_owed(proposed: Repo) -> None:
    files = {"GITHUB_STEP_SUMMARY": "summary", "GITHUB_OUTPUT": "output"}
    shell(proposed, steps()["Compare"]["run"], 0, BASE="main", **files)
    comment = proposed.read("comment.md")
    assert comment.startswith(MARK)
    assert proposed.read("summary") == comment
    assert proposed.read("output") == "code=1\n"
    shell(proposed, steps()["Fail on what is owed"]["run"], 1, CODE="1")

    script, env = steps()["Comment"]["run"], {"REPO": "a/b", "NUMBER": "5"}
    for answer, verb, place in (
        ("", "POST", "a/b/issues/5/comments"),
        ("11\n12\n", "PATCH", "a/b/issues/comments/11"),
    ):
        proposed.write("answer", answer)
        look, write = shell(proposed, script, 0, **env)
        assert f'select(.body | startswith("{MARK}"))' in look
        assert write == f"api -X {verb} repos/{place} -F body=@comment.md --silent"


def test_gitlab_writes_one_comment_and_fails_on_what_is_owed(proposed: Repo) -> None:
    job = loaded(GITLAB)["labelmeta-diff"]
    script = "\n".join(job["script"])
    env = {
        "CI_MERGE_REQUEST_DIFF_BASE_SHA": proposed.git("rev-parse", "main"),
        "CI_API_V4_URL": "https://git.example",
        "CI_PROJECT_ID": "3",
        "CI_MERGE_REQUEST_IID": "5",
    }
    assert shell(proposed, script, 1, **env) == []
    assert proposed.read(job["artifacts"]["paths"][0]).startswith(MARK)
    others = f'{{"id": 10, "author": {{"id": 8}}, "body": "{MARK}"}}'
    mine = f'{{"id": 11, "author": {{"id": 7}}, "body": "{MARK} x"}}'
    for answer, end in ((f"[{others}]", "POST .*/notes"), (f"[{others}, {mine}]", "PUT .*/11")):
        proposed.write("answer", answer)
        calls = shell(proposed, script, 1, LABELMETA_TOKEN="secret", **env)
        assert len(calls) == 3
        verb, _, place = end.partition(" .*")
        assert f"--request {verb} --data-urlencode body@labelmeta-diff.md" in calls[-1]
        assert calls[-1].endswith(f"/merge_requests/5{'/notes' if verb == 'PUT' else ''}{place}")
