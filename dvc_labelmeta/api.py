"""The public API: read a project at a revision, judge it, train on it. Typer is not needed."""

# no `from __future__ import annotations`: that name is the API's own here

import datetime as dt
import os
from typing import TYPE_CHECKING

from dvc_labelmeta import __version__
from dvc_labelmeta.checks import catalogue
from dvc_labelmeta.errors import LabelMetaError
from dvc_labelmeta.model.finding import Finding, Report
from dvc_labelmeta.model.snapshot import Snapshot
from dvc_labelmeta.read import snapshot as reading

if TYPE_CHECKING:
    import pyarrow as pa

__all__ = ["Finding", "LabelMetaError", "Report", "Snapshot", "annotations", "check", "load"]


def load(path_or_repo: str | os.PathLike[str] | object = ".", rev: str | None = None) -> Snapshot:
    """Return the frozen snapshot of a project.

    path_or_repo: a folder in the project, or a Git or DVC repository object (anything with
        `working_dir`, `root_dir` or `path`). rev: any Git revision; None = the working tree.

    Raises NotARepository, NoSuchRevision, BadConfig (all LabelMetaError).
    """
    path = path_or_repo
    if not isinstance(path, (str, os.PathLike)):
        for name in ("working_dir", "root_dir", "path"):
            if isinstance(getattr(path_or_repo, name, None), str):
                path = getattr(path_or_repo, name)
                break
        else:
            raise TypeError(f"load() takes a path or a repository, not {path_or_repo!r}")
    return reading.load(os.fspath(path), rev)


def check(snapshot: Snapshot, *, today: str | None = None) -> Report:
    """Return what the rules find in a snapshot, with the line of each finding.

    today: ISO date against which `until` of ignores is held; default the current day.
    """
    day = today or dt.datetime.now(tz=dt.timezone.utc).date().isoformat()
    return reading.located(snapshot, catalogue.judge(snapshot, day))


def annotations(
    split: str,
    rev: str | None = None,
    *,
    layer: str | None = None,
    root: str | os.PathLike[str] = ".",
    records: bool = False,
) -> "pa.Table":
    """Return the annotations of a linked split as an Arrow table, one row an item, by item.

    split: path of the data, from the folder `root`. rev: any Git revision; None = the working
    tree. Records that DVC tracks come from its cache, by the hash recorded at that revision.
    layer: needed where the split has records for several. records: the raw records that count
    as votes instead, one row each.

    Columns: item; label (text; null where votes are tied); label_source: gold (a reference
    answer), aggregate (a consensus among the records), majority (of the votes) or null;
    soft_label: list of {label, share}, most first: what the aggregate recorded, else the shares
    of votes; votes, annotators; confidence: mean of those that were given, null if none was;
    weight; guideline_id (null where mixed), guideline_version (null where mixed or unknown),
    guideline_versions; disputed: whether votes differ.

    weight, in 0..1: 1 for gold, 0 without a label, else probability of the label x mean
    confidence (1 where unknown). The probability is the share of votes, or an aggregate's score.

    The schema's metadata has one key, `labelmeta`, with JSON: split, layer, guideline (id,
    version, commit, object of the link), data (hash), rev, commit, labelmeta_version.

    pandas: `table.to_pandas().dropna(subset=["label"])`, then
        `model.fit(x, frame["label"], sample_weight=frame["weight"])`
    polars: `polars.from_arrow(table)`
    Hugging Face: `datasets.Dataset(table)`
    PyTorch: `torch.tensor(table["weight"].to_pylist())`

    Raises LabelMetaError: not linked, no records, not in DVC's cache (it names `dvc fetch`), or
    DuckDB and pyarrow (`pip install "dvc-labelmeta[arrow]"`) are not installed.
    """
    try:
        import pyarrow as _  # noqa: F401, ICN001, PLC0415  # an extra

        from dvc_labelmeta.read.training import ITEMS, VOTES, training  # noqa: PLC0415  # an extra
    except ModuleNotFoundError as error:
        if error.name not in {"duckdb", "pyarrow"}:
            raise
        raise LabelMetaError(
            'annotations() needs DuckDB and pyarrow; pip install "dvc-labelmeta[arrow]"'
        ) from None
    with training(split, rev, layer=layer, root=os.fspath(root)) as found:
        table = found.connection.sql(VOTES if records else ITEMS).to_arrow_table()
        return table.replace_schema_metadata(found.as_text(__version__))
