"""How much a change of a guideline matters to a layer: by its mode, and by what was changed."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import NamedTuple

from dvc_labelmeta.model.guideline import BUMPS, Both
from dvc_labelmeta.model.sidecar import TRANSITIVE

_SHOWN = 3
_USABLE = {
    "patch": "note",
    "minor": "warning",
    "unknown": "warning",
    "major": "error",
    "forbidden": "error",
}
# mode: effect of the change in its direction: severity; absent = nothing
OUTDATED: Mapping[str, Mapping[str, str]] = MappingProxyType(
    {
        "none": {},
        "backward": _USABLE,
        "forward": _USABLE,
        "full": _USABLE,
        "frozen": {
            "patch": "note",
            "minor": "error",
            "unknown": "error",
            "major": "error",
            "forbidden": "error",
        },
    }
)

# Backward, labels made under the previous version are used under the current one: an operation has
# the effect of the bump that it needs. Forward, labels made under the current version are used by
# who knows the previous one only: the effect is the same but for these.
FORWARD: Mapping[str, str] = MappingProxyType(
    {
        "LABEL_ADDED": "major",  # a label that the reader never heard of
        "LABEL_RENAMED": "major",
        "LABEL_REMOVED": "patch",  # it does not come any more
        "LABEL_DEPRECATED": "patch",
        "RULE_REMOVED": "minor",
        "EDGE_CASE_REMOVED": "minor",
        "FIELD_REQUIRED_ADDED": "patch",  # records say more than the reader asks for
    }
)
_RANKS = (*BUMPS, "forbidden")


class Told(NamedTuple):
    """One operation between two versions; bump: the least it needs; text: for a person."""

    rule: str
    bump: str
    text: str


class Effect(NamedTuple):
    """What a change is to a layer.

    bump: the stronger of the declared and the computed one. weight: its effect in the directions
    of the mode, one of BUMPS or "forbidden". severity: None = it does not matter. told: the
    operations that matter, the gravest first.
    """

    bump: str
    weight: str
    severity: str | None
    told: tuple[Told, ...] = ()

    @property
    def names(self) -> str:
        """The first operations, to end a message: ": label angry removed (LABEL_REMOVED)"."""
        if not self.told:
            return ""
        names = [f"{one.text} ({one.rule})" for one in self.told[:_SHOWN]]
        more = len(self.told) - _SHOWN
        return ": " + "; ".join(names) + (f"; and {more} more" if more > 0 else "")


def operations(both: Both | None) -> tuple[Told, ...]:
    """Return what changed between two states; nothing where one of them is not structured."""
    if both is None:
        return ()
    # the differ is dear to import, and asked only where a guideline moved on
    from dvc_labelmeta.diff.catalogue import bump  # noqa: PLC0415
    from dvc_labelmeta.diff.guidelines import diff  # noqa: PLC0415
    from dvc_labelmeta.diff.operation import Content  # noqa: PLC0415
    from dvc_labelmeta.diff.summary import summary  # noqa: PLC0415

    found = diff(Content(both.previous), Content(both.current), both.labels)
    told = [Told(one.rule, bump(one), summary(one)) for one in found]
    return tuple(
        [one for one in told if one.bump != "none"]
        + [Told("PROSE_CHANGED", "unknown", f"{name} differs") for name in both.rest]
    )


def effect(mode: str, declared: str, told: tuple[Told, ...]) -> Effect:
    """Return what a change is to a layer of a mode.

    declared: the bump that its author declared, one of BUMPS. An author who declares more than
    the operations need is believed, in each direction; so is one who says what prose means.
    """
    base = mode.removesuffix(TRANSITIVE)
    known = [one for one in told if one.bump != "unknown"]
    computed = _strongest(one.bump for one in known)
    if declared == "unknown":  # that matters only for what was not compared: prose
        counts = not told or len(known) < len(told)
    else:
        counts = _RANKS.index(declared) > _RANKS.index(computed)
    said = [declared] if counts else []
    weights = {one: _weight(base, one) for one in known}
    weight = _strongest([*weights.values(), *said])
    order = sorted(told, key=lambda one: -_RANKS.index(weights.get(one, "none")))
    return Effect(_strongest([computed, *said]), weight, OUTDATED[base].get(weight), tuple(order))


def _weight(base: str, one: Told) -> str:
    """Return the effect of an operation in the directions of a mode."""
    forward = FORWARD.get(one.rule, one.bump)
    if base == "forward":
        return forward
    return _strongest([one.bump, forward]) if base == "full" else one.bump


def _strongest(bumps: Iterable[str]) -> str:
    return max(bumps, key=_RANKS.index, default="none")
