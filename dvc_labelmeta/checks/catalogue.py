"""All rules in one tuple, and how a snapshot is judged by them. A code is never reused."""

from __future__ import annotations

import re
from collections.abc import Iterable

from dvc_labelmeta.checks import context, guidelines, links, pipeline, records, splits
from dvc_labelmeta.checks.rule import PIPELINE, PROJECT, SPLIT, Hit, Rule
from dvc_labelmeta.errors import BadConfig, LabelMetaError
from dvc_labelmeta.model.config import Ignore, glob_matcher
from dvc_labelmeta.model.finding import SEVERITIES, Finding, Ignored, Report, Skip
from dvc_labelmeta.model.sidecar import SUFFIX
from dvc_labelmeta.model.snapshot import Snapshot

_STRICT = (("review", "error"), ("audit", "error"))
_AUDIT = (("audit", "warning"),)
_READ = ("LM100",)
_DATA = (*_READ, "LM112", "LM111", "LM115")
_LINK = (*_READ, "LM112", "LM125", "LM126", "LM104", "LM117", "LM102")
_RECORDS = ("LM300",)
_VERSIONS = (*_RECORDS, "LM310", "LM320")

RULES: tuple[Rule, ...] = (
    Rule("LM100", "error", SPLIT, splits.unreadable_file, unjudged=True),
    Rule("LM101", "error", PROJECT, splits.unlinked_split, _READ),
    Rule("LM112", "error", SPLIT, splits.contested_split, _READ),
    Rule("LM111", "error", SPLIT, splits.orphaned_sidecar, _READ),
    Rule("LM115", "error", SPLIT, splits.sidecar_in_data, _READ),
    Rule("LM114", "error", SPLIT, splits.untracked_sidecar, _READ),
    Rule("LM116", "error", SPLIT, splits.merged_data, _DATA),
    Rule("LM113", "error", SPLIT, splits.changed_frozen_split, (*_DATA, "LM116")),
    Rule("LM106", "error", SPLIT, splits.changed_data, (*_DATA, "LM116")),
    Rule("LM125", "error", SPLIT, links.unknown_guideline, _READ),
    Rule("LM126", "error", SPLIT, links.unavailable_guideline, _READ, unjudged=True),
    Rule("LM118", "error", PROJECT, guidelines.missing_guideline),
    Rule("LM104", "error", SPLIT, links.mismatched_link, _LINK[:4]),
    Rule("LM117", "error", SPLIT, links.shallow_history, _LINK[:4], unjudged=True),
    Rule("LM102", "error", SPLIT, links.missing_guideline_commit, _LINK[:6]),
    Rule("LM103", "note", SPLIT, links.relocated_guideline_commit, _LINK, raised=_AUDIT),
    Rule("LM109", "warning", SPLIT, links.unmerged_guideline_commit, _LINK, raised=_STRICT),
    Rule("LM124", "warning", SPLIT, guidelines.reused_guideline_version, _LINK, raised=_STRICT),
    Rule("LM105", "error", SPLIT, guidelines.outdated_guideline, (*_LINK, "LM109")),
    Rule("LM107", "error", SPLIT, guidelines.incompatible_splits, (*_LINK, "LM105")),
    Rule("LM108", "warning", PROJECT, guidelines.uncommitted_guideline),
    Rule("LM110", "warning", SPLIT, guidelines.inactive_guideline, _LINK),
    Rule("LM119", "error", PIPELINE, pipeline.missing_gate, _DATA),
    Rule("LM127", "error", PIPELINE, pipeline.stale_gate, _DATA),
    Rule("LM120", "warning", PIPELINE, pipeline.ungated_stage, _READ, raised=_STRICT),
    Rule("LM121", "error", PIPELINE, pipeline.disarmed_gate, _READ),
    Rule("LM122", "error", PIPELINE, pipeline.ungated_run),
    Rule("LM123", "note", PIPELINE, pipeline.outstanding_run, raised=_AUDIT),
    Rule("LM300", "error", SPLIT, records.unread_records, since="0.2.0", unjudged=True),
    Rule("LM301", "error", SPLIT, records.malformed_record, _RECORDS, "0.2.0"),
    Rule("LM302", "error", SPLIT, records.repeated_key, _RECORDS, "0.2.0"),
    Rule("LM303", "error", SPLIT, records.missing_field, _RECORDS, "0.2.0"),
    Rule("LM304", "error", SPLIT, records.wrong_type, _RECORDS, "0.2.0"),
    Rule("LM305", "error", SPLIT, records.unzoned_time, _RECORDS, "0.2.0"),
    Rule("LM306", "error", SPLIT, records.impossible_time, _RECORDS, "0.2.0"),
    Rule("LM307", "error", SPLIT, records.out_of_range, _RECORDS, "0.2.0"),
    Rule("LM308", "error", SPLIT, records.unknown_choice, _RECORDS, "0.2.0"),
    Rule("LM310", "error", SPLIT, records.unknown_guideline_version, _RECORDS, "0.2.0"),
    Rule("LM309", "error", SPLIT, records.unknown_label, _RECORDS, "0.2.0"),
    Rule("LM311", "error", SPLIT, records.duplicate_record_id, _RECORDS, "0.2.0"),
    Rule("LM312", "error", SPLIT, records.missing_superseded_record, _RECORDS, "0.2.0"),
    Rule("LM313", "error", SPLIT, records.later_superseded_record, _RECORDS, "0.2.0"),
    Rule("LM314", "warning", SPLIT, records.repeated_label, _RECORDS, "0.2.0"),
    Rule("LM315", "error", SPLIT, context.wrong_value, _RECORDS, "0.2.0"),
    Rule("LM316", "error", SPLIT, context.unknown_item, _RECORDS, "0.2.0"),
    Rule("LM317", "error", SPLIT, context.early_time, _RECORDS, "0.2.0"),
    Rule("LM318", "warning", SPLIT, context.future_time, _RECORDS, "0.2.0"),
    Rule("LM319", "warning", SPLIT, context.odd_duration, _RECORDS, "0.2.0"),
    Rule("LM320", "error", SPLIT, context.incompatible_records, (*_RECORDS, "LM310"), "0.2.0"),
    Rule("LM321", "note", SPLIT, context.mixed_versions, _VERSIONS, "0.2.0", _AUDIT),
    Rule("LM322", "error", SPLIT, context.miscounted_records, _RECORDS, "0.2.0"),
)  # fmt: skip

BY_CODE = {rule.code: rule for rule in RULES}
RETIRED: dict[str, str] = {}


def find_rule(selector: str) -> Rule:
    """Return the rule with this code or name; raises LabelMetaError for any other text."""
    for rule in RULES:
        if selector.upper() == rule.code or selector.lower() == rule.name:
            return rule
    raise LabelMetaError(f"there is no rule {selector!r}; `labelmeta explain` lists all of them")


def judge(snapshot: Snapshot, today: str, *, scopes: Iterable[str] = ()) -> Report:
    """Ask every rule (or those of `scopes`) and return the report.

    today: ISO date, for ignores that end. A rule whose prerequisite failed on a subject is
    skipped there. Pipeline rules speak only of splits that have no error otherwise: a failed
    check removes the gate, and one fault is enough to read about.
    """
    _refuse_unknown(snapshot.config.ignore)
    asked = frozenset(scopes)
    findings: list[Finding] = []
    skipped: list[Skip] = []
    failed: dict[str, set[tuple[str, str]]] = {}
    errors: set[str] = set()
    for rule in RULES:
        if asked and rule.scope not in asked:
            continue
        hits = failed.setdefault(rule.code, set())
        for hit in rule.judge(snapshot):
            because = hit.untold or _blocked(rule, hit, failed, errors)
            if because is not None:
                skipped.append(Skip(rule.code, hit.subject[0], because))
                continue
            hits.add(hit.subject)
            finding = _finding(rule, hit, snapshot)
            findings.append(finding)
            if finding.severity == "error":
                errors.add(hit.subject[0])
    kept, ignored = _apply_ignores(findings, snapshot.config.ignore, today)
    order = sorted(kept, key=lambda f: (f.place.path, -SEVERITIES.index(f.severity), f.code))
    return Report(tuple(order), tuple(skipped), tuple(ignored), len(snapshot.sidecars))


def _refuse_unknown(ignores: tuple[Ignore, ...]) -> None:
    """Raise BadConfig for an ignore that can never apply."""
    known = {*BY_CODE, *RETIRED, *(rule.name.upper() for rule in RULES)}
    for ignore in ignores:
        if ignore.rule.upper() not in known:
            raise BadConfig(
                f"labelmeta.yaml: `ignore:` names the rule {ignore.rule!r}, which does not exist; "
                "`labelmeta explain` lists all of them"
            )


def _blocked(
    rule: Rule, hit: Hit, failed: dict[str, set[tuple[str, str]]], errors: set[str]
) -> str | None:
    split, layer = hit.subject
    for code in rule.requires:
        subjects = failed.get(code, set())
        if (split, layer) in subjects or (split, "") in subjects:
            return code
    if rule.code in ("LM119", "LM127") and split in errors:
        return "an error of this split"
    return None


def _finding(rule: Rule, hit: Hit, snapshot: Snapshot) -> Finding:
    severity = rule.severity_in(snapshot.config.profile)
    if hit.severity is not None:
        raised = dict(rule.raised).get(snapshot.config.profile)
        severity = max(hit.severity, raised or "note", key=SEVERITIES.index)
    is_split = hit.subject[0] in snapshot.records or rule.scope == SPLIT
    return Finding(
        rule.code,
        rule.name,
        severity,
        hit.place,
        hit.message,
        hit.subject[0] if is_split else "",
        hit.fix,
        hit.details,
        rule.unjudged,
        hit.subject[0] if rule.scope == PROJECT and hit.subject[0] in snapshot.guidelines else "",
    )


def _apply_ignores(
    findings: list[Finding], ignores: tuple[Ignore, ...], today: str
) -> tuple[list[Finding], list[Ignored]]:
    """Take out what the configuration ignores; what could not be judged cannot be ignored."""
    active = [
        (ignore, glob_matcher((ignore.path,)))
        for ignore in ignores
        if ignore.until is None or today <= ignore.until
    ]
    kept: list[Finding] = []
    ignored: list[Ignored] = []
    for finding in findings:
        match = next((i for i, paths in active if _covers(i, paths, finding)), None)
        if match is None or finding.unjudged:
            kept.append(finding)
        else:
            ignored.append(Ignored(finding, match.reason, match.until))
    return kept, ignored


def _covers(ignore: Ignore, paths: re.Pattern[str], finding: Finding) -> bool:
    if ignore.rule.upper() != finding.code and ignore.rule.lower() != finding.name:
        return False
    candidates = (finding.split, finding.place.path, finding.place.path.removesuffix(SUFFIX))
    return any(paths.match(path) for path in candidates if path)


def only_splits(report: Report, wanted: Iterable[str]) -> Report:
    """Return the part of a report that concerns the given splits.

    A file that could not be read, other than another split's sidecar, may concern any of them.
    """
    names = set(wanted)
    findings = tuple(
        f
        for f in report.findings
        if f.split in names or (f.unjudged and not f.place.path.endswith(SUFFIX))
    )
    skipped = tuple(s for s in report.skipped if s.subject in names)
    ignored = tuple(i for i in report.ignored if i.finding.split in names)
    return Report(findings, skipped, ignored, len(names))


def only_new(report: Report, base: Report) -> Report:
    """Return the part of a report that `base` does not have: what a change brought in."""
    old = {finding.key for finding in base.findings}
    findings = tuple(f for f in report.findings if f.key not in old or f.unjudged)
    return Report(findings, report.skipped, report.ignored, report.splits)
