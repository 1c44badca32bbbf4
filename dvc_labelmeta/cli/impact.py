"""The impact of a guideline change on the records of the splits linked to it, for `diff`.

Splits and records are those of the working tree, whatever revisions are compared.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from dvc_labelmeta.cli.progress import shown
from dvc_labelmeta.cli.sources import MISSING, is_missing
from dvc_labelmeta.diff.comparison import Comparison
from dvc_labelmeta.diff.debts import Debt, Impact, debts, gaps, target
from dvc_labelmeta.diff.impact import UNNAMED, LayerImpact, judged, together, wanted
from dvc_labelmeta.diff.migration import needs_file
from dvc_labelmeta.errors import LabelMetaError, Refused, UnreadableFile
from dvc_labelmeta.model.facts import Expected
from dvc_labelmeta.model.guideline import Release, precedes
from dvc_labelmeta.model.migration import CERTAIN, Migration
from dvc_labelmeta.model.sidecar import SUFFIX, Layer, Sidecar
from dvc_labelmeta.model.snapshot import Snapshot
from dvc_labelmeta.read.migrations import folder_of, migrations
from dvc_labelmeta.read.snapshot import load_links
from dvc_labelmeta.read.sources import shards, source_of


def impacts(root: str, found: Sequence[Comparison], *, count: bool) -> tuple[Impact, ...]:
    """Return the impact of each comparison; count: whether records are read at all."""
    if not found:
        return ()
    snapshot = load_links(root)
    return tuple(_impact(snapshot, one, count=count) for one in found)


def _impact(snapshot: Snapshot, found: Comparison, *, count: bool) -> Impact:
    old = found.step.previous
    if old is None:
        return Impact(owed=debts(found, (), "", snapshot.config.profile))
    maps, missing, wrong = _migration(snapshot, found)
    unread = [fault for fault in snapshot.faults if fault.place.path.endswith(SUFFIX)]
    layers = (
        *(
            _layer(snapshot, one, layer, found, maps) if count else _bare(one, layer, "--no-impact")
            for one in snapshot.sidecars
            for layer in one.layers
            if layer.guideline.id == found.step.id
        ),
        *(
            LayerImpact(fault.place.path.removesuffix(SUFFIX), "", "", fault=fault.message)
            for fault in unread
        ),
    )
    major = "major" in {found.needed, found.declared} or found.needed == "forbidden"
    return Impact(
        layers,
        together(layers, major=major),
        (*debts(found, layers, missing, snapshot.config.profile), *wrong),
        bool(unread),
    )


def _migration(
    snapshot: Snapshot, found: Comparison
) -> tuple[frozenset[str], str, tuple[Debt, ...]]:
    """Return the labels that the migration maps, the path of a missing one, and its faults."""
    guideline = snapshot.guidelines.get(found.step.id)
    if guideline is None:
        return frozenset(), "", ()
    number = target(found)
    try:
        step = migrations(snapshot.root, guideline).get(number)
    except LabelMetaError as error:
        return frozenset(), "", (Debt(f"mend the migration: {error}"),)
    old = found.step.previous
    if step and old and _late(step, old.number, guideline.releases):
        text = (
            f"{step.path} begins at {step.previous}, and nothing leads there from {old.number}: "
            f"let it begin at {old.number}, or release {step.previous}"
        )
        return frozenset(), "", (Debt(text),)
    if step is None:
        path = f"{folder_of(guideline)}/{number}.yaml"
        asked = number and needs_file(found.operations, found.declared)
        return frozenset(), path if asked else "", ()
    sure = {line.subject_id for line in step.labels if line.predicate_id in CERTAIN}
    wrong = gaps(found, step) if old and old.number == step.previous else ()
    return frozenset(sure), "", tuple(wrong)


def _late(step: Migration, start: str, releases: Iterable[Release]) -> bool:
    """Whether a migration begins at a draft that came after the version records have."""
    released = any(one.version == step.previous for one in releases)
    return precedes(start, step.previous) and not released


def _bare(one: Sidecar, layer: Layer, fault: str) -> LayerImpact:
    return LayerImpact(
        one.split, layer.name, layer.guideline.version, one.dataset, one.owners, layer.mode, fault
    )


def _layer(
    snapshot: Snapshot, one: Sidecar, layer: Layer, found: Comparison, maps: frozenset[str]
) -> LayerImpact:
    """Count the records of one layer; where that cannot be done, the fault says why."""
    if layer.annotations is None:
        return _bare(one, layer, UNNAMED)
    try:
        import duckdb  # noqa: PLC0415  # an extra
    except ModuleNotFoundError as error:
        if not is_missing(error):
            raise
        return _bare(one, layer, MISSING)
    try:
        return _counted(snapshot, one, layer, found, maps)
    except (Refused, UnreadableFile) as error:
        return _bare(one, layer, f"{layer.annotations.path}: {error}")
    except duckdb.Error as error:
        reason = str(error).strip().split("\n")[0]
        return _bare(one, layer, f"{layer.annotations.path} cannot be read: {reason}")


def _counted(
    snapshot: Snapshot, one: Sidecar, layer: Layer, found: Comparison, maps: frozenset[str]
) -> LayerImpact:
    from dvc_labelmeta.read.impact import Tally  # noqa: PLC0415  # DuckDB is an extra

    old, new = found.step.previous, found.step.current
    assert old is not None  # noqa: S101  # for the type checker: the caller asks
    source = source_of(snapshot, one, layer)
    expected = Expected("L0", guideline=layer.guideline.id, layer=layer.name)
    asked = wanted(found.operations, (old.structure or {}).get("task", ""))
    ends = old.number, new.number if new else ""
    with Tally(shards(source.path, source.format), source.format, expected, asked, shown) as tally:
        told, chosen = judged(found.operations, tally.groups, _bare(one, layer, ""), ends, maps)
        return told._replace(durations=tally.durations(chosen))
