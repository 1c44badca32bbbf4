"""A guideline on two sides judged: what changed, which bump it needs, and what its author owes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import NamedTuple

from dvc_labelmeta.diff.catalogue import bump, needed
from dvc_labelmeta.diff.guidelines import diff
from dvc_labelmeta.diff.operation import NEEDS, Content, Operation
from dvc_labelmeta.diff.pair import declarations
from dvc_labelmeta.diff.prose import ProseDiff, compare
from dvc_labelmeta.model.guideline import declared_bump, semver
from dvc_labelmeta.model.version import Step, Version

_DECLARE = "say how much it matters: `Labelmeta-Change: patch` (minor, major) in a commit message"
_PARTS = ("major", "minor", "patch")
_FLOORS = {"unknown": "patch", "forbidden": "major"}  # else it is what is needed


class FileDiff(NamedTuple):
    """One file of a guideline that differs, its guideline.yaml aside.

    state: "added", "removed" or "changed". prose: None where it is no text.
    """

    name: str
    state: str
    prose: ProseDiff | None

    @property
    def bump(self) -> str:
        """What it needs: patch where the same is read, else only the author can say."""
        return "unknown" if self.prose is None else self.prose.bump


class Comparison(NamedTuple):
    """What changed in one guideline.

    needed: the least bump that these changes ask for, one of NEEDS; "unknown" where only the
    author can say. declared: what the author said, one of BUMPS. owed: what is still to be done,
    each a sentence.
    """

    step: Step
    operations: tuple[Operation, ...] = ()
    files: tuple[FileDiff, ...] = ()
    needed: str = "none"
    declared: str = "unknown"
    owed: tuple[str, ...] = ()

    @property
    def state(self) -> str:
        """One of added, removed, moved, changed, unreadable."""
        old, new = self.step.previous, self.step.current
        if self.step.fault:
            return "unreadable"
        if old is None or new is None:
            return "added" if old is None else "removed"
        return "moved" if old.path != new.path else "changed"


def compared(step: Step) -> Comparison:
    """Judge one guideline that differs between two sides."""
    if step.fault:
        return Comparison(step)
    files = tuple(_files(step.previous, step.current))
    old, new = (one.structure if one else None for one in (step.previous, step.current))
    said = declarations(old or {}, new or {})
    own = [file for file in files if file.name not in said]  # of the others the author spoke
    here = step.previous is not None and step.current is not None
    alike = {file.name: "" for file in own if here and file.bump == "patch"}
    before, after = (_content(one, alike) for one in (step.previous, step.current))
    operations = diff(before, after, step.labels, step.used)
    needs = [needed(operations), *(file.bump for file in own if here)]
    found = Comparison(step, operations, files, max(needs, key=NEEDS.index), _declared(step))
    return found._replace(owed=tuple(_owed(found)))


def _content(version: Version | None, alike: Mapping[str, str]) -> Content:
    """Return what is compared by clause; texts that read alike are the same on both sides."""
    return Content(version.structure, {**version.texts, **alike}) if version else Content()


def _files(previous: Version | None, current: Version | None) -> Iterator[FileDiff]:
    sides = (previous, current)
    texts = [one.texts if one else {} for one in sides]
    opaque = [one.others if one else frozenset() for one in sides]
    old, new = (text.keys() | other for text, other in zip(texts, opaque, strict=True))
    for name in sorted(old | new):
        state = "changed" if name in old and name in new else "added" if name in new else "removed"
        before, after = (text.get(name, "") for text in texts)
        if state == "changed" and before == after and name not in opaque[0] | opaque[1]:
            continue
        no_text = any(name in other for other in opaque)
        yield FileDiff(name, state, None if no_text else compare(before, after))


def _declared(step: Step) -> str:
    """Return the bump that version numbers declare, or the commits where both sides are prose."""
    old, new = step.previous, step.current
    if old is None or new is None or (old.structure is None) != (new.structure is None):
        return "unknown"
    if new.structure is None:
        return step.declared
    return "none" if old.number == new.number else declared_bump(old.number, new.number)


def _owed(found: Comparison) -> Iterator[str]:
    step, need, said = found.step, found.needed, found.declared
    old, new = step.previous, step.current
    for operation in found.operations:
        if bump(operation) == "forbidden":
            ids = ", ".join(operation.ids)
            yield f"{operation.rule}: {ids} stood for something else before; choose another id"
    if step.republished and new is not None:
        yield f"version {new.number} was released with other content; give this one a new number"
    if old is None or new is None:
        return
    if old.structure is not None and new.structure is not None:
        yield from _owed_number(old.number, new.number, need, said)
    elif new.structure is None and need == said == "unknown" and step.committed:
        yield _DECLARE


def _owed_number(old: str, new: str, need: str, said: str) -> Iterator[str]:
    """Yield what is wrong with the version number of a structured guideline."""
    first, second = semver(old), semver(new)
    if need == "none":
        if first and second and first[:3] != second[:3]:
            yield f"{new} says the same as {old}; keep the number, or say what changed"
        return
    floor = _FLOORS.get(need, need)
    words = {"unknown": "a new number", "forbidden": "major"}.get(need, need)
    least = f"the change needs {words}: at least {least_number(old, need)}"
    if said == "none":
        yield f"the version is still {old}; {least}"
    elif first and second and second[:3] < first[:3]:
        yield f"the version goes back from {old} to {new}"
    elif NEEDS.index(said) < NEEDS.index(floor):
        yield f"{old} -> {new} declares {said}; {least}"


def least_number(old: str, need: str) -> str:
    """Return the least version number after `old` for what a change needs, one of NEEDS."""
    return old if need == "none" else _next(old, _FLOORS.get(need, need))


def _next(number: str, part: str) -> str:
    """Return the next version number for a bump."""
    version = semver(number) or (0, 0, 0, "")
    at = _PARTS.index(part)
    numbers = [*version[:at], int(version[at]) + 1, *[0] * (2 - at)]
    return ".".join(map(str, numbers))
