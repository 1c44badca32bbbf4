"""LM1xx, fourth part: gates, and the stages and recorded runs that should depend on them.

All of it is read from dvc.yaml, dvc.lock and the committed gates; neither data nor DVC is needed.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator

from dvc_labelmeta.checks.rule import Hit, short
from dvc_labelmeta.model.gate import GATES_FILE, gate, gate_path
from dvc_labelmeta.model.shell import typed
from dvc_labelmeta.model.sidecar import Sidecar
from dvc_labelmeta.model.snapshot import Place, Snapshot, Stage, enclosing


def missing_gate(snapshot: Snapshot) -> Iterator[Hit]:
    """The gate of an aligned split is not there, or not in Git.

    A failed check removes it, and `git commit -a` then commits the removal; a stage that
    depends on it cannot run. A gate that nobody added to Git is missing in every clone.

    Bad:
        links: {data/train.csv: {version: "1.0.0", gate: null}}
    Good:
        links: {data/train.csv: {version: "1.0.0"}}
    Fix: labelmeta gate SPLIT, or git restore labelmeta/gates
    """
    for one in _judged(snapshot):
        if one.split not in snapshot.gates:
            yield Hit(
                (one.split, ""),
                Place(one.path),
                f"{gate_path(one.split)} is missing",
                f"labelmeta gate {typed(one.split)}, then git add {typed(gate_path(one.split))}",
            )
        elif one.split in snapshot.untracked_gates:
            yield Hit(
                (one.split, ""),
                Place(gate_path(one.split)),
                f"{gate_path(one.split)} is not tracked by Git",
                f"git add {typed(gate_path(one.split))}",
            )


def stale_gate(snapshot: Snapshot) -> Iterator[Hit]:
    """A gate is not what follows from the sidecar and the recorded data.

    Somebody edited it, or committed the link without it: what depends on it saw another state.

    Bad:
        links: {data/train.csv: {version: "1.0.0", gate: "{}"}}
    Good:
        links: {data/train.csv: {version: "1.0.0"}}
    Fix: labelmeta gate SPLIT
    """
    for one in _judged(snapshot):
        found = snapshot.gates.get(one.split)
        if found is not None and found != gate(one, snapshot.records[one.split]):
            yield Hit(
                (one.split, ""),
                Place(gate_path(one.split)),
                f"{gate_path(one.split)} is not what its sidecar and data say",
                f"labelmeta gate {typed(one.split)}",
            )


def disarmed_gate(snapshot: Snapshot) -> Iterator[Hit]:
    """A gate stage can no longer stop anything.

    It is frozen, keeps its output after a failure (`persist`), caches it, runs only when a
    dependency changed though the project asks for every run, or is not there at all. `dvc
    stage add --force`, `dvc freeze` or a hand edit do such things.

    Bad:
        links: {data/train.csv: {version: "1.0.0"}}
        gate_stages: {"gate@data/train.csv": {split: data/train.csv, frozen: true}}
    Good:
        links: {data/train.csv: {version: "1.0.0"}}
        gate_stages: {"gate@data/train.csv": {split: data/train.csv}}
    Fix: labelmeta stage sync
    """
    armed = {out.path for stage in snapshot.gate_stages for out in stage.outs}
    for stage in snapshot.gate_stages:
        for reason in _faults(stage, snapshot.config.gate):
            yield Hit(
                (stage.name, ""),
                stage.place,
                f"gate stage {stage.name!r} {reason}",
                "labelmeta stage sync",
            )
    for one in _judged(snapshot):
        if gate_path(one.split) not in armed:
            yield Hit(
                (one.split, ""),
                Place(GATES_FILE),
                f"{one.split} has no gate stage in {GATES_FILE}",
                "labelmeta stage sync",
            )


def _faults(stage: Stage, kind: str) -> Iterator[str]:
    if stage.frozen:
        yield "is frozen: it never runs"
    if kind != "cached" and not stage.always_changed:
        yield "is not `always_changed`: it runs only when a dependency changed"
    for out in stage.outs:
        if out.persist:
            yield f"keeps {out.path} after a failure (`persist`)"
        if out.cache:
            yield f"caches {out.path}: `dvc checkout` brings it back after a failure"


def ungated_stage(snapshot: Snapshot) -> Iterator[Hit]:
    """A stage uses a linked split without depending on its gate.

    `dvc repro` runs it even when the split is not aligned.

    Bad:
        links: {data/train.csv: {version: "1.0.0"}}
        stages: {train: {deps: [data/train.csv]}}
    Good:
        links: {data/train.csv: {version: "1.0.0"}}
        stages: {train: {deps: [data/train.csv, labelmeta/gates/data/train.csv.json]}}
    Fix: labelmeta stage require STAGE
    """
    splits = sorted({one.split for one in _judged(snapshot)})
    known = frozenset(splits)
    for stage in snapshot.stages:
        paths = {path for path, _ in stage.deps}
        used = {split for path in paths for split in _overlapping(path, splits, known)}
        for split in sorted(used):
            if gate_path(split) not in paths:
                yield Hit(
                    (split, ""),
                    stage.place,
                    f"stage {stage.name!r} uses {split} without its gate",
                    f"labelmeta stage require {typed(stage.name)}",
                )


def ungated_run(snapshot: Snapshot) -> Iterator[Hit]:
    """A recorded run depended on a gate that was never committed.

    `dvc repro --single-item`, `dvc commit -f`, the run cache or `dvc exp apply` went round the
    check: the model in dvc.lock was made in a state that nobody can show to be aligned.

    Bad:
        links: {data/train.csv: {version: "1.0.0"}}
        runs: {train: {split: data/train.csv, seen: never}}
    Good:
        links: {data/train.csv: {version: "1.0.0"}}
        runs: {train: {split: data/train.csv, seen: current}}
    Fix: dvc repro STAGE, then commit dvc.lock together with the gate.
    """
    for run in snapshot.runs:
        if run.seen in {"never", "unknown"}:
            cut = "a history too shallow to tell: git fetch --unshallow"
            yield Hit(
                (run.split, ""),
                run.place,
                f"stage {run.stage!r} was recorded with a gate of {run.split} that is neither "
                "here nor in any commit",
                f"dvc repro {typed(run.stage)}, then commit dvc.lock with "
                f"{typed(gate_path(run.split))}",
                untold=cut if run.seen == "unknown" else "",
            )


def outstanding_run(snapshot: Snapshot) -> Iterator[Hit]:
    """A recorded run saw an older gate: the split was linked anew and nothing ran since.

    That is what happens when a data owner without a GPU links; training is outstanding.

    Bad:
        links: {data/train.csv: {version: "1.0.0"}}
        runs: {train: {split: data/train.csv, seen: ancestor, commit: 0123456789abcdef}}
    Good:
        links: {data/train.csv: {version: "1.0.0"}}
        runs: {train: {split: data/train.csv, seen: current}}
    Fix: dvc repro STAGE
    """
    for run in snapshot.runs:
        if run.seen == "ancestor" and run.split in snapshot.gates:
            yield Hit(
                (run.split, ""),
                run.place,
                f"stage {run.stage!r} last ran with the gate of {run.split} as of commit "
                f"{short(run.commit)}; the split was linked anew since",
                f"dvc repro {typed(run.stage)}",
            )


def _judged(snapshot: Snapshot) -> Iterator[Sidecar]:
    """Yield the splits that have a gate to judge: none where the project has no gates."""
    for one in snapshot.sidecars if snapshot.config.gate != "none" else ():
        if one.split in snapshot.records:
            yield one


def _overlapping(path: str, splits: list[str], known: frozenset[str]) -> Iterator[str]:
    """Yield those of the sorted `splits` that are `path`, hold it or lie in it."""
    yield from (one for one in (*enclosing(path), path) if one in known)
    for at in range(bisect_left(splits, path + "/"), len(splits)):
        if not splits[at].startswith(path + "/"):
            break
        yield splits[at]
