"""Rules about decision rules, the decision tree, edge cases and ways of escalation."""

from __future__ import annotations

from collections.abc import Iterator

from dvc_labelmeta.diff.operation import ABSENT, Edit, Operation, Touch
from dvc_labelmeta.diff.pair import Pair
from dvc_labelmeta.diff.wording import SAMPLE, TREE, flipped, reworded, tree_changed

_SOME = (Touch("review", "all", (), SAMPLE),)
_ALL = (Touch("review", "all"),)  # a decision tree decides every label, and nobody cites it


def rule_added(pair: Pair) -> Iterator[Operation]:
    """A decision rule is new: what was decided without it is worth a look."""
    for edit in _of(pair.added, "rules"):
        yield Operation("RULE_ADDED", "rule", (edit.path[1],), (edit,), _SOME)
    for edit in _tree(pair):
        if edit.before is ABSENT:
            yield Operation("RULE_ADDED", "field", (TREE,), (edit,), _SOME)


def rule_changed(pair: Pair) -> Iterator[Operation]:
    """A decision rule says something else, or nobody declares that it does not."""
    for kept in pair.kept:
        edits = reworded(kept) if kept.block == "rules" else ()
        if edits and kept.meaning != "kept":
            touches = (Touch("relabel", "cites", (kept.id,)),)
            yield Operation("RULE_CHANGED", "rule", (kept.id,), edits, touches, (), kept.meaning)
    for edit in tree_changed(pair):
        meaning = pair.meanings.get(TREE, "")
        if meaning != "kept":
            yield Operation("RULE_CHANGED", "field", (TREE,), (edit,), _ALL, (), meaning)


def rule_removed(pair: Pair) -> Iterator[Operation]:
    """A decision rule is withdrawn."""
    for edit in _of(pair.removed, "rules"):
        touches = (Touch("review", "cites", (edit.path[1],)),)
        yield Operation("RULE_REMOVED", "rule", (edit.path[1],), (edit,), touches)
    for edit in _tree(pair):
        if edit.after is ABSENT:
            yield Operation("RULE_REMOVED", "field", (TREE,), (edit,), _ALL)


def edge_case_added(pair: Pair) -> Iterator[Operation]:
    """A case is decided that was open."""
    for edit in _of(pair.added, "edge_cases"):
        yield Operation("EDGE_CASE_ADDED", "edge case", (edit.path[1],), (edit,))


def edge_case_flipped(pair: Pair) -> Iterator[Operation]:
    """A case is decided otherwise: it gets another label, or words that are not declared kept."""
    for kept in pair.kept:
        if flipped(kept):
            touches = (Touch("relabel", "cites", (kept.id,)),)
            yield Operation(
                "EDGE_CASE_FLIPPED", "edge case", (kept.id,), kept.edits, touches, (), kept.meaning
            )


def edge_case_removed(pair: Pair) -> Iterator[Operation]:
    """A decided case is open again."""
    for edit in _of(pair.removed, "edge_cases"):
        touches = (Touch("review", "cites", (edit.path[1],)),)
        yield Operation("EDGE_CASE_REMOVED", "edge case", (edit.path[1],), (edit,), touches)


def escalation_changed(pair: Pair) -> Iterator[Operation]:
    """When to ask whom is added, changed or taken out: labels stay as they are."""
    for edit in _of((*pair.added, *pair.removed), "escalation"):
        yield Operation("ESCALATION_CHANGED", "escalation", (edit.path[1],), (edit,))
    for kept in pair.kept:
        if kept.block == "escalation" and kept.edits:
            yield Operation("ESCALATION_CHANGED", "escalation", (kept.id,), kept.edits)


def _of(edits: tuple[Edit, ...], block: str) -> list[Edit]:
    return [edit for edit in edits if edit.path[0] == block]


def _tree(pair: Pair) -> list[Edit]:
    return [edit for edit in pair.fields if edit.path == (TREE,)]
