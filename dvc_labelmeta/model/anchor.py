"""Statements outside the ledger's own files about what its heads were, and how many events."""

from __future__ import annotations

import re
from typing import NamedTuple

from dvc_labelmeta.model.event import FOLDER

TRAILER = "Labelmeta-Ledger"
TAGS = "labelmeta"  # tags are named labelmeta/<count>
ATTESTATIONS = "labelmeta/attestations"  # <count>.intoto.json, from the root
SUBJECT = FOLDER  # the name of a head among the subjects of an attestation
PREDICATE = "https://labelmeta.dev/attestation/ledger/v1"
_HEAD = r"[0-9a-f]{64}"
_TEXT = re.compile(rf"({_HEAD}(?:,{_HEAD})*) ([1-9][0-9]*)")
_TAG = re.compile(rf"{TAGS}/([1-9][0-9]*)")


class Anchor(NamedTuple):
    """Who says where that the ledger had these heads and `count` events together.

    kind: "trailer" (of a commit), "tag" or "attestation". name: the commit, the tag's name
    ("labelmeta/12") or the path of the file from the root. commit: the commit that carries the
    trailer or is tagged; "" for an attestation. heads: sorted; () where they cannot be read.
    held: the heads that the ledger in `commit` has (the names in its HEADS), None for an
    attestation or where the commit is not here. inside: whether `commit` is in the history of HEAD.
    signed: who signed, as the key's owner is called by Git or the allowed signers; "" = no
    signature that could be verified. signature: "none", "good", "bad" (does not fit the content),
    "unknown" (no key known here to hold it against) or "" (was not asked for). fault: why it is
    no anchor as it is written ("the tag's name says 12, its message 13"); "" = none.

    What is judged of it (`ledger verify`): no fault, heads == held, each head is in the ledger and
    their histories hold `count` events, the ledger of today holds them.
    """

    kind: str
    name: str
    commit: str
    heads: tuple[str, ...]
    count: int
    held: tuple[str, ...] | None = None
    inside: bool = True
    signature: str = ""
    signed: str = ""
    fault: str = ""


def anchor_text(heads: tuple[str, ...], count: int) -> str:
    """Return what a trailer says: `<head>[,<head>…] <count>`, the heads sorted."""
    return f"{','.join(sorted(heads))} {count}"


def anchor_of(text: str) -> tuple[tuple[str, ...], int] | None:
    """Return the heads and the count that a trailer says; None for any other text."""
    match = _TEXT.fullmatch(text.strip())
    return (tuple(sorted(match[1].split(","))), int(match[2])) if match else None


def tag_count(name: str) -> int | None:
    """Return the count that the name of a tag says; None for the name of any other tag."""
    match = _TAG.fullmatch(name)
    return int(match[1]) if match else None
