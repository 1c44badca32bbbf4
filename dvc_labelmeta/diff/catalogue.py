"""The table of rules: which bump each kind of change needs, and what it does to annotations."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from types import MappingProxyType
from typing import NamedTuple, Protocol

from dvc_labelmeta.diff import clauses, labels, whole, wording
from dvc_labelmeta.diff.operation import NEEDS, Operation
from dvc_labelmeta.diff.pair import Pair


class Judge(Protocol):
    """A rule's function: pure, over the previous and the current version."""

    __name__: str
    __doc__: str | None

    def __call__(self, pair: Pair, /) -> Iterator[Operation]:
        """Yield an operation for each change of this kind."""


class Rule(NamedTuple):
    """One kind of change.

    bump: the least that it needs, one of NEEDS. effect: what becomes of existing annotations, in
    short; which ones is in the operation.
    """

    judge: Judge
    bump: str
    effect: str

    @property
    def name(self) -> str:
        """The name that operations carry."""
        return self.judge.__name__.upper()


RULES = (
    Rule(whole.version_changed, "none", "valid"),
    Rule(whole.guideline_added, "none", "valid"),
    Rule(whole.guideline_removed, "major", "invalid"),
    Rule(whole.structure_added, "unknown", "review"),
    Rule(whole.structure_removed, "major", "review"),
    Rule(labels.label_id_reused, "forbidden", "invalid"),
    Rule(labels.label_removed, "major", "invalid"),
    Rule(labels.label_reorganised, "major", "relabel"),
    Rule(labels.label_split, "major", "relabel"),
    Rule(labels.label_merged, "major", "mapped, the original kept"),
    Rule(labels.label_renamed, "minor", "mapped, reversible"),
    Rule(labels.label_added_carves, "major", "review of the labels named"),
    Rule(labels.label_added, "minor", "valid"),
    Rule(labels.label_deprecated, "minor", "valid, new use warns"),
    Rule(wording.def_changed, "major", "relabel, review of neighbours"),
    Rule(wording.def_clarified, "minor", "valid, review of a sample"),
    Rule(wording.example_changed, "minor", "review of those citing it"),
    Rule(wording.example_added, "patch", "valid"),
    Rule(clauses.rule_changed, "major", "relabel of those citing it"),
    Rule(clauses.rule_removed, "major", "review of those citing it"),
    Rule(clauses.rule_added, "minor", "review of a sample"),
    Rule(clauses.edge_case_flipped, "major", "relabel of those citing it"),
    Rule(clauses.edge_case_removed, "major", "review of those citing it"),
    Rule(clauses.edge_case_added, "minor", "valid"),
    Rule(clauses.escalation_changed, "minor", "valid"),
    Rule(whole.task_changed, "major", "relabel"),
    Rule(whole.scale_changed, "major", "rescale by the declared map, raw kept"),
    Rule(whole.field_required_added, "major", "backfill or legacy"),
    Rule(whole.field_removed, "major", "script"),
    Rule(whole.field_optional_added, "minor", "valid"),
    Rule(wording.prose_changed, "unknown", "review of a sample"),
    Rule(wording.text_only, "patch", "valid"),
    Rule(whole.governance_only, "patch", "valid"),
)
BY_NAME: Mapping[str, Rule] = MappingProxyType({rule.name: rule for rule in RULES})


def bump(operation: Operation) -> str:
    """Return the least bump that an operation needs, one of NEEDS."""
    return BY_NAME[operation.rule].bump


def needed(operations: Iterable[Operation]) -> str:
    """Return the least bump that all operations together need: a floor, "none" for no operation."""
    return max(map(bump, operations), key=NEEDS.index, default="none")
