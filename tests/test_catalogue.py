"""The catalogue of rules: every documented example is true, every further case holds."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import yaml

from dvc_labelmeta.checks.alignment import ALIGNMENT, aligned
from dvc_labelmeta.checks.catalogue import (
    BY_CODE,
    RETIRED,
    RULES,
    find_rule,
    judge,
    only_new,
    only_splits,
)
from dvc_labelmeta.checks.rule import IGNORES, PIPELINE, PROJECT, SPLIT, Rule
from dvc_labelmeta.errors import LabelMetaError
from dvc_labelmeta.model.finding import SEVERITIES, Finding
from tests.build import a_snapshot

TODAY = "2026-01-10"
CASES = sorted((Path(__file__).parent / "cases").glob("LM*/*.yaml"))
by_code = pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.code)


def found(text: str) -> tuple[Finding, ...]:
    return judge(a_snapshot(text), TODAY).findings


@by_code
def test_bad_example_is_found_and_good_is_clean(rule: Rule) -> None:
    bad, good = rule.section("Bad"), rule.section("Good")
    assert bad
    assert good
    assert {finding.code for finding in found(bad)} == {rule.code}
    assert found(good) == ()


@by_code
def test_text_says_what_why_and_how_to_mend(rule: Rule) -> None:
    assert rule.title.endswith(".")
    assert len(rule.title) <= 100
    assert rule.section("Fix")
    before_bad = rule.text.split("\nBad:")[0]
    assert len(before_bad.split()) >= 8, "what and why"


@by_code
def test_entry_is_consistent(rule: Rule) -> None:
    assert re.fullmatch(r"LM[12345]\d\d", rule.code)
    assert rule.severity in SEVERITIES
    assert rule.scope in {SPLIT, PROJECT, PIPELINE, IGNORES}
    assert not rule.name.startswith(("no-", "not-", "disallow")), "reads as 'allow ...'"
    position = {other.code: number for number, other in enumerate(RULES)}
    for code in rule.requires:
        assert position[code] < position[rule.code], "prerequisites are judged first"
    for profile, severity in rule.raised:
        assert profile in {"review", "audit"}
        assert SEVERITIES.index(severity) > SEVERITIES.index(rule.severity)


def test_codes_and_names_are_unique_and_never_reused() -> None:
    assert len(BY_CODE) == len(RULES) == len({rule.name for rule in RULES})
    assert not set(BY_CODE) & set(RETIRED)


@pytest.mark.parametrize("path", CASES, ids=lambda path: f"{path.parent.name}-{path.stem}")
def test_case(path: Path) -> None:
    """A case is a file: `expect` lists "severity CODE split" of every finding."""
    text = path.read_text()
    expected = yaml.safe_load(text)["expect"]
    seen = [f"{f.severity} {f.code} {f.split or f.place.path}" for f in found(text)]
    assert sorted(seen) == sorted(expected)


@pytest.mark.parametrize("path", [p for p in CASES if p.parent.name in {r.code for r in ALIGNMENT}])
def test_a_gate_asks_what_the_whole_catalogue_would_say(path: Path) -> None:
    snapshot = a_snapshot(path.read_text())
    config = snapshot.config
    if config.ignore or config.adoption or config.legacy:
        snapshot = snapshot._replace(config=config._replace(ignore=(), adoption=(), legacy=()))
    snapshot = snapshot._replace(annotations={}, guideline_facts={})
    assert aligned(snapshot, TODAY) == judge(snapshot, TODAY, scopes=(SPLIT, PROJECT))


def test_there_are_further_cases_for_the_rules_that_have_branches() -> None:
    assert len(CASES) >= 30


def test_find_rule_takes_code_and_name() -> None:
    assert find_rule("lm105") is find_rule("outdated-guideline") is BY_CODE["LM105"]
    with pytest.raises(LabelMetaError, match="no rule 'LM999'"):
        find_rule("LM999")


STALE = """
guidelines: {g: {version: "2.0.0"}}
links:
  data/a.csv: {version: "1.0.0", bump: major}
  data/b.csv: {version: "1.0.0", bump: major}
"""


def test_ignore_needs_rule_path_and_day() -> None:
    ignore = "ignore: [{rule: LM105, path: 'data/a*', reason: frozen, until: '2026-01-10'}]\n"
    report = judge(a_snapshot(ignore + STALE), "2026-01-10")
    assert [f.split for f in report.findings] == ["data/b.csv"]
    assert [(i.finding.split, i.entry.reason, i.entry.until) for i in report.ignored] == [
        ("data/a.csv", "frozen", "2026-01-10")
    ]
    late = judge(a_snapshot(ignore + STALE), "2026-01-11")
    assert [f.code for f in late.findings] == ["LM105", "LM105", "LM128"]
    by_name = ignore.replace("LM105", "outdated-guideline")
    assert len(judge(a_snapshot(by_name + STALE), "2026-01-10").ignored) == 1
    other = ignore.replace("LM105", "LM106")
    assert judge(a_snapshot(other + STALE), "2026-01-10").ignored == ()


def test_what_could_not_be_judged_cannot_be_ignored() -> None:
    text = """
    ignore: [{rule: LM100, path: "**", reason: no}]
    faults: {data/a.csv.labelmeta.yaml: broken}
    """
    report = judge(a_snapshot(text), TODAY)
    assert report.ignored == ()
    assert report.exit_code() == 2


def test_a_failed_prerequisite_skips_and_is_reported() -> None:
    text = """
    guidelines: {g: {version: "2.0.0"}}
    links: {data/a.csv: {version: "1.0.0", present: false, bump: major}}
    """
    report = judge(a_snapshot(text), TODAY)
    assert [f.code for f in report.findings] == ["LM102"]
    assert ("LM105", "data/a.csv", "LM102") in {
        (s.code, s.subject, s.because) for s in report.skipped
    }


def test_exit_codes_follow_severity_and_judgement() -> None:
    warning = a_snapshot('guidelines: {g: {version: "1.0.0", dirty: true}}')
    report = judge(warning, TODAY)
    assert [report.exit_code(level) for level in SEVERITIES] == [1, 1, 0]
    assert judge(a_snapshot(), TODAY).exit_code("note") == 0
    assert report.count("warning") == 1


def test_only_new_keeps_what_the_base_did_not_have() -> None:
    base = judge(a_snapshot(STALE.replace("b.csv", "c.csv")), TODAY)
    report = only_new(judge(a_snapshot(STALE), TODAY), base)
    assert [f.split for f in report.findings] == ["data/b.csv"]


def test_only_splits_keeps_those_asked_for() -> None:
    report = only_splits(judge(a_snapshot(STALE), TODAY), ["data/a.csv"])
    assert [f.split for f in report.findings] == ["data/a.csv"]
    assert report.splits == 1


def test_scopes_choose_rules() -> None:
    text = 'guidelines: {g: {version: "1.0.0", dirty: true}}'
    assert judge(a_snapshot(text), TODAY, scopes=(SPLIT,)).findings == ()


def test_same_snapshot_same_report() -> None:
    assert judge(a_snapshot(STALE), TODAY) == judge(a_snapshot(STALE), TODAY)


def test_a_rule_that_does_not_exist_is_refused_where_labelmeta_yaml_names_it() -> None:
    ignore = 'ignore: [{rule: %s, path: "data/*", reason: known}]'
    for known in ("LM105", "outdated-guideline"):
        assert [f.code for f in found(ignore % known)] == ["LM129"]
    with pytest.raises(LabelMetaError, match="`ignore:` names the rule 'LM999', which does not"):
        found(ignore % "LM999")
    adoption = 'adoption: [{rule: "%s", day: "2027-01-01"}]'
    for known in ("LM105", "outdated-guideline", "LM2*", "lm30*"):
        assert found(adoption % known) == ()
    for unknown in ("LM999", "LM9*", "*", "LM1x*"):
        with pytest.raises(LabelMetaError, match="`adoption:` names the rule"):
            found(adoption % unknown)
