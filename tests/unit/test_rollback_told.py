"""What going back undoes, from values: which versions are newer, whose links stay behind."""

from __future__ import annotations

import pytest

from dvc_labelmeta.diff.rollback import Apart, Newer, Rollback, Turn, Wrong, apart, newer, turns
from dvc_labelmeta.errors import Refused
from dvc_labelmeta.model.guideline import Edition, Guideline, Release
from dvc_labelmeta.model.sidecar import DataPin, Layer, Link, Sidecar
from dvc_labelmeta.report.rollback import rollback_text
from dvc_labelmeta.write.restore import with_stage_of

TONE = Guideline("tone", "tone", releases=(Release("2.0.0", "o2", "c"), Release("1.0.0", "o1", "")))
ONE, TWO = Edition("o1", "1.0.0"), Edition("o2", "2.0.0", approved_by=("Grace", "Ada"))


def linked(split: str, *links: Link) -> Sidecar:
    layers = tuple(Layer(f"l{n}", link) for n, link in enumerate(links))
    return Sidecar(
        f"{split}.labelmeta.yaml", split, DataPin(split, "exact", "md5", "0"), layers=layers
    )


@pytest.mark.parametrize(
    ("history", "target", "versions", "objects"),
    [
        ([TWO, ONE], ONE, ("2.0.0",), {"o2"}),
        ([TWO, None, ONE], ONE, ("2.0.0",), {"o2"}),
        ([ONE, TWO, ONE], TWO, (), set()),  # it had gone back already: forward again
        ([ONE, TWO, ONE], ONE, (), set()),
        ([TWO, Edition("o1b", "1.0.0"), ONE], ONE, ("2.0.0",), {"o2", "o1b"}),
        ([TWO, ONE], Edition("o15", "1.5.0"), ("2.0.0",), {"o2"}),  # a release of another branch
        ([Edition("p2", "p2"), Edition("p1", "p1")], Edition("p1", "p1"), ("p2",), {"p2"}),
    ],
)
def test_what_is_newer(history, target, versions, objects) -> None:
    found = newer(TONE, [(str(n), edition) for n, edition in enumerate(history)], target)
    assert (found.versions, found.objects) == (versions, objects)
    assert found.releases == tuple(v for v in versions if v == "2.0.0")
    expected = (("2.0.0", "Grace"), ("2.0.0", "Ada")) if "o2" in objects else ()
    assert found.approvals == expected


def test_links_that_turn_and_those_that_stay_behind() -> None:
    one, two = Link("tone", "1.0.0", "c1", "o1"), Link("tone", "2.0.0", "c2", "o2")
    other = Link("form", "2.0.0", "c2", "o2")
    before, after = linked("a", two, other), linked("a", one, other)
    assert turns(before, after) == (Turn("l0", two, one),)
    assert turns(None, linked("a", one)) == (Turn("l0", None, one),)
    assert turns(before, linked("a", two)) == (Turn("l1", other, None),)
    undone = Newer("tone", ("2.0.0",), frozenset({"o2"}))
    same_text = two._replace(version="x")
    sidecars = [before, linked("b", one, two), linked("c", other), linked("d", same_text)]
    assert apart(sidecars, undone, {"a"}) == (Apart("b", "l1", two), Apart("d", "l0", same_text))


def test_a_reason_stands_where_there_is_no_count() -> None:
    wrong = (
        Wrong("a", "labels", {}, reason="DuckDB is missing"),
        Wrong("b", "x", {"2.0.0": 1}, leaving=True),
    )
    told = Rollback(
        "a\x1b",
        "split",
        "HEAD",
        None,
        (Turn("labels", None, Link("tone", "1", "", "o")),),
        (),
        wrong,
        (),
    )
    assert rollback_text(told).split("\n") == [
        "a\\x1b: back to as released",
        "  labels: not there -> tone 1",
        "  wrong again: not counted in a labels: DuckDB is missing",
        "  leave the records: 1 of b x (1 under 2.0.0)",
    ]


LOCK = "schema: '2.0'\nstages:\n  a:\n    cmd: 1\n  b@x:\n    cmd: 2\n    outs:\n    - path: b\n"


@pytest.mark.parametrize(
    ("stage", "earlier", "expected"),
    [
        ("a", LOCK.replace("1", "9"), LOCK.replace("1", "9")),
        ("b@x", LOCK.replace(": b\n", ": é\n").replace("1", "9"), LOCK.replace(": b\n", ": é\n")),
        ("b@x", "stages:\n  b@x:\n    cmd: 3\n  c:\n    cmd: 4\n",
         LOCK.replace("    cmd: 2\n    outs:\n    - path: b\n", "    cmd: 3\n")),
        ("a", "stages:\n  a:\n    cmd: 3\nschema: '2.0'\n", LOCK.replace("1", "3")),
    ],
)  # fmt: skip
def test_one_entry_of_a_lock_goes_back(stage: str, earlier: str, expected: str) -> None:
    assert with_stage_of(LOCK, earlier, stage) == expected


@pytest.mark.parametrize("text", ["", "stages: {a: {cmd: 1}}\n", "stages:\n  other: {}\n"])
def test_an_entry_that_is_not_there_is_refused(text: str) -> None:
    with pytest.raises(Refused, match="no entry of its own for stage 'a'"):
        with_stage_of(LOCK, text, "a")
