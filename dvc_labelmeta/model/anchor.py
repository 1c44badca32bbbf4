"""Statements outside the ledger's own files about what its heads were, and how many events."""

from __future__ import annotations

import re
from typing import NamedTuple
from urllib.parse import quote

TRAILER = "Labelmeta-Ledger"
ATTESTATIONS = "labelmeta/attestations"  # <count>.intoto.json, from the root
_HEAD = r"[0-9a-f]{64}"
_TEXT = re.compile(rf"({_HEAD}(?:,{_HEAD})*) ([1-9][0-9]{{0,17}})(?: (\S.*))?")
_NUMBER = re.compile(r"[1-9][0-9]{0,17}")


class Anchor(NamedTuple):
    """Who says where that the ledger had these heads and `total` events together.

    kind: "trailer" (of a commit), "tag" or "attestation". name: the commit, the tag's name
    ("labelmeta/12") or the path of the file from the root. commit: the commit that carries the
    trailer or is tagged; "" for an attestation. heads: sorted; () where they cannot be read.
    held: the heads that the ledger in `commit` has (the names in its HEADS), None for an
    attestation or where the commit is not here. inside: whether `commit` is in the history of HEAD.
    signature: "none", "good", "bad" (does not fit the content), "unknown" (nobody here says whose
    key it is) or "" (was not asked for). signed: who signed, where that is good; else "".
    fault: why it is no anchor as it is written; "" = it is one.

    What is to be judged of it: no fault, heads == held, the ledger of today holds each head, and
    their histories hold `total` events together.
    """

    kind: str
    name: str
    commit: str
    heads: tuple[str, ...] = ()
    total: int = 0
    held: tuple[str, ...] | None = None
    inside: bool = True
    signature: str = ""
    signed: str = ""
    fault: str = ""


class Said(NamedTuple):
    """What a trailer says; folder: the project's, from the top level, "" = there."""

    heads: tuple[str, ...]
    total: int
    folder: str = ""


def anchor_text(said: Said) -> str:
    """Return what a trailer says: `<head>[,<head>…] <count>[ <folder>]`, the heads sorted."""
    return f"{','.join(sorted(said.heads))} {said.total} {said.folder}".rstrip()


def anchor_of(text: str) -> Said | None:
    """Return what a trailer says; None for any other text."""
    match = _TEXT.fullmatch(text.strip())
    if match is None:
        return None
    return Said(tuple(sorted(match[1].split(","))), int(match[2]), match[3] or "")


def said_in(message: str, folder: str) -> list[Said | None]:
    """Return what the lines of a message that are such trailers say of the project in `folder`.

    None for a line that says nothing that can be read.
    """
    lines = (line.partition(":") for line in message.splitlines())
    found = [anchor_of(text) for key, _, text in lines if key.lower() == TRAILER.lower()]
    return [one for one in found if one is None or one.folder == folder]


def without(message: str, folder: str) -> str:
    """Return a commit message without the trailers of the project in `folder`."""
    lines = message.splitlines(keepends=True)
    return "".join(line for line in lines if not any(said_in(line, folder)))


def tag_name(count: int, folder: str = "") -> str:
    """Return the name of the tag for a number of events; folder: the project's, "" = the top."""
    return f"{tag_prefix(folder)}{count}"


def tag_prefix(folder: str) -> str:
    """Return how the names of a project's tags begin; a ref may not hold every character."""
    quoted = quote(folder, safe="/", errors="surrogateescape").replace("~", "%7E")
    return "labelmeta/" + (quoted + "/" if folder else "")


def number(text: str) -> int | None:
    """Return the count that the end of a name says, None where it is no count."""
    return int(text) if _NUMBER.fullmatch(text) else None
