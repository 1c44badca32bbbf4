"""DVC's own files as records and stages."""

from __future__ import annotations

from typing import Any

import pytest

from dvc_labelmeta.model.snapshot import Out, Place, Record
from dvc_labelmeta.read.dvc import address, lock_records, plain_records, records, stages, unquoted
from dvc_labelmeta.read.files import parse

MD5 = "5d41402abc4b2a76b9719d911017c592"


@pytest.mark.parametrize(
    "text",
    [
        f"outs:\n- md5: {MD5}\n  size: 30\n  hash: md5\n  path: train.csv\n",
        f"outs:\n- md5: {MD5}.dir\n  size: 30\n  nfiles: 7\n  hash: md5\n  path: images\n",
        f"outs:\n- md5: {MD5}\n  size: 30\n  hash: md5\n  path: sub/../x\n",
    ],
)
@pytest.mark.parametrize("path", ["train.csv.dvc", "data/train.csv.dvc"])
def test_quick_reading_of_what_dvc_add_writes_agrees_with_the_parser(path: str, text: str) -> None:
    assert plain_records(path, text) == records(path, parse(text))


@pytest.mark.parametrize(
    "text",
    [
        f"outs:\n- md5: {MD5}\n  path: train.csv\n",
        f"outs:\n- md5: {MD5}\n  size: 30\n  hash: md5\n  path: 7\n",
        f"outs:\n- md5: {MD5}\n  size: 30\n  hash: md5\n  path: 'a b'\n",
        f"outs:\n- md5: {MD5}\n  size: 30\n  hash: md5\n  path: train.csv\nmeta: x\n",
    ],
)
def test_anything_else_goes_through_the_parser(text: str) -> None:
    assert plain_records("data/train.csv.dvc", text) is None


def test_records_of_other_forms() -> None:
    value = {"wdir": "..", "outs": [{"md5": MD5, "path": "d/a"}, {"path": 7}, "x", {"path": "b", "hash": "md5", "size": "?"}]}  # fmt: skip
    first, second = records("data/x.dvc", value)
    assert (first.path, first.hash, first.value) == ("d/a", "md5-dos2unix", MD5)
    assert second == Record("b", "md5", "", Place("data/x.dvc", ("outs", 1 + 1, "md5")))
    assert [records("x.dvc", odd) for odd in (None, [], "x", {}, {"outs": None})] == [[]] * 5


def names(value: Any, lock: Any = None, path: str = "dvc.yaml") -> list[str]:
    return [stage.name for stage in stages(path, value, lock)]


def test_loops_are_unrolled_as_far_as_known() -> None:
    ran = {"stages": {"m@a": {}, "m@b": {}, "other@c": {}}}
    assert names({"stages": {"s": {"cmd": "x"}}}) == ["s"]
    assert names({"stages": {"s": {"foreach": ["a", 1], "do": {}}}}) == ["s@a", "s@1"]
    assert names({"stages": {"m": {"foreach": {"a": 1, True: 2}, "do": {}}}}, ran) == [
        "m@a",
        "m@true",
    ]
    assert names({"stages": {"s": {"foreach": [{"k": 1}, "a"], "do": {}}}}) == ["s@0", "s@1"]
    matrix = {"k": ["a", {"b": 1}], "l": [1, True]}
    assert names({"stages": {"n": {"matrix": matrix}}}, ran) == [
        "n@a-1", "n@a-true", "n@k1-1", "n@k1-true"
    ]  # fmt: skip
    elsewhere: list[dict[str, Any]] = [
        {"foreach": "${items}", "do": {}}, {"foreach": ["${x}"], "do": {}}, {"foreach": 7, "do": {}},
        {"matrix": {"k": "${ks}"}}, {"matrix": {"k": ["${x}"]}}, {"matrix": {"k": "ab"}}, {"matrix": 7},
        {"matrix": {"k": [*range(40)], "l": [*range(40)]}},
    ]  # fmt: skip
    for loop in elsewhere:
        assert names({"stages": {"m": loop}}, ran) == ["m@a", "m@b"]
        assert names({"stages": {"n": loop}}, ran) == ["n"]
    assert names({"stages": {"s": None}}) == []
    assert [names(odd) for odd in (None, [], {"stages": None}, {"stages": [1]})] == [[]] * 4


def test_stage_with_paths_flags_and_what_ran() -> None:
    value = {
        "stages": {
            "s": {
                "cmd": "x", "wdir": "..", "frozen": True, "always_changed": True,
                "deps": ["in", {"p": {}}, "https://example.org/x", 7],
                "outs": ["out", {"kept": {"persist": True, "cache": False}}, {"odd": None}],
                "metrics": [{"m.json": {"cache": False}}],
                "plots": "text",
            }
        }
    }  # fmt: skip
    lock = {"stages": {"s": {"deps": [{"path": "in", "md5": MD5}, {"path": 7}], "outs": [{"path": "more"}, {"path": "out"}]}}}  # fmt: skip
    (stage,) = stages("sub/dvc.yaml", value, lock)
    assert stage.name == "sub/dvc.yaml:s"
    assert stage.place == Place("sub/dvc.yaml", ("stages", "s"))
    assert dict(stage.deps) == {"in": MD5, "p": ""}
    assert set(stage.outs) == {
        Out("out"), Out("kept", False, True), Out("odd"), Out("m.json", False), Out("more"),
    }  # fmt: skip
    assert (stage.frozen, stage.always_changed, stage.ran) == (True, True, True)


def test_templates_are_taken_from_what_ran_or_left_out() -> None:
    value = {"stages": {"s": {"wdir": "${dir}", "deps": ["${a}", "b"], "outs": ["${c}"]}}}
    (before,) = stages("dvc.yaml", value, None)
    assert (before.deps, before.outs, before.ran) == ((("b", ""),), (), False)
    lock = {"stages": {"s": {"deps": [{"path": "a", "md5": MD5}], "outs": [{"path": "c"}]}}}
    (after,) = stages("dvc.yaml", value, lock)
    assert dict(after.deps) == {"a": MD5, "b": ""}
    assert after.outs == (Out("c"),)


def test_items_of_a_plain_loop_are_filled_in() -> None:
    value = {
        "stages": {"s": {"foreach": ["a"], "do": {"deps": ["d/${item}"], "outs": ["${item}.o"]}}}
    }
    (stage,) = stages("dvc.yaml", value, None)
    assert (stage.deps, stage.outs) == ((("d/a", ""),), (Out("a.o"),))


def test_what_a_loop_or_vars_say_is_filled_in() -> None:
    loops = {
        "each": {"foreach": {"k": {"p": ["x", "y"]}}, "do": {"deps": ["${item.p[1]}/${ key }", "${z}", "\\\\${key}"]}},
        "many": {"matrix": {"s": ["a"]}, "wdir": "${item.s}", "vars": [{"f": {"g": 1}}], "deps": ["${f.g}"], "outs": [{"${key}.o": {"cache": False}}]},
    }  # fmt: skip
    value = {"vars": ["more.yaml", {"z": True, "f": {"g": 0}}], "stages": loops}
    each, many = stages("dvc.yaml", value, None)
    assert [path for path, _ in each.deps] == ["y/k", "true"]
    assert (many.deps, many.outs) == ((("a/1", ""),), (Out("a/a.o", False),))


def test_records_of_a_lock() -> None:
    value = {"stages": {"s": {"wdir": "w"}, "l": {"foreach": ["a"], "do": {"cmd": "x"}}, "n": 7}}
    out = {"path": "o", "hash": "md5", "md5": MD5 + ".dir", "size": 3, "nfiles": 2}
    lock = {"stages": {"s": {"outs": [out, {"path": 1}]}, "l@a": {"outs": [{"path": "p"}]}, "n": {"outs": [out]}, "gone": {"outs": [out]}}}  # fmt: skip
    first, second = lock_records("sub/dvc.yaml", value, lock)
    place = Place("sub/dvc.lock", ("stages", "s", "outs", 0, "md5"))
    assert first == Record(
        "sub/w/o", "md5", MD5 + ".dir", place, 3, 2, "sub/dvc.yaml:s", folder=True
    )
    assert (second.path, second.value, second.stage) == ("sub/p", "", "sub/dvc.yaml:l@a")


def test_address() -> None:
    assert address("dvc.yaml", "s") == "s"
    assert address("a/dvc.yaml", "s") == "a/dvc.yaml:s"


def test_a_hash_that_reads_as_a_number_is_none() -> None:
    digits = f"{'1' * 30}e1"
    written = "outs:\n- md5: {}\n  size: 3\n  hash: md5\n  path: a.csv\n"
    for text in ("0" * 32, digits, "1e10", "7"):
        value = parse(written.format(text))
        assert [one.value for one in records("a.csv.dvc", value)] == [""]
        assert [number for number, _ in unquoted(value)] == [0]
        assert plain_records("a.csv.dvc", written.format(text)) is None
    value = parse(written.format(f"'{digits}'"))
    assert [one.value for one in records("a.csv.dvc", value)] == [digits]
    assert [*unquoted(value)] == []
