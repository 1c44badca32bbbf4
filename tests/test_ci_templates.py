"""What users copy into their CI: valid for its readers, and right when its commands are run."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml
from junitparser import JUnitXml

from tests.repo import Repo
from tests.test_formats import workflow_commands

TOP = Path(__file__).parents[1]
GITHUB = TOP / "templates/ci/github.yaml"
GITLAB = TOP / "templates/ci/gitlab.yaml"
PRE_COMMIT = TOP / ".pre-commit-hooks.yaml"


def _loaded(path: Path) -> Any:
    return yaml.safe_load(path.read_text(encoding="utf-8"))


def _uncommented(path: Path) -> str:
    """The file with its optional steps switched on, as its comment tells."""
    head, _, block = path.read_text(encoding="utf-8").partition("      #\n")
    assert block
    return head + block.replace("      # ", "      ")


@pytest.mark.parametrize(
    ("reader", "schema"), [("github", "vendor.github-workflows"), ("gitlab", "vendor.gitlab-ci")]
)
def test_each_template_fits_the_schema_of_its_reader(reader: str, schema: str) -> None:
    paths = sorted(map(str, GITHUB.parent.glob(f"{reader}*.yaml")))
    assert len(paths) == 3, "check, diff and audit"
    command = ["check-jsonschema", "--builtin-schema", schema, *paths]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout


def test_the_optional_steps_fit_the_schema_too(tmp_path: Path) -> None:
    full = tmp_path / "full.yaml"
    full.write_text(_uncommented(GITHUB), encoding="utf-8")
    command = ["check-jsonschema", "--builtin-schema", "vendor.github-workflows", str(full)]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout
    steps = _loaded(full)["jobs"]["check"]["steps"]
    assert steps[-1]["uses"].startswith("github/codeql-action/upload-sarif@v")
    assert len(steps) == len(_loaded(GITHUB)["jobs"]["check"]["steps"]) + 2


def test_the_workflow_asks_for_little_and_pins_its_actions() -> None:
    workflow = _loaded(GITHUB)
    assert workflow["permissions"] == {"contents": "read"}
    steps = workflow["jobs"]["check"]["steps"]
    uses = [step["uses"] for step in steps if "uses" in step]
    assert all(one.rpartition("@v")[2].isdigit() for one in uses)
    assert steps[0]["with"]["fetch-depth"] == 0
    for step in steps:
        assert "${{" not in step.get("run", ""), "a branch's name must not become shell code"


@pytest.fixture
def pull_request(linked: Repo) -> Repo:
    """A clone as CI has it: `main` has a finding of its own, the branch brings in others."""
    config = linked.read("labelmeta.yaml") + 'splits: ["data/*.csv"]\n'
    linked.write("labelmeta.yaml", config)
    linked.write(
        "data/extra.csv.dvc", linked.read("data/dev.csv.dvc").replace("dev.csv", "extra.csv")
    )
    linked.commit("Data that nobody linked")
    linked.git("checkout", "-q", "-b", "change")
    linked.bump("2.0.0", "delighted")
    clone = Repo(linked.path.parent / "clone")
    linked.git("clone", "-q", "-b", "change", linked.path.as_uri(), str(clone.path))
    return clone


def _shell(repo: Repo, script: str, code: int, **env: str) -> str:
    return repo.run("bash", "-e", "-o", "pipefail", "-c", script, code=code, **env).out


def test_github_annotates_only_what_the_pull_request_brought_in(pull_request: Repo) -> None:
    (step,) = [s for s in _loaded(GITHUB)["jobs"]["check"]["steps"] if "BASE" in s.get("env", ())]
    found = list(workflow_commands(_shell(pull_request, step["run"], 1, BASE="main")))
    assert {(level, values["file"]) for level, values, _ in found} == {
        ("error", f"data/{split}.csv.labelmeta.yaml") for split in ("train", "dev", "test")
    }
    assert all(values["title"] == "LM105 outdated-guideline" for _, values, _ in found)
    everything = pull_request.codes(code=1)
    assert "LM101" in everything

    pull_request.git("checkout", "-q", "-b", "other", "origin/main")
    pull_request.write("notes.txt", "nothing\n")
    pull_request.commit("Notes")
    out = _shell(pull_request, step["run"], 0, BASE="main")
    assert list(workflow_commands(out)) == []
    assert out == "3 splits checked: nothing new since origin/main\n"


def test_the_ledger_is_held_against_a_head_from_outside(pull_request: Repo) -> None:
    (step,) = [s for s in _loaded(GITHUB)["jobs"]["check"]["steps"] if "HEAD" in s.get("env", ())]
    line = _loaded(GITLAB)["labelmeta"]["script"][-1]
    head = pull_request.labelmeta("ledger", "anchor").out.split()[1]
    _shell(pull_request, step["run"], 0, HEAD=head)
    _shell(pull_request, line, 0, LABELMETA_HEAD="")
    assert "0" * 12 in _shell(pull_request, line, 1, LABELMETA_HEAD="0" * 64)


def test_the_sarif_step_writes_the_file_and_passes(pull_request: Repo, tmp_path: Path) -> None:
    full = tmp_path / "full.yaml"
    full.write_text(_uncommented(GITHUB), encoding="utf-8")
    step = _loaded(full)["jobs"]["check"]["steps"][-2]
    _shell(pull_request, step["run"], 0)
    (run,) = json.loads(pull_request.read("labelmeta.sarif"))["runs"]
    assert {"LM101", "LM105"} <= {result["ruleId"] for result in run["results"]}


def test_gitlab_shows_only_what_the_merge_request_brought_in(pull_request: Repo) -> None:
    job = _loaded(GITLAB)["labelmeta"]
    base = pull_request.git("merge-base", "HEAD", "origin/main")
    script = "\n".join(job["script"])
    _shell(pull_request, script, 1, CI_MERGE_REQUEST_DIFF_BASE_SHA=base)
    reports = job["artifacts"]["reports"]
    issues = json.loads(pull_request.read(reports["codequality"]))
    assert {issue["check_name"].split()[0] for issue in issues} == {"LM105"}
    assert len(issues) == 3
    (suite,) = JUnitXml.fromfile(str(pull_request.path / reports["junit"]))
    assert suite.failures == 3
    main = pull_request.git("rev-parse", "origin/main")
    pull_request.git("checkout", "-q", "origin/main")
    _shell(pull_request, script, 0, CI_MERGE_REQUEST_TARGET_BRANCH_SHA=main)


def test_the_pull_request_that_brings_labelmeta_in_is_all_new(linked: Repo) -> None:
    linked.bump("2.0.0", "delighted")
    linked.git("checkout", "-q", "--orphan", "before")
    linked.git("rm", "-q", "--cached", "labelmeta.yaml")
    linked.git("commit", "-q", "-m", "Before labelmeta")
    linked.git("checkout", "-q", "-f", "main")
    assert linked.codes("--since", "before", code=1) == ["LM105"] * 3
    assert "there is no commit" in linked.labelmeta("check", "--since", "nowhere", code=2).err


def test_the_pre_commit_hook_checks_everything_each_time() -> None:
    """`pre-commit validate-manifest` reads the same keys; it is not a dependency of the tests."""
    (hook,) = _loaded(PRE_COMMIT)
    assert hook["id"] == "labelmeta-check"
    assert hook["entry"] == "labelmeta check"
    assert (hook["language"], hook["always_run"], hook["pass_filenames"]) == ("python", True, False)
    assert set(hook["stages"]) <= {"pre-commit", "pre-push", "manual"}
    assert {type(hook[key]) for key in ("name", "description", "minimum_pre_commit_version")} == {
        str
    }
