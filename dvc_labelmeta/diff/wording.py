"""Rules about what annotators decide by: definitions, examples, prose."""

from __future__ import annotations

from collections.abc import Iterator

from dvc_labelmeta.diff.match import Kept
from dvc_labelmeta.diff.operation import ABSENT, BLOCKS, Edit, Operation, Touch
from dvc_labelmeta.diff.pair import Pair, there
from dvc_labelmeta.diff.text import plains
from dvc_labelmeta.diff.turns import MEANING

# how many annotations are looked at where nobody expects a fault
SAMPLE = 30
TREE = "decision_tree"
_WORDS = {"labels": MEANING, "rules": ("text",), "edge_cases": ("case", "decision")}
_EXAMPLES = ("examples", "counter_examples")


def text_only(pair: Pair) -> Iterator[Operation]:
    """Format, order, names and typos, in however many places: one operation."""
    if pair.trivial:
        yield Operation("TEXT_ONLY", "guideline", (), pair.trivial)


def example_added(pair: Pair) -> Iterator[Operation]:
    """A label gets examples or counter-examples that no label had."""
    for kept, edits, unsettling in _examples(pair):
        if not unsettling:
            yield Operation("EXAMPLE_ADDED", "label", (kept.id,), edits)


def example_changed(pair: Pair) -> Iterator[Operation]:
    """Examples of a label are taken out, reworded, or come from another place."""
    for kept, edits, unsettling in _examples(pair):
        if unsettling:
            touches = (Touch("review", "cites", (kept.id,)),)
            yield Operation("EXAMPLE_CHANGED", "label", (kept.id,), edits, touches)


def def_clarified(pair: Pair) -> Iterator[Operation]:
    """What annotators decide by is reworded, and the author declares that its meaning is kept."""
    for kept in pair.kept:
        edits = reworded(kept)
        if edits and kept.meaning == "kept":
            by = "label" if kept.block == "labels" else "cites"
            touches = (Touch("review", by, (kept.id,), SAMPLE),)
            yield _worded("DEF_CLARIFIED", BLOCKS[kept.block], kept.id, edits, touches, "kept")
    for edit in (*_prose(pair), *tree_changed(pair)):
        id_ = edit.path[-1]
        if pair.meanings.get(id_) == "kept":
            kind = "prose" if edit in pair.prose else "field"
            touches = (Touch("review", "all", (), SAMPLE),)
            yield _worded("DEF_CLARIFIED", kind, id_, (edit,), touches, "kept")


def def_changed(pair: Pair) -> Iterator[Operation]:
    """What annotators decide by means something else, or nobody says that it does not.

    A decision rule is RULE_CHANGED, a decided case EDGE_CASE_FLIPPED; here is the case's own
    description.
    """
    for kept in pair.kept:
        edits = () if kept.block == "rules" else reworded(kept)
        if edits and kept.meaning != "kept":
            touches = _shifted(pair, kept)
            yield _worded("DEF_CHANGED", BLOCKS[kept.block], kept.id, edits, touches, kept.meaning)
    for edit in _prose(pair):
        meaning = pair.meanings.get(edit.path[1], "")
        if meaning not in {"", "kept"}:
            touches = (Touch("review", "all"),)
            yield _worded("DEF_CHANGED", "prose", edit.path[1], (edit,), touches, meaning)


def prose_changed(pair: Pair) -> Iterator[Operation]:
    """A prose file differs in its words, and only its author can say how much that matters."""
    for edit in _prose(pair):
        if edit.path[1] not in pair.meanings:
            touches = (Touch("review", "all", (), SAMPLE),)
            yield Operation("PROSE_CHANGED", "prose", (edit.path[1],), (edit,), touches)


def reworded(kept: Kept) -> tuple[Edit, ...]:
    """Return the edits of the texts that annotators decide by; none where a case is flipped."""
    return () if flipped(kept) else kept.of(*_WORDS.get(kept.block, ()))


def flipped(kept: Kept) -> bool:
    """Tell whether an edge case is decided otherwise: another label, or words not declared kept."""
    words = kept.of("decision") and kept.meaning != "kept"
    return kept.block == "edge_cases" and bool(kept.of("label") or words)


def tree_changed(pair: Pair) -> tuple[Edit, ...]:
    """Return the edit of a decision tree that both versions have, if it differs."""
    return tuple(
        edit
        for edit in pair.fields
        if edit.path == (TREE,) and edit.before is not ABSENT and edit.after is not ABSENT
    )


def _prose(pair: Pair) -> tuple[Edit, ...]:
    """Return the edits of prose files, unless the guideline as a whole came or went."""
    return pair.prose if there(pair.before) and there(pair.after) else ()


def _worded(
    rule: str, kind: str, id_: str, edits: tuple[Edit, ...], touches: tuple[Touch, ...], said: str
) -> Operation:
    return Operation(rule, kind, (id_,), edits, touches, (), said)


def _shifted(pair: Pair, kept: Kept) -> tuple[Touch, ...]:
    """Return what a shift of meaning touches: narrowed the label, widened all others, else both."""
    if kept.block != "labels":
        return (Touch("review", "cites", (kept.id,)),)
    others = tuple(id_ for id_ in pair.labels[0] if id_ != kept.id)
    own = Touch("relabel", "label", (kept.id,))
    neighbours = (Touch("review", "label", others),) if others else ()
    return {"narrowed": (own,), "widened": neighbours}.get(kept.meaning, (own, *neighbours))


def _examples(pair: Pair) -> Iterator[tuple[Kept, tuple[Edit, ...], bool]]:
    """Yield each label whose examples differ, and whether one of them went or came from a label."""
    known = frozenset(
        example
        for label in pair.labels[0].values()
        for field in _EXAMPLES
        for example in plains(label.get(field, []))
    )
    for kept in pair.kept:
        if edits := kept.of(*_EXAMPLES):
            taken = any(plains(edit.before) - plains(edit.after) for edit in edits)
            given = any((plains(edit.after) - plains(edit.before)) & known for edit in edits)
            yield kept, edits, taken or given
