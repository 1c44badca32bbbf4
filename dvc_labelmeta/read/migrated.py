"""How many records of a split were carried over to a guideline version, by where they came from."""

from __future__ import annotations

from dvc_labelmeta.read.records import open_records
from dvc_labelmeta.read.sources import Source, shards

# as many as there are, not as this run made: one that was killed made the others
_COUNTED = """SELECT coalesce(old.guideline_version, ?) AS version, count(*) FROM records AS new
    JOIN records AS old ON new.migrated_from = old.id
    WHERE new.guideline_version = ? GROUP BY version ORDER BY version"""


def migrated(source: Source, version: str, linked: str) -> dict[str, int]:
    """Return the number of records carried over to `version`, by the version of the old ones.

    linked: that of old records which name none.
    """
    files = shards(source.path, source.format)
    with open_records(files, source.format) as connection:
        return dict(connection.execute(_COUNTED, [linked, version]).fetchall())
