"""What the documents say is true: the README's commands run, its files fit, its Python works."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from dvc_labelmeta.checks.catalogue import RULES
from dvc_labelmeta.checks.modes import OUTDATED
from dvc_labelmeta.errors import BUG, CLEAN, FINDINGS, UNJUDGED
from dvc_labelmeta.read.files import misfits, parse
from tests.annotated import as_line, records
from tests.repo import Repo

TOP = Path(__file__).resolve().parents[1]
README = (TOP / "README.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"```(\w*)\n(.*?)```", README, re.DOTALL)


def block(words: str, kind: str = "") -> str:
    """Return the only code block of a kind that holds these words."""
    (found,) = [text for lang, text in BLOCKS if lang == kind and words in text]
    return found


@pytest.fixture
def plain(project: Repo) -> Repo:
    """A Git and DVC project without labelmeta."""
    project.git("rm", "-rq", "labelmeta", "labelmeta.yaml", "guidelines", ".gitattributes")
    project.commit("As it was before labelmeta")
    return project


def test_use_it_in_your_repository(plain: Repo) -> None:
    lines = block("labelmeta init").splitlines()
    assert lines[0] == "pip install dvc-labelmeta"  # done by whoever runs these tests
    for line in lines[1:]:
        plain.run("sh", "-c", line)
    assert plain.labelmeta("check").out == "2 splits checked: aligned\n"
    plain.write(
        "guidelines/intent/guideline.yaml",
        plain.read("guidelines/intent/guideline.yaml").replace('"0.1.0"', '"1.0.0"'),
    )
    shown = block("gate shut")
    plain.run("sh", "-c", shown.splitlines()[0].removeprefix("$ ").split("      #")[0])
    said = plain.dvc("repro", code=None).text
    for line in shown.splitlines()[3:]:
        stable = re.split(r" intent \d| [0-9a-f]{12} |:\d+:\d+:", line)[0].strip()
        assert stable in said


def test_records_are_named_by_the_command_shown(linked: Repo) -> None:
    pytest.importorskip("duckdb")
    made = next(records(1)) | {"item": "1", "label": "pos", "guideline_version": "1.0.0"}
    linked.write("data/train.csv.annotations.jsonl", as_line(made))
    linked.run("sh", "-c", block("link data/train.csv --annotations"))
    linked.commit("Records", "2026-07-01T09:00:00+00:00")
    assert linked.codes(code=0) == []


def test_the_two_commands_are_all_the_set_up() -> None:
    assert re.findall(r"^make (\w+)", README, re.MULTILINE) == ["demo", "test"]
    targets = re.findall(r"^(\w+):", (TOP / "Makefile").read_text(), re.MULTILINE)
    assert {"demo", "test", "check"} <= set(targets)
    assert "make test" in (TOP / ".ci/run").read_text()


def test_files_shown_fit_their_schemas() -> None:
    sidecar = block("labelmeta/sidecar/v1", "yaml").replace("…", "0" * 36)
    assert misfits("sidecar", parse(sidecar)) == []
    config = parse(block("version: 1", "yaml"))
    assert misfits("config", config) == []
    assert misfits("annotators", parse(block("labelmeta/annotators/v1", "yaml"))) == []


def test_python_shown_runs(linked: Repo) -> None:
    linked.bump("2.0.0", "delighted")
    code = block("import dvc_labelmeta", "python")
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", code],
        cwd=linked.path,
        capture_output=True,
        text=True,
        check=True,
    )
    assert "LM105 data/train.csv.labelmeta.yaml data/train.csv (backward)" in done.stdout


def test_tables_are_true() -> None:
    codes = dict(re.findall(r"^\| (\d) \| (.*?) \|$", README, re.MULTILINE))
    assert set(map(int, codes)) == {CLEAN, FINDINGS, UNJUDGED, BUG}
    for mode, *cells in re.findall(
        r"^\| (none|backward|frozen)[^|]*\| (\S+) \| (\S+) \| (\S+) \|$", README, re.MULTILINE
    ):
        told = [OUTDATED[mode].get(bump, "–") for bump in ("patch", "minor", "major")]
        assert cells == told
        assert OUTDATED[mode].get("unknown") == OUTDATED[mode].get("minor")


def test_every_command_is_in_the_readme(project: Repo) -> None:
    shown = README.split("## Commands")[1]
    for group in ((), ("stage",), ("guideline",), ("hook",)):
        text = project.labelmeta(*group, "--help").out.split("Commands:")[1]
        for name in re.findall(r"^  ([a-z]+) ", text, re.MULTILINE):
            assert re.search(rf"`[^`]*\b{name}\b", shown), name


def test_changelog_counts_the_rules() -> None:
    changes = (TOP / "CHANGELOG.md").read_text()
    assert f"{len(RULES)} rules" in changes


def test_contributing_has_the_recipes() -> None:
    text = (TOP / "CONTRIBUTING.md").read_text()
    for recipe in ("Add a rule", "Add a field", "Add a template"):
        assert f"## {recipe}" in text


def test_nothing_names_a_registry_or_a_machine() -> None:
    tracked = subprocess.run(
        ["git", "ls-files", "-z"], cwd=TOP, capture_output=True, text=True, check=False
    ).stdout
    words = ("files.python" + "hosted", "registry." + "npmjs", "/root" + "/", "/work" + "/")
    for path in filter(None, tracked.split("\0")):
        file = TOP / path
        if file.is_file() and not file.is_symlink():
            content = file.read_bytes()
            assert not any(word.encode() in content for word in words), path


def test_templates_are_the_same_in_a_wheel_and_in_a_checkout() -> None:
    config = (TOP / "pyproject.toml").read_text()
    assert 'templates = "dvc_labelmeta/templates"' in config
    for path in (TOP / "templates").rglob("*.yaml"):
        text = path.read_text().replace("{{id}}", "x").replace("{{gate}}", "always")
        yaml.safe_load(re.sub(r"\{\{\w+\}\}:?", "x", text))


def test_git_is_started_in_one_place() -> None:
    package = TOP / "dvc_labelmeta"
    starting = {
        path.relative_to(package).as_posix()
        for path in package.rglob("*.py")
        if re.search(r'\[\s*"git"\s*,', path.read_text())
    }
    assert starting == {"read/git.py"}
