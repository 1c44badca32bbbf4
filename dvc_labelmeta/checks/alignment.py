"""The rules about splits, links and pipelines, LM1xx: all that a gate asks.

They stand apart from the catalogue, since every gate of every `dvc repro` imports them.
"""

from __future__ import annotations

from dvc_labelmeta.checks import guidelines, links, outdated, pipeline, splits
from dvc_labelmeta.checks.judging import ask, report
from dvc_labelmeta.checks.rule import PIPELINE, PROJECT, SPLIT, Rule
from dvc_labelmeta.model.finding import Report
from dvc_labelmeta.model.snapshot import Snapshot

_STRICT = (("review", "error"), ("audit", "error"))
_AUDIT = (("audit", "warning"),)
_READ = ("LM100",)
_DATA = (*_READ, "LM112", "LM111", "LM115")
_LINK = (*_READ, "LM112", "LM125", "LM126", "LM104", "LM117", "LM102")

ALIGNMENT: tuple[Rule, ...] = (
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
    Rule("LM105", "error", SPLIT, outdated.outdated_guideline, (*_LINK, "LM109")),
    Rule("LM107", "error", SPLIT, guidelines.incompatible_splits, (*_LINK, "LM105")),
    Rule("LM108", "warning", PROJECT, guidelines.uncommitted_guideline),
    Rule("LM110", "warning", SPLIT, guidelines.inactive_guideline, _LINK),
    Rule("LM119", "error", PIPELINE, pipeline.missing_gate, _DATA),
    Rule("LM127", "error", PIPELINE, pipeline.stale_gate, _DATA),
    Rule("LM120", "warning", PIPELINE, pipeline.ungated_stage, _READ, raised=_STRICT),
    Rule("LM121", "error", PIPELINE, pipeline.disarmed_gate, _READ),
    Rule("LM122", "error", PIPELINE, pipeline.ungated_run),
    Rule("LM123", "note", PIPELINE, pipeline.outstanding_run, raised=_AUDIT),
)  # fmt: skip


def aligned(snapshot: Snapshot, today: str) -> Report:
    """Ask the rules that hold a gate back, of a project without exceptions to any rule.

    today: ISO date. The same as `catalogue.judge` says of a snapshot that holds no facts about
    records and guidelines, where the configuration has neither `ignore`, `adoption` nor `legacy`.
    """
    snapshot = snapshot._replace(today=today)
    rules = (rule for rule in ALIGNMENT if rule.scope != PIPELINE)
    return report(ask(rules, snapshot), snapshot)
