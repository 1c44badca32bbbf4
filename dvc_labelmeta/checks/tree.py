"""Decision trees of guidelines: where their answers lead.

A node is a mapping with a `question`; each other key but `note` is an answer, whose value is a
label id, an escalation id, a node in place, the name of a node of `nodes`, or a list of these. The
tree is a node, or `{start: NAME, nodes: {NAME: node}}`. Mappings of another form are left alone.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

Pointer = tuple[str | int, ...]
_ASIDE = ("question", "note")


class Tree(NamedTuple):
    """What is wrong with the ways through a tree; circle: the nodes of one, in order."""

    unreached: tuple[str, ...] = ()
    circles: tuple[tuple[str, ...], ...] = ()


def tree(structure: Mapping[str, Any]) -> Tree:
    """Walk a guideline's decision tree from its start; one in a single piece has no faults."""
    value = structure.get("decision_tree", {})
    nodes = _nodes(value)
    ways = {
        name: [to for _, to in _leaves(node, ()) if to in nodes] for name, node in nodes.items()
    }
    start = _start(value, nodes)
    done: set[str] = set()
    circles: list[tuple[str, ...]] = []
    path: dict[str, None] = {}
    todo = [(start, iter(ways[start]))] if start in ways else []
    if todo:
        path[start] = None
    while todo:  # deep trees would overflow a recursion
        name, rest = todo[-1]
        to = next(rest, None)
        if to is None:
            done.add(name)
            path.popitem()
            todo.pop()
        elif to in path:
            names = tuple(path)
            circles.append(names[names.index(to) :])
        elif to not in done:
            path[to] = None
            todo.append((to, iter(ways[to])))
    return Tree(tuple(name for name in nodes if name not in done), tuple(dict.fromkeys(circles)))


def answers(structure: Mapping[str, Any]) -> Iterator[tuple[Pointer, str]]:
    """Yield where each answer that is no node leads: its place in the tree, and the name there."""
    value = structure.get("decision_tree", {})
    nodes = _nodes(value)
    if not nodes:
        yield from _leaves(value, ())
    elif _start(value, nodes) not in nodes:
        yield ("start",), _start(value, nodes)
    for name, node in nodes.items():
        for pointer, to in _leaves(node, ("nodes", name)):
            if to not in nodes:
                yield pointer, to


def _nodes(value: Mapping[str, Any]) -> Mapping[str, Any]:
    nodes = value.get("nodes", {})
    whole = "question" in value or not isinstance(nodes, dict)
    return {} if whole else {str(name): node for name, node in nodes.items()}


def _start(value: Mapping[str, Any], nodes: Mapping[str, Any]) -> str:
    """Return the name of the first node; where none is named, the one that stands first."""
    return str(value.get("start", next(iter(nodes), "")))


def _leaves(node: Any, at: Pointer) -> Iterator[tuple[Pointer, str]]:
    """Yield the places and names that the answers of a node, and of the nodes within, lead to."""
    if not isinstance(node, dict) or "question" not in node:
        return
    for answer, value in node.items():
        if answer in _ASIDE or str(answer).startswith("x-"):
            continue
        listed = isinstance(value, list)
        for number, to in enumerate(value if listed else [value]):
            here = (*at, answer, number) if listed else (*at, answer)
            if isinstance(to, str):
                yield here, to
            else:
                yield from _leaves(to, here)
