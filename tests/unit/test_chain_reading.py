"""Events that verify reads by its quick path are what the slow, general one makes of them."""

from __future__ import annotations

import hashlib

import pytest

from dvc_labelmeta.errors import UnreadableFile
from dvc_labelmeta.model.event import Event, canonical, event_path, value_of
from dvc_labelmeta.read.chain import Content, files
from dvc_labelmeta.read.ledger import parsed

A, B = "a" * 64, "b" * 64
ONE = Event("", "linked", "split:d/a.csv", "2026-01-05T09:00:00Z", A, (A, B), 3, {"data": {"x": 1}})
SOUND = [
    ONE,
    ONE._replace(parents=()),
    ONE._replace(parents=(A,), details={"commit": "f" * 40}),
    ONE._replace(note="why"),
    ONE._replace(subject='split:ä "\\\n\U0001f600'),
    ONE._replace(claims={"\U0001f600": [], "\uffff": '},"count":3,"parents":[],"schema":'}),
    ONE._replace(claims={}, details={"count": {"claims": {}}}),
]
TEXT = canonical(value_of(ONE)).decode()
BROKEN = [
    TEXT.replace(":", ": ", 1),
    TEXT.replace('{"x":1}', '{"x":1,"x":1}'),
    TEXT.replace('{"x":1}', '{"y":1,"x":1}'),
    TEXT.replace('{"x":1}', '{"\\u0078":1}'),
    TEXT.replace('{"x":1}', '{"x":"\\ud800"}'),
    TEXT.replace('"count":3', '"count":03'),
    TEXT.replace('"count":3', '"count":3,"count":3'),
    TEXT.replace(f'"{A}","{B}"', f'"{A}",'),
    TEXT.replace('"count":3', '"count":-1'),
    TEXT.replace("linked", "invented"),
    TEXT.replace("split:", "nothing:"),
    TEXT.replace('"claims":{"data":{"x":1}}', '"claims":{"data":{"x":1}}}'),
    TEXT + "\n",
]


def read(content: bytes) -> tuple[Event | None, Event | None]:
    """Return what both paths make of a file that has the right name."""
    hash_ = hashlib.sha256(content).hexdigest()
    try:
        slow = parsed(event_path(hash_), hash_, content)
    except UnreadableFile:
        slow = None
    return files([Content(event_path(hash_), content)]).events.get(hash_), slow


@pytest.mark.parametrize("one", SOUND)
def test_sound_events_are_read_alike(one: Event) -> None:
    quick, slow = read(canonical(value_of(one)))
    assert quick == slow is not None


@pytest.mark.parametrize("text", BROKEN)
def test_others_are_refused_alike(text: str) -> None:
    assert text != TEXT
    assert read(text.encode()) == (None, None)


@pytest.mark.parametrize(("old", "new"), [("01-05T", "02-30T"), ('"x":1', '"x":1.0')])
def test_odd_times_and_numbers_are_refused_alike(old: str, new: str) -> None:
    assert old in TEXT
    assert read(TEXT.replace(old, new).encode()) == (None, None)
