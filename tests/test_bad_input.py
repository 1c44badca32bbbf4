"""Malformed files: a clear message with its place, the right exit code, nothing written.

Each `cases/bad/<kind>/<name>.yaml` replaces one file of a small project in which data/dev.csv
has a finding of its own (LM106), so that "the others are still judged" shows. What is expected
stands in the first line (`# expect: {...}`) or, where a file can hold no comment, in
`<name>.expect`: exit code, words of the message, line:column.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import sys
from pathlib import Path
from typing import Any, NamedTuple

import pytest
import yaml

from dvc_labelmeta.cli.main import main
from tests.git_only import build
from tests.repo import Repo

BAD = Path(__file__).parent / "cases" / "bad"
TARGETS = {
    "config": "labelmeta.yaml",
    "sidecar": "data/train.csv.labelmeta.yaml",
    "guideline": "guidelines/tone/guideline.yaml",
    "releases": "guidelines/tone.releases.yaml",
    "dvc": "data/train.csv.dvc",
    "dvcyaml": "dvc.yaml",
    "dvclock": "dvc.lock",
}
FILES = sorted(BAD.glob("*/*.yaml"))
SIDECAR = TARGETS["sidecar"]


def _id(path: Path) -> str:
    return f"{path.parent.name}/{path.stem}"


@pytest.fixture(scope="session")
def base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """See `git_only.build`."""
    repo = Repo(tmp_path_factory.mktemp("bad") / "base")
    repo.path.mkdir()
    build(repo)
    return repo.path


@pytest.fixture
def small(base: Path, tmp_path: Path) -> Repo:
    """A fresh copy of `base`."""
    target = tmp_path / "project"
    shutil.copytree(base, target, symlinks=True)
    return Repo(target)


class Seen(NamedTuple):
    """What a command did, run in this process through the real entry point."""

    code: int
    out: str
    err: str

    def findings(self) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = json.loads(self.out)["findings"]
        return found


@pytest.fixture
def run(small: Repo, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Any:
    """Run `labelmeta ARGS` in `small` through `cli.main.main`."""
    monkeypatch.chdir(small.path)

    def call(*args: str) -> Seen:
        monkeypatch.setattr(sys, "argv", ["labelmeta", *args])
        with pytest.raises(SystemExit) as left:
            main()
        out, err = capsys.readouterr()
        seen = Seen(left.value.code if isinstance(left.value.code, int) else -1, out, err)
        assert "Traceback" not in err, err
        assert seen.code != 3, err
        return seen

    return call


def _tree(folder: Path) -> dict[str, bytes | str]:
    """Every file but Git's, DVC's and our cache: to prove that nothing was written."""
    found: dict[str, bytes | str] = {}
    for here, folders, files in os.walk(folder):
        folders[:] = [name for name in folders if name not in {".git", ".dvc", ".labelmeta"}]
        for name in files:
            path = Path(here, name)
            found[str(path)] = os.readlink(path) if path.is_symlink() else path.read_bytes()
    return found


def _expected(path: Path) -> dict[str, Any]:
    companion = path.with_suffix(".expect")
    line = companion.read_text("utf-8") if companion.exists() else path.read_text("utf-8")
    match = re.match(r"(?:# )?expect: (.*)", line)
    assert match, f"{path} does not say what is expected of it"
    wanted: dict[str, Any] = yaml.safe_load(match.group(1))
    return wanted


def test_corpus_is_large_and_covers_every_kind() -> None:
    assert len(FILES) >= 60
    assert {path.parent.name for path in FILES} == set(TARGETS)


@pytest.mark.parametrize("path", FILES, ids=_id)
def test_bad_file_is_named_with_its_place_and_nothing_is_written(
    path: Path, small: Repo, run: Any
) -> None:
    target, wanted = TARGETS[path.parent.name], _expected(path)
    shutil.copyfile(path, small.path / target)
    before = _tree(small.path)
    seen = run("check", "--format", "json")
    assert seen.code == wanted["exit"], seen.out + seen.err
    assert _tree(small.path) == before
    if path.parent.name == "config":
        assert seen.out == ""
        messages = [line for line in seen.err.splitlines() if target in line]
        places = [":".join(line.split(f"{target}:")[1].split(":")[:2]) for line in messages]
    else:
        found = seen.findings()
        assert ("LM106", "data/dev.csv") in [(f["code"], f["split"]) for f in found]
        mine = [f for f in found if f["split"] != "data/dev.csv"]
        unread = [f for f in mine if f["code"] == "LM100"]
        assert bool(unread) == (wanted["exit"] == 2)
        assert all(f["path"] == target for f in unread)
        messages = [f["message"] for f in unread or mine]
        places = [f"{f['line']}:{f['column']}" for f in unread or mine]
        assert len(set(messages)) == len(messages), "the same thing is said twice"
    for words in wanted["says"]:
        assert any(words in message for message in messages), messages
    if "at" in wanted:
        assert wanted["at"] in places


@pytest.mark.parametrize("path", FILES[::5], ids=_id)
def test_no_other_command_fails_on_it_or_passes_over_it(path: Path, small: Repo, run: Any) -> None:
    """Gate must not open, status must not end as 0, link must write nothing it cannot read."""
    kind, target, wanted = path.parent.name, TARGETS[path.parent.name], _expected(path)
    shutil.copyfile(path, small.path / target)
    before = _tree(small.path)
    status = run("status")
    linked = run("link", "data/train.csv", "--guideline", "tone", "--dry-run")
    assert _tree(small.path) == before
    if wanted["exit"] != 2:
        run("gate", "data/train.csv")
        return
    if kind in {"config", "sidecar", "guideline", "releases", "dvc"}:
        assert status.code == 2
        assert target in status.out + status.err
    if kind in {"config", "sidecar", "dvc"}:
        assert linked.code == 2
        assert target in linked.err
    gate = run("gate", "data/train.csv")
    assert gate.code == 2
    assert target in gate.err
    if kind != "config":
        assert not (small.path / "labelmeta/gates/data/train.csv.json").exists()
        assert run("gate", "data/dev.csv").code == (1 if kind == "sidecar" else 2)


def _aligned(text: bytes) -> dict[str, bytes]:
    return {
        "byte order mark": b"\xef\xbb\xbf" + text,
        "CRLF": text.replace(b"\n", b"\r\n"),
        "lone CR": text.replace(b"\n", b"\r"),
        "no last line end": text.rstrip(b"\n"),
        "document start and end": b"---\n" + text + b"...\n",
        "trailing comments": text + b"\n\n  # owned by nobody \xf0\x9f\x98\x80\n",
    }


@pytest.mark.parametrize("kind", ["config", "sidecar", "guideline", "dvc", "dvcyaml"])
def test_harmless_oddities_are_accepted(kind: str, small: Repo, run: Any) -> None:
    target = small.path / TARGETS[kind]
    for name, content in _aligned(target.read_bytes()).items():
        target.write_bytes(content)
        seen = run("check", "--format", "json")
        codes = [f["code"] for f in seen.findings()]
        assert [c for c in codes if c != "LM108"] == ["LM106"], name
        assert run("gate", "data/train.csv").code == 0, name


def _huge(path: Path, size: int = 100 * 2**20) -> None:
    with path.open("wb") as file:
        file.truncate(size)  # sparse: takes no room


@pytest.mark.parametrize("kind", ["sidecar", "guideline", "releases", "dvc", "config"])
def test_file_of_100_megabytes_is_not_read(kind: str, small: Repo, run: Any) -> None:
    _huge(small.path / TARGETS[kind])
    seen = run("check", "--format", "json")
    assert seen.code == 2
    assert "is larger than the 1,048,576 bytes that are read" in seen.out + seen.err
    assert TARGETS[kind] in seen.out + seen.err


def test_long_file_of_one_line_is_read_in_one_pass(small: Repo, run: Any) -> None:
    small.write(SIDECAR, "a: [" + "x," * 50_000 + "]")
    seen = run("check", "--format", "json")
    assert seen.code == 2
    assert len(seen.out) < 20_000, "the message must not repeat the file"


@pytest.mark.parametrize("kind", ["sidecar", "guideline", "releases", "dvc", "dvcyaml", "dvclock"])
def test_folder_where_a_file_is_expected(kind: str, small: Repo, run: Any) -> None:
    target = small.path / TARGETS[kind]
    target.unlink(missing_ok=True)
    target.mkdir()
    seen = run("check", "--format", "json")
    assert seen.code == 2
    assert [f["path"] for f in seen.findings() if f["code"] == "LM100"] == [TARGETS[kind]]
    assert "is a folder, not a file" in seen.out
    run("link", "data/train.csv")
    assert run("gate", "data/train.csv").code != 0


@pytest.mark.parametrize("kind", list(TARGETS))
def test_symlink_to_itself(kind: str, small: Repo, run: Any) -> None:
    target = small.path / TARGETS[kind]
    target.unlink(missing_ok=True)
    target.symlink_to(target.name)
    assert run("check", "--format", "json").code == 2
    assert run("gate", "data/train.csv").code == 2
    run("status")
    run("link", "data/train.csv")


@pytest.mark.parametrize("kind", list(TARGETS))
def test_file_without_read_permission(kind: str, small: Repo, run: Any) -> None:
    target = small.path / TARGETS[kind]
    target.touch()
    target.chmod(0)
    if os.access(target, os.R_OK):
        pytest.skip("this user (root?) reads files of any mode")
    seen = run("check", "--format", "json")
    assert seen.code == 2
    assert "Permission denied" in seen.out + seen.err


def test_folder_where_the_gate_belongs(small: Repo, run: Any) -> None:
    gate = small.path / "labelmeta/gates/data/train.csv.json"
    gate.unlink()
    (gate / "below").mkdir(parents=True)
    seen = run("check", "--format", "json")
    assert seen.code == 2
    assert "labelmeta/gates/data/train.csv.json" in seen.out
    assert "LM106" in seen.out
    shut = run("gate", "data/train.csv")
    assert shut.code == 2
    assert "labelmeta/gates/data/train.csv.json" in shut.err
    assert run("link", "data/train.csv").code == 2
    assert run("unlink", "data/train.csv").code == 2


def test_file_where_a_folder_belongs(small: Repo, run: Any) -> None:
    """`.labelmeta`, `labelmeta/gates` and a guideline's folder may be taken by a file."""
    shutil.rmtree(small.path / ".labelmeta")
    small.write(".labelmeta", "taken")
    assert run("link", "data/train.csv").code == 2
    assert run("gate", "data/dev.csv").code == 2
    (small.path / ".labelmeta").unlink()
    shutil.rmtree(small.path / "labelmeta/gates")
    small.write("labelmeta/gates", "taken")
    seen = run("gate", "data/train.csv")
    assert seen.code == 2
    assert "labelmeta/gates" in seen.err
    assert run("check").code in {1, 2}


@pytest.mark.parametrize(
    "content",
    [b"", b"{", b"[1]", b"null", b"\xff", b"[" * 100_000, b'{"inside": 7, "outside": null}'],
)
def test_broken_cache_is_made_anew_and_never_believed(
    content: bytes, small: Repo, run: Any
) -> None:
    small.bump("2.0.0", "delighted")
    fresh = run("check", "--format", "json")
    caches = [path for path in (small.path / ".labelmeta/cache").rglob("*") if path.is_file()]
    for path in caches:
        path.write_bytes(content)
    again = run("check", "--format", "json")
    assert (again.code, again.out) == (fresh.code, fresh.out)
    for path in caches:
        path.unlink(missing_ok=True)
        path.mkdir()
    assert run("check", "--format", "json").out == fresh.out


def test_names_that_are_not_utf8(small: Repo, run: Any) -> None:
    folder = os.fsdecode(b"d\xff")
    for name in ("train.csv.dvc", "train.csv.labelmeta.yaml"):
        source = small.path / "data" / name
        target = small.path / folder / name
        target.parent.mkdir(exist_ok=True)
        shutil.copyfile(source, target)
    small.git("add", "-A")
    for format_ in ("json", "text", "sarif", "junit", "github", "gitlab"):
        assert run("check", "--format", format_).code in {1, 2}, format_
    run("gate", f"{folder}/train.csv")
    run("gate")
    run("status")
    run("link", f"{folder}/train.csv", "--guideline", "tone")


def test_name_too_long_for_the_file_system(small: Repo, run: Any) -> None:
    text = small.read(SIDECAR).replace("path: train.csv", f"path: {'n' * 300}.csv")
    small.write(SIDECAR, text)
    assert run("check", "--format", "json").code in {1, 2}
    assert run("gate").code in {1, 2}
    small.write("labelmeta.yaml", f"version: 1\nguidelines:\n  tone: {{path: {'n' * 5000}}}\n")
    assert run("check", "--format", "json").code == 2


def test_invalid_configuration_is_2_for_every_command(small: Repo, run: Any) -> None:
    small.write("labelmeta.yaml", "version: 2\n")
    before = _tree(small.path)
    for command in (
        ["check"],
        ["check", "--fail-on", "note"],
        ["gate"],
        ["status"],
        ["link", "data/train.csv"],
        ["link", "--all"],
        ["unlink", "data/train.csv"],
        ["mv", "data/train.csv", "data/x.csv"],
        ["guideline", "list"],
        ["guideline", "show", "tone"],
        ["stage", "sync"],
        ["stage", "require", "train"],
    ):
        seen = run(*command)
        assert seen.code == 2, command
        assert "labelmeta.yaml:1:10:" in seen.err, command
    assert _tree(small.path) == before


def test_bad_sidecar_of_a_commit_is_judged_like_one_of_the_working_tree(
    small: Repo, run: Any
) -> None:
    small.write(SIDECAR, "schema: labelmeta/sidecar/v1\nschema: again\n")
    small.commit("Break it")
    seen = run("check", "--format", "json", "--rev", "HEAD")
    assert seen.code == 2
    ((line, column),) = [(f["line"], f["column"]) for f in seen.findings() if f["code"] == "LM100"]
    assert (line, column) == (2, 1)


def test_no_traceback_from_a_real_process_either(small: Repo) -> None:
    """One file of each kind through `python -m dvc_labelmeta`, with a terminal that knows ASCII."""
    seen: set[str] = set()
    for path in FILES:
        if path.parent.name in seen or path.stem in {"bom", "several-documents"}:
            continue
        seen.add(path.parent.name)
        kept = (small.path / TARGETS[path.parent.name]).exists()
        before = (small.path / TARGETS[path.parent.name]).read_bytes() if kept else None
        shutil.copyfile(path, small.path / TARGETS[path.parent.name])
        ran = small.labelmeta(
            "check", code=_expected(path)["exit"], LC_ALL="C", PYTHONUTF8="0",
            PYTHONCOERCECLOCALE="0",
        )  # fmt: skip
        assert "Traceback" not in ran.text
        if before is None:
            (small.path / TARGETS[path.parent.name]).unlink()
        else:
            (small.path / TARGETS[path.parent.name]).write_bytes(before)
    assert seen == set(TARGETS)
