"""Where annotation records are judged: in this process, or on Dask workers."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Annotated

import typer

from dvc_labelmeta.errors import LabelMetaError
from dvc_labelmeta.model.config import ENGINES, Config

if TYPE_CHECKING:
    from dvc_labelmeta.read.workers import Workers

MISSING = 'judging on workers needs Dask; pip install "dvc-labelmeta[annotations,dask]"'
EngineOption = Annotated[
    str,
    typer.Option(
        "--engine",
        help=f"Judge with {' or '.join(ENGINES)}; default: labelmeta.yaml's, or duckdb.",
        metavar="ENGINE",
    ),
]


@contextmanager
def workers_of(settings: Config | None, engine: str = "") -> Iterator[Workers | None]:
    """Start or find the workers that a project or an option asks for; None for this process."""
    settings = settings or Config()
    if (engine or settings.engine) != "dask":
        yield None
        return
    try:
        from dvc_labelmeta.read.workers import Workers  # noqa: PLC0415  # Dask is an extra
    except ModuleNotFoundError as error:
        if error.name not in {"distributed", "dask"}:
            raise
        raise LabelMetaError(MISSING) from None
    with Workers(settings.scheduler) as workers:
        yield workers
