"""Laws of the semantic diff, for any two guidelines: nothing is lost, nothing is made up."""

from __future__ import annotations

import copy
from collections import Counter
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from dvc_labelmeta.diff.apply import apply, undo
from dvc_labelmeta.diff.catalogue import BY_NAME, needed
from dvc_labelmeta.diff.guidelines import diff
from dvc_labelmeta.diff.operation import NEEDS, SELECTORS, STATES, Content, Operation
from dvc_labelmeta.diff.summary import summary
from dvc_labelmeta.model.fields import GUIDELINE
from dvc_labelmeta.model.guideline import MEANINGS, STATUSES
from dvc_labelmeta.model.shape import fits

SAME_EVERY_TIME = settings(
    derandomize=True,
    deadline=None,
    database=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
IDS = st.sampled_from(["a", "b", "c", "d", "e", "guide.md"])
TEXTS = st.sampled_from(["Rude.", "Rude", "*Rude*", "Not  rude", "Kind", "rude – very", "x", "1.5"])
LISTS = st.lists(TEXTS, max_size=3)
FREE = st.one_of(st.none(), st.integers(0, 2), TEXTS, st.dictionaries(TEXTS, LISTS, max_size=2))


def some(required: dict[str, Any], optional: dict[str, Any]) -> st.SearchStrategy[dict[str, Any]]:
    return st.fixed_dictionaries(required, optional=optional | {"x-own": FREE})


LABELS = some(
    {"id": IDS},
    dict.fromkeys(["name", "definition", "rationale"], TEXTS)
    | dict.fromkeys(["aliases", "use_when", "avoid_when", "examples", "counter_examples"], LISTS)
    | {"replaced_by": IDS, "carves_from": st.lists(IDS, max_size=2)}
    | {"status": st.sampled_from(STATUSES)},
)
CLAUSES = {
    "labels": LABELS,
    "rules": some({"id": IDS, "text": TEXTS}, {"rationale": TEXTS}),
    "edge_cases": some({"id": IDS, "case": TEXTS, "decision": TEXTS}, {"label": IDS}),
    "escalation": some({"id": IDS, "when": TEXTS, "to": TEXTS}, {}),
}
STRUCTURES = some(
    {
        "schema": st.just("labelmeta/guideline/v1"),
        "id": st.sampled_from(["g", "h"]),
        "version": st.sampled_from(["1.0.0", "1.1.0", "2.0.0"]),
        "status": st.sampled_from(STATUSES),
    },
    {block: st.lists(clause, max_size=4) for block, clause in CLAUSES.items()}
    | {
        "title": TEXTS,
        "modality": st.sampled_from(["text", "image"]),
        "task": st.sampled_from(["span", "classification"]),
        "owners": LISTS,
        "approved_by": st.lists(some({"name": TEXTS}, {}), max_size=2),
        "effective_from": st.sampled_from(["2026-01-05", "2026-02-05"]),
        "change_note": TEXTS,
        "changes": st.lists(
            some({"clause": IDS, "meaning": st.sampled_from(MEANINGS)}, {"note": TEXTS}), max_size=4
        ),
        "decision_tree": st.dictionaries(TEXTS, FREE, max_size=2),
        "confidence": st.sampled_from([{"scale": "unit"}, {"scale": {"sure": 1.0}}, {}]),
        "required_fields": st.lists(IDS, max_size=3),
        "optional_fields": st.lists(IDS, max_size=3),
    },
)
CONTENTS = st.builds(
    Content,
    st.one_of(st.none(), STRUCTURES),
    st.dictionaries(st.sampled_from(["guide.md", "x-a.md"]), TEXTS, max_size=2),
)
DECLARED = st.dictionaries(IDS, st.lists(IDS, min_size=1, max_size=3), max_size=3)
USED = st.dictionaries(IDS, LABELS, max_size=2)


@st.composite
def pairs(draw: st.DrawFn) -> tuple[Content, Content]:
    """Two contents: unlike each other, or one a few steps from the other."""
    before = draw(CONTENTS)
    other = draw(CONTENTS)
    if before.structure is None or other.structure is None or draw(st.booleans()):
        return before, other
    after = copy.deepcopy(dict(before.structure))
    for key in draw(st.sets(st.sampled_from(sorted({*before.structure, *other.structure})))):
        if isinstance(after.get(key), list) and draw(st.booleans()):
            after[key] = draw(st.permutations(after[key]))
        elif key in other.structure:
            after[key] = other.structure[key]
        elif key not in GUIDELINE["required"]:
            del after[key]
    return before, Content(after, other.prose)


@settings(SAME_EVERY_TIME, max_examples=150)
@given(pairs(), DECLARED, USED)
def test_a_diff_leads_from_one_to_the_other_and_back(
    pair: tuple[Content, Content], declared: dict[str, list[str]], used: dict[str, Any]
) -> None:
    before, after = pair
    assert after.structure is None or fits(GUIDELINE)(after.structure)
    given_ = copy.deepcopy(pair)
    operations = diff(before, after, declared, used)
    assert apply(before, operations) == after
    assert undo(after, operations) == before
    assert (before, after) == given_, "nothing given is changed"
    assert bool(operations) == (before != after)
    _assert_told_once(operations)
    for operation in operations:
        _assert_of_the_table(operation)


def _assert_told_once(operations: tuple[Operation, ...]) -> None:
    """One edit of the fields of records may be both a field more and a field less."""
    paths = Counter(edit.path for operation in operations for edit in operation.edits)
    shared = {("required_fields",), ("optional_fields",)}
    assert all(number == 1 or path in shared for path, number in paths.items())


def _assert_of_the_table(operation: Operation) -> None:
    assert BY_NAME[operation.rule].bump in NEEDS
    assert summary(operation)
    for touch in operation.touches:
        assert touch.state in STATES
        assert touch.by in SELECTORS
        assert bool(touch.ids) == (touch.by != "all")


@settings(SAME_EVERY_TIME, max_examples=50)
@given(st.lists(LABELS, unique_by=lambda label: label["id"], max_size=4), st.randoms())
def test_order_and_format_are_a_patch(labels: list[dict[str, Any]], random: Any) -> None:
    after = copy.deepcopy(labels)
    random.shuffle(after)
    for label in after:
        if "definition" in label:
            label["definition"] = f" *{label['definition'].strip('*').rstrip('.')}*\n"
    found = diff(Content({"labels": labels}), Content({"labels": after}))
    assert needed(found) in {"none", "patch"}
    assert len(found) <= 1
