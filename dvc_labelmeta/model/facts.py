"""What an engine found in a file of annotation records: exact counts and the first places.

Rules judge these facts, never the records.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import NamedTuple

from dvc_labelmeta.model.shell import typed
from dvc_labelmeta.model.values import Task

SHOWN = 5
_NAMED = 3  # files to pull that are named

# what can be wrong with a record, in the order in which it is told
KINDS: Mapping[str, str] = MappingProxyType(
    {
        "malformed": "not one record: no JSON object, or another number of columns",
        "repeated_key": "a key stands twice",
        "missing": "a field that the level asks for is absent or empty",
        "wrong_type": "a value of another type than the field has",
        "wrong_value": "`value` has not the shape that the task of its guideline asks for",
        "unzoned_time": "a time without a zone",
        "impossible_time": "no RFC 3339 time, or a day that does not exist",
        "out_of_range": "a number outside its range",
        "unknown_choice": "a value that is none of the choices",
        "unknown_version": "a guideline version that does not exist",
        "unknown_label": "a label that the guideline version named does not have",
        "early_time": "a time before the guideline version named existed",
        "future_time": "a time after the commit that holds the record",
        "unknown_item": "an item that the split does not have",
        "duplicate_id": "an id that an earlier record has",
        "missing_superseded": "`supersedes` names a record that does not exist",
        "later_superseded": "`supersedes` names the record itself, a later one, or closes a circle",
        "relabelled": "the annotator labelled the item before, and nothing says which label holds",
        "odd_duration": "a duration far from what that annotator or task usually takes",
    }
)

# what may be meant: a person who answers twice or takes long is worth a look, not wrong
WARNINGS = frozenset({"relabelled", "future_time", "odd_duration"})


class At(NamedTuple):
    """One offending record: its file as given, its line (row in Parquet) from 1, id and value.

    Blank and malformed lines are counted; record is "" where it has no id.
    """

    file: str
    line: int
    record: str
    value: str


class Flaw(NamedTuple):
    """One kind of fault in one field ("" where it concerns the whole record).

    records: how many have it, exact. places: the first of them in file order.
    """

    kind: str
    field: str
    records: int
    places: tuple[At, ...]


class RecordFacts(NamedTuple):
    """All that is known about one set of records.

    lines: lines or rows read, blank and malformed ones too. versions: (guideline version, records
    that name it and count: neither replaced nor a draft, skipped or discarded), "" for none, most
    frequent first. unknown: (name of a field that the format does not know, records that have it).
    """

    files: tuple[str, ...] = ()
    lines: int = 0
    records: int = 0
    offending: int = 0
    flaws: tuple[Flaw, ...] = ()
    versions: tuple[tuple[str, int], ...] = ()
    unknown: tuple[tuple[str, int], ...] = ()


class Items(NamedTuple):
    """Where the items of a split are.

    paths: its files, absolute; a folder where an item is a file in it. format: "csv", "jsonl",
    "parquet" or "folder". column: the one that names the item, "" for a folder. state: changes
    whenever the items may have, for caches.
    """

    paths: tuple[str, ...]
    format: str
    column: str = ""
    state: str = ""


class Expected(NamedTuple):
    """What records are held to.

    vocabularies: label ids by guideline version, None where a version has no list of labels;
    None as a whole: neither versions nor labels are judged. linked: the version that stands
    where a record names none. guideline, layer: records that name another one are held to no
    vocabulary. tasks: by guideline version, what `value` must be. since: by guideline version,
    the moment (RFC 3339) before which nobody can have used it. until: the moment after which no
    record can be made yet. items: those of the split. cut: there may be versions beyond those of
    `vocabularies`. What is absent is not judged.
    """

    level: str = "L0"
    vocabularies: Mapping[str, frozenset[str] | None] | None = None
    linked: str = ""
    guideline: str = ""
    layer: str = ""
    tasks: Mapping[str, Task] | None = None
    since: Mapping[str, str] | None = None
    until: str = ""
    items: Items | None = None
    cut: bool = False


class Unpulled(NamedTuple):
    """Records that DVC tracks and that are not, or not all, in the working tree.

    paths: what DVC tracks and is not here, from the root.
    """

    paths: tuple[str, ...]

    @property
    def told(self) -> str:
        """What is missing, and the command that gets it."""
        names = " ".join(map(typed, self.paths[:_NAMED]))
        more = len(self.paths) - _NAMED
        return f"not pulled: dvc pull {names}" + (f" (and {more} more)" if more > 0 else "")
