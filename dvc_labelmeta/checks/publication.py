"""LM2xx, first part: versions of guidelines, and what an author owes for one.

What is released, or linked by a split, counts as published. Each Bad and Good is a project in
short: what the guideline `g` says, in `says`, and what was published before, in `said`. A test
runs every one of them.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from dvc_labelmeta.checks.contradictions import says
from dvc_labelmeta.checks.rule import Hit, short
from dvc_labelmeta.model.guideline_facts import GuidelineFacts
from dvc_labelmeta.model.snapshot import Snapshot

if TYPE_CHECKING:
    from dvc_labelmeta.diff.comparison import Comparison

# operations after which somebody has to say what becomes of each label that was given
_CARRIED = ("LABEL_MERGED", "LABEL_SPLIT", "LABEL_REORGANISED", "LABEL_REMOVED")


def insufficient_bump(snapshot: Snapshot) -> Iterator[Hit]:
    """A guideline changed more than its new version number says, or has no new number yet.

    Splits that were labelled under the version before go on as if their labels were still right.

    Bad:
        guidelines:
          g:
            said: {version: "1.0.0", labels: [{id: a, definition: rude}]}
            says: {version: "1.0.1", labels: [{id: a, definition: harsh or rude}]}
    Good:
        guidelines:
          g:
            said: {version: "1.0.0", labels: [{id: a, definition: rude}]}
            says: {version: "2.0.0", change_note: Wider., labels: [{id: a, definition: not kind}]}
    Fix: labelmeta guideline release ID, which raises the number as far as is needed.
    """
    for id_, facts, found in compared(snapshot):
        told = found.declared == "none" and not facts.dirty  # by LM124 or LM202
        if found.needed != "none" and not told:
            for sentence in found.owed:
                yield _version(id_, facts, sentence, f"labelmeta guideline release {id_}")


def needless_version(snapshot: Snapshot) -> Iterator[Hit]:
    """A guideline has a new version number and says the same.

    Splits under the number before look outdated, though nothing changed for them.

    Bad:
        guidelines:
          g:
            said: {version: "1.0.0", labels: [{id: a}]}
            says: {version: "1.1.0", labels: [{id: a}]}
    Good:
        guidelines:
          g:
            said: {version: "1.0.0", labels: [{id: a}]}
            says: {version: "1.1.0", labels: [{id: a}, {id: b}]}
    Fix: keep the number until something changes.
    """
    for id_, facts, found in compared(snapshot):
        if found.needed == "none":
            for sentence in found.owed:
                yield _version(id_, facts, sentence, "keep the number until something changes")


def republished_version(snapshot: Snapshot) -> Iterator[Hit]:
    """One version number of a guideline was published with two contents.

    A label that names the version then names neither of them.

    Bad:
        guidelines: {g: {object: bb, released: {"1.0.0": aa}, says: {version: "1.0.0"}}}
    Good:
        guidelines: {g: {object: aa, released: {"1.0.0": aa}, says: {version: "1.0.0"}}}
    Fix: labelmeta guideline release ID, which gives what is there now a number of its own.
    """
    told = _linked_apart(snapshot) if snapshot.guideline_facts else frozenset()
    for id_, facts in snapshot.guideline_facts.items():
        head = snapshot.guidelines[id_].head
        contents: dict[str, dict[str, str]] = defaultdict(dict)
        for one in facts.published:
            contents[one.version].setdefault(one.object, one.where)
        if head is not None:
            contents[head.version].setdefault(head.object, "HEAD")
            if id_ in told:
                del contents[head.version]
        for version, objects in contents.items():
            if len(objects) > 1:
                where = ", ".join(f"{short(object_)} in {at}" for object_, at in objects.items())
                yield _version(
                    id_,
                    facts,
                    f"version {version} was published with {len(objects)} contents: {where}",
                    f"labelmeta guideline release {id_}",
                )


def unexplained_major(snapshot: Snapshot) -> Iterator[Hit]:
    """A major version of a guideline does not say what changed.

    Annotators have to learn what they are to do otherwise from now on.

    Bad:
        guidelines:
          g:
            said: {version: "1.0.0", labels: [{id: a, definition: rude}]}
            says: {version: "2.0.0", labels: [{id: a, definition: not kind}]}
    Good:
        guidelines:
          g:
            said: {version: "1.0.0", labels: [{id: a, definition: rude}]}
            says: {version: "2.0.0", change_note: Wider., labels: [{id: a, definition: not kind}]}
    Fix: labelmeta guideline release ID --note TEXT, or `change_note` in guideline.yaml.
    """
    for id_, facts, found in compared(snapshot):
        if found.declared == "major" and unexplained(found, facts.structure):
            yield _version(
                id_,
                facts,
                f"{facts.version} is a major version without a note of its own",
                f"labelmeta guideline release {id_} --note TEXT, or `change_note`",
            )


def missing_migration(snapshot: Snapshot) -> Iterator[Hit]:
    """Labels were merged, split or removed, and nothing says what becomes of those given.

    Records under the version before cannot be carried over; each team would guess its own way.

    Bad:
        guidelines:
          g:
            said: {version: "1.0.0", labels: [{id: a}, {id: b}]}
            says: {version: "2.0.0", change_note: No b., labels: [{id: a}]}
    Good:
        guidelines:
          g:
            said: {version: "1.0.0", labels: [{id: a}, {id: b}]}
            says: {version: "2.0.0", change_note: No b., labels: [{id: a}]}
            migrated: true
    Fix: write the migration file `<guideline>.migrations/<version>.yaml`.
    """
    for id_, facts, found in compared(snapshot):
        labels = unmapped(found)
        if labels and found.declared != "none" and not facts.migrated:
            yield _version(
                id_,
                facts,
                f"{facts.version} has no migration, but {', '.join(labels)} go on otherwise",
                f"write {id_}.migrations/{facts.version}.yaml",
            )


def overdue_review(snapshot: Snapshot) -> Iterator[Hit]:
    """A guideline was not looked at again for longer than its `review_every`.

    The world moves on: cases come up that nobody decided, and old decisions are forgotten.

    Bad:
        guidelines: {g: {says: {review_every: 180d, effective_from: "2025-01-05"}}}
    Good:
        guidelines: {g: {says: {review_every: 180d, effective_from: "2026-01-05"}}}
    Fix: look through it, and add an approval with today's date to `approved_by`.
    """
    for id_, facts in snapshot.guideline_facts.items():
        every = facts.structure.get("review_every")
        dates = [one.at for one in facts.approvals] + [facts.structure.get("effective_from", "")]
        if every is None or not snapshot.today:
            continue
        last = max(dates)
        if not last or _days(last, snapshot.today) > int(every[:-1]):
            state = f"was last approved or made effective on {last}" if last else "was never dated"
            yield says(
                id_,
                facts,
                ("review_every",),
                f"guideline {id_!r} is to be reviewed every {every}; it {state}",
                "look through it, and add an approval with today's date to `approved_by`",
            )


def compared(snapshot: Snapshot) -> Iterator[tuple[str, GuidelineFacts, Comparison]]:
    """Yield each guideline that differs from what was published, with what changed."""
    for id_, facts in snapshot.guideline_facts.items():
        if facts.step is not None and not facts.step.fault:
            # most projects have no change under way: difflib and the rules of a diff cost time
            from dvc_labelmeta.diff.comparison import compared as judged  # noqa: PLC0415

            yield id_, facts, judged(facts.step._replace(republished=False))


def unexplained(found: Comparison, structure: Mapping[str, Any]) -> bool:
    """Whether a version has neither a change note of its own nor a new note on a clause."""
    old = found.step.previous.structure if found.step.previous else None
    before: Mapping[str, Any] = old or {}
    noted = [one for one in structure.get("changes", ()) if one not in before.get("changes", ())]
    note = structure.get("change_note")
    return note in (None, before.get("change_note")) and not any("note" in one for one in noted)


def unmapped(found: Comparison) -> tuple[str, ...]:
    """Return the labels that a migration has to say something about."""
    return tuple(id_ for one in found.operations if one.rule in _CARRIED for id_ in one.ids)


def _linked_apart(snapshot: Snapshot) -> frozenset[str]:
    """Return the guidelines of which a split has HEAD's version with another content (LM124)."""
    heads = {id_: one.head for id_, one in snapshot.guidelines.items() if one.head}
    return frozenset(
        link.id
        for one in snapshot.sidecars
        for link in (layer.guideline for layer in one.layers)
        if link.id in heads
        and link.version == heads[link.id].version
        and link.object != heads[link.id].object
    )


def _version(id_: str, facts: GuidelineFacts, message: str, fix: str) -> Hit:
    return says(id_, facts, ("version",), f"guideline {id_!r}: {message}", fix)


def _days(first: str, last: str) -> int:
    """Return the days between two ISO dates; of a day that its month lacks, none is known: 0."""
    from datetime import date  # noqa: PLC0415  # only where a guideline has `review_every`

    try:
        return (date.fromisoformat(last) - date.fromisoformat(first)).days
    except ValueError:
        return 0
