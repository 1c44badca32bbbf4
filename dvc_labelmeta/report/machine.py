"""Reports for programs: JSON, SARIF 2.1.0, JUnit XML, GitHub and GitLab annotations."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterable
from typing import Any
from xml.etree import ElementTree as ET

from dvc_labelmeta.checks.rule import Rule
from dvc_labelmeta.model.finding import Finding, Report

SARIF_SCHEMA = (
    "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
)
_GITLAB = {"note": "info", "warning": "minor", "error": "major"}
_GITHUB = {"note": "notice", "warning": "warning", "error": "error"}


def as_json(report: Report, rules: Iterable[Rule], prefix: str, version: str) -> str:
    """Return the report as `labelmeta/report/v1` (schemas/report.json)."""
    del rules
    value = {
        "schema": "labelmeta/report/v1",
        "version": version,
        "splits": report.splits,
        "findings": [_finding(finding, prefix) for finding in report.findings],
        "skipped": [
            {"code": s.code, "subject": s.subject, "because": s.because} for s in report.skipped
        ],
        "ignored": [
            _finding(i.finding, prefix) | {"reason": i.reason, "until": i.until}
            for i in report.ignored
        ],
    }
    return json.dumps(value, indent=2, ensure_ascii=False) + "\n"


def _finding(finding: Finding, prefix: str) -> dict[str, Any]:
    return {
        "code": finding.code,
        "name": finding.name,
        "severity": finding.severity,
        "path": prefix + finding.place.path,
        "line": max(finding.place.line, 1),
        "column": max(finding.place.column, 1),
        "split": finding.split,
        "message": finding.message,
        "details": list(finding.details),
        "fix": finding.fix,
        "unjudged": finding.unjudged,
        "fingerprint": fingerprint(finding, prefix),
    }


def fingerprint(finding: Finding, prefix: str) -> str:
    """Return a hash that stays the same while lines move: servers track findings by it."""
    parts = (finding.code, prefix + finding.place.path, finding.split, *finding.place.pointer)
    return hashlib.sha256("\0".join(map(str, parts)).encode(errors="replace")).hexdigest()


def sarif(report: Report, rules: Iterable[Rule], prefix: str, version: str) -> str:
    """Return the report as SARIF 2.1.0 (OASIS); rule help comes from the rules' own text."""
    known = list(rules)
    index = {rule.code: number for number, rule in enumerate(known)}
    driver = {
        "name": "labelmeta",
        "semanticVersion": version,
        "informationUri": "https://pypi.org/project/dvc-labelmeta/",
        "rules": [
            {
                "id": rule.code,
                "name": rule.name,
                "shortDescription": {"text": rule.title},
                "fullDescription": {"text": rule.text},
                "help": {"text": rule.section("Fix")},
                "defaultConfiguration": {"level": rule.severity},
            }
            for rule in known
        ],
    }
    results = [
        _sarif_result(finding, index, prefix)
        for finding in (*report.findings, *(i.finding for i in report.ignored))
    ]
    for result, ignored in zip(results[len(report.findings) :], report.ignored, strict=True):
        result["suppressions"] = [{"kind": "external", "justification": ignored.reason}]
    run = {
        "tool": {"driver": driver},
        "columnKind": "unicodeCodePoints",
        "invocations": [{"executionSuccessful": not any(f.unjudged for f in report.findings)}],
        "results": results,
    }
    value = {"$schema": SARIF_SCHEMA, "version": "2.1.0", "runs": [run]}
    return json.dumps(value, indent=2, ensure_ascii=False) + "\n"


def _sarif_result(finding: Finding, index: dict[str, int], prefix: str) -> dict[str, Any]:
    text = "\n".join([finding.message, *finding.details, f"fix: {finding.fix}"])
    region = {
        "startLine": max(finding.place.line, 1),
        "startColumn": max(finding.place.column, 1),
    }
    return {
        "ruleId": finding.code,
        "ruleIndex": index[finding.code],
        "level": finding.severity,
        "message": {"text": text},
        "locations": [
            {
                "physicalLocation": {
                    "artifactLocation": {"uri": _uri(prefix + finding.place.path)},
                    "region": region,
                }
            }
        ],
        "partialFingerprints": {"labelmeta/v1": fingerprint(finding, prefix)},
    }


def _uri(path: str) -> str:
    """Return a path as a relative URI reference (RFC 3986), as SARIF wants it."""
    from urllib.parse import quote  # noqa: PLC0415  # 6 ms that only SARIF needs

    return quote(path.encode(errors="surrogateescape"))


def junit(report: Report, rules: Iterable[Rule], prefix: str, version: str) -> str:
    """Return the report as JUnit XML: a test case for each rule, and one for each finding."""
    del version
    found: dict[str, list[Finding]] = {}
    for finding in report.findings:
        found.setdefault(finding.code, []).append(finding)
    suite = ET.Element("testsuite", name="labelmeta")
    failures = 0
    for rule in rules:
        name = f"{rule.code} {rule.name}"
        for finding in found.get(rule.code) or [None]:
            case = ET.SubElement(suite, "testcase", classname="labelmeta", name=name)
            if finding is None:
                continue
            case.set("name", f"{name}: {_clean(finding.place.path)}")
            body = "\n".join([finding.message, *finding.details, f"fix: {finding.fix}"])
            place = f"{prefix}{finding.place.path}:{max(finding.place.line, 1)}"
            if finding.severity == "error":
                failures += 1
                failure = ET.SubElement(case, "failure", type=rule.name)
                failure.set("message", _clean(finding.message))
                failure.text = _clean(f"{place}: {body}")
            else:
                out = ET.SubElement(case, "system-out")
                out.text = _clean(f"{place}: {finding.severity}: {body}")
    suite.set("tests", str(len(suite)))
    suite.set("failures", str(failures))
    suite.set("errors", "0")
    suites = ET.Element("testsuites")
    suites.append(suite)
    ET.indent(suites)
    head = '<?xml version="1.0" encoding="utf-8"?>\n'
    return head + ET.tostring(suites, encoding="unicode") + "\n"


def _clean(text: str) -> str:
    """Replace what XML 1.0 cannot hold."""
    return "".join(
        c
        if c in "\t\n\r" or " " <= c <= "\ud7ff" or "\ue000" <= c <= "\ufffd" or c > "\uffff"
        else "\ufffd"
        for c in text
    )


def github(report: Report, rules: Iterable[Rule], prefix: str, version: str) -> str:
    """Return GitHub's workflow commands, which put findings on the lines of a pull request."""
    del rules, version
    lines = []
    for finding in report.findings:
        place = finding.place
        properties = {
            "file": prefix + place.path,
            "line": str(max(place.line, 1)),
            "col": str(max(place.column, 1)),
            "title": f"{finding.code} {finding.name}",
        }
        shown = ",".join(f"{key}={_escaped(value, ':,')}" for key, value in properties.items())
        body = "\n".join([finding.message, *finding.details, f"fix: {finding.fix}"])
        lines.append(f"::{_GITHUB[finding.severity]} {shown}::{_escaped(body)}\n")
    return "".join(lines)


def _escaped(text: str, more: str = "") -> str:
    """Escape as actions/toolkit does: %, line ends and, in properties, `:` and `,`."""
    for char in "%\r\n" + more:
        text = text.replace(char, f"%{ord(char):02X}")
    return text


def gitlab(report: Report, rules: Iterable[Rule], prefix: str, version: str) -> str:
    """Return a GitLab Code Quality report (the Code Climate subset that GitLab reads)."""
    del rules, version
    issues = []
    seen: dict[str, int] = {}
    for finding in report.findings:
        mark = fingerprint(finding, prefix)
        seen[mark] = seen.get(mark, 0) + 1
        if seen[mark] > 1:
            mark = hashlib.sha256(f"{mark}{seen[mark]}".encode()).hexdigest()
        issues.append(
            {
                "description": f"{finding.code} {finding.message} (fix: {finding.fix})",
                "check_name": f"{finding.code} {finding.name}",
                "fingerprint": mark,
                "severity": _GITLAB[finding.severity],
                "location": {
                    "path": prefix + finding.place.path,
                    "lines": {"begin": max(finding.place.line, 1)},
                },
            }
        )
    return json.dumps(issues, indent=2, ensure_ascii=False) + "\n"


Writer = Callable[[Report, Iterable[Rule], str, str], str]
WRITERS: dict[str, Writer] = {
    "json": as_json,
    "sarif": sarif,
    "junit": junit,
    "github": github,
    "gitlab": gitlab,
}
