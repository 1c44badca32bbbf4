"""What going back undoes: versions, links, approvals, splits that come apart."""

from __future__ import annotations

from collections.abc import Container, Iterable, Sequence
from typing import NamedTuple

from dvc_labelmeta.model.guideline import Edition, Guideline, semver
from dvc_labelmeta.model.sidecar import Layer, Link, Sidecar


class Newer(NamedTuple):
    """What a guideline became after the state that is returned to, newest first.

    objects: the contents it had since. approvals: (version, who). releases: versions that were
    published since, which stay listed.
    """

    id: str
    versions: tuple[str, ...] = ()
    objects: frozenset[str] = frozenset()
    approvals: tuple[tuple[str, str], ...] = ()
    releases: tuple[str, ...] = ()


class Turn(NamedTuple):
    """One link, or one guideline (layer: ""), before and after; None: there is none."""

    layer: str
    before: Link | None
    after: Link | None


class Apart(NamedTuple):
    """A layer of another split, which stays linked to what is undone."""

    split: str
    layer: str
    link: Link


class Wrong(NamedTuple):
    """Records that become wrong again, by version.

    leaving: the split goes back too, so that they are no longer among its records. reason: why
    they were not counted.
    """

    split: str
    layer: str
    records: dict[str, int]
    leaving: bool = False
    reason: str = ""


class Rollback(NamedTuple):
    """What going back does to one guideline or split.

    kind: "guideline" or "split". to: as the user typed it. commit: (hash, date, subject) of where
    to; None for a release that no commit holds. checkout: what `dvc checkout` then has to bring.
    """

    name: str
    kind: str
    to: str
    commit: tuple[str, str, str] | None
    turns: tuple[Turn, ...]
    undone: tuple[Newer, ...]
    wrong: tuple[Wrong, ...]
    apart: tuple[Apart, ...]
    notes: tuple[str, ...] = ()
    checkout: tuple[str, ...] = ()


def newer(
    guideline: Guideline, history: Sequence[tuple[str, Edition | None]], target: Edition | Link
) -> Newer:
    """Return what a guideline became after its newest commit with the target's content.

    history: (commit, edition) of all commits that touched it, newest first. What stood there
    before that commit too is not newer, nor is a lower version number.
    """
    objects = [edition.object if edition else "" for _, edition in history]
    place = objects.index(target.object) if target.object in objects else len(objects)
    since = [edition for _, edition in history[:place] if edition]
    before = [edition for _, edition in history[place:] if edition]
    old = {edition.version for edition in before} | {target.version}
    known = {edition.object for edition in before} | {target.object}
    fresh = [edition for edition in since if not _lower(edition.version, target.version)]
    versions = tuple(dict.fromkeys(e.version for e in fresh if e.version not in old))
    approved = {
        (e.version, who): None for e in fresh if e.object not in known for who in e.approved_by
    }
    return Newer(
        guideline.id,
        versions,
        frozenset(edition.object for edition in fresh) - known,
        tuple(approved),
        tuple(one.version for one in guideline.releases if one.version in versions),
    )


def _lower(version: str, other: str) -> bool:
    one, two = semver(version), semver(other)
    return one is not None and two is not None and one[:3] < two[:3]


def turns(before: Sidecar | None, after: Sidecar) -> tuple[Turn, ...]:
    """Return the links of a split that differ between two states of its sidecar."""
    old = {layer.name: layer.guideline for layer in before.layers} if before else {}
    new = {layer.name: layer.guideline for layer in after.layers}
    return tuple(
        Turn(name, old.get(name), new.get(name))
        for name in {**old, **new}
        if old.get(name) != new.get(name)
    )


def apart(sidecars: Iterable[Sidecar], undone: Newer, but: Container[str]) -> tuple[Apart, ...]:
    """Return the layers that stay linked to what is undone; `but`: splits that go back as well."""
    return tuple(
        Apart(one.split, layer.name, layer.guideline)
        for one in sidecars
        if one.split not in but
        for layer in one.layers
        if is_newer(layer, undone)
    )


def is_newer(layer: Layer, undone: Newer) -> bool:
    """Whether a layer is linked to what is undone."""
    link = layer.guideline
    return link.id == undone.id and (
        link.version in undone.versions or link.object in undone.objects
    )
