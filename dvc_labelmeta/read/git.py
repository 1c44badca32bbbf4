"""Git, asked as few questions as possible: a few processes a run, however many links there are.

Clones and fetches are in `read/clones.py`; nothing here touches the network or writes anything.
"""

from __future__ import annotations

import contextlib
import os
import posixpath
import re
import shlex
import subprocess
from collections.abc import Iterable, Iterator, Mapping, Sequence
from types import MappingProxyType, TracebackType
from typing import IO, TYPE_CHECKING, NamedTuple, cast

from dvc_labelmeta.errors import LabelMetaError, NoSuchRevision, NotARepository

if TYPE_CHECKING:
    from typing_extensions import Self

    from dvc_labelmeta.model.life import Pair

TREE = "tree"
_CHUNK = 200
_FEW = 5
# the empty tree, which Git knows without having it, by the length of its hash
_NOTHING = {
    40: "4b825dc642cb6eb9a060e54bf8d69288fbee4904",
    64: "6ef19b41225c5369f1c104d45d8d85efa9b057b53b14b4b9b939dd74decc5321",
}
_ENDED = ("", "", b"")
_HASH = re.compile(r"[0-9a-f]{40}([0-9a-f]{24})?\Z")
# NUL is the only sign that no name and no message can hold
_FORM = "%H%x00%as%x00%an%x00%s%x00%(trailers:key=Labelmeta-Change,valueonly,separator=%x2c)"
_KEPT = re.compile(
    r"GIT_(EXEC_PATH|SSH|SSH_COMMAND|SSL_\w+|CONFIG_\w+|ALLOW_PROTOCOL|ASKPASS|TRACE\w*|"
    r"CEILING_DIRECTORIES|TERMINAL_PROMPT|HTTP\w*|PROXY\w*)\Z"
)


class Entry(NamedTuple):
    """One entry of a tree or of the index."""

    mode: str
    object: str
    name: str


class Commit(NamedTuple):
    """One commit as `git log` tells it; `trailer` is the value of Labelmeta-Change or ""."""

    hash: str
    date: str
    author: str
    subject: str
    trailer: str


class Touched(NamedTuple):
    """One commit and the files that it changed: Git's hashes by path from the top level.

    Of a merge: against its first parent.
    """

    commit: Commit
    files: Mapping[str, Pair]


def environment() -> dict[str, str]:
    """Return the environment for Git: no prompt, no lazy fetch, nothing a calling hook had set."""
    kept = {k: v for k, v in os.environ.items() if not k.startswith("GIT_") or _KEPT.match(k)}
    return kept | {
        "GIT_ALLOW_PROTOCOL": "none",  # versions before 2.39.4 do not know GIT_NO_LAZY_FETCH
        "GIT_NO_LAZY_FETCH": "1",
        "GIT_NO_REPLACE_OBJECTS": "1",  # they are local: what everybody has is meant
        "GIT_OPTIONAL_LOCKS": "0",
        "GIT_TERMINAL_PROMPT": "0",
        "LC_ALL": "C",
    }


class Git:
    """One repository, asked through the `git` command from `folder`.

    `prefix` is that folder seen from the top level: "" or "dir/".
    """

    def __init__(self, folder: str, prefix: str = "") -> None:
        self.folder = folder
        self.prefix = prefix

    def run(
        self,
        *args: str,
        stdin: bytes | IO[bytes] | None = None,
        ok: Sequence[int] = (0,),
        env: Mapping[str, str] = MappingProxyType({}),
    ) -> bytes:
        """Return what `git ARGS` prints; raises LabelMetaError with Git's own words if it fails.

        stdin: a file where it is long, as Python hands bytes over in pieces of 512.
        """
        done = self._done(args, stdin, env)
        if done.returncode not in ok:
            raise _failure(self.folder, args, done.stderr.decode(errors="replace"))
        return done.stdout

    def judged(self, *args: str) -> tuple[int, str]:
        """Return the exit code of `git ARGS` and its words about it, whatever they mean."""
        done = self._done(args)
        return done.returncode, done.stderr.decode(errors="replace")

    def _done(
        self,
        args: Sequence[str],
        stdin: bytes | IO[bytes] | None = b"",
        env: Mapping[str, str] = MappingProxyType({}),
    ) -> subprocess.CompletedProcess[bytes]:
        return subprocess.run(  # noqa: S603  # fixed program, list of arguments, no shell
            # a signature that the user's configuration shows would stand between our answers
            ["git", "-C", self.folder, "-c", "log.showSignature=false", *args],  # noqa: S607  # the user's own git
            input=stdin if isinstance(stdin, bytes) else None,
            stdin=None if isinstance(stdin, bytes) else stdin,
            capture_output=True,
            env=environment() | dict(env),
            check=False,
        )

    def text(self, *args: str) -> str:
        """Return what `git ARGS` prints, as text without the last line end."""
        return self.run(*args).decode(errors="surrogateescape").rstrip("\n")

    def objects(self) -> Objects:
        """Open the one process that reads objects; use it in a `with` block."""
        return Objects(self.folder)

    def commit(self, rev: str) -> str:
        """Return the full hash of the commit that a user's `rev` names.

        Raises NoSuchRevision.
        """
        if rev.startswith("-"):
            raise NoSuchRevision(f"{rev!r} is no revision")
        try:
            return self.text(
                "rev-parse", "--verify", "--quiet", "--end-of-options", rev + "^{commit}"
            )
        except LabelMetaError:
            raise NoSuchRevision(
                f"there is no commit {rev!r} in {self.folder}; see `git log --oneline`, or fetch it"
            ) from None

    def index(self, *pathspecs: str) -> dict[str, Entry]:
        """Return the index by path from `folder`; an unmerged path has mode "unmerged"."""
        out = self.run("ls-files", "-s", "-z", "--", *pathspecs)
        return dict(_listed(out, unmerged=True))

    def tree(self, commit: str, *pathspecs: str) -> dict[str, Entry]:
        """Return the files of a commit by path from `folder` (only those below it)."""
        if not pathspecs:
            return dict(_listed(self.run("ls-tree", "-r", "-z", commit), unmerged=False))
        # ls-tree cannot leave anything out; what differs from nothing is all that is there
        how = ("-r", "-z", "--no-renames", "--no-abbrev", "--relative", "--ignore-submodules=none")
        out = self.run("diff-tree", *how, _NOTHING[len(commit)], commit, "--", ".", *pathspecs)
        fields = out.decode(errors="surrogateescape").split("\0")
        told = (
            (line.split(" "), path) for line, path in zip(fields[::2], fields[1::2], strict=False)
        )
        return {path: Entry(words[1], words[3], path) for words, path in told}

    def status(self, pathspecs: Iterable[str]) -> dict[str, str]:
        """Return the two-letter state of each changed or untracked path from `folder`."""
        args = ("status", "--porcelain=v1", "-z", "--untracked-files=all", "--no-renames")
        out = self.run(*args, "--", *pathspecs).decode(errors="surrogateescape")
        return {self.below(item[3:]): item[:2] for item in out.split("\0") if item}

    def below(self, path: str) -> str:
        """Return a path from the top level as seen from `folder`."""
        return posixpath.relpath(path, self.prefix) if self.prefix else path

    def above(self, path: str) -> str:
        """Return a path from `folder` as seen from the top level."""
        return posixpath.normpath(self.prefix + path)

    def outside(self, commits: Iterable[str], head: str) -> frozenset[str]:
        """Return those of `commits` (all present) that are neither `head` nor its ancestors."""
        asked = [commit for commit in commits if commit != head]
        if not asked:
            return frozenset()
        out = self.run("rev-list", "--stdin", stdin="\n".join([*asked, "^" + head]).encode())
        told = frozenset(asked) & frozenset(out.decode().split())
        # where clocks were wrong, that stops early and names ancestors; `merge-base` does not,
        # nor does a list of the whole history
        if len(told) > _FEW:
            return told - frozenset(self.run("rev-list", head).decode().split())
        return frozenset(
            c for c in told if self.run("merge-base", c, head, ok=(0, 1)) != f"{c}\n".encode()
        )

    def unverified(self, commit: str) -> str:
        """Return why `git verify-commit` does not take a commit's signature, "" where it does."""
        try:
            self.run("verify-commit", commit)
        except LabelMetaError as error:
            reason = str(error).partition(f" failed in {self.folder}: ")[2].splitlines()[-1]
            return "it has no signature" if reason == "no message" else reason
        return ""

    def log(self, *args: str) -> list[Commit]:
        """Return the commits that `git log ARGS` selects, newest first."""
        parts = self.run("log", "-z", f"--format={_FORM}", *args).split(b"\0")
        return [_commit(parts, at) for at in range(0, len(parts) - 1, len(Commit._fields))]

    def touching(self, span: str, paths: Iterable[str]) -> Iterator[Touched]:
        """Yield the commits of a range that changed any of `paths`, newest first.

        Paths are from the top level. Of a merge: what differs from every parent.
        """
        yield from self._touched(span, "--", *(f":(top,literal){path}" for path in paths))

    def walked(self, tips: Iterable[str], specs: Iterable[str]) -> Iterator[Touched]:
        """Yield the commits of all histories of `tips` that changed what `specs` name.

        Newest first, none before all that came of it; side branches are not left out, whatever
        a merge made of them. Paths are from the top level.
        """
        asked = "\n".join([*tips, "--", *specs, ""])
        how = ("--full-history", "--topo-order", "--stdin")
        yield from self._touched(*how, stdin=asked.encode(errors="surrogateescape"))

    def _touched(self, *args: str, stdin: bytes | None = None) -> Iterator[Touched]:
        how = ("-c", "-z", "--raw", "--no-abbrev", "--no-renames", f"--format={_FORM}")
        parts = self.run("log", *how, *args, stdin=stdin).split(b"\0")
        at = 0
        while at < len(parts) - 1:
            commit, at = _commit(parts, at), at + len(Commit._fields)
            start = at
            while at < len(parts) - 1 and parts[at].lstrip(b"\n")[:1] in {b"", b":"}:
                at += 2 if parts[at].strip() else 1
            yield Touched(commit, dict(pairs(parts[start:at])))

    def introduced(self, path: str, head: str) -> tuple[str, tuple[str, ...]] | None:
        """Return the newest commit that changed `path`, with its parents; merges only where
        the content is none of the parents'.
        """
        words = self.text("log", "-1", "--format=%H %P", head, "--", f":(literal){path}").split()
        return (words[0], tuple(words[1:])) if words else None

    def merged(self, paths: Iterable[str], head: str) -> frozenset[str]:
        """Return those of `paths` that a merge in the history of `head` gave a content of its own.

        One process for all of them: a combined diff names what differs from every parent.
        """
        asked = "".join(f":(literal){path}\n" for path in paths)
        if not asked:
            return frozenset()
        args = ("log", "--merges", "-c", "--relative", "--name-only", "-z", "--format=", "--stdin")
        out = self.run(*args, stdin=f"{head}\n--\n{asked}".encode(errors="surrogateescape"))
        return frozenset(filter(None, out.decode(errors="surrogateescape").split("\0")))

    def blobs_in_history(self, path: str, head: str) -> Iterator[tuple[str, str]]:
        """Yield (commit, blob) for each state that `path` had, newest first."""
        raw = ("--format=%x1e%H", "--raw", "--no-abbrev", "-m", "--no-renames")
        out = self.text("log", *raw, head, "--", f":(literal){path}")
        for block in out.split("\x1e")[1:]:
            commit, *lines = block.split()
            if len(lines) >= 5:
                yield commit, lines[3]


class Objects:
    """One `git cat-file --batch` process, kept open; answers are remembered."""

    def __init__(self, folder: str) -> None:
        self.folder = folder
        self._known: dict[str, tuple[str, str, bytes] | None] = {}
        self._process: subprocess.Popen[bytes] | None = None
        self._local: frozenset[str] | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._process is not None:
            self._process.communicate()
            self._process = None

    def ask(self, names: Iterable[str]) -> None:
        """Read many objects ahead; each name is anything `git rev-parse` takes, on one line."""
        new = list(dict.fromkeys(n for n in names if n not in self._known and "\n" not in n))
        for start in range(0, len(new), _CHUNK):
            chunk = new[start : start + _CHUNK]
            while chunk:
                chunk = self._asked([name for name in chunk if not self._left_out(name)])

    def _asked(self, names: list[str]) -> list[str]:
        """Ask for these objects; return those that a process which ended early left unanswered."""
        if not names:
            return []
        questions, answers = self._started()
        with contextlib.suppress(BrokenPipeError):
            questions.write("".join(n + "\n" for n in names).encode(errors="surrogateescape"))
            questions.flush()
        for number, name in enumerate(names):
            answer = _answer(answers)
            if answer is _ENDED:
                self._look_at_clone()
                self._known[name] = None
                return names[number + 1 :]
            self._known[name] = answer
        return []

    def _look_at_clone(self) -> None:
        """Learn which objects a partial clone holds: Git stops at one that it may not fetch."""
        if self._process is not None:
            with contextlib.suppress(BrokenPipeError):
                self._process.communicate()
            self._process = None
        git = Git(self.folder)
        promised = r"^(remote\..*\.(promisor|partialclonefilter)|extensions\.partialclone)$"
        if self._local is None and not git.run("config", "--get-regexp", promised, ok=(0, 1)):
            raise LabelMetaError(
                "`git cat-file` ended early; is the repository whole? see `git fsck`"
            )
        if self._local is None:
            form = "--batch-check=%(objectname)"
            out = git.text("cat-file", "--batch-all-objects", "--unordered", form)
            self._local = frozenset(out.split())

    def _left_out(self, name: str) -> bool:
        """Whether a partial clone is known not to hold the object with this full hash."""
        if self._local is None or name in self._local or not _HASH.match(name):
            return False
        self._known[name] = None
        return True

    def forget(self, names: Iterable[str]) -> None:
        """Give back the memory of answers that nobody asks for again."""
        for name in names:
            self._known.pop(name, None)

    def get(self, name: str) -> tuple[str, str, bytes] | None:
        """Return (hash, kind, content) of an object, or None where there is none."""
        self.ask([name])
        return self._known.get(name)

    def entry(self, commit: str, path: str) -> Entry | None:
        """Return what stands at `path` (from the top level) in a commit, without reading it."""
        folder, _, name = path.rpartition("/")
        found = self.get(f"{commit}:{folder}" if folder else f"{commit}^{{tree}}")
        if found is None or found[1] != TREE:
            return None
        return next((e for e in tree_entries(found[2], len(found[0]) // 2) if e.name == name), None)

    def entries(self, object_: str) -> tuple[Entry, ...]:
        """Return the entries of a tree object; nothing where it is none."""
        found = self.get(object_)
        if found is None or found[1] != TREE:
            return ()
        return tuple(tree_entries(found[2], len(found[0]) // 2))

    def blob(self, object_: str) -> bytes | None:
        """Return the content of a file object."""
        found = self.get(object_)
        return found[2] if found is not None and found[1] == "blob" else None

    def _started(self) -> tuple[IO[bytes], IO[bytes]]:
        """Return where to ask and where to read; starts the process with the first question."""
        if self._process is None:
            self._process = subprocess.Popen(  # noqa: S603  # fixed program, no shell
                ["git", "-C", self.folder, "cat-file", "--batch"],  # noqa: S607  # the user's own
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                env=environment(),
            )
        return cast("IO[bytes]", self._process.stdin), cast("IO[bytes]", self._process.stdout)


def _answer(answers: IO[bytes]) -> tuple[str, str, bytes] | None:
    header = answers.readline().decode(errors="surrogateescape").rstrip("\n")
    if not header:
        return _ENDED
    words = header.split(" ")
    if words[-1] in {"missing", "ambiguous"} or len(words) != 3:
        return None
    content = answers.read(int(words[2]))
    answers.read(1)
    return words[0], words[1], content


def _commit(parts: Sequence[bytes], at: int) -> Commit:
    told = parts[at : at + len(Commit._fields)]
    return Commit(*(part.decode(errors="replace") for part in told))


def pairs(parts: Iterable[bytes]) -> Iterator[tuple[str, Pair]]:
    """Yield (path, hashes) from `--raw -z`: ":modes hashes letters", then the path."""
    fields = [part.decode(errors="surrogateescape") for part in parts if part]
    for told, path in zip(fields[::2], fields[1::2], strict=False):
        words = told.split()
        sides = words[0].count(":")  # one colon for each parent
        old, new = words[sides + 1], words[2 * sides + 1]
        yield path, (old.strip("0") and old, new.strip("0") and new)


def tree_entries(content: bytes, width: int) -> Iterator[Entry]:
    """Yield the entries of a tree object's bytes; `width` is the length of a binary hash."""
    at = 0
    while at < len(content):
        end = content.index(b"\0", at)
        mode, _, name = content[at:end].partition(b" ")
        at = end + 1 + width
        yield Entry(
            mode.decode(), content[end + 1 : at].hex(), name.decode(errors="surrogateescape")
        )


def _listed(out: bytes, *, unmerged: bool) -> Iterator[tuple[str, Entry]]:
    """Yield (path, entry) from `ls-files -s -z` or `ls-tree -r -z`."""
    for item in out.decode(errors="surrogateescape").split("\0"):
        if not item:
            continue
        meta, _, path = item.partition("\t")
        mode, second, third = meta.split(" ")
        if unmerged:
            yield path, Entry(mode if third == "0" else "unmerged", second, path)
        else:
            yield path, Entry(mode, third, path)


class Repository(NamedTuple):
    """What one question tells about a repository; `head` is "" before the first commit."""

    git: Git
    top: str
    head: str
    shallow: bool


def open_repository(folder: str) -> Repository:
    """Open the repository that `folder` is in; its Git works from `folder`.

    Raises NotARepository, with Git's own reason (no repository, refused owner, no git at all).
    """
    git = Git(folder)
    args = ("rev-parse", "--show-toplevel", "--show-prefix", "--is-shallow-repository")
    try:
        answer = git.run(*args, "HEAD^{commit}", ok=(0, 128)).decode(errors="surrogateescape")
        if answer.count("\n") < len(args):  # not because of an unborn HEAD: raises, saying why
            answer = git.text(*args) + "\n"
    except FileNotFoundError:
        raise NotARepository("the command `git` was not found; install Git") from None
    top, prefix, shallow, head = answer.split("\n")[: len(args)]
    head = head if _HASH.match(head) else ""
    return Repository(Git(folder, prefix), top, head, shallow == "true")


def open_bare(folder: str) -> Repository:
    """Open a bare clone."""
    git = Git(folder)
    shallow = git.text("rev-parse", "--is-shallow-repository") == "true"
    head = git.run("rev-parse", "--verify", "--quiet", "HEAD^{commit}", ok=(0, 1, 128))
    return Repository(git, folder, head.decode().strip(), shallow)


def _failure(folder: str, args: Sequence[str], stderr: str) -> LabelMetaError:
    reason = stderr.strip() or "no message"
    if "dubious ownership" in reason:
        named = re.search(r"repository at '(.+)'", reason)
        top = named[1] if named else folder
        return NotARepository(
            f"Git refuses {top}: another user owns it. If you trust it: "
            f"git config --global --add safe.directory {shlex.quote(top)}"
        )
    if "not a git repository" in reason:
        return NotARepository(f"{folder} is not in a Git repository; run `git init` first")
    if "must be run in a work tree" in reason:
        return NotARepository(f"{folder} is a bare repository; run this in a work tree")
    return LabelMetaError(f"`git {' '.join(args[:2])}` failed in {folder}: {reason}")
