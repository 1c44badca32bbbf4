"""Graphs as Mermaid (which Git hosts draw) and as DOT of Graphviz, whatever the names hold."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from dvc_labelmeta.report.text import plain

FORMATS = ("mermaid", "dot")
# Mermaid has no escape but its own entities; "#" begins one
_MERMAID = {"#": "#35;", '"': "#quot;", "<": "#lt;", ">": "#gt;", "&": "#amp;", "`": "#96;"}
_SHAPES = {"": ('["', '"]'), "gone": ('[/"', '"/]'), "round": ('("', '")'), "data": ('[("', '")]')}
_STYLES = {"": "box", "gone": "box, style=dashed", "round": "oval", "data": "cylinder"}


class Node(NamedTuple):
    """id: only to name it in edges. lines: what is shown. kind: "", "round", "data" or "gone"."""

    id: str
    lines: tuple[str, ...]
    kind: str = ""


class Edge(NamedTuple):
    """An arrow between two nodes. dashed: it is told, not proven."""

    source: str
    target: str
    text: str = ""
    dashed: bool = False


def mermaid(nodes: Sequence[Node], edges: Sequence[Edge]) -> str:
    """Return a flowchart; an edge to a node that is not among `nodes` is left out."""
    names = {node.id: f"n{number}" for number, node in enumerate(nodes)}
    lines = ["flowchart TD"]
    for node in nodes:
        begin, end = _SHAPES[node.kind]
        shown = "<br>".join(map(_entities, node.lines))
        lines.append(f"  {names[node.id]}{begin}{shown}{end}")
    for edge in _known(edges, names):
        arrow = "-.->" if edge.dashed else "-->"
        text = f'|"{_entities(edge.text)}"|' if edge.text else ""
        lines.append(f"  {names[edge.source]} {arrow}{text} {names[edge.target]}")
    return "\n".join(lines)


def dot(nodes: Sequence[Node], edges: Sequence[Edge]) -> str:
    """Return a digraph; an edge to a node that is not among `nodes` is left out."""
    names = {node.id: f"n{number}" for number, node in enumerate(nodes)}
    lines = ["digraph trace {", "  rankdir=TB;"]
    for node in nodes:
        shown = "\\n".join(map(_escaped, node.lines))
        lines.append(f'  {names[node.id]} [label="{shown}", shape={_STYLES[node.kind]}];')
    for edge in _known(edges, names):
        told = [f'label="{_escaped(edge.text)}"'] if edge.text else []
        told += ["style=dashed"] if edge.dashed else []
        more = f" [{', '.join(told)}]" if told else ""
        lines.append(f"  {names[edge.source]} -> {names[edge.target]}{more};")
    return "\n".join([*lines, "}"])


def _known(edges: Sequence[Edge], names: dict[str, str]) -> list[Edge]:
    return [edge for edge in edges if edge.source in names and edge.target in names]


def _entities(text: str) -> str:
    return "".join(_MERMAID.get(one, one) for one in plain(text))


def _escaped(text: str) -> str:
    return plain(text).replace("\\", "\\\\").replace('"', '\\"')
