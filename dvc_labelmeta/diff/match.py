"""Which clauses of two versions are the same ones, and where they differ in more than format."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from typing import Any, NamedTuple

from dvc_labelmeta.diff.operation import ABSENT, Edit
from dvc_labelmeta.diff.text import same

Clause = Mapping[str, Any]
Clauses = Mapping[str, Clause]

# what annotators do not decide by
ASIDE = frozenset({"name", "aliases", "rationale", "title"})
# what an author may declare to hold a mere typo
WORDED = frozenset(
    {"definition", "use_when", "avoid_when", "examples", "counter_examples", "text", "case"}
    | {"decision", "when", "to"}
)


class Given(NamedTuple):
    """What was declared for this step.

    meanings: by clause. mapped: previous ids of labels that became others. heirs: previous id ->
    current id, of those that became one. lasting: the labels that both versions have.
    """

    meanings: Mapping[str, str]
    mapped: frozenset[str]
    heirs: Mapping[str, str]
    lasting: frozenset[str]


class Kept(NamedTuple):
    """A clause that both versions have.

    id: its previous one. meaning: what the author declared. edits: where it differs in more than
    format.
    """

    block: str
    id: str
    before: Clause
    after: Clause
    meaning: str
    edits: tuple[Edit, ...]

    def of(self, *fields: str) -> tuple[Edit, ...]:
        """Return the edits of some of its fields."""
        return tuple(edit for edit in self.edits if edit.path[-1] in fields)


class Block(NamedTuple):
    """Two versions of a list of clauses, laid side by side; each place stands in one list.

    trivial: edits of format, of order and of texts that nobody decides by.
    """

    kept: tuple[Kept, ...] = ()
    added: tuple[Edit, ...] = ()
    removed: tuple[Edit, ...] = ()
    trivial: tuple[Edit, ...] = ()


def clauses(structure: Mapping[str, Any] | None, block: str) -> Clauses:
    """Return the clauses of a block by id.

    An id that stands there again (a fault that a check tells) gets NUL and a number, which no
    YAML file can hold.
    """
    seen: Counter[str] = Counter()
    found = {}
    for clause in (structure or {}).get(block, ()):
        id_ = clause["id"]
        seen[id_] += 1
        found[f"{id_}\0{seen[id_]}" if seen[id_] > 1 else id_] = clause
    return found


def differences(
    path: tuple[str, ...], before: Mapping[str, Any], after: Mapping[str, Any]
) -> list[Edit]:
    """Return an edit for each key whose value differs."""
    return [
        Edit((*path, key), before.get(key, ABSENT), after.get(key, ABSENT))
        for key in {**before, **after}
        if before.get(key, ABSENT) != after.get(key, ABSENT)
    ]


def parted(
    edits: Iterable[Edit], small: Callable[[Edit], bool]
) -> tuple[tuple[Edit, ...], tuple[Edit, ...]]:
    """Return (the other edits, the small ones)."""
    large: list[Edit] = []
    little: list[Edit] = []
    for edit in edits:
        (little if small(edit) else large).append(edit)
    return tuple(large), tuple(little)


def same_or_typo(edit: Edit, meaning: str) -> bool:
    """Tell whether a text says the same, or the author declares that only a typo was mended."""
    both = edit.before is not ABSENT and edit.after is not ABSENT
    return (meaning == "typo" and both) or same(edit.before, edit.after)


def matched(
    block: str,
    one: Clauses,
    two: Clauses,
    moved: Mapping[str, str],
    given: Given,
) -> Block:
    """Lay two versions of a block side by side.

    moved: previous id by current id, of clauses under a new id.
    """
    origin = {key: moved.get(key, key) for key in two}
    stay = tuple(source for source in origin.values() if source in one)
    staying = frozenset(stay)
    were = tuple(key for key in one if key in staying)
    pairs = [
        _kept(block, source, one[source], two[key], given)
        for key, source in origin.items()
        if source in staying
    ]
    order = (Edit((block,), were, stay),) if were != stay else ()
    return Block(
        tuple(kept for kept, _ in pairs),
        tuple(
            Edit((block, key), ABSENT, two[key], at)
            for at, key in enumerate(two)
            if origin[key] not in staying
        ),
        tuple(
            Edit((block, key), one[key], ABSENT, at)
            for at, key in enumerate(one)
            if key not in staying
        ),
        order + tuple(edit for _, small in pairs for edit in small),
    )


def _kept(
    block: str, id_: str, before: Clause, after: Clause, given: Given
) -> tuple[Kept, tuple[Edit, ...]]:
    """Return a clause of both versions, and its trivial edits."""
    meaning = given.meanings.get(after["id"]) or given.meanings.get(before["id"], "")
    edits = differences((block, id_), before, after)
    moving = id_ in given.mapped or any(map(_significant_status, edits))
    large, small = parted(edits, lambda edit: _trivial(edit, meaning, moving, given))
    return Kept(block, id_, before, after, meaning, large), small


def gained(edit: Edit) -> tuple[str, ...]:
    """Return the ids that a list has now, and had not."""
    before, after = (() if ids is ABSENT else ids for ids in (edit.before, edit.after))
    return tuple(id_ for id_ in after if id_ not in before)


def _significant_status(edit: Edit) -> bool:
    """Tell whether a status changes; none given means active."""
    return edit.path[-1] == "status" and {edit.before, edit.after} != {ABSENT, "active"}


def _trivial(edit: Edit, meaning: str, moving: bool, given: Given) -> bool:
    """Tell whether no annotation depends on an edit.

    moving: the label goes elsewhere or changes its status; `replaced_by` then says whereto. An
    edge case whose label is only called otherwise, or written down at last, is decided as before.
    """
    field = edit.path[-1]
    if field == "status":
        return not _significant_status(edit)
    if field == "replaced_by":
        return not moving
    if field == "label":
        return edit.before is ABSENT or given.heirs.get(edit.before) == edit.after
    if field == "carves_from":
        return given.lasting.isdisjoint(gained(edit))
    if field in ASIDE or field.startswith("x-"):
        return True
    return same_or_typo(edit, meaning if field in WORDED else "")
