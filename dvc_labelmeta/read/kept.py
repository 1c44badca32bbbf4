"""Guideline contents that refs of ours keep in Git, and those that such refs should keep."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from dvc_labelmeta.model.event import EVENTS, Event, event_of
from dvc_labelmeta.model.kept import KEPT, Keep, kept_below, ref_of
from dvc_labelmeta.model.sidecar import Link
from dvc_labelmeta.read.git import Git, Objects
from dvc_labelmeta.read.ledger import Files


def kept(git: Git) -> dict[str, str]:
    """Return the commits that refs of ours name, by the refs."""
    out = git.text("for-each-ref", "--format=%(refname) %(objectname)", KEPT + "/")
    lines = (line.rpartition(" ") for line in out.splitlines())
    return {ref: commit for ref, _, commit in lines}


def kept_commit(git: Git, objects: Objects, id_: str, object_: str) -> str:
    """Return a commit that a ref of ours keeps and that holds a content; "" for none."""
    start = kept_below(id_)
    for ref, commit in kept(git).items():
        if ref.startswith(start) and holds(git, objects, commit, "", object_):
            return commit
    return ""


def holds(git: Git, objects: Objects, commit: str, path: str, object_: str) -> bool:
    """Whether a commit is here and holds a content: at `path` (from the top level) or elsewhere."""
    found = objects.get(commit)
    if found is None or found[1] != "commit":
        return False
    entry = objects.entry(commit, path) if path else None
    if entry is not None and entry.object == object_:
        return True
    listed = git.run("ls-tree", "-r", "-t", "-z", "--full-tree", commit)
    return f" {object_}\t".encode() in listed


def plan(git: Git, objects: Objects, links: Iterable[Link], paths: Mapping[str, str]) -> list[Keep]:
    """Return what becomes of each content. paths: of guidelines from the top level, by id."""
    refs, wanted = kept(git), list(links)
    objects.ask([name for one in wanted for name in (one.commit, one.object) if name])
    whole = {one for one in wanted if holds(git, objects, one.commit, paths[one.id], one.object)}
    safe = {(one.id, one.object) for one in whole}
    found: list[Keep] = []
    for one in wanted:
        ref = ref_of(one, one.commit)
        if one in whole:
            found.append(Keep(one, ref, one.commit, there=refs.get(ref) == one.commit))
        elif (one.id, one.object) not in safe:
            found.append(_alone(git, objects, refs, one))
            safe.add((one.id, one.object))
    return found


def _alone(git: Git, objects: Objects, refs: Mapping[str, str], link: Link) -> Keep:
    """Return what becomes of a content that no commit of a link holds."""
    start = kept_below(link.id)
    for ref, commit in refs.items():
        if ref.startswith(start) and holds(git, objects, commit, "", link.object):
            return Keep(link, ref, commit, there=True)
    if objects.get(link.object) is None:
        return Keep(link)
    return Keep(link, ref_of(link, link.object))


def claiming(files: Files) -> Iterator[Event]:
    """Yield the events that name a guideline's content; what is none is for `verify` to tell."""
    for folder in files.names(EVENTS):
        for name in files.names(f"{EVENTS}/{folder}"):
            content = files.read(f"{EVENTS}/{folder}/{name}") or b""
            if b'"object"' not in content:
                continue
            try:
                value: Any = json.loads(content)
                yield event_of(name, value)
            except (ValueError, LookupError, TypeError, RecursionError):
                continue
