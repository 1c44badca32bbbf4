"""UKPConvArg1 XML (Habernal & Gurevych 2016): crowd labels on pairs of arguments.

One record a crowd assignment, and one of the data set's own gold label, which is an aggregate. The
arguments' texts are the data and stay there. A task page may hold several pairs, whose times
are then those of the page: they say nothing about the single label, and no duration is taken.
"""

from __future__ import annotations

import xml.etree.ElementTree as ET
from collections import Counter
from collections.abc import Iterator
from typing import Any
from xml.parsers import expat

from dvc_labelmeta.errors import UnreadableFile
from dvc_labelmeta.read.losses import LEFT_OUT, LOST, NOTED, Draft, Tally
from dvc_labelmeta.read.times import TimeFormat, rfc3339, seconds_between

TITLE = "UKPConvArg1 XML: crowd labels on pairs of arguments."
PAIR, ASSIGNMENT = "annotatedArgumentPair", "mTurkAssignment"
_FIELDS = {
    "turkID": "annotator",
    "value": "label",
    "reason": "rationale",
    "hitComment": "note",
    "hitID": "batch",
    "assignmentId": "session",
}
_TIME = TimeFormat()
_ACCEPTED, _SUBMITTED = "assignmentAcceptTime", "assignmentSubmitTime"


def drafts(path: str, tally: Tally) -> Iterator[Draft]:
    """Yield the drafts of one XML file; a place is the number of a pair.

    Raises UnreadableFile for what is no such file, and for any document type declaration:
    entities could make a small file huge, or read other files.
    """
    tally.unit = "pair"
    pages = _pages(path)
    shared = sum(count for count in pages.values() if count > 1)
    if shared:
        tally.add(NOTED, "times are those of a page with several pairs", count=shared)
    for place, pair in enumerate(_pairs(path), 1):
        yield from _pair(place, pair, pages, tally)


def _pages(path: str) -> Counter[str]:
    """Return how many labels each assignment gave; the first of two passes, and the strict one."""
    found = _Pages(path)
    try:
        with open(path, "rb") as file:
            found.parser.ParseFile(file)
    except OSError as error:
        raise UnreadableFile(f"{path}: {error.strerror}") from None
    except expat.ExpatError as error:
        told = expat.errors.messages[error.code]
        raise UnreadableFile(f"{path}:{error.lineno}:{error.offset + 1}: {told}") from None
    return found.pages


class _Pages:
    """Counts the assignments in an XML file; refuses a document type."""

    def __init__(self, path: str) -> None:
        self.path = path
        self.pages: Counter[str] = Counter()
        self.text: str | None = None
        self.parser = expat.ParserCreate()
        self.parser.StartElementHandler = self._start
        self.parser.EndElementHandler = self._end
        self.parser.CharacterDataHandler = self._data
        self.parser.StartDoctypeDeclHandler = self._refuse

    def _start(self, name: str, _: Any) -> None:
        self.text = "" if name == "assignmentId" else None

    def _data(self, data: str) -> None:
        if self.text is not None:
            self.text += data

    def _end(self, name: str) -> None:
        if name == "assignmentId" and self.text is not None:
            self.pages[self.text.strip()] += 1
        self.text = None

    def _refuse(self, *_: Any) -> None:
        raise UnreadableFile(f"{self.path}: has a document type declaration, which is not read")


def _pairs(path: str) -> Iterator[ET.Element]:
    """Yield the pairs one by one; each is freed before the next is read."""
    root: ET.Element | None = None
    found = False
    with open(path, "rb") as file:
        for event, element in ET.iterparse(file, ("start", "end")):  # noqa: S314  # see _pages
            if root is None:
                root = element
            if event == "end" and element.tag == PAIR:
                found = True
                yield element
                root.clear()
    if not found:
        raise UnreadableFile(f"{path}: holds no {PAIR}; is it UKPConvArg1 XML?")


def _pair(place: int, pair: ET.Element, pages: Counter[str], tally: Tally) -> Iterator[Draft]:
    item = _text(pair, "id")
    ids = []
    for assignment in pair.iter(ASSIGNMENT):
        tally.read += 1
        draft = _label(place, item, assignment, pages, tally)
        if draft is not None:
            ids.append(":".join(draft.id_parts))
            yield draft
    tally.add(NOTED, f"items with {len(ids)} labels", item or f"pair {place}")
    gold = _text(pair, "goldLabel")
    if gold and item:
        fields = {
            "item": item,
            "label": gold,
            "source": "ukp-convarg:goldLabel",
            "annotator_type": "aggregate",
            "is_gold": True,
            "derived_from": ids,
            "consensus_method": "estimated by the authors of the data set",
            "status": "submitted",
        }
        yield Draft(place, fields, {}, ("gold", item))
    else:
        tally.add(NOTED, "items without a gold label", item or f"pair {place}")


def _label(
    place: int, item: str, assignment: ET.Element, pages: Counter[str], tally: Tally
) -> Draft | None:
    values = {child.tag: (child.text or "").strip() for child in assignment}
    values = {key: value for key, value in values.items() if value}
    missing = [name for name in ("turkID", "value", "assignmentId") if name not in values]
    if missing or not item:
        tally.add(LEFT_OUT, f"label lacks {', '.join(missing) or 'the id of its pair'}", place)
        return None
    single = pages[values["assignmentId"]] == 1
    fields: dict[str, Any] = {
        "item": item,
        "source": "ukp-convarg",
        "annotator_type": "person",
        "tool": "mturk",
        "status": "submitted",
        "guideline_version_source": "unknown",
    }
    fields |= {field: values[tag] for tag, field in _FIELDS.items() if tag in values}
    _times(values, fields, place, tally, single=single)
    extra = {key: value for key, value in values.items() if key not in _FIELDS}
    return Draft(place, fields, extra, (values["assignmentId"], item))


def _times(
    values: dict[str, str], fields: dict[str, Any], place: int, tally: Tally, *, single: bool
) -> None:
    if _SUBMITTED not in values:
        return
    try:
        submitted = _TIME.time(values[_SUBMITTED])
        fields["annotated_at"] = rfc3339(submitted)
        fields["annotated_at_source"] = "label" if single else "page"
        if single and _ACCEPTED in values:
            accepted = _TIME.time(values[_ACCEPTED])
            fields["duration_seconds"] = seconds_between(accepted, submitted)
    except ValueError as error:
        tally.add(LOST, f"time {error}", place)


def _text(element: ET.Element, tag: str) -> str:
    return (element.findtext(tag) or "").strip()
