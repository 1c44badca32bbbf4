"""Texts that are read or written by a quick path are what the slow, general one makes of them."""

from __future__ import annotations

import json

from hypothesis import given
from hypothesis import strategies as st

from dvc_labelmeta.errors import UnreadableFile
from dvc_labelmeta.model.gate import gate
from dvc_labelmeta.model.sidecar import DataPin, Layer, Link, Sidecar
from dvc_labelmeta.model.snapshot import Place, Record
from dvc_labelmeta.read import dvc, files, plain
from dvc_labelmeta.write.sidecars import rendered

SOME = st.text(min_size=1, max_size=8)
KEYS = st.sampled_from(["a", "b-c", "_d", "e1", "null", "a"])
VALUES = st.sampled_from([
    "", " ", ' "x y"', ' "0123"', ' "\\n"', ' "ä"', " word", " a/b.csv", " true", " NULL", " ~", " no",
    " 12", " 0123", " 1e5", " 1.5", " [a, b]", " [a, true]", " [a]", " []", " {a: 1}", " |", " &x a",
    " *x", " 'q'", " a b", " a #c", " -1", " x:y", ' "a" ', ' "a" #c', " a,b", " [a,b]", "x",
])  # fmt: skip
LINES = st.builds(
    lambda indent, key, value, end: f"{' ' * indent}{key}:{value}{end}",
    st.sampled_from([0, 0, 0, 2, 2, 4, 1]), KEYS, VALUES, st.sampled_from(["\n"] * 6 + ["", "\r\n"]),
)  # fmt: skip


def slowly(text: str):
    node = files.compose(text)
    return None if node is None else files._Builder().value(node)


@given(
    st.lists(LINES | st.sampled_from(["---\n", "- a\n", "# c\n", "\n", "<<: {a: 1}\n"]), max_size=7)
)
def test_quick_yaml_is_what_the_parser_reads(lines: list[str]):
    text = "".join(lines)
    quick = plain.mapping(text)
    if quick is None:
        return
    try:
        wanted = slowly(text)
    except UnreadableFile as error:
        raise AssertionError(
            f"{text!r} is refused by the parser ({error}), not by plain"
        ) from error
    assert json.dumps(quick) == json.dumps(wanted)


def test_what_link_writes_takes_the_quick_path():
    link = Link("tone", "1.0.0", "a" * 40, "b" * 40)
    data = DataPin("train.csv", "exact", "md5", "c" * 32, 12)
    one = Sidecar("d/train.csv.labelmeta.yaml", "d/train.csv", data, "d", "train", ("ann", "data-team"),
                  (Layer("labels", link), Layer("other", link, "frozen")))  # fmt: skip
    text = rendered(one)
    assert plain.mapping(text) == slowly(text)


@given(st.lists(SOME, max_size=3, unique=True), SOME, SOME, SOME)
def test_gate_bytes_are_sorted_indented_json(names: list[str], id_: str, split: str, value: str):
    layers = tuple(Layer(name, Link(id_, "1.2.3", "c", "o")) for name in names)
    one = Sidecar("s", split, DataPin("p", "exact", "md5", value), layers=layers)
    expected = {
        "schema": "labelmeta/gate/v1",
        "split": split,
        "data": {"hash": "md5", "value": value},
        "layers": {name: {"guideline": id_, "version": "1.2"} for name in names},
    }
    text = json.dumps(expected, indent=2, sort_keys=True, ensure_ascii=False) + "\n"
    assert gate(one, Record(split, "md5", value, Place("x"))) == text.encode(
        errors="backslashreplace"
    )


@given(st.from_regex(r"[A-Za-z0-9_/.-]{1,9}", fullmatch=True))
def test_a_dvc_file_is_read_alike_by_both_paths(name: str):
    text = f"outs:\n- md5: {'1a' * 16}\n  size: 7\n  hash: md5\n  path: {name}\n"
    quick = dvc.plain_records("data/x.dvc", text)
    assert quick is None or quick == dvc.records("data/x.dvc", files.parse(text))
