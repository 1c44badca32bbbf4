"""Where data, labels and models come from and where they go, as one frozen graph."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from types import MappingProxyType
from typing import Any, NamedTuple

# what the nodes of a graph are, from the source of data to where a model is used
KINDS = (
    "origin", "transformation", "file", "guideline", "split", "gate", "code", "run",
    "experiment", "model", "version", "deployment",
)  # fmt: skip
# an input of a run that is another thing today, of the same content
SAME = "same bytes, not run again"
# of a guideline: its version made labels of a split, or the split is linked to it and no more
UNDER = "labels made under"
LINKED = "linked, but labels name others"
_NONE: Mapping[str, Any] = MappingProxyType({})


class Moment(NamedTuple):
    """A commit that brought something; commit "": not committed yet. order: grows with time."""

    commit: str = ""
    when: str = ""
    by: str = ""
    order: int = 0


class Content(NamedTuple):
    """A file or folder from the root, or a URL, with its hash as DVC recorded it.

    maker: the id of the run that made it, "" where none did, or none that is recorded.
    """

    path: str
    hash: str = ""
    maker: str = ""

    @property
    def id(self) -> str:
        """How a graph names it: the same bytes made twice are two."""
        made = f":{self.maker.rpartition(':')[2]}" if self.maker else ""
        return f"file:{self.path}@{self.hash}{made}"


class StageRun(NamedTuple):
    """What dvc.lock recorded of one run of a stage, and the first commit that held it.

    stage: as DVC addresses it. digest: of the entry. within: outputs of other runs that a
    dependency is a part of, or holds. metrics: those of `outs` that only measure. models: those
    that dvc.yaml calls models.
    """

    stage: str
    digest: str
    at: Moment
    command: str = ""
    deps: tuple[Content, ...] = ()
    outs: tuple[Content, ...] = ()
    params: Mapping[str, Any] = _NONE
    within: tuple[Content, ...] = ()
    metrics: frozenset[str] = frozenset()
    models: frozenset[str] = frozenset()

    @property
    def id(self) -> str:
        """How a graph names it."""
        return f"run:{self.stage}:{self.digest}"


class Node(NamedTuple):
    """One thing, in one state.

    name: what people call it. hash: of its content, "" for what has none. when, by, commit: the
    commit that first recorded it. order: grows with time. details: the rest, by stable keys.
    """

    id: str
    kind: str
    name: str
    hash: str = ""
    when: str = ""
    by: str = ""
    commit: str = ""
    order: int = 0
    details: Mapping[str, Any] = _NONE


class Edge(NamedTuple):
    """What came of what: `target` is made from `source`, or under it."""

    source: str
    target: str
    kind: str


class Graph(NamedTuple):
    """Nodes by id, and edges between them; both in an order that depends on nothing else."""

    nodes: Mapping[str, Node]
    edges: tuple[Edge, ...]


def graph(nodes: Iterable[Node], edges: Iterable[Edge]) -> Graph:
    """Return a graph of these nodes; edges to what is no node are left out."""
    known = {node.id: node for node in sorted(nodes, key=_place)}
    return Graph(
        known,
        tuple(sorted({one for one in edges if one.source in known and one.target in known})),
    )


def _place(node: Node) -> tuple[int, int, str]:
    return KINDS.index(node.kind), node.order, node.id


def neighbours(whole: Graph, *, up: bool) -> dict[str, list[str]]:
    """Return what each node came from (or what came of it), by kind, the newest first."""
    found: dict[str, list[str]] = {}
    for source, target, _ in whole.edges:
        start, end = (target, source) if up else (source, target)
        found.setdefault(start, []).append(end)
    nodes = whole.nodes
    for ends in found.values():
        ends.sort(key=lambda one: (KINDS.index(nodes[one].kind), -nodes[one].order, one))
    return found


def reached(after: Mapping[str, Iterable[str]], starts: Iterable[str]) -> Iterator[str]:
    """Yield the ids of `starts` and of all that follows, each once; after: as `neighbours`."""
    waiting = list(starts)
    seen = set(waiting)
    while waiting:
        one = waiting.pop()
        yield one
        new = [end for end in after.get(one, ()) if end not in seen]
        seen.update(new)
        waiting += new


def part(whole: Graph, starts: Iterable[str], *, up: bool, down: bool) -> Graph:
    """Return the part of a graph that `starts` came from, that came of them, or both."""
    asked = list(starts)
    kept = set(asked)
    for wanted, towards in ((up, True), (down, False)):
        kept.update(reached(neighbours(whole, up=towards), asked) if wanted else ())
    return graph((whole.nodes[one] for one in kept), whole.edges)
