"""The salt of a project's pseudonyms: shared by the team, never in Git."""

from __future__ import annotations

import hmac
import os
import secrets
from collections.abc import Collection
from typing import NamedTuple

from dvc_labelmeta.errors import Refused
from dvc_labelmeta.model.config import OWN_FOLDER

VARIABLE = "LABELMETA_SALT"
FILE = f"{OWN_FOLDER}/salt"
_LEAST = 16


class Salt(NamedTuple):
    """A salt, and what the user should know about it ("" for nothing)."""

    text: str
    note: str = ""


def fingerprint(text: str) -> str:
    """Return a check value of a salt (32 bits as hex), by which sidecars know a wrong one."""
    return hmac.new(text.encode(), b"labelmeta salt", "sha256").hexdigest()[:8]


def refuse_other(one: Salt, known: Collection[str]) -> None:
    """Refuse a salt that is none of those, by their check values, that were used before."""
    if known and fingerprint(one.text) not in known:
        raise Refused(
            "the salt here is not the one of earlier imports, so that the same person would get "
            f"another pseudonym: get the right one ({VARIABLE} or {FILE}) from who imported "
            "before; --new-salt takes this one nevertheless"
        )


def given() -> Salt | None:
    """Return the salt of the environment, None where it has none; raises Refused for a weak one."""
    text = os.environ.get(VARIABLE, "").strip()
    return _strong(text, VARIABLE) if text else None


def of_project(root: str, *, used: bool, new: bool, dry_run: bool) -> Salt:
    """Return the salt kept in the project; makes one at the first import.

    used: records were imported before, so that a missing salt must be asked for, unless `new`.
    Raises Refused. The caller holds the lock.
    """
    path = os.path.join(root, FILE)
    try:
        with open(path, encoding="utf-8") as file:
            return _strong(file.read(1000).strip(), FILE)
    except FileNotFoundError:
        pass
    except (OSError, UnicodeDecodeError) as error:
        raise Refused(f"cannot read {FILE}: {error}") from None
    if used and not new:
        raise Refused(
            f"records were imported into this project before, and their salt is not here: get it "
            f"from who imported them, and set {VARIABLE} or put it into {FILE}; --new-salt makes "
            "another one, under which the same person gets another pseudonym"
        )
    text = secrets.token_hex(32)
    if dry_run:
        return Salt(text, f"the pseudonyms shown are examples: there is no {FILE} yet")
    try:
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(text + "\n")
    except OSError as error:
        raise Refused(f"cannot write {FILE}: {error.strerror}") from None
    return Salt(
        text,
        f"made {FILE}, which Git ignores: keep it, and give it to all who import here (not by "
        f"Git); or set {VARIABLE}",
    )


def _strong(text: str, where: str) -> Salt:
    if len(text) < _LEAST:
        raise Refused(f"{where} must hold at least {_LEAST} characters, so that nobody guesses it")
    return Salt(text)
