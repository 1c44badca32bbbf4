"""What the records of an item were before, from the history of their files in Git.

Records that Git tracks are read there; of those that DVC tracks Git holds the hashes, and DVC's
cache perhaps the content. How much is read has an end, and what was not read is told.
"""

from __future__ import annotations

import gzip
import json
import os
import posixpath
import tempfile
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from dvc_labelmeta.errors import UnreadableFile
from dvc_labelmeta.model.labelling import Change, Label, Past, text
from dvc_labelmeta.model.snapshot import Record
from dvc_labelmeta.read import dvc
from dvc_labelmeta.read.dvc_cache import is_hash, link_cached
from dvc_labelmeta.read.git import Objects, Repository, Touched, pairs
from dvc_labelmeta.read.lookup import named, named_in
from dvc_labelmeta.read.sides import tree_files
from dvc_labelmeta.read.sources import format_of, shards

MOST_BYTES = 1 << 27  # of versions, newest first: about a second
MOST_VERSIONS = 2_000
_ENGINE = 20  # an engine that has to start costs as much as so many other versions
_COLUMNS = 16  # of Parquet only a few columns are read

_NAMES = 20  # that a file had, one after the other
_SMALL = 1 << 20  # bytes
MERGED = Change(subject="a merge left it out")
Fields = Mapping[str, Any]
State = dict[str, Fields]  # records by their canonical text
Part = tuple[str, str]  # a file, and its blob in Git or its hash in DVC; "": it was not there


class Step(NamedTuple):
    """One commit, and what it found and left: the files that it changed."""

    change: Change
    before: tuple[Part, ...]
    after: tuple[Part, ...]


class History:
    """The past of the records at `path` (from the root); read for any number of items.

    full: read all of it, however long that takes.
    """

    def __init__(
        self,
        repository: Repository,
        objects: Objects,
        root: str,
        path: str,
        format_: str,
        *,
        full: bool = False,
    ) -> None:
        self.repository, self.objects, self.root = repository, objects, root
        self.path, self.format, self.full = path, format_, full
        self.kind, self.steps, self.head = "", list[Step](), tuple[Part, ...]()
        self.sizes: dict[Part, int] = {}
        self.notes: tuple[str, ...] = ()
        self.recorded: dict[str, Record] = {}  # of DVC, by hash
        if repository.head:
            self._look()

    def _look(self) -> None:
        """Find the commits that changed the records, through all names that their file had."""
        git, path, tip = self.repository.git, self.path, self.repository.head
        for _ in range(_NAMES):
            names = (path, f"{path}.dvc")
            found = [*git.walked([tip], [f":(top,literal){git.above(name)}" for name in names])]
            if path == self.path and found:
                own = any(git.below(name) == names[1] for name in found[0].files)
                self.kind = "dvc" if own else "git"
                self.head = self._at_head(names[own])
                self.notes = self._otherwise(found, names, own=own)
            steps = [self._step(one, names[1]) for one in found]
            steps = [step for step in steps if step.before or step.after]
            self.steps += steps
            path, tip = self._renamed(steps)
            if not path:
                break
        self.sizes = self._dvc_sizes() if self.kind == "dvc" else self._blob_sizes()

    def _otherwise(
        self, found: Sequence[Touched], names: tuple[str, str], *, own: bool
    ) -> tuple[str, ...]:
        """Tell of the states from when the other one of Git and DVC tracked the records."""
        other = self.repository.git.above(names[not own])
        many = sum(
            any(new for name, (_, new) in one.files.items() if _in(name, other)) for one in found
        )
        who = "Git" if own else "DVC"
        told = f"{self.path} from when {who} tracked it ({many} state{'s' * (many != 1)})"
        return (told,) if many else ()

    def _renamed(self, steps: Sequence[Step]) -> tuple[str, str]:
        """Return the name that the file had before its first step, and a commit that has it.

        "" where there was none: it was renamed when the same content went under another name.
        """
        if not steps or steps[-1].before or len(steps[-1].after) != 1:
            return "", ""
        commit, ((_, value),) = steps[-1].change.commit, steps[-1].after
        how = ("-r", "-z", "--raw", "--no-abbrev", "--no-renames", "--no-commit-id")
        out = self.repository.git.run("diff-tree", *how, commit)
        for above, (old, new) in pairs(out.split(b"\0")):
            name = self.repository.git.below(above)
            if old and not new and self.kind == "git" and old == value:
                return name, f"{commit}^"
            if old and not new and name.endswith(".dvc") and self._hash(name, old) == value:
                return name.removesuffix(".dvc"), f"{commit}^"
        return "", ""

    def _at_head(self, path: str) -> tuple[Part, ...]:
        """Return the files as HEAD has them, whatever a merge chose."""
        entry = self.objects.entry(self.repository.head, self.repository.git.above(path))
        if entry is None:
            return ()
        if self.kind == "dvc":
            value = self._hash(path, entry.object)
            return ((path, value),) if value else ()
        files = tree_files(self.objects, entry.object, "")
        return tuple((posixpath.join(path, name) if name else path, blob) for name, blob in files)

    def _step(self, one: Touched, pointer: str) -> Step:
        commit, git = one.commit, self.repository.git
        files = {git.below(name): pair for name, pair in one.files.items()}
        change = Change(commit.hash, commit.date, commit.author, commit.subject)
        sides: list[tuple[Part, ...]] = []
        for side in (0, 1):
            if self.kind == "dvc":
                blob = files.get(pointer, ("", ""))[side]
                parts = [(pointer, self._hash(pointer, blob))] if blob else []
            else:
                parts = [(name, pair[side]) for name, pair in files.items() if name != pointer]
            sides.append(tuple((name, value) for name, value in parts if value))
        return Step(change, *sides)

    def _hash(self, pointer: str, blob: str) -> str:
        """Return the hash that a .dvc file records; "" where it cannot be read."""
        try:
            found = dvc.file_records(pointer, self.objects.blob(blob) or b"")
        except UnreadableFile:
            return ""
        record = next((one for one in found if f"{one.path}.dvc" == pointer), None)
        if record is None or not is_hash(record.value):  # a folder is named by it
            return ""
        self.recorded[record.value] = record
        return record.value

    def _parts(self) -> list[Part]:
        sides = [self.head, *((*step.after, *step.before) for step in self.steps)]
        return [*dict.fromkeys(part for parts in sides for part in parts)]

    def _dvc_sizes(self) -> dict[Part, int]:
        return {part: self.recorded[part[1]].size or 0 for part in self._parts()}

    def _blob_sizes(self) -> dict[Part, int]:
        """Ask for the sizes of all versions at once."""
        parts = self._parts()
        asked = "".join(f"{blob}\n" for _, blob in parts).encode()
        form = "--batch-check=%(objectsize)"
        lines = self.repository.git.run("cat-file", form, stdin=asked).split(b"\n") if parts else []
        sizes = (int(line) if line.isdigit() else -1 for line in lines)  # -1: not in this clone
        return dict(zip(parts, sizes, strict=False))

    def content(self, part: Part) -> bytes:
        """Return the content of a file in Git; only small ones are kept at hand."""
        if self.sizes.get(part, 0) < _SMALL:
            return self.objects.blob(part[1]) or b""
        return self.repository.git.run("cat-file", "blob", part[1])

    def item_of(self, id_: str) -> str:
        """Return the item of a record that the records once held, "" where there was none."""
        with tempfile.TemporaryDirectory(prefix="labelmeta-") as folder:
            return _Reading(self, "", folder).item_of(id_)

    def of(self, item: str, now: Sequence[Fields]) -> tuple[list[Label], Past]:
        """Return the labels of an item, past ones first, oldest first; now: its records."""
        with tempfile.TemporaryDirectory(prefix="labelmeta-") as folder:
            return _Reading(self, item, folder).of(now)


class _Reading:
    """One item, looked for in the versions of its records."""

    def __init__(self, history: History, item: str, folder: str) -> None:
        self.history, self.item, self.folder = history, item, folder
        self.left_bytes, self.left_versions = MOST_BYTES, MOST_VERSIONS
        self.known: dict[Part, State | None] = {}
        self.unread: dict[str, int] = {}  # versions by why they were not read
        self.firsts: dict[str, Change] = {}
        self.gone: dict[str, tuple[Fields, str, Change]] = {}

    def of(self, now: Sequence[Fields]) -> tuple[list[Label], Past]:
        present = {_key(record): record for record in now}
        later: tuple[Change, tuple[Part, ...], State] | None = None
        for change, before, after in self.history.steps:
            new, old = self.state(after), self.state(before)
            if new is None:
                continue
            if later:
                self.compare(later[0], after, new, later[1], later[2])
            later = None if old is not None else (change, after, new)
            if old is not None:
                self.compare(change, before, old, after, new)
        head = self.state(self.history.head)
        if head is not None and self.history.kind:
            self.compare(Change(), (), head, (), present)
            self.merged_away(present)
        lost = [
            Label(record, self.firsts.get(key), how, change)
            for key, (record, how, change) in self.gone.items()
            if key not in present
        ]
        kept = [Label(record, self.firsts.get(key)) for key, record in present.items()]
        return [*reversed(lost), *kept], self.past()

    def merged_away(self, present: State) -> None:
        """Note what some commit brought, no commit took, and yet is not there: a merge did it."""
        for state in [*self.known.values()]:
            for key in (state or {}).keys() - present.keys() - self.gone.keys():
                self.gone[key] = ((state or {})[key], "removed", MERGED)

    def item_of(self, id_: str) -> str:
        """Return the item of a record, from the newest version that has it."""
        for step in self.history.steps:
            for parts in (step.after, step.before):
                self.state(parts)
                for record in self.look(parts, [id_]):
                    return text(record, "item")
        return ""

    def past(self) -> Past:
        read = sum(state is not None for state in self.known.values())
        why = tuple(
            f"{number} of {len(self.known)} versions of {self.history.path} {reason}"
            for reason, number in self.unread.items()
        )
        return Past(self.history.kind, len(self.known), read, (*why, *self.history.notes))

    def compare(
        self,
        change: Change,
        before: Sequence[Part],
        old: State,
        after: Sequence[Part],
        new: State,
    ) -> None:
        """Note what a commit brought and what it took."""
        come, went = new.keys() - old.keys(), old.keys() - new.keys()
        for key in come:
            if change.commit:
                self.firsts[key] = change  # commits come newest first
        if not went and not come:
            return
        ids = {text(new[key], "id") for key in new}
        moved = {text(old[key], "id") for key in went} - ids
        ids |= {text(one, "id") for one in self.look(after, moved)}
        for key in went:
            how = "rewritten" if text(old[key], "id") in ids else "removed"
            self.gone.setdefault(key, (old[key], how, change))
        self.from_others(
            change,
            before,
            {text(new[key], "id") for key in come} - {text(old[key], "id") for key in old},
        )

    def from_others(self, change: Change, before: Sequence[Part], ids: Collection[str]) -> None:
        """Note the records that a commit took from another item for this one."""
        for record in self.look(before, ids):
            self.gone.setdefault(_key(record), (record, "rewritten", change))

    def state(self, parts: Iterable[Part]) -> State | None:
        """Return the records of the item that files held, None where one of them was not read."""
        found: State = {}
        for part in parts:
            if part not in self.known:
                self.known[part] = self._read(part)
            state = self.known[part]
            if state is None:
                return None
            found |= state
        return found

    def _read(self, part: Part) -> State | None:
        size = self.history.sizes.get(part, -1)
        if size < 0:
            self._not("are not in this clone; `git fetch` them")
            return None
        cost = size // (_COLUMNS if self.history.format == "parquet" else 1)
        if not self.history.full and (cost > self.left_bytes or self.left_versions <= 0):
            self._not("were not read, which takes long; labelmeta --verbose trace reads them")
            return None
        records = self._named(part, [self.item], "item")
        if records is None:
            self._not("are not in DVC's cache here; `dvc fetch --all-commits` gets them")
            return None
        self.left_bytes -= cost
        self.left_versions -= 1 if self.history.format == "jsonl" else _ENGINE
        return {_key(record): record for record in records}

    def _not(self, why: str) -> None:
        self.unread[why] = self.unread.get(why, 0) + 1

    def look(self, parts: Sequence[Part], ids: Collection[str]) -> Iterator[Fields]:
        """Yield the records with these ids in files that were read, of whatever item."""
        for part in parts if ids else ():
            if self.known.get(part) is not None:
                yield from self._named(part, sorted(ids), "id") or ()

    def _named(self, part: Part, names: Sequence[str], field: str) -> Sequence[Fields] | None:
        history = self.history
        try:
            if history.kind == "dvc":
                return self._in_cache(part, names, field)
            content = history.content(part)
            if history.format == "jsonl" and not part[0].endswith(".zst"):
                content = gzip.decompress(content) if part[0].endswith(".gz") else content
                return [one for one in named_in(content, names) if text(one, field) in names]
            if format_of(part[0]) is None and part[0] != history.path:
                return []  # what else lies in the folder
            return named([self._written(part, content)], history.format, names, [field])
        except (UnreadableFile, OSError, EOFError):
            return []  # no records of ours, or not any more

    def _in_cache(self, part: Part, names: Sequence[str], field: str) -> Sequence[Fields] | None:
        history = self.history
        place = os.path.join(self.folder, part[1])
        record = history.recorded[part[1]]
        path = os.path.join(place, os.path.basename(record.path))
        if not os.path.lexists(path) and not link_cached(history.root, record, place):
            return None
        return named(shards(path, history.format), history.format, names, [field])

    def _written(self, part: Part, content: bytes) -> str:
        place = os.path.join(self.folder, part[1])
        path = os.path.join(place, os.path.basename(part[0]))
        if not os.path.exists(path):
            os.makedirs(place, exist_ok=True)
            with open(path, "wb") as file:
                file.write(content)
        return path


def _in(path: str, place: str) -> bool:
    return path == place or path.startswith(place + "/")


def _key(record: Fields) -> str:
    return json.dumps(record, sort_keys=True, default=str)
