"""Laws that hold for any input, tried with Hypothesis; the examples are the same on every run."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import example, given, settings
from hypothesis import strategies as st

from dvc_labelmeta.errors import UnreadableFile
from dvc_labelmeta.model.config import glob_matcher
from dvc_labelmeta.model.finding import SEVERITIES, Finding, Report
from dvc_labelmeta.model.gate import gate
from dvc_labelmeta.model.sidecar import MODES, DataPin, Layer, Link, Sidecar, sidecar
from dvc_labelmeta.model.snapshot import Place, Record
from dvc_labelmeta.read.files import decode, parse, places, scalar
from dvc_labelmeta.read.git import Entry
from dvc_labelmeta.read.gitdata import tree_hash
from dvc_labelmeta.write.sidecars import changed, rendered, value_of
from dvc_labelmeta.write.splice import merged

HEX40 = st.text("0123456789abcdef", min_size=40, max_size=40).filter(
    lambda text: text.strip("0")  # Git has no such object
)
IDS = st.from_regex(r"[A-Za-z0-9][A-Za-z0-9._-]{0,8}", fullmatch=True)
VERSIONS = st.one_of(
    st.tuples(*[st.integers(0, 30)] * 3).map(lambda t: ".".join(map(str, t))),
    st.sampled_from(["1.0.0-rc.1", "a1b2c3d4e5f6", "1e1000", "0123", "null", "1.0", "ä: #"]),
)
WORDS = st.text(
    st.characters(codec="utf-8", exclude_characters="\0"), min_size=1, max_size=12
).filter(str.strip)


# reading

YAMLISH = st.text("ab01.~ \n\t:-[]{}&*!|>'\"#%@`,?<=\r\0\ud800é\ufeff\x85\u2028😀", max_size=60)


def _read(text: str) -> Any:
    try:
        return parse(text)
    except UnreadableFile as error:
        _assert_placed(error)
        return None


def _assert_placed(error: UnreadableFile) -> None:
    assert error.line >= 1
    assert error.column >= 1
    assert str(error)


@settings(max_examples=500)
@given(st.one_of(YAMLISH, st.text(max_size=40)))
@example("? ? ? a")
@example("&a [*a]")
@example("{<<: [*a]}")
@example("- " * 5000)
@example("[" * 100_000)
@example("9" * 10_000)
@example("-" + "1" * 5000)
@example("a: !!float x")
@example("<<<<<<< ")
def test_any_text_is_a_value_or_unreadable(text: str) -> None:
    _read(text)


@settings(max_examples=200)
@given(st.binary(max_size=60))
@example(b"\xff\xfea\0")
@example(b"\xef\xbb\xbf\xef\xbb\xbfa: b")
def test_any_bytes_are_a_value_or_unreadable(content: bytes) -> None:
    try:
        text = decode(content)
    except UnreadableFile as error:
        _assert_placed(error)
    else:
        _read(text)


def _same_in_every_yaml(text: str) -> bool:
    """Whether YAML 1.1, in which PyYAML writes, and YAML 1.2 agree that this is text."""
    return isinstance(scalar(text), str) and text != "<<"


DUMPED = st.recursive(
    st.one_of(
        st.none(), st.booleans(), st.integers(), st.floats(allow_nan=False),
        st.text(st.characters(codec="utf-8"), max_size=12).filter(_same_in_every_yaml),
    ),
    lambda inner: st.lists(inner, max_size=4)
    | st.dictionaries(
        st.text(st.characters(codec="utf-8"), max_size=8).filter(_same_in_every_yaml),
        inner, max_size=4,
    ),
    max_leaves=15,
)  # fmt: skip


@settings(max_examples=200)
@given(DUMPED, st.booleans(), st.booleans())
def test_reads_what_pyyaml_wrote_as_pyyaml_reads_it(value: Any, flow: bool, unicode: bool) -> None:
    text = yaml.dump(value, Dumper=yaml.CSafeDumper, default_flow_style=flow, allow_unicode=unicode)
    assert yaml.load(text, Loader=yaml.CSafeLoader) == value
    found = parse(text)
    assert found == value
    assert _kinds(found) == _kinds(value)


def _kinds(value: Any) -> Any:
    """The types in a value: 1, 1.0 and True are equal to Python."""
    if isinstance(value, dict):
        return {key: _kinds(child) for key, child in value.items()}
    return [_kinds(child) for child in value] if isinstance(value, list) else type(value)


# writing

LINKS = st.builds(Link, IDS, VERSIONS, HEX40, HEX40)
PINS = st.builds(
    DataPin,
    st.just("train.csv"),
    st.sampled_from(["exact", "stage"]),
    st.sampled_from(["md5", "git"]),
    st.sampled_from(
        ["0" * 32, "1" * 40, "1e100" + "0" * 27, "12345678901234567890123456789012.dir"]
    ),
    st.none() | st.integers(0, 2**40),
    st.none() | WORDS,
)


@st.composite
def sidecars(draw: st.DrawFn) -> tuple[Sidecar, Sidecar]:
    """A sidecar, and what it shall become: values change, layers are added, none goes away."""
    names = draw(st.lists(IDS, min_size=1, max_size=4, unique=True))
    kept = draw(st.integers(1, len(names)))

    def one(count: int) -> Sidecar:
        layers = tuple(
            Layer(name, draw(LINKS), draw(st.sampled_from(MODES))) for name in names[:count]
        )
        owners = tuple(draw(st.lists(WORDS, min_size=1, max_size=3)))
        path, split = "data/train.csv.labelmeta.yaml", "data/train.csv"
        return Sidecar(path, split, draw(PINS), draw(WORDS), draw(WORDS), owners, layers)

    return one(kept), one(len(names))


def _leaves(value: Any, at: tuple[str, ...] = ()) -> dict[tuple[str, ...], Any]:
    if isinstance(value, dict):
        return {p: v for key, child in value.items() for p, v in _leaves(child, (*at, key)).items()}
    return {at: value} if value is not None else {}


def _commented(text: str, every: int) -> str:
    """The text with comments behind and between lines, as people leave them."""
    lines = text.splitlines()
    return "".join(
        f"{line}  # note {n}\n# between {n}\n" if n % every == 0 else f"{line}\n"
        for n, line in enumerate(lines)
    )


@settings(max_examples=25)
@given(sidecars(), st.integers(1, 5), st.sampled_from(["\n", "\r\n"]))
def test_splicing_changes_the_values_wanted_and_no_other_line(
    pair: tuple[Sidecar, Sidecar], every: int, newline: str
) -> None:
    old, new = pair
    text = _commented(rendered(old), every).replace("\n", newline)
    assert sidecar(old.path, parse(text)) == old
    result = changed(text, parse(text), new)
    assert sidecar(new.path, parse(result)) == new
    before, after = _leaves(value_of(old)), _leaves(value_of(new))
    spots = [spot for spot, value in before.items() if after.get(spot) != value]
    touched = {line for line, _ in places(text, spots)}
    kept = [line for n, line in enumerate(text.split(newline), 1) if n not in touched]
    rest = iter(result.split(newline))
    assert all(line in rest for line in kept), "a line that nobody asked to change is gone"


@settings(max_examples=20)
@given(sidecars())
def test_splicing_nothing_changes_no_byte(pair: tuple[Sidecar, Sidecar]) -> None:
    text = _commented(rendered(pair[0]), 2)
    assert changed(text, parse(text), pair[0]) == text
    assert merged(text, parse(text), {}) == text


# the gate

RECORDS = st.builds(
    Record,
    st.just("data/train.csv"),
    st.sampled_from(["md5", "git"]),
    HEX40,
    st.just(Place("data/train.csv.dvc")),
)


@settings(max_examples=40)
@given(sidecars(), RECORDS, HEX40, st.sampled_from(MODES), WORDS)
def test_gate_holds_only_what_must_train_again(
    pair: tuple[Sidecar, Sidecar], record: Record, commit: str, mode: str, owner: str
) -> None:
    one = pair[0]
    layers = tuple(
        layer._replace(mode=mode, guideline=layer.guideline._replace(commit=commit))
        for layer in one.layers
    )
    other = one._replace(
        layers=layers, owners=(owner,), dataset=owner, name=owner, data=pair[1].data
    )
    moved = record._replace(size=7, place=Place("elsewhere.dvc"), stage="dvc.yaml:x")
    assert gate(one, record) == gate(other, moved)
    assert gate(one, record) != gate(one, record._replace(value="0" * 39 + "x"))


@settings(max_examples=40)
@given(sidecars(), RECORDS, st.integers(0, 9), st.integers(0, 9), st.integers(0, 9))
def test_gate_follows_major_and_minor_but_no_patch(
    pair: tuple[Sidecar, Sidecar], record: Record, major: int, minor: int, patch: int
) -> None:
    def at(version: str) -> bytes:
        first, *rest = pair[0].layers
        link = first.guideline._replace(version=version)
        return gate(pair[0]._replace(layers=(first._replace(guideline=link), *rest)), record)

    here = at(f"{major}.{minor}.{patch}")
    assert here == at(f"{major}.{minor}.{patch + 1}")
    assert here == at(f"{major}.{minor}.{patch}-rc.1")
    assert here != at(f"{major}.{minor + 1}.{patch}")
    assert here != at(f"{major + 1}.{minor}.{patch}")
    assert here != at("prose")


# Git's tree hash

NAMES = st.text("ab.-_0é日😀 '\"\udcff", min_size=1, max_size=4).filter(
    lambda n: n not in {".", ".."}
)
TREES = st.recursive(
    st.tuples(st.sampled_from(["100644", "100755", "120000"]), HEX40),
    lambda inner: st.dictionaries(NAMES, inner, min_size=1, max_size=4),
    max_leaves=8,
).filter(lambda tree: isinstance(tree, dict))


def _flat(tree: Any, prefix: str = "") -> dict[str, Entry]:
    found: dict[str, Entry] = {}
    for name, child in tree.items():
        if isinstance(child, dict):
            found |= _flat(child, f"{prefix}{name}/")
        else:
            found[prefix + name] = Entry(child[0], child[1], prefix + name)
    return found


@pytest.fixture(scope="module")
def bare(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An empty repository in which trees are written."""
    folder = tmp_path_factory.mktemp("trees")
    subprocess.run(["git", "init", "-q", "--template=", folder], check=True)
    return folder


def _written(folder: Path, entries: dict[str, Entry]) -> str:
    def git(*args: str, stdin: bytes = b"") -> bytes:
        done = subprocess.run(
            ["git", *args], cwd=folder, input=stdin, capture_output=True, check=True
        )
        return done.stdout

    git("read-tree", "--empty")
    rows = "".join(f"{e.mode} {e.object}\t{path}\0" for path, e in entries.items())
    git("update-index", "-z", "--index-info", stdin=rows.encode(errors="surrogateescape"))
    return git("write-tree", "--missing-ok").decode().strip()


@settings(max_examples=25)
@given(TREES)
@example(
    {"a": {"b": ("100644", "1" * 40)}, "a.b": ("100644", "2" * 40), "a-b": ("100644", "3" * 40)}
)
@example(
    {"a": {"b": {"c": ("100644", "1" * 40)}}, "a0": ("100644", "2" * 40), "é": ("120000", "3" * 40)}
)
def test_tree_hash_is_what_git_writes(bare: Path, tree: Any) -> None:
    entries = _flat(tree)
    assert tree_hash(entries) == _written(bare, entries)
    assert tree_hash(dict(reversed(entries.items()))) == tree_hash(entries)


# shell patterns and exit codes


@given(st.text("ab*?[]!^-\\./", max_size=8), st.text("ab./-^", max_size=8))
def test_star_and_brackets_never_cross_a_slash(pattern: str, path: str) -> None:
    try:
        match = glob_matcher((pattern,)).match
    except re.error:
        return
    if "**" not in pattern and match(path):
        assert path.count("/") == re.sub(r"\[[!^]?[^\]]+\]", "x", pattern).count("/")


@given(st.text("ab./- é", max_size=8))
def test_pattern_without_signs_matches_itself_alone(path: str) -> None:
    match = glob_matcher((path,)).match
    assert match(path)
    assert not match(path + "x")
    assert not match(path + "\n")
    assert not match("x" + path)


FINDINGS = st.builds(
    Finding,
    st.just("LM105"),
    st.just("outdated-guideline"),
    st.sampled_from(SEVERITIES),
    st.just(Place("a")),
    st.just("m"),
    unjudged=st.booleans(),
)


@given(st.lists(FINDINGS, max_size=4), FINDINGS, st.sampled_from(SEVERITIES))
def test_more_and_graver_findings_never_lower_the_exit_code(
    findings: list[Finding], more: Finding, fail_on: str
) -> None:
    code = Report(tuple(findings)).exit_code(fail_on)
    assert Report((*findings, more)).exit_code(fail_on) >= code
    graver = tuple(f._replace(severity="error") for f in findings)
    assert Report(graver).exit_code(fail_on) >= code
    codes = [Report(tuple(findings)).exit_code(floor) for floor in SEVERITIES]
    assert codes == sorted(codes, reverse=True)
    assert (code == 2) == any(f.unjudged for f in findings)
    if not findings:
        assert code == 0
