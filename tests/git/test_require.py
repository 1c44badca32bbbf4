"""`labelmeta stage require`: lines are spliced into any dvc.yaml; no other byte changes."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from ruamel.yaml import YAML

from dvc_labelmeta.errors import Refused
from dvc_labelmeta.write.stages import required, with_params, with_strict_cmd
from tests.repo import Repo

pytestmark = pytest.mark.inside

GATE = "labelmeta/gates/data/train.csv.json"
SIDECAR = "data/train.csv.labelmeta.yaml"
KEY = "layers.labels.guideline.version"
CALL = 'labelmeta gate -- "data/train.csv"'

LAYOUTS = {
    "two spaces": "stages:\n  train:\n    cmd: a\n    deps:\n      - x\n    outs:\n      - y\n",
    "list under its key": "stages:\n  train:\n    cmd: a\n    deps:\n    - x\n    outs:\n    - y\n",
    "four spaces": "stages:\n    train:\n        cmd: a\n        deps:\n            - x\n            - z\n",
    "flow lists": "stages:\n  train:\n    cmd: a\n    deps: [x, 'y z']  # two\n    outs: [o]\n",
    "flow lists with a last comma": "stages:\n  train:\n    cmd: a\n    deps: [\n      x,\n      y,\n    ]\n",
    "flow stage": "stages:\n  train: {cmd: a, deps: [x], outs: [y]}\n  two: {cmd: b}\n",
    "flow everything": "{stages: {train: {cmd: a, outs: [y]}}}\n",
    "json": json.dumps({"stages": {"train": {"cmd": "a b", "deps": ["x"], "outs": ["y"]}}}, indent=2),
    "no deps": "stages:\n  train:\n    cmd: a\n    outs:\n      - y\n  two:\n    cmd: b\n",
    "only cmd, no newline at the end": "stages:\n  train:\n    cmd: a",
    "deps last, no newline at the end": "stages:\n  train:\n    cmd: a\n    deps:\n      - x",
    "empty deps": "stages:\n  train:\n    cmd: a\n    deps: [ ]\n    outs: [y]\n",
    "comments": (
        "# top\nstages:  # all\n  # first\n  train:   # it\n    cmd: a  # run\n    deps:  # in\n"
        "      # one\n      - x  # the x\n      # after\n\n    # out\n    outs:\n      - y\n# end\n"
    ),
    "trailing blanks elsewhere": (
        "stages:\n  other:\n    cmd: b\n    deps: \n      - q\n    params: \n      - p\n"
        "  train:\n    cmd: a\n    outs:\n      - y\n"
    ),
    "folded cmd": "stages:\n  train:\n    cmd: >\n      python a.py\n      --b c\n    deps:\n      - x\n",
    "folded cmd last": "stages:\n  train:\n    cmd: >-\n      python a.py\n      --b c\n\n\n  two:\n    cmd: b\n",
    "literal cmd last, file ends": "stages:\n  train:\n    cmd: |\n      one\n      two",
    "literal cmd kept ends": "stages:\n  train:\n    cmd: |+\n      one\n      two\n\n  two:\n    cmd: b\n",
    "literal cmd indented by two": "stages:\n  train:\n    cmd: |2\n        one\n      two\n    deps: [x]\n",
    "list cmd": "stages:\n  train:\n    cmd:\n      - one\n      - 'two'\n    deps:\n      - x\n",
    "list cmd under its key": "stages:\n  train:\n    cmd:\n    - one\n    - |\n      two\n    deps:\n    - x\n",
    "flow list cmd": "stages:\n  train:\n    cmd: [one, two]\n    deps:\n      - x\n",
    "quoted cmd": 'stages:\n  train:\n    cmd: "echo \\"a: b\\""  # so\n    deps: [x]\n',
    "foreach": (
        "stages:\n  train:\n    foreach: [a, b]\n    do:\n      cmd: run ${item}\n      deps:\n"
        "        - x/${item}\n      outs:\n        - y/${item}\n"
    ),
    "matrix": (
        "stages:\n  train:\n    matrix:\n      k: [a, b]\n    cmd: run ${item.k}\n    deps:\n"
        "      - x\n    outs:\n      - y/${item.k}\n"
    ),
    "deps with options": (
        "stages:\n  train:\n    cmd: a\n    deps:\n      - x\n      - s3://b/k:\n          fs_config:\n"
        "            anon: true\n    params: [p.q]\n    outs:\n      - y:\n          cache: false\n"
    ),
    "params with files": (
        "stages:\n  train:\n    cmd: a\n    deps: [x]\n    params:\n      - lr\n      - other.yaml:\n"
        "          - k\n          - l\n    outs: [y]\n"
    ),
    "flow params": "stages:\n  train:\n    cmd: a\n    deps: [x]\n    params: [lr, {o.yaml: [k]}]\n",
    "unicode and quotes": (
        "stages:\n  täst:\n    cmd: b\n  train:\n    cmd: a\n    desc: 'Größe: »x«'\n    deps:\n"
        "      - \"däta/ü.csv\"\n      - 'it''s'\n"
    ),
    "stage in the middle": (
        "vars:\n  - v: 1\nstages:\n  a:\n    cmd: a\n    deps: [x]\n\n  train:\n    deps:\n      - x\n"
        "    cmd: a\n\n  z:\n    cmd: z\nmetrics:\n  - m.json\n"
    ),
    "document marks": "---\nstages:\n  train:\n    cmd: a\n    deps:\n      - x\n...\n",
    "anchors elsewhere": (
        "stages:\n  one:\n    cmd: a\n    deps: &d\n      - x\n  two:\n    cmd: b\n    deps: *d\n"
        "  train:\n    cmd: c\n    deps:\n      - x\n"
    ),
}  # fmt: skip
NAMES = sorted(LAYOUTS)

SHARED = {
    "list": (
        "stages:\n  train:\n    cmd: a\n    deps: &d\n      - x\n  two:\n    cmd: b\n    deps: *d\n"
    ),
    "list with a comment": (
        "stages:\n  train:\n    cmd: a\n    deps: &d  # shared\n      - x\n  two:\n    cmd: b\n"
        "    deps: *d\n"
    ),
    "alias": (
        "stages:\n  two:\n    cmd: a\n    deps: &d\n      - x\n  train:\n    cmd: b\n    deps: *d\n"
    ),
    "stage": "x: &t\n  cmd: a\n  deps: [x]\nstages:\n  train: *t\n  two: *t\n",
    "merge": "stages:\n  two: &t\n    cmd: a\n    deps: [x]\n  train:\n    <<: *t\n    cmd: b\n",
    "merged cmd": "stages:\n  two: &t\n    cmd: a\n  train:\n    <<: *t\n    outs: [y]\n",
}


def parsed(text: str) -> Any:
    """As DVC reads it: YAML 1.2."""
    return YAML(typ="safe", pure=True).load(text)


def body_of(value: Any) -> Any:
    stage = value["stages"]["train"]
    return stage.get("do", stage)


def is_insertion(before: str, after: str) -> bool:
    """Whether `after` is `before` with one stretch of text put in."""
    start = 0
    while start < len(before) and before[start] == after[start]:
        start += 1
    end = len(before) - start
    return after.endswith(before[start:]) and len(after) >= start + end


def add_deps(text: str) -> str:
    return required(text, "train", [GATE, "labelmeta/gates/data/ü x.csv.json"])


def add_params(text: str) -> str:
    return with_params(text, "train", {SIDECAR: [KEY], "../a b.labelmeta.yaml": ["k", "l"]})


def add_gate(text: str) -> str:
    return with_strict_cmd(text, "train", ["data/train.csv"])


ADDED: dict[str, tuple[Callable[[str], str], list[Any]]] = {
    "deps": (add_deps, [GATE, "labelmeta/gates/data/ü x.csv.json"]),
    "params": (add_params, [{SIDECAR: [KEY]}, {"../a b.labelmeta.yaml": ["k", "l"]}]),
}


def check_list(text: str, key: str) -> str:
    add, items = ADDED[key]
    after = add(text)
    wanted = parsed(text)
    body = body_of(wanted)
    body[key] = [*(body.get(key) or []), *items]
    assert parsed(after) == wanted
    assert is_insertion(text, after)
    assert ("\r" in after) == ("\r" in text)
    assert add(after) == after, "a second time changes nothing"
    return after


def check_strict(text: str) -> str:
    after = add_gate(text)
    old, new = parsed(text), parsed(after)
    was, now = body_of(old).pop("cmd"), body_of(new).pop("cmd")
    assert old == new
    block = isinstance(was, str) and isinstance(now, str)
    if block:
        assert now.split(";", 1)[0].strip() == f"{CALL} || exit 1"
        assert now.split(";", 1)[1].strip() == was.strip()
        assert is_insertion(text, after)
    else:
        assert now == [CALL, *([was] if isinstance(was, str) else was)]
    assert add_gate(after) == after
    return after


@pytest.mark.parametrize("ends", ["\n", "\r\n"])
@pytest.mark.parametrize("name", NAMES)
def test_exactly_the_wanted_lines_are_added(name: str, ends: str) -> None:
    text = LAYOUTS[name].replace("\n", ends)
    if name == "empty deps":
        assert "deps: [labelmeta/" in required(text, "train", [GATE])
    after = check_list(check_list(text, "deps"), "params")
    check_strict(after)
    check_strict(text)


@st.composite
def pipelines(draw: st.DrawFn) -> str:
    """A dvc.yaml in one of many layouts, with a stage `train` somewhere in it."""
    width = draw(st.sampled_from([1, 2, 4, 7]))
    offset = draw(st.sampled_from([0, 2, 3]))
    comment = st.sampled_from(["", "  # why: [not]", "\n", "\n\n  # alone\n"])
    scalar = st.sampled_from(
        ["x", "'it''s'", '"a \\" b"', "däta/ü.csv", "a b", "d:e", "x#y", "1e3"]
    )

    def block(key: str, values: list[str], depth: int) -> str:
        gap = " " * (depth * width)
        if draw(st.booleans()):
            return f"{gap}{key}: [{', '.join(values)}]{draw(comment)}\n"
        lines = "".join(f"{gap}{' ' * offset}- {v}{draw(comment)}\n" for v in values)
        return f"{gap}{key}:{draw(st.sampled_from(['', '  # c', ' ']))}\n{lines}"

    def stage(name: str) -> str:
        gap = " " * (2 * width)
        style = draw(st.sampled_from(["plain", "|", ">-", "|+", "list"]))
        cmd = {
            "plain": f"{gap}cmd: run it{draw(comment)}\n",
            "list": f"{gap}cmd:\n{gap}- one\n{gap}- 'two'\n",
        }.get(style, f"{gap}cmd: {style}\n{gap} one \\\n{gap}   two\n{gap} three\n")
        parts = [cmd]
        for key in draw(st.permutations(["deps", "params", "outs"]))[: draw(st.integers(0, 3))]:
            values = draw(st.lists(scalar, min_size=1, max_size=3, unique=True))
            parts.append(block(key, values, 2))
        return f"{' ' * width}{name}:\n" + "".join(draw(st.permutations(parts)))

    before, behind = draw(st.booleans()), draw(st.booleans())
    text = "stages:\n" + (stage("one") if before else "") + stage("train") + (stage("two") if behind else "")  # fmt: skip
    text = text.rstrip("\n") if draw(st.booleans()) else text
    return text.replace("\n", draw(st.sampled_from(["\n", "\r\n"])))


@settings(deadline=None, max_examples=60)
@given(pipelines())
def test_splices_hold_for_any_layout(text: str) -> None:
    check_strict(check_list(check_list(text, "deps"), "params"))


@pytest.mark.parametrize("ends", ["\n", "\r\n"])
@pytest.mark.parametrize("name", sorted(SHARED))
def test_what_an_anchor_shares_is_refused(name: str, ends: str) -> None:
    text = SHARED[name].replace("\n", ends)
    with pytest.raises(Refused, match=r"anchor|of its own"):
        required(text, "train", [GATE])


@pytest.mark.parametrize(
    "text",
    [
        "stages:\n  train:\n    deps: [x]\n",
        "stages:\n  train:\n    cmd: []\n    deps: x\n    params: x\n",
        "stages:\n  train:\n    cmd:\n    deps:\n    params:\n",
        "stages:\n  train: {}\n",
        "stages:\n  train: run\n",
        "stages:\n  train:\n    foreach: [a]\n    do: ${x}\n",
        "stages: [train]\n",
        "- stages\n",
        "",
        "stages:\n  train:\n    cmd: 'one\n      two'\n    deps: {x: y}\n    params: {x: y}\n",
    ],
)
def test_a_stage_that_is_none_is_refused_not_guessed(text: str) -> None:
    for add in (add_gate, *(add for add, _ in ADDED.values())):
        try:
            after = add(text)
        except Refused:
            continue
        assert add is not add_gate
        assert parsed(after)["stages"]["train"]


def test_keys_of_a_layer_linked_later_join_those_there() -> None:
    more = {SIDECAR: [KEY, "second", "third"]}
    for name in NAMES:
        first = with_params(LAYOUTS[name], "train", {SIDECAR: [KEY]})
        after = with_params(first, "train", more)
        wanted = parsed(first)
        body_of(wanted)["params"][-1] = more
        assert parsed(after) == wanted, name
        assert is_insertion(first, after)
        assert with_params(after, "train", more) == after
    block = f"stages:\n  train:\n    cmd: a\n    params:\n      - {SIDECAR}:\n          - k  # one\n      - lr\n"
    assert with_params(block, "train", {SIDECAR: [KEY]}) == block.replace(
        "# one\n", f"# one\n          - {KEY}\n"
    )
    whole = f"stages:\n  train:\n    cmd: a\n    params:\n      - {SIDECAR}:\n"
    assert with_params(whole, "train", more) == whole, "all keys of the file are in already"
    shared = f"stages:\n  train:\n    cmd: a\n    params:\n      - {SIDECAR}: &k [x]\n      - b.yaml: *k\n"
    with pytest.raises(Refused, match="anchor"):
        with_params(shared, "train", more)


def test_dvc_takes_the_file_and_reports_the_guideline(project: Repo) -> None:
    before = (
        "# ours\r\nstages:\r\n    train:   # it\r\n        cmd: >-\r\n            cat data/train.csv\r\n"
        "            > model.txt\r\n        deps:\r\n            - data/train.csv  # the split\r\n\r\n"
        "        outs: [model.txt]\r\n"
    )  # fmt: skip
    project.write("dvc.yaml", "\ufeff" + before)
    project.labelmeta("link", "data/train.csv", "--guideline", "tone")
    project.commit("Link")
    shown = project.labelmeta("stage", "require", "train", "--params", "--strict", "--dry-run").out
    assert f"+            - {GATE}" in shown
    assert project.read("dvc.yaml") == "\ufeff" + before
    project.labelmeta("stage", "require", "train", "--params", "--strict")
    after = project.read("dvc.yaml").removeprefix("\ufeff")
    for line in after.split("\r\n"):
        assert line in before or "labelmeta" in line or line.strip() == "params:"
    assert project.read("dvc.yaml").startswith("\ufeff")
    again = project.labelmeta("stage", "require", "train", "--params", "--strict")
    assert "already" in again.out
    assert project.read("dvc.yaml").removeprefix("\ufeff") == after

    ran = project.dvc("repro", "train")
    assert "Running stage 'labelmeta/dvc.yaml:gate@data/train.csv'" in ran.text
    assert "Running stage 'train'" in ran.text
    assert f"{KEY}: 1.0.0" in project.read("dvc.lock")
    project.commit("Train")
    project.bump("1.1.0", "pleased or glad")
    project.labelmeta("link", "data/train.csv")
    changed = json.loads(project.dvc("params", "diff", "--json").out)
    assert changed == {SIDECAR: {KEY: {"old": "1.0.0", "new": "1.1.0"}}}
    assert project.codes() == [], "the run saw the gate at HEAD"
    project.commit("Link anew")
    assert project.codes() == ["LM123"]


def test_the_strict_form_stops_a_single_item(linked: Repo) -> None:
    text = linked.read("dvc.yaml").replace("cat data", "|\n      true\n      cat data")
    linked.write("dvc.yaml", text)
    linked.labelmeta("stage", "require", "train", "--strict")
    linked.dvc("repro", "train")
    linked.commit("Strict")
    linked.bump("2.0.0", "delighted")
    model = linked.path / "model.txt"
    assert model.exists()
    for command in (("repro", "-f", "-s", "train"), ("repro", "-f", "--downstream", "train")):
        ran = linked.dvc(*command, code=255)
        assert "LM105" in ran.text
        assert not model.exists(), "a second line of the block ran"


def test_a_stage_in_another_file_or_folder_gets_paths_from_there(linked: Repo) -> None:
    linked.write(
        "ml/dvc.yaml",
        "stages:\n  fit:\n    cmd: cp ../data/dev.csv fit.txt\n    deps:\n      - ../data/dev.csv\n"
        "    outs:\n      - fit.txt\n"
        "  up:\n    wdir: ../data\n    cmd: cp dev.csv ../up.txt\n    deps: [dev.csv]\n"
        "    outs: [../up.txt]\n"
        "  each:\n    foreach: [dev, test]\n    do:\n      cmd: cp ../data/${item}.csv ${item}.out\n"
        "      deps: ['../data/${item}.csv']\n      outs: ['${item}.out']\n",
    )
    linked.git("add", "-A")
    ungated = [f for f in linked.findings() if f["code"] == "LM120"]
    assert {(f["split"], f["message"].split("'")[1]) for f in ungated} == {
        ("data/dev.csv", "ml/dvc.yaml:fit"),
        ("data/dev.csv", "ml/dvc.yaml:up"),
        ("data/dev.csv", "ml/dvc.yaml:each@dev"),
        ("data/test.csv", "ml/dvc.yaml:each@test"),
    }
    for stage in ("fit", "up", "each"):
        linked.labelmeta("stage", "require", f"ml/dvc.yaml:{stage}", "--params")
    text = linked.read("ml/dvc.yaml")
    assert '- "../labelmeta/gates/data/dev.csv.json"\n' in text
    assert "- dev.csv.labelmeta.yaml: [layers.labels.guideline.version]\n" in text
    ran = linked.dvc("repro", "-P")
    for stage in ("fit", "up", "each@dev", "each@test"):
        assert f"Running stage 'ml/dvc.yaml:{stage}'" in ran.text
    linked.git("add", "-A")
    assert linked.codes(code=0) == []
    one = linked.labelmeta("stage", "require", "ml/dvc.yaml:each@dev")
    assert "already" in one.out, "the name that a finding gives is understood"
    refused = linked.labelmeta("stage", "require", "ml/dvc.yaml:none", code=2)
    assert "there is no stage 'ml/dvc.yaml:none'; there are" in refused.err
    refused = linked.labelmeta("stage", "require", "no/dvc.yaml:none", code=2)
    assert "there is no no/dvc.yaml" in refused.err
