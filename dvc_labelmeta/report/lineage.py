"""A graph of data, labels and models as a tree for people, as JSON, and as a picture."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from dvc_labelmeta.model.lineage import SAME, Graph, Node, neighbours
from dvc_labelmeta.report import graph as pictures
from dvc_labelmeta.report.text import plain

_SHORT = 7
_MOST = 20  # branches shown below one line
_PICTURED = {"file": "data", "split": "data", "run": "", "origin": "round", "guideline": "round"}


def tree(whole: Graph, start: str, *, up: bool) -> Iterator[str]:
    """Yield the lines of a tree: what came of `start`, or what it came from."""
    yield from _Tree(whole, up=up).branch(start, "")


class _Tree:
    """One tree; what was told once is not told again."""

    def __init__(self, whole: Graph, *, up: bool) -> None:
        self.whole, self.up = whole, up
        self.after = neighbours(whole, up=up)
        self.same = {(e.source, e.target) for e in whole.edges if e.kind == SAME}
        self.seen: set[str] = set()

    def branch(self, id_: str, indent: str) -> Iterator[str]:
        node, up = self.whole.nodes[id_], self.up
        ends = [one for one in self.after.get(id_, ()) if not self._hidden(node, one)]
        if id_ in self.seen:
            yield line(node) + (" (as above)" if ends else "")
            return
        self.seen.add(id_)
        yield line(node)
        shown: list[str | None] = [*ends[:_MOST], *([None] if len(ends) > _MOST else ())]
        for fact in _facts(node) if up else ():
            yield f"{indent}{'│' if shown else ' '}  {fact}"
        for number, end in enumerate(shown):
            head, rest = ("└─ ", "   ") if number == len(shown) - 1 else ("├─ ", "│  ")
            if end is None:
                yield f"{indent}{head}… and {len(ends) - _MOST} more (--format json has all)"
                continue
            lines = self.branch(end, indent + rest)
            same = (end, id_) if up else (id_, end)
            note = f" · {SAME}" if same in self.same else ""
            yield indent + head + next(lines) + note
            yield from lines

    def _hidden(self, node: Node, id_: str) -> bool:
        """Whether a node is told with another one: gates downwards, experiments, code."""
        one = self.whole.nodes[id_]
        known = node.kind == "gate" and id_ in self.seen
        return known or one.kind in {"code", "experiment"} or (one.kind == "gate" and not self.up)


def line(node: Node) -> str:
    """Return what a node is, in one line."""
    words = [node.kind, node.name, *_words(node)]
    return plain(" ".join(words))


def _words(node: Node) -> Iterator[str]:
    told = node.details
    short = node.hash[:_SHORT]
    if short and node.kind not in {"run", "gate", "guideline"}:
        yield short
    if node.kind == "guideline":
        yield f"{told['version']}{f' ({short})' if short else ''}"
        if len(told["objects"]) > 1:
            yield f"· {len(told['objects'])} contents under this version"
    elif node.kind in _TOLD:
        yield from _TOLD[node.kind](node)
    elif node.kind in {"deployment", "version"}:
        yield f"· {node.when} by {node.by}{'' if told['current'] else ', no longer'}"
    elif node.kind == "transformation":
        yield f"· {told['what']}" + (f" ({told['tool']})" if "tool" in told else "")


def _gate_words(node: Node) -> Iterator[str]:
    passed = node.details["passed"]
    yield f"· passed, {_where(node)}" if passed else "· no commit holds this gate"


def _file_words(node: Node) -> Iterator[str]:
    told = node.details
    if told.get("under"):
        yield "· under " + ", ".join(told["under"])
    if told.get("unknown"):
        yield "· made by no run that is recorded"
    else:
        yield f"· {'added ' if told.get('added') else ''}{_where(node)}"


def _split_words(node: Node) -> Iterator[str]:
    told = node.details
    for one in told["labels"]:
        by = ", ".join(
            f"{count} record{'s' * (count != 1)} {version or 'without version'}"
            for version, count in one["records"].items()
        )
        old = ", ".join(one["data_of"])
        moved = f"; link made by a migration of records; the data is that of {old}" if old else ""
        told_by = (by or "by the link") + moved
        yield f"· {one['layer']}: {one['guideline']} {one['version']} ({told_by})"
    if told["pinned"]:
        yield f"· the link is of {told['pinned'][:_SHORT]}"
    if told["path"] != node.name:
        yield f"· as {told['path']}"
    yield f"· {_where(node)}"


def _run_words(node: Node) -> Iterator[str]:
    told = node.details
    yield f"· {_where(node)}"
    if told["experiment"]:
        yield f"· experiment {told['experiment']}"
    if "changed" in told:
        changed, apart = ", ".join(told["changed"]), ", ".join(told["not_compared"])
        yield f"· stale: {changed} changed since" if changed else "· inputs as they are now"
        yield from [f"(not compared: {apart})"] if apart else []
    elif not told["experiment"] and not told["current"]:
        yield "· earlier run"


_TOLD: Mapping[str, Callable[[Node], Iterator[str]]] = {
    "split": _split_words,
    "gate": _gate_words,
    "run": _run_words,
    "file": _file_words,
    "model": _file_words,
}


def _where(node: Node) -> str:
    if not node.commit:
        return "not committed"
    return f"{node.when} by {node.by}, commit {node.commit[:_SHORT]}"


def _facts(node: Node) -> Iterator[str]:
    """Yield the lines below a run, or an origin, where it is looked back upon."""
    told = node.details
    if node.kind == "run":
        yield plain(f"command: {told['command']}")
        if told["gated"] is False:
            yield "no gate before it"
        for path, hash_ in sorted(told["code"].items()):
            yield plain(f"code: {path} {hash_[:_SHORT]}")
        for file, values in told["params"].items():
            shown = json.dumps(values, ensure_ascii=False, default=str)
            yield plain(f"params: {file} {shown}")
    elif node.kind in {"origin", "transformation"}:
        for key, value in told.items():
            if value != node.name and key != "what":
                shown = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
                yield plain(f"{key}: {shown}")


def picture(whole: Graph, format_: str) -> str:
    """Return a graph as Mermaid or DOT."""
    nodes = [
        pictures.Node(id_, _lines(node), _PICTURED.get(node.kind, ""))
        for id_, node in whole.nodes.items()
    ]
    edges = [pictures.Edge(*one, dashed=one.kind == "told by a person") for one in whole.edges]
    return (pictures.mermaid if format_ == "mermaid" else pictures.dot)(nodes, edges)


def _lines(node: Node) -> tuple[str, ...]:
    """Return what the box of a node shows."""
    told = node.details
    short = told["version"] if node.kind == "guideline" else node.hash[:_SHORT]
    shown = [f"{node.kind} {node.name}", short if node.kind != "run" else "", node.when]
    if node.kind == "split":
        shown[2] = ", ".join(f"{one['guideline']} {one['version']}" for one in told["labels"])
    return tuple(filter(None, shown))


def machine(whole: Graph, told: Mapping[str, Any]) -> str:
    """Return a graph as JSON; told: what was asked, first."""
    nodes = [_json(node) for node in whole.nodes.values()]
    edges = [edge._asdict() for edge in whole.edges]
    return json.dumps({**told, "nodes": nodes, "edges": edges}, indent=2, default=str)


def _json(node: Node) -> dict[str, Any]:
    found = node._asdict()
    del found["order"]
    return found
