"""LM1xx, second part: links and the guideline commits they name.

Each Bad and Good is a project in short: the guideline `g` at HEAD, and links. A test runs
every one of them.
"""

from __future__ import annotations

from collections.abc import Iterator

from dvc_labelmeta.checks.rule import Hit, short
from dvc_labelmeta.model.guideline import Guideline, Pin
from dvc_labelmeta.model.shell import typed
from dvc_labelmeta.model.sidecar import Layer, Sidecar
from dvc_labelmeta.model.snapshot import Place, Snapshot


def unknown_guideline(snapshot: Snapshot) -> Iterator[Hit]:
    """A link names a guideline that labelmeta.yaml does not list.

    Bad:
        links: {data/train.csv: {id: other, version: "1.0.0"}}
    Good:
        links: {data/train.csv: {id: g, version: "1.0.0"}}
    Fix: list it under `guidelines:` in labelmeta.yaml, or link the split to one that is listed.
    """
    for one, layer in layers(snapshot):
        if layer.guideline.id not in snapshot.guidelines:
            known = ", ".join(snapshot.guidelines) or "none"
            yield link_hit(
                one,
                layer,
                "id",
                f"{name_of(one, layer)} is linked to guideline {layer.guideline.id!r}; "
                f"labelmeta.yaml lists {known}",
                "add it under `guidelines:` in labelmeta.yaml, or link the split anew",
            )


def unavailable_guideline(snapshot: Snapshot) -> Iterator[Hit]:
    """A guideline lives in a repository that was never fetched here.

    A check never uses the network by itself, so it cannot tell; the exit code is 2.

    Bad:
        guidelines: {g: {repo: docs, available: false}}
        links: {data/train.csv: {version: "1.0.0"}}
    Good:
        guidelines: {g: {repo: docs, version: "1.0.0"}}
        links: {data/train.csv: {version: "1.0.0"}}
    Fix: labelmeta check --fetch
    """
    for one, layer in layers(snapshot):
        guideline = snapshot.guidelines.get(layer.guideline.id)
        if guideline is not None and not guideline.available:
            yield link_hit(
                one,
                layer,
                "id",
                f"guideline {guideline.id!r} is in repository {guideline.repo!r}, "
                "which is not in the cache",
                "labelmeta check --fetch (clones it into .labelmeta/cache)",
            )


def mismatched_link(snapshot: Snapshot) -> Iterator[Hit]:
    """What a link records is not what stands in its guideline commit.

    The sidecar was edited by hand, or merged wrongly: content, version and commit do not
    belong together.

    Bad:
        guidelines: {g: {version: "1.0.0", object: aa}}
        links: {data/train.csv: {version: "1.0.0", object: aa, object_there: bb}}
    Good:
        guidelines: {g: {version: "1.0.0", object: aa}}
        links: {data/train.csv: {version: "1.0.0", object: aa, object_there: aa}}
    Fix: labelmeta link SPLIT --guideline ID@REV
    """
    for one, layer, guideline, pin in pinned(snapshot):
        link = layer.guideline
        fix = f"labelmeta link {typed(one.split)} --guideline {link.id}@REV"
        if pin.object not in (None, link.object):
            yield link_hit(
                one,
                layer,
                "object",
                f"{name_of(one, layer)}: {guideline.path} is {short(pin.object)} in commit "
                f"{short(link.commit)}, but the sidecar says {short(link.object)}",
                fix,
            )
        elif pin.edition is not None and pin.edition.version != link.version:
            yield link_hit(
                one,
                layer,
                "version",
                f"{name_of(one, layer)} says version {link.version}, but guideline {link.id} "
                f"in commit {short(link.commit)} is version {pin.edition.version}",
                fix,
            )


def shallow_history(snapshot: Snapshot) -> Iterator[Hit]:
    """The history is too shallow to tell where a link stands.

    HEAD's guideline differs from the linked one and the linked commit is not in this clone; the
    exit code is 2. (A shallow clone in which all is aligned passes.)

    Bad:
        guidelines: {g: {version: "2.0.0"}}
        links: {data/train.csv: {version: "1.0.0", present: false, cut: true}}
    Good:
        guidelines: {g: {version: "2.0.0"}}
        links: {data/train.csv: {version: "2.0.0"}}
    Fix: git fetch --unshallow (in CI: fetch-depth: 0)
    """
    for one, layer, _, pin in pinned(snapshot):
        if pin.cut and not pin.found:
            yield link_hit(
                one,
                layer,
                "commit",
                f"{name_of(one, layer)}: commit {short(layer.guideline.commit)} of guideline "
                f"{layer.guideline.id} is not in this shallow clone, and HEAD has other content",
                "git fetch --unshallow (in CI: fetch-depth: 0)",
            )


def missing_guideline_commit(snapshot: Snapshot) -> Iterator[Hit]:
    """A split is linked to a guideline commit that is gone, and its content with it.

    Nobody can read the instructions its annotators followed, so the split can be neither
    audited nor rolled back.

    Bad:
        guidelines: {g: {version: "2.0.0"}}
        links: {data/train.csv: {version: "1.0.0", present: false}}
    Good:
        guidelines: {g: {version: "1.0.0"}}
        links: {data/train.csv: {version: "1.0.0"}}
    Fix: fetch the branch that holds it, or refs/labelmeta/* where `ledger keep` kept it (then
        labelmeta link --repair), or labelmeta link SPLIT --guideline ID
    """
    for one, layer, _, pin in pinned(snapshot):
        if not pin.present and not pin.found and not pin.cut:
            link = layer.guideline
            yield link_hit(
                one,
                layer,
                "commit",
                f"{name_of(one, layer)} is linked to guideline {link.id} {link.version} in commit "
                f"{short(link.commit)}, which this repository does not have; its content "
                f"{short(link.object)} is neither at HEAD, in its history nor among the releases",
                "fetch the branch that holds it, or refs/labelmeta/* (then labelmeta link "
                f"--repair), or labelmeta link {typed(one.split)} --guideline {link.id}",
            )


def relocated_guideline_commit(snapshot: Snapshot) -> Iterator[Hit]:
    """The linked commit is not in the history, but the same content was found.

    A squash merge, a rebase, an amended commit, a shallow clone or a temporary experiment does
    that. The link holds, since the content is its identity.

    Bad:
        links: {data/train.csv: {version: "1.0.0", present: false, found: HEAD}}
    Good:
        links: {data/train.csv: {version: "1.0.0"}}
    Fix: labelmeta link --repair (only the commit in the sidecar changes; nothing re-runs)
    """
    for one, layer, _, pin in pinned(snapshot):
        if not pin.in_history and pin.found:
            yield link_hit(
                one,
                layer,
                "commit",
                f"{name_of(one, layer)}: commit {short(layer.guideline.commit)} is not in the "
                f"history of HEAD; guideline {layer.guideline.id} has the same content at "
                f"{pin.found}",
                "nothing in a shallow clone, else labelmeta link --repair"
                if snapshot.shallow
                else "labelmeta link --repair",
            )


def unmerged_guideline_commit(snapshot: Snapshot) -> Iterator[Hit]:
    """The linked commit is not in the history of HEAD.

    It is on a branch that was not merged: the instructions may still change, and the commit
    vanishes with the branch.

    Bad:
        guidelines: {g: {version: "1.0.0"}}
        links: {data/train.csv: {version: "1.1.0", in_history: false}}
    Good:
        guidelines: {g: {version: "1.1.0"}}
        links: {data/train.csv: {version: "1.1.0"}}
    Fix: merge the guideline's branch, or link to a version that is merged.
    """
    for one, layer, _, pin in pinned(snapshot):
        if pin.present and not pin.in_history and not pin.found and not pin.cut:
            link = layer.guideline
            yield link_hit(
                one,
                layer,
                "commit",
                f"{name_of(one, layer)} is linked to guideline {link.id} {link.version} in commit "
                f"{short(link.commit)}, which is not in the history of HEAD",
                f"merge the branch that holds it, or labelmeta link {typed(one.split)} "
                f"--guideline {link.id}",
            )


def layers(snapshot: Snapshot) -> Iterator[tuple[Sidecar, Layer]]:
    """Yield each layer with its sidecar."""
    for one in snapshot.sidecars:
        for layer in one.layers:
            yield one, layer


def pinned(snapshot: Snapshot) -> Iterator[tuple[Sidecar, Layer, Guideline, Pin]]:
    """Yield each link that Git could be asked about, with what it answered."""
    for one, layer in layers(snapshot):
        pin = snapshot.pin(layer)
        if pin is not None:
            yield one, layer, snapshot.guidelines[layer.guideline.id], pin


def link_hit(
    one: Sidecar,
    layer: Layer,
    key: str,
    message: str,
    fix: str,
    severity: str | None = None,
    details: tuple[str, ...] = (),
) -> Hit:
    """Return a hit on one key of a link, in the sidecar that records it."""
    place = Place(one.path, ("layers", layer.name, "guideline", key))
    return Hit((one.split, layer.name), place, message, fix, severity, details)


def name_of(one: Sidecar, layer: Layer) -> str:
    """Return what a message calls a layer: its split, and its own name where there are several."""
    return one.split if len(one.layers) == 1 else f"{one.split} (layer {layer.name})"
