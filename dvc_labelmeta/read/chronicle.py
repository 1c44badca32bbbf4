"""What Git's history holds of links and guidelines: an event for each commit that changed one."""

from __future__ import annotations

import heapq
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from dvc_labelmeta.model.claims import BY, Claims, kind_of, split_claims
from dvc_labelmeta.model.event import Draft, utc
from dvc_labelmeta.model.guideline import Edition
from dvc_labelmeta.model.sidecar import SUFFIX, Sidecar
from dvc_labelmeta.read.digest import md5_of
from dvc_labelmeta.read.git import Git, Objects
from dvc_labelmeta.read.guidelines import Editions
from dvc_labelmeta.read.record_hashes import recorded
from dvc_labelmeta.read.states import sidecar_of
from dvc_labelmeta.read.steps import logged

_FORM = "--format=%x00%H%x00%P%x00%ct%x00%an <%ae>%x00"
_WORDS = 4
_DRAFT = ("", "draft")


class Step(NamedTuple):
    """One commit and the paths from the root that it changed, of a merge against any parent.

    seconds: when it was committed, since 1970: the same moment in all time zones.
    """

    commit: str
    parents: tuple[str, ...]
    seconds: int
    by: str
    paths: frozenset[str]

    @property
    def details(self) -> dict[str, Any]:
        """What an event tells of it."""
        told = {"commit": self.commit, "when": utc(self.seconds), BY: self.by}
        return told | ({"merge": True} if len(self.parents) > 1 else {})


def steps(git: Git, head: str, specs: Iterable[str]) -> list[Step]:
    """Return the commits up to `head` that changed what `specs` name, parents first, then by time.

    Side branches are not left out, whatever a merge made of them.
    """
    asked = "\n".join([head, "--", *specs, ""]).encode(errors="surrogateescape")
    how = ("--date-order", "--reverse", "--full-history", "-m", _FORM, "--stdin")
    found: dict[str, Step] = {}
    for (commit, parents, seconds, by), changed in logged(git, how, _WORDS, asked):
        paths = frozenset(git.below(path) for _, path in changed)
        if commit in found:  # a merge, against another parent
            paths |= found[commit].paths
        found[commit] = Step(commit, tuple(parents.split()), int(seconds), by, paths)
    return list(found.values())


def in_time(streams: Iterable[Iterable[tuple[Step, list[Draft]]]]) -> list[Draft]:
    """Return the events of several repositories in the order of time, each after its parents'."""
    keyed = [_keyed(number, stream) for number, stream in enumerate(streams)]
    return [draft for *_, drafts in heapq.merge(*keyed) for draft in drafts]


def _keyed(
    number: int, stream: Iterable[tuple[Step, list[Draft]]]
) -> Iterator[tuple[int, int, int, list[Draft]]]:
    latest = 0
    for place, (step, drafts) in enumerate(stream):
        latest = max(latest, step.seconds)  # a clock that was slow does not undo the order
        yield latest, number, place, drafts


class Splits:
    """The links of splits, step by step."""

    def __init__(self, git: Git, objects: Objects) -> None:
        self.git, self.objects = git, objects
        self.users: dict[str, set[str]] = {}  # splits by the records that they ever named
        self.last: dict[str, Claims] = {}

    def specs(self, head: str) -> list[str]:
        """Return what to look for: all sidecars, and all records that one ever named."""
        sidecars = f":(glob)**/*{SUFFIX}"
        for step in steps(self.git, head, [sidecars]):
            for path in step.paths:
                side = self._sidecar(step.commit, path.removesuffix(SUFFIX))
                for records in filter(None, map(side.records, side.layers) if side else ()):
                    self.users.setdefault(records, set()).add(path.removesuffix(SUFFIX))
        found = [spec for path in sorted(self.users) for spec in (path, f"{path}.dvc")]
        return [sidecars, *(f":(top,literal){self.git.above(path)}" for path in found)]

    def of(self, step: Step) -> list[Draft]:
        """Return the events of one commit."""
        splits = {path.removesuffix(SUFFIX) for path in step.paths if path.endswith(SUFFIX)}
        for path in step.paths:
            splits |= self.users.get(path.removesuffix(".dvc"), set())
        changes: dict[str, tuple[Claims, Claims]] = {}
        for split in sorted(filter(_is_text, splits)):
            after = self._claims(step.commit, split)
            before = self.last.get(split, {})
            if len(step.parents) == 1:
                told = self._claims(step.parents[0], split)
                before = before if told is None else told
            if after is not None and after != before:
                changes[split] = before, after
                self.last[split] = after
        return [*_told(step, changes)]

    def _claims(self, commit: str, split: str) -> Claims | None:
        """Return what holds of a split at a commit, {} for no link, None where nobody can say."""
        side = self._sidecar(commit, split)
        if side is None:
            there = self.objects.entry(commit, self.git.above(split + SUFFIX))
            return None if there else {}
        hashes = {
            layer.name: self._hashes(commit, path)
            for layer in side.layers
            if (path := side.records(layer))
        }
        return split_claims(side, hashes)

    def _sidecar(self, commit: str, split: str) -> Sidecar | None:
        entry = self.objects.entry(commit, self.git.above(split + SUFFIX))
        content = self.objects.blob(entry.object) if entry else None
        return sidecar_of(split + SUFFIX, content) if content is not None else None

    def _hashes(self, commit: str, path: str) -> dict[str, str]:
        """Return the hashes of records at a commit, as `read/record_hashes.py` has them."""
        pointer = self.objects.entry(commit, self.git.above(f"{path}.dvc"))
        if pointer is not None:
            return recorded(f"{path}.dvc", self.objects.blob(pointer.object) or b"")
        entry = self.objects.entry(commit, self.git.above(path))
        content = self.objects.blob(entry.object) if entry else None
        if entry is None or content is None:
            return {}
        return {"md5": md5_of(content), "git": entry.object}


def _is_text(path: str) -> bool:
    """Whether a path is Unicode: no command links any other, and no event can name it."""
    try:
        path.encode()
    except UnicodeEncodeError:
        return False
    return True


def _told(step: Step, changes: Mapping[str, tuple[Claims, Claims]]) -> Iterator[Draft]:
    """Yield the events of the splits that a commit changed; what has the same data moved."""
    moved: dict[str, dict[str, str]] = {}
    gone = [one for one, (_, after) in changes.items() if not after]
    for new, (before, after) in changes.items():
        data = [one for one in gone if not before and changes[one][0]["data"] == after["data"]]
        if len(data) == 1 and data[0] not in moved:
            moved |= {new: {"from": data[0]}, data[0]: {"to": new}}
    for split, (before, after) in changes.items():
        details = {**step.details, **moved.get(split, {})}
        type_ = "moved" if split in moved else kind_of(before, after)
        yield Draft(type_, f"split:{split}", after, details)


class Guidelines:
    """The versions of the guidelines in one repository, step by step.

    paths: from the root, all that an id ever had, today's first. objects_: by id and version,
    what the releases file lists.
    """

    def __init__(
        self,
        git: Git,
        objects: Objects,
        paths: Mapping[str, Sequence[str]],
        listed: Mapping[tuple[str, str], str],
    ) -> None:
        self.git, self.objects, self.paths, self.listed = git, objects, paths, listed
        self.editions = Editions(objects)
        self.last: dict[str, tuple[str, str]] = {}
        self.structured: set[str] = set()

    def specs(self) -> list[str]:
        """Return what to look for."""
        paths = sorted({path for paths in self.paths.values() for path in paths})
        return [f":(top,literal){self.git.above(path)}" for path in paths]

    def of(self, step: Step) -> list[Draft]:
        """Return the events of one commit."""
        return [
            draft
            for id_, paths in self.paths.items()
            if any(one == p or one.startswith(p + "/") for one in step.paths for p in paths)
            for draft in self._turned(step, id_)
        ]

    def _turned(self, step: Step, id_: str) -> Iterator[Draft]:
        edition = self._edition(step.commit, id_)
        now, before = self._state(id_, edition), self.last.get(id_, ("", ""))
        if len(step.parents) == 1:
            before = self._state(id_, self._edition(step.parents[0], id_))
        if now in (before, _DRAFT):
            return
        self.last[id_] = now
        claims: dict[str, Any] = {}
        if edition is not None:
            object_ = self.listed.get((id_, edition.version), edition.object)
            claims = {"version": edition.version, "object": object_}
        retired = edition is None or edition.status == "retired"
        if edition is not None and retired:
            claims = {**claims, "object": edition.object, "status": "retired"}
        yield Draft("retired" if retired else "released", f"guideline:{id_}", claims, step.details)

    def _state(self, id_: str, edition: Edition | None) -> tuple[str, str]:
        """Return version and status; ("", "") where it is not there.

        A draft is no version yet, and neither is a guideline.yaml that nobody can read.
        """
        if edition is None:
            return "", ""
        if edition.version != edition.object[:12]:
            self.structured.add(id_)
        elif id_ in self.structured:
            return _DRAFT
        if edition.status == "draft":
            return _DRAFT
        return edition.version, "retired" if edition.status == "retired" else "active"

    def _edition(self, commit: str, id_: str) -> Edition | None:
        found = (self.editions.at(commit, self.git.above(path)) for path in self.paths[id_])
        return next((one for one in found if one is not None), None)
