"""Guidelines at two revisions, or at one and in the working tree; judge nothing.

What has the same object on both sides is not read.
"""

from __future__ import annotations

import os
import posixpath
from collections import defaultdict
from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

from dvc_labelmeta.errors import BadConfig, LabelMetaError, NoSuchRevision, UnreadableFile
from dvc_labelmeta.model.config import CONFIG_FILE, Config, GuidelineRef, config
from dvc_labelmeta.model.guideline import Release
from dvc_labelmeta.model.migration import migrations_folder
from dvc_labelmeta.model.snapshot import enclosing
from dvc_labelmeta.model.version import Step, Steps, Version
from dvc_labelmeta.read.files import decode, misfits, parse, places
from dvc_labelmeta.read.git import TREE, Entry, Objects, Repository
from dvc_labelmeta.read.guidelines import (
    STRUCTURED,
    declared_by,
    releases,
    releases_path,
    structured_path,
)
from dvc_labelmeta.read.label_history import declared_labels, used_labels
from dvc_labelmeta.read.snapshot import leaves

# files of a guideline by name; Git's hash, or bytes where the working tree differs from HEAD
Files = Mapping[str, str | bytes]


class Ends(NamedTuple):
    """The two commits of a comparison; head: "" for the working tree."""

    base: str
    head: str


def ends(repository: Repository, objects: Objects, base: str, head: str) -> Ends:
    """Return what a user's `base` ("": HEAD) and `head` ("": the working tree) name.

    `base` may be a range: A..B, or A...B for what B did since it left A; an end left out is HEAD.
    Raises NoSuchRevision, LabelMetaError.
    """
    dots = "..." if "..." in base else ".." if ".." in base else ""
    if dots:
        base, _, head = (end or "HEAD" for end in base.partition(dots))
    first = _commit(repository, objects, base or "HEAD")
    second = _commit(repository, objects, head) if head else ""
    if dots == "...":
        found = repository.git.run("merge-base", first, second, ok=(0, 1)).decode().split()
        if not found:
            cut = " in this shallow clone; `git fetch --unshallow`" if repository.shallow else ""
            raise LabelMetaError(f"{base} and {head} have no commit in common{cut}")
        first = found[0]
    return Ends(first, second)


def _commit(repository: Repository, objects: Objects, rev: str) -> str:
    found = objects.get(rev + "^{commit}")
    if found is None and rev == "HEAD" and not repository.head:
        raise NoSuchRevision("nothing is committed yet, so there is nothing to compare with")
    return found[0] if found else repository.git.commit(rev)


def steps(
    repository: Repository, objects: Objects, span: Ends, only: GuidelineRef | None = None
) -> Steps:
    """Return the guidelines that differ between two ends.

    only: ask about this guideline and no other; one of another repository is looked for at the
    place it has now, and so is one that is asked about where neither end has a labelmeta.yaml.
    Where it is missing at one end, that of the other end says which guidelines there are. Raises
    BadConfig.
    """
    sides = [_Side(repository, objects, commit) for commit in span]
    if only and only.repo:
        listed, far = [{only.id: only}, {only.id: only}], set[str]()
    else:
        listed = _listed(sides, only)
        far = {ref.id for refs in listed for ref in refs.values() if ref.repo}
    here = [{id_: ref for id_, ref in refs.items() if id_ not in far} for refs in listed]
    for side, refs in zip(sides, here, strict=True):
        side.look(refs.values())
    found = {
        id_: _step(id_, sides, [refs.get(id_) for refs in here])
        for id_ in sorted({*here[0], *here[1]})
    }
    changed = tuple(step for step in found.values() if step)
    return Steps(
        *span,
        changed=_with_declared(repository, span, changed),
        same=tuple(id_ for id_, step in found.items() if step is None),
        apart=tuple(sorted(far)),
    )


def since(
    repository: Repository, objects: Objects, commit: str, published: Mapping[GuidelineRef, str]
) -> dict[str, Step | None]:
    """Return how guidelines differ at a commit ("": in the working tree) from an object of each.

    By id; None where they do not, or where the object is not in this clone.
    """
    side = _Side(repository, objects, commit)
    side.look(published)
    return {
        ref.id: _told(
            ref.id,
            [side, side],
            [ref, ref],
            [(object_, dict(_tree(objects, object_, ""))), side.files(ref.path)],
        )
        if objects.get(object_)
        else None
        for ref, object_ in published.items()
    }


def contents(
    repository: Repository, objects: Objects, commit: str, ref: GuidelineRef
) -> dict[str, bytes]:
    """Return the files of a guideline at a commit ("": in the working tree), by name.

    Raises LabelMetaError for one that is not in this clone.
    """
    side = _Side(repository, objects, commit)
    side.look([ref])
    found: dict[str, bytes] = {}
    for name, content in side.files(ref.path)[1].items():
        read = side.read(content)
        if read is None:
            path = posixpath.join(ref.path, name)
            raise LabelMetaError(f"{path} is not in this partial clone; `git fetch` it")
        found[name] = read
    return found


def stored(objects: Objects, object_: str) -> dict[str, bytes] | None:
    """Return the files that an object of a guideline holds, None where it is not in this clone."""
    found = {
        name: objects.blob(blob)
        for name, blob in (_tree(objects, object_, "") if objects.get(object_) else ())
    }
    known = {name: content for name, content in found.items() if content is not None}
    return known if known and len(known) == len(found) else None


def _listed(sides: list[_Side], only: GuidelineRef | None) -> list[dict[str, GuidelineRef]]:
    """Return the guidelines that labelmeta.yaml lists on each side, by id."""
    before, after = (side.content(CONFIG_FILE) for side in sides)
    current = sides[1].config()
    previous = current if before == after else sides[0].config()
    if previous is None and current is None:
        if only:
            return [{only.id: only}, {only.id: only}]
        raise BadConfig(f"there is no {CONFIG_FILE} at either end")
    return [
        {ref.id: ref for ref in settings.guidelines if only is None or ref.id == only.id}
        for settings in (previous or current, current or previous)
        if settings
    ]


class _Side:
    """One side of a comparison: a commit, or HEAD with what the working tree changed."""

    def __init__(self, repository: Repository, objects: Objects, commit: str) -> None:
        self.git, self.objects = repository.git, objects
        self.commit = commit or repository.head
        self.working = not commit
        self.edited: dict[str, list[str]] = defaultdict(list)  # by guideline path
        self.known: dict[str, dict[str, Entry]] = {}  # by folder, then name

    def look(self, refs: Iterable[GuidelineRef]) -> None:
        """Ask about all these guidelines at once."""
        paths = {ref.path for ref in refs}
        folders = {posixpath.dirname(self.git.above(path)) for path in paths}
        self.objects.ask(map(self._tree_name, sorted(folders)))
        if self.working and paths:
            # Git is slow with many pathspecs; the top level may hold much that is no guideline
            specs = {posixpath.dirname(path) or path for path in paths}
            asked = sorted(f":(top,literal){self.git.above(spec)}" for spec in specs)
            for path in self.git.status(asked):
                for place in {path, *enclosing(path)} & paths:
                    self.edited[place].append(path)

    def entry(self, path: str) -> Entry | None:
        """Return what stands at a path from the root in the commit."""
        folder, name = posixpath.split(self.git.above(path))
        if folder not in self.known:
            found = self.objects.entries(self._tree_name(folder))
            self.known[folder] = {entry.name: entry for entry in found}
        return self.known[folder].get(name)

    def _tree_name(self, folder: str) -> str:
        return f"{self.commit}:{folder}" if folder else f"{self.commit}^{{tree}}"

    def config(self) -> Config | None:
        """Return what labelmeta.yaml says on this side, None where there is none."""
        content = self.content(CONFIG_FILE)
        if content is None:
            return None
        at = f"{CONFIG_FILE}{self.where}"
        try:
            text = decode(content)
            value = parse(text)
        except UnreadableFile as error:
            raise BadConfig(f"{at}:{error.line}:{error.column}: {error}") from None
        try:
            return self._settings(value)
        except BadConfig as error:
            ((line, column),) = places(text, [error.pointer])
            raise BadConfig(f"{at}:{line}:{column}: {error}") from None

    def _settings(self, value: Any) -> Config:
        problems = misfits("config", value)
        if problems:
            raise BadConfig(problems[0][1], problems[0][0])
        settings = config(value)
        for ref in settings.guidelines:
            if not ref.repo and leaves(ref.path, self.git.prefix.count("/")):
                message = f"guideline {ref.id!r}: {ref.path} leaves the repository"
                raise BadConfig(message, ("guidelines", ref.id, "path"))
        return settings

    @property
    def where(self) -> str:
        """How messages name this side, after a path."""
        return "" if self.working else f" at {self.commit[:12]}"

    def content(self, path: str) -> bytes | None:
        """Return the content of one file from the root, None where there is none."""
        if self.working:
            return _on_disk(os.path.join(self.git.folder, path))
        found = self.objects.get(f"{self.commit}:{self.git.above(path)}")
        return found[2] if found and found[1] == "blob" else None

    def folder(self, path: str) -> dict[str, bytes]:
        """Return the files of a folder from the root by name; nothing where there is none."""
        if self.working:
            place = os.path.join(self.git.folder, path)
            names = sorted(os.listdir(place)) if os.path.isdir(place) else []
        else:
            tree = f"{self.commit}:{self.git.above(path)}"
            names = [entry.name for entry in self.objects.entries(tree)]
        read = {name: self.content(posixpath.join(path, name)) for name in names}
        return {name: content for name, content in read.items() if content is not None}

    def files(self, path: str) -> tuple[str, Files]:
        """Return the object of the guideline at a path ("": not committed), and its files.

        A guideline that is a file has one, named "".
        """
        entry = self.entry(path)
        known = dict(_tree(self.objects, entry.object, "")) if entry else {}
        files: dict[str, str | bytes] = {**known}
        for one in self.edited.get(path, ()):
            name = one[len(path) + 1 :]
            content = _on_disk(os.path.join(self.git.folder, one))
            if content is None:
                files.pop(name, None)
            elif name not in known or self.read(known[name]) != content:  # its mode may differ
                files[name] = content
        return (entry.object if entry and files == known else ""), files

    def unedited(self, path: str) -> str:
        """Return the object of a guideline that the working tree leaves as it is, else ""."""
        entry = None if path in self.edited else self.entry(path)
        return entry.object if entry else ""

    def releases(self, ref: GuidelineRef) -> tuple[Release, ...]:
        """Return what was released; a releases file with faults is what `check` is about."""
        content = None if ref.repo else self.content(releases_path(ref))
        try:
            value = parse(decode(content)) if content else None
        except UnreadableFile:
            return ()
        return releases(value) if value and not misfits("releases", value) else ()

    def read(self, content: str | bytes) -> bytes | None:
        """Return the bytes of a file of a guideline; None: not in this partial clone."""
        return content if isinstance(content, bytes) else self.objects.blob(content)


def _on_disk(path: str) -> bytes | None:
    """Return what Git would store of a file: of a symbolic link, where it points to."""
    try:
        if os.path.islink(path):
            return os.fsencode(os.readlink(path))
        with open(path, "rb") as file:
            return file.read()
    except (FileNotFoundError, NotADirectoryError, IsADirectoryError):
        return None
    except OSError as error:
        raise LabelMetaError(f"{path} cannot be read: {error.strerror}") from None


def _tree(objects: Objects, object_: str, name: str) -> Iterable[tuple[str, str]]:
    """Yield (name, blob) of all files below an object; a file by itself has the name ""."""
    found = objects.get(object_)
    if found is None or found[1] != TREE:
        yield name, object_  # also what is not in a partial clone, and the commit of a submodule
        return
    entries = objects.entries(object_)
    objects.ask(entry.object for entry in entries if entry.mode == "40000")
    for entry in entries:
        inner = posixpath.join(name, entry.name)
        if entry.mode == "40000":
            yield from _tree(objects, entry.object, inner)
        else:
            yield inner, entry.object


def _step(id_: str, sides: list[_Side], refs: list[GuidelineRef | None]) -> Step | None:
    """Return how one guideline differs between the sides, None where it does not."""
    if refs[0] and refs[1] and refs[0].path == refs[1].path:
        objects = [side.unedited(refs[1].path) for side in sides]
        if objects[0] and objects[0] == objects[1]:
            return None
    found = [
        side.files(ref.path) if ref else ("", {}) for side, ref in zip(sides, refs, strict=True)
    ]
    return _told(id_, sides, refs, found)


def _told(
    id_: str,
    sides: list[_Side],
    refs: list[GuidelineRef | None],
    found: list[tuple[str, Files]],
) -> Step | None:
    """Return how the files of a guideline differ, None where they do not."""
    (_, before), (new, after) = found
    if before == after and _path(refs[0]) == _path(refs[1]):
        return None
    named = posixpath.basename(_path(refs[1]) or _path(refs[0]))
    names = {name: name or named for name in {**before, **after}}
    changed = {name: names[name] for name in names if before.get(name) != after.get(name)}
    one_sided = before and after and (STRUCTURED in before) != (STRUCTURED in after)
    step = Step(id_, None, None, committed=bool(new or not after))
    try:
        versions = [
            _version(side, ref, object_, files, names if one_sided else changed)
            if ref and files
            else None
            for side, ref, (object_, files) in zip(sides, refs, found, strict=True)
        ]
    except UnreadableFile as error:
        return step._replace(fault=str(error))
    previous, current = (
        one and one._replace(others=one.others & {*changed.values()}) for one in versions
    )
    return step._replace(
        previous=previous,
        current=current,
        republished=_republished(sides, refs, current, after),
        labels=_labels(sides[1], refs[1], previous, current),
        used=_used(sides[1], refs, previous, current),
    )


def _labels(
    side: _Side, ref: GuidelineRef | None, previous: Version | None, current: Version | None
) -> Mapping[str, tuple[str, ...]]:
    if not ref or ref.repo or not (previous and previous.structure and current):
        return {}
    files = side.folder(migrations_folder(ref.path, ref.id))
    return declared_labels(files, previous.number, current.number)


def _used(
    side: _Side,
    refs: list[GuidelineRef | None],
    previous: Version | None,
    current: Version | None,
) -> Mapping[str, Mapping[str, Any]]:
    if not side.commit or not (previous and previous.structure and current and current.structure):
        return {}
    before, after = (
        {label["id"] for label in one.get("labels", ())}
        for one in (previous.structure, current.structure)
    )
    paths = {side.git.above(ref.path) for ref in refs if ref}
    asked = (side.git, side.objects, side.commit)
    return used_labels(*asked, paths, previous.number, after - before)


def _path(ref: GuidelineRef | None) -> str:
    return ref.path if ref else ""


def _version(
    side: _Side, ref: GuidelineRef, object_: str, files: Files, names: Mapping[str, str]
) -> Version:
    """Read one side of a guideline: its structure, and files under the `names` they are told by.

    Raises UnreadableFile, whose text names the place.
    """
    where = structured_path(ref.path, folder="" not in files)
    part = "" if "" in files else STRUCTURED
    structure = _structure(side, where, files[part]) if where and part in files else None
    texts: dict[str, str] = {}
    others: set[str] = set()
    for one in sorted(names.keys() & files.keys()):
        if structure is not None and one == part:
            continue
        content = side.read(files[one])
        if content is None:
            path = posixpath.join(ref.path, one).rstrip("/")
            raise UnreadableFile(f"{path} is not in this partial clone; `git fetch` it")
        try:
            texts[names[one]] = decode(content)
        except UnreadableFile:
            others.add(names[one])
    number = str(structure["version"]) if structure else object_[:12]
    return Version(ref.path, number, object_, structure, texts, frozenset(others))


def _structure(side: _Side, path: str, content: str | bytes) -> Mapping[str, Any]:
    text = decode(side.read(content) or b"")
    try:
        value = parse(text)
        problems = misfits("guideline", value)
    except UnreadableFile as error:
        raise UnreadableFile(f"{path}{side.where}:{error.line}:{error.column}: {error}") from None
    if problems:
        ((line, column),) = places(text, [problems[0][0]])
        raise UnreadableFile(f"{path}{side.where}:{line}:{column}: {problems[0][1]}")
    structure: Mapping[str, Any] = value
    return structure


def _republished(
    sides: list[_Side], refs: list[GuidelineRef | None], current: Version | None, after: Files
) -> bool:
    """Whether either side lists the current version as released with other content."""
    if current is None or current.structure is None:
        return False
    released = {
        one.object
        for side, ref in zip(sides, refs, strict=True)
        for one in (side.releases(ref) if ref else ())
        if one.version == current.number
    }
    if current.object:
        return bool(released - {current.object})
    return any(_differs(sides[1], object_, after) for object_ in released)


def _differs(side: _Side, object_: str, files: Files) -> bool:
    """Whether a released object holds other files than the working tree; False: it is not here."""
    if side.objects.get(object_) is None:
        return False
    known = dict(_tree(side.objects, object_, ""))
    return known.keys() != files.keys() or any(
        side.read(known[name]) != side.read(content) for name, content in files.items()
    )


def _with_declared(
    repository: Repository, span: Ends, changed: tuple[Step, ...]
) -> tuple[Step, ...]:
    """Add what the commits between two ends declare; known only where one follows the other."""
    prose = {
        step.id: {repository.git.above(one.path) for one in (step.previous, step.current) if one}
        for step in changed
        if step.current and step.current.structure is None and step.committed
    }
    head = span.head or repository.head
    if not prose or repository.git.outside([span.base], head):
        return changed
    asked = sorted({path for paths in prose.values() for path in paths})
    touching = [*repository.git.touching(f"{span.base}..{head}", asked)]
    declared = {
        id_: declared_by(
            [
                commit
                for commit, names in touching
                if any(n == path or n.startswith(path + "/") for n in names for path in paths)
            ]
        )
        for id_, paths in prose.items()
    }
    return tuple(step._replace(declared=declared.get(step.id, step.declared)) for step in changed)
