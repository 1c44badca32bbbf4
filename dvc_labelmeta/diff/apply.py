"""The laws of a diff: apply(a, diff(a, b)) == b and undo(b, diff(a, b)) == a."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from dvc_labelmeta.diff.match import clauses
from dvc_labelmeta.diff.operation import ABSENT, BLOCKS, Content, Edit, Operation


def apply(content: Content, operations: Iterable[Operation]) -> Content:
    """Return the content that a diff leads to, from the one that it began at."""
    return _edited(content, [edit for operation in operations for edit in operation.edits])


def undo(content: Content, operations: Iterable[Operation]) -> Content:
    """Return the content that a diff began at, from the one that it leads to."""
    edits = [edit for operation in operations for edit in operation.edits]
    ids = {
        edit.before: edit.after
        for edit in edits
        if len(edit.path) == 3 and edit.path[0] == "labels" and edit.path[2] == "id"
    }
    return _edited(content, [_turned_round(edit, ids) for edit in edits])


def _turned_round(edit: Edit, ids: Mapping[str, str]) -> Edit:
    """Return the edit that undoes an edit. ids: current id by previous id of renamed labels."""
    path, before, after = edit.path, edit.before, edit.after
    if path[:1] == ("labels",) and len(path) > 1:
        path = (path[0], ids.get(path[1], path[1]), *path[2:])
    if path == ("labels",) and ABSENT not in (before, after):
        before, after = (tuple(ids.get(id_, id_) for id_ in order) for order in (before, after))
    return Edit(path, after, before, edit.at)


def _edited(content: Content, edits: list[Edit]) -> Content:
    whole = [edit for edit in edits if not edit.path]
    structure = whole[0].after if whole else content.structure
    prose = dict(content.prose)
    for edit in edits:
        if edit.path[:1] == ("prose",):
            _put(prose, edit.path[1], edit.after)
    if structure is ABSENT or structure is None:
        return Content(None, prose)
    result = dict(structure)
    for edit in edits:
        if len(edit.path) == 1 and edit.path[0] not in BLOCKS:
            _put(result, edit.path[0], edit.after)
    for block in BLOCKS:
        own = [edit for edit in edits if edit.path[:1] == (block,)]
        if own:
            _put(result, block, _block(result, block, own))
    return Content(result, prose)


def _block(structure: Mapping[str, Any], block: str, edits: list[Edit]) -> Any:
    """Return a list of clauses after its edits; ABSENT where it is taken out."""
    were = clauses(structure, block)
    gone = {edit.path[1] for edit in edits if len(edit.path) == 2 and edit.after is ABSENT}
    stay = {id_: dict(clause) for id_, clause in were.items() if id_ not in gone}
    there, order = block in structure, tuple(stay)
    for edit in edits:
        if len(edit.path) == 3:
            _put(stay[edit.path[1]], edit.path[2], edit.after)
        elif len(edit.path) == 1:
            there, order = edit.after is not ABSENT, edit.after or order
    if not there:
        return ABSENT
    result = [stay[id_] for id_ in order]
    new = {edit.path[1]: edit for edit in edits if len(edit.path) == 2 and edit.after is not ABSENT}
    for edit in sorted(new.values(), key=lambda edit: edit.at):
        result.insert(edit.at, edit.after)
    return result


def _put(values: dict[str, Any], key: str, value: Any) -> None:
    if value is ABSENT:
        values.pop(key, None)
    else:
        values[key] = value
