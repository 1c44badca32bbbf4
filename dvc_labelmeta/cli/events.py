"""What a command changed, as events of the ledger that are written together with it."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from dvc_labelmeta.errors import LabelMetaError, Refused, UnreadableFile
from dvc_labelmeta.model.claims import MERGED, PERSONS, kind_of, split_claims
from dvc_labelmeta.model.config import CONFIG_FILE, Config, config
from dvc_labelmeta.model.event import Draft, Event, Stamp, utc
from dvc_labelmeta.model.sidecar import SUFFIX, Sidecar, sidecar
from dvc_labelmeta.read.files import decode, misfits, parse
from dvc_labelmeta.read.git import Git
from dvc_labelmeta.read.guidelines import releases, releases_path
from dvc_labelmeta.read.ledger import Disk, Ledger, event, key_of, ledger
from dvc_labelmeta.read.record_hashes import record_hashes
from dvc_labelmeta.write.edits import Edit, content
from dvc_labelmeta.write.journal import finish
from dvc_labelmeta.write.ledger import Before, appended
from dvc_labelmeta.write.stages import with_attributes

ACTOR = "LABELMETA_ACTOR"
_BROKEN = (
    "nothing was written, as the ledger is not whole: {}. `labelmeta ledger verify` says what else "
    "is wrong; `git checkout HEAD -- labelmeta/ledger` brings back what was committed"
)
_IDENT = re.compile(r"(.*) (\d+) [+-]\d{4}\Z")


class Telling(NamedTuple):
    """What a command says of its events. kind: "" = told by what changed.

    details: by subject. states: more of what is so afterwards, as the edits of files that tell no
    events have it. drafts: more events, after all others.
    """

    kind: str = ""
    details: Mapping[str, Mapping[str, Any]] = {}
    note: str = ""
    states: Sequence[Draft] = ()
    drafts: Sequence[Draft] = ()


def drafts(root: str, edits: Sequence[Edit], telling: Telling) -> list[Draft]:
    """Return the events that edits stand for, those that the ledger has already left out.

    The last event of a subject is held against what it will be, whether or not an edit changes
    anything: a command that was killed, or a project older than its ledger, catches up.
    """
    settings = _settings(root, edits)
    if settings is None or not settings.ledger:
        return []
    more = [*_of_guidelines(settings, edits, telling), *telling.states]
    if not more and not any(edit.path.endswith(SUFFIX) for edit in edits):
        return [*telling.drafts]  # a stage can be added beside a ledger that is broken
    files = Disk(root)
    known = _whole(files)
    splits = _of_splits(root, edits, telling, lambda subject: _last(files, known, subject))
    found = [*splits, *more]
    new = [one for one in found if not _is_known(known, _last(files, known, one.subject), one)]
    return [*new, *telling.drafts]


def ready(root: str, actor: str) -> None:
    """Raise Refused where events could not be written: for commands that write records first.

    Finishes what a killed command left of the ledger; the caller holds the lock.
    """
    finish(root)
    settings = _settings(root, ())
    if settings is not None and settings.ledger:
        _whole(Disk(root))
        stamp(root, actor)


def recorded(
    root: str, edits: Sequence[Edit], new: Sequence[Draft], actor: str
) -> tuple[list[Edit], list[Event]]:
    """Return the edits with those of the ledger before them, and the events they write."""
    if not new:
        return [*edits], []
    known = _whole(Disk(root))
    keys = {draft.subject: key_of(draft.subject) for draft in new}
    before = Before(
        tuple(head.hash for head in known.heads),
        known.total,
        {subject: known.tips.get(key, ()) for subject, key in keys.items()},
        known.people,
        keys,
    )
    written = appended(before, stamp(root, actor), new)
    return [*_attributes(root, edits), *written.edits, *edits], written.events


def stamp(root: str, actor: str) -> Stamp:
    """Return who acts, and when: as Git knows it, or `actor` ("Name" or "Name <mail>").

    The time is that of Git, too: GIT_AUTHOR_DATE, else the clock. Raises Refused where nobody says
    who it is.
    """
    actor = actor or os.environ.get(ACTOR, "")
    name, at = _ident(root, actor)
    return Stamp(actor or name, at)


def moment(root: str) -> str:
    """Return when an event that is written now happens, as `stamp` does, whoever it is."""
    return _ident(root, "anybody")[1]


def _ident(root: str, actor: str) -> tuple[str, str]:
    """Return the name and the time that Git would give to a commit; actor: "" = whom it knows."""
    given = ("-c", "user.name=actor", "-c", "user.email=actor") if actor else ()
    names = {k: v for k, v in os.environ.items() if k.startswith("GIT_AUTHOR_")}
    if actor:
        names = {k: v for k, v in names.items() if k == "GIT_AUTHOR_DATE"}
    try:
        out = Git(root).run(*given, "var", "GIT_AUTHOR_IDENT", env=names).decode(errors="replace")
    except LabelMetaError:
        raise Refused(
            "the ledger needs to know who does this, and Git does not: git config user.name NAME "
            f"and git config user.email MAIL, or labelmeta --actor NAME, or {ACTOR}"
        ) from None
    match = _IDENT.match(out.strip())
    at = utc(int(match[2])) if match else ""
    if match is None or at in {"", "~"}:
        raise Refused(f"`git var GIT_AUTHOR_IDENT` says {out.strip()!r}, which names no time")
    return match[1], at


def _settings(root: str, edits: Sequence[Edit]) -> Config | None:
    """Return labelmeta.yaml as it will be; None where there is none or it cannot be used."""
    pending = {edit.path: edit.after for edit in edits}
    text = pending.get(CONFIG_FILE) or content(root, CONFIG_FILE)
    try:
        value = parse(decode(text or b""))
        return config(value) if not misfits("config", value) else None
    except LabelMetaError:
        return None


def _whole(files: Disk) -> Ledger:
    """Return the ledger; raises Refused where it is broken, as nobody should add to that."""
    try:
        return ledger(files)
    except UnreadableFile as error:
        raise Refused(_BROKEN.format(error)) from None


def _last(files: Disk, known: Ledger, subject: str) -> list[Event]:
    """Return the last events of a subject: several where branches were merged."""
    try:
        return [event(files, hash_) for hash_ in known.tips.get(key_of(subject), ())]
    except UnreadableFile as error:
        raise Refused(_BROKEN.format(error)) from None


def _is_known(known: Ledger, last: Sequence[Event], draft: Draft) -> bool:
    if not last:
        return not draft.claims  # what is undone without ever having been told
    claims = dict(draft.claims)
    if names := claims.get(PERSONS):
        claims[PERSONS] = sorted(known.people.get(name, name) for name in names)
    return len(last) == 1 and dict(last[0].claims) == claims


def _of_splits(
    root: str, edits: Sequence[Edit], telling: Telling, last: Callable[[str], list[Event]]
) -> Iterator[Draft]:
    pending = {edit.path: edit.after for edit in edits}
    for edit in edits:
        if not edit.path.endswith(SUFFIX):
            continue
        before, after = (_sidecar(edit.path, text) for text in (edit.before, edit.after))
        if after is None and edit.after is not None:
            continue
        one = after or before  # a sidecar is about what it says, whatever it is called
        subject = f"split:{one.split if one else edit.path.removesuffix(SUFFIX)}"
        claims = split_claims(after, record_hashes(root, after, pending)) if after else {}
        kind = telling.kind or _kind(last(subject), before, claims)
        yield Draft(kind, subject, claims, telling.details.get(subject, {}), telling.note)


def _kind(last: Sequence[Event], before: Sidecar | None, claims: Mapping[str, Any]) -> str:
    was = _claims_before(last, before, claims)
    joins = len(last) > 1 and was == claims  # which of them holds is all that there is to tell
    return MERGED if joins else kind_of(was, claims)


def _claims_before(
    last: Sequence[Event], before: Sidecar | None, claims: Mapping[str, Any]
) -> Mapping[str, Any] | None:
    """Return what was claimed before, None for nothing.

    Where the ledger does not say, as in a project older than it, the sidecar does: of records,
    what is claimed now. A sidecar that does not change was linked in a time without a ledger.
    """
    if len(last) == 1:
        return last[0].claims
    if before is None or not claims:
        return None
    records = {name: layer.get("records", {}) for name, layer in claims["layers"].items()}
    hashes = {name: {k: v for k, v in one.items() if k != "path"} for name, one in records.items()}
    was = split_claims(before, hashes)
    return None if was == claims and not last else was


def _sidecar(path: str, text: bytes | None) -> Sidecar | None:
    try:
        value = parse(decode(text)) if text else None
    except UnreadableFile:
        return None
    return sidecar(path, value) if value is not None and not misfits("sidecar", value) else None


def _of_guidelines(settings: Config, edits: Sequence[Edit], telling: Telling) -> Iterator[Draft]:
    """Yield a draft for each release that is new in a releases file."""
    paths = {releases_path(ref): ref.id for ref in settings.guidelines if ref.repo is None}
    for edit in edits:
        if edit.path not in paths or edit.after is None:
            continue
        id_ = paths[edit.path]
        old, new = (
            {one.version: one for one in releases(parse(decode(text)))} if text else {}
            for text in (edit.before, edit.after)
        )
        for version, one in new.items():
            if version in old and old[version].object == one.object:
                continue  # at most its commit is new
            subject = f"guideline:{id_}"
            claims: dict[str, Any] = {"version": version, "object": one.object}
            if names := sorted({each["name"] for each in one.approved_by}):
                claims["approved_by"] = names
            details = telling.details.get(subject, {})
            yield Draft(telling.kind or "released", subject, claims, details, telling.note)


def _attributes(root: str, edits: Sequence[Edit]) -> list[Edit]:
    """Return the edit that makes Git keep the ledger byte for byte, unless it is among `edits`."""
    path = ".gitattributes"
    before = content(root, path)
    after = with_attributes((before or b"").decode("utf-8", "surrogateescape"))
    if before == after.encode("utf-8", "surrogateescape") or path in {edit.path for edit in edits}:
        return []
    return [Edit(path, before, after.encode("utf-8", "surrogateescape"))]
