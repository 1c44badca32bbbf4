"""Pictures hold any name without breaking out of it."""

from __future__ import annotations

from dvc_labelmeta.report.graph import Edge, Node, dot, mermaid

NODES = [
    Node("a", ('"]; x["', "#1 <b>"), "round"),
    Node("b", ("two\nlines",), "gone"),
    Node("c", ("d\\",), "data"),
]
EDGES = [Edge("a", "b", 'say "|"'), Edge("b", "c", dashed=True), Edge("a", "nobody")]


def test_mermaid() -> None:
    assert mermaid(NODES, EDGES) == (
        "flowchart TD\n"
        '  n0("#quot;]; x[#quot;<br>#35;1 #lt;b#gt;")\n'
        '  n1[/"two\\nlines"/]\n'
        '  n2[("d\\")]\n'
        '  n0 -->|"say #quot;|#quot;"| n1\n'
        "  n1 -.-> n2"
    )


def test_dot() -> None:
    assert dot(NODES, EDGES) == (
        "digraph trace {\n  rankdir=TB;\n"
        '  n0 [label="\\"]; x[\\"\\n#1 <b>", shape=oval];\n'
        '  n1 [label="two\\\\nlines", shape=box, style=dashed];\n'
        '  n2 [label="d\\\\", shape=cylinder];\n'
        '  n0 -> n1 [label="say \\"|\\""];\n'
        "  n1 -> n2 [style=dashed];\n}"
    )
