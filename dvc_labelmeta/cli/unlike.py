"""What to do where data in the workspace is not what DVC recorded: record it, or get the other."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from dvc_labelmeta.errors import LabelMetaError
from dvc_labelmeta.model.shell import typed
from dvc_labelmeta.model.snapshot import Record, Snapshot
from dvc_labelmeta.read.snapshot import load
from dvc_labelmeta.read.targets import holds


def unlike_record(snapshot: Snapshot, wrong: Mapping[str, str]) -> Iterator[str]:
    """Yield a sentence on each split in `wrong`, which says why it differs.

    A rollback with data changes the record and leaves the data: what is there is then what HEAD
    recorded, and `dvc add` would undo the rollback.
    """
    before = _at_head(snapshot) if wrong else {}
    for split, why in wrong.items():
        record, then = snapshot.records[split], before.get(split)
        pointer, command = record.place.path, f"`dvc checkout {typed(split)}`"
        if then and then.value != record.value and holds(snapshot.root, then):
            yield (
                f"{split} is still what {pointer} recorded before that was changed or rolled "
                f"back: run {command} first"
            )
        else:
            yield (
                f"{split} {why}: run `dvc add` or `dvc commit` first, or {command} to get what "
                f"{pointer} records"
            )


def _at_head(snapshot: Snapshot) -> Mapping[str, Record]:
    try:
        return load(snapshot.root, "HEAD", with_pipeline=False).records
    except LabelMetaError:  # no commit, or no project in it
        return {}
