"""The labels of an item through time, for people, for programs and as a picture.

`labelmeta trace ITEM --format json` is a list, an entry a layer, with the keys: item, record (the
one asked for, or null), split, layer, guideline, path (of the records). `labels`, oldest first:
id, state ("in force", or why it is not), by (ids of what took its place), record (all its
fields), role and expertise (of the record or annotators.yaml), seen (guideline, version, object,
evidence), first (the commit that brought it, or null), gone ("rewritten", "removed" or null),
gone_in (null: not committed yet), changed (fields of what was rewritten: name, before, after).
`wordings`: from, to (places in `labels`), difference (as `labelmeta diff` has it, or null where
the same two texts came before), concerned (places in its operations). `events` of the ledger;
`faults`; `history`: kind, versions, read, why (what was not read).
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from dvc_labelmeta.diff.labelling import (
    IN_FORCE,
    POINTERS,
    Trace,
    Turn,
    became,
    concerned,
    fields,
    words_of,
)
from dvc_labelmeta.diff.operation import Operation
from dvc_labelmeta.diff.prose import compare
from dvc_labelmeta.model.annotators import Annotator
from dvc_labelmeta.model.event import Event
from dvc_labelmeta.model.labelling import Change, Label, moment, text
from dvc_labelmeta.report.difference import (
    comparison_json,
    file_lines,
    operation_line,
    span_lines,
)
from dvc_labelmeta.report.graph import Edge, Node
from dvc_labelmeta.report.text import plain
from dvc_labelmeta.report.words import place_text, value_text

Registry = Mapping[str, Annotator]

_WIDE = 200  # characters of a value
_LINES = 12  # of a wording, unless all of it is asked for
_ELSEWHERE = frozenset({"VERSION_CHANGED", "PROSE_CHANGED", "GOVERNANCE_ONLY"})
# who and what beside the label, in this order, as "name value"
_FACTS = (
    "annotator_type", "model", "tool", "tool_version", "session", "batch", "confidence", "score",
    "consensus_score", "consensus_method", "status", "review", "reviewer", "is_gold", "cites",
    "annotated_at_source", "duration_seconds", "source",
)  # fmt: skip
_USUAL = {"annotator_type": "person", "status": "submitted"}
_TELLS = {"supersedes": "superseded", "migrated_from": "migrated", "derived_from": "aggregated"}


def trace_text(trace: Trace, registry: Registry, command: str, *, full: bool = False) -> str:
    """Return the life of the labels of an item; command: what shows all the words."""
    here = sum(one.state == IN_FORCE for one in trace.standings)
    many = f"{len(trace.labels)} label{'s' * (len(trace.labels) != 1)}, {here} in force"
    lines = [
        f"item {plain(trace.item)} of {plain(trace.split)}, layer {plain(trace.layer)}: {many}",
        f"records: {plain(trace.path)}; guideline {plain(trace.guideline)}",
    ]
    turns = {turn.after: turn for turn in trace.turns}
    events = [*trace.events]
    for at, label in enumerate(trace.labels):
        while events and _before(events[0][0], label):
            lines.append(_event(*events.pop(0)))
        if at in turns:
            lines += _turn(trace, turns[at], command, full=full)
        lines += ["", *_label(trace, at, registry)]
    lines += [_event(*one) for one in events]
    lines += ["", *(f"wrong: {plain(fault)}" for fault in trace.faults), *_ending(trace)]
    return "\n".join(lines)


def _before(event: Event, label: Label) -> bool:
    when, since = moment(event.at), label.since
    return when is not None and since is not None and when <= since


def _label(trace: Trace, at: int, registry: Registry) -> Iterator[str]:
    label, standing = trace.labels[at], trace.standings[at]
    record = label.record
    who = text(record, "annotator") or "nobody named"
    about = ", ".join(filter(None, _person(label, registry)))
    by = f" by {', '.join(standing.by)}" if standing.by else ""
    mark = "> " if trace.record and label.id == trace.record else ""
    when = text(record, "annotated_at") or "no time"
    yield plain(
        f"{mark}{when}  {label.id}  {_answer(label)}  {who}{f' ({about})' if about else ''}: "
        f"{_state(label, standing.state)}{by}"
    )
    seen = label.seen
    yield plain(f"    under {seen.evidence}" if seen.object else f"    wording: {seen.evidence}")
    told = (name for name in _FACTS if name in record and _USUAL.get(name) != record[name])
    facts = [f"{name.replace('_', ' ')} {_short(record[name])}" for name in told]
    if facts:
        yield plain(f"    {'; '.join(facts)}")
    for field in POINTERS:
        if ids := label.points_to(field):
            yield plain(f"    {field.replace('_', ' ')} {', '.join(ids)}")
    for name in ("rationale", "note"):
        if name in record:
            yield plain(f"    {name}: {_short(record[name])}")
    if label.first and not label.gone:
        yield plain(f"    committed in {_commit(label.first)}")
    after = became(trace.labels, at)
    if after:
        pairs = (
            f"{name} {_short(old)} -> {_short(new)}" for name, old, new in fields(label, after)
        )
        yield plain(f"    what changed: {'; '.join(pairs)}")


def _person(label: Label, registry: Registry) -> tuple[str, str]:
    """Return role and expertise, as the record says them, or else the registry."""
    known = registry.get(text(label.record, "annotator"))
    return (
        text(label.record, "role") or (known.role if known else ""),
        text(label.record, "expertise") or (known.expertise if known else ""),
    )


def _state(label: Label, state: str) -> str:
    change = label.gone_in
    if change is None:
        return state
    if change.commit:
        return f"{state} in {_commit(change)}"
    return f"{state}: {change.subject}" if change.subject else f"{state} and not committed"


def _commit(change: Change) -> str:
    return f"{change.commit[:12]} ({change.date}, {change.author}): {change.subject}"


def _answer(label: Label) -> str:
    record = label.record
    told = [_short(record[name]) for name in ("label", "value") if record.get(name) is not None]
    return " ".join(told) or "no label"


def _short(value: Any) -> str:
    shown = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return shown if len(shown) <= _WIDE else f"{shown[:_WIDE]}…"


def _event(event: Event, who: str) -> str:
    note = f": {event.note}" if event.note else ""
    return plain(f"  * {event.at}  ledger {event.hash[:12]}: {event.type} by {who}{note}")


def _turn(trace: Trace, turn: Turn, command: str, *, full: bool) -> Iterator[str]:
    """Yield how the wording changed between two labels: what bears on them; the rest is counted."""
    old, new = (trace.labels[at].seen for at in (turn.before, turn.after))
    head = f"  ~ {old.guideline} {old.version} -> {new.version}"
    found = turn.compared
    if found is None:
        yield plain(f"{head}: as above")
        return
    if found.step.fault:
        yield plain(f"{head}: not compared: {found.step.fault}")
        return
    told = [one for one in found.operations if one.rule not in _ELSEWHERE]
    words = _words(trace, turn)
    first = concerned(told, words)
    rest = [one for one in told if one not in first]
    sections = sum(len(file.prose.changed) for file in found.files if file.prose)
    bears = f"{len(first)} of {len(told)} changes bear on {', '.join(sorted(words)) or 'no label'}"
    structured = found.step.current is not None and found.step.current.structure is not None
    parts = [bears if told else "no clause differs"] if structured else []
    parts += [f"{sections} section{'s' * (sections != 1)} of prose"] if sections else []
    yield plain(f"{head}: {'; '.join(parts) or 'nothing that is read differs'}")
    lines = [line for one in first for line in _operation(one)]
    if full:
        lines += [line for one in rest for line in _operation(one)]
    prose = full or not (structured and told)
    if prose:
        lines += [f"  {line}" for file in found.files for line in file_lines(file, words=True)]
    cut = len(lines) if full else _LINES
    yield from lines[:cut]
    if lines[cut:] or (not full and rest) or (sections and not prose):
        yield f"    … all of it: {plain(command)}"


def _words(trace: Trace, turn: Turn) -> frozenset[str]:
    return words_of(trace.labels[turn.before]) | words_of(trace.labels[turn.after])


def _operation(one: Operation) -> Iterator[str]:
    yield f"    {operation_line(one)}"
    for edit in one.edits:
        before, after = value_text(edit.before), value_text(edit.after)
        # of a whole clause that came or went the operation tells enough
        if len(edit.path) > 2 and edit.path[2] != "status":
            for section in compare(before, after).sections:
                yield from (
                    f"      {plain(place_text(edit))}: {line}" for line in span_lines(section.spans)
                )


def _ending(trace: Trace) -> Iterator[str]:
    past = trace.past
    if past.kind:
        where = "Git" if past.kind == "git" else "DVC's cache"
        yield f"history: {past.read} of {past.versions} versions of the records read in {where}"
    else:
        yield "history: the records are not committed, so nothing tells what they said before"
    yield from (
        f"not read: {plain(why)}" for why in (*past.why, *([trace.note] if trace.note else []))
    )


def trace_json(trace: Trace, registry: Registry) -> dict[str, Any]:
    """Return the same for programs."""
    return {
        "item": trace.item,
        "record": trace.record or None,
        "split": trace.split,
        "layer": trace.layer,
        "guideline": trace.guideline,
        "path": trace.path,
        "labels": [_label_json(trace, at, registry) for at in range(len(trace.labels))],
        "wordings": [_turn_json(trace, turn) for turn in trace.turns],
        "events": [
            {"hash": one.hash, "type": one.type, "at": one.at, "by": who, "note": one.note or None}
            for one, who in trace.events
        ],
        "faults": list(trace.faults),
        "history": trace.past._asdict()
        | {"why": [*trace.past.why, *([trace.note] if trace.note else [])]},
    }


def _label_json(trace: Trace, at: int, registry: Registry) -> dict[str, Any]:
    label, standing = trace.labels[at], trace.standings[at]
    role, expertise = _person(label, registry)
    after = became(trace.labels, at)
    return {
        "id": label.id,
        "state": standing.state,
        "by": list(standing.by),
        "record": dict(label.record),
        "role": role or None,
        "expertise": expertise or None,
        "seen": {
            "guideline": label.seen.guideline,
            "version": label.seen.version or None,
            "object": label.seen.object or None,
            "evidence": label.seen.evidence,
        },
        "first": label.first._asdict() if label.first else None,
        "gone": label.gone or None,
        "gone_in": label.gone_in._asdict() if label.gone_in and any(label.gone_in) else None,
        "changed": [
            {"name": name, "before": old, "after": new} for name, old, new in fields(label, after)
        ]
        if after
        else [],
    }


def _turn_json(trace: Trace, turn: Turn) -> dict[str, Any]:
    found = turn.compared
    first = concerned(found.operations, _words(trace, turn)) if found else []
    return {
        "from": turn.before,
        "to": turn.after,
        "difference": comparison_json(found) if found else None,
        "concerned": [at for at, one in enumerate(found.operations) if one in first]
        if found
        else [],
    }


def trace_graph(trace: Trace) -> tuple[list[Node], list[Edge]]:
    """Return labels as nodes, and as edges what became of them."""
    nodes, edges = [], []
    places = {label.id: at for at, label in enumerate(trace.labels) if not label.gone}
    for at, label in enumerate(trace.labels):
        lines = (
            f"{label.id}: {_answer(label)[:60]}",
            f"{text(label.record, 'annotator')} {text(label.record, 'annotated_at')}".strip(),
            f"{label.seen.guideline} {label.seen.version or 'wording unknown'}",
            trace.standings[at].state,
        )
        nodes.append(Node(str(at), tuple(filter(None, lines)), "gone" if label.gone else ""))
        own = {id_: field for field in POINTERS for id_ in label.points_to(field)}
        edges += [
            Edge(str(places[id_]), str(at), _TELLS[field])
            for id_, field in own.items()
            if id_ in places and not label.gone
        ]
        after = became(trace.labels, at)
        if after:
            edges.append(Edge(str(at), str(trace.labels.index(after)), "rewritten", dashed=True))
    return nodes, edges
