"""Fixtures: an isolated environment, and real Git and DVC repositories built once and copied."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

from tests.inside import Inside
from tests.lived import Past, live
from tests.once import once
from tests.repo import Repo
from tests.ssh import Keys

settings.register_profile(
    "same every time",
    deadline=None,
    derandomize=True,
    database=None,
    max_examples=100,
    suppress_health_check=[HealthCheck.too_slow],
)
settings.load_profile("same every time")

SHARED = Path(__file__).resolve().parents[2] / "shared"


@pytest.fixture(scope="session", autouse=True)
def isolated(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Nothing of the person who runs the tests: own HOME, no Git configuration, fixed dates."""
    home = tmp_path_factory.mktemp("home")
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("GIT_", "DVC_", "XDG_"))}
    wanted = kept | {
        "HOME": str(home),
        "XDG_CACHE_HOME": str(home / "cache"),
        "XDG_CONFIG_HOME": str(home / "config"),
        "GIT_CONFIG_GLOBAL": os.devnull,
        "GIT_CONFIG_NOSYSTEM": "1",
        "GIT_ALLOW_PROTOCOL": "file",
        "GIT_AUTHOR_NAME": "Ada",
        "GIT_AUTHOR_EMAIL": "ada@example.org",
        "GIT_COMMITTER_NAME": "Ada",
        "GIT_COMMITTER_EMAIL": "ada@example.org",
        "GIT_AUTHOR_DATE": "2026-01-05T09:00:00+00:00",
        "GIT_COMMITTER_DATE": "2026-01-05T09:00:00+00:00",
        "DVC_NO_ANALYTICS": "1",
        "DVC_SITE_CACHE_DIR": str(home / "dvc-site"),
        "NO_COLOR": "1",
        "PYTHONWARNINGS": "ignore",
        "TERM": "dumb",
        "COLUMNS": "100",
    }
    before = dict(os.environ)
    os.environ.clear()
    os.environ.update(wanted)
    yield home
    os.environ.clear()
    os.environ.update(before)


@pytest.fixture(scope="session")
def shared() -> Path:
    """The folder of real data sets beside the checkout; tests that need it skip without it."""
    if not (SHARED / "data").is_dir():
        pytest.skip("the real data sets are not beside this checkout (../shared/data)")
    return SHARED


@pytest.fixture(scope="session")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project with a structured and a prose guideline, and three splits that DVC tracks.

    guidelines/tone (structured, 1.0.0), guidelines/prose.md (prose), data/{train,dev,test}.csv
    as `.dvc` files, a stage `train` in dvc.yaml. labelmeta is set up; nothing is linked yet.
    """
    return once(tmp_path_factory, "built", _build)


def _build(target: Path) -> None:
    repo = Repo(target)
    repo.path.mkdir()
    repo.git("init", "-q", "-b", "main")
    repo.dvc("init", "-q")
    repo.dvc("config", "core.analytics", "false")
    repo.write("guidelines/tone/guideline.yaml", repo.guideline_yaml("tone", "1.0.0"))
    repo.write("guidelines/tone/guide.md", "# Tone\n\nChoose pos or neg.\n")
    repo.write("guidelines/prose.md", "# Prose\n\nBe careful.\n")
    for split in ("train", "dev", "test"):
        repo.write(f"data/{split}.csv", f"id,text,label\n1,good {split},pos\n2,bad {split},neg\n")
    repo.dvc("add", "-q", "data/train.csv", "data/dev.csv", "data/test.csv")
    repo.write(
        "dvc.yaml",
        "stages:\n  train:\n    cmd: cat data/train.csv > model.txt\n"
        "    deps:\n      - data/train.csv\n    outs:\n      - model.txt\n",
    )
    repo.write(
        "labelmeta.yaml",
        "version: 1\nguidelines:\n  tone: {path: guidelines/tone}\n"
        "  prose: {path: guidelines/prose.md}\n",
    )
    repo.labelmeta("stage", "sync")
    repo.commit("Add data, guidelines and labelmeta")


@pytest.fixture(scope="session")
def built_linked(built: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The same with the three splits linked to `tone`, `train` gated, run and committed."""

    def build(target: Path) -> None:
        shutil.copytree(built, target, symlinks=True)
        repo = Repo(target)
        splits = ("data/train.csv", "data/dev.csv", "data/test.csv")
        repo.labelmeta("link", *splits, "--guideline", "tone")
        repo.labelmeta("stage", "require", "train")
        repo.git("add", "-A")
        repo.dvc("repro", "-q", "-P")
        repo.commit("Link the splits and train")

    return once(tmp_path_factory, "linked", build)


@pytest.fixture(scope="session")
def built_lived(built_linked: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Past]:
    """The same with a past: see `tests/lived.py`."""
    target = tmp_path_factory.mktemp("lived") / "project"
    shutil.copytree(built_linked, target, symlinks=True)
    return target, live(Repo(target))


@pytest.fixture(scope="session")
def keys(tmp_path_factory: pytest.TempPathFactory) -> Keys:
    """SSH keys to sign with."""
    if shutil.which("ssh-keygen") is None:
        pytest.skip("signing with SSH keys needs the command ssh-keygen")
    return Keys.made(tmp_path_factory.mktemp("keys"))


@pytest.fixture
def project(built: Path, tmp_path: Path, request: pytest.FixtureRequest) -> Repo:
    """A fresh copy of `built`."""
    return _kind(request)(_copy(built, tmp_path))


@pytest.fixture
def linked(built_linked: Path, tmp_path: Path, request: pytest.FixtureRequest) -> Repo:
    """A fresh copy of `built_linked`: everything aligned, `labelmeta check` exits with 0."""
    return _kind(request)(_copy(built_linked, tmp_path))


@pytest.fixture
def lived(built_lived: tuple[Path, Past], tmp_path: Path, request: pytest.FixtureRequest) -> Repo:
    """A fresh copy of the project with a past."""
    return _kind(request)(_copy(built_lived[0], tmp_path))


@pytest.fixture
def past(built_lived: tuple[Path, Past]) -> Past:
    """The commits of that past."""
    return built_lived[1]


@pytest.fixture
def new_repo(tmp_path: Path, request: pytest.FixtureRequest) -> Callable[[str], Repo]:
    """Make an empty Git repository with a name."""

    def make(name: str) -> Repo:
        repo = _kind(request)(tmp_path / name)
        repo.path.mkdir(parents=True)
        repo.git("init", "-q", "-b", "main")
        return repo

    return make


def _kind(request: pytest.FixtureRequest) -> type[Repo]:
    return Inside if request.node.get_closest_marker("inside") else Repo


def _copy(source: Path, tmp_path: Path) -> Path:
    target = tmp_path / "project"
    shutil.copytree(source, target, symlinks=True)
    return target
