"""`labelmeta gate`: what the gate stage runs. Starts without Typer, writes gates last."""

from __future__ import annotations

import os
import posixpath
import sys
import time

from dvc_labelmeta.checks.alignment import aligned
from dvc_labelmeta.errors import CLEAN, UNJUDGED, LabelMetaError, Refused
from dvc_labelmeta.model.config import OWN_FOLDER
from dvc_labelmeta.model.finding import Report
from dvc_labelmeta.model.gate import gate, gate_path
from dvc_labelmeta.model.shell import typed
from dvc_labelmeta.model.sidecar import SUFFIX, Sidecar
from dvc_labelmeta.model.snapshot import Snapshot
from dvc_labelmeta.read.files import decode
from dvc_labelmeta.read.snapshot import load, located
from dvc_labelmeta.report.text import text
from dvc_labelmeta.write.edits import content, lock, remove_file, write_file

REPORTS = f"{OWN_FOLDER}/reports"


def run(arguments: list[str]) -> int:
    """Check the named splits (all without a name), write the gates of the clean ones."""
    start, names = _parsed(arguments)
    snapshot = load(start, with_pipeline=False)
    folder = os.path.relpath(os.path.realpath(start), snapshot.root)
    wanted = [posixpath.normpath(posixpath.join(folder, name)) for name in names]
    for split in wanted:
        if split.split("/")[0] == "..":  # nor is its gate in labelmeta/gates
            raise LabelMetaError(f"{split} is outside the project {snapshot.root}")
    known = {one.split: one for one in reversed(snapshot.sidecars)}
    report = _judged(snapshot)
    splits = wanted or sorted(known.keys() | _broken(report))
    codes = [_one(snapshot, known.get(split), split, report) for split in splits]
    return max(codes, default=CLEAN)


def _judged(snapshot: Snapshot) -> Report:
    """Ask the rules that hold a gate back; all rules are imported only where one is named."""
    config = snapshot.config
    if not (config.ignore or config.adoption or config.legacy):
        return aligned(snapshot, today())
    from dvc_labelmeta.checks.catalogue import judge  # noqa: PLC0415  # a tenth of a gate
    from dvc_labelmeta.checks.rule import PROJECT, SPLIT  # noqa: PLC0415  # see above

    return judge(snapshot, today(), scopes=(SPLIT, PROJECT))


def today() -> str:
    """Return the current day, on which ignores are held."""
    return time.strftime("%Y-%m-%d", time.gmtime())


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


def _one(snapshot: Snapshot, one: Sidecar | None, split: str, report: Report) -> int:
    """Judge one split; write its gate last, or take it away and leave a report."""
    mine = _concerning(snapshot, one, split, report)
    code = mine.exit_code()
    if one is None and code == CLEAN:
        raise LabelMetaError(
            f"{split} has no sidecar; run `labelmeta link {typed(split)}`, or "
            "`labelmeta stage sync` if it is no longer linked"
        )
    report_path = f"{REPORTS}/{split}.txt"
    if one is None or code:
        _shut(snapshot, split, text(located(snapshot, mine)), report_path)
        return code or UNJUDGED
    if mine.findings:
        print(text(located(snapshot, mine)), end="", file=sys.stderr)
    path, wanted = gate_path(split), gate(one, snapshot.records[split])
    if content(snapshot.root, path) != wanted:
        with lock(snapshot.root):
            _refuse_changed(snapshot, one)
            write_file(os.path.join(snapshot.root, path), wanted)
    remove_file(os.path.join(snapshot.root, report_path))
    linked = ", ".join(f"{layer.guideline.id} {layer.guideline.version}" for layer in one.layers)
    print(f"gate open: {split} ({linked})")
    return CLEAN


def _refuse_changed(snapshot: Snapshot, one: Sidecar) -> None:
    """Refuse to put an older gate over that of a `link` which held the lock meanwhile."""
    now = content(snapshot.root, one.path)
    if now is None or decode(now) != snapshot.texts[one.path]:
        raise Refused(f"{one.path} changed while it was checked; run this again")


def _concerning(snapshot: Snapshot, one: Sidecar | None, split: str, report: Report) -> Report:
    """Return the findings of this split, of its guidelines, and of files that it relies on."""
    linked = {layer.guideline.id for layer in one.layers} if one else set()
    others = [g.path for g in snapshot.guidelines.values() if g.id not in linked]
    findings = [
        finding
        for finding in report.findings
        if finding.split == split
        or finding.guideline in linked
        or (
            finding.code == "LM100"
            and not finding.place.path.endswith(SUFFIX)
            and not any(f"{finding.place.path}/".startswith(f"{path}/") for path in others)
        )
    ]
    return Report(tuple(findings), splits=1)


def _shut(snapshot: Snapshot, split: str, shown: str, report_path: str) -> None:
    path = gate_path(split)
    remove_file(os.path.join(snapshot.root, path))  # first: it must go even if nothing can be told
    with lock(snapshot.root):
        write_file(os.path.join(snapshot.root, report_path), shown.encode(errors="replace"))
    print(
        f"\ngate shut: {split} is not aligned; nothing that depends on it should run\n\n{shown}"
        f"This report: {report_path}\n"
        f"The gate {path} is gone until this is mended: do not commit its deletion.\n",
        file=sys.stderr,
    )
