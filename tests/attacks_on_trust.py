"""Attacks on what a ledger is believed: times, claims, names of people, anchors."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from dvc_labelmeta.model.event import Event, opening, person_path
from tests.attack import (
    EVE,
    LATER,
    PUSHES,
    REWRITES,
    WRITES,
    Attack,
    Target,
    amended,
    pushed,
)
from tests.attacks_on_history import TRAILER, crafted, retold, with_events
from tests.forgery import FILE, Value, edited, filtered, sealed

BACK = "back-dated"
AHEAD = "later than its commit"
CLAIM = "a claim on data, records, guideline, release or run"
LIE = (
    "a lie that Git and DVC tell as well, in `details` or a note, or taken back in the same commit"
)
NAME = "an event in another's name"
ANCHOR = "a tag moved, a trailer or attestation rewritten"
ERASED = "an erasure that hides who acts"
WRONG = ("error wrong-claim",)
MONTH = 30 * 86_400


def of_times(target: Target) -> Iterator[Attack]:
    """Yield events that say another time than they were written at."""
    first = target.events[0]
    order = ("error clock-order",)
    for at in ("2026-01-14T08:54:59Z", "2026-01-10T00:00:00Z", "1999-01-01T00:00:00Z"):
        files = with_events(target, crafted(target, at=at))
        start = Attack(BACK, PUSHES, "earlier than its parent", at, order)
        yield start._replace(commits=pushed(target, files))
        yield start._replace(who=REWRITES, commits=amended(target, files))
        when = LATER - 10 * 86_400
        commits = pushed(target, files, "Bob <bob@example.org>", when)
        yield start._replace(who=WRITES, name=f"{at}, the commit too", commits=commits)
    for at in ("2026-01-07T00:00:00Z", "2026-01-12T00:00:00Z"):
        value = crafted(target, at=at, parents=[first.hash], count=2)
        files = with_events(target, value)
        start = Attack(BACK, PUSHES, "earlier, beside the later ones", at)
        found = ("note back-dated",)
        yield start._replace(commits=pushed(target, files), found=found)
        old = int(LATER - MONTH)
        commits = pushed(target, files, "Bob <bob@example.org>", old)
        found = ("warning after-commit", "warning fork")
        yield start._replace(who=WRITES, name=f"{at}, commit too", commits=commits, found=found)
    for name, days in (("an hour", 0), ("a month", 30)):
        files = with_events(target, crafted(target, at="2026-01-14T09:00:01Z"))
        commits = pushed(target, files, seconds=LATER + days * 86_400)
        yield Attack(BACK, PUSHES, "earlier, after the last event", name, commits=commits)
    for at in ("2026-01-16T00:00:00Z", "2030-01-01T00:00:00Z", "9999-12-31T23:59:59Z"):
        files = with_events(target, crafted(target, at=at))
        start = Attack(AHEAD, PUSHES, "later than its commit", at, ("warning after-commit",))
        yield start._replace(commits=pushed(target, files))
        yield start._replace(who=REWRITES, commits=amended(target, files))
    files = with_events(target, crafted(target, at="2026-02-14T09:00:00Z"))
    commits = pushed(target, files, seconds=LATER + MONTH)
    yield Attack(AHEAD, PUSHES, "later, the commit too", "a month", commits=commits)


def last_of(target: Target, subject: str) -> Event:
    """Return the last event of a subject."""
    return [one for one in target.events if one.subject == subject][-1]


def _lies(value: Any, way: Sequence[str] = ()) -> Iterator[tuple[str, Any]]:
    """Yield claims with one value changed, and one with each left out."""
    for key, one in value.items():
        name = ".".join([*way, key])
        if isinstance(one, Mapping):
            for inner, changed in _lies(one, [*way, key]):
                yield inner, value | {key: changed}
        elif isinstance(one, str):
            last = "0" if one[-1] != "0" else "1"
            yield name, value | {key: one[:-1] + last}
        yield f"{name} left out", {k: v for k, v in value.items() if k != key}


def of_claims(target: Target) -> Iterator[Attack]:
    """Yield events of which Git and DVC say something else."""
    for split in ("train", "dev", "test"):
        real = last_of(target, f"split:data/{split}.csv")
        told = [*_lies(dict(real.claims)), ("it is no more", {})]
        for name, claims in told:
            if name.endswith(HARMLESS):
                continue
            value = crafted(
                target, type="relinked", subject=real.subject, claims=claims, details=None
            )
            files = with_events(target, value)
            start = Attack(CLAIM, WRITES, "claim that is wrong", f"{split}: {name}", WRONG)
            yield start._replace(commits=pushed(target, files))
    tone = last_of(target, "guideline:tone")
    real = last_of(target, "split:data/dev.csv")
    dev = dict(real.claims)
    others: dict[str, Value] = {
        "release of a content that nobody has": {
            "subject": "guideline:tone", "type": "released",
            "claims": {**tone.claims, "version": "3.0.0", "object": "1" * 40},
        },
        "release with another content": {
            "subject": "guideline:tone", "type": "released",
            "claims": {**tone.claims, "object": "1" * 40},
        },
        "another version approved": {
            "subject": "guideline:tone", "type": "approved",
            "claims": {**tone.claims, "version": "1.7.0"},
        },
        "split that is not there": {"subject": "split:data/none.csv", "claims": dev},
        "name that looks alike": {"subject": "split:d\u0430ta/dev.csv", "claims": dev},
        "name that leads out": {"subject": "split:../../etc/passwd", "claims": dev},
        "run that never was": {
            "subject": "stage:dvc.yaml:train", "type": "transformed",
            "claims": {"cmd": "x", "outs": {"model": "0" * 32}},
        },
        "commit that nobody has": {
            "subject": real.subject, "claims": dev | {"layers": {}},
            "details": {"commit": target.commits[-2].hash},
        },
    }  # fmt: skip
    for name, change in others.items():
        files = with_events(
            target, crafted(target, **{"type": "relinked", "details": None} | change)
        )
        start = Attack(CLAIM, PUSHES, "claim that is wrong", name, WRONG)
        yield start._replace(commits=pushed(target, files))
        yield start._replace(who=REWRITES, commits=retold(amended(target, files)))
    path = "data/test.csv.labelmeta.yaml"
    mode, content = target.files[path]
    changed = {path: (mode, content.replace(b"2.0.0", b"1.0.0"))}
    start = Attack(CLAIM, WRITES, "sidecar changed after its event", "in the same commit", WRONG)
    yield start._replace(commits=amended(target, edited(target.files, changed)))


HARMLESS = ("git left out", "md5 left out")  # that tells less, and nothing wrong


def of_lies(target: Target) -> Iterator[Attack]:
    """Yield lies that nothing can be held against."""
    real = last_of(target, "split:data/dev.csv")
    start = Attack(LIE, WRITES, "", "")
    told = {
        "a note": crafted(target, note="All labels were checked by two people."),
        "details": crafted(target, details={"rules": 0, "errors": 0}),
        "a waiver": crafted(target, type="waived", subject="waiver:LM106:data/dev.csv"),
        "the type": crafted(
            target, type="migrated", subject=real.subject, claims=dict(real.claims), details=None
        ),
    }
    for name, value in told.items():
        commits = pushed(target, with_events(target, value))
        yield start._replace(who=PUSHES, kind="lie without a claim", name=name, commits=commits)
    one = crafted(target, type="relinked", subject=real.subject, details=None, claims={})
    two = crafted(
        target, type="relinked", subject=real.subject, details=None, claims=dict(real.claims),
        parents=[sealed(one)[0]], count=one["count"] + 1,
    )  # fmt: skip
    files = with_events(target, one, two)
    kind = "lie that the next event takes back"
    yield start._replace(kind=kind, name="in the same commit", commits=pushed(target, files))
    commits = pushed(target, with_events(target, one))
    commits = (*commits, commits[-1]._replace(parents=(len(commits) - 1,), files=files))
    found = ("warning wrong-claim",)
    yield start._replace(
        row=CLAIM, kind=kind, name="in the next commit", commits=commits, found=found
    )
    yield _forged_together(target, real)


def _forged_together(target: Target, real: Event) -> Attack:
    """Return an event on other data, with the `.dvc` file and the sidecar changed as well."""
    text = json.dumps(real.claims)
    old = real.claims["data"]["value"]
    claims = json.loads(text.replace(old, "a" * len(old)))
    value = crafted(target, type="relinked", subject=real.subject, details=None, claims=claims)
    paths = ("data/dev.csv.dvc", "data/dev.csv.labelmeta.yaml")
    files = with_events(target, value)
    lies = {p: (FILE, files[p][1].replace(old.encode(), b"a" * len(old))) for p in paths}
    commits = pushed(target, edited(files, lies))
    return Attack(LIE, WRITES, "Git and DVC lie as well", "other data", commits=commits)


def of_people(target: Target) -> Iterator[Attack]:
    """Yield events in the name of others, and of people whom nobody can see."""
    ada = target.events[0].actor
    note = ("note other-author",)
    files = with_events(target, crafted(target, actor=ada))
    for who, commits in (
        (PUSHES, pushed(target, files)),
        (REWRITES, amended(target, files)),
        (WRITES, pushed(target, files, "Bob <bob@example.org>")),
    ):
        yield Attack(NAME, who, "another's name", "Ada", note, commits=commits)
    forged = pushed(target, files, "Ada <ada@example.org>")
    yield Attack(NAME, PUSHES, "another's name, of the commit too", "Ada", commits=forged)
    strange = with_events(target, crafted(target, actor="7" * 64))
    found = ("error unopened-actor",)
    yield Attack(NAME, PUSHES, "somebody unknown", "never opened", found, pushed(target, strange))
    yield from _erasures(target, ada)


def _erasures(target: Target, ada: str) -> Iterator[Attack]:
    erase = crafted(
        target, type="redacted", subject=f"person:{ada}", details={"removed": [ada]}, note=None
    )
    files = with_events(target, erase)
    start = Attack(ERASED, PUSHES, "erasure told", "opening left", ("warning still-opened",))
    yield start._replace(commits=pushed(target, files))
    files = edited(files, {person_path(ada): None})
    yield start._replace(name="by somebody else", found=(), commits=pushed(target, files))
    used = ("error erased-actor",)
    hidden = hashlib.sha256(opening(EVE, "0" * 32)).hexdigest()
    for name, person in (("of somebody known", ada), ("of somebody never named", hidden)):
        removed = {"removed": [person]}
        before = crafted(
            target, type="redacted", subject=f"person:{person}", details=removed, actor=person
        )
        hash_ = sealed(before)[0]
        after = crafted(target, actor=person, parents=[hash_], count=before["count"] + 1)
        files = edited(with_events(target, before, after), {person_path(person): None})
        start = Attack(ERASED, PUSHES, "events after an erasure", name, used)
        yield start._replace(commits=pushed(target, files))


def of_tags(target: Target) -> Iterator[Attack]:
    """Yield tags that were moved, or made by hand."""
    mismatch, unusable = ("error anchor-mismatch",), ("error unusable-anchor",)
    first, second = target.tags
    last = len(target.commits) - 1
    for name in target.tags:
        number, message = target.tags[name]
        other = target.tags[second if name == first else first][1]
        forged = f"Labelmeta-Ledger: {'6' * 64} {name.rpartition('/')[2]}"
        cases: dict[str, tuple[tuple[int, str], tuple[str, ...]]] = {
            "to the last commit": ((last, message), mismatch),
            "to an old commit": ((2, message), mismatch),
            "to a commit without a ledger": ((0, message), mismatch),
            "without a message": ((number, ""), unusable),
            "without a message, to another commit": ((last, ""), unusable),
            "with the message of another": ((number, other), unusable),
            "with a message that is none": ((number, "Labelmeta-Ledger: soon"), unusable),
            "with a head that is none": ((number, TRAILER.sub(forged, message)), mismatch),
            "with two messages": ((number, f"{forged}\n{message}"), unusable),
        }
        for kind, (tag, found) in cases.items():
            yield Attack(ANCHOR, PUSHES, "tag moved", f"{name} {kind}", found, tags={name: tag})
    number, message = target.tags[second]
    tag = {"labelmeta/19": (number, message)}
    yield Attack(ANCHOR, PUSHES, "tag made", "another count than its name", unusable, tags=tag)
    tag = {"labelmeta/900": (number, re_counted(message, 900))}
    yield Attack(ANCHOR, PUSHES, "tag made", "another count", mismatch, tags=tag)
    for name in target.tags:
        yield Attack(ANCHOR, REWRITES, "tag removed", f"{name}, nothing else", tags={name: None})


def re_counted(message: str, count: int) -> str:
    """Return a message of an anchor with another number of events."""
    return TRAILER.sub(lambda match: f"{match[0].rpartition(' ')[0]} {count}", message)


def of_signatures(target: Target) -> Iterator[Attack]:
    """Yield a signed tag whose signature is taken away, or put under something else: --signed."""
    name = [*target.tags][-1]
    number, message = target.tags[name]
    start = Attack(ANCHOR, REWRITES, "signature", "", signed=True)
    text, _, signature = message.partition("-----BEGIN")
    cases = {
        "taken away": (text, "error unsigned"),
        "of another text": (f"{text}More.\n-----BEGIN{signature}", "error bad-signature"),
        "damaged": (message.replace("U1NIU0lH", "U1NIU0lI"), "error unsigned"),
    }
    for kind, (new, found) in cases.items():
        yield start._replace(name=kind, tags={name: (number, new)}, found=(found,))
    yield start._replace(name="tag removed", tags={name: None}, found=("error unsigned",))


def of_trailers(target: Target) -> Iterator[Attack]:
    """Yield trailers that say something else, in a history that is rewritten."""
    lines = [TRAILER.search(one.message) for one in target.commits]
    told = [line[0] for line in lines if line]
    cases: dict[str, tuple[Any, tuple[str, ...]]] = {
        "another head": (
            lambda text: TRAILER.sub(f"Labelmeta-Ledger: {'6' * 64} 3", text),
            ("error anchor-mismatch", "error lost-head"),
        ),
        "another count": (lambda text: re_counted(text, 2), ("error anchor-mismatch",)),
        "no number": (
            lambda text: TRAILER.sub("Labelmeta-Ledger: x", text), ("error unusable-anchor",),
        ),
        "that of the first": (
            lambda text: TRAILER.sub(told[0], text), ("error anchor-mismatch",),
        ),
        "that of another branch": (
            lambda text: TRAILER.sub(told[1], text), ("error anchor-mismatch",),
        ),
        "removed": (lambda text: TRAILER.sub("", text), ()),
    }  # fmt: skip
    for name, (change, found) in cases.items():
        commits = filtered(target.commits, lambda files: files, change)
        start = Attack(ANCHOR, REWRITES, "trailers rewritten", name, found)
        yield start._replace(commits=commits, tags=dict.fromkeys(target.tags))
    start = Attack(ANCHOR, PUSHES, "trailer made", "", ())
    for name, text, found in (
        ("of an old ledger", told[0], "error anchor-mismatch"),
        ("of another ledger", f"Labelmeta-Ledger: {'6' * 64} 20", "error lost-head"),
        ("that says nothing", "Labelmeta-Ledger: 5", "error unusable-anchor"),
    ):
        commits = pushed(target, target.files)
        commits = (*commits[:-1], commits[-1]._replace(message=f"Tidy up\n\n{text}\n"))
        yield start._replace(name=name, commits=commits, found=(found,))
    for name, text in (("no JSON", b"hello"), ("empty", b"")):
        files = edited(target.files, {"labelmeta/attestations/20.intoto.json": (FILE, text)})
        start = Attack(ANCHOR, PUSHES, "attestation made", name, ("error unusable-anchor",))
        yield start._replace(commits=pushed(target, files))
