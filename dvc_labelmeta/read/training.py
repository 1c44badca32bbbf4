"""The annotations of a split as one table for training, at any revision: one row an item.

The records come from the working tree, from Git at a revision, or from DVC's cache by the hash that
was recorded at that revision.
"""

from __future__ import annotations

import json
import os
import posixpath
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, NamedTuple

import duckdb

from dvc_labelmeta.errors import LabelMetaError, Refused, UnreadableFile
from dvc_labelmeta.model.snapshot import Snapshot, enclosing
from dvc_labelmeta.read.consensus import majority
from dvc_labelmeta.read.dvc_cache import link_cached
from dvc_labelmeta.read.git import Git
from dvc_labelmeta.read.records import open_records
from dvc_labelmeta.read.snapshot import load
from dvc_labelmeta.read.sources import Source, bare, shards, sources
from dvc_labelmeta.read.tallies import Tallies, lines

ITEMS = "SELECT * FROM training ORDER BY item"
VOTES = """SELECT * FROM records WHERE EXISTS (SELECT 1 FROM votes WHERE votes.id = records.id
    AND votes.item = records.item) ORDER BY item, annotator, id"""

# the latest aggregate of an item that stands, with the shares it recorded
_AGGREGATES = """CREATE TEMP TABLE aggregates AS
SELECT told.item, told.label, told.consensus_score AS score, list_sort(
        [struct_pack(share := -one.value, label := one.key) for one in map_entries(
            TRY_CAST(TRY_CAST(told.extra AS JSON) -> '$.soft_label' AS MAP(VARCHAR, DOUBLE)))]
    ) AS recorded,
    told.guideline_id, told.guideline_version
FROM told WHERE aggregate AND item IS NOT NULL AND label IS NOT NULL AND NOT rejected
    AND status NOT IN ('draft', 'skipped', 'discarded')
    AND NOT EXISTS (SELECT 1 FROM told AS later WHERE later.supersedes = told.id)
QUALIFY row_number() OVER (PARTITION BY item
    ORDER BY annotated_at DESC NULLS LAST, id DESC, label) = 1"""

_TRAINING = """CREATE TEMP TABLE training AS
WITH shares AS (SELECT item, max(share) AS top, count(*) > 1 AS disputed,
        list(struct_pack(label := label, share := share) ORDER BY share DESC, label) AS soft
    FROM soft GROUP BY item),
sums AS (SELECT item, count(*)::INTEGER AS votes, count(DISTINCT annotator)::INTEGER AS annotators,
        avg(CASE WHEN confidence BETWEEN 0 AND 1 THEN confidence::DECIMAL(18, 12) END)::DOUBLE
            AS confidence
    FROM votes GROUP BY item),
basis AS (SELECT item, guideline_id, guideline_version FROM votes
    UNION ALL SELECT item, guideline_id, guideline_version FROM current_records
        WHERE gold AND item NOT IN (SELECT item FROM votes)
    UNION ALL SELECT item, guideline_id, guideline_version FROM aggregates
        WHERE item NOT IN (SELECT item FROM votes)),
made AS (SELECT item, count(DISTINCT coalesce(guideline_id, $guideline)) AS ids,
        min(coalesce(guideline_id, $guideline)) AS guideline_id,
        list_sort(list(DISTINCT guideline_version)) AS guideline_versions,
        bool_or(guideline_version IS NULL) AS unknown FROM basis GROUP BY item),
told_of AS (SELECT item, gold.label AS gold, aggregates.label AS agreed, score,
        CASE WHEN abs(1 + list_sum([one.share for one in recorded])) < 1e-6
            AND len([1 for one in recorded if one.share > 0]) = 0
            THEN [struct_pack(label := one.label, share := -one.share) for one in recorded]
            END AS recorded,
        soft, top, disputed, len(soft) > 1 AND soft[2].share = top AS tie
    FROM (SELECT DISTINCT item FROM basis) LEFT JOIN shares USING (item)
        LEFT JOIN gold USING (item) LEFT JOIN aggregates USING (item)),
chosen AS (SELECT *, CASE WHEN gold IS NOT NULL THEN 'gold' WHEN agreed IS NOT NULL THEN 'aggregate'
            WHEN soft IS NOT NULL AND NOT tie THEN 'majority' END AS label_source,
        coalesce(gold, agreed, CASE WHEN NOT tie THEN soft[1].label END) AS label FROM told_of)
SELECT item, label, label_source,
    CASE WHEN label_source = 'aggregate' AND recorded IS NOT NULL THEN recorded
        ELSE coalesce(soft, CASE WHEN label IS NOT NULL
            THEN [struct_pack(label := label, share := 1::DOUBLE)] END) END AS soft_label,
    coalesce(votes, 0) AS votes, coalesce(annotators, 0) AS annotators, confidence,
    CASE label_source WHEN 'gold' THEN 1 WHEN 'majority' THEN top * coalesce(confidence, 1)
        WHEN 'aggregate' THEN coalesce(CASE WHEN score BETWEEN 0 AND 1 THEN score END,
            list_sum([one.share for one in soft if one.label = chosen.label]),
            (soft IS NULL)::INTEGER)
            * coalesce(confidence, 1)
        ELSE 0 END::DOUBLE AS weight,
    CASE WHEN ids = 1 THEN guideline_id END AS guideline_id,
    CASE WHEN len(guideline_versions) = 1 AND NOT unknown THEN guideline_versions[1] END
        AS guideline_version,
    guideline_versions, coalesce(disputed, false) AS disputed
FROM chosen LEFT JOIN sums USING (item) LEFT JOIN made USING (item)"""


class Training(NamedTuple):
    """Where the queries ITEMS and VOTES can be asked.

    inputs: the files they are made from, and the split. metadata: what those are.
    """

    connection: duckdb.DuckDBPyConnection
    inputs: list[str]
    metadata: dict[str, Any]

    def as_text(self, version: str) -> dict[str, str]:
        """Return the metadata as a file or a schema holds it: one key, its value JSON.

        version: of this program.
        """
        told = self.metadata | {"labelmeta_version": version}
        return {"labelmeta": json.dumps(told, ensure_ascii=False, sort_keys=True)}


@contextmanager
def training(
    split: str, rev: str | None = None, *, layer: str | None = None, root: str = "."
) -> Iterator[Training]:
    """Open the annotations of a split (a path from the folder `root`), for as long as asked.

    Raises Refused where the split is not linked, has no records or several layers of them (and
    `layer` names none), LabelMetaError where they are not at hand, UnreadableFile.
    """
    snapshot = load(root, rev, with_pipeline=False)
    path = os.path.relpath(os.path.join(os.path.realpath(root), split), snapshot.root)
    path = path.replace(os.sep, "/")
    found = sources(snapshot, path, layer or "")
    if len(found) > 1:
        names = " or ".join(one.layer_name for one in found)
        raise Refused(f"{split} has annotations for several layers: name {names}")
    (source,) = found
    with tempfile.TemporaryDirectory() as folder:
        files, connection = _opened(_at_hand(snapshot, source, folder), source.path)
        with connection:
            inputs = [*files, source.path, os.path.join(snapshot.root, path)]
            yield Training(connection, inputs, _metadata(snapshot, source, path))


def _opened(here: Source, name: str) -> tuple[list[str], duckdb.DuckDBPyConnection]:
    """Return the files of a source, and a connection with its tables; name: how errors call it.

    Raises UnreadableFile, also where lines are no record: nobody would miss the labels in them.
    """
    try:
        files = shards(here.path, here.format)
        connection = open_records(files, here.format)
        read = fill(connection, here)
        unread = lines(connection, files) - read if here.format == "jsonl" else 0
    except duckdb.Error as error:
        reason = str(error).strip().split("\n")[0]
        raise UnreadableFile(f"{name}: not {here.format}: {reason}") from None
    except UnreadableFile as error:
        raise UnreadableFile(f"{name}: {error}") from None
    if unread:
        raise UnreadableFile(f"{name}: {unread} lines are no record; `annotations validate` it")
    return files, connection


def fill(connection: duckdb.DuckDBPyConnection, source: Source) -> int:
    """Make the tables that ITEMS and VOTES ask, from the view `records`; source: of a layer.

    Returns how many records there are, those of other layers too.
    """
    assert source.layer is not None  # noqa: S101  # sources() gives those of layers
    tallies = Tallies(connection, ("guideline_id", "consensus_score", "extra"))
    tallies.select(source.layer_name)
    majority(connection)
    connection.execute(_AGGREGATES)
    connection.execute(_TRAINING, {"guideline": source.layer.guideline.id})
    if not connection.execute("SELECT 1 FROM training LIMIT 1").fetchall():
        raise UnreadableFile(f"holds no label for layer {source.layer_name}")
    return tallies.read


def _metadata(snapshot: Snapshot, source: Source, split: str) -> dict[str, Any]:
    assert source.layer is not None  # noqa: S101  # sources() gives those of layers
    record = snapshot.records.get(split)
    return {
        "split": split,
        "layer": source.layer_name,
        "guideline": source.layer.guideline._asdict(),
        "data": {"hash": record.hash, "value": record.value} if record is not None else None,
        "rev": snapshot.rev or None,
        "commit": snapshot.head if snapshot.rev else None,
    }


def _at_hand(snapshot: Snapshot, source: Source, folder: str) -> Source:
    """Return the records as files at hand; those of a revision are made in `folder`, or linked."""
    path = os.path.relpath(source.path, snapshot.root).replace(os.sep, "/")
    above = [path, *reversed(list(enclosing(path)))]
    record = next((snapshot.records[one] for one in above if one in snapshot.records), None)
    tracked = record if record is not None and record.hash != "git" else None
    if not snapshot.rev:
        if tracked is not None and not os.path.exists(source.path):
            raise LabelMetaError(f"{path} is not here; get it: dvc pull {tracked.path}")
        return source
    if tracked is None:
        target = _from_git(snapshot, path, folder)
    else:
        top = link_cached(snapshot.root, tracked, folder)
        if not top:
            raise LabelMetaError(
                f"{tracked.path} of {snapshot.rev} is not in DVC's cache; "
                f"get it: dvc fetch --all-commits {tracked.path}"
            )
        target = os.path.normpath(os.path.join(top, posixpath.relpath(path, tracked.path)))
    told = source.layer.annotations if source.layer is not None else None
    # what a folder held then may differ from what it holds now
    kind = told.format if told is not None and told.format else bare(target, path).format
    return source._replace(path=target, format=kind)


def _from_git(snapshot: Snapshot, path: str, folder: str) -> str:
    """Write the file or folder `path` of the commit below `folder`; return where it is."""
    git = Git(snapshot.root, snapshot.prefix)
    tree = git.tree(snapshot.head)
    found = {name: one for name, one in tree.items() if name == path or name.startswith(path + "/")}
    if not found:
        raise LabelMetaError(f"{path} is not in commit {snapshot.head[:12]}: was it committed?")
    with git.objects() as objects:
        for name, entry in found.items():
            content = objects.blob(entry.object)
            if content is None:
                raise LabelMetaError(f"{name} is not in this clone; fetch it with `git fetch`")
            target = os.path.join(folder, name)
            os.makedirs(os.path.dirname(target), exist_ok=True)
            with open(target, "wb") as file:
                file.write(content)
    return os.path.join(folder, path)
