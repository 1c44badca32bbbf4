"""What is installed: the wheel holds what is needed, and the API works without the command line."""

from __future__ import annotations

import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

import dvc_labelmeta
from tests.repo import Repo

TOP = Path(__file__).resolve().parents[1]


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The package as `pip install .` installs it, unpacked."""
    target = tmp_path_factory.mktemp("wheel")
    command = [sys.executable, "-m", "pip", "wheel", "-q", "--no-deps", "--no-build-isolation"]
    subprocess.run([*command, "-w", str(target), str(TOP)], check=True)
    (file,) = target.glob("*.whl")
    with zipfile.ZipFile(file) as archive:
        archive.extractall(target / "site")
    return target / "site"


def test_wheel_has_templates_schemas_types_and_scripts(wheel: Path, project: Repo) -> None:
    package = wheel / "dvc_labelmeta"
    for path in (TOP / "templates").rglob("*"):
        if path.is_file():
            installed = package / "templates" / path.relative_to(TOP / "templates")
            assert installed.read_bytes() == path.read_bytes()
    assert (package / "py.typed").exists()
    assert {p.name for p in (TOP / "dvc_labelmeta/schemas").glob("*.json")} == {
        p.name for p in (package / "schemas").glob("*.json")
    }
    (scripts,) = wheel.glob("*.dist-info/entry_points.txt")
    assert "labelmeta = " in scripts.read_text()
    assert "git-labelmeta = " in scripts.read_text()
    (licence,) = wheel.glob("*.dist-info/licenses/LICENSE")
    assert "Apache License" in licence.read_text()
    ran = project.labelmeta("guideline", "new", "boxes", "--task", "bbox", PYTHONPATH=str(wheel))
    assert "create guidelines/boxes/guideline.yaml" in ran.out


def test_python_versions_and_dvc_range_are_declared() -> None:
    text = (TOP / "pyproject.toml").read_text()
    assert 'requires-python = ">=3.10"' in text
    assert '"dvc>=3.50,<4"' in text


def test_load_and_check(linked: Repo) -> None:
    snapshot = dvc_labelmeta.load(linked.path)
    assert [one.split for one in snapshot.sidecars] == [
        "data/dev.csv",
        "data/test.csv",
        "data/train.csv",
    ]
    report = dvc_labelmeta.check(snapshot)
    assert report.findings == ()
    assert report.exit_code() == 0
    with pytest.raises(AttributeError):
        snapshot.head = "x"  # type: ignore[misc]


def test_load_at_a_revision_judges_that_revision(linked: Repo) -> None:
    linked.git("tag", "before")
    linked.bump("2.0.0", "delighted")
    now = dvc_labelmeta.check(dvc_labelmeta.load(linked.path))
    assert {f.code for f in now.findings} == {"LM105"}
    assert {f.place.line for f in now.findings} == {14}
    before = dvc_labelmeta.load(linked.path / "data", rev="before")
    assert dvc_labelmeta.check(before).findings == ()
    assert before.rev == "before"
    at_head = dvc_labelmeta.load(linked.path, rev="HEAD")
    assert dvc_labelmeta.check(at_head, today="2026-01-10").findings == now.findings


def test_load_takes_repository_objects(linked: Repo) -> None:
    class Repository:
        working_dir = str(linked.path)

    assert dvc_labelmeta.load(Repository()).root == str(linked.path)
    with pytest.raises(TypeError, match="path or a repository"):
        dvc_labelmeta.load(3)
    with pytest.raises(AttributeError):
        dvc_labelmeta.nothing  # noqa: B018


def test_errors_are_one_family(tmp_path: Path, linked: Repo) -> None:
    with pytest.raises(dvc_labelmeta.LabelMetaError, match="there is no labelmeta"):
        dvc_labelmeta.load(tmp_path)
    with pytest.raises(dvc_labelmeta.LabelMetaError, match="no commit 'nowhere'"):
        dvc_labelmeta.load(linked.path, rev="nowhere")
    with pytest.raises(dvc_labelmeta.LabelMetaError, match="is no folder"):
        dvc_labelmeta.load(linked.path / "nothing")
