"""How many annotation records were made under some guideline versions; needs DuckDB."""

from __future__ import annotations

from collections.abc import Sequence

from dvc_labelmeta.read.records import open_records
from dvc_labelmeta.read.sources import Source, shards


def made_under(source: Source, id_: str, versions: Sequence[str]) -> dict[str, int]:
    """Return the number of records made under each of these versions of guideline `id_`.

    A record that names no guideline or layer is one of the source's. Raises UnreadableFile.
    """
    files = shards(source.path, source.format)
    with open_records(files, source.format) as connection:
        rows = connection.execute(
            "SELECT guideline_version, count(*) FROM records "
            "WHERE list_contains($versions, guideline_version) "
            "AND coalesce(guideline_id, $id) = $id AND coalesce(layer, $layer) = $layer "
            "GROUP BY 1",
            {"versions": list(versions), "id": id_, "layer": source.layer_name},
        ).fetchall()
    found = dict(rows)
    return {version: found[version] for version in versions if version in found}
