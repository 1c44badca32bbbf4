"""Graphs of lineage, tags of a model registry, ranges of versions."""

from __future__ import annotations

import pytest

from dvc_labelmeta.model.lineage import (
    Content,
    Edge,
    Moment,
    Node,
    StageRun,
    graph,
    neighbours,
    part,
    reached,
)
from dvc_labelmeta.model.registry import Tag, current, tag_of
from dvc_labelmeta.model.version_range import bounds, within


def node(id_: str, kind: str = "file", order: int = 0) -> Node:
    return Node(id_, kind, id_, order=order)


NODES = [node("d", "split", 2), node("r1", "run", 3), node("r2", "run", 9), node("m", "model", 9),
         node("g", "guideline", 1), node("alone")]  # fmt: skip
EDGES = [Edge("d", "r1", "used by"), Edge("d", "r2", "used by"), Edge("r2", "m", "made"),
         Edge("r1", "m", "made"), Edge("g", "d", "labels made under"),
         Edge("m", "nobody", "x"), Edge("nobody", "m", "x")]  # fmt: skip


def test_a_graph_is_the_same_whatever_the_order_it_was_told_in() -> None:
    whole = graph(NODES, EDGES)
    assert whole == graph(NODES[::-1], EDGES[::-1] + EDGES)
    assert [*whole.nodes] == ["alone", "g", "d", "r1", "r2", "m"]
    assert all("nobody" not in edge for edge in whole.edges)


def test_neighbours_are_told_newest_first() -> None:
    whole = graph(NODES, EDGES)
    assert neighbours(whole, up=False)["d"] == ["r2", "r1"]
    assert neighbours(whole, up=True)["m"] == ["r2", "r1"]


def test_parts_of_a_graph() -> None:
    whole = graph(NODES, EDGES)
    assert {*part(whole, ["r1"], up=True, down=False).nodes} == {"r1", "d", "g"}
    assert {*part(whole, ["r1"], up=False, down=True).nodes} == {"r1", "m"}
    both = part(whole, ["r1"], up=True, down=True)
    assert {*both.nodes} == {"r1", "d", "g", "m"}, "not r2, which is beside it"
    assert {*part(whole, ["r1"], up=False, down=False).nodes} == {"r1"}


def test_a_circle_ends() -> None:
    whole = graph([node("a"), node("b")], [Edge("a", "b", ""), Edge("b", "a", "")])
    assert sorted(reached(neighbours(whole, up=False), ["a"])) == ["a", "b"]


def test_ids() -> None:
    assert Content("a.csv", "1").id == "file:a.csv@1"
    assert Content("a.csv", "1", "run:x/dvc.yaml:make@b:9f").id == "file:a.csv@1:9f"
    assert StageRun("train", "9f", Moment()).id == "run:train:9f"


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("m@v1.2.3", ("", "m", "v1.2.3", "", False, 0)),
        ("m@v1.2.3-rc.1", ("", "m", "v1.2.3-rc.1", "", False, 0)),
        ("m#prod#4", ("", "m", "", "prod", False, 4)),
        ("m#prod", ("", "m", "", "prod", False, 0)),
        ("m#prod!#5", ("", "m", "", "prod", True, 5)),
        ("m@v1.2.3!#6", ("", "m", "v1.2.3", "", True, 6)),
        ("models/a=my-model@v0.0.1", ("models/a", "my-model", "v0.0.1", "", False, 0)),
        ("models/a/=m#dev-2#1", ("models/a", "m", "", "dev-2", False, 1)),
    ],
)
def test_tags_of_a_registry(name: str, told: tuple[object, ...]) -> None:
    assert tag_of(name) == Tag(name, *told)


@pytest.mark.parametrize(
    "name", ["v1.2.3", "m@1.2.3", "m@v1.2", "-m@v1.0.0", "m#", "a=b=c@v1.0.0", "m@v1.0.0\n"]
)
def test_other_tags(name: str) -> None:
    assert tag_of(name) is None


def test_what_holds_still() -> None:
    def at(name: str, day: str) -> Tag:
        found = tag_of(name)
        assert found is not None
        return found._replace(at=day)

    tags = [at("m@v1.0.0", "1"), at("m@v2.0.0", "2"), at("m#prod#1", "3"), at("m#prod#2", "4"),
            at("m#dev#3", "5"), at("m#dev!#4", "6"), at("m@v1.0.0!#5", "7")]  # fmt: skip
    holds = {name for name, still in current(reversed(tags)).items() if still}
    assert holds == {"m@v2.0.0", "m#prod#2"}


@pytest.mark.parametrize(
    ("wanted", "yes", "no"),
    [
        ("", "1.0.0 2.0.0-rc.1 abc123", ""),
        ("1", "1.0.0 1.12.3 1.0.0-rc.1", "2.0.0 11.0.0 abc"),
        ("1.x", "1.0.0 1.9.0", "2.0.0"),
        ("1.2", "1.2.0 1.2.9", "1.20.0 1.1.0"),
        ("1.2.x", "1.2.7", "1.3.0"),
        ("1.2.0", "1.2.0", "1.2.1 1.2.0-rc.1"),
        ("=1.2.0", "1.2.0", "1.2.1"),
        ("v1", "1.4.0", "2.0.0"),
        ("2.0.0-rc.1", "2.0.0-rc.1", "2.0.0"),
        (">=1.0.0,<2.0.0", "1.0.0 1.99.0", "0.9.0 2.0.0 2.0.0-rc.1 abc"),
        ("> 1.0 , <= 2", "1.0.1 2.0.0", "1.0.0 2.0.1"),
        ("<2.0.0-rc.2", "2.0.0-rc.1 1.0.0", "2.0.0-rc.2 2.0.0"),
        ("abc123def456", "abc123def456", "abc123 1.0.0"),
    ],
)
def test_ranges(wanted: str, yes: str, no: str) -> None:
    found = bounds(wanted)
    assert found is not None
    assert [one for one in yes.split() if not within(one, found)] == []
    assert [one for one in no.split() if within(one, found)] == []


@pytest.mark.parametrize("wanted", [">=x", ",", "1,,2", ">", "< abc", "1 2"])
def test_no_ranges(wanted: str) -> None:
    assert bounds(wanted) is None
