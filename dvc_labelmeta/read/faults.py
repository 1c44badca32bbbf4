"""The conditions on one record as SQL: what makes a line or row an offending one."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from dvc_labelmeta.model.annotation import BY_NAME, FIELDS, NUMBER, TEXT, TIME, mandatory
from dvc_labelmeta.model.facts import Expected
from dvc_labelmeta.read.answers import foreign_value, wrong_value
from dvc_labelmeta.read.cells import Dialect, quoted

UNLABELLED = ("draft", "skipped", "discarded")


class Check(NamedTuple):
    """One condition; `quick`: the same for the pass over all records, "" where another covers it.

    A condition that is NULL does not hold.
    """

    kind: str
    field: str
    condition: str
    quick: str


def checks(dialect: Dialect, expected: Expected) -> list[Check]:
    """Return every condition on single records, for the fields that the dialect has."""
    return [
        _check("malformed", "", "NOT blank AND malformed"),
        _check("repeated_key", "", "repeated"),
        *_missing(dialect, expected.level),
        *_types(dialect),
        *_ranges(dialect),
        *_choices(dialect),
        *_context(dialect, expected),
        *_moments(dialect, expected),
    ]


def _check(kind: str, field: str, condition: str) -> Check:
    return Check(kind, field, condition, condition)


def absent(dialect: Dialect, name: str) -> str:
    """Return the condition that a field is absent, null or an empty text."""
    if name not in dialect.fields:
        return "true"
    empty = dialect.is_text(name) if BY_NAME[name].type == TEXT else "false"
    if empty == "false":
        return f"{name} IS NULL"
    return f"({name} IS NULL OR {name} = {dialect.literal('')})"


def _missing(dialect: Dialect, level: str) -> Iterator[Check]:
    is_record = "NOT blank AND NOT malformed AND"
    for name in mandatory(level):
        if name != "label":
            yield _check("missing", name, f"{is_record} {absent(dialect, name)}")
    unlabelled = ""
    if "status" in dialect.fields:
        states = ", ".join(dialect.literal(state) for state in UNLABELLED)
        unlabelled = f" AND coalesce(status NOT IN ({states}), true)"
    empty = f"{absent(dialect, 'label')} AND {absent(dialect, 'value')}{unlabelled}"
    yield _check("missing", "label", f"{is_record} {empty}")


def _types(dialect: Dialect) -> Iterator[Check]:
    for field in FIELDS:
        if field.name not in dialect.fields:
            continue
        wrong = dialect.wrong(field.name, field.type)
        if wrong:
            yield _check("wrong_type", field.name, wrong)
        if field.type == TIME:
            yield from _times(dialect, field.name)


def _times(dialect: Dialect, name: str) -> Iterator[Check]:
    exists, there = f"{dialect.time(name)} IS NOT NULL", dialect.is_time(name)
    unzoned = f"{dialect.unzoned(name)} AND {exists}"
    good = f"{dialect.zoned(name)} AND {exists}"
    yield Check("unzoned_time", name, f"{there} AND {unzoned}", f"{there} AND NOT ({good})")
    yield Check("impossible_time", name, f"{there} AND NOT ({good}) AND NOT ({unzoned})", "")


def _ranges(dialect: Dialect) -> Iterator[Check]:
    for field in FIELDS:
        if field.type != NUMBER or not field.unit or field.name not in dialect.fields:
            continue
        number = f"TRY_CAST({field.name} AS DOUBLE)"
        inside = f"{number} >= 0 AND {number} {'<= 1' if field.unit == '0..1' else '< inf'}"
        inside = inside.replace("inf", "'inf'::DOUBLE")
        outside = f"{dialect.is_number(field.name)} AND NOT coalesce({inside}, false)"
        yield _check("out_of_range", field.name, outside)


def _choices(dialect: Dialect) -> Iterator[Check]:
    for field in FIELDS:
        if field.choices and field.name in dialect.fields:
            known = ", ".join(dialect.literal(choice) for choice in field.choices)
            there = dialect.is_text(field.name)
            yield _check("unknown_choice", field.name, f"{there} AND {field.name} NOT IN ({known})")


def _context(dialect: Dialect, expected: Expected) -> Iterator[Check]:
    """Return the conditions that look at what surrounds a record: guideline, history, split."""
    of_ours = ours(dialect, expected)
    version = dialect.literal(expected.linked)
    if "guideline_version" in dialect.fields:
        version = f"coalesce(guideline_version, {version})"
        yield from _versions(dialect, expected, of_ours)
    yield from _labels(dialect, expected, of_ours, version)
    yield from _values(dialect, expected, of_ours, version)


def item_hash(dialect: Dialect, expected: Expected) -> str:
    """Return SQL for the hash of an item, as `hashes_in` has it; NULL where none is asked for.

    Whether the split has it is asked of the hashes: a join would not keep the order of the lines.
    """
    if expected.items is None or "item" not in dialect.fields:
        return "NULL::UBIGINT"
    return f"CASE WHEN NOT {absent(dialect, 'item')} THEN hash({dialect.text('item')}) END"


def ours(dialect: Dialect, expected: Expected) -> str:
    """Return the condition that a record is of the guideline and layer that are judged."""
    condition = "true"
    for name, wanted in (("guideline_id", expected.guideline), ("layer", expected.layer)):
        if wanted and name in dialect.fields:
            condition += f" AND coalesce({name} = {dialect.literal(wanted)}, true)"
    return condition


def _versions(dialect: Dialect, expected: Expected, of_ours: str) -> Iterator[Check]:
    if expected.vocabularies is not None and not expected.cut:
        known = ", ".join(dialect.literal(name) for name in (*expected.vocabularies, ""))
        there = dialect.is_text("guideline_version")
        unknown = f"{of_ours} AND {there} AND guideline_version NOT IN ({known})"
        yield _check("unknown_version", "guideline_version", unknown)


def _labels(dialect: Dialect, expected: Expected, of_ours: str, version: str) -> Iterator[Check]:
    if "label" in dialect.fields:
        cases = _cases(
            dialect,
            version,
            {
                name: dialect.foreign("label", sorted(words))
                for name, words in (expected.vocabularies or {}).items()
                if words is not None
            },
        )
        if cases:
            yield _check("unknown_label", "label", f"{of_ours} AND label IS NOT NULL AND {cases}")


def _values(dialect: Dialect, expected: Expected, of_ours: str, version: str) -> Iterator[Check]:
    """Return the conditions on `value`: the shape of its task, and the labels in it."""
    if "value" not in dialect.fields:
        return
    tasks = expected.tasks or {}
    wrong = {name: wrong_value(dialect, task) for name, task in tasks.items()}
    foreign = {
        name: foreign_value(dialect, tasks[name], sorted(words))
        for name, words in (expected.vocabularies or {}).items()
        if words is not None and name in tasks
    }
    for kind, by_version in (("wrong_value", wrong), ("unknown_label", foreign)):
        cases = _cases(dialect, version, {name: sql for name, sql in by_version.items() if sql})
        if cases:
            yield _check(kind, "value", f"{of_ours} AND value IS NOT NULL AND {cases}")


def _cases(dialect: Dialect, version: str, by_version: dict[str, str]) -> str:
    """Return the condition that holds for the version of a record, "" where there is none.

    Versions that ask for the same share one: a condition on a value is long.
    """
    versions: dict[str, list[str]] = {}
    for name, sql in by_version.items():
        versions.setdefault(sql, []).append(dialect.literal(name))
    cases = " ".join(
        f"WHEN {version} IN ({', '.join(names)}) THEN {sql}" for sql, names in versions.items()
    )
    return f"CASE {cases} ELSE false END" if cases else ""


def _moments(dialect: Dialect, expected: Expected) -> Iterator[Check]:
    """Return the conditions on the time of labelling, where it is one with a zone."""
    name = "annotated_at"
    if name not in dialect.fields or dialect.is_time(name) == "false":
        return
    moment, zoned = dialect.time(name), dialect.zoned(name)
    if expected.since and "guideline_version" in dialect.fields:
        cases = " ".join(
            f"WHEN {dialect.literal(version)} THEN {_moment(since)}"
            for version, since in expected.since.items()
        )
        early = f"{moment} < (CASE guideline_version {cases} END) AND {zoned}"
        newest = _moment(max(expected.since.values()))
        # most records are later than the newest version: those cost one comparison
        early = f"CASE WHEN {moment} < {newest} THEN {early} ELSE false END"
        if "migrated_from" in dialect.fields:  # labelled before, and carried over by declared rules
            early = f"migrated_from IS NULL AND {early}"
        yield _check("early_time", name, f"{ours(dialect, expected)} AND {early}")
    if expected.until:
        late = f"CASE WHEN {moment} > {_moment(expected.until)} THEN {zoned} ELSE false END"
        yield _check("future_time", name, late)


def _moment(text: str) -> str:
    return f"TIMESTAMPTZ {quoted(text)}"
