"""Records held to the level, task, items and history of their split, from outside."""

from __future__ import annotations

import json
import re
from collections.abc import Callable

import pytest

from tests.annotated import Record, as_line, records
from tests.inside import Inside
from tests.repo import Repo

pytest.importorskip("duckdb")
SIDECAR = "data/train.csv.labelmeta.yaml"
RECORDS = "data/train.csv.annotations.jsonl"


@pytest.fixture
def linked(linked: Repo) -> Repo:
    """The same project, with labelmeta in this process."""
    return Inside(linked.path)


@pytest.fixture
def train(linked: Repo) -> Callable[..., list[str]]:
    """Write records of data/train.csv, with more keys of the block; return what `check` finds."""

    def write(*made: Record, block: str = "", code: int | None = None) -> list[str]:
        linked.write(RECORDS, "".join(map(as_line, made)))
        more = f"path: train.csv.annotations.jsonl{', ' if block else ''}{block}"
        sidecar = re.sub(r"\n    annotations:[^\0]*", "", linked.read(SIDECAR)).rstrip("\n")
        linked.write(SIDECAR, f"{sidecar}\n    annotations: {{{more}}}\n")
        return [each for each in linked.codes(code=code) if each.startswith("LM3")]

    return write


def good(**values: object) -> Record:
    """Return a record that `linked` has nothing against, with some values changed (None: out)."""
    record = next(records(1)) | {"item": "1", "label": "pos", "guideline_version": "1.0.0"}
    return {name: value for name, value in (record | values).items() if value is not None}


def test_check_and_validate_hold_records_to_the_level_that_the_layer_declares(
    linked: Repo, train: Callable[..., list[str]]
) -> None:
    bare = {name: good()[name] for name in ("id", "item", "label", "source")}
    assert train(bare) == []
    assert train(bare, block="level: L1") == ["LM303"] * 5
    told = linked.labelmeta("annotations", "validate", "data/train.csv", code=1).out
    assert "missing annotator: 1" in told
    assert "held to L1" in told
    told = linked.labelmeta("annotations", "validate", "data/train.csv", "--level", "L0", code=0)
    assert "held to L0" in told.out


def test_items_are_those_of_the_split(linked: Repo, train: Callable[..., list[str]]) -> None:
    assert train(good(item="3")) == ["LM316"]
    assert train(good(item="bad train")) == ["LM316"]
    assert train(good(item="bad train"), block="item_column: text") == []
    assert train(good(item="3"), block="item_column: nowhere") == []
    (linked.path / "data/train.csv").unlink()  # check works without data
    assert train(good(item="3")) == []


def test_values_have_the_shape_of_the_task_of_their_version(
    linked: Repo, train: Callable[..., list[str]]
) -> None:
    text = linked.guideline_yaml("tone", "1.1.0") + "task: span\n"
    linked.write("guidelines/tone/guideline.yaml", text)
    linked.commit("Guideline tone 1.1.0")
    linked.labelmeta("link", "data/train.csv")
    span = {"start": 3, "end": 3, "label": "pos"}
    assert train(good(value=span, guideline_version="1.1.0")) == ["LM315"]
    assert train(good(value=span | {"end": 4}, guideline_version="1.1.0")) == []
    foreign = good(value=span | {"end": 4, "label": "sad"}, guideline_version="1.1.0")
    assert train(foreign) == ["LM309"]
    assert train(good(value=span)) == ["LM321"]  # 1.0.0 names no task, and is not 1.1.0


def test_times_lie_between_the_version_and_the_commit(
    linked: Repo, train: Callable[..., list[str]]
) -> None:
    day = linked.git("log", "-1", "--format=%as", "--reverse", "--", "guidelines/tone")
    early = good(annotated_at="2001-02-03T10:00:00Z")
    assert train(early) == ["LM317"]
    assert train(early | {"annotated_at": f"{day}T00:00:00+14:00"}) == []
    assert train(good(annotated_at="2001-02-03T10:00:00Z", guideline_version=None)) == []
    late = good(annotated_at="2099-01-01T00:00:00Z")
    assert train(late) == []  # not committed: nothing says when
    linked.commit("Records")
    assert linked.codes(code=0) == ["LM318", "LM403"]  # the sidecar was written by hand
    used = linked.guideline_yaml("tone", "1.0.0") + 'effective_from: "2001-01-01"\n'
    linked.write("guidelines/tone/guideline.yaml", used)
    linked.commit("Say since when the guideline was used")
    assert train(early) == []


def test_records_that_dvc_tracks_may_be_new_until_they_are_added(
    linked: Repo, train: Callable[..., list[str]]
) -> None:
    late = good(annotated_at="2099-01-01T00:00:00Z")
    train(good())
    linked.dvc("add", "-q", RECORDS)
    linked.commit("Records")
    assert train(good(), late | {"id": "new", "item": "2"}) == []
    linked.dvc("add", "-q", RECORDS)
    linked.commit("More records")
    assert linked.codes(code=0) == ["LM318", "LM403"]  # the sidecar was written by hand


def test_versions_that_do_not_fit_the_link_are_told_once(
    linked: Repo, train: Callable[..., list[str]]
) -> None:
    for version in ("1.1.0", "2.0.0"):
        linked.write("guidelines/tone/guideline.yaml", linked.guideline_yaml("tone", version))
        linked.commit(f"Guideline tone {version}")
    linked.labelmeta("link", "data/train.csv")
    made = [good(id=f"r{n}", item=str(1 + n % 2), annotator=f"a{n}") for n in range(4)]
    for record, version in zip(made, ("1.1.0", "2.0.0", "2.0.0", "1.0.0"), strict=True):
        record["guideline_version"] = version
    assert train(*made, code=1) == ["LM320"]
    finding = next(each for each in linked.findings() if each["code"] == "LM320")
    assert "2 records (50.0 %) of data/train.csv" in finding["message"]
    assert finding["details"] == [
        "1.0.0: 1 record (25.0 %), an older major version",
        "1.1.0: 1 record (25.0 %), an older major version",
    ]
    other = [record | {"guideline_id": "prose"} for record in made]
    assert train(*other) == []


def test_labels_made_again_are_judged_by_their_new_version(
    linked: Repo, train: Callable[..., list[str]]
) -> None:
    linked.write("guidelines/tone/guideline.yaml", linked.guideline_yaml("tone", "2.0.0"))
    linked.commit("Guideline tone 2.0.0")
    linked.labelmeta("link", "data/train.csv")
    old = good(id="r1")
    new = good(id="r2", guideline_version="2.0.0", supersedes="r1")
    assert train(old) == ["LM320"]
    assert train(old, new) == []
    assert train(old, new | {"status": "draft"}) == ["LM320"], "a draft replaces nothing yet"
    other = new | {"item": "2", "supersedes": None}
    for status in ("draft", "discarded"):
        assert train(old | {"status": status}, good(**other)) == []


def test_the_number_that_the_sidecar_says_is_held_to(
    linked: Repo, train: Callable[..., list[str]]
) -> None:
    assert train(good(), block="count: 1") == []
    assert train(good(), block="count: 2", code=1) == ["LM322"]
    place = next(each for each in linked.findings() if each["code"] == "LM322")
    assert linked.read(SIDECAR).splitlines()[place["line"] - 1].strip().startswith("annotations:")
    assert json.dumps(place).count("its sidecar says 2") == 1
    command = "labelmeta annotations stats data/train.csv --write"
    assert place["fix"].endswith(command)
    linked.labelmeta(*command.split()[1:])
    assert "count: 1," in linked.read(SIDECAR)
    assert train(good()) == []
