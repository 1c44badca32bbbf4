"""What an audit finds beyond the rules of `check`: its kinds, and what is wrong with one split."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from dvc_labelmeta.checks.rule import short
from dvc_labelmeta.model.audit import EventFact, Flaw, Kind, LayerFact, SplitFact
from dvc_labelmeta.model.claims import CONTENT, split_of
from dvc_labelmeta.model.guideline import declared_bump, semver
from dvc_labelmeta.model.shell import typed

KINDS: tuple[Kind, ...] = (
    Kind(
        "AU101",
        "version-drift",
        "warning",
        "splits of one data set are labelled under different versions of a guideline",
        "labelmeta migrate, or link what is behind anew",
    ),
    Kind(
        "AU102",
        "dataset-drift",
        "note",
        "data sets are labelled under different versions of a guideline",
        "decide whether they may be used together; labelmeta diff says what differs",
    ),
    Kind(
        "AU103",
        "team-drift",
        "note",
        "owners work under different versions of a guideline",
        "agree on a version; labelmeta status says who is behind",
    ),
    Kind(
        "AU104",
        "batch-drift",
        "note",
        "batches of records of one split differ in fields, tools or guideline version",
        "labelmeta migrate SPLIT, or fill in what is missing",
    ),
    Kind(
        "AU105",
        "format-drift",
        "warning",
        "splits of one layer keep their records in different forms",
        "labelmeta annotations import them in one form, or declare one level",
    ),
    Kind(
        "AU106",
        "field-drift",
        "warning",
        "records of one layer have different fields or tools",
        "fill in the missing fields, or say in the sidecar what they are held to",
    ),
    Kind(
        "AU201",
        "no-records",
        "warning",
        "nobody can say who labelled a split: it has no records",
        "labelmeta annotations import SPLIT FILE",
    ),
    Kind(
        "AU202",
        "unattributed-records",
        "warning",
        "records are not held to name annotator and time",
        "set annotations.level: L1 in the sidecar, and mend what `check` finds then",
    ),
    Kind(
        "AU203",
        "unversioned-records",
        "note",
        "records are not held to name their guideline version",
        "set annotations.level: L2 in the sidecar, and mend what `check` finds then",
    ),
    Kind(
        "AU204",
        "no-origin",
        "warning",
        "a sidecar does not say where its data come from, under which licence",
        "add `lineage: {source: …, licence: …}` to the sidecar",
    ),
    Kind(
        "AU205",
        "unlinked-data",
        "note",
        "data in DVC have no sidecar",
        "labelmeta link DATA --guideline ID, if they are labelled",
    ),
    Kind(
        "AU206",
        "unknown-transformation",
        "warning",
        "data changed, and neither a stage nor an event says how",
        "labelmeta ledger record says what was done; better make them in a stage",
    ),
    Kind(
        "AU301",
        "orphan-records",
        "warning",
        "no sidecar names a file of records",
        "name it in the sidecar of its split, or remove it",
    ),
    Kind(
        "AU401",
        "unrecorded-change",
        "error",
        "a split is not what its last event says",
        "labelmeta log SPLIT says who; labelmeta ledger record, or labelmeta rollback",
    ),
    Kind(
        "AU402",
        "split-without-events",
        "warning",
        "the ledger has no event of a split",
        "labelmeta ledger record",
    ),
    Kind(
        "AU403",
        "no-ledger",
        "warning",
        "the project keeps no ledger",
        "labelmeta ledger record; see `ledger:` in labelmeta.yaml",
    ),
    Kind(
        "AU404",
        "removed-event",
        "error",
        "a commit took events out of the ledger",
        "restore labelmeta/ledger/ from the commit before it",
    ),
    Kind(
        "AU405",
        "unverified-ledger",
        "error",
        "the ledger cannot be verified",
        "labelmeta ledger verify says what is broken",
    ),
    Kind(
        "AU501",
        "rewritten-frozen-split",
        "error",
        "a frozen split is not what it was when it was frozen",
        "labelmeta rollback SPLIT --to COMMIT --with-data; or report no result across the change",
    ),
    Kind(
        "AU601",
        "unapproved-use",
        "warning",
        "a guideline version is in use that nobody approved",
        "labelmeta guideline release ID --approved-by NAME",
    ),
    Kind(
        "AU602",
        "unapproved-waiver",
        "error",
        "nobody approved an exception of labelmeta.yaml",
        "name who did: approved_by, in `ignore:`",
    ),
    Kind(
        "AU901",
        "unread-commit",
        "note",
        "a commit could not be judged",
        "see the reason; nothing is said about what was true there",
    ),
)
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
