"""The pseudonym that takes the place of a person: nobody else's, and nothing that leads to them."""

from __future__ import annotations

import re
import zlib
from collections.abc import Iterator
from itertools import count

from dvc_labelmeta.cli.redacting import all_sources, registered
from dvc_labelmeta.cli.sources import need_engine, reading
from dvc_labelmeta.errors import Refused, UnreadableFile
from dvc_labelmeta.model.annotators import REGISTRY
from dvc_labelmeta.model.snapshot import Snapshot
from dvc_labelmeta.read.ledger import Disk, key_of, tips
from dvc_labelmeta.read.sources import Source, shards
from dvc_labelmeta.write.edits import content
from dvc_labelmeta.write.redaction import opened

_NUMBERED = re.compile(rb"redacted-[1-9][0-9]*")


def free_pseudonym(snapshot: Snapshot) -> str:
    """Return the first of redacted-1, redacted-2, … that nothing names: a dry run says the same.

    Chance or a hash of the identity would do as well, but the first is another one the next time,
    and the second leads back to whoever tries all identities.
    """
    taken = {*registered(content(snapshot.root, REGISTRY)), *_numbered(snapshot)}
    told = tips(Disk(snapshot.root))
    names = (f"redacted-{number}" for number in count(1))
    return next(
        name for name in names if name not in taken and key_of(f"annotator:{name}") not in told
    )


def refuse_taken(snapshot: Snapshot, new: str) -> None:
    """Refuse a pseudonym that somebody else has: two people would be one."""
    need_engine()
    names = {*registered(content(snapshot.root, REGISTRY))}
    for source, *_ in all_sources(snapshot).values():
        names |= _annotators(source, shards(source.path, source.format))
    if new in names:
        raise Refused(f"--to {new}: another annotator is called so, and two would become one")


def _annotators(source: Source, files: list[str]) -> set[str]:
    from dvc_labelmeta.read.annotators import seen  # noqa: PLC0415  # DuckDB is an extra

    with reading(source):
        return {one.annotator for one in seen(files, source.format)}


def _numbered(snapshot: Snapshot) -> Iterator[str]:
    """Yield the numbered pseudonyms in records; those that cannot be read are refused later."""
    for source, *_ in all_sources(snapshot).values():
        try:
            files = shards(source.path, source.format)
            if source.format == "parquet":
                need_engine()
                yield from _annotators(source, files)
                continue
            for path in files:
                with opened(path) as file:
                    yield from (one.decode() for line in file for one in _NUMBERED.findall(line))
        except (UnreadableFile, OSError, EOFError, zlib.error):
            continue
