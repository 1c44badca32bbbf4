"""Reports for programs: JSON, SARIF 2.1.0, JUnit XML, GitHub and GitLab annotations."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterable, Iterator
from typing import Any
from xml.etree import ElementTree as ET

from dvc_labelmeta.checks.rule import Rule
from dvc_labelmeta.model.finding import Finding, Report
from dvc_labelmeta.report.text import ignored_text, summary

SARIF_SCHEMA = (
    "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
)
_GITLAB = {"note": "info", "warning": "minor", "error": "major"}
_COUNTED = {
    "tests": "testcase",
    "failures": "testcase/failure",
    "errors": "testcase/error",
    "skipped": "testcase/skipped",
}
_GITHUB = {"note": "notice", "warning": "warning", "error": "error"}


def as_json(report: Report, rules: Iterable[Rule], prefix: str, version: str) -> str:
    """Return the report as `labelmeta/report/v1` (schemas/report.json)."""
    del rules
    value = {
        "schema": "labelmeta/report/v1",
        "version": version,
        "splits": report.splits,
        "ledger": {"heads": list(report.heads), "count": report.events},
        "findings": [
            _finding(finding, prefix) | {"fingerprint": mark}
            for finding, mark in _fingerprints(report.findings, prefix)
        ],
        "skipped": [
            {"code": s.code, "subject": s.subject, "because": s.because} for s in report.skipped
        ],
        "ignored": [
            _finding(i.finding, prefix)
            | {
                "reason": i.entry.reason,
                "until": i.entry.until,
                "approved_by": i.entry.approved_by,
            }
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


def _body(finding: Finding) -> str:
    fix = [f"fix: {finding.fix}"] if finding.fix else []
    return "\n".join([finding.message, *finding.details, *fix])


def fingerprint(finding: Finding, prefix: str) -> str:
    """Return a hash that stays the same while lines move: servers track findings by it."""
    parts = (finding.code, prefix + finding.place.path, finding.split, *finding.place.pointer)
    return hashlib.sha256("\0".join(map(str, parts)).encode(errors="replace")).hexdigest()


def _fingerprints(findings: Iterable[Finding], prefix: str) -> Iterator[tuple[Finding, str]]:
    """Yield each finding with a fingerprint no other has: servers show only one of several."""
    seen: dict[str, int] = {}
    for finding in findings:
        mark = fingerprint(finding, prefix)
        seen[mark] = seen.get(mark, 0) + 1
        if seen[mark] > 1:
            mark = hashlib.sha256(f"{mark}{seen[mark]}".encode()).hexdigest()
        yield finding, mark


def sarif(report: Report, rules: Iterable[Rule], prefix: str, version: str) -> str:
    """Return the report as SARIF 2.1.0 (OASIS); rule help comes from the rules' own text.

    What the configuration ignores is a notification about it, no result with `suppressions`: GitHub
    does not know these and would open an alert (codeql-action, issue 1230). The id keeps the
    projects of a monorepo apart.
    """
    known = list(rules)
    index = {rule.code: number for number, rule in enumerate(known)}
    driver = {
        "name": "labelmeta",
        "semanticVersion": version,
        "rules": [_sarif_rule(rule) for rule in known],
    }
    run = {
        "tool": {"driver": driver},
        "automationDetails": {"id": f"labelmeta/{_uri(prefix)}"},
        "columnKind": "unicodeCodePoints",
        "properties": {"ledger": {"heads": list(report.heads), "count": report.events}},
        "invocations": [
            {
                "executionSuccessful": not any(f.unjudged for f in report.findings),
                "toolConfigurationNotifications": [
                    {
                        "level": "note",
                        "message": {"text": ignored_text(ignored)},
                        "associatedRule": {"id": ignored.finding.code},
                        "locations": [_sarif_location(ignored.finding, prefix)],
                    }
                    for ignored in report.ignored
                ],
            }
        ],
        "results": [
            _sarif_result(finding, mark, index, prefix)
            for finding, mark in _fingerprints(report.findings, prefix)
        ],
    }
    value = {"$schema": SARIF_SCHEMA, "version": "2.1.0", "runs": [run]}
    return json.dumps(value, indent=2, ensure_ascii=False) + "\n"


def _sarif_rule(rule: Rule) -> dict[str, Any]:
    return {
        "id": rule.code,
        "name": rule.name,
        "shortDescription": {"text": rule.title},
        "fullDescription": {"text": rule.text.split("\nBad:", 1)[0].strip()},
        "help": {
            "text": rule.text,
            "markdown": f"```text\n{rule.text}\n```\n\n`labelmeta explain {rule.code}`",
        },
        "defaultConfiguration": {"level": rule.severity},
    }


def _sarif_result(
    finding: Finding, mark: str, index: dict[str, int], prefix: str
) -> dict[str, Any]:
    return {
        "ruleId": finding.code,
        "ruleIndex": index[finding.code],
        "level": finding.severity,
        "message": {"text": _body(finding)},
        "locations": [_sarif_location(finding, prefix)],
        # not primaryLocationLineHash: GitHub's upload action makes that one from the file
        "partialFingerprints": {"labelmeta/v1": mark},
    }


def _sarif_location(finding: Finding, prefix: str) -> dict[str, Any]:
    region = {
        "startLine": max(finding.place.line, 1),
        "startColumn": max(finding.place.column, 1),
    }
    physical = {
        "artifactLocation": {"uri": _uri(prefix + finding.place.path)},
        "region": region,
    }
    return {"physicalLocation": physical}


def _uri(path: str) -> str:
    """Return a path as a relative URI reference (RFC 3986), as SARIF wants it."""
    from urllib.parse import quote  # noqa: PLC0415  # 6 ms that only SARIF needs

    return quote(path.encode(errors="surrogateescape"))


def junit(report: Report, rules: Iterable[Rule], prefix: str, version: str) -> str:
    """Return the report as JUnit XML: a test case for each finding, one for each clean rule.

    An error finding is a failure, what could not be judged an error, what is ignored is skipped;
    notes and warnings pass with their text as output.
    """
    del version
    found: dict[str, list[tuple[Finding, str | None]]] = {}
    for finding in report.findings:
        found.setdefault(finding.code, []).append((finding, None))
    for ignored in report.ignored:
        found.setdefault(ignored.finding.code, []).append((ignored.finding, ignored.entry.reason))
    suite = ET.Element("testsuite", name="labelmeta")
    names: dict[str, int] = {}
    for rule in rules:
        if rule.code not in found:
            ET.SubElement(suite, "testcase", classname="labelmeta", name=f"{rule.code} {rule.name}")
        for finding, reason in found.get(rule.code, ()):
            case = _junit_case(suite, finding, prefix, reason)
            name = case.get("name", "")
            names[name] = names.get(name, 0) + 1
            if names[name] > 1:  # servers tell test cases apart by their names
                case.set("name", f"{name} ({names[name]})")
    for key, tag in _COUNTED.items():
        suite.set(key, str(len(suite.findall(tag))))
    suites = ET.Element("testsuites")
    suites.append(suite)
    ET.indent(suites)
    head = '<?xml version="1.0" encoding="utf-8"?>\n'
    return head + ET.tostring(suites, encoding="unicode") + "\n"


def _junit_case(suite: ET.Element, finding: Finding, prefix: str, reason: str | None) -> ET.Element:
    path = _clean(prefix + finding.place.path)
    name = f"{finding.code} {finding.name}: {path}"
    case = ET.SubElement(suite, "testcase", classname="labelmeta", name=name, file=path)
    if reason is not None:
        ET.SubElement(case, "skipped", message=_clean(f"ignored: {reason}"))
        return case
    text = f"{path}:{max(finding.place.line, 1)}: {finding.severity}: {_clean(_body(finding))}"
    if finding.severity != "error" and not finding.unjudged:
        ET.SubElement(case, "system-out").text = text
        return case
    tag = "error" if finding.unjudged else "failure"
    ET.SubElement(case, tag, type=finding.name, message=_clean(finding.message)).text = text
    return case


def _clean(text: str) -> str:
    """Replace what XML 1.0 cannot hold."""
    return "".join(
        c
        if c in "\t\n\r" or " " <= c <= "\ud7ff" or "\ue000" <= c <= "\ufffd" or c > "\uffff"
        else "\ufffd"
        for c in text
    )


def github(report: Report, rules: Iterable[Rule], prefix: str, version: str) -> str:
    """Return GitHub's workflow commands, which put findings on the lines of a pull request.

    The last line is the summary, for the log: GitHub runs only lines that begin with `::`.
    """
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
        lines.append(f"::{_GITHUB[finding.severity]} {shown}::{_escaped(_body(finding))}\n")
    return "".join(lines) + summary(report) + "\n"


def _escaped(text: str, more: str = "") -> str:
    """Escape as actions/toolkit does: %, line ends and, in properties, `:` and `,`."""
    for char in "%\r\n" + more:
        text = text.replace(char, f"%{ord(char):02X}")
    return text


def gitlab(report: Report, rules: Iterable[Rule], prefix: str, version: str) -> str:
    """Return a GitLab Code Quality report (the Code Climate subset that GitLab reads)."""
    del rules, version
    issues = [
        {
            "description": " ".join(f"{finding.code} {_body(finding)}".split()),
            "check_name": f"{finding.code} {finding.name}",
            "fingerprint": mark,
            "severity": _GITLAB[finding.severity],
            "location": {
                "path": prefix + finding.place.path,
                "lines": {"begin": max(finding.place.line, 1)},
            },
        }
        for finding, mark in _fingerprints(report.findings, prefix)
    ]
    return json.dumps(issues, indent=2, ensure_ascii=False) + "\n"


Writer = Callable[[Report, Iterable[Rule], str, str], str]
WRITERS: dict[str, Writer] = {
    "json": as_json,
    "sarif": sarif,
    "junit": junit,
    "github": github,
    "gitlab": gitlab,
}
