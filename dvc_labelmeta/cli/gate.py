"""`labelmeta gate`: what the gate stage runs. Starts without Typer, writes gates last."""

from __future__ import annotations

import datetime as dt
import os
import posixpath

from dvc_labelmeta.checks.catalogue import judge, only_splits
from dvc_labelmeta.checks.rule import SPLIT
from dvc_labelmeta.errors import UNJUDGED, LabelMetaError
from dvc_labelmeta.model.finding import Report
from dvc_labelmeta.model.gate import gate, gate_path
from dvc_labelmeta.model.sidecar import SUFFIX, Layer
from dvc_labelmeta.model.snapshot import Snapshot
from dvc_labelmeta.read.snapshot import load, located
from dvc_labelmeta.report.text import text
from dvc_labelmeta.write.edits import content, lock, write_file

REPORTS = ".labelmeta/reports"


def run(arguments: list[str]) -> int:
    """Check the named splits (all without a name), write the gates of the clean ones."""
    start, names = _parsed(arguments)
    snapshot = load(start, with_pipeline=False)
    folder = os.path.relpath(os.path.realpath(start), snapshot.root)
    wanted = [posixpath.normpath(posixpath.join(folder, name)) for name in names]
    known = [one.split for one in snapshot.sidecars]
    report = judge(snapshot, today(), scopes=(SPLIT,))
    codes = [
        _one(snapshot, split, report) for split in wanted or sorted(set(known) | _broken(report))
    ]
    return max(codes, default=0)


def today() -> str:
    """Return the current day, on which ignores are held."""
    return dt.datetime.now(tz=dt.timezone.utc).date().isoformat()


def _parsed(arguments: list[str]) -> tuple[str, list[str]]:
    start, rest = ".", list(arguments)
    names: list[str] = []
    while rest:
        word = rest.pop(0)
        if word == "--":
            return start, names + rest
        if word == "--root" and rest:
            start = rest.pop(0)
        elif word.startswith("--root="):
            start = word.partition("=")[2]
        elif word.startswith("-"):
            raise LabelMetaError(f"labelmeta gate does not know {word}; see labelmeta gate --help")
        else:
            names.append(word)
    return start, names


def _broken(report: Report) -> set[str]:
    """Splits whose sidecar could not be read: they must not pass by being unknown."""
    return {f.split for f in report.findings if f.place.path == f.split + SUFFIX}


def _one(snapshot: Snapshot, split: str, report: Report) -> int:
    """Judge one split; write its gate last, or take it away and leave a report."""
    one = next((one for one in snapshot.sidecars if one.split == split), None)
    mine = only_splits(report, [split])
    general = [f for f in report.findings if f.unjudged and not f.place.path.endswith(SUFFIX)]
    mine = Report((*mine.findings, *(f for f in general if f not in mine.findings)), splits=1)
    path = gate_path(split)
    report_path = f"{REPORTS}/{split}.txt"
    code = mine.exit_code()
    if one is None and code == 0:
        raise LabelMetaError(
            f"{split} has no sidecar; run `labelmeta link {split}`, or `labelmeta stage sync` "
            "if it is no longer linked"
        )
    if one is None or code:
        _fail(snapshot, split, mine, path, report_path)
        return code or UNJUDGED
    if mine.findings:
        pass
    wanted = gate(one, snapshot.records[split])
    if content(snapshot.root, path) != wanted:
        write_file(os.path.join(snapshot.root, path), wanted)
    stale = os.path.join(snapshot.root, report_path)
    if os.path.exists(stale):
        os.unlink(stale)
    return 0


def _linked_to(layers: tuple[Layer, ...]) -> str:
    return ", ".join(f"{layer.guideline.id} {layer.guideline.version}" for layer in layers)


def _fail(snapshot: Snapshot, split: str, report: Report, path: str, report_path: str) -> None:
    shown = text(located(snapshot, report))
    with lock(snapshot.root):
        write_file(os.path.join(snapshot.root, report_path), shown.encode(errors="replace"))
    gate_file = os.path.join(snapshot.root, path)
    if os.path.exists(gate_file):
        os.unlink(gate_file)
