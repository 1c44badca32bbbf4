"""What commits say of the subjects of events: sidecars, records of DVC and Git, releases."""

from __future__ import annotations

import posixpath
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from itertools import chain
from typing import TYPE_CHECKING, Any, NamedTuple

from dvc_labelmeta.model.chain import State, Told
from dvc_labelmeta.model.claims import CONTENT, split_claims
from dvc_labelmeta.model.config import Config, GuidelineRef
from dvc_labelmeta.model.event import Event
from dvc_labelmeta.model.sidecar import SUFFIX, Sidecar, sidecar
from dvc_labelmeta.read import dvc
from dvc_labelmeta.read.chain_contents import LIMIT, Contents
from dvc_labelmeta.read.chain_files import MISSING
from dvc_labelmeta.read.digest import md5_of
from dvc_labelmeta.read.files import MAX_LOCK_BYTES, misfits
from dvc_labelmeta.read.git import Objects, Repository, open_bare
from dvc_labelmeta.read.guidelines import releases_path
from dvc_labelmeta.read.source import clone_folder
from dvc_labelmeta.read.standing import run_claims

if TYPE_CHECKING:
    from typing_extensions import Self

LARGEST = 64 << 20  # bytes of a file of records that Git keeps: hashed as DVC does, up to here
MANY = 5000  # questions, from which on one walk through history is faster
_CHUNK = 2000


class Asked(NamedTuple):
    """An event, and the commit to hold it against."""

    event: Event
    commit: str


class States:
    """Answers for many events; each file of history is looked up once and parsed once."""

    def __init__(
        self, repository: Repository, objects: Objects, settings: Config, people: Mapping[str, str]
    ) -> None:
        self.repository = repository
        self.objects = objects
        self.home = Contents(repository, objects)
        self.lookup = self.home.lookup
        self.settings = settings
        self.people = people
        self.guidelines = {ref.id: ref for ref in settings.guidelines}
        self.stack = ExitStack()
        self.clones: dict[str, Contents | None] = {}
        self.needed: dict[tuple[str, int], tuple[str, ...]] = {}
        self.answers: dict[tuple[str, tuple[str, ...]], tuple[Mapping[str, Any], Any]] = {}
        self.parsed: dict[tuple[str, str], Any] = {}
        self.sidecars: dict[tuple[str, str], Sidecar | None] = {}
        self.read: set[str] = set()
        self.away: dict[str, str] = {}
        promised = ("config", "--get-regexp", r"^(remote\..*\.promisor|extensions\.partialclone)$")
        self.partial = bool(repository.git.run(*promised, ok=(0, 1)))

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.stack.close()

    def of(self, asked: Sequence[Asked]) -> list[State]:
        """Return what the commits say, in the order asked."""
        wanted: dict[str, set[str]] = {}
        for one in asked:
            wanted.setdefault(one.commit, {""}).update(self._needed(one.event))
        if not self.partial and sum(map(len, wanted.values())) > MANY:
            self.lookup.walk(wanted)
        known = self.lookup.known
        self.lookup.ask(
            (of, path) for of, paths in wanted.items() for path in paths - known[of].keys()
        )
        self._look_away(asked)
        states: list[State] = []
        for start in range(0, len(asked), _CHUNK):
            some = asked[start : start + _CHUNK]
            blobs = list(dict.fromkeys(chain.from_iterable(map(self._unread, some))))
            self.objects.ask(blobs)
            states += [State(one.event.hash, one.commit, self._of(one)) for one in some]
            self.objects.forget(blobs)
            self.sidecars.clear()
        return states

    def _unread(self, one: Asked) -> Iterator[str]:
        """Yield the files that an answer has to be read from: sidecars and records of DVC."""
        known = self.lookup.known[one.commit]
        for path in self._needed(one.event):
            object_, kind, size = known.get(path, MISSING)
            small = kind == "blob" and size <= LIMIT and path.endswith((SUFFIX, ".dvc"))
            if small and object_ not in self.read:
                self.read.add(object_)
                yield object_

    def _look_away(self, asked: Iterable[Asked]) -> None:
        """Learn which commits cannot be looked at, and why: one that events name themselves may
        be none of this history.

        Everybody can make a commit that bears him out, and leave it on some branch.
        """
        for commit in {one.commit for one in asked}:
            if self.lookup.named(commit)[1] != "commit":
                self.away[commit] = "commits that this clone does not hold"
        told = {one.commit for one in asked if one.event.details.get("commit") == one.commit}
        there = told - self.away.keys()
        if there and self.repository.head:
            outside = self.repository.git.outside(there, self.repository.head)
            self.away |= dict.fromkeys(outside, "commits that are not in this history")

    def _of(self, one: Asked) -> tuple[Told, ...]:
        if one.commit in self.away:
            what = f"commit {one.commit[:12]}"
            return (Told(what, one.commit, None, self.away[one.commit]),)
        parts = self._same(one) or tuple(self._parts(one.event, one.commit))
        if not self.partial:
            return parts
        why = "files that this partial clone does not hold"
        return tuple(part if part.found else part._replace(unknown=why) for part in parts)

    def _same(self, one: Asked) -> tuple[Told, ...]:
        """Return an answer that follows from some files alone: once for each state of them."""
        known = self.lookup.known[one.commit]
        files = tuple([known.get(path, MISSING)[0] for path in self._needed(one.event)])
        if len(files) < 2 or "" in files[:2]:
            return ()
        key, claims = (one.event.subject, files), one.event.claims
        last = self.answers.get(key)
        if last is None or (last[0] is not claims and last[0] != claims):
            parts = tuple(self._parts(one.event, one.commit))
            found = self._sidecar(one.commit, key[0].partition(":")[2])
            if found is None or f"split:{found.split}" != key[0]:
                return parts  # the sidecar has another name than its data
            last = self.answers[key] = claims, parts
        return last[1]

    def _needed(self, one: Event) -> tuple[str, ...]:
        """Return the files that most answers need, from the top level; once for the same claims."""
        key = one.subject, id(one.claims)  # events outlive the answers: no other claims get this id
        if key not in self.needed:
            self.needed[key] = tuple(map(self.lookup.above, self._files(one)))
        return self.needed[key]

    def _files(self, one: Event) -> Iterator[str]:
        """Yield what an answer needs: a split's sidecar, what records the data, and its records."""
        kind, _, name = one.subject.partition(":")
        if kind == "split":
            yield name + SUFFIX
            if one.claims:
                git = _dict(one.claims.get("data")).get("hash") == "git"
                yield name if git else f"{name}.dvc"
            for layer in _dict(one.claims.get("layers")).values():
                path = self._records_path(name, _dict(layer))
                yield from (path + end for end in ("", ".dvc") if path)
        elif kind == "guideline" and name in self.guidelines:
            yield releases_path(self.guidelines[name])

    def _parts(self, one: Event, commit: str) -> Iterator[Told]:
        kind, _, name = one.subject.partition(":")
        if kind == "split":
            yield from self._split(one, commit, name)
        elif kind == "guideline" and "object" in one.claims:
            yield from self._release(one, commit, name)
            yield from self._guideline(name, one.claims)
        elif kind == "stage":
            yield from self._run(one, commit, name)
        elif one.claims:
            yield Told("claims", one.claims, None, f"nothing holds those of {kind} events")

    def _split(self, one: Event, commit: str, split: str) -> Iterator[Told]:
        found = self._sidecar(commit, split)
        if not one.claims or found is None:
            yield Told("a sidecar", bool(one.claims), found is not None)
            return
        claims, stated = _without_content(one.claims), split_claims(found, {})
        if claims == stated:
            yield Told("the sidecar", True, True)
        else:
            yield from _differences("the sidecar", claims, stated)
        yield self._data(one.claims, commit, found)
        for layer in filter(None, map(_dict, _dict(one.claims.get("layers")).values())):
            yield from self._records(layer, commit, split)
            yield from self._guideline(str(layer.get("guideline")), layer)

    def _run(self, one: Event, commit: str, stage: str) -> Iterator[Told]:
        """Yield what dvc.lock says of a stage."""
        path, _, key = stage.rpartition(":")
        lock = posixpath.join(posixpath.dirname(path), "dvc.lock")
        pipeline = _dict(self.home.value(commit, path, MAX_LOCK_BYTES))
        entries = _dict(_dict(self.home.value(commit, lock, MAX_LOCK_BYTES)).get("stages"))
        entry, defined = _dict(entries.get(key)), _dict(pipeline.get("stages"))
        there = bool(entry) and (key in defined or key.partition("@")[0] in defined)
        if not one.claims or not there:
            yield Told(f"a run of {key} in {lock}", bool(one.claims), there)
            return
        stated = run_claims(entry, dvc.bases(path, pipeline, entries)[key])
        yield Told(lock, True, True)
        yield from _differences(lock, one.claims, stated)

    def _sidecar(self, commit: str, split: str) -> Sidecar | None:
        path = split + SUFFIX
        key = self.lookup.at(commit, path)[0], path
        if key not in self.sidecars:
            value = self.home.value(commit, path)
            fits = value is not None and not misfits("sidecar", value)
            self.sidecars[key] = sidecar(path, value) if fits else None
            self.home.parsed.pop(key[0], None)
        return self.sidecars[key]

    def _data(self, claims: Mapping[str, Any], commit: str, one: Sidecar) -> Told:
        data, split = _dict(claims.get("data")), one.split
        what = "the hash of the data"
        if data.get("hash") == "git":
            return Told(
                f"{what} in Git", data.get("value"), self.lookup.at(commit, split)[0] or None
            )
        value = self._recorded(commit, split) or self._made(commit, split, one)
        if value:
            return Told(f"{what} that DVC recorded", data.get("value"), value)
        unknown = "data that neither a .dvc file beside it nor its stage in dvc.lock records"
        return Told(what, data.get("value"), None, unknown)

    def _recorded(self, commit: str, path: str) -> str:
        """Return the hash in the .dvc file beside some data."""
        pointer = f"{path}.dvc"
        object_, kind, size = self.lookup.at(commit, pointer)
        if kind != "blob" or size > LIMIT:
            return ""
        key = object_, pointer
        if key not in self.parsed:
            text = (self.objects.blob(object_) or b"").decode(errors="replace")
            found = dvc.plain_records(pointer, text)
            if found is None:
                found = dvc.records(pointer, self.home.value(commit, pointer))
            self.parsed[key] = next((one.value for one in found if one.path == path), "")
        value: str = self.parsed[key]
        return value

    def _made(self, commit: str, path: str, one: Sidecar) -> str:
        """Return the hash in the dvc.lock beside the dvc.yaml of the stage that makes some data."""
        where = (one.data.stage or "dvc.yaml:").rpartition(":")[0]
        lock = posixpath.join(posixpath.dirname(where), "dvc.lock")
        value = self.home.value(commit, where), self.home.value(commit, lock, MAX_LOCK_BYTES)
        found = {record.path: record.value for record in dvc.lock_records(where, *value)}
        return found.get(path, "")

    def _records(self, layer: Mapping[str, Any], commit: str, split: str) -> Iterator[Told]:
        told, path = _dict(layer.get("records")), self._records_path(split, layer)
        if not path or not any(key in told for key in CONTENT):
            return
        what = f"the hash of {path}"
        if value := self._recorded(commit, path):
            yield Told(f"{what} that DVC recorded", told.get("md5"), value)
            return
        object_, kind, size = self.lookup.at(commit, path)
        if kind != "blob":
            state = "a folder of Git" if kind else "neither in Git nor in a .dvc file beside them"
            yield Told(what, told.get("md5"), None, f"records that are {state}")
            return
        if "git" in told:
            yield Told(f"{what} in Git", told["git"], object_)
        if "md5" in told and size > LARGEST:
            yield Told(what, told["md5"], None, f"records in Git larger than {LARGEST >> 20} MiB")
        elif "md5" in told:
            yield Told(f"the MD5 of {path} in Git", told["md5"], self._md5(object_))

    def _md5(self, object_: str) -> str | None:
        key = object_, "md5"
        if key not in self.parsed:
            content = self.objects.blob(object_)
            self.parsed[key] = content and md5_of(content)
        found: str | None = self.parsed[key]
        return found

    @staticmethod
    def _records_path(split: str, layer: Mapping[str, Any]) -> str:
        path = _dict(layer.get("records")).get("path")
        if not isinstance(path, str):
            return ""
        return posixpath.normpath(posixpath.join(posixpath.dirname(split), path))

    def _guideline(self, id_: str, claims: Mapping[str, Any]) -> Iterator[Told]:
        """Yield whether the content of a guideline is there, and has the version that is told."""
        object_, version = claims.get("object"), claims.get("version")
        if not isinstance(object_, str) or not isinstance(version, str):
            return
        ref = self.guidelines.get(id_)
        contents = self._holding(ref) if ref else None
        if ref is None or contents is None:
            why = "not in labelmeta.yaml now"
            if ref is not None:
                why = "in a repository that was not fetched: `labelmeta check --fetch`"
            yield Told("the version of the guideline", version, None, f"guidelines {why}")
            return
        found = contents.version(object_, ref)
        if not found and (ref.repo is not None or self.repository.shallow):
            why = "guidelines whose content this clone does not hold"
            if ref.repo is not None:
                why = "guidelines whose content the clone of their repository does not hold"
            yield Told("the content of the guideline", object_, None, why)
        elif not found:
            yield Told(f"the content {object_[:12]} of guideline {id_}", True, False)
        else:
            yield Told("the version of the guideline", version, found)

    def _holding(self, ref: GuidelineRef) -> Contents | None:
        """Return the repository that a guideline is in, None where it was never fetched."""
        if ref.repo is None:
            return self.home
        if ref.repo not in self.clones:
            known = ref.repo in dict(self.settings.repos)
            folder = (
                clone_folder(self.repository.git.folder, self.settings, ref.repo) if known else None
            )
            self.clones[ref.repo] = None
            if folder is not None:
                bare = open_bare(folder)
                objects = self.stack.enter_context(bare.git.objects())
                self.clones[ref.repo] = Contents(bare, objects)
        return self.clones[ref.repo]

    def _release(self, one: Event, commit: str, id_: str) -> Iterator[Told]:
        """Yield whether the list of releases says what an event says of one."""
        ref = self.guidelines.get(id_)
        if ref is None or ref.repo is not None:
            return  # told with the content
        version = one.claims.get("version")
        listed = next((r for r in self.home.releases(commit, ref) if r.version == version), None)
        if listed is None and one.type != "released":
            return  # what is approved or retired need not be released
        what = f"release {version} of guideline {id_}"
        yield Told(what, one.claims["object"], listed.object if listed else None)
        approved = one.claims.get("approved_by")
        if listed is not None and one.type == "released" and isinstance(approved, list):
            names = [self.people[name] for name in approved if self._is_open(name)]
            there = {entry["name"] for entry in listed.approved_by}
            yield Told(f"who approved {what}", names, [name for name in names if name in there])

    def _is_open(self, name: object) -> bool:
        return isinstance(name, str) and name in self.people


def _dict(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}


def _without_content(claims: Mapping[str, Any]) -> dict[str, Any]:
    """Return the claims on a split without the hashes of its records, which no sidecar holds."""
    layers = {
        name: {**layer, "records": {"path": _dict(layer["records"]).get("path")}}
        if "records" in _dict(layer)
        else layer
        for name, layer in _dict(claims.get("layers")).items()
    }
    return {**claims, "layers": layers}


def _differences(
    where: str, claims: Mapping[str, Any], stated: Mapping[str, Any]
) -> Iterator[Told]:
    flat, other = _flat(claims), _flat(stated)
    for key in sorted(flat.keys() | other.keys()):
        if flat.get(key) != other.get(key):
            yield Told(f"{key} of {where}", flat.get(key), other.get(key))


def _flat(value: Any, start: str = "") -> dict[str, Any]:
    """Return the values that are no mappings by the keys that lead to them, with dots."""
    if not isinstance(value, Mapping) or not value:
        return {start: value}
    found: dict[str, Any] = {}
    for key, one in value.items():
        found |= _flat(one, f"{start}.{key}" if start else str(key))
    return found
