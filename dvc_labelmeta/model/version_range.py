"""Which versions are meant: `1`, `1.x`, `1.2`, `1.2.3`, `>=1.0.0,<2.0.0`, or any other text."""

from __future__ import annotations

import re
from typing import NamedTuple

from dvc_labelmeta.model.guideline import precedence, semver

_BOUND = re.compile(r"\s*(>=|<=|>|<|==?|)\s*v?([^\s<>=]\S*)\s*\Z")
_SHORT = re.compile(r"([0-9]{1,18})(?:\.(?:([0-9]{1,18})|[xX*]))?(?:\.[xX*])?\Z")


class Bound(NamedTuple):
    """One condition. sign: "" = the version itself, or all that begin with it."""

    sign: str
    version: str


def bounds(text: str) -> tuple[Bound, ...] | None:
    """Return the conditions that a text stands for, all of which must hold; None for nonsense.

    No text at all stands for all versions.
    """
    found = []
    for part in text.split(",") if text.strip() else ():
        match = _BOUND.match(part)
        if match is None:
            return None
        sign, version = match.groups()
        if sign in {"=", "=="}:
            sign = ""
        short = _SHORT.match(version)
        if sign and short is not None:
            version = f"{short[1]}.{short[2] or 0}.0"
        if sign and semver(version) is None:
            return None
        found.append(Bound(sign, version))
    return tuple(found)


def within(version: str, wanted: tuple[Bound, ...]) -> bool:
    """Whether a version meets all conditions; one that is not semantic is only itself."""
    return all(_meets(version, one) for one in wanted)


def _meets(version: str, bound: Bound) -> bool:
    short = _SHORT.match(bound.version)
    numbers = semver(version)
    if not bound.sign:
        if short is None or numbers is None:
            return version == bound.version
        return numbers[0] == int(short[1]) and (not short[2] or numbers[1] == int(short[2]))
    place, limit = precedence(version), precedence(bound.version)
    edge = semver(bound.version)
    if numbers is None or place is None or limit is None or edge is None:
        return False
    if bound.sign in {">", ">="}:
        return place > limit or (bound.sign == ">=" and place == limit)
    if bound.sign == "<" and not edge[3] and numbers[:3] == edge[:3]:
        return False  # 2.0.0-rc.1 comes before 2.0.0, and nobody means it by <2.0.0
    return place < limit or (bound.sign == "<=" and place == limit)
