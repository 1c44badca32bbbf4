"""All that the history says of runs, splits, data, gates and models: one `git log` for all of it.

Looked at are the commits of HEAD (or a revision), those that the tags of a model registry name and
DVC's experiments; objects come from the one `git cat-file` that the caller opened.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

from dvc_labelmeta.errors import UnreadableFile
from dvc_labelmeta.model.gate import FOLDER, GATES_FILE
from dvc_labelmeta.model.lineage import Content, Moment, StageRun
from dvc_labelmeta.model.registry import Tag, tag_of
from dvc_labelmeta.model.sidecar import SUFFIX, Sidecar, sidecar
from dvc_labelmeta.read import dvc
from dvc_labelmeta.read.digest import md5_of
from dvc_labelmeta.read.files import MAX_LOCK_BYTES, decode, misfits, parse
from dvc_labelmeta.read.git import Commit, Objects, Repository
from dvc_labelmeta.read.runs import Entries, Found, parts, pipeline_of, run, run_id
from dvc_labelmeta.read.split_names import SplitNames, core

_SPECS = tuple(f":(glob)**/{name}" for name in ("dvc.lock", f"*{SUFFIX}", "*.dvc"))
_EXPERIMENT = re.compile(r"refs/exps/[0-9a-f]{2}/[0-9a-f]{38,62}/(.+)\Z")
_FORM = "%00".join(
    f"%({one})"
    for one in ("refname", "objectname", "objecttype", "*objectname", "*objecttype",
                "creatordate:short", "creator")
)  # fmt: skip
_STEP = 100  # files of DVC held in memory at once

Blob = tuple[Moment, str]  # a commit, and what it made of a file
Added = tuple[Moment, list[Content], dict[str, str]]  # a commit, data it added, their source


class Side(NamedTuple):
    """A sidecar as a value and as its file has it."""

    one: Sidecar
    value: Mapping[str, Any]


class History:
    """Reads the history up to `rev`; None: of HEAD, and what is not committed yet.

    runs: by id, the oldest first. now: ids of those that the dvc.lock files hold today, and
    outs_now what they made. blobs: of sidecars, `.dvc` files and gates, by path from the root,
    the oldest first. experiments: names by commit; tried: names by id of a run. tags: those of a
    model registry. state: the last content of each output of a stage, while the walk lasts;
    makers: the last of each path and hash.
    """

    def __init__(self, repository: Repository, objects: Objects, rev: str | None) -> None:
        self.git, self.objects = repository.git, objects
        self.head = self.git.commit(rev) if rev else repository.head
        self.shallow, self.here = repository.shallow, rev is None
        self.runs: dict[str, StageRun] = {}
        self.now: set[str] = set()
        self.outs_now: dict[str, Content] = {}
        self.locks: set[str] = set()
        self.blobs: dict[str, list[Blob]] = {}
        self.experiments: dict[str, str] = {}
        self.tried: dict[str, str] = {}
        self.tags: list[Tag] = []
        self.state: dict[str, Content] = {}
        self.makers: dict[tuple[str, str], Content] = {}
        self.names = SplitNames()
        self.today = Moment()
        self._entries = Entries()
        self._parsed: dict[str, Any] = {}
        self._added: dict[str, list[Added]] = {}
        self._held: dict[str, dict[str, tuple[Moment, bytes]]] = {}
        self._sides: dict[tuple[str, str], Side | None] = {}
        self._walk()
        self._today()

    def _walk(self) -> None:
        specs = (*_SPECS, f":(glob){FOLDER}/**")
        tips = self._tips()
        touched = list(self.git.walked(tips, specs)) if tips else []
        locks: list[tuple[Moment, str, str]] = []
        for order, one in enumerate(reversed(touched)):
            at = moment(one.commit, order)
            files = {self.git.below(path): pair for path, pair in one.files.items()}
            for path, (_, new) in files.items():
                if path.endswith("dvc.lock"):
                    locks += [(at, path, new)] if new else []
                else:
                    self.blobs.setdefault(path, []).append((at, new))
            self._names(at, {p: pair for p, pair in files.items() if p.endswith(SUFFIX)})
        self.locks = {path for _, path, _ in locks}
        for start in range(0, len(locks), _STEP):
            self._locks(locks[start : start + _STEP])

    def _names(self, at: Moment, files: Mapping[str, tuple[str, str]]) -> None:
        """Follow the names of splits: a sidecar that went, and one like it that came, are one."""
        gone = {path: pair[0] for path, pair in files.items() if not pair[1]}
        cores = {
            core(side.one): path for path, blob in gone.items() if (side := self.side(path, blob))
        }
        for path, (old, new) in files.items():
            if not old:
                side = self.side(path, new) if cores else None
                before = cores.get(core(side.one), "") if side else ""
                self.names.came(path.removesuffix(SUFFIX), before.removesuffix(SUFFIX), at.order)

    def _tips(self) -> list[str]:
        """Learn tags and experiments; return the commits that the walk begins at."""
        found = [self.head] if self.head else []
        named: dict[str, str] = {}
        refs = self.git.text("for-each-ref", f"--format={_FORM}", "refs/exps", "refs/tags")
        for line in refs.splitlines():
            ref, object_, kind, peeled, inner, at, by = line.split("\0")
            commit = peeled or object_
            if (inner or kind) != "commit":
                continue
            experiment = _EXPERIMENT.match(ref)
            tag = tag_of(ref.removeprefix("refs/tags/")) if not experiment else None
            if experiment:
                named[commit] = experiment[1]
            elif tag:
                who = by.rpartition("<")[0].strip()
                self.tags.append(tag._replace(commit=commit, at=at, by=who))
        tips = [*named, *(tag.commit for tag in self.tags)]
        apart = self._apart(tips) if tips else {}
        if not self.here:  # a revision does not know what came after it
            self.tags = [tag for tag in self.tags if tag.commit not in apart]
            return found
        for commit, name in named.items():
            waiting = [commit]
            while waiting:
                one = waiting.pop()
                if one in apart and one not in self.experiments:
                    self.experiments[one] = name
                    waiting += apart[one]
        return list(dict.fromkeys([*found, *tips]))

    def _apart(self, tips: Iterable[str]) -> dict[str, list[str]]:
        """Return the parents of each commit of `tips` that HEAD does not know."""
        asked = "\n".join([*tips, *([f"^{self.head}"] if self.head else []), ""])
        out = self.git.run("rev-list", "--parents", "--stdin", stdin=asked.encode())
        rows = [line.split() for line in out.decode().splitlines()]
        return {commit: parents for commit, *parents in rows}

    def _locks(self, locks: list[tuple[Moment, str, str]]) -> None:
        self.objects.ask(blob for _, _, blob in locks)
        read = []
        for at, path, blob in locks:
            content = self.objects.blob(blob)
            found = self._entries.of(content) if content else {}
            read.append((at, path, found, self._new(at, path, found)))
        asked = {
            (at, path): f"{at.commit}:{self.git.above(pipeline_of(path))}"
            for at, path, _, new in read
            if new
        }
        self.objects.ask(asked.values())
        for at, path, found, _ in read:
            answer = self.objects.get(asked[at, path]) if (at, path) in asked else None
            self._add(at, path, found, self._value(answer[0], answer[2]) if answer else None)
        self.objects.forget([*asked.values(), *(blob for _, _, blob in locks)])

    def _new(self, at: Moment, path: str, found: Found) -> Found:
        """Return those entries of the dvc.lock at `path` that no commit before held."""
        pipeline = pipeline_of(path)
        if pipeline == GATES_FILE:
            return {}
        aside = at.commit in self.experiments
        new: Found = {}
        for key, entry in found.items():
            known = self.runs.get(run_id(pipeline, key, entry))
            # what an experiment tried, and somebody then committed, is of that commit
            if known is None or (known.at.commit in self.experiments and not aside):
                new[key] = entry
        return new

    def _add(self, at: Moment, path: str, found: Found, pipeline: Any) -> None:
        """Take over the dvc.lock at `path`; pipeline: the dvc.yaml beside it, if any is new."""
        new, place = self._new(at, path, found), pipeline_of(path)
        if place == GATES_FILE:
            return
        bases = dvc.bases(place, pipeline, new)
        for key, entry in new.items():
            self.runs[run_id(place, key, entry)] = run(place, key, entry, pipeline, bases[key], at)
        ids = [run_id(place, key, entry) for key, entry in found.items()]
        for id_ in ids:
            for out in self.runs[id_].outs:
                self.state[out.path] = self.makers[out.path, out.hash] = out
        for key, entry in new.items():
            one = self.runs[run_id(place, key, entry)]
            self.runs[one.id] = one._replace(
                deps=tuple(map(self.made, one.deps)), within=parts(one.deps, self.state)
            )
            if at.commit in self.experiments:
                self.tried[one.id] = self.experiments[at.commit]

    def made(self, one: Content) -> Content:
        """Return a content with the run that made it: that of the same dvc.lock, else the last."""
        known = self.state.get(one.path)
        if known is not None and known.hash == one.hash:
            return known
        return self.makers.get((one.path, one.hash), one)

    def _today(self) -> None:
        """Learn what the dvc.lock files and sidecars hold now, committed or not."""
        order = 1 + max((at.order for states in self.blobs.values() for at, _ in states), default=0)
        order = max([order, *(one.at.order + 1 for one in self.runs.values())])
        self.today = at = Moment(order=order)
        listed = self._listed()
        for path in dict.fromkeys([*self.locks, *(p for p in listed if p.endswith("dvc.lock"))]):
            content = self.now_at(path, MAX_LOCK_BYTES)
            pipeline = pipeline_of(path)
            if content is None or pipeline == GATES_FILE:
                continue
            entries = self._entries.of(content)
            self._add(at, path, entries, self.now_value(pipeline))
            for key, entry in entries.items():
                one = self.runs[run_id(pipeline, key, entry)]
                self.now.add(one.id)
                self.outs_now |= {out.path: out for out in one.outs}
        sides = [path for path in listed if path.endswith(SUFFIX)]
        committed = {path: f"{self.head}:{self.git.above(path)}" for path in sides}
        self.objects.ask(committed.values() if self.head else ())
        for path, name in committed.items():
            held = self.objects.get(name) if self.head else None
            if self.now_at(path) != (held[2] if held else None):
                self.blobs.setdefault(path, []).append((at, f"here:{path}"))
                if len(self.blobs[path]) == 1:
                    self.names.came(path.removesuffix(SUFFIX), "", order)

    def _listed(self) -> list[str]:
        """Return the files of the working tree that may not be committed yet."""
        if not self.here:
            return []
        out = self.git.run("ls-files", "-z", "-c", "-o", "--exclude-standard", "--", *_SPECS[:2])
        return sorted({*out.decode(errors="surrogateescape").split("\0")} - {""})

    def now_at(self, path: str, limit: int = 2**20) -> bytes | None:
        """Return a file of the working tree, or of the revision; None where there is none."""
        if self.here:
            return _read(os.path.join(self.git.folder, path), limit)
        found = self.objects.get(f"{self.head}:{self.git.above(path)}")
        return found[2] if found and found[1] == "blob" else None

    def now_value(self, path: str) -> Any:
        """Return the parsed content of such a file, None where there is none or it is broken."""
        content = self.now_at(path)
        return self._value(f"here:{path}", content) if content is not None else None

    def _value(self, name: str, content: bytes) -> Any:
        if name not in self._parsed:
            try:
                self._parsed[name] = parse(decode(content))
            except UnreadableFile:
                self._parsed[name] = None
        return self._parsed[name]

    def side(self, path: str, blob: str) -> Side | None:
        """Return the sidecar `path` with this content; None for none, or one that does not fit."""
        if (path, blob) not in self._sides:
            here = blob.startswith("here:")
            content = self.now_at(path) if here else self.objects.blob(blob) if blob else None
            value = self._value(blob, content) if content is not None else None
            self._sides[path, blob] = None
            if value is not None and not misfits("sidecar", value):
                self._sides[path, blob] = Side(sidecar(path, value), value)
        return self._sides[path, blob]

    def side_at(self, split: str, at: Moment) -> Side | None:
        """Return the sidecar of a split as it was in a commit; in the working tree for none."""
        path = split + SUFFIX
        if path not in self.blobs:
            return None
        if not at.commit:
            return self.side(path, f"here:{path}")
        found = self.objects.get(f"{at.commit}:{self.git.above(path)}")
        return self.side(path, found[0]) if found else None

    def since(self, split: str) -> Moment:
        """Return the commit since which the sidecar of a split is as it is today."""
        path = split + SUFFIX
        now = self.side_at(split, Moment() if self.here else Moment(self.head))
        since = self.today
        for at, blob in reversed(self.blobs.get(path, ())):
            if now is None or not blob or self.side(path, blob) != now:
                break
            since = at
        return since

    def object_at(self, path: str, at: Moment) -> str:
        """Return Git's hash of a file or folder in a commit; "" for none."""
        found = self.objects.entry(at.commit, self.git.above(path)) if at.commit else None
        return found.object if found else ""

    def gate_seen(self, path: str, md5: str) -> Moment | None:
        """Return the commit that first held a gate with this hash; None where none does."""
        found = self._gates(path).get(md5)
        return found[0] if found else None

    def gate_data(self, path: str, md5: str) -> str:
        """Return the hash of the data that such a gate speaks of, "" where it is not known."""
        found = self._gates(path).get(md5)
        try:
            return str(json.loads(found[1])["data"]["value"]) if found else ""
        except (ValueError, LookupError, TypeError):
            return ""

    def _gates(self, path: str) -> dict[str, tuple[Moment, bytes]]:
        """Return each content that a gate had, by its hash, and the commit that first held it."""
        if path not in self._held:
            held: dict[str, tuple[Moment, bytes]] = {}
            states = [(at, blob) for at, blob in self.blobs.get(path, ()) if blob]
            self.objects.ask(blob for _, blob in states)
            for at, blob in states:
                content = self.objects.blob(blob)
                if content is not None:
                    held.setdefault(md5_of(content), (at, content))
            here = self.now_at(path) if self.here else None
            if here is not None:
                held.setdefault(md5_of(here), (Moment(), here))
            self._held[path] = held
        return self._held[path]

    def value_at(self, commit: str, path: str) -> Any:
        """Return the parsed content of a file in a commit; None where it is not there."""
        found = self.objects.get(f"{commit}:{self.git.above(path)}")
        return self._value(found[0], found[2]) if found else None

    def content_at(self, commit: str, path: str) -> Content | None:
        """Return a file as DVC recorded it in a commit; None where it did not."""
        for record in dvc.records(f"{path}.dvc", self.value_at(commit, f"{path}.dvc")):
            if record.path == path:
                return Content(path, record.value)
        for lock in sorted(self.locks):
            found = self.objects.get(f"{commit}:{self.git.above(lock)}")
            entries = self._entries.of(found[2]) if found else {}
            for key, entry in entries.items():
                one = self.runs.get(run_id(pipeline_of(lock), key, entry))
                for out in one.outs if one else ():
                    if out.path == path:
                        return out
        return None

    def hash_now(self, one: Content) -> str:
        """Return the hash of a dependency today, as DVC would record it; "" where unknown."""
        if one.path in self.outs_now:
            return self.outs_now[one.path].hash
        value = self.now_value(f"{one.path}.dvc")
        if value is not None:
            records = dvc.records(f"{one.path}.dvc", value)
            return next((record.value for record in records if record.path == one.path), "")
        content = self.now_at(one.path, MAX_LOCK_BYTES)
        return md5_of(content) if content is not None else ""

    def added(self, path: str) -> list[Added]:
        """Return what each state of the `.dvc` file at `path` recorded, and its source."""
        if path not in self._added:
            states = [(at, blob) for at, blob in self.blobs.get(path, ()) if blob]
            self.objects.ask(blob for _, blob in states)
            self._added[path] = []
            for at, blob in states:
                content = self.objects.blob(blob)
                value = self._value(blob, content) if content is not None else None
                outs = [Content(record.path, record.value) for record in dvc.records(path, value)]
                self._added[path].append((at, outs, dvc.source(value)))
        return self._added[path]


def moment(commit: Commit, order: int) -> Moment:
    """Return a commit as a graph tells it."""
    return Moment(commit.hash, commit.date, commit.author, order)


def _read(path: str, limit: int) -> bytes | None:
    try:
        with open(path, "rb") as file:
            return file.read(limit)
    except OSError:
        return None
