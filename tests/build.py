"""Snapshots from a few lines of YAML: the notation of the rules' Bad and Good examples."""

from __future__ import annotations

import hashlib
from typing import Any

import yaml

from dvc_labelmeta.model.annotators import Seen, annotators
from dvc_labelmeta.model.claims import split_claims
from dvc_labelmeta.model.codeowners import codeowners
from dvc_labelmeta.model.config import Adoption, Config, Ignore, Legacy
from dvc_labelmeta.model.event import Event
from dvc_labelmeta.model.facts import KINDS, At, Flaw, RecordFacts, Unpulled
from dvc_labelmeta.model.gate import gate, gate_path
from dvc_labelmeta.model.guideline import Both, Edition, Guideline, Pin
from dvc_labelmeta.model.guideline_facts import GuidelineFacts, Published, Unsigned, newest
from dvc_labelmeta.model.ledger_facts import LedgerFacts, LedgerFault
from dvc_labelmeta.model.sidecar import SUFFIX, DataPin, Layer, Link, Records, Sidecar
from dvc_labelmeta.model.snapshot import Fault, Out, Place, Record, Run, Snapshot, Stage
from dvc_labelmeta.model.version import Step, Version

ONE_COMMIT = (("0123456789abcdef", "2026-01-06", "Change the text"),)


def a_snapshot(text: str = "") -> Snapshot:
    """Build a snapshot; whatever the text does not say is aligned.

    guidelines: {id: {version, object, status, dirty, repo, available, head, says: what its
        guideline.yaml says now, said: in the version before, released: {version: object},
        authors, digest, migrated, unsigned: {commit: why}}}
    links: {split: {id, version, object, object_there, mode, dataset, value, present, in_history,
        found, cut, bump, behind, status, gate, gate_untracked, untracked, split, layer,
        owners, also: {id, version} of a second layer,
        both: [what the linked guideline.yaml says, what HEAD's says], rest: [file that differs]}}
    earlier: {version of records: [what it says, what HEAD's says]}
    data: {path: {value, hash, folder, stage, merged_in}}   splits: [glob]   faults: {path: text}
    annotations: {split: {kind of fault: {field: count}, versions: {version: records}, records,
        declared}} or {split: {unread: why}} or {split: {unpulled: [path]}}
    stages, gate_stages: {name: {...}}   runs: {stage: {...}}   codeowners: text of the file
    ledger: {events: {split: {version, object, value, mode, type, gone, records: {path, md5}}, a list of
        them, or {} for just as linked}, faults: {path: text}, records: {split: {md5}},
        lost: [split that is not linked, and whose last event says it is]}
    annotators: as in annotators.yaml   seen: {split: {annotator: {records, first, …: as in Seen}}}
    profile, gate, ignore, approvers, legacy: as configured
    adoption: as configured, but with `day` for `from`
    """
    told: dict[str, Any] = yaml.safe_load(text) or {}
    guidelines = {i: _guideline(i, g or {}) for i, g in told.get("guidelines", {"g": {}}).items()}
    links = told.get("links", {})
    annotations = told.get("annotations", {})
    sidecars = tuple(
        _sidecar(split, link | {"records": annotations.get(split)}) for split, link in links.items()
    )
    records = _records(told, sidecars)
    config = Config(
        profile=told.get("profile", "link"),
        gate=told.get("gate", "always"),
        splits=tuple(told.get("splits", ())),
        ignore=tuple(Ignore(**entry) for entry in told.get("ignore", ())),
        adoption=tuple(Adoption(**entry) for entry in told.get("adoption", ())),
        legacy=tuple(
            Legacy(**entry | {"versions": tuple(entry["versions"])})
            for entry in told.get("legacy", ())
        ),
        approvers=tuple(told.get("approvers", ())),
    )
    return Snapshot(
        root="/project",
        shallow=any(link.get("cut") for link in links.values()),
        config=config,
        sidecars=sidecars,
        faults=tuple(Fault(Place(p), m) for p, m in told.get("faults", {}).items()),
        records=records,
        guidelines=guidelines,
        pins=_pins(links, sidecars, guidelines),
        untracked=frozenset(s + SUFFIX for s, link in links.items() if link.get("untracked")),
        folders=frozenset(path for path, record in records.items() if record.folder),
        matched=tuple(records) if config.splits else (),
        stages=tuple(_stage(n, s) for n, s in told.get("stages", {}).items()),
        gate_stages=_gate_stages(told, sidecars),
        gates=_gates(links, sidecars, records),
        untracked_gates=frozenset(s for s, link in links.items() if link.get("gate_untracked")),
        runs=tuple(
            Run(n, r["split"], Place("dvc.lock"), r["seen"], r.get("commit", ""))
            for n, r in told.get("runs", {}).items()
        ),
        annotations={
            (one.split, one.layers[0].name): _facts(annotations[one.split])
            for one in sidecars
            if one.split in annotations
        },
        earlier={("g", v): Both(*both) for v, both in told.get("earlier", {}).items()},
        guideline_facts={
            id_: _guideline_facts(guidelines[id_], one)
            for id_, one in told.get("guidelines", {}).items()
            if one and "says" in one
        },
        codeowners=codeowners(told["codeowners"]) if "codeowners" in told else None,
        ledger=_ledger(told["ledger"], sidecars) if "ledger" in told else None,
        annotators=annotators(told) if "annotators" in told else None,
        seen={
            (one.split, one.layers[0].name): tuple(
                Seen(name, **counts) for name, counts in told["seen"][one.split].items()
            )
            for one in sidecars
            if one.split in told.get("seen", {})
        },
    )


def _ledger(told: dict[str, Any], sidecars: tuple[Sidecar, ...]) -> LedgerFacts:
    last = {
        one.split: tuple(
            _event(one, event) for event in (events if isinstance(events, list) else [events])
        )
        for one in sidecars
        if (events := told.get("events", {}).get(one.split)) is not None
    }
    for split in told.get("lost", ()):
        claims = {"data": {"value": "aa"}, "layers": {}}
        last[split] = (Event("f" * 64, "linked", f"split:{split}", "", "a" * 64, (), 1, claims),)
    return LedgerFacts(
        ("e" * 64,),
        sum(map(len, last.values())),
        last,
        tuple(LedgerFault(*fault) for fault in told.get("faults", {}).items()),
        {(split, "labels"): content for split, content in told.get("records", {}).items()},
    )


def _event(one: Sidecar, told: dict[str, Any]) -> Event:
    """An event that claims what the sidecar says, but for what is told; `gone`: no link at all."""
    version = told.get("version", one.layers[0].guideline.version)
    object_ = told.get("object", an_object(version))
    link = one.layers[0].guideline._replace(version=version, object=object_)
    layer = one.layers[0]._replace(guideline=link, mode=told.get("mode", one.layers[0].mode))
    if "records" in told:
        layer = layer._replace(annotations=Records(told["records"].get("path", "a.jsonl")))
    data = one.data._replace(value=told.get("value", one.data.value))
    records = {"labels": {k: v for k, v in told.get("records", {}).items() if k != "path"}}
    claims = split_claims(one._replace(data=data, layers=(layer, *one.layers[1:])), records)
    hash_ = hashlib.sha256(repr(told).encode()).hexdigest()
    type_ = told.get("type", "linked")
    if told.get("gone"):
        type_, claims = "unlinked", {}
    return Event(
        hash_, type_, f"split:{one.split}", "2026-01-05T09:00:00Z", "a" * 64, (), 1, claims
    )


def _facts(told: dict[str, Any]) -> RecordFacts | Unpulled | str:
    if "unread" in told:
        return str(told["unread"])
    if "unpulled" in told:
        return Unpulled(tuple(told["unpulled"]))
    versions = told.get("versions", {})
    flaws = [
        Flaw(kind, field, count, (At("data/a.jsonl", 3, "r1", "x"),))
        for kind, fields in told.items()
        if kind in KINDS
        for field, count in fields.items()
    ]
    return RecordFacts(
        records=told.get("records", sum(versions.values())),
        flaws=tuple(flaws),
        versions=tuple(versions.items()),
    )


def an_object(version: str) -> str:
    """Return the object that a guideline has at a version, unless the text says otherwise."""
    return hashlib.sha1(version.encode()).hexdigest()


def _guideline(id_: str, told: dict[str, Any]) -> Guideline:
    version = told.get("version", told.get("says", {}).get("version", "1.0.0"))
    gone = not told.get("available", True) or told.get("head", True) is None
    edition = Edition(told.get("object", an_object(version)), version, told.get("status", "active"))
    return Guideline(
        id_,
        f"guidelines/{id_}",
        told.get("repo"),
        None if gone else edition,
        told.get("dirty", False),
        told.get("available", True),
    )


def _guideline_facts(one: Guideline, told: dict[str, Any]) -> GuidelineFacts:
    version = one.head.version if one.head else "1.0.0"
    own = {"id": one.id, "version": version, "owners": ["Ada"]}
    said, says = told.get("said"), own | told["says"]
    published = {
        **told.get("released", {}),
        **({said["version"]: an_object(said["version"])} if said else {}),
    }
    listed = tuple(Published(v, object_, f"{one.path}.yaml") for v, object_ in published.items())
    step = None
    if said:
        before, now = (Version(one.path, s["version"], "", s) for s in (own | said, says))
        step = Step(one.id, before, now)
    return GuidelineFacts(
        f"{one.path}/guideline.yaml",
        says,
        listed,
        newest(listed, (version, one.head.object if one.head else "")),
        step,
        authors=tuple(told.get("authors", ())),
        digest=told.get("digest", ""),
        migrated=told.get("migrated", False),
        unsigned=tuple(Unsigned(*item) for item in told.get("unsigned", {}).items()),
        dirty=one.dirty,
    )


def _sidecar(split: str, told: dict[str, Any]) -> Sidecar:
    version = told["version"]
    link = Link(told.get("id", "g"), version, "c" * 40, told.get("object", an_object(version)))
    records = told["records"]
    named = None if records is None else Records("a.jsonl", declared=records.get("declared"))
    layer = Layer(told.get("layer", "labels"), link, told.get("mode", "backward"), named)
    data = told.get("split", split)
    pin = DataPin(data, told.get("pin", "exact"), told.get("hash", "md5"), told.get("value", "aa"))
    layers = [layer]
    if "also" in told:
        other = told["also"]["version"]
        link = Link(told["also"]["id"], other, "c" * 40, an_object(other))
        layers.append(Layer("more", link))
    return Sidecar(
        split + SUFFIX,
        data,
        pin,
        dataset=told.get("dataset", ""),
        owners=tuple(told.get("owners", ("Ada",))),
        layers=tuple(layers),
    )


def _records(told: dict[str, Any], sidecars: tuple[Sidecar, ...]) -> dict[str, Record]:
    """Records for each linked split, exactly as linked, then what `data` says."""
    records = {
        one.split: Record(one.split, one.data.hash, one.data.value, Place(one.split + ".dvc"))
        for one in sidecars
    }
    known = told.get("data", {})
    for path, record in known.items():
        if record is not None:
            records[path] = Record(
                path,
                record.get("hash", "md5"),
                record["value"],
                Place(path + ".dvc"),
                stage=record.get("stage"),
                folder=record.get("folder", False),
                merged_in=record.get("merged_in"),
            )
    return {path: r for path, r in records.items() if known.get(path, True) is not None}


def _pins(
    links: dict[str, Any], sidecars: tuple[Sidecar, ...], guidelines: dict[str, Guideline]
) -> dict[tuple[str, str, str], Pin]:
    pins = {}
    for told, one in zip(links.values(), sidecars, strict=True):
        link = one.layers[0].guideline
        guideline = guidelines.get(link.id)
        if guideline is None or not guideline.available:
            continue
        same = guideline.head is not None and guideline.head.object == link.object
        present = told.get("present", True)
        there = told.get("object_there", link.object)
        status = told.get("status") or (guideline.head.status if same else "active")
        pins[link.id, link.commit, link.object] = Pin(
            present,
            told.get("in_history", present),
            there if present else None,
            Edition(link.object, told.get("version_there", link.version), status),
            told.get("found", ""),
            told.get("cut", False),
            None
            if told.get("behind", 1) is None
            else ()
            if same
            else ONE_COMMIT * told.get("behind", 1),
            () if same or guideline.head is None else (guideline.head.version,),
            "none" if same else told.get("bump", "minor"),
            Both(*told["both"], tuple(told.get("rest", ()))) if "both" in told else None,
        )
    return pins


def _stage(name: str, told: dict[str, Any]) -> Stage:
    return Stage(name, Place("dvc.yaml"), tuple((dep, "") for dep in told.get("deps", ())))


def _gate_stages(told: dict[str, Any], sidecars: tuple[Sidecar, ...]) -> tuple[Stage, ...]:
    default = {f"gate@{one.split}": {"split": one.split} for one in sidecars}
    return tuple(
        Stage(
            f"labelmeta/dvc.yaml:{name}",
            Place("labelmeta/dvc.yaml"),
            ((stage["split"], ""),),
            (
                Out(
                    gate_path(stage["split"]),
                    cache=stage.get("cache", False),
                    persist=stage.get("persist", False),
                ),
            ),
            stage.get("frozen", False),
            stage.get("always_changed", True),
        )
        for name, stage in told.get("gate_stages", default).items()
    )


def _gates(
    links: dict[str, Any], sidecars: tuple[Sidecar, ...], records: dict[str, Record]
) -> dict[str, bytes]:
    gates = {}
    for told, one in zip(links.values(), sidecars, strict=True):
        written = told.get("gate", True)
        if written is True and one.split in records:
            gates[one.split] = gate(one, records[one.split])
        elif isinstance(written, str):
            gates[one.split] = written.encode()
    return gates
