"""What one commit changed of a split, as a frozen value."""

from __future__ import annotations

from typing import NamedTuple

from dvc_labelmeta.model.sidecar import Sidecar

Pair = tuple[str, str]  # before, after; "" = not there


class Change(NamedTuple):
    """What one commit changed of a split.

    before, after: the sidecar, where the commit changed it. moved: the other path, where the
    sidecar came from or went to. earlier: an older commit with the same sidecar, "" for none.
    data: its hashes. records: whether their files changed. guidelines: (id, versions).
    """

    before: Sidecar | None = None
    after: Sidecar | None = None
    moved: str = ""
    earlier: str = ""
    data: Pair | None = None
    records: bool = False
    guidelines: tuple[tuple[str, Pair], ...] = ()
