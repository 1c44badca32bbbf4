"""The scheduled audits: valid for their readers, of few rights, right when they run."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml

from tests.repo import Repo

CI = Path(__file__).parents[1] / "templates/ci"
GITHUB, GITLAB = CI / "github-audit.yaml", CI / "gitlab-audit.yaml"


def loaded(path: Path) -> Any:
    return yaml.safe_load(path.read_text(encoding="utf-8"))


def test_the_workflow_may_only_read() -> None:
    workflow = loaded(GITHUB)
    assert workflow["permissions"] == {"contents": "read"}
    assert set(workflow[True]) == {"schedule", "workflow_dispatch"}  # YAML 1.1 reads `on` so
    steps = workflow["jobs"]["audit"]["steps"]
    assert steps[0]["with"] == {"fetch-depth": 0, "persist-credentials": False}
    assert all("${{" not in step.get("run", "") for step in steps)
    assert loaded(GITLAB)["labelmeta-audit"]["variables"] == {"GIT_DEPTH": "0"}


def test_both_run_the_same_audit_and_leave_the_report(linked: Repo) -> None:
    (github,) = [s for s in loaded(GITHUB)["jobs"]["audit"]["steps"] if s.get("name") == "Audit"]
    (gitlab,) = loaded(GITLAB)["labelmeta-audit"]["script"]
    assert github["run"] == gitlab
    (kept,) = loaded(GITLAB)["labelmeta-audit"]["artifacts"]["paths"]
    linked.run("bash", "-e", "-o", "pipefail", "-c", gitlab, code=None)
    assert linked.read(kept).startswith("<!DOCTYPE html>")
