"""What an audit finds beyond the rules of `check`: what is wrong with one split."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from dvc_labelmeta.checks.audit_kinds import KINDS
from dvc_labelmeta.checks.rule import short
from dvc_labelmeta.model.audit import EventFact, Flaw, LayerFact, SplitFact
from dvc_labelmeta.model.claims import CONTENT, split_of
from dvc_labelmeta.model.guideline import declared_bump, semver
from dvc_labelmeta.model.shell import typed

BY_NAME = {one.name: one for one in KINDS}


def flaw(
    name: str,
    subject: str,
    path: str,
    message: str,
    evidence: Sequence[str] = (),
    *,
    severity: str = "",
    mark: str = "",
) -> Flaw:
    """Return a finding of a kind; severity: "" for that of the kind."""
    kind = BY_NAME[name]
    told = severity or kind.severity
    of, _, named = subject.partition(":")
    word = {"split": "SPLIT", "guideline": "ID"}.get(of)
    fix = kind.fix.replace(word, typed(named)) if word else kind.fix
    return Flaw(kind.code, name, told, subject, path, message, fix, tuple(evidence), mark)


def gaps(one: SplitFact) -> Iterator[Flaw]:
    """Yield what is not known of a split, by what its sidecar says."""
    subject = f"split:{one.split}"
    for layer in one.layers:
        name = f"{one.split}, layer {layer.name}"
        if not layer.path:
            yield flaw(
                "no-records",
                subject,
                one.sidecar,
                f"{name}: no records say who labelled it",
                mark=layer.name,
            )
        elif layer.level in {"L0", "L1"}:
            kind = "unattributed-records" if layer.level == "L0" else "unversioned-records"
            lacks = (
                "annotator, time and version" if layer.level == "L0" else "their guideline version"
            )
            told = f"{name}: its records are held to {layer.level}, and need not name {lacks}"
            yield flaw(kind, subject, one.sidecar, told, [layer.path], mark=layer.name)
    missing = [word for word in ("source", "licence") if not one.origin.get(word)]
    if missing:
        told = f"{one.split}: its sidecar names no {' and no '.join(missing)}"
        yield flaw("no-origin", subject, one.sidecar, told)


def approvals(
    one: SplitFact, approved: Mapping[tuple[str, str], Sequence[str]], *, strict: bool
) -> Iterator[Flaw]:
    """Yield the versions that a split is linked to and nobody approved; prose and 0.x need none.

    approved: by (guideline, version), who approved by the events of the ledger.
    """
    for layer in one.layers:
        numbers = semver(layer.version)
        by_event = approved.get((layer.guideline, layer.version))
        if numbers and numbers[0] and not layer.approved_by and not by_event:
            yield flaw(
                "unapproved-use",
                f"guideline:{layer.guideline}",
                "labelmeta.yaml",
                f"guideline {layer.guideline} {layer.version} is in use, and nobody approved it",
                [f"object {layer.object}"],
                severity="error" if strict else "",
                mark=layer.version,
            )


def against_event(one: SplitFact, last: EventFact | None) -> Iterator[Flaw]:
    """Yield how a split differs from its last event; last: None where it never had one."""
    subject = f"split:{one.split}"
    if last is None:
        told = f"the ledger has no event of {one.split}"
        yield flaw("split-without-events", subject, one.sidecar, told)
        return
    found = tuple(_differences(one, last.claims))
    if found:
        what = ", ".join(dict.fromkeys(name for name, _ in found))
        yield flaw(
            "unrecorded-change",
            subject,
            one.sidecar,
            f"{one.split}: its {what} changed without an event",
            [*(said for _, said in found), f"last event {last.hash} ({last.type})"],
        )


def _differences(one: SplitFact, claims: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Yield (what, evidence) for each thing that is not as claimed."""
    told = split_of(claims)
    data = told.get("data", {})
    if (data.get("hash"), data.get("value")) != one.pinned:
        yield "data", f"data {data.get('value', 'none')} -> {one.pinned[1]}"
    known = told.get("layers", {})
    for layer in one.layers:
        said = known.get(layer.name)
        if said is None:
            yield f"layer {layer.name}", f"layer {layer.name} is not in the event"
        else:
            yield from _of_layer(layer, said)
    for name in sorted(known.keys() - {layer.name for layer in one.layers}):
        yield f"layer {name}", f"layer {name} is only in the event"


def _of_layer(layer: LayerFact, said: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    for key in ("guideline", "version", "object", "commit"):
        if said.get(key) != getattr(layer, key):
            yield "link", f"{layer.name}: {key} {said.get(key)} -> {getattr(layer, key)}"
    if said.get("mode", "") != (layer.mode if layer.own else ""):
        yield "mode", f"{layer.name}: mode {said.get('mode', 'default')} -> {layer.mode}"
    records = said.get("records", {})
    if bool(records) != bool(layer.path):
        yield "records", f"{layer.name}: records {records.get('path', 'none')} -> {layer.path}"
    for key in CONTENT:
        old, new = records.get(key), layer.records.get(key)
        if old and new and old != new:
            yield "labels", f"{layer.path}: {key} {old} -> {new}"


def frozen(
    first: SplitFact, one: SplitFact, events: Sequence[EventFact], since: str
) -> Iterator[Flaw]:
    """Yield how a split that was frozen differs from what it was then; `since`: that commit.

    events: of the split. Where one claims what is there now, somebody stands by the change.
    """
    found = tuple(_thawed(first, one))
    if not found:
        return
    by = [event for event in events if not tuple(_differences(one, event.claims))]
    told = f", as event {by[-1].hash[:12]} ({by[-1].type}) declares" if by else ""
    what = ", ".join(dict.fromkeys(name for name, _ in found))
    yield flaw(
        "rewritten-frozen-split",
        f"split:{one.split}",
        one.sidecar,
        f"{one.split} is frozen since {short(since)}, and its {what} changed{told}",
        [said for _, said in found],
        severity="warning" if by else "",
    )


def _thawed(first: SplitFact, one: SplitFact) -> Iterator[tuple[str, str]]:
    if first.data and one.data and first.data != one.data:
        yield "data", f"data {first.data} -> {one.data}"
    now = {layer.name: layer for layer in one.layers}
    for old in first.layers:
        new = now.get(old.name)
        if new is None:
            yield "layers", f"layer {old.name} is gone"
            continue
        same = (old.guideline, old.object) == (new.guideline, new.object)
        # a patch release changes no meaning, and LM201 holds it to that
        if not same and declared_bump(old.version, new.version) != "patch":
            yield "link", f"{old.name}: {old.guideline} {old.version} -> {new.version}"
        common = [key for key in CONTENT if old.records.get(key) and new.records.get(key)]
        if any(old.records[key] != new.records[key] for key in common):
            key = common[0]
            yield "labels", f"{new.path}: {key} {old.records[key]} -> {new.records[key]}"


def is_frozen(one: SplitFact) -> bool:
    """Whether any layer of a split is frozen."""
    return any(layer.mode == "frozen" for layer in one.layers)
