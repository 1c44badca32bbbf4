"""What one walk through history says of files, against Git's own answer for each commit."""

from __future__ import annotations

import random
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from dvc_labelmeta.read.chain_files import contents
from dvc_labelmeta.read.git import Git

PATHS = ("top.dvc", "a/x.dvc", "a/ä\n.yaml", "a/b/y.dvc", "labelmeta/ledger/heads/1", "c/z")


def history(seed: int) -> Iterator[str]:
    """Yield a stream for `git fast-import`: branches that write, remove, replace and merge files."""
    draw = random.Random(seed)
    made: list[int] = []
    for number in range(1, 51):
        parents = draw.sample(made[-4:], min(len(made[-4:]), draw.choice([1, 1, 1, 2, 3])))
        who = f"Ada <ada@example.org> {1_768_000_000 + number} +0000"
        yield f"commit refs/heads/b{number}\nmark :{number}\ncommitter {who}\ndata 0\n"
        for at, parent in enumerate(parents):
            yield f"{'merge' if at else 'from'} :{parent}\n"
        for path in draw.sample(PATHS, draw.choice([0, 0, 1, 1, 2])):
            name = f'"{path}"'.replace("\n", "\\n")
            one, text = draw.randrange(6), str(draw.randrange(3))
            if one == 0:
                yield f"D {name}\n"
            elif one == 1 and path == "c/z":
                yield f"D c\nM 120000 inline c\ndata 1\n{text}\n"
            elif one == 2 and path == "c/z":
                yield f'D c\nM 100755 inline {name[:-1]}/below"\ndata 1\n{text}\n'
            else:
                yield f"M 100644 inline {name}\ndata 1\n{text}\n"
        made.append(number)
        yield "\n"


@pytest.fixture(scope="module", params=[1, 2])
def git(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Git:
    """Return a repository with such a history."""
    folder = tmp_path_factory.mktemp("walked")
    subprocess.run(["git", "init", "-q", str(folder)], check=True)
    stream = "".join(history(request.param)).encode()
    command = ["git", "-C", str(folder), "fast-import", "--quiet"]
    subprocess.run(command, input=stream, check=True)
    return Git(str(folder))


def test_a_walk_says_what_git_says_of_each_commit(git: Git) -> None:
    below = git.text("rev-list", "--parents", "b50").splitlines()
    parents = {line.split()[0]: line.split()[1:] for line in below}
    joined = {commit for commit, others in parents.items() if len(others) > 1}
    found: dict[str, dict[str, str]] = {commit: {} for commit in parents}
    wanted = dict.fromkeys(parents, frozenset({*PATHS, "never/there", "", "/"}))
    found |= contents(git, "b50", wanted)
    for commit, told in found.items():
        tree = {path: one.object for path, one in git.tree(commit).items() if path in PATHS}
        assert told.items() <= tree.items()
        if not joined & {*git.text("rev-list", commit).split()}:
            assert told in ({}, tree)  # no merge below: all is sure, if the commit changed any
    assert len(joined) > 5
    assert sum(map(len, found.values())) > 40


def test_commits_of_no_history_are_left_out(git: Git) -> None:
    first = git.text("rev-list", "--max-parents=0", "--all").split()[0]
    assert not [*contents(git, first, {"0" * 40: {"a/x.dvc"}})]


def test_ancestors_are_told_from_others_however_wrong_clocks_were(tmp_path: Path) -> None:
    stream = []
    for number in range(1, 41):  # time runs backwards; the last 20 are none of the history of 20
        who = f"Ada <ada@example.org> {1_768_000_000 - number * 10} +0000"
        before = f"from :{number - 1}\n" if number > 1 else ""
        stream.append(
            f"commit refs/heads/b{number}\nmark :{number}\ncommitter {who}\ndata 0\n{before}\n"
        )
    subprocess.run(["git", "init", "-q", str(tmp_path)], check=True)
    command = ["git", "-C", str(tmp_path), "fast-import", "--quiet"]
    subprocess.run(command, input="".join(stream).encode(), check=True)
    git = Git(str(tmp_path))
    newest_first = git.text("rev-list", "b40").split()
    others, history = newest_first[:20], newest_first[20:]
    assert git.outside([*history, *others], history[0]) == {*others}
    assert git.outside([*history, *others[:2]], history[0]) == {*others[:2]}
