"""LM5xx: who answers for guidelines and splits, and who approved what.

Each Bad and Good is a project in short: what the guideline `g` says, in `says`, and what was
published before, in `said`. A test runs every one of them.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from dvc_labelmeta.checks.contradictions import says
from dvc_labelmeta.checks.rule import Hit, short
from dvc_labelmeta.model.codeowners import owners_of
from dvc_labelmeta.model.guideline import declared_bump
from dvc_labelmeta.model.guideline_facts import Approval, GuidelineFacts, approvals
from dvc_labelmeta.model.snapshot import Place, Snapshot

DIGEST = "sha256:"


def unapproved_version(snapshot: Snapshot) -> Iterator[Hit]:
    """Nobody approved a version of a guideline: a major one, under profile audit any.

    A second person sees what the author no longer sees, and answers for it. Versions before 1.0.0
    are still being tried out, and need no approval.

    Bad:
        profile: review
        guidelines: {g: {says: {version: "2.0.0"}, released: {"1.0.0": aa}}}
    Good:
        profile: review
        guidelines:
          g: {says: {version: "2.0.0", approved_by: [{name: Bo}]}, released: {"1.0.0": aa}}
    Fix: labelmeta guideline release ID --approved-by NAME
    """
    for id_, facts in snapshot.guideline_facts.items():
        asked = not facts.dirty and _asks_approval(snapshot.config.profile, facts)
        if asked and not fresh(facts):
            yield says(
                id_,
                facts,
                ("version",),
                f"guideline {id_!r}: nobody approved version {facts.version}",
                f"labelmeta guideline release {id_} --approved-by NAME",
            )


def unknown_approver(snapshot: Snapshot) -> Iterator[Hit]:
    """A version was approved by somebody who may not.

    Approvers are those of labelmeta.yaml (`approvers`, of all or of one guideline) and the owners
    that CODEOWNERS gives; where neither names anybody, everybody may approve.

    Bad:
        approvers: [Bo]
        guidelines: {g: {says: {approved_by: [{name: Cy}]}}}
    Good:
        approvers: [Bo]
        guidelines: {g: {says: {approved_by: [{name: Bo}]}}}
    Fix: have one of the approvers look at it, or add the person to `approvers`.
    """
    for id_, facts in snapshot.guideline_facts.items():
        allowed = approvers(snapshot, id_)
        if any("/" in name for name in allowed):
            continue  # a team: who is in it only its forge knows
        for one in fresh(facts):
            if allowed and not same_person(one.name, allowed):
                yield says(
                    id_,
                    facts,
                    ("approved_by",),
                    f"guideline {id_!r}: {one.name} approved {facts.version}; approvers are "
                    f"{', '.join(allowed)}",
                    "have one of them look at it, or add the person to `approvers`",
                )


def self_approved_version(snapshot: Snapshot) -> Iterator[Hit]:
    """Only authors of a version approved it.

    The author is whoever made the commits since the version before. Asked for by the profiles
    review and audit.

    Bad:
        profile: review
        guidelines: {g: {says: {approved_by: [{name: Ada}]}, authors: [Ada, ada@example.org]}}
    Good:
        profile: review
        guidelines: {g: {says: {approved_by: [{name: Bo}]}, authors: [Ada, ada@example.org]}}
    Fix: have somebody else look at it.
    """
    for id_, facts in snapshot.guideline_facts.items():
        names = [one.name for one in fresh(facts)]
        alone = names and all(same_person(name, facts.authors) for name in names)
        if alone and not facts.dirty and snapshot.config.profile != "link":
            yield says(
                id_,
                facts,
                ("approved_by",),
                f"guideline {id_!r}: {facts.version} is approved by nobody but its author "
                f"({', '.join(dict.fromkeys(names))})",
                "have somebody else look at it",
            )


def outdated_approval(snapshot: Snapshot) -> Iterator[Hit]:
    """An approval is of something else than what the guideline says now.

    The text changed after it was approved, or the approval is that of the version before.

    Bad:
        guidelines:
          g: {says: {approved_by: [{name: Bo, change: "sha256:aa"}]}, digest: "sha256:bb"}
    Good:
        guidelines:
          g: {says: {approved_by: [{name: Bo, change: "sha256:aa"}]}, digest: "sha256:aa"}
    Fix: have it approved anew: labelmeta guideline release ID --approved-by NAME
    """
    for id_, facts in snapshot.guideline_facts.items():
        still = valid(facts)
        for one in facts.approvals:
            if one not in still:
                yield says(
                    id_,
                    facts,
                    ("approved_by",),
                    f"guideline {id_!r}: {one.name} approved something else than what "
                    f"{facts.version} says now",
                    f"labelmeta guideline release {id_} --approved-by NAME",
                )


def unowned_guideline(snapshot: Snapshot) -> Iterator[Hit]:
    """Nobody answers for a guideline (profile audit).

    Annotators have nobody to ask, and nobody sees to it that it is still right.

    Bad:
        profile: audit
        guidelines: {g: {says: {owners: [], approved_by: [{name: Bo}]}}}
    Good:
        profile: audit
        guidelines: {g: {says: {owners: [Ada], approved_by: [{name: Bo}]}}}
    Fix: name `owners` in guideline.yaml or labelmeta.yaml, or in CODEOWNERS.
    """
    if snapshot.config.profile != "audit":
        return
    named = {ref.id for ref in snapshot.config.guidelines if ref.owners}
    for id_, facts in snapshot.guideline_facts.items():
        if not facts.structure.get("owners") and id_ not in named and not _owned(snapshot, facts):
            yield says(
                id_,
                facts,
                (),
                f"guideline {id_!r} has no owner",
                "name `owners` in guideline.yaml or labelmeta.yaml, or in CODEOWNERS",
            )


def unowned_split(snapshot: Snapshot) -> Iterator[Hit]:
    """Nobody answers for a split (profile audit).

    Who has to act when its guideline changes is then anybody's guess.

    Bad:
        profile: audit
        codeowners: ""
        links: {data/train.csv: {version: "1.0.0", owners: []}}
    Good:
        profile: audit
        codeowners: "/data/ @org/data"
        links: {data/train.csv: {version: "1.0.0", owners: []}}
    Fix: name `owners` in its sidecar, or in CODEOWNERS.
    """
    if snapshot.config.profile != "audit" or snapshot.codeowners is None:
        return
    for one in snapshot.sidecars:
        above = (snapshot.prefix + path for path in (one.split, one.path))
        if not one.owners and not any(owners_of(snapshot.codeowners, path) for path in above):
            yield Hit(
                (one.split, ""),
                Place(one.path),
                f"{one.split} has no owner",
                "name `owners` in its sidecar, or in CODEOWNERS",
            )


def unsigned_version(snapshot: Snapshot) -> Iterator[Hit]:
    """A commit that changed a guideline has no signature that Git can verify.

    Asked for by `require_signed: true` in labelmeta.yaml. Without a signature anybody with write
    access could have written it in another's name.

    Bad:
        guidelines: {g: {says: {}, unsigned: {0123456789abcdef: it has no signature}}}
    Good:
        guidelines: {g: {says: {}}}
    Fix: sign commits (git config commit.gpgsign true); give Git the keys of those who sign.
    """
    for id_, facts in snapshot.guideline_facts.items():
        for one in facts.unsigned:
            yield says(
                id_,
                facts,
                (),
                f"guideline {id_!r}: commit {short(one.commit)} cannot be verified: {one.reason}",
                "sign commits, and give Git the keys of those who sign "
                "(gpg.ssh.allowedSignersFile, or the keyring of gpg)",
            )


def _asks_approval(profile: str, facts: GuidelineFacts) -> bool:
    """Whether a profile asks for an approval of the version that stands there now."""
    if facts.version.startswith("0."):
        return False
    if profile == "review":
        return (
            facts.base is not None and declared_bump(facts.base.version, facts.version) == "major"
        )
    return profile == "audit"


def fresh(facts: GuidelineFacts) -> tuple[Approval, ...]:
    """Return the approvals of the version that stands there now, the releases file's included."""
    return (*valid(facts), *facts.released_by)


def valid(facts: GuidelineFacts) -> tuple[Approval, ...]:
    """Return the approvals in guideline.yaml that are of what it says now.

    One that names a digest is held to it; of the others those that the version before had too
    are of that version.
    """
    before = facts.step.previous if facts.step else None
    old = approvals((before.structure or {}).get("approved_by", ()) if before else ())
    return tuple(
        one
        for one in facts.approvals
        if (one.change == facts.digest if one.change.startswith(DIGEST) else one not in old)
    )


def approvers(snapshot: Snapshot, id_: str) -> tuple[str, ...]:
    """Return who may approve a guideline; nobody: everybody may."""
    settings = snapshot.config
    own = next((ref.approvers for ref in settings.guidelines if ref.id == id_), ())
    found = own or settings.approvers
    return tuple(dict.fromkeys((*found, *_owned(snapshot, snapshot.guideline_facts[id_]))))


def same_person(name: str, names: Iterable[str]) -> bool:
    """Whether somebody is among `names`; a leading @ and capitals do not matter."""
    return _plain(name) in map(_plain, names)


def _plain(name: str) -> str:
    return name.removeprefix("@").strip().casefold()


def _owned(snapshot: Snapshot, facts: GuidelineFacts) -> tuple[str, ...]:
    """Return the owners of a guideline by CODEOWNERS."""
    return owners_of(snapshot.codeowners or (), snapshot.prefix + facts.path)
