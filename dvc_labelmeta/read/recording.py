"""From drafts to annotation records: pseudonyms, no personal data, every field of its type.

What does not fit a field stays in `extra` and is counted; only a draft without an item or an
answer becomes no record.
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Iterable, Iterator
from typing import Any, NamedTuple

from dvc_labelmeta.model.annotation import (
    BY_NAME,
    FIELDS,
    FLAG,
    NUMBER,
    TEXT,
    TEXTS,
    TIME,
    AnnotationField,
)
from dvc_labelmeta.read.losses import DROPPED, KEPT, LEFT_OUT, LOST, NOTED, Draft, Tally
from dvc_labelmeta.read.privacy import Privacy, holds_mail
from dvc_labelmeta.read.times import TimeFormat, rfc3339

PEOPLE = ("annotator", "reviewer")
_FLAGS = {"true": True, "yes": True, "1": True, "false": False, "no": False, "0": False}
_ISO = TimeFormat()
_TELLING = 6
_FREE_TEXT = ("rationale", "note")


class Version(NamedTuple):
    """A guideline version as known for one record; "" = not known."""

    version: str
    commit: str = ""


class Known(NamedTuple):
    """How the version is known of records that do not name one.

    source: "declared" or "inferred". find: the version for a time (inferred) or for all. field:
    where that time is.
    """

    source: str
    find: Callable[[str], Version]
    field: str = "annotated_at"


def records(
    drafts: Iterable[Draft], privacy: Privacy, tally: Tally, known: Known | None = None
) -> Iterator[dict[str, Any]]:
    """Yield the records that drafts become."""
    for draft in drafts:
        record = _record(draft, privacy, tally, known)
        if record is not None:
            if not _is_aggregate(record):  # nobody read a guideline for it
                tally.version(record.get("guideline_version", ""))
            yield record


def _record(
    draft: Draft, privacy: Privacy, tally: Tally, known: Known | None
) -> dict[str, Any] | None:
    swaps = _swaps(draft, privacy)
    extra = _extra(draft, privacy, tally, swaps)
    found = {"id": _id(draft, privacy, swaps)} | _fields(draft, tally, swaps, extra)
    if fault := _unusable(found):
        tally.add(LEFT_OUT, fault, draft.place)
        return None
    if known is not None and "guideline_version" not in found and not _is_aggregate(found):
        _set_version(found, known, tally, draft.place)
    for name in _FREE_TEXT:
        if holds_mail(found.get(name)):
            tally.add(NOTED, f"{name} holds an e-mail address; it was kept", draft.place)
    if extra:
        found["extra"] = extra
    return {field.name: found[field.name] for field in FIELDS if found.get(field.name) is not None}


def _swaps(draft: Draft, privacy: Privacy) -> dict[str, str]:
    """Return the ids of people in a draft, with their pseudonyms."""
    people = [draft.fields[name] for name in PEOPLE if draft.fields.get(name) is not None]
    people += [draft.extra[key] for key in privacy.people & draft.extra.keys()]
    return {str(one): privacy.pseudonym(str(one)) for one in people}


def _fields(
    draft: Draft, tally: Tally, swaps: dict[str, str], extra: dict[str, Any]
) -> dict[str, Any]:
    """Return the fields of a draft, each of its type; what does not fit goes to `extra`."""
    found = {}
    for name, raw in draft.fields.items():
        if raw is None or raw == "":
            continue
        try:
            value = fitted(BY_NAME[name], raw)
        except ValueError as error:
            tally.add(LOST, f"{name} {error}", draft.place)
            extra.setdefault(name, swaps.get(str(raw), raw))
        else:
            found[name] = swaps[value] if name in PEOPLE else value
    return found


def _id(draft: Draft, privacy: Privacy, swaps: dict[str, str]) -> str:
    """Return the id: its parts joined, people's ids in them as pseudonyms; else a hash of all."""
    parts = [swaps.get(part, part) for part in draft.id_parts]
    if len(parts) == 1:
        return parts[0]
    if parts:
        return joined(parts)
    whole = json.dumps([draft.fields, draft.extra], sort_keys=True, ensure_ascii=False)
    return f"r-{privacy.digest(whole)}"


def joined(parts: Iterable[str]) -> str:
    """Return several texts as one, so that no two lists give the same."""
    return ":".join(part.replace("%", "%25").replace(":", "%3A") for part in parts)


def _extra(draft: Draft, privacy: Privacy, tally: Tally, swaps: dict[str, str]) -> dict[str, Any]:
    kept = {}
    for key, value in draft.extra.items():
        if key in privacy.people:
            kept[key] = swaps[str(value)]
            continue
        if reason := privacy.reason(key, value):
            tally.add(DROPPED, f"{key}: {reason}", draft.place)
            continue
        kept[key] = _scrubbed(value, key, draft.place, privacy, tally, swaps)
        tally.add(KEPT, key)
    return kept


def _scrubbed(
    value: Any, at: str, place: int, privacy: Privacy, tally: Tally, swaps: dict[str, str]
) -> Any:
    """Return a value without the personal data within it."""
    if isinstance(value, str):  # a short one may be equal by chance
        return swaps.get(value, value) if len(value) >= _TELLING else value
    if isinstance(value, list):
        return [_scrubbed(item, at, place, privacy, tally, swaps) for item in value]
    if not isinstance(value, dict):
        return value
    kept = {}
    for key, item in value.items():
        name = f"{at}.{key}"
        if reason := privacy.reason(name, item):
            tally.add(DROPPED, f"{name}: {reason}", place)
        else:
            kept[key] = _scrubbed(item, name, place, privacy, tally, swaps)
    return kept


def _unusable(found: dict[str, Any]) -> str:
    """Say why these fields are no record, "" if they are one."""
    if not found.get("id"):
        return "has no id"
    if not found.get("item"):
        return "has no item"
    if found.get("label") is None and found.get("value") is None:
        return "has no answer: neither label nor value"
    return "" if found.get("source") else "has no source"


def _is_aggregate(found: dict[str, Any]) -> bool:
    return found.get("annotator_type") == "aggregate"


def _set_version(found: dict[str, Any], known: Known, tally: Tally, place: int) -> None:
    """Set the version of a record that names none."""
    time, why = found.get(known.field, ""), ""
    if not time and known.source == "inferred":
        why = f"no {known.field}"
    else:
        version = known.find(time)
        if version.version:
            found["guideline_version"], found["guideline_commit"] = (
                version.version,
                version.commit or None,
            )
            found["guideline_version_source"] = known.source
            return
        why = f"no version was in force at its {known.field}"
    found["guideline_version_source"] = "unknown"
    tally.add(NOTED, f"guideline version unknown: {why}", place)


def fitted(field: AnnotationField, raw: Any) -> Any:
    """Return a raw value as its field's type; raises ValueError, saying why not."""
    if field.type == NUMBER:
        return _number(field, raw)
    if field.type == FLAG:
        return _flag(raw)
    if field.type == TIME:
        return rfc3339(_ISO.time(raw))
    if field.type == TEXTS:
        return _texts(raw)
    if field.type != TEXT:
        return raw
    if isinstance(raw, (dict, list, bool)):
        raise ValueError("is no text")  # noqa: TRY004  # about the export, not our types
    text = str(raw)
    if field.choices and text not in field.choices:
        raise ValueError(f"is none of {', '.join(field.choices)}")
    return text


def _number(field: AnnotationField, raw: Any) -> float | int:
    if isinstance(raw, bool) or not isinstance(raw, (str, int, float)):
        raise ValueError("is no number")  # noqa: TRY004  # about the export, not our types
    try:
        number = float(raw)
    except (ValueError, OverflowError):
        raise ValueError("is no number") from None
    if not math.isfinite(number):
        raise ValueError("is no number")
    if field.unit == "0..1" and not 0 <= number <= 1:
        raise ValueError("is not between 0 and 1; map its scale with `values:`")
    if number < 0:
        raise ValueError("is below 0")
    return raw if isinstance(raw, int) else number


def _flag(raw: Any) -> bool:
    if isinstance(raw, bool):
        return raw
    found = _FLAGS.get(str(raw).strip().lower())
    if found is None:
        raise ValueError("is neither true nor false")
    return found


def _texts(raw: Any) -> list[str]:
    if isinstance(raw, str):
        try:
            raw = json.loads(raw) if raw.lstrip().startswith("[") else [raw]
        except ValueError:
            raise ValueError("is no list of texts") from None
    if not isinstance(raw, list) or not all(isinstance(item, str) for item in raw):
        raise ValueError("is no list of texts")
    return raw
