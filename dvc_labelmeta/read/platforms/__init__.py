"""Importers of platforms' own exports: one module each, listed here by hand.

A module reads one export as a stream of drafts; pseudonyms, types and everything else that all
imports share is done in read/recording.py.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import NamedTuple

from dvc_labelmeta.read.losses import Draft, Tally
from dvc_labelmeta.read.platforms import ukp_convarg, zooniverse


class Platform(NamedTuple):
    """One kind of export.

    drafts: yields the drafts of a file. title: for the list of commands. drop: keys that hold
    personal data there, beside those that every import knows by their names.
    """

    drafts: Callable[[str, Tally], Iterator[Draft]]
    title: str
    drop: tuple[str, ...] = ()


PLATFORMS = {
    "ukp-convarg": Platform(ukp_convarg.drafts, ukp_convarg.TITLE),
    "zooniverse": Platform(zooniverse.drafts, zooniverse.TITLE, zooniverse.PERSONAL),
}
