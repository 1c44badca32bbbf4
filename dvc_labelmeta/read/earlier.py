"""What older versions of a guideline say, for layers that are held against each of them."""

from __future__ import annotations

from collections.abc import Iterator

from dvc_labelmeta.model.facts import RecordFacts
from dvc_labelmeta.model.guideline import Both, Guideline
from dvc_labelmeta.model.sidecar import TRANSITIVE
from dvc_labelmeta.model.snapshot import Snapshot
from dvc_labelmeta.read.git import TREE
from dvc_labelmeta.read.guidelines import Editions, migrations_tree
from dvc_labelmeta.read.vocabulary import repository_of


def with_earlier(snapshot: Snapshot) -> Snapshot:
    """Return the snapshot with the texts that layers of a transitive mode are held against."""
    wanted: dict[str, set[str]] = {}
    for one in snapshot.sidecars:
        for layer in one.layers:
            facts = snapshot.annotations.get((one.split, layer.name))
            if layer.mode.endswith(TRANSITIVE) and isinstance(facts, RecordFacts):
                named = wanted.setdefault(layer.guideline.id, set())
                named |= {version for version, _ in facts.versions if version}
    return snapshot._replace(
        earlier={
            (id_, version): both
            for id_, versions in wanted.items()
            if id_ in snapshot.guidelines
            for version, both in _earlier(snapshot, snapshot.guidelines[id_], versions)
        }
    )


def _earlier(
    snapshot: Snapshot, guideline: Guideline, versions: set[str]
) -> Iterator[tuple[str, Both]]:
    """Yield what a version and HEAD's say, for those that a release or the history still holds."""
    repository = repository_of(snapshot, guideline)
    head = guideline.head
    left = versions - {head.version if head else ""}
    if repository is None or head is None or not left:
        return
    path = repository.git.above(guideline.path)
    at = snapshot.head if guideline.repo is None else repository.head
    with repository.git.objects() as objects:
        editions = Editions(objects)
        editions.at(at, path)
        folder = migrations_tree(at, path, guideline.id)
        for release in guideline.releases:
            found = objects.get(release.object) if release.version in left else None
            if found is not None:
                editions.content(release.object, folder=found[1] == TREE, path=path)
                if both := editions.both(release.object, head.object, folder):
                    left.discard(release.version)
                    yield release.version, both
        commits = repository.git.log(at, "--", f":(top,literal){path}") if left else ()
        for commit in commits:
            edition = editions.at(commit.hash, path)
            if edition is not None and edition.version in left:
                left.discard(edition.version)
                if both := editions.both(edition.object, head.object, folder):
                    yield edition.version, both
            if not left:
                return
