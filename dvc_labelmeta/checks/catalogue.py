"""All rules in one tuple, and how a snapshot is judged by them. A code is never reused."""

from __future__ import annotations

import re
from collections.abc import Iterable

from dvc_labelmeta.checks import (
    annotators,
    context,
    contradictions,
    governance,
    ignores,
    legacy,
    provenance,
    publication,
    records,
    versions,
)
from dvc_labelmeta.checks.alignment import ALIGNMENT
from dvc_labelmeta.checks.audit_kinds import KINDS
from dvc_labelmeta.checks.ignores import in_force
from dvc_labelmeta.checks.judging import ask, ask_one, report
from dvc_labelmeta.checks.rule import IGNORES, PROJECT, SPLIT, Rule
from dvc_labelmeta.errors import BadConfig, LabelMetaError
from dvc_labelmeta.model.config import Config
from dvc_labelmeta.model.facts import RecordFacts
from dvc_labelmeta.model.finding import Ignored, Report, Skip
from dvc_labelmeta.model.sidecar import SUFFIX
from dvc_labelmeta.model.snapshot import Snapshot

_AUDIT = (("audit", "warning"),)
_AUDIT_ERROR = (("audit", "error"),)
_STRICTER = (("review", "warning"), ("audit", "error"))
_FAMILY = re.compile(r"LM[1-7][0-9]?\*\Z")  # the beginning of codes, in `adoption:`
_RECORDS = ("LM300",)
_VERSIONS = (*_RECORDS, "LM310", "LM320")

RULES: tuple[Rule, ...] = (
    *ALIGNMENT,
    Rule("LM206", "error", PROJECT, contradictions.repeated_label_id),
    Rule("LM207", "error", PROJECT, contradictions.repeated_clause_id),
    Rule("LM208", "warning", PROJECT, contradictions.overlapping_names),
    Rule("LM209", "error", PROJECT, contradictions.unknown_reference),
    Rule("LM210", "error", PROJECT, contradictions.retired_decision),
    Rule("LM211", "warning", PROJECT, contradictions.unreachable_question),
    Rule("LM212", "error", PROJECT, contradictions.circular_tree),
    Rule("LM213", "warning", PROJECT, contradictions.conflicting_labels),
    Rule("LM201", "error", PROJECT, publication.insufficient_bump),
    Rule("LM202", "error", PROJECT, publication.republished_version),
    Rule("LM203", "warning", PROJECT, publication.needless_version),
    Rule("LM204", "error", PROJECT, publication.unexplained_major),
    Rule("LM205", "error", PROJECT, publication.missing_migration),
    Rule("LM214", "warning", PROJECT, publication.overdue_review, raised=_AUDIT_ERROR),
    Rule("LM401", "error", PROJECT, provenance.broken_ledger),
    Rule("LM402", "note", SPLIT, provenance.unrecorded_split, raised=_AUDIT),
    Rule("LM403", "note", SPLIT, provenance.untold_link, raised=_STRICTER),
    Rule("LM404", "note", SPLIT, provenance.untold_records, raised=_STRICTER),
    Rule("LM405", "note", SPLIT, provenance.parted_history, raised=_AUDIT),
    Rule("LM501", "warning", PROJECT, governance.unapproved_version, raised=_AUDIT_ERROR),
    Rule("LM502", "error", PROJECT, governance.unknown_approver),
    Rule("LM503", "warning", PROJECT, governance.self_approved_version, raised=_AUDIT_ERROR),
    Rule("LM504", "error", PROJECT, governance.outdated_approval),
    Rule("LM505", "warning", PROJECT, governance.unowned_guideline),
    Rule("LM506", "warning", PROJECT, governance.unowned_split),
    Rule("LM507", "error", PROJECT, governance.unsigned_version),
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
    Rule("LM320", "error", SPLIT, versions.incompatible_records, (*_RECORDS, "LM310"), "0.2.0"),
    Rule("LM321", "note", SPLIT, versions.mixed_versions, _VERSIONS, "0.2.0", _AUDIT),
    Rule("LM322", "error", SPLIT, context.miscounted_records, _RECORDS, "0.2.0"),
    Rule("LM323", "note", PROJECT, legacy.ending_legacy, since="0.2.0", raised=_AUDIT),
    Rule("LM420", "note", SPLIT, annotators.unregistered_annotator, _RECORDS, raised=_AUDIT),
    Rule("LM421", "warning", SPLIT, annotators.inactive_annotator, _RECORDS, raised=_AUDIT_ERROR),
    Rule("LM422", "error", SPLIT, annotators.withdrawn_consent, _RECORDS),
    Rule("LM423", "warning", SPLIT, annotators.unnamed_software, _RECORDS),
    Rule("LM424", "warning", SPLIT, annotators.contradicted_annotator, _RECORDS),
    Rule("LM128", "warning", IGNORES, ignores.ended_ignore, raised=_AUDIT_ERROR),
    Rule("LM129", "note", IGNORES, ignores.idle_ignore, raised=_AUDIT),
    Rule("LM130", "error", IGNORES, ignores.unapproved_ignore),
)  # fmt: skip

BY_CODE = {rule.code: rule for rule in RULES}
RETIRED: dict[str, str] = {}
OF_AUDIT = {name.upper() for kind in KINDS for name in (kind.code, kind.name)}


def find_rule(selector: str) -> Rule:
    """Return the rule with this code or name; raises LabelMetaError for any other text."""
    for rule in RULES:
        if selector.upper() == rule.code or selector.lower() == rule.name:
            return rule
    raise LabelMetaError(f"there is no rule {selector!r}; `labelmeta explain` lists all of them")


def judge(snapshot: Snapshot, today: str, *, scopes: Iterable[str] = ()) -> Report:
    """Ask every rule (or those of `scopes`) and return the report.

    today: ISO date, for what `ignore`, `adoption` and `legacy` say of days. A rule whose
    prerequisite failed on a subject is skipped there. Pipeline rules speak only of splits that
    have no error otherwise: a failed check removes the gate, and one fault is enough to read about.
    """
    _refuse_unknown(snapshot.config)
    asked = frozenset(scopes)
    wanted = [rule for rule in RULES if not asked or rule.scope in asked]
    snapshot = snapshot._replace(today=today)
    found = ask((rule for rule in wanted if rule.scope != IGNORES), snapshot)
    snapshot = snapshot._replace(idle=_idle(snapshot, found.skipped, found.ignored))
    for rule in wanted:
        if rule.scope == IGNORES:
            ask_one(rule, snapshot, found)
    return report(found, snapshot)


def _idle(
    snapshot: Snapshot, skipped: Iterable[Skip], ignored: Iterable[Ignored]
) -> frozenset[int]:
    """Return the entries of `ignore:` in force that took nothing back, though they were asked."""
    unread = any(
        layer.annotations
        and not isinstance(snapshot.annotations.get((one.split, layer.name)), RecordFacts)
        for one in snapshot.sidecars
        for layer in one.layers
    )
    unasked = {skip.code for skip in skipped}
    unasked |= {rule.code for rule in RULES if unread and rule.code.startswith(("LM3", "LM42"))}
    used = {one.entry for one in ignored}
    return frozenset(
        number
        for number, entry in enumerate(snapshot.config.ignore)
        if entry not in used
        and in_force(entry, snapshot.today)
        and entry.rule.upper() not in OF_AUDIT  # which are not asked here
        and (entry.rule.upper() in RETIRED or find_rule(entry.rule).code not in unasked)
    )


def _refuse_unknown(config: Config) -> None:
    """Raise BadConfig for an entry that can never apply."""
    known = {*BY_CODE, *RETIRED, *(rule.name.upper() for rule in RULES), *OF_AUDIT}
    asked = [("ignore", entry.rule) for entry in config.ignore]
    asked += [("adoption", e.rule) for e in config.adoption if not _FAMILY.match(e.rule.upper())]
    for key, rule in asked:
        if rule.upper() not in known:
            raise BadConfig(
                f"labelmeta.yaml: `{key}:` names the rule {rule!r}, which does not exist; "
                "`labelmeta explain` lists all of them"
            )


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
    return report._replace(findings=findings, skipped=skipped, ignored=ignored, splits=len(names))


def only_new(report: Report, base: Report) -> Report:
    """Return the part of a report that `base` does not have: what a change brought in."""
    old = {finding.key for finding in base.findings}
    findings = tuple(f for f in report.findings if f.key not in old or f.unjudged)
    return report._replace(findings=findings)
