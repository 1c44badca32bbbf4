"""The mapping file: how the columns of any export become the fields of annotation records."""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import Any, NamedTuple

from dvc_labelmeta.errors import LabelMetaError, Refused, UnreadableFile
from dvc_labelmeta.model.annotation import BY_NAME, TIME
from dvc_labelmeta.read.exports import Row, kind_of, rows
from dvc_labelmeta.read.files import decode, misfits, parse, places
from dvc_labelmeta.read.losses import DROPPED, LEFT_OUT, LOST, NOTED, UNMAPPED, Draft, Tally
from dvc_labelmeta.read.recording import PEOPLE, fitted, joined
from dvc_labelmeta.read.times import TimeFormat, rfc3339, seconds_between

_VERSION_WAYS = ("column", "constant", "date")


class Mapping(NamedTuple):
    """A mapping file as read; the schema `mapping` in model/fields.py says what each part means."""

    path: str
    columns: dict[str, str]
    id: tuple[str, ...]
    item: tuple[str, ...]
    constants: dict[str, Any]
    values: dict[str, dict[str, Any]]
    times: dict[str, TimeFormat]
    duration: tuple[str, str, TimeFormat] | None
    version: dict[str, str]
    extra: tuple[str, ...] | None
    drop: tuple[str, ...]
    keep: tuple[str, ...]
    pseudonyms: tuple[str, ...]
    missing: frozenset[str]
    delimiter: str | None

    @property
    def used(self) -> frozenset[str]:
        """The columns that become fields."""
        names = {*self.columns.values(), *self.item}
        names |= {self.version["column"]} if "column" in self.version else set()
        return frozenset(names | set(self.duration[:2] if self.duration else ()))

    @property
    def named(self) -> frozenset[str]:
        """Every column that the file names."""
        return self.used | {*self.id, *(self.extra or ()), *self.drop, *self.keep, *self.pseudonyms}


def read_mapping(path: str) -> Mapping:
    """Read a mapping file; raises LabelMetaError with the place of what is wrong in it."""
    try:
        with open(path, "rb") as file:
            text = decode(file.read())
        value = parse(text)
    except OSError as error:
        raise UnreadableFile(f"{path}: {error.strerror}") from None
    except UnreadableFile as error:
        raise UnreadableFile(f"{path}:{error.line}:{error.column}: {error}") from None
    wrong = misfits("mapping", value) or _misfits(value)
    if wrong:
        spots = places(text, [pointer for pointer, _ in wrong])
        told = [
            f"{path}:{line}:{column}: {message}"
            for (line, column), (_, message) in zip(spots, wrong, strict=True)
        ]
        raise LabelMetaError("\n".join(told))
    return _mapping(path, value)


def _misfits(value: dict[str, Any]) -> list[tuple[tuple[str | int, ...], str]]:
    """Say what a file that fits the schema still gets wrong: (where, what)."""
    wrong: list[tuple[tuple[str | int, ...], str]] = [
        ((part, name), f"{part}.{name}: records have no field {name!r}")
        for part in ("columns", "constants", "values", "times")
        for name in value.get(part, {})
        if name not in BY_NAME
    ]
    wrong += [
        (("times", name), f"times.{name}: {name} is no time")
        for name in value.get("times", {})
        if name in BY_NAME and BY_NAME[name].type != TIME
    ]
    for name, constant in value.get("constants", {}).items():
        if name in BY_NAME:
            try:
                fitted(BY_NAME[name], constant)
            except ValueError as error:
                wrong.append((("constants", name), f"constants.{name} {error}"))
    way = value.get("guideline_version", {})
    if way and sum(name in way for name in _VERSION_WAYS) != 1:
        wrong.append(
            (("guideline_version",), "guideline_version: give one of column, constant, date")
        )
    if BY_NAME.get(way.get("date", "annotated_at"), BY_NAME["id"]).type != TIME:
        wrong.append((("guideline_version", "date"), "guideline_version.date names no time field"))
    if "item" not in value["columns"] and not value.get("item"):
        wrong.append((("columns",), "columns: lacks item (or give `item:`, a list of columns)"))
    return wrong


def _mapping(path: str, value: dict[str, Any]) -> Mapping:
    columns = dict(value["columns"])
    id_ = columns.pop("id", None)
    duration = value.get("duration")
    extra = value.get("extra")
    return Mapping(
        path=path,
        columns=columns,
        id=tuple(value.get("id") or ([id_] if id_ else ())),
        item=tuple(value.get("item", ())),
        constants=value.get("constants", {}),
        values=value.get("values", {}),
        times={name: _time(one) for name, one in value.get("times", {}).items()},
        duration=(duration["from"], duration["to"], _time(duration)) if duration else None,
        version=value.get("guideline_version", {}),
        extra=None if extra is None else tuple(extra),
        drop=tuple(value.get("drop", ())),
        keep=tuple(value.get("keep", ())),
        pseudonyms=tuple(value.get("pseudonyms", ())),
        missing=frozenset(value.get("missing", ())),
        delimiter=value.get("delimiter"),
    )


def _time(value: dict[str, str]) -> TimeFormat:
    return TimeFormat(value.get("format"), value.get("zone"))


def drafts(path: str, mapping: Mapping, tally: Tally) -> Iterator[Draft]:
    """Yield a draft for each row of an export; rows that cannot be read are counted.

    Raises Refused where a column that the mapping names is in no row.
    """
    unmet, same_keys = set(mapping.named), kind_of(path) != "jsonl"
    source = mapping.constants.get("source") or f"table:{os.path.basename(path)}"
    reader = _Reader(mapping, tally, source)
    for row in rows(path, mapping.delimiter):
        tally.read += 1
        if row.fault:
            tally.add(LEFT_OUT, row.fault, row.place)
            continue
        if unmet:
            unmet -= row.values.keys()
            if same_keys:
                _refuse_unmet(mapping, path, unmet)
        yield reader.draft(row)
    if tally.read > tally.count(LEFT_OUT):
        # JSON lines leave out keys without a value: in no row at all it is a typing error
        _refuse_unmet(mapping, path, unmet)


def _refuse_unmet(mapping: Mapping, path: str, unmet: set[str]) -> None:
    """Refuse a mapping that names columns which the export has not."""
    if unmet:
        names = ", ".join(map(repr, sorted(unmet)))
        raise Refused(f"{mapping.path}: {path} has no column {names}")


class _Reader:
    """Turns rows into drafts, one after the other."""

    def __init__(self, mapping: Mapping, tally: Tally, source: str) -> None:
        self.mapping = mapping
        self.tally = tally
        self.constants: dict[str, Any] = dict(mapping.constants) | {"source": source}
        single = mapping.id if len(mapping.id) == 1 else ()
        # a column among `pseudonyms` stays in extra too: that says that it names a person
        self.used = (mapping.used | {*single}) - {*mapping.pseudonyms}
        self.place = 0
        self.row: dict[str, Any] = {}
        self.raw: dict[str, Any] = {}

    def _absent(self, value: Any) -> bool:
        return (
            value is None
            or value == ""
            or (isinstance(value, str) and value in self.mapping.missing)
        )

    def draft(self, row: Row) -> Draft:
        """Return a row as a draft of a record."""
        mapping = self.mapping
        self.place, self.raw = row.place, {}
        self.row = {key: item for key, item in row.values.items() if not self._absent(item)}
        fields = dict(self.constants)
        for name, column in mapping.columns.items():
            if column in self.row and (value := self._field(name, column)) is not None:
                fields[name] = value
        if mapping.item:
            parts = [str(self.row[column]) for column in mapping.item if column in self.row]
            if len(parts) == len(mapping.item):
                fields["item"] = joined(parts) if len(parts) > 1 else parts[0]
        if mapping.duration:
            self._duration(*mapping.duration, fields)
        self._version(fields)
        extra = {key: item for key, item in self.row.items() if self._is_extra(key)}
        return Draft(self.place, fields, extra | self.raw, self._id())

    def _id(self) -> tuple[str, ...]:
        if not self.mapping.id:
            return ()
        found = tuple(str(self.row[name]) for name in self.mapping.id if name in self.row)
        return found if len(found) == len(self.mapping.id) else ("",)

    def _is_extra(self, key: str) -> bool:
        if key in self.used:
            return False
        if self.mapping.extra is None or key in self.mapping.extra:
            return True
        self.tally.add(DROPPED, f"{key}: not listed in `extra:`", self.place)
        return False

    def _field(self, name: str, column: str) -> Any:
        value = self.row[column]
        if name in self.mapping.values:
            known = self.mapping.values[name]
            key = value if isinstance(value, str) else str(value).lower()
            self._keep(name, column)
            if key not in known:
                self.tally.add(UNMAPPED, f"{name}: {_shown(value)} is not in `values:`", self.place)
                return None
            value = known[key]
        return self._time(name, column, value) if BY_NAME[name].type == TIME else value

    def _keep(self, name: str, column: str) -> None:
        """Keep a raw value that its field does not hold as it is; never one that names a person."""
        if name not in PEOPLE:
            self.raw[column] = self.row[column]

    def _time(self, name: str, column: str, value: Any) -> str | None:
        try:
            return rfc3339(self.mapping.times.get(name, _ISO).time(value))
        except ValueError as error:
            self.tally.add(LOST, f"{name} {error}", self.place)
            self._keep(name, column)
            return None

    def _duration(self, start: str, end: str, format_: TimeFormat, fields: dict[str, Any]) -> None:
        if start not in self.row or end not in self.row:
            self.raw.update({key: self.row[key] for key in (start, end) if key in self.row})
            return
        try:
            seconds = seconds_between(format_.time(self.row[start]), format_.time(self.row[end]))
        except ValueError as error:
            self.tally.add(LOST, f"duration_seconds {error}", self.place)
        else:
            fields["duration_seconds"] = seconds
        self.raw.update({key: self.row[key] for key in (start, end)})

    def _version(self, fields: dict[str, Any]) -> None:
        way = self.mapping.version
        if "guideline_version" in fields:
            known = "declared" if "guideline_version" in self.mapping.constants else "recorded"
            fields.setdefault("guideline_version_source", known)
        if "constant" in way:
            fields["guideline_version"] = way["constant"]
            fields["guideline_version_source"] = "declared"
        elif "column" in way:
            if way["column"] in self.row:
                fields["guideline_version"] = str(self.row[way["column"]])
                fields["guideline_version_source"] = "recorded"
            else:
                fields["guideline_version_source"] = "unknown"
                self.tally.add(NOTED, "guideline version unknown: its column is empty", self.place)


_ISO = TimeFormat()


def _shown(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 40 else text[:37] + "..."
