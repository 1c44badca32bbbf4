"""The kinds of findings that only an audit has, in one tuple. A code is never reused."""

from __future__ import annotations

from typing import NamedTuple


class Kind(NamedTuple):
    """One kind of audit finding that only history, or the project as a whole, shows."""

    code: str
    name: str
    severity: str
    title: str
    fix: str


KINDS: tuple[Kind, ...] = (
    Kind(
        "AU101",
        "version-drift",
        "warning",
        "splits of one data set are labelled under different versions of a guideline",
        "labelmeta migrate, or link what is behind anew",
    ),
    Kind(
        "AU102",
        "dataset-drift",
        "note",
        "data sets are labelled under different versions of a guideline",
        "decide whether they may be used together; labelmeta diff says what differs",
    ),
    Kind(
        "AU103",
        "team-drift",
        "note",
        "owners work under different versions of a guideline",
        "agree on a version; labelmeta status says who is behind",
    ),
    Kind(
        "AU104",
        "batch-drift",
        "note",
        "batches of records of one split differ in fields, tools or guideline version",
        "labelmeta migrate SPLIT, or fill in what is missing",
    ),
    Kind(
        "AU105",
        "format-drift",
        "warning",
        "splits of one layer keep their records in different forms",
        "labelmeta annotations import them in one form, or declare one level",
    ),
    Kind(
        "AU106",
        "field-drift",
        "warning",
        "records of one layer have different fields or tools",
        "fill in the missing fields, or say in the sidecar what they are held to",
    ),
    Kind(
        "AU201",
        "no-records",
        "warning",
        "nobody can say who labelled a split: it has no records",
        "labelmeta annotations import SPLIT FILE",
    ),
    Kind(
        "AU202",
        "unattributed-records",
        "warning",
        "records are not held to name annotator and time",
        "set annotations.level: L1 in the sidecar, and mend what `check` finds then",
    ),
    Kind(
        "AU203",
        "unversioned-records",
        "note",
        "records are not held to name their guideline version",
        "set annotations.level: L2 in the sidecar, and mend what `check` finds then",
    ),
    Kind(
        "AU204",
        "no-origin",
        "warning",
        "a sidecar does not say where its data come from, under which licence",
        "add `lineage: {source: …, licence: …}` to the sidecar",
    ),
    Kind(
        "AU205",
        "unlinked-data",
        "note",
        "data in DVC have no sidecar",
        "labelmeta link DATA --guideline ID, if they are labelled",
    ),
    Kind(
        "AU206",
        "unknown-transformation",
        "warning",
        "data changed, and neither a stage nor an event says how",
        "labelmeta ledger record says what was done; better make them in a stage",
    ),
    Kind(
        "AU301",
        "orphan-records",
        "warning",
        "no sidecar names a file of records",
        "name it in the sidecar of its split, or remove it",
    ),
    Kind(
        "AU401",
        "unrecorded-change",
        "error",
        "a split is not what its last event says",
        "labelmeta log SPLIT says who; labelmeta ledger record, or labelmeta rollback",
    ),
    Kind(
        "AU402",
        "split-without-events",
        "warning",
        "the ledger has no event of a split",
        "labelmeta ledger record",
    ),
    Kind(
        "AU403",
        "no-ledger",
        "warning",
        "the project keeps no ledger",
        "labelmeta ledger record; see `ledger:` in labelmeta.yaml",
    ),
    Kind(
        "AU404",
        "removed-event",
        "error",
        "a commit took events out of the ledger",
        "restore labelmeta/ledger/ from the commit before it",
    ),
    Kind(
        "AU405",
        "unverified-ledger",
        "error",
        "the ledger cannot be verified",
        "labelmeta ledger verify says what is broken",
    ),
    Kind(
        "AU501",
        "rewritten-frozen-split",
        "error",
        "a frozen split is not what it was when it was frozen",
        "labelmeta rollback SPLIT --to COMMIT --with-data; or report no result across the change",
    ),
    Kind(
        "AU601",
        "unapproved-use",
        "warning",
        "a guideline version is in use that nobody approved",
        "labelmeta guideline release ID --approved-by NAME",
    ),
    Kind(
        "AU602",
        "unapproved-waiver",
        "error",
        "nobody approved an exception of labelmeta.yaml",
        "name who did: approved_by, in `ignore:`",
    ),
    Kind(
        "AU901",
        "unread-commit",
        "note",
        "a commit could not be judged",
        "see the reason; nothing is said about what was true there",
    ),
)
