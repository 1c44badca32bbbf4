"""The labels of an item judged purely: their order, which is in force, what is wrong with a chain.

Which one is in force is told as statistics count it (`read/tallies.py`): the latest of each
annotator that is submitted or flagged, neither superseded nor rejected, no aggregate and no
reference answer.
"""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from dvc_labelmeta.diff.comparison import Comparison
from dvc_labelmeta.diff.operation import Operation
from dvc_labelmeta.model.event import Event
from dvc_labelmeta.model.labelling import Label, Past, text

POINTERS = ("supersedes", "migrated_from", "derived_from")
IN_FORCE = "in force"
_OPEN = ("draft", "skipped", "discarded")
_NEVER = dt.datetime.max.replace(tzinfo=dt.timezone.utc)
_SAYS = {"supersedes": "supersedes", "migrated_from": "was migrated from"}


class Turn(NamedTuple):
    """Two labels that follow each other under different texts of a guideline, by their places.

    compared: how the texts differ; None where that was told of the same two texts before, or where
    they do not differ in what is read.
    """

    before: int
    after: int
    compared: Comparison | None = None


class Trace(NamedTuple):
    """All that is known of the labels of an item in one layer of a split.

    record: the one that was asked for, "" for all. path: of the records, from the root. labels:
    oldest first; standings: in their order. faults: what is wrong with their chains. events: of
    the split, oldest first, each with who did it. note: what of the ledger was not read.
    """

    split: str
    layer: str
    guideline: str
    path: str
    item: str
    record: str = ""
    labels: tuple[Label, ...] = ()
    standings: tuple[Standing, ...] = ()
    faults: tuple[str, ...] = ()
    turns: tuple[Turn, ...] = ()
    past: Past = Past()
    events: tuple[tuple[Event, str], ...] = ()
    note: str = ""


class Standing(NamedTuple):
    """What became of a label: IN_FORCE, or why it is not; by: the ids of what took its place."""

    state: str
    by: tuple[str, ...] = ()


def ordered(labels: Sequence[Label]) -> list[Label]:
    """Return labels oldest first, by their times; each after what it replaces or is made of.

    Those without a time come last, unless something that has one replaces them.
    """
    places: dict[str, list[int]] = defaultdict(list)
    for at, label in enumerate(labels):
        places[label.id].append(at)
    begun: set[int] = set()
    found: dict[int, Label] = {}
    by_time = sorted(range(len(labels)), key=lambda at: labels[at].since or _NEVER)
    waiting = [*reversed(by_time)]
    while waiting:
        at = waiting[-1]
        before = [] if at in begun else [*_before(labels, at, places)]
        begun.add(at)
        new = [other for other in before if other not in begun]
        waiting += reversed(new)
        if not new:
            found.setdefault(waiting.pop(), labels[at])
    return [*found.values()]


def _before(labels: Sequence[Label], at: int, places: Mapping[str, Sequence[int]]) -> Iterator[int]:
    """Yield the places of what a record said before, and of the records that it points to."""
    label = labels[at]
    yield from (other for other in places[label.id] if other < at and labels[other].gone)
    for field in POINTERS:
        for id_ in label.points_to(field):
            yield from places.get(id_, ())


def standings(labels: Sequence[Label]) -> list[Standing]:
    """Return what became of each label, in their order."""
    heirs = _heirs(labels)
    found = [_standing(label, heirs) for label in labels]
    votes: dict[str, list[int]] = defaultdict(list)
    for at, one in enumerate(found):
        if one.state == IN_FORCE:
            votes[text(labels[at].record, "annotator") or f"?{labels[at].id}"].append(at)
    for several in votes.values():
        latest = max(several, key=lambda at: _rank(labels[at]))
        for at in several:
            if at != latest:
                found[at] = Standing("overtaken", (labels[latest].id,))
    return found


def _rank(label: Label) -> tuple[Any, ...]:
    return label.moment is not None, label.moment or _NEVER, label.id


def _heirs(labels: Iterable[Label]) -> Mapping[str, list[str]]:
    """Return the ids of the records that supersede each; a draft replaces nothing yet."""
    found: dict[str, list[str]] = defaultdict(list)
    for label in labels:
        for id_ in label.points_to("supersedes"):
            if not label.gone and id_ != label.id and text(label.record, "status") != "draft":
                found[id_].append(label.id)
    return found


def _standing(label: Label, heirs: Mapping[str, list[str]]) -> Standing:
    record = label.record
    if label.gone:
        return Standing(label.gone)
    if (status := text(record, "status")) in _OPEN:
        return Standing(status)
    if label.id in heirs:
        return Standing("superseded", tuple(heirs[label.id]))
    if text(record, "review") == "rejected":
        return Standing("rejected")
    if text(record, "annotator_type") == "aggregate":
        return Standing("aggregate")
    return Standing("reference" if record.get("is_gold") is True else IN_FORCE)


def missing(labels: Iterable[Label]) -> list[str]:
    """Return the ids that records point to and that none of these has, each once."""
    known = {label.id for label in labels if not label.gone}
    named = (
        id_
        for label in labels
        if not label.gone
        for field in POINTERS
        for id_ in label.points_to(field)
    )
    return [id_ for id_ in dict.fromkeys(named) if id_ not in known]


def faults(labels: Sequence[Label], elsewhere: Mapping[str, str]) -> list[str]:
    """Return what is wrong with the chains of records, each a sentence.

    elsewhere: the items of records that are not among these, by their ids.
    """
    here = [label for label in labels if not label.gone]
    known = {label.id: label for label in here}
    gone = {label.id: label for label in labels if label.gone}
    found = [f"{number} records have the id {id_}" for id_, number in _repeated(here)]
    for label in here:
        for field in POINTERS:
            says = _SAYS.get(field, "was made of")
            wrong = (
                _wrong(label, field, id_, known, gone, elsewhere) for id_ in label.points_to(field)
            )
            found += [f"{label.id} {says} {one}" for one in wrong if one]
    for id_, heirs in _heirs(here).items():
        if len(heirs) > 1:
            found.append(f"{id_} is superseded by several records: {', '.join(sorted(heirs))}")
    return [*found, *_cycles(known)]


def _repeated(labels: Iterable[Label]) -> Iterator[tuple[str, int]]:
    counts: dict[str, int] = defaultdict(int)
    for label in labels:
        counts[label.id] += 1
    yield from ((id_, number) for id_, number in counts.items() if id_ and number > 1)


def _wrong(
    label: Label,
    field: str,
    id_: str,
    known: Mapping[str, Label],
    gone: Mapping[str, Label],
    elsewhere: Mapping[str, str],
) -> str:
    """Return what is wrong with the record that another one points to, "" for nothing."""
    if id_ == label.id:
        return "itself"
    if id_ in known:
        first, second = known[id_].moment, label.moment
        late = field in _SAYS and first and second and second < first
        return f"{id_}, which is later than it" if late else ""
    if id_ in elsewhere:
        return f"{id_}, which is of another item, {elsewhere[id_]}"
    if id_ in gone and (change := gone[id_].gone_in):
        where = f"in commit {change.commit[:12]}" if change.commit else change.subject
        where = where or "and not committed"
        return f"{id_}, which was {gone[id_].gone} {where}"
    return f"{id_}, which is not there"


def _cycles(known: Mapping[str, Label]) -> Iterator[str]:
    told: set[str] = set()
    for start in known:
        way: list[str] = []
        id_ = start
        while id_ in known and id_ not in way and id_ not in told:
            way.append(id_)
            id_ = next(iter(known[id_].points_to("supersedes")), "")
        if id_ in way and way[-1] != id_:  # itself is told already
            yield f"records supersede each other in a circle: {', '.join(way[way.index(id_) :])}"
        told.update(way)


def turns(labels: Sequence[Label]) -> list[tuple[int, int]]:
    """Return the places of labels that follow each other under different texts of a guideline.

    A label of which nobody knows the text is passed over.
    """
    found = []
    last: dict[str, int] = {}
    for at, label in enumerate(labels):
        if not label.seen.object:
            continue
        before = last.get(label.seen.guideline)
        if before is not None and labels[before].seen.object != label.seen.object:
            found.append((before, at))
        last[label.seen.guideline] = at
    return found


def became(labels: Sequence[Label], at: int) -> Label | None:
    """Return what a record said after this, None for one that was removed or that still says it."""
    if labels[at].gone != "rewritten":
        return None
    return next((one for one in labels[at + 1 :] if one.id == labels[at].id), None)


def fields(before: Label, after: Label) -> list[tuple[str, Any, Any]]:
    """Return the fields in which two records differ, and both values; None: it has none."""
    names = sorted({*before.record, *after.record})
    pairs = [(name, before.record.get(name), after.record.get(name)) for name in names]
    return [one for one in pairs if one[1] != one[2]]


def words_of(label: Label) -> frozenset[str]:
    """Return the ids of labels that a record gives, and of the clauses that it cites."""
    record = label.record
    return frozenset(
        [*_labels(record.get("label")), *_named(record.get("value")), *label.points_to("cites")]
    )


def _labels(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, list):
        yield from (one for one in value if isinstance(one, str))


def _named(value: Any) -> Iterator[str]:
    """Yield the labels that spans, boxes and the like name."""
    if isinstance(value, list):
        for one in value:
            yield from _named(one)
    elif isinstance(value, dict):
        yield from _labels(value.get("label"))
        yield from _labels(value.get("labels"))


def concerned(operations: Iterable[Operation], words: frozenset[str]) -> list[Operation]:
    """Return the operations on labels and clauses that a person who gave these labels relied on.

    What happens to one label touches its neighbours too; those are left out.
    """
    return [one for one in operations if words & {*one.ids, *one.into, *_touched(one)}]


def _touched(one: Operation) -> Iterator[str]:
    for touch in one.touches if one.kind != "label" else ():
        yield from touch.ids
