"""Which guideline contents must stay readable, and the refs that keep Git from dropping them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, NamedTuple
from urllib.parse import quote

from dvc_labelmeta.model.event import Event
from dvc_labelmeta.model.guideline import Guideline
from dvc_labelmeta.model.sidecar import Link, Sidecar

KEPT = "refs/labelmeta/keep"
REFS = "refs/labelmeta/*:refs/labelmeta/*"
_HASH = re.compile(r"[0-9a-f]{40}([0-9a-f]{24})?")


class Keep(NamedTuple):
    """What becomes of one content. ref: "" = the content is not here, so nothing can keep it.

    commit: what `ref` names or shall name; "" = a commit of that content alone is to be made, as
    no commit at hand holds it. there: the ref is there already.
    """

    link: Link
    ref: str = ""
    commit: str = ""
    there: bool = False


def ref_of(link: Link, object_: str) -> str:
    """Return the name of the ref that keeps a content, by its commit or else by itself."""
    return f"{kept_below(link.id)}{_quoted(link.version)}-{object_[:12]}"


def kept_below(id_: str) -> str:
    """Return how the names of the refs for a guideline begin."""
    return f"{KEPT}/{_quoted(id_)}/"


def _quoted(name: str) -> str:
    """Return a name with what no ref may hold as %XX; what events claim may be anything."""
    quoted = quote(name, safe="+", errors="surrogateescape").replace("~", "%7E")
    return re.sub(r"^\.|\.(?=\.)", "%2E", quoted)


def needed(
    sidecars: Iterable[Sidecar], guidelines: Iterable[Guideline], events: Iterable[Event]
) -> list[Link]:
    """Return each content that links, releases and events name, once, in a fixed order.

    Guidelines of other repositories are left out: their own repository has to keep them.
    """
    here = {one.id: one for one in guidelines if one.repo is None}
    links = [layer.guideline for one in sidecars for layer in one.layers]
    for guideline in here.values():
        links += [
            Link(guideline.id, one.version, one.commit, one.object) for one in guideline.releases
        ]
    links += [link for event in events for link in _claimed(event)]
    named = {(one.id, one.object) for one in links if one.commit}
    return sorted(
        {
            one
            for one in links
            if one.id in here and (one.commit or (one.id, one.object) not in named)
        }
    )


def _claimed(event: Event) -> Iterator[Link]:
    """Yield the contents that an event names, those whose hashes are ones."""
    kind, _, name = event.subject.partition(":")
    claims = event.claims
    if kind == "guideline" and "object" in claims:
        yield from _link(name, claims)
    layers = claims.get("layers")
    for layer in layers.values() if isinstance(layers, Mapping) else ():
        if isinstance(layer, Mapping):
            yield from _link(str(layer.get("guideline")), layer)


def _link(id_: str, claims: Mapping[str, Any]) -> Iterator[Link]:
    version, commit, object_ = (str(claims.get(key, "")) for key in ("version", "commit", "object"))
    if _HASH.fullmatch(object_) and (not commit or _HASH.fullmatch(commit)):
        yield Link(id_, version, commit, object_)
