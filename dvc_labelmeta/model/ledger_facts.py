"""What the ledger says of linked splits, as frozen facts for the rules."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import NamedTuple

from dvc_labelmeta.model.event import Event

_NONE: Mapping[str, str] = MappingProxyType({})


class LedgerFault(NamedTuple):
    """A file of the ledger, from the root, that is not what it should be, and why."""

    path: str
    message: str


class LedgerFacts(NamedTuple):
    """The end of a ledger: it was read a bounded way back, however long it is.

    heads: events that none follows, with `total` events in their history (0: not known, as one
    cannot be read). last: the last events of each split that is linked, or that they say is;
    several after a merge, until the next one joins them. records: what their records hold now, by
    (split, layer): "md5" and "git" as far as they are known without reading data.
    """

    heads: tuple[str, ...]
    total: int
    last: Mapping[str, tuple[Event, ...]]
    faults: tuple[LedgerFault, ...] = ()
    records: Mapping[tuple[str, str], Mapping[str, str]] = MappingProxyType({})

    def content(self, split: str, layer: str) -> Mapping[str, str]:
        """Return what is known of the present content of a layer's records."""
        return self.records.get((split, layer), _NONE)
