"""The one table of every field in every file we own, written as JSON Schema (draft 2020-12).

From it come the files in `schemas/` (for editors), the quick shape check of `model/shape.py`,
the messages for files that do not fit, and the documentation. A new field is a new line here.
"""

from __future__ import annotations

from dvc_labelmeta.model.annotation import LEVELS
from dvc_labelmeta.model.config import ENGINES, GATES, PROFILES
from dvc_labelmeta.model.guideline import MEANINGS, STATUSES
from dvc_labelmeta.model.lineage_fields import LINEAGE
from dvc_labelmeta.model.migration_fields import MIGRATION
from dvc_labelmeta.model.schema import (
    DATE,
    DAYS,
    END,
    HASH,
    ID,
    PATH,
    SEMVER,
    SOME,
    Schema,
    choice,
    count,
    flag,
    free,
    listed,
    mapped,
    number,
    record,
    share,
    text,
    texts,
)
from dvc_labelmeta.model.sidecar import MODES
from dvc_labelmeta.model.values import SHAPES

MODALITIES = [
    "text",
    "image",
    "audio",
    "video",
    "tabular",
    "document",
    "point-cloud",
    "time-series",
    "multimodal",
]
TASKS = list(SHAPES)


def _schema(name: str) -> Schema:
    return {"const": f"labelmeta/{name}/v1", "description": "format and version of this file"}


CONFIG = record(
    "labelmeta.yaml: what a project links to what, and how strictly it is judged",
    {"version": {"const": 1, "description": "version of this file's format"}},
    {
        "profile": choice("how strictly: link < review < audit", PROFILES),
        "gate": choice(
            "the gate stages: always = one a split, runs on every repro; single = one for all "
            "splits; cached = one a split, runs only when a file it reads changed; none = no gates",
            GATES,
        ),
        "engine": record(
            "what judges annotation records",
            {"name": choice("duckdb: this process; dask: workers, a file each", ENGINES)},
            {
                "address": text(
                    "Dask's scheduler; default: two processes of this machine",
                    SOME,
                    "tcp://scheduler:8786",
                )
            },
        ),
        "guidelines": mapped(
            "the guidelines, by id",
            ID,
            record(
                "where a guideline lives",
                {"path": text("file or folder, from this file", PATH, "guidelines/sentiment")},
                {
                    "repo": text("a repository of `repos:`, where it is not this one", ID),
                    "mode": choice("of layers whose sidecar names none; default: backward", MODES),
                    "owners": texts("who answers for it"),
                    "approvers": texts("who may approve its versions"),
                },
            ),
        ),
        "repos": mapped(
            "other repositories that hold guidelines, by name",
            ID,
            record("a Git repository", {"url": text("any Git URL or path")}, {}),
        ),
        "splits": texts("shell patterns for data that must be linked: `data/*.csv`"),
        "approvers": texts("who may approve versions of guidelines that name no approvers"),
        "ledger": flag("commands write events to labelmeta/ledger/; default: true"),
        "require_signed": flag("commits that change a guideline must carry a signature"),
        "ignore": listed(
            "findings the team decided to live with",
            record(
                "one decision",
                {
                    "rule": text("code or name of the rule", SOME, "LM105"),
                    "path": text("shell pattern for the split or file", SOME, "data/old.csv"),
                    "reason": text("why; shown in every report"),
                },
                {
                    "until": text("last day it holds, ISO date, quoted", DATE, "2027-03-01"),
                    "approved_by": text(
                        "who decided it: a name or a role; profile audit asks for it",
                        SOME,
                        "data-owner",
                    ),
                },
            ),
        ),
        "adoption": listed(
            "rules that find no more than warnings before a day",
            record(
                "one rule, or several, to be adopted",
                {
                    "rule": text("code or name of the rule, or the beginning: LM3*", SOME, "LM3*"),
                    "from": text("first day it is as strict as ever, quoted", DATE, "2027-03-01"),
                },
                {
                    "path": text("shell pattern for the split or file; default: all", SOME),
                    "guideline": text("only for what is linked to it, by id", ID),
                },
            ),
        ),
        "legacy": listed(
            "old guideline versions whose records are accepted for a while",
            record(
                "one decision",
                {
                    "guideline": text("its id", ID),
                    "versions": texts("versions, quoted; `<2.0.0`: all before that one"),
                    "until": text("last day they are accepted, quoted", DATE, "2027-03-01"),
                    "reason": text("why"),
                },
                {},
            ),
        ),
    },
)

SUMMARY = record(
    "what `labelmeta annotations stats --write` counted: renewed by it, never by hand",
    {
        "hash": choice("algorithm", ["md5"]),
        "value": text(
            "hash of the records that were counted, quoted", r"^[0-9a-f]{32}(\.dir)?" + END
        ),
        "records": count("records"),
        "items": count("items that they label"),
        "annotators": count("annotators who made records; aggregates are none"),
        "votes": count("labels that count: the latest of an annotator on an item"),
    },
    {
        "confidence_unknown": share("share of the votes of which nobody said how sure"),
        "confidence_mean": share("mean of the confidences there are"),
        "dispute": share("share of the items with two labels or more that are in dispute"),
        "level": choice("scale of the labels", ["nominal", "ordinal", "interval"]),
        "alpha": number("Krippendorff's alpha"),
        "alpha_low": number("lower end of its 95 % interval"),
        "alpha_high": number("upper end of its 95 % interval"),
        "alpha_refused": text("why there is no alpha"),
        "guideline_versions": listed(
            "the versions that the records were made under",
            record(
                "one version; none for records that name none",
                {"records": count("records"), "share": share("share of all records")},
                {
                    "version": text("the version, quoted", SOME, "1.2.0"),
                    "in_force": count(
                        "records that are not superseded, drafts, skipped or discarded"
                    ),
                },
            ),
        ),
    },
)

SIDECAR = record(
    "<split>.labelmeta.yaml: all that is known about a split",
    {
        "schema": _schema("sidecar"),
        "data": record(
            "the data that was linked, as DVC or Git recorded it",
            {
                "path": text("the data, from this file", PATH),
                "hash": choice("algorithm", ["md5", "md5-dos2unix", "git"]),
                "value": text("hash, quoted", r"^[0-9a-f]{32,64}(\.dir)?" + END),
            },
            {
                "pin": choice("exact: this hash; stage: what the stage makes", ["exact", "stage"]),
                "stage": text("the stage that makes it", SOME, "dvc.yaml:prepare"),
                "size": count("bytes"),
            },
        ),
        "layers": mapped(
            "the labellings of this split, by name",
            ID,
            record(
                "one labelling under one guideline",
                {
                    "guideline": record(
                        "the exact guideline state the labels were made under",
                        {
                            "id": text("id in labelmeta.yaml", ID),
                            "version": text("its version, quoted", SOME, "1.2.0"),
                            "commit": text("full commit, quoted", HASH),
                            "object": text("Git's hash of its content, quoted", HASH),
                        },
                        {},
                    )
                },
                {
                    "mode": choice(
                        "how the labels relate to later versions; default: the guideline's mode "
                        "in labelmeta.yaml, else backward",
                        MODES,
                    ),
                    "annotations": record(
                        "the records of who labelled what",
                        {"path": text("file or folder, from this file", PATH)},
                        {
                            "format": choice(
                                "how the records are stored", ["jsonl", "csv", "parquet"]
                            ),
                            "level": choice("what `check` holds each record to", LEVELS),
                            "item_column": text(
                                "column of the data that names its items; default: item, or id"
                            ),
                            "hash": choice("algorithm", ["md5", "git"]),
                            "value": text("hash, quoted"),
                            "count": count("records"),
                            "salt": text("check value of the salt of its pseudonyms, quoted"),
                            "summary": SUMMARY,
                        },
                    ),
                },
            ),
        ),
    },
    {
        "dataset": text("the data set this split is part of", SOME, "convarg"),
        "split": text("its name there", SOME, "train"),
        "owners": texts("who answers for it"),
        "lineage": LINEAGE,
    },
)

_LABEL_TEXTS = {
    "name": "what annotators see; may change freely",
    "definition": "what the label means; a change of it is a new version",
    "rationale": "why the label is defined so",
    "replaced_by": "id of the label to choose instead, where this one is no longer used",
}
_LABEL_LISTS = {
    "aliases": "other names under which annotators may know it",
    "use_when": "when to choose it",
    "avoid_when": "when not to choose it, though it looks right",
    "examples": "items that get this label",
    "counter_examples": "items that look as if they did, and do not",
    "carves_from": "ids of the labels whose items this one took over when it was added",
}

_APPROVALS = listed(
    "who approved this version",
    record(
        "one approval",
        {"name": text("pseudonym or team")},
        {
            "role": text("in which role they approved it"),
            "at": text("date, quoted", DATE),
            "change": text("what was approved: its digest, as `release` writes it, or words"),
        },
    ),
)

GUIDELINE = record(
    "guideline.yaml: the structured part of a guideline",
    {
        "schema": _schema("guideline"),
        "id": text("id, as in labelmeta.yaml", ID),
        "version": text("semantic version, quoted", SEMVER, "1.2.0"),
        "status": choice("may labels be made under it?", STATUSES),
    },
    {
        "title": text("one line"),
        "modality": choice("what is labelled", MODALITIES),
        "task": choice("what kind of label", TASKS),
        "scale": record(
            "the rating scale, where that is the task",
            {},
            {"min": number("lowest rating"), "max": number("highest rating")},
        ),
        "owners": texts("who answers for it"),
        "approved_by": _APPROVALS,
        "effective_from": text("date, quoted", DATE),
        "review_every": text("how long before it has to be looked at again", DAYS, "180d"),
        "change_note": text("what changed against the version before, for annotators"),
        "changes": listed(
            "what the author says of reworded clauses; only new entries speak of a new version",
            record(
                "one declaration",
                {
                    "clause": text("id of a label, rule or case; decision_tree; a prose file"),
                    "meaning": choice("what became of its meaning", MEANINGS),
                },
                {"note": text("why")},
            ),
        ),
        "labels": listed(
            "what may be chosen",
            record(
                "one label",
                {"id": text("stable, never reused")},
                {name: text(meaning) for name, meaning in _LABEL_TEXTS.items()}
                | {name: texts(meaning) for name, meaning in _LABEL_LISTS.items()}
                | {"status": choice("may it be chosen?", STATUSES)},
            ),
        ),
        "rules": listed(
            "how to decide",
            record(
                "one rule",
                {
                    "id": text("stable, never reused; annotations cite it"),
                    "text": text("the rule as annotators read it"),
                },
                {"rationale": text("why the rule is there")},
            ),
        ),
        "edge_cases": listed(
            "decided cases",
            record(
                "one case",
                {
                    "id": text("stable, never reused; annotations cite it"),
                    "case": text("the case that was unclear"),
                    "decision": text("how it was decided"),
                },
                {
                    "label": text("id of the label it gets"),
                    "rationale": text("why it was decided so"),
                },
            ),
        ),
        "escalation": listed(
            "when to ask whom",
            record(
                "one way",
                {
                    "id": text("stable, never reused"),
                    "when": text("in which situation to ask"),
                    "to": text("whom to ask: a pseudonym, role or channel"),
                },
                {},
            ),
        ),
        "decision_tree": free("nodes with questions, leaves that name labels"),
        "confidence": free("scale: unit, or an ordinal scale with its map to 0..1"),
        "required_fields": texts("fields every annotation must carry"),
        "optional_fields": texts("fields an annotation may carry"),
    },
)

RELEASES = record(
    "<guideline>.releases.yaml: what was published, so that a link resolves without history",
    {
        "schema": _schema("releases"),
        "releases": mapped(
            "by version",
            SOME,
            record(
                "one release",
                {"object": text("Git's hash of the content", HASH)},
                {
                    "commit": text("full commit", HASH),
                    "approvals": _APPROVALS,
                    "change_note": text("what changed against the version before"),
                    "effective_from": text("date, quoted", DATE),
                },
            ),
        ),
    },
    {},
)

_FIELD = r"^[a-z_]+" + END
_TIME_KEYS = {
    "format": text("as strptime has it, or epoch, or epoch_ms", SOME, "%d/%m/%Y %H:%M"),
    "zone": text("zone of times that name none", SOME, "Europe/Berlin"),
}

MAPPING = record(
    "a mapping file: how the columns of an export become the fields of annotation records",
    {
        "schema": _schema("mapping"),
        "columns": mapped(
            "field of the record: the column it comes from (nested keys with dots)",
            _FIELD,
            text("a column of the export", SOME, "worker_id"),
        ),
    },
    {
        "id": texts("columns whose values together name a record; default: a hash of the row"),
        "item": texts("columns whose values together name an item"),
        "constants": mapped("field: a value for all records", _FIELD, {"description": "any value"}),
        "values": mapped(
            "field: what its raw values become; the raw value stays in `extra`",
            _FIELD,
            free("raw value: value of the field"),
        ),
        "times": mapped(
            "field: how its times are written; default: ISO 8601 with a zone",
            _FIELD,
            record("one way to write times", {}, _TIME_KEYS),
        ),
        "duration": record(
            "two columns with times; what lies between is the duration",
            {"from": text("column of the start"), "to": text("column of the end")},
            _TIME_KEYS,
        ),
        "guideline_version": record(
            "how the guideline version of a record is known: one of these",
            {},
            {
                "column": text("the column that holds it: recorded"),
                "constant": text("the same for all, quoted: declared", SOME, "1.2.0"),
                "date": text("field with a time: the version in force then: inferred"),
                "guideline": text("id of the guideline, where it is not the linked one", ID),
            },
        ),
        "extra": texts("the only columns to keep beside the fields; default: all of the rest"),
        "drop": texts("columns to leave out"),
        "keep": texts("columns to keep although their name looks like personal data"),
        "pseudonyms": texts("more columns that hold ids of people, kept as pseudonyms"),
        "missing": listed("texts that mean: no value", {"type": "string"}),
        "delimiter": text("what separates the columns of a CSV file", r"^[^\r\n\"]" + END, ";"),
    },
)

# what each gate reads; all of them: `model/schemas.py`
SCHEMAS = {
    "config": CONFIG,
    "sidecar": SIDECAR,
    "guideline": GUIDELINE,
    "releases": RELEASES,
    "mapping": MAPPING,
    "migration": MIGRATION,
}
