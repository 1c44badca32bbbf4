"""In which order events come, and how many are read for it."""

from __future__ import annotations

import hashlib
import json
from itertools import islice

import pytest

from dvc_labelmeta.errors import UnreadableFile
from dvc_labelmeta.model.event import HEADS, Event, canonical, event_path, person_path, value_of
from dvc_labelmeta.read.ledger_walk import Persons, names, walk


class Memory:
    """Files by path; counts what is read."""

    def __init__(self) -> None:
        self.files: dict[str, bytes] = {}
        self.reads = 0

    def read(self, path: str) -> bytes | None:
        self.reads += 1
        return self.files.get(path)

    def names(self, folder: str) -> list[str]:
        start = folder + "/"
        return sorted(path.removeprefix(start) for path in self.files if path.startswith(start))

    def add(self, at: str, *parents: str, total: int) -> str:
        """Add an event of a minute of one day, and return its hash."""
        when = f"2026-01-05T{at}:00Z"
        one = Event("", "linked", "split:a", when, "a" * 64, tuple(sorted(parents)), total)
        content = canonical(value_of(one))
        hash_ = hashlib.sha256(content).hexdigest()
        self.files[event_path(hash_)] = content
        return hash_


def order(files: Memory, *heads: str, older: frozenset[str] = frozenset()) -> list[str]:
    return [one.at[11:16] for one in walk(files, heads, older)]


def test_one_line_is_read_as_far_as_it_is_shown() -> None:
    files, last = Memory(), ""
    for number in range(500):
        last = files.add("09:00", *[last] if last else [], total=number + 1)
    files.files[f"{HEADS}/{last}"] = b""
    found = [one.total for one in islice(walk(files, files.names(HEADS)), 20)]
    assert found == [*range(500, 480, -1)]
    assert files.reads <= 21
    assert len([*walk(files, [last])]) == 500
    assert [*walk(files, [])] == []


def test_branches_come_by_time_but_never_before_what_follows() -> None:
    files = Memory()
    base = files.add("08:00", total=1)
    one = files.add("09:00", base, total=2)
    two = files.add("09:20", one, total=3)
    other = files.add("09:10", base, total=2)
    last = files.add("09:30", other, total=3)
    assert order(files, two, last) == ["09:30", "09:20", "09:10", "09:00", "08:00"]
    join = files.add("07:00", two, last, total=6)  # a clock that is slow
    assert order(files, join) == ["07:00", "09:30", "09:20", "09:10", "09:00", "08:00"]
    assert order(files, join, base, two) == order(files, join), "markers that were left over"
    assert order(files, join, older=frozenset([base, one])) == ["07:00", "09:30", "09:20", "09:10"]
    assert order(files, base, older=frozenset([base])) == []


def test_counts_that_are_wrong_do_not_hold_it_up() -> None:
    files = Memory()
    base = files.add("08:00", total=9)
    one = files.add("09:00", base, total=1)
    two = files.add("09:10", base, one, total=2)
    found = order(files, two, one)
    assert sorted(found) == sorted(set(found)), "none comes twice"
    with pytest.raises(UnreadableFile, match="is not there, though"):
        order(files, "f" * 64)


def test_persons() -> None:
    files = Memory()
    content = canonical({"name": "Ada", "salt": "0" * 32})
    ada = hashlib.sha256(content).hexdigest()
    files.files[person_path(ada)] = content
    forged = json.dumps({"name": "Bo", "salt": "0"}).encode()
    files.files[person_path("b" * 64)] = forged
    persons = Persons(files)
    assert [persons.name(one) for one in (ada, ada, "b" * 64, "c" * 64)] == ["Ada", "Ada", "", ""]
    assert files.reads == 3
    assert names(files) == {ada: "Ada"}
