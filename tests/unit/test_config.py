"""labelmeta.yaml as a value, and shell patterns."""

from __future__ import annotations

import re

import pytest

from dvc_labelmeta.errors import BadConfig
from dvc_labelmeta.model.config import Adoption, Config, GuidelineRef, Ignore, config, glob_matcher


def test_defaults() -> None:
    assert config({"version": 1}) == Config()
    assert (Config().profile, Config().gate) == ("link", "always")


def test_everything() -> None:
    found = config(
        {
            "version": 1,
            "profile": "audit",
            "gate": "single",
            "guidelines": {"a": {"path": "g/./a/"}, "b": {"path": "b.md", "repo": "docs"}},
            "repos": {"docs": {"url": "../docs"}},
            "splits": ["data/*.csv"],
            "ignore": [
                {"rule": "LM105", "path": "x", "reason": "old", "until": "2027-01-01"},
                {"rule": "LM106", "path": "y", "reason": "new"},
            ],
        }
    )
    assert found == Config(
        "audit",
        "single",
        (GuidelineRef("a", "g/a"), GuidelineRef("b", "b.md", "docs")),
        (("docs", "../docs"),),
        ("data/*.csv",),
        (Ignore("LM105", "x", "old", "2027-01-01"), Ignore("LM106", "y", "new")),
    )


@pytest.mark.parametrize(
    ("value", "pointer", "words"),
    [
        (
            {"guidelines": {"a": {"path": "a", "repo": "docs"}}},
            ("guidelines", "a", "repo"),
            "'docs'",
        ),
        ({"splits": ["ok", "[z-a]"]}, ("splits", 1), "bad character range"),
        (
            {"ignore": [{"rule": "LM105", "path": "[9-0]", "reason": "r"}]},
            ("ignore", 0, "path"),
            "no shell pattern",
        ),
    ],
)
def test_what_a_schema_cannot_say(
    value: dict[str, object], pointer: tuple[str | int, ...], words: str
) -> None:
    with pytest.raises(BadConfig, match=re.escape(words)) as found:
        config(value)
    assert found.value.pointer == pointer


@pytest.mark.parametrize(
    ("pattern", "yes", "no"),
    [
        (
            "data/*.csv",
            ["data/a.csv", "data/.csv"],
            ["data/x/a.csv", "data/a.csv.dvc", "xdata/a.csv"],
        ),
        ("**/a.csv", ["a.csv", "x/a.csv", "x/y/a.csv"], ["xa.csv", "a.csv/b"]),
        ("data/**", ["data/a", "data/x/y"], ["data", "datax/a"]),
        ("a**b", ["ab", "a/x/b"], ["a/x/c"]),
        ("a?c", ["abc", "a\nc"], ["ac", "a/c", "abbc"]),
        ("[ab].csv", ["a.csv", "b.csv"], ["c.csv", "ab.csv"]),
        ("[a-c]", ["b"], ["d", "-"]),
        ("[!a]", ["b"], ["a", "/"]),
        ("[^a]", ["b"], ["a", "/"]),
        ("[!]", ["!"], ["a"]),
        ("[[]", ["["], ["]"]),
        ("[a&&b]", ["&", "a"], ["&&"]),
        ("[a||b~~c]", ["|", "~"], ["||"]),
        ("[+--]", ["+", ",", "-"], ["."]),
        ("[\\]", ["\\"], ["]"]),
        ("[.-0]", [".", "0"], ["/"]),
        ("[", ["["], [""]),
        ("a+b(c)$", ["a+b(c)$"], ["aab(c)"]),
        ("", [""], ["a"]),
        ("données/*.csv", ["données/é.csv"], []),
    ],
)
def test_pattern(pattern: str, yes: list[str], no: list[str]) -> None:
    match = glob_matcher((pattern,)).match
    assert [path for path in yes if not match(path)] == []
    assert [path for path in no if match(path)] == []


def test_no_pattern_matches_nothing_and_several_match_any() -> None:
    assert not glob_matcher(()).match("")
    match = glob_matcher(("a|b", "c*")).match
    assert match("a|b")
    assert match("cd")
    assert not match("a")


def test_what_is_adopted_and_accepted_step_by_step() -> None:
    legacy = {"guideline": "a", "versions": ["<2.0.0"], "until": "2027-03-01", "reason": "old"}
    value = {
        "version": 1,
        "guidelines": {"a": {"path": "a.md", "mode": "full"}, "b": {"path": "b.md"}},
        "adoption": [{"rule": "LM320", "from": "2027-01-01"}],
        "legacy": [legacy],
    }
    found = config(value)
    assert found.modes == {"a": "full"}
    assert found.adoption == (Adoption("LM320", "2027-01-01", "**", None),)
    assert found.legacy[0].names("1.9.0")
    assert not found.legacy[0].names("2.0.0")
    for wrong, where in (
        ({"until": "2027-02-30"}, ("legacy", 0, "until")),
        ({"versions": ["<two"]}, ("legacy", 0, "versions", 0)),
    ):
        with pytest.raises(BadConfig) as caught:
            config(value | {"legacy": [legacy | wrong]})
        assert caught.value.pointer == where
