"""What a change of a guideline does to the records made under it: counts by state, judged purely.

Concerned are records whose version is the one before the change or an older one; who does not say
counts under the version that the layer is linked to, and a version without order (prose) counts
unless it is the new one. A record counts once for each operation, and once in all, under the
severest state that something gives it. Where only a sample is to be looked at, the records that it
is drawn from are counted apart and stay valid.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from types import MappingProxyType
from typing import NamedTuple

from dvc_labelmeta.diff.operation import STATES, Operation, Touch
from dvc_labelmeta.model.guideline import precedes, semver
from dvc_labelmeta.model.impact import Durations, Group, Wanted

Counts = Mapping[str, int]

FEWEST = 10  # durations that an estimate of work may rest on
PEOPLE = ("review", "relabel")  # states that a person has to look into, record by record
WAITING = (*PEOPLE, "script", "invalid")  # states that no map carries a record over from
UNNAMED = "its sidecar names no annotation records"
_HOUR = 3600
_NONE: Counts = MappingProxyType({})


class Effect(NamedTuple):
    """What one operation, or all of them, do to the records of a layer.

    states: records by state; those that are touched, of all operations also the valid ones.
    annotators: the same for each, "" for records that name none. drawn: records that a sample is
    drawn from; sample: its size, 0 for none.
    """

    states: Counts = _NONE
    annotators: Mapping[str, Counts] = MappingProxyType({})
    drawn: int = 0
    sample: int = 0


class LayerImpact(NamedTuple):
    """What a change does to the records of one layer of a split.

    version: that of its link. fault: why nothing was counted, "" where it was. records: those in
    force; newer: those of them that the change does not concern. versions: records by the version
    that they were made under, "" for those that do not say. effects: one for each operation.
    durations: of the records that people have to look into.
    """

    split: str
    layer: str
    version: str
    dataset: str = ""
    owners: tuple[str, ...] = ()
    mode: str = ""
    fault: str = ""
    records: int = 0
    newer: int = 0
    versions: Counts = _NONE
    total: Effect = Effect()
    effects: tuple[Effect, ...] = ()
    durations: Durations = Durations()

    @property
    def work(self) -> int:
        """How many records people have to look into."""
        return sum(self.total.states.get(state, 0) for state in PEOPLE)

    @property
    def hours(self) -> float | None:
        """The median duration times these records; None where too few say how long they took."""
        if self.durations.median is None or self.durations.records < FEWEST:
            return None
        return self.work * self.durations.median / _HOUR

    @property
    def waits(self) -> bool:
        """Whether records have to be looked into before the layer can follow the guideline."""
        return any(self.total.states.get(state, 0) for state in WAITING)


class Together(NamedTuple):
    """Whether the splits of a data set stay compatible.

    apart: they are linked to several major versions already. major: the change is one. follow,
    wait: the splits that can be linked to the new version as they are (maps, backfills and scales
    are a matter of a command), and those where people have to look at records first. unknown:
    those that could not be counted.
    """

    dataset: str
    layer: str
    apart: bool
    major: bool
    follow: tuple[str, ...]
    wait: tuple[str, ...]
    unknown: tuple[str, ...] = ()

    @property
    def compatible(self) -> bool | None:
        """Whether no two of them would need different majors; None where that is not known."""
        if self.apart:
            return False
        if not self.major:
            return True
        if self.follow and self.wait:
            return False
        return None if self.unknown else True


def wanted(operations: Iterable[Operation], task: str) -> Wanted:
    """Return all that the operations' selectors look for."""
    found: dict[str, dict[str, None]] = {"label": {}, "cites": {}, "field": {}, "all": {}}
    for operation in operations:
        for touch in operation.touches:
            found[touch.by].update(dict.fromkeys(touch.ids))
    return Wanted(tuple(found["label"]), tuple(found["cites"]), tuple(found["field"]), task)


def judged(
    operations: Sequence[Operation],
    groups: Sequence[Group],
    layer: LayerImpact,
    ends: tuple[str, str],
    mapped: frozenset[str] = frozenset(),
) -> tuple[LayerImpact, tuple[int, ...]]:
    """Return the impact on a layer, and the places of the groups that people have to look into.

    ends: the version before the change and after. mapped: labels for which a migration declares
    what becomes of them.
    """
    here = [concerned(group.version or layer.version, *ends) for group in groups]
    old = [group for group, counts in zip(groups, here, strict=True) if counts]
    touches = [touch for operation in operations for touch in operation.touches]
    total = _effect(touches, old, mapped, valid=True)
    chosen = tuple(
        at
        for at, (state, _) in enumerate(_outcomes(touches, groups, mapped))
        if here[at] and state in PEOPLE
    )
    versions: Counter[str] = Counter()
    for group in groups:
        versions[group.version] += group.records
    records = versions.total()
    found = layer._replace(
        records=records,
        newer=records - sum(group.records for group in old),
        versions=dict(sorted(versions.items(), key=lambda item: (-item[1], item[0]))),
        total=total,
        effects=tuple(_effect(one.touches, old, mapped) for one in operations),
    )
    return found, chosen


def concerned(version: str, base: str, head: str) -> bool:
    """Tell whether a change from `base` to `head` concerns records made under a version."""
    if semver(version) is None or semver(base) is None:
        return version != head
    return not precedes(base, version)


def state_of(group: Group, touches: Iterable[Touch], mapped: frozenset[str]) -> str:
    """Return the severest state that touches give the records of a group; samples give none."""
    states = (
        _state(touch, group, mapped)
        for touch in touches
        if not touch.sample and _hits(touch, group)
    )
    return max(states, key=STATES.index, default="valid")


def _state(touch: Touch, group: Group, mapped: frozenset[str]) -> str:
    if touch.state == "invalid" and touch.by == "label":
        return "mapped" if group.labels & {*touch.ids} <= mapped else "invalid"
    return touch.state


def _hits(touch: Touch, group: Group) -> bool:
    if touch.by == "all":
        return True
    if touch.by == "field":
        carried = group.fields & {*touch.ids}
        return len(carried) < len(touch.ids) if touch.state == "backfill" else bool(carried)
    return bool((group.labels if touch.by == "label" else group.cites) & {*touch.ids})


def _outcomes(
    touches: Sequence[Touch], groups: Iterable[Group], mapped: frozenset[str]
) -> list[tuple[str, bool]]:
    """Return the state of each group, and whether a sample is drawn from it."""
    known: dict[tuple[frozenset[str], ...], tuple[str, bool]] = {}  # most groups differ in who
    found = []
    for group in groups:
        key = group.labels, group.cites, group.fields
        if key not in known:
            state = state_of(group, touches, mapped)
            sampled = any(touch.sample and _hits(touch, group) for touch in touches)
            known[key] = state, sampled and state == "valid"
        found.append(known[key])
    return found


def _effect(
    touches: Sequence[Touch],
    groups: Sequence[Group],
    mapped: frozenset[str],
    *,
    valid: bool = False,
) -> Effect:
    """Return what touches do to the records of groups; valid: count also the untouched."""
    sample = max((touch.sample for touch in touches), default=0)
    states: Counter[str] = Counter()
    annotators: dict[str, Counter[str]] = {}
    drawn = 0
    for group, (state, sampled) in zip(groups, _outcomes(touches, groups, mapped), strict=True):
        drawn += group.records if sampled else 0
        if valid or state != "valid":
            states[state] += group.records
            annotators.setdefault(group.annotator, Counter())[state] += group.records
    return Effect(
        _ordered(states),
        {name: _ordered(counts) for name, counts in sorted(annotators.items())},
        drawn,
        min(sample, drawn),
    )


def _ordered(counts: Counts) -> Counts:
    return {state: counts[state] for state in STATES if counts.get(state)}


def added(counts: Iterable[Counts]) -> Counts:
    """Return counts by state added up, in the order of STATES."""
    found: Counter[str] = Counter()
    for one in counts:
        found.update(one)
    return _ordered(found)


def by_owner(layers: Iterable[LayerImpact]) -> Mapping[str, Counts]:
    """Return records by state for each owner of splits, "" for splits without; sorted by name."""
    found: dict[str, list[Counts]] = {}
    for layer in layers:
        for owner in layer.owners or ("",):
            found.setdefault(owner, []).append(layer.total.states)
    return {owner: added(counts) for owner, counts in sorted(found.items())}


def by_annotator(layers: Iterable[LayerImpact]) -> Mapping[str, Counts]:
    """Return records by state for each annotator, "" for records that name none; sorted."""
    found: dict[str, list[Counts]] = {}
    for layer in layers:
        for name, counts in layer.total.annotators.items():
            found.setdefault(name, []).append(counts)
    return {name: added(counts) for name, counts in sorted(found.items())}


def together(layers: Sequence[LayerImpact], *, major: bool) -> tuple[Together, ...]:
    """Return whether the splits of each data set stay compatible; those of one split are left out.

    major: whether the change is a major one.
    """
    sets: dict[tuple[str, str], list[LayerImpact]] = {}
    for layer in layers:
        sets.setdefault((layer.dataset, layer.layer), []).append(layer)
    return tuple(
        Together(
            *key,
            len({_major(one.version) for one in members}) > 1,
            major,
            tuple(one.split for one in members if not one.fault and not one.waits),
            tuple(one.split for one in members if not one.fault and one.waits),
            tuple(one.split for one in members if one.fault),
        )
        for key, members in sorted(sets.items())
        if key[0] and len({one.split for one in members}) > 1
    )


def _major(version: str) -> str:
    number = semver(version)
    return str(number[0]) if number else version
