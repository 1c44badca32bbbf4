"""The semantic diff of two versions of a guideline."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any

from dvc_labelmeta.diff.catalogue import RULES
from dvc_labelmeta.diff.match import Clauses
from dvc_labelmeta.diff.operation import Content, Edit, Operation
from dvc_labelmeta.diff.pair import pair

_NONE: Mapping[str, Any] = MappingProxyType({})


def diff(
    before: Content,
    after: Content,
    declared: Mapping[str, Sequence[str]] = _NONE,
    used: Clauses = _NONE,
) -> tuple[Operation, ...]:
    """Return what changed, in the order of the rules, then of the guideline.

    before, after: one step; what `changes` declares is said of it alone. declared: a migration's
    map of labels, previous id -> current ids; without it and without `replaced_by`, an id that
    goes and one that comes are two labels. used: the labels of all earlier versions by id, as
    they were last defined, to find an id that is used again.
    """
    if before == after:
        return ()
    both = pair(before, after, declared, used)
    operations = [operation for rule in RULES for operation in rule.judge(both)]
    for edit in both.lists:
        _hand(edit, operations)
    return tuple(operations)


def _hand(edit: Edit, operations: list[Operation]) -> None:
    """Give the edit of a list that came or went to the first operation upon its clauses.

    An empty list that came or went is format.
    """
    for at, operation in enumerate(operations):
        if any(own.path[:1] == edit.path for own in operation.edits):
            operations[at] = operation._replace(edits=(edit, *operation.edits))
            return
    operations.append(Operation("TEXT_ONLY", "guideline", (), (edit,)))
