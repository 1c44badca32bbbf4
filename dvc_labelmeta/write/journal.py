"""The edits of the ledger that a command makes: the next one finishes what was killed."""

from __future__ import annotations

import contextlib
import json
import os
import posixpath
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from dvc_labelmeta.errors import Refused
from dvc_labelmeta.model.config import OWN_FOLDER
from dvc_labelmeta.model.event import EVENTS, FOLDER, HEADS
from dvc_labelmeta.write.edits import Edit, apply, content, remove_file, write_file

JOURNAL = f"{OWN_FOLDER}/ledger-pending.json"


class _Pending(NamedTuple):
    """Files to create, with their text, and files to remove; paths from the root."""

    create: dict[str, str]
    remove: list[str]


def apply_journalled(root: str, edits: Sequence[Edit]) -> list[Edit]:
    """Apply edits as `apply` does, so that those of the ledger end whole even if it is killed.

    An event without its markers would be one that nobody follows and nobody finds again. The
    caller has called `finish` under the lock it holds.
    """
    mine = [edit for edit in edits if edit.path.startswith(FOLDER + "/")]
    if not mine:
        return apply(root, edits)
    if _leads_away(root, (edit.path for edit in mine)):
        raise Refused(f"{FOLDER} is, or holds, a link to another folder, where nothing is written")
    create = {edit.path: edit.after.decode() for edit in mine if edit.after is not None}
    remove = [edit.path for edit in mine if edit.after is None]
    path = os.path.join(root, JOURNAL)
    write_file(path, json.dumps(_Pending(create, remove)._asdict()).encode())
    done = apply(root, edits)
    remove_file(path)
    return done


def finish(root: str) -> None:
    """Make the edits that a killed command left: all of them, or none where no event was written.

    None as well where other heads than it knew are there now, as after a switch of branches, and
    where the ledger is a link: a clone may bring one that leads to a home folder.
    """
    path = os.path.join(root, JOURNAL)
    if not os.path.exists(path):
        return
    if (pending := _pending(root)) is not None and _holds(root, pending):
        edits = [Edit(p, content(root, p), text.encode()) for p, text in pending.create.items()]
        apply(root, [*edits, *(Edit(p, content(root, p), None) for p in pending.remove)])
    remove_file(path)


def _pending(root: str) -> _Pending | None:
    """Return what the note says; None for one that is no note of ours.

    It may have come with a clone: whatever it says, nothing but the ledger is written.
    """
    try:
        value = json.loads(content(root, JOURNAL) or b"")
        create, remove = dict(value["create"]), [str(path) for path in value["remove"]]
    except (ValueError, KeyError, TypeError):
        return None
    mine = all(
        path.startswith(FOLDER + "/") and posixpath.normpath(path) == path
        for path in (*create, *remove)
    )
    text = all(isinstance(value, str) for value in create.values())
    fit = mine and text and not _leads_away(root, (*create, *remove))
    return _Pending(create, remove) if fit else None


def _leads_away(root: str, paths: Iterable[str]) -> bool:
    """Whether a link stands between the root and any of these files."""
    top = os.path.realpath(root)
    folders = {posixpath.dirname(path) for path in paths}
    return any(
        os.path.realpath(os.path.join(top, folder)) != os.path.join(top, *folder.split("/"))
        for folder in folders
    )


def _holds(root: str, pending: _Pending) -> bool:
    """Whether an event was written, and the ledger is still the one it was written for."""
    events = [path for path in pending.create if path.startswith(EVENTS + "/")]
    if not any(os.path.exists(os.path.join(root, path)) for path in events):
        return False
    heads: set[str] = set()
    with contextlib.suppress(FileNotFoundError):
        names = os.listdir(os.path.join(root, HEADS))
        heads = {f"{HEADS}/{name}" for name in names if not name.startswith(".")}
    return bool(heads & {*pending.create, *pending.remove}) or not heads
