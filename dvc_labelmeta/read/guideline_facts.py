"""What guidelines say, and what was published of them before: for the rules that only `check` asks.

A guideline whose content was released as it is costs no question to Git.
"""

from __future__ import annotations

import json
import posixpath
from collections import defaultdict
from collections.abc import Mapping
from typing import Any, NamedTuple

from dvc_labelmeta.errors import UnreadableFile
from dvc_labelmeta.model.codeowners import Ownership
from dvc_labelmeta.model.config import GuidelineRef
from dvc_labelmeta.model.guideline import STRUCTURED, Guideline
from dvc_labelmeta.model.guideline_facts import (
    GuidelineFacts,
    Published,
    Unsigned,
    approvals,
    newest,
)
from dvc_labelmeta.model.snapshot import Snapshot
from dvc_labelmeta.read.git import Commit, Git, Objects, Repository
from dvc_labelmeta.read.guidelines import Parsed, Pins, releases_path
from dvc_labelmeta.read.owners import codeowners_in
from dvc_labelmeta.read.source import Source

# what is said about a version, not to annotators
_ABOUT = {"schema", "id", "version", "status", "owners", "approved_by", "effective_from"}
_ABOUT |= {"change_note", "changes", "review_every"}


class Reading(NamedTuple):
    """What there is to read from: one project at one revision."""

    snapshot: Snapshot
    source: Source
    repository: Repository
    objects: Objects
    local: Pins

    @property
    def commit(self) -> str:
        """The commit whose files are read, "" for the working tree."""
        return self.repository.head if self.snapshot.rev else ""


def with_guideline_facts(reading: Reading, parsed: Mapping[str, Parsed]) -> Snapshot:
    """Return the snapshot with facts about the structured guidelines of this repository."""
    snapshot = reading.snapshot
    linked = _linked(snapshot)
    facts = {
        id_: _stated(snapshot.guidelines[id_], one, linked[id_])
        for id_, one in parsed.items()
        if snapshot.guidelines[id_].repo is None
    }
    facts = _with_steps(reading, facts)
    facts = {id_: _with_history(reading, id_, one) for id_, one in facts.items()}
    reading.local.past.keep()
    governed = snapshot.config.profile != "link" or any(one.approvals for one in facts.values())
    return snapshot._replace(
        guideline_facts=facts, codeowners=_codeowners(reading) if governed else None
    )


def _linked(snapshot: Snapshot) -> Mapping[str, list[Published]]:
    """Return by guideline the contents in the history of HEAD that splits are linked to."""
    found: dict[str, list[Published]] = defaultdict(list)
    for one in snapshot.sidecars:
        for layer in one.layers:
            link, pin = layer.guideline, snapshot.pin(layer)
            if pin and (pin.in_history or pin.found):
                found[link.id].append(Published(link.version, link.object, one.path))
    return found


def _stated(guideline: Guideline, parsed: Parsed, linked: list[Published]) -> GuidelineFacts:
    """Return what the files say of one guideline, without asking Git."""
    where = releases_path(GuidelineRef(guideline.id, guideline.path))
    releases = (Published(one.version, one.object, where) for one in guideline.releases)
    published = tuple(dict.fromkeys((*releases, *linked)))
    version, head = str(parsed.structure["version"]), guideline.head
    object_ = head.object if head and not guideline.dirty else ""
    entry = next((one for one in guideline.releases if one.version == version), None)
    return GuidelineFacts(
        parsed.path,
        parsed.structure,
        published,
        newest(published, (version, object_)),
        dirty=guideline.dirty,
        released_by=approvals(entry.approved_by) if entry and entry.object == object_ else (),
    )


def _with_steps(reading: Reading, facts: Mapping[str, GuidelineFacts]) -> dict[str, GuidelineFacts]:
    """Add what changed since the version before, where that is not released as it is."""
    guidelines = reading.snapshot.guidelines
    asked = {
        GuidelineRef(id_, guidelines[id_].path): one.base.object
        for id_, one in facts.items()
        if one.base and not _released(guidelines[id_], one)
    }
    if not asked:
        return dict(facts)
    from dvc_labelmeta.read.versions import since  # noqa: PLC0415  # only where something changed

    steps = since(reading.repository, reading.objects, reading.commit, asked)
    return {
        id_: one._replace(step=steps[id_], migrated=_migrated(reading, guidelines[id_], one))
        if steps.get(id_)
        else one
        for id_, one in facts.items()
    }


def _migrated(reading: Reading, guideline: Guideline, facts: GuidelineFacts) -> bool:
    """Whether there is a migration to the version that stands there now."""
    try:
        return reading.source.read(migration_path(guideline, facts.version)) is not None
    except UnreadableFile:
        return True  # `migrate` tells what is wrong with it


def migration_path(guideline: Guideline, version: str) -> str:
    """Return where it is written how labels are carried over to a version."""
    folder = posixpath.join(posixpath.dirname(guideline.path), f"{guideline.id}.migrations")
    return posixpath.join(folder, f"{version}.yaml")


def _released(guideline: Guideline, facts: GuidelineFacts) -> bool:
    """Whether what is there now was released, under its version."""
    now = (facts.version, guideline.head.object if guideline.head else "")
    return not facts.dirty and any((r.version, r.object) == now for r in guideline.releases)


def _with_history(reading: Reading, id_: str, facts: GuidelineFacts) -> GuidelineFacts:
    """Add who made the version, whether it is signed, and the digest that approvals may name."""
    settings = reading.snapshot.config
    approved = bool(facts.approvals or facts.released_by) and settings.profile != "link"
    if approved or settings.require_signed:
        path = reading.repository.git.above(reading.snapshot.guidelines[id_].path)
        log = reading.local.past.log("", [path]) if reading.repository.head else []
        commits = _until(reading.objects, log, path, facts.base)
        git = reading.repository.git
        facts = facts._replace(authors=authors(git, commits))
        if settings.require_signed:
            asked = (Unsigned(commit, git.unverified(commit)) for commit in commits)
            facts = facts._replace(unsigned=tuple(one for one in asked if one.reason))
    if any(one.change.startswith("sha256:") for one in facts.approvals):
        from dvc_labelmeta.read.versions import contents  # noqa: PLC0415  # as above

        ref = GuidelineRef(id_, reading.snapshot.guidelines[id_].path)
        files = contents(reading.repository, reading.objects, reading.commit, ref)
        facts = facts._replace(digest=digest(facts.structure, files))
    return facts


def makers(
    repository: Repository, objects: Objects, path: str, base: Published | None
) -> tuple[str, ...]:
    """Return names and addresses of those who committed a guideline since the version before."""
    if not repository.head:
        return ()
    above = repository.git.above(path)
    log = repository.git.log(repository.head, "--", f":(top,literal){above}")
    return authors(repository.git, _until(objects, log, above, base))


def authors(git: Git, commits: list[str]) -> tuple[str, ...]:
    """Return the name, the address and the first part of the address of each author."""
    form = "--format=%an%x00%ae"
    told = git.run("log", "--no-walk", "-z", form, *commits) if commits else b""
    found: dict[str, None] = {}
    words = told.decode(errors="replace").split("\0")
    for name, email in zip(words[::2], words[1::2], strict=False):
        found |= dict.fromkeys((name, email, email.partition("@")[0]))
    return tuple(found)


def _until(objects: Objects, log: list[Commit], path: str, base: Published | None) -> list[str]:
    """Return those commits of a log, newest first, that came after the version before."""
    found: list[str] = []
    for commit in log:
        entry = objects.entry(commit.hash, path)
        if base is not None and entry is not None and entry.object == base.object:
            break
        found.append(commit.hash)
    return found


def digest(structure: Mapping[str, Any], files: Mapping[str, bytes]) -> str:
    """Return a hash of all that annotators read: it stays the same when approvals are added.

    files: by name from the guideline's folder; line ends do not matter.
    """
    import hashlib  # noqa: PLC0415  # OpenSSL starts slowly; few projects need it

    read = {key: value for key, value in structure.items() if key not in _ABOUT}
    others = {
        name: hashlib.sha256(content.replace(b"\r\n", b"\n")).hexdigest()
        for name, content in files.items()
        if name not in (STRUCTURED, "")
    }
    whole = json.dumps([read, others], sort_keys=True, ensure_ascii=True)
    return "sha256:" + hashlib.sha256(whole.encode()).hexdigest()


def _codeowners(reading: Reading) -> tuple[Ownership, ...]:
    up = "../" * reading.repository.git.prefix.count("/")
    return codeowners_in(lambda path: reading.source.read(up + path))
