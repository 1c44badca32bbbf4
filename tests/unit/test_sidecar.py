"""Sidecars: from a parsed file to a value, and back to text."""

from __future__ import annotations

import pytest

from dvc_labelmeta.model.finding import Finding, Report
from dvc_labelmeta.model.sidecar import DataPin, Layer, Link, Records, Sidecar, sidecar
from dvc_labelmeta.model.snapshot import Place, Record, Snapshot
from dvc_labelmeta.read.files import misfits, parse
from dvc_labelmeta.write.sidecars import changed, data_pin, rendered, sidecar_path

LINK = Link("tone", "1.0.0", "a" * 40, "b" * 40)
PIN = DataPin("train.csv", "exact", "md5", "c" * 32, 30)
ONE = Sidecar(
    "data/train.csv.labelmeta.yaml", "data/train.csv", PIN, "d", "train", ("ada",),
    (Layer("labels", LINK),),
)  # fmt: skip


def test_shortest_file() -> None:
    value = {
        "data": {"path": "train.csv", "hash": "md5", "value": "c" * 32},
        "layers": {"labels": {"guideline": LINK._asdict()}},
    }
    found = sidecar("data/x.labelmeta.yaml", value)
    assert found.split == "data/train.csv"
    assert found.data == DataPin("train.csv", "exact", "md5", "c" * 32)
    assert found.layers == (Layer("labels", LINK, "backward", own=False),)
    assert (found.dataset, found.name, found.owners) == ("", "", ())


@pytest.mark.parametrize(
    ("path", "data", "split"),
    [
        ("t.csv.labelmeta.yaml", "t.csv", "t.csv"),
        ("data/t.labelmeta.yaml", "../other/t", "other/t"),
        ("data/t.labelmeta.yaml", "./a//b/", "data/a/b"),
        ("data/t.labelmeta.yaml", "../../t", "../t"),
    ],
)
def test_data_path_is_seen_from_the_sidecar(path: str, data: str, split: str) -> None:
    value = {"data": {"path": data, "hash": "md5", "value": ""}, "layers": {}}
    assert sidecar(path, value).split == split


def test_exact_and_frozen() -> None:
    staged = ONE._replace(data=PIN._replace(pin="stage"))
    frozen = staged._replace(layers=(Layer("a", LINK), Layer("labels", LINK, "frozen")))
    assert (ONE.exact, ONE.frozen) == (True, False)
    assert (staged.exact, staged.frozen) == (False, False)
    assert (frozen.exact, frozen.frozen) == (True, True)


def test_rendered_text_is_fixed_and_fits_its_schema() -> None:
    text = rendered(ONE)
    assert text == (
        "schema: labelmeta/sidecar/v1\ndataset: d\nsplit: train\nowners: [ada]\n"
        f'data:\n  path: train.csv\n  pin: exact\n  hash: md5\n  value: "{"c" * 32}"\n  size: 30\n'
        f'layers:\n  labels:\n    guideline:\n      id: tone\n      version: "1.0.0"\n'
        f'      commit: "{"a" * 40}"\n      object: "{"b" * 40}"\n    mode: backward\n'
    )
    assert misfits("sidecar", parse(text)) == []
    bare = ONE._replace(dataset="", name="", owners=(), data=PIN._replace(size=None))
    assert sidecar(ONE.path, parse(rendered(bare))) == bare


def test_other_keys_and_comments_stay_when_it_changes() -> None:
    text = "# ours\n" + rendered(ONE).replace("owners: [ada]", "owners: [ada] # team") + "x-a: 1\n"
    new = ONE._replace(dataset="", name="", owners=(), layers=(Layer("labels", LINK, "full"),))
    result = changed(text, parse(text), new)
    assert result == text.replace("mode: backward", "mode: full")


def test_pin_of_a_stage_output_follows_the_stage_unless_exact() -> None:
    record = Record("data/train.csv", "md5", "c" * 32, Place("dvc.lock"), 30, stage="dvc.yaml:p")
    pin = data_pin(record, sidecar_path(record.path), exact=False)
    assert pin == DataPin("train.csv", "stage", "md5", "c" * 32, 30, "dvc.yaml:p")
    assert data_pin(record, "x.labelmeta.yaml", exact=True) == PIN._replace(path="data/train.csv")


def test_snapshot_knows_no_pin_for_a_link_never_asked() -> None:
    assert Snapshot("/x").pin(ONE.layers[0]) is None
    assert Snapshot("/x", pins={("tone", "a" * 40, "b" * 40): "p"}).pin(ONE.layers[0]) == "p"  # type: ignore[dict-item]


def test_report_counts_and_keys() -> None:
    place = Place("a", ("x",), 3, 4)
    note = Finding("LM103", "relocated-guideline-commit", "note", place, "m")
    report = Report((note, note._replace(severity="error")))
    assert (report.count("note"), report.count("warning"), report.count("error")) == (1, 0, 1)
    assert note.key == note._replace(place=Place("a", ("x",), 9, 9), severity="error").key
    assert [Report((note,)).exit_code(floor) for floor in ("note", "warning", "error")] == [1, 0, 0]
    assert Report((note._replace(unjudged=True),)).exit_code("error") == 2


def test_format_of_records_follows_the_name_unless_told() -> None:
    value = parse(rendered(ONE))
    layer = value["layers"]["labels"]
    for name, told, known in (
        ("a.jsonl", None, "jsonl"),
        ("a.csv.gz", None, "csv"),
        ("a.tsv", None, "csv"),
        ("a.parquet", None, "parquet"),
        ("shards", "parquet", "parquet"),
        ("shards", None, ""),
    ):
        layer["annotations"] = {"path": name} | ({"format": told} if told else {})
        records = sidecar(ONE.path, value).layers[0].annotations
        assert records is not None
        assert (records.path, records.format) == (name, known)


def test_records_are_named_from_the_root() -> None:
    assert ONE.records(Layer("a", LINK)) == ""
    assert ONE.records(Layer("a", LINK, annotations=Records("../r.jsonl"))) == "r.jsonl"
