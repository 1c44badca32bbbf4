"""`ledger log`: the events of the ledger, newest first."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from contextlib import ExitStack
from typing import TYPE_CHECKING, Annotated, Any, NamedTuple

import typer

from dvc_labelmeta.cli.common import Format, refuse_other, root_of, split_paths
from dvc_labelmeta.diff.told import told
from dvc_labelmeta.errors import Refused
from dvc_labelmeta.model.claims import BY
from dvc_labelmeta.model.event import EVENTS
from dvc_labelmeta.model.event_fields import SUBJECT
from dvc_labelmeta.read.git import open_repository
from dvc_labelmeta.read.ledger import Disk, event, head_names, key_of, tips
from dvc_labelmeta.read.ledger_walk import Persons, walk
from dvc_labelmeta.read.source import CommitTree, find_root
from dvc_labelmeta.report.text import plain, table

if TYPE_CHECKING:
    from dvc_labelmeta.model.claims import Claims
    from dvc_labelmeta.model.event import Event
    from dvc_labelmeta.read.ledger import Files

LOG_EXAMPLE = "Example: labelmeta ledger log data/train.csv --since v1.0"
_AHEAD = 100  # events to read beyond a limit, to tell what the last ones changed


class Line(NamedTuple):
    """One event to show; before: the claims that the subject had, None where that is not known."""

    event: Event
    before: Claims | None


def log(
    context: typer.Context,
    about: Annotated[
        str,
        typer.Argument(
            metavar="SPLIT|GUIDELINE|SUBJECT", help="Only what happened to it.", show_default=False
        ),
    ] = "",
    limit: Annotated[
        int, typer.Option(min=1, help="Show at most so many.", show_default=False)
    ] = 1_000_000_000,
    since: Annotated[
        str, typer.Option(metavar="REV", help="Only what the ledger did not hold at REV.")
    ] = "",
    rev: Annotated[
        str, typer.Option(metavar="REV", help="Show the ledger at REV; default: as it is on disk.")
    ] = "",
    format_: Format = "text",
) -> None:
    """Show what happened, newest first: when, who, what changed, and why.

    What changed is told against the last event of the same subject before it, on its own branch
    (of several that met, the newest). An event that joins branches says so. SUBJECT is one as it
    is shown here, such as waiver:LM105:data/train.csv.
    """
    refuse_other("--format", format_, ("text", "json"))
    root = find_root(root_of(context))
    git = open_repository(root).git
    with ExitStack() as stack:
        files: dict[str, Files] = {"": Disk(root)}
        for name in {rev, since} - {""}:
            objects = stack.enter_context(git.objects())
            files[name] = CommitTree(git, objects, git.commit(name))
        asked = _subject(context, root, files[rev], about) if about else ""
        lines = _lines(files[rev], files[since] if since else None, asked, limit)
        _put(lines, Persons(files[rev]), format_)


def _subject(context: typer.Context, root: str, files: Files, about: str) -> str:
    """Return the subject that a user named: a whole one, a guideline or a split."""
    if re.match(SUBJECT, about):
        candidates = [about]
    else:
        (path,) = split_paths(root, root_of(context), [about])
        candidates = [f"split:{path}", f"guideline:{about}"]
    known = tips(files)
    for one in candidates:
        if key_of(one) in known:
            return one
    raise Refused(
        f"the ledger holds no event of {about}; `labelmeta ledger log` shows all it holds, "
        "`labelmeta ledger record` tells it what it does not know"
    )


def _lines(files: Files, old: Files | None, subject: str, limit: int) -> list[Line]:
    """Return the events to show; a limited look reads little more than what it shows."""
    lines: list[Line] = []
    waiting = _Waiting()
    ahead = 0
    heads = head_names(files, tips(files))
    for one in walk(files, heads, _held(old) if old else frozenset()):
        for number in waiting.reach(one):
            lines[number] = lines[number]._replace(before=one.claims)
        if len(lines) < limit:
            if subject in ("", one.subject):
                waiting.add(one, len(lines))
                lines.append(Line(one, None))
        elif not waiting.open or (not subject and (ahead := ahead + 1) > _AHEAD):
            break
        waiting.hand_down(one)
    if old:
        known = tips(old)
        for number in waiting.open:
            for hash_ in known.get(key_of(lines[number].event.subject), ())[:1]:
                lines[number] = lines[number]._replace(before=event(files, hash_).claims)
    return lines


class _Waiting:
    """The lines that wait for the event before theirs, handed from each event to its parents.

    So what another branch did meanwhile is not taken for what was before.
    """

    def __init__(self) -> None:
        self.open: set[int] = set()
        self._at: dict[str, dict[str, set[int]]] = {}  # by event, the lines by subject

    def reach(self, one: Event) -> set[int]:
        """Return the lines that waited for this event: the newest before theirs comes first."""
        found = self._at.get(one.hash, {}).pop(one.subject, set()) & self.open
        self.open -= found
        return found

    def add(self, one: Event, number: int) -> None:
        self.open.add(number)
        self._at.setdefault(one.hash, {})[one.subject] = {number}

    def hand_down(self, one: Event) -> None:
        lines = self._at.pop(one.hash, {})
        for parent in one.parents[1:]:
            there = self._at.setdefault(parent, {})
            for subject, numbers in lines.items():
                there.setdefault(subject, set()).update(numbers & self.open)
        for parent in one.parents[:1]:
            there = self._at.setdefault(parent, lines)
            for subject, numbers in lines.items() if there is not lines else ():
                there.setdefault(subject, set()).update(numbers)


def _held(files: Files) -> frozenset[str]:
    """Return the hashes of all events that a commit holds."""
    folders = files.names(EVENTS)
    names = (name for folder in folders for name in files.names(f"{EVENTS}/{folder}"))
    return frozenset(name.removesuffix(".json") for name in names)


def _put(lines: Iterable[Line], persons: Persons, format_: str) -> None:
    if format_ == "json":
        typer.echo(json.dumps([_value(line, persons) for line in lines], indent=2))
        return
    rows = [_row(line, persons) for line in lines]
    head = ("EVENT", "TIME", "WHO", "TYPE", "SUBJECT", "WHAT", "NOTE")
    none = "no events; `labelmeta ledger record` adds those of what is there"
    typer.echo(table([head, *rows]) if rows else none)


def _row(line: Line, persons: Persons) -> tuple[str, ...]:
    one, before = line
    who = persons.name(one.actor).partition(" <")[0] or "redacted"
    what = told(one, before)
    commit, when, by = (str(one.details.get(key, "")) for key in ("commit", "when", BY))
    if commit and when and by:  # what Git's history says
        author = persons.name(by).partition(" <")[0] or "redacted"
        what += f" (commit {commit[:12]} of {when[:10]}, {author})"
    if len(one.parents) > 1:
        what += f" (joins {', '.join(parent[:12] for parent in one.parents)})"
    texts = (one.hash[:12], one.at, who, one.type, one.subject, what, one.note)
    return tuple(plain(text) for text in texts)


def _value(line: Line, persons: Persons) -> Mapping[str, Any]:
    one, before = line
    return {
        "event": one.hash,
        "at": one.at,
        "who": persons.name(one.actor) or None,
        "type": one.type,
        "subject": one.subject,
        "what": told(one, before),
        "note": one.note,
        "parents": list(one.parents),
        "claims": dict(one.claims),
        "details": dict(one.details),
    }
