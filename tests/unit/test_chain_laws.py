"""Laws of the ledger, on small random ones with branches and merges: what is sound, what is not."""

from __future__ import annotations

import hashlib
import itertools
from collections.abc import Mapping
from typing import NamedTuple

from hypothesis import given, settings
from hypothesis import strategies as st

from dvc_labelmeta.checks import chain
from dvc_labelmeta.checks.ancestry import ancestry
from dvc_labelmeta.checks.verification import verdict
from dvc_labelmeta.model.chain import Past, Verdict
from dvc_labelmeta.model.event import EVENTS, HEADS, Draft, Stamp, opening, person_path
from dvc_labelmeta.read.chain import Content, files
from dvc_labelmeta.read.ledger import key_of, ledger
from dvc_labelmeta.write.ledger import Before, appended

SUBJECTS = ("project:", "split:a.csv", "waiver:LM101:a.csv")
PEOPLE = ("Ada <ada@x>", "Bob <bob@x>")
OPENINGS = [opening(who, f"{number:032}") for number, who in enumerate(PEOPLE)]
OPENED = {person_path(hashlib.sha256(one).hexdigest()): one for one in OPENINGS}  # no chance salt


class Branch(NamedTuple):
    """The files of a ledger on a branch. dead: names that were ever removed, none of which comes
    again: for such files a merge of Git, whatever its base, takes what neither side removed.
    """

    files: Mapping[str, bytes] = {}
    dead: frozenset[str] = frozenset()

    def read(self, path: str) -> bytes | None:
        return self.files.get(path)

    def names(self, folder: str) -> list[str]:
        return sorted(
            path[len(folder) + 1 :] for path in self.files if path.startswith(folder + "/")
        )

    def grown(self, number: int, subjects: list[str], who: str) -> Branch:
        known = ledger(self)
        keys = {subject: key_of(subject) for subject in subjects}
        tips = {subject: known.tips.get(key, ()) for subject, key in keys.items()}
        heads = tuple(head.hash for head in known.heads)
        before = Before(heads, known.total, tips, known.people, keys)
        stamp = Stamp(who, f"2026-01-05T09:{number:02}:00Z")
        drafts = [Draft("audited", subject, note=f"{number}") for subject in subjects]
        edits = appended(before, stamp, drafts).edits
        gone = {edit.path for edit in edits if edit.after is None}
        new = {edit.path: edit.after for edit in edits if edit.after is not None}
        kept = {path: one for path, one in self.files.items() if path not in gone}
        return Branch(kept | new, self.dead | gone)

    def merged(self, other: Branch) -> Branch:
        dead = self.dead | other.dead
        both = {**self.files, **other.files}
        return Branch({path: one for path, one in both.items() if path not in dead}, dead)


@st.composite
def branches(draw: st.DrawFn) -> list[Branch]:
    """Draw some branches that began as one, grew and were merged now and then."""
    subjects = st.lists(st.sampled_from(SUBJECTS), min_size=1, max_size=3)
    people = st.sampled_from(PEOPLE)
    begun = Branch(OPENED).grown(0, draw(subjects), PEOPLE[0]).grown(1, ["project:"], PEOPLE[1])
    found = [begun] * draw(st.integers(1, 3))
    for number in range(2, draw(st.integers(2, 10))):
        one, other = (draw(st.integers(0, len(found) - 1)) for _ in range(2))
        if one == other:
            found[one] = found[one].grown(number, draw(subjects), draw(people))
        else:
            found[one] = found[one].merged(found[other])
    return found


def together(found: list[Branch]) -> Branch:
    all_ = found[0]
    for one in found[1:]:
        all_ = all_.merged(one)
    return all_


def judged(content: Mapping[str, bytes]) -> Verdict:
    found = files(Content(path, one) for path, one in content.items())
    nodes = ancestry(found.events)
    erased = chain.redacted(found.events.values())
    tips = chain.tips_of(found.events, nodes)
    return verdict(found, nodes, tips, Past(), list, Verdict(0, ()), erased)


def errors(content: Mapping[str, bytes]) -> list[str]:
    return [one.kind for one in judged(content).breaches if one.severity == "error"]


@settings(max_examples=60)
@given(branches())
def test_what_is_appended_and_merged_is_sound_in_any_order(found: list[Branch]) -> None:
    for one in found:
        assert errors(one.files) == []
    ends = [together([*order]) for order in itertools.permutations(found)]
    assert all(end == ends[0] for end in ends)
    known, said = ledger(ends[0]), judged(ends[0].files)
    count = sum(path.startswith(EVENTS) for path in ends[0].files)
    assert known.total == said.total == count
    assert sorted(said.heads) == ends[0].names(HEADS)
    joined = ends[0].grown(20, ["project:"], PEOPLE[1])
    (head,) = ledger(joined).heads
    assert (errors(joined.files), head.total, len(said.heads)) == ([], count + 1, len(head.parents))


@settings(max_examples=150)
@given(branches(), st.data())
def test_no_byte_of_a_file_can_change_and_no_file_vanish(
    found: list[Branch], data: st.DataObject
) -> None:
    sound = together(found).files
    path = data.draw(st.sampled_from(sorted(sound)))
    content = sound[path]
    assert errors({name: one for name, one in sound.items() if name != path})
    at = data.draw(st.integers(0, max(len(content) - 1, 0)))
    other = data.draw(st.integers(0, 255).filter(lambda one: content[at : at + 1] != bytes([one])))
    for end in (content[at + 1 :], content[at:]):  # in its place, and before it
        assert errors({**sound, path: content[:at] + bytes([other]) + end})
    if content:
        assert errors({**sound, path: content[:at] + content[at + 1 :]})
        assert errors({**sound, path: content[:at]})
