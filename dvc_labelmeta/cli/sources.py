"""What the commands on annotation records share: what a name stands for, and the engine."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Annotated, NamedTuple

import typer

from dvc_labelmeta.cli.common import root_of, split_paths
from dvc_labelmeta.errors import LabelMetaError, NotARepository, Refused, UnreadableFile
from dvc_labelmeta.model.shell import typed
from dvc_labelmeta.model.sidecar import SUFFIX
from dvc_labelmeta.model.snapshot import Snapshot
from dvc_labelmeta.read.snapshot import load
from dvc_labelmeta.read.sources import Source, bare, sources
from dvc_labelmeta.report.text import unread_told

MISSING = 'annotation records need DuckDB; pip install "dvc-labelmeta[annotations]"'

Name = Annotated[
    str,
    typer.Argument(
        help="A linked split, or a file, folder or pattern of records.", metavar="SPLIT|FILE"
    ),
]
LayerOption = Annotated[
    str, typer.Option("--layer", help="The layer to look at, where there are several.")
]


class Asked(NamedTuple):
    """What a name stands for. split: "" for a bare file; snapshot: None outside a project."""

    name: str
    snapshot: Snapshot | None
    split: str
    sources: list[Source]

    def one(self) -> Source:
        """Return the only source; refuses several layers, whose labels differ."""
        return only(self.sources, self.name)


def only(found: Sequence[Source], name: str) -> Source:
    """Return the only source that a name stands for; refuses several layers."""
    if len(found) > 1:
        names = " or ".join(source.layer_name for source in found)
        raise Refused(f"{name} has annotations for several layers; --layer {names}")
    return found[0]


def asked(context: typer.Context, name: str, layer: str = "") -> Asked:
    """Return the records that `name`, from the current folder, stands for.

    A linked split stands for the records that its sidecar names; all else is a file, a folder
    or a pattern.
    """
    start = root_of(context)
    path = os.path.normpath(os.path.join(start, name))
    try:
        snapshot = load(start, with_pipeline=False)
        split = split_paths(snapshot.root, start, [name])[0]
    except (NotARepository, Refused):
        return Asked(name, None, "", [bare(path, name)])
    for fault in snapshot.faults:
        if fault.place.path == split + SUFFIX:
            raise UnreadableFile(fault.message)
    if any(one.split == split for one in snapshot.sidecars):
        found = [_from_here(source) for source in sources(snapshot, split, layer)]
        return Asked(name, snapshot, split, found)
    return Asked(name, snapshot, "", [bare(path, name)])


def _from_here(source: Source) -> Source:
    """Name records as the user would: from the current folder, where they are below it."""
    path = os.path.relpath(source.path)
    return source if path.startswith(os.pardir) else source._replace(path=path)


def keep(files: Iterable[str], output: str) -> None:
    """Refuse to write over the files that are read."""
    if output and any(os.path.exists(output) and os.path.samefile(output, one) for one in files):
        raise Refused(f"{output} is one of the files that are read; choose another --output")


def tell_unread(lines: int, name: str, output: str) -> None:
    """Say that lines are no record, so that what was counted is not all; and no file is written."""
    left = f"{output} was not written, since " if output else ""
    told = f"{left}{unread_told(lines)}: labelmeta annotations validate {typed(name)}"
    typer.echo(f"labelmeta: {told}", err=True)


def is_missing(error: ModuleNotFoundError) -> bool:
    """Whether an import failed since the extra is not installed."""
    return error.name == "duckdb"


def need_engine() -> None:
    """Raise LabelMetaError where DuckDB, an extra, is not installed."""
    try:
        import duckdb  # noqa: F401, PLC0415  # asked only where records are read
    except ModuleNotFoundError as error:
        if not is_missing(error):
            raise
        raise LabelMetaError(MISSING) from None


@contextmanager
def reading(source: Source) -> Iterator[None]:
    """Say which records could not be read, whatever the engine said."""
    import duckdb  # noqa: PLC0415  # after need_engine()

    try:
        yield
    except duckdb.Error as error:
        reason = str(error).strip().split("\n")[0]
        raise UnreadableFile(
            f"{source.path}: cannot be read as {source.format}: {reason}"
        ) from None
    except UnreadableFile as error:
        raise UnreadableFile(f"{source.path}: {error}") from None
