"""From a guideline as it stands to a release of it, as edits; or all that is owed first."""

from __future__ import annotations

import posixpath
from codecs import BOM_UTF8
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from dvc_labelmeta.checks.catalogue import judge
from dvc_labelmeta.checks.governance import valid
from dvc_labelmeta.checks.rule import PROJECT
from dvc_labelmeta.diff.catalogue import bump as bump_of
from dvc_labelmeta.diff.comparison import Comparison, compared, least_number
from dvc_labelmeta.diff.summary import summary
from dvc_labelmeta.errors import Refused
from dvc_labelmeta.model.config import GuidelineRef
from dvc_labelmeta.model.guideline import STRUCTURED, Edition, Guideline, semver
from dvc_labelmeta.model.guideline_facts import GuidelineFacts, Published, approvals, newest
from dvc_labelmeta.model.snapshot import Snapshot
from dvc_labelmeta.read.files import decode, misfits, parse
from dvc_labelmeta.read.future import object_of
from dvc_labelmeta.read.git import Objects, Repository
from dvc_labelmeta.read.guideline_facts import digest, makers, migration_path
from dvc_labelmeta.read.guidelines import releases_path
from dvc_labelmeta.read.versions import contents, since
from dvc_labelmeta.write.edits import Edit, content
from dvc_labelmeta.write.releases import archived, changelog, released_guideline, releases_file

# what keeps a release back although `check` may only warn of it
_OWED = ("LM501",)


class Wish(NamedTuple):
    """What the user asked for; "" = decide from what is there. today: ISO date."""

    bump: str
    note: str
    approved_by: tuple[str, ...]
    effective_from: str
    today: str


class Site(NamedTuple):
    """One guideline of a project, and where it is read from."""

    snapshot: Snapshot
    repository: Repository
    objects: Objects
    guideline: Guideline
    facts: GuidelineFacts

    @property
    def ref(self) -> GuidelineRef:
        """The guideline as labelmeta.yaml lists it."""
        return GuidelineRef(self.guideline.id, self.guideline.path)

    def beside(self, suffix: str) -> str:
        """Return the path of a file beside the guideline."""
        folder = posixpath.dirname(self.guideline.path)
        return posixpath.join(folder, f"{self.guideline.id}.{suffix}")


class Plan(NamedTuple):
    """A release that may be written; files: what is released, by name. stated: guideline.yaml."""

    version: str
    edits: tuple[Edit, ...]
    files: Mapping[str, bytes]
    found: Comparison | None
    stated: Mapping[str, Any]


def site(snapshot: Snapshot, repository: Repository, objects: Objects, id_: str) -> Site:
    """Return a structured guideline of this repository. Raises Refused for any other."""
    guideline, facts = snapshot.guidelines.get(id_), snapshot.guideline_facts.get(id_)
    if guideline is None:
        known = ", ".join(snapshot.guidelines) or "none"
        raise Refused(f"labelmeta.yaml lists no guideline {id_!r}; it lists {known}")
    if guideline.repo:
        raise Refused(f"guideline {id_!r} is in repository {guideline.repo!r}; release it there")
    if facts is None:
        faults = (f.message for f in snapshot.faults if f.place.path.startswith(guideline.path))
        reason = next(faults, "it has no guideline.yaml, so its version is its content")
        raise Refused(f"guideline {id_!r} cannot be read: {reason}")
    return Site(snapshot, repository, objects, guideline, facts)


def released(at: Site) -> bool:
    """Whether what is there now is in the releases file, under its version."""
    now = next((r for r in at.guideline.releases if r.version == at.facts.version), None)
    return now is not None and now.object == _object(at, {})


def _object(at: Site, planned: Mapping[str, bytes]) -> str:
    git, head = at.repository.git, at.repository.head
    return object_of(git, head, at.guideline.path, planned)


def plan(at: Site, wish: Wish) -> Plan:
    """Return the release of what is there now. Raises Refused with all that is owed for it."""
    base = _base(at)
    step = None
    if base is not None:
        step = since(at.repository, at.objects, "", {at.ref: base.object})[at.guideline.id]
    found = compared(step) if step else None
    if found is not None and found.step.fault:
        raise Refused(found.step.fault)
    version = _number(at, wish, base, found)
    files = contents(at.repository, at.objects, "", at.ref)
    said = digest(at.facts.structure, files)
    edit, structure = _stated(at, _values(at, wish, found, version, said))
    after = edit.after or b""
    head = Edition(_object(at, {edit.path: after}), version, structure["status"])
    _refuse_owed(_planned(at, found, base, structure, head, said), wish.today)
    files["" if edit.path == at.guideline.path else STRUCTURED] = after
    listed = _listed(at, version, head.object, structure)
    edits = (edit, listed, _told(at, version, structure, found))
    return Plan(version, edits, files, found, structure)


def _stated(at: Site, values: Mapping[str, Any]) -> tuple[Edit, Mapping[str, Any]]:
    """Return the edit of guideline.yaml, and what is stated of the release.

    A content that splits are linked to under this very version stays as it is: all that is new is
    stated in the releases file alone.
    """
    before = content(at.snapshot.root, at.facts.path) or b""
    head = at.guideline.head
    relied = [one.version for one in at.facts.published if head and one.object == head.object]
    if values["version"] in relied and not at.facts.dirty:
        return Edit(at.facts.path, before, before), {**at.facts.structure, **values}
    text = released_guideline(decode(before), values)
    structure = parse(text)
    if problems := misfits("guideline", structure):
        raise Refused(f"{at.facts.path} would not fit its schema: {problems[0][1]}")
    mark = BOM_UTF8 if before.startswith(BOM_UTF8) else b""
    return Edit(at.facts.path, before, mark + text.encode()), structure


def _base(at: Site) -> Published | None:
    """Return the version before; an entry that was written but never committed is none.

    Raises Refused where it is not in this clone.
    """
    now = at.guideline.head.object if at.guideline.head and not at.facts.dirty else ""
    base = newest(_known(at, at.facts.version), (at.facts.version, now))
    if base is not None and not at.objects.get(base.object):
        raise Refused(
            f"version {base.version} of {at.guideline.id!r} is not in this clone; "
            "`git fetch --unshallow`, or fetch the branch that holds it"
        )
    return base


def _known(at: Site, version: str) -> Iterator[Published]:
    """Yield what was published; what was written for a version and never committed is not."""
    for one in at.facts.published:
        if one.version != version or at.objects.get(one.object):
            yield one


def _number(at: Site, wish: Wish, base: Published | None, found: Comparison | None) -> str:
    """Return the version to release: raised as asked, as the author did, or as is needed."""
    if base is None or found is None:
        if wish.bump:
            raise Refused(f"nothing before {at.facts.version} was published: leave --bump out")
        return at.facts.version
    if wish.bump:
        return least_number(base.version, wish.bump)
    if at.facts.version != base.version:
        return at.facts.version
    if found.needed == "unknown":
        raise Refused(
            f"{at.guideline.id!r}: prose changed, and only its author can say how much: "
            "--bump patch, minor or major"
        )
    return least_number(base.version, "patch" if found.needed == "none" else found.needed)


def _values(
    at: Site, wish: Wish, found: Comparison | None, version: str, said: str
) -> dict[str, Any]:
    """Return the fields of guideline.yaml that a release sets, as they shall be."""
    entries = []
    for words in wish.approved_by:
        name, _, role = words.partition(":")
        entry = {"name": name, "role": role, "at": wish.today, "change": said}
        entries.append({key: value for key, value in entry.items() if value})
    before = found.step if found else None
    still = {one.name for one in valid(at.facts._replace(digest=said, step=before))}
    kept = [one for one in at.facts.structure.get("approved_by", ()) if one["name"] in still]
    names = {one["name"] for one in entries}
    everyone = [one for one in kept if one["name"] not in names] + entries
    values = {"version": version, "effective_from": wish.effective_from or wish.today}
    if wish.note:
        values["change_note"] = wish.note
    if everyone or "approved_by" in at.facts.structure:
        return values | {"approved_by": everyone}
    return values


def _planned(
    at: Site,
    found: Comparison | None,
    base: Published | None,
    structure: Mapping[str, Any],
    head: Edition,
    said: str,
) -> Snapshot:
    """Return the snapshot as it will be once the release is committed."""
    id_, version = at.guideline.id, head.version
    step = found.step if found else None
    if step is not None and step.current is not None:
        current = step.current._replace(number=version, structure=structure, object=head.object)
        step = step._replace(current=current, republished=False)
    target = migration_path(at.guideline, version)
    facts = at.facts._replace(
        structure=structure,
        published=tuple(_known(at, version)),
        base=base,
        step=step,
        authors=makers(at.repository, at.objects, at.guideline.path, base),
        digest=said,
        migrated=content(at.snapshot.root, target) is not None,
        dirty=False,
        released_by=(),
    )
    guideline = at.guideline._replace(head=head, dirty=False)
    return at.snapshot._replace(
        guidelines={**at.snapshot.guidelines, id_: guideline},
        guideline_facts={id_: facts},
    )


def _refuse_owed(planned: Snapshot, today: str) -> None:
    """Raise Refused with every finding about the release that keeps it back."""
    (id_,) = planned.guideline_facts
    findings = [
        f
        for f in judge(planned, today, scopes=(PROJECT,)).findings
        if f.guideline == id_ and f.code[:3] in ("LM2", "LM5")
    ]
    owed = [f for f in findings if f.severity == "error" or f.code in _OWED]
    if owed:
        told = "\n".join(f"  {f.code} {f.message}\n    fix: {f.fix}" for f in owed)
        raise Refused(f"{id_!r} cannot be released yet; nothing was written:\n{told}")


def _listed(at: Site, version: str, object_: str, structure: Mapping[str, Any]) -> Edit:
    """Return the edit of the releases file: the new entry, and commits that are known by now."""
    path = releases_path(at.ref)
    before = content(at.snapshot.root, path)
    entries: dict[str, dict[str, Any]] = dict(_commits(at))
    entries[version] = {
        "object": object_,
        "approvals": structure.get("approved_by") or None,
        "change_note": structure.get("change_note"),
        "effective_from": structure.get("effective_from"),
        "commit": None,
    }
    text = decode(before or b"")
    after = releases_file(text, parse(text) if text else None, entries)
    return Edit(path, before, after.encode())


def _commits(at: Site) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield the releases that lack their commit, with the newest one that has their content."""
    wanted = {one.object: one.version for one in at.guideline.releases if not one.commit}
    if not wanted or not at.repository.head:
        return
    path = at.repository.git.above(at.guideline.path)
    for commit in at.repository.git.log(at.repository.head, "--", f":(top,literal){path}"):
        entry = at.objects.entry(commit.hash, path)
        version = wanted.pop(entry.object, None) if entry else None
        if version:
            yield version, {"commit": commit.hash}


def _told(at: Site, version: str, structure: Mapping[str, Any], found: Comparison | None) -> Edit:
    """Return the edit of the changelog."""
    path = at.beside("changelog.md")
    before = content(at.snapshot.root, path)
    body = [f"Effective from {structure['effective_from']}."]
    names = ", ".join(one.name for one in approvals(structure.get("approved_by", ())))
    body += [f"Approved by {names}."] if names else []
    body += ["", structure["change_note"]] if "change_note" in structure else []
    changes = [
        f"- {bump_of(one)}: {summary(one)}"
        for one in (found.operations if found else ())
        if one.rule not in ("VERSION_CHANGED", "GOVERNANCE_ONLY")
    ]
    body += ["", *(changes or ["- first release"])]
    after = changelog(decode(before or b""), at.guideline.id, version, body)
    return Edit(path, before, after.encode())


def archive(at: Site, version: str, files: Mapping[str, bytes]) -> list[Edit]:
    """Return the edits that keep a version as files."""
    if semver(version) is None:  # it becomes the name of a folder
        raise Refused(f"{version!r} is no semantic version, so it cannot be archived")
    named = posixpath.basename(at.guideline.path)
    kept = archived(at.beside("archive"), version, {n or named: f for n, f in files.items()})
    return [Edit(path, content(at.snapshot.root, path), after) for path, after in kept.items()]
