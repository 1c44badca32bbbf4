"""Guidelines at two revisions, or at one and in the working tree; judge nothing.

What has the same object on both sides is not read.
"""

from __future__ import annotations

import posixpath
from collections.abc import Mapping
from typing import Any, NamedTuple

from dvc_labelmeta.errors import BadConfig, LabelMetaError, NoSuchRevision, UnreadableFile
from dvc_labelmeta.model.config import CONFIG_FILE, GuidelineRef
from dvc_labelmeta.model.guideline import STRUCTURED, structured_path
from dvc_labelmeta.model.migration import migrations_folder
from dvc_labelmeta.model.version import Step, Steps, Version
from dvc_labelmeta.read.files import decode, misfits, parse, places
from dvc_labelmeta.read.git import Objects, Repository
from dvc_labelmeta.read.guidelines import declared_by
from dvc_labelmeta.read.label_history import declared_labels, used_labels
from dvc_labelmeta.read.sides import Files, Side, tree_files


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
    sides = [Side(repository, objects, commit) for commit in span]
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
    side = Side(repository, objects, commit)
    side.look(published)
    return {
        ref.id: _told(
            ref.id,
            [side, side],
            [ref, ref],
            [(object_, dict(tree_files(objects, object_, ""))), side.files(ref.path)],
        )
        if objects.get(object_)
        else None
        for ref, object_ in published.items()
    }


def between(
    repository: Repository, objects: Objects, ref: GuidelineRef, previous: str, current: str
) -> Step | None:
    """Return how two objects of a guideline differ; None where they do not.

    Migrations and earlier labels are looked for at HEAD. Both objects are in this clone.
    """
    side = Side(repository, objects, repository.head)
    side.look([ref])
    found: list[tuple[str, Files]] = [
        (one, dict(tree_files(objects, one, ""))) for one in (previous, current)
    ]
    return _told(ref.id, [side, side], [ref, ref], found)


def contents(
    repository: Repository, objects: Objects, commit: str, ref: GuidelineRef
) -> dict[str, bytes]:
    """Return the files of a guideline at a commit ("": in the working tree), by name.

    Raises LabelMetaError for one that is not in this clone.
    """
    side = Side(repository, objects, commit)
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
        for name, blob in (tree_files(objects, object_, "") if objects.get(object_) else ())
    }
    known = {name: content for name, content in found.items() if content is not None}
    return known if known and len(known) == len(found) else None


def _listed(sides: list[Side], only: GuidelineRef | None) -> list[dict[str, GuidelineRef]]:
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


def _step(id_: str, sides: list[Side], refs: list[GuidelineRef | None]) -> Step | None:
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
    sides: list[Side],
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
    side: Side, ref: GuidelineRef | None, previous: Version | None, current: Version | None
) -> Mapping[str, tuple[str, ...]]:
    if not ref or ref.repo or not (previous and previous.structure and current):
        return {}
    files = side.folder(migrations_folder(ref.path, ref.id))
    return declared_labels(files, previous.number, current.number)


def _used(
    side: Side,
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
    side: Side, ref: GuidelineRef, object_: str, files: Files, names: Mapping[str, str]
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


def _structure(side: Side, path: str, content: str | bytes) -> Mapping[str, Any]:
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
    sides: list[Side], refs: list[GuidelineRef | None], current: Version | None, after: Files
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


def _differs(side: Side, object_: str, files: Files) -> bool:
    """Whether a released object holds other files than the working tree; False: it is not here."""
    if side.objects.get(object_) is None:
        return False
    known = dict(tree_files(side.objects, object_, ""))
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
