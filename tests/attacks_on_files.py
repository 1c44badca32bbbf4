"""Attacks on single files of a ledger: bytes, forms, names, markers, persons."""

from __future__ import annotations

import hashlib
import json
import random
from collections.abc import Iterator, Mapping

from dvc_labelmeta.model.event import (
    EVENTS,
    HEADS,
    PEOPLE,
    TIPS,
    canonical,
    event_path,
    value_of,
)
from tests.attack import REWRITES, Attack, Target, amended, spread
from tests.forgery import FILE, Mode, sealed

CHANGED = "an event changed, swapped, in another form"
STRANGE = "a marker or an opening changed, a file that does not belong"
FIELDS = (
    "schema",
    "type",
    "subject",
    "at",
    "actor",
    "parents",
    "count",
    "claims",
    "details",
    "note",
)
CHANGE = ("error changed-event",)


def flipped(content: bytes, at: int, bit: int = 1) -> bytes:
    """Return the bytes with one changed."""
    return content[:at] + bytes([content[at] ^ bit]) + content[at + 1 :]


def of_fields(target: Target) -> Iterator[Attack]:
    """Yield a changed byte in each field of an event, and in some at random."""
    chance = random.Random(5)
    for field in FIELDS:
        having = [one for one in target.events if value_of(one).get(field)]
        one = chance.choice(having)
        content = canonical(value_of(one))
        start = content.index(f'"{field}":'.encode()) + len(field) + 3
        path = event_path(one.hash)
        for kind, at in (("value", start + 1), ("key", start - len(field) - 1)):
            attack = Attack(CHANGED, "", "byte flipped", f"{kind} of {field}", CHANGE)
            edits = {path: (FILE, flipped(content, at))}
            ways = [*spread(target, attack, edits)]
            yield from ways if kind == "value" else ways[:1]
    for number in range(12):
        one = chance.choice(target.events)
        content = canonical(value_of(one))
        new = flipped(content, chance.randrange(len(content)), 1 << chance.randrange(8))
        attack = Attack(CHANGED, "", "byte flipped", f"at random {number}", CHANGE)
        yield next(spread(target, attack, {event_path(one.hash): (FILE, new)}))


def _forms(content: bytes) -> dict[str, bytes]:
    """Return other bytes with the same meaning, or hardly another one."""
    value = json.loads(content)
    count = f'"count":{value["count"]}'.encode()
    return {
        "spaces": json.dumps(value, sort_keys=True).encode(),
        "indented": json.dumps(value, sort_keys=True, indent=1).encode(),
        "keys in another order": json.dumps(
            dict(reversed(value.items())), separators=(",", ":")
        ).encode(),
        "a key twice": content[:-1] + b"," + count + b"}",
        "escapes": content.replace(b"audited", b"\\u0061udited"),
        "escaped slash": content.replace(b"labelmeta/event", b"labelmeta\\/event"),
        "line end": content + b"\n",
        "CRLF": content + b"\r\n",
        "byte order mark": b"\xef\xbb\xbf" + content,
        "a number with a point": content.replace(count, count + b".0"),
        "a number with an exponent": content.replace(count, count + b"e0"),
        "NUL at the end": content + b"\0",
        "UTF-16": content.decode().encode("utf-16"),
        "NaN": content.replace(count, b'"count":NaN'),
        "lone surrogate": content.replace(b"Six", b"\\ud800"),
        "nested too deep": content.replace(b'"rules":3', b'"rules":' + b"[" * 9000 + b"]" * 9000),
    }


def of_forms(target: Target) -> Iterator[Attack]:
    """Yield the last event in other forms: under its own name, and under the new one."""
    last = target.events[-1]
    content = canonical(value_of(last))
    for name, form in _forms(content).items():
        attack = Attack(CHANGED, "", "other form", name, CHANGE)
        yield next(spread(target, attack, {event_path(last.hash): (FILE, form)}))
        found = ("error uncanonical-event",)
        attack = Attack(CHANGED, REWRITES, "other form, renamed", name, found)
        yield attack._replace(commits=amended(target, _renamed(target, last.hash, form)))


def _renamed(target: Target, old: str, content: bytes) -> Mapping[str, Mode]:
    """Return the files with other bytes for the last event, name and markers put right."""
    hash_ = hashlib.sha256(content).hexdigest()
    files = {path.replace(old, hash_): one for path, one in target.files.items()}
    files.pop(f"{EVENTS}/{old[:2]}/{hash_}.json")
    return files | {event_path(hash_): (FILE, content)}


def of_values(target: Target) -> Iterator[Attack]:
    """Yield the last event with values that no event may have, name and markers put right."""
    last = value_of(target.events[-1])
    unfit = {
        "another schema": {"schema": "labelmeta/event/v2"},
        "unknown type": {"type": "erased"},
        "unknown subject": {"subject": "gremlin:x"},
        "no such day": {"at": "2026-02-30T09:00:00Z"},
        "time with a zone": {"at": "2026-01-14T09:00:00+00:00"},
        "actor as a name": {"actor": "Bob"},
        "parents as text": {"parents": last["parents"][0]},
        "parent in capitals": {"parents": [last["parents"][0].upper()]},
        "count of none": {"count": 0},
        "count below none": {"count": -20},
        "claims as a list": {"claims": []},
        "a field more": {"trusted": True},
        "note as a number": {"note": 5},
    }
    for name, change in unfit.items():
        _, content = sealed(last | change)
        files = _renamed(target, target.events[-1].hash, content)
        found = ("error wrong-count" if name == "count of none" else "error unfit-event",)
        attack = Attack(CHANGED, REWRITES, "value that does not fit", name, found)
        yield attack._replace(commits=amended(target, files))


def of_names(target: Target) -> Iterator[Attack]:
    """Yield events under other names, and two in each other's place."""
    chance = random.Random(6)
    one = target.events[4]
    path, content = event_path(one.hash), target.files[event_path(one.hash)]
    copies = {
        "folder of another": f"{EVENTS}/zz/{one.hash}.json",
        "no folder": f"{EVENTS}/{one.hash}.json",
        "deeper": f"{EVENTS}/{one.hash[:2]}/old/{one.hash}.json",
        "capitals": f"{EVENTS}/{one.hash[:2]}/{one.hash.upper()}.json",
        "another ending": path + ".bak",
        "beside the folders": f"labelmeta/ledger/{one.hash}.json",
    }
    for name, new in copies.items():
        attack = Attack(
            STRANGE, "", "event again under another name", name, ("error unknown-file",)
        )
        yield from spread(target, attack, {new: content})
    attack = Attack(STRANGE, "", "event again under another name", "another hash", CHANGE)
    other = f"{'0' * 63}1"
    yield from spread(target, attack, {event_path(other): content})
    for number in range(5):
        a, b = (event_path(each.hash) for each in chance.sample(target.events, 2))
        attack = Attack(CHANGED, "", "two events swapped", f"pair {number}", CHANGE)
        yield from spread(target, attack, {a: target.files[b], b: target.files[a]})
    for name, mode in {
        "link to itself elsewhere": ("120000", b"../../../copy.json"),
        "link to /etc/passwd": ("120000", b"/etc/passwd"),
    }.items():
        edits = {path: mode, "labelmeta/copy.json": content}
        attack = Attack(CHANGED, "", "link in place of an event", name, ("error special-file",))
        yield from spread(target, attack, edits)
    for name, new_content, found in (
        ("empty", b"", CHANGE),
        ("NUL bytes", b"\0" * 500, CHANGE),
        ("huge", b"x" * (2**20 + 1), ("error unknown-file",)),
        ("cut", content[1][:100], CHANGE),
        ("CRLF", content[1] + b"\r\n", CHANGE),
    ):
        attack = Attack(CHANGED, "", "content replaced", name, found)
        yield from [*spread(target, attack, {path: (FILE, new_content)})][
            : 1 if name == "huge" else 3
        ]


def of_markers(target: Target) -> Iterator[Attack]:
    """Yield markers and openings that lie, and files that nobody wrote."""
    head = next(path for path in target.files if path.startswith(HEADS))
    tip = min(path for path in target.files if path.startswith(TIPS))
    first = target.events[0].hash
    missing, stray = ("error missing-marker",), ("error stray-marker",)
    person = next(path for path in target.files if path.startswith(PEOPLE))
    cases: list[tuple[str, str, tuple[str, ...], Mapping[str, Mode | None]]] = [
        ("marker removed", "of the head", missing, {head: None}),
        ("marker removed", "of a tip", missing, {tip: None}),
        ("marker too many", "an old event as a head", stray, {f"{HEADS}/{first}": (FILE, b"")}),
        ("marker too many", "no event", stray, {f"{HEADS}/{'7' * 64}": (FILE, b"")}),
        ("marker too many", "tip of another subject", stray,
         {f"{TIPS}/{'0' * 16}-{first}": (FILE, b"")}),
        ("marker filled", "of the head", ("error filled-marker",), {head: (FILE, b"x")}),
        ("marker filled", "of a tip", ("error filled-marker",), {tip: (FILE, b"\n")}),
        ("markers swapped", "head", missing, {head: None, f"{HEADS}/{first}": (FILE, b"")}),
        ("marker linked", "head", ("error special-file",), {head: ("120000", b"/dev/null")}),
        ("foreign file", "note", ("error unknown-file",), {f"{EVENTS}/README": (FILE, b"hello")}),
        ("foreign file", "hidden", ("error unknown-file",), {f"{HEADS}/.x": (FILE, b"")}),
        ("foreign file", "beside", ("error unknown-file",),
         {"labelmeta/ledger/.gitattributes": (FILE, b"* text\n")}),
        ("opening replaced", "another name", ("error changed-opening",),
         {person: (FILE, target.files[person][1].replace(b"name", b"eman"))}),
        ("opening replaced", "emptied", ("error changed-opening",), {person: (FILE, b"")}),
        ("opening removed", "no redaction", ("error unopened-actor",), {person: None}),
    ]  # fmt: skip
    for kind, name, found, edits in cases:
        yield from spread(target, Attack(STRANGE, "", kind, name, found), edits)
