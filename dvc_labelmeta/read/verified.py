"""What an earlier verification found, in .labelmeta/cache/ledger/, and what is new since then.

Trusted is only that the ledger was whole at a commit, and only where Git does not track the file.
Whether files on disk are still those of that commit says Git. The file is safe to delete; one that
is damaged only costs a full verification.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Mapping
from typing import NamedTuple

from dvc_labelmeta.errors import LabelMetaError
from dvc_labelmeta.model.chain import Added, Breach, Pair, Verdict
from dvc_labelmeta.model.config import OWN_FOLDER
from dvc_labelmeta.model.event import EVENTS, FOLDER, HEADS, PEOPLE, TIPS
from dvc_labelmeta.read import cached
from dvc_labelmeta.read.git import Git, Repository

FILE = f"{OWN_FOLDER}/cache/ledger/verified.json"
_FORM = 2  # of the file and of what is judged: counted up where an older verdict is not worth it
_BROKEN = (ValueError, LookupError, TypeError, AttributeError)


class Verified(NamedTuple):
    """A ledger without errors. commit: where it was so. heads: by hash, the commits that added
    them. erased: commitments that redactions removed. anchors: what names those that were held
    against it. settings: the hash of labelmeta.yaml.
    """

    commit: str
    verdict: Verdict
    heads: Mapping[str, Added]
    erased: frozenset[str]
    anchors: frozenset[str]
    settings: str = ""


class Changes(NamedTuple):
    """What is on disk and not in the commit that was verified: files of the ledger, by path.

    clean: all that is on disk is committed.
    """

    new: tuple[str, ...] = ()
    gone: tuple[str, ...] = ()
    clean: bool = True


def recalled(root: str, by: str) -> Verified | None:
    """Return what an earlier run of version `by` found, None where there is nothing of use."""
    value = cached.recalled(root, os.path.join(root, FILE))
    with contextlib.suppress(*_BROKEN):
        if value["by"] != [by, _FORM]:
            return None
        told = value["verdict"]
        breaches = tuple(Breach(*one) for one in told[-1])
        pairs = tuple(Pair(*one) for one in told[-2])
        verdict = Verdict._make([*told[:-2], pairs, breaches])
        verdict = verdict._replace(heads=tuple(verdict.heads), kept=verdict.total)
        return Verified(
            value["commit"],
            verdict,
            {hash_: Added(*one) for hash_, one in value["heads"].items()},
            frozenset(value["erased"]),
            frozenset(value["anchors"]),
            value["settings"],
        )
    return None


def keep(root: str, by: str, one: Verified) -> None:
    """Keep a verdict of version `by`; nothing depends on whether that works."""
    value = {
        "by": [by, _FORM],
        "commit": one.commit,
        "verdict": one.verdict,
        "heads": one.heads,
        "erased": sorted(one.erased),
        "anchors": sorted(one.anchors),
        "settings": one.settings,
    }
    cached.keep(root, os.path.join(root, FILE), value)


def changes(repository: Repository, since: str) -> Changes | None:
    """Return what came to the ledger since a commit, on disk as well.

    None where more happened than writing does: then all is to be verified.
    """
    git = repository.git
    try:
        if since != repository.head and git.outside([since], repository.head):
            return None
        letters = {} if since == repository.head else _committed(git, since, repository.head)
    except LabelMetaError:  # `git gc` took that commit
        return None
    states = git.status([f":(top,literal){git.above(FOLDER)}"])
    for path, state in states.items():
        letter = "A" if state == "??" else "".join(dict.fromkeys(state.replace(" ", "")))
        known = letters.get(path, "")
        letters[path] = {"DA": "M", "AD": ""}.get(known + letter, letter if not known else "M")
    return _plain(letters, clean=not states)


def _committed(git: Git, since: str, head: str) -> dict[str, str]:
    tree = git.above(FOLDER)
    ends = [f"{commit}:{tree}" for commit in (since, head)]
    out = git.run("diff-tree", "-r", "-z", "--name-status", "--no-renames", *ends)
    parts = out.decode(errors="surrogateescape").split("\0")
    return {f"{FOLDER}/{path}": how for how, path in zip(parts[::2], parts[1::2], strict=False)}


def _plain(letters: Mapping[str, str], *, clean: bool) -> Changes | None:
    """Return changes that only add events and persons, and add or remove markers."""
    new = tuple(path for path, letter in letters.items() if letter == "A")
    gone = tuple(path for path, letter in letters.items() if letter == "D")
    other = any(letter not in {"A", "D", ""} for letter in letters.values())
    markers = (HEADS + "/", TIPS + "/")
    added = (*markers, EVENTS + "/", PEOPLE + "/")
    usual = all(path.startswith(added) for path in new)
    if other or not usual or not all(path.startswith(markers) for path in gone):
        return None
    return Changes(new, gone, clean)
