"""LM1xx, first part: sidecars and the data they speak of.

Each Bad and Good is a project in short: the guideline `g` at HEAD, data, and links. A test runs
every one of them.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator

from dvc_labelmeta.checks.rule import Hit, short
from dvc_labelmeta.model.config import CONFIG_FILE, glob_matcher
from dvc_labelmeta.model.shell import typed
from dvc_labelmeta.model.sidecar import SUFFIX, Sidecar
from dvc_labelmeta.model.snapshot import Place, Snapshot, enclosing


def unreadable_file(snapshot: Snapshot) -> Iterator[Hit]:
    """A file of the project cannot be read, or does not fit its schema.

    What it says is unknown, so nothing that depends on it was judged; the exit code is 2. All
    other files are judged as usual.

    Bad:
        faults: {data/train.csv.labelmeta.yaml: "has the key 'split' twice"}
    Good:
        faults: {}
    Fix: mend the file at the place named; a sidecar may also be deleted and linked anew.
    """
    for fault in snapshot.faults:
        subject = fault.place.path.removesuffix(SUFFIX)
        yield Hit((subject, ""), fault.place, fault.message, "mend the file at this place")


def unlinked_split(snapshot: Snapshot) -> Iterator[Hit]:
    """Data that `splits:` names has no sidecar.

    Nobody can say under which instructions its labels were made. A pattern that matches no data
    is a warning: a typing error there would switch the rule off.

    Bad:
        splits: ["data/*.csv"]
        data: {data/new.csv: {value: aa}}
    Good:
        splits: ["data/*.csv"]
        data: {data/new.csv: {value: aa}}
        links: {data/new.csv: {version: "1.0.0"}}
    Fix: labelmeta link SPLIT --guideline ID
    """
    linked = {one.split for one in snapshot.sidecars}
    broken = {fault.place.path for fault in snapshot.faults}
    for path in snapshot.matched:
        if path not in linked and path + SUFFIX not in broken:
            record = snapshot.records.get(path)
            yield Hit(
                (path, ""),
                Place(record.place.path if record else path),
                f"{path} matches `splits:` but has no sidecar",
                f"labelmeta link {typed(path)} --guideline {next(iter(snapshot.guidelines), 'ID')}",
            )
    for number, pattern in enumerate(snapshot.config.splits):
        if not any(map(glob_matcher((pattern,)).match, snapshot.matched)):
            yield Hit(
                ("", ""),
                Place(CONFIG_FILE, ("splits", number)),
                f"{pattern} under `splits:` matches no data that DVC or Git tracks",
                "correct the pattern, or take it out",
                severity="warning",
            )


def orphaned_sidecar(snapshot: Snapshot) -> Iterator[Hit]:
    """A sidecar speaks of data that neither DVC nor Git tracks.

    The data was renamed, removed or never added; the link proves nothing.

    Bad:
        links: {data/train.csv: {version: "1.0.0"}}
        data: {data/train.csv: null}
    Good:
        links: {data/train.csv: {version: "1.0.0"}}
    Fix: labelmeta mv OLD NEW if it was renamed, labelmeta unlink SPLIT if it is gone.
    """
    for one in snapshot.sidecars:
        if one.split not in snapshot.records:
            yield Hit(
                (one.split, ""),
                Place(one.path, ("data", "path")),
                f"{one.split} is tracked neither by DVC nor by Git",
                f"labelmeta mv {typed(one.split)} NEW if it was renamed, labelmeta unlink "
                f"{typed(one.split)} if it is gone, or `dvc add` it",
            )


def contested_split(snapshot: Snapshot) -> Iterator[Hit]:
    """Two sidecars claim one split, or a sidecar does not bear the name of the split it claims.

    They may say different things, and nobody knows which holds; history and ledger look for the
    sidecar of a split under its name.

    Bad:
        links:
          data/train.csv: {version: "1.0.0"}
          data/copy.csv: {version: "1.0.0", split: data/train.csv}
    Good:
        links:
          data/train.csv: {version: "1.0.0"}
          data/copy.csv: {version: "1.0.0"}
    Fix: remove the sidecar that is not `<split>.labelmeta.yaml`; rename the only one.
    """
    claims: dict[str, list[Sidecar]] = defaultdict(list)
    for one in snapshot.sidecars:
        claims[one.split].append(one)
    for split, rivals in claims.items():
        if len(rivals) == 1 and rivals[0].path != split + SUFFIX:
            yield Hit(
                (split, ""),
                Place(rivals[0].path, ("data", "path")),
                f"{rivals[0].path} is about {split}, and is not called {split}{SUFFIX}",
                f"git mv {typed(rivals[0].path)} {typed(split + SUFFIX)}, or correct data.path",
            )
        for one in rivals[1:]:
            extra = next((r for r in rivals if r.path != split + SUFFIX), one)
            yield Hit(
                (split, ""),
                Place(one.path, ("data", "path")),
                f"{split} is claimed by {' and '.join(r.path for r in rivals)}",
                f"remove {typed(extra.path)}",
            )


def untracked_sidecar(snapshot: Snapshot) -> Iterator[Hit]:
    """A sidecar is not tracked by Git.

    CI, colleagues and `dvc exp run --temp` do not see it.

    Bad:
        links: {data/train.csv: {version: "1.0.0", untracked: true}}
    Good:
        links: {data/train.csv: {version: "1.0.0"}}
    Fix: git add SIDECAR
    """
    for path in sorted(snapshot.untracked):
        yield Hit(
            (path.removesuffix(SUFFIX), ""),
            Place(path),
            f"{path} is not tracked by Git",
            f"git add {typed(path)}",
        )


def sidecar_in_data(snapshot: Snapshot) -> Iterator[Hit]:
    """A sidecar lies inside a folder that DVC tracks.

    `dvc checkout` deletes it there, and Git ignores the folder.

    Bad:
        data: {data: {value: aa.dir, folder: true}}
        links: {data/train.csv: {version: "1.0.0"}}
    Good:
        data: {data: {value: aa.dir, folder: true}}
        links: {data: {version: "1.0.0", value: aa.dir}}
    Fix: link the folder itself; its sidecar is written beside it.
    """
    splits = {one.path: one.split for one in snapshot.sidecars}
    for path in sorted(splits.keys() | snapshot.buried):
        for folder in enclosing(path):
            if folder in snapshot.folders:
                yield Hit(
                    (splits.get(path, path.removesuffix(SUFFIX)), ""),
                    Place(path),
                    f"{path} lies inside {folder}, which DVC tracks as a folder",
                    f"labelmeta link {typed(folder)}, then remove {typed(path)}",
                )


def merged_data(snapshot: Snapshot) -> Iterator[Hit]:
    """A merge made data that nobody labelled.

    DVC's merge driver joins the two sides of a folder into a new hash; neither side's link
    covers it.

    Bad:
        data: {data: {value: cc.dir, folder: true, merged_in: 0123456789abcdef}}
        links: {data: {version: "1.0.0", value: aa.dir}}
    Good:
        data: {data: {value: aa.dir, folder: true}}
        links: {data: {version: "1.0.0", value: aa.dir}}
    Fix: look at what the merge joined, then link the split anew.
    """
    for one in snapshot.sidecars:
        record = snapshot.records.get(one.split)
        if record is not None and record.merged_in and record.value != one.data.value:
            yield Hit(
                (one.split, ""),
                record.place,
                f"{one.split}: the merge {record.merged_in[:12]} made {short(record.value)}, "
                f"which is on none of its sides; linked is {short(one.data.value)}",
                f"look at `git show {record.merged_in[:12]}`, then labelmeta link "
                f"{typed(one.split)}",
            )


def changed_frozen_split(snapshot: Snapshot) -> Iterator[Hit]:
    """The data of a frozen split changed since it was linked.

    A benchmark that changes makes every earlier score incomparable.

    Bad:
        data: {data/test.csv: {value: bb}}
        links: {data/test.csv: {version: "1.0.0", value: aa, mode: frozen}}
    Good:
        data: {data/test.csv: {value: aa}}
        links: {data/test.csv: {version: "1.0.0", value: aa, mode: frozen}}
    Fix: restore the data, or decide for a new benchmark with labelmeta link SPLIT.
    """
    for one in snapshot.sidecars:
        if one.frozen:
            yield from _changed(snapshot, one, "error")


def changed_data(snapshot: Snapshot) -> Iterator[Hit]:
    """The data changed since the split was linked.

    The labels that are there now may not be those that were made under the guideline. For
    the output of a stage (`pin: stage`) it is a note: sweeps make new data on purpose.

    Bad:
        data: {data/train.csv: {value: bb}}
        links: {data/train.csv: {version: "1.0.0", value: aa}}
    Good:
        data: {data/train.csv: {value: bb}}
        links: {data/train.csv: {version: "1.0.0", value: bb}}
    Fix: labelmeta link SPLIT, once the new labels are known to follow the guideline.
    """
    for one in snapshot.sidecars:
        if not one.frozen:
            yield from _changed(snapshot, one, None if one.exact else "note")


def _changed(snapshot: Snapshot, one: Sidecar, severity: str | None) -> Iterator[Hit]:
    record = snapshot.records.get(one.split)
    if record is None or (record.hash, record.value) == (one.data.hash, one.data.value):
        return
    kind = "frozen " if one.frozen else ""
    now = f"{record.hash} {short(record.value)}" if record.value else "not recorded (uncommitted?)"
    yield Hit(
        (one.split, ""),
        Place(one.path, ("data", "value")),
        f"{kind}{one.split} was linked with {one.data.hash} {short(one.data.value)}; "
        f"now it is {now} ({record.place.path})",
        f"labelmeta link {typed(one.split)} if the new data follows the guideline, else restore it",
        severity if record.value else "error",
    )
