"""Signed statements about the ledger: in-toto Statement v1 in a DSSE envelope v1.

Formats: https://github.com/in-toto/attestation/blob/main/spec/v1/statement.md and
https://github.com/secure-systems-lab/dsse/blob/master/protocol.md.
"""

from __future__ import annotations

import base64
import binascii
import json
import re
from typing import Any, NamedTuple

from dvc_labelmeta.model.anchor import ATTESTATIONS
from dvc_labelmeta.model.event import canonical, event_path

STATEMENT = "https://in-toto.io/Statement/v1"
PAYLOAD = "application/vnd.in-toto+json"
PREDICATE = "pkg:pypi/dvc-labelmeta#attestation/ledger/v1"
SUFFIX = ".intoto.json"
_HEAD = re.compile(r"[0-9a-f]{64}")
_SAFE = str.maketrans("-_", "+/")  # base64 for URLs, which an envelope may hold too


class Signature(NamedTuple):
    """A signature of an envelope; `key` is a hint that proves nothing."""

    key: str
    content: bytes


class Envelope(NamedTuple):
    """What was signed, as bytes, and its signatures."""

    payload: bytes
    signatures: tuple[Signature, ...] = ()


class Statement(NamedTuple):
    """What an attestation says; at: RFC 3339, in UTC."""

    heads: tuple[str, ...]
    total: int
    at: str


class NoAttestation(ValueError):
    """The content is no attestation of a ledger; the text says why."""


def attestation_path(count: int) -> str:
    """Where the attestation of a number of events is kept, from the root."""
    return f"{ATTESTATIONS}/{count}{SUFFIX}"


def payload(said: Statement, tool: str) -> bytes:
    """Return the bytes to sign. A subject is the file of a head: its digest is its SHA-256."""
    heads = sorted(said.heads)
    return canonical(
        {
            "_type": STATEMENT,
            "subject": [{"name": event_path(head), "digest": {"sha256": head}} for head in heads],
            "predicateType": PREDICATE,
            "predicate": {"heads": heads, "count": said.total, "at": said.at, "tool": tool},
        }
    )


def pae(body: bytes) -> bytes:
    """Return what signatures are made of: the pre-authentication encoding of type and body."""
    type_ = PAYLOAD.encode()
    return b"DSSEv1 %d %b %d %b" % (len(type_), type_, len(body), body)


def enveloped(one: Envelope) -> bytes:
    """Return the text of an envelope."""
    value = {
        "payload": base64.b64encode(one.payload).decode(),
        "payloadType": PAYLOAD,
        "signatures": [
            {"keyid": each.key, "sig": base64.b64encode(each.content).decode()}
            for each in one.signatures
        ],
    }
    return (json.dumps(value, indent=2) + "\n").encode()


def envelope(content: bytes) -> Envelope:
    """Return the envelope that a file holds; raises NoAttestation."""
    try:
        value: Any = json.loads(content)
        kind = value["payloadType"]
        signatures = tuple(
            Signature(str(each.get("keyid") or ""), _bytes(each["sig"]))
            for each in value["signatures"]
        )
        found = Envelope(_bytes(value["payload"]), signatures)
    except NoAttestation:
        raise
    except (ValueError, LookupError, TypeError, AttributeError, RecursionError):
        raise NoAttestation("it is no DSSE envelope") from None
    if kind != PAYLOAD:
        raise NoAttestation(f"its payload is {kind!r}, not {PAYLOAD}")
    return found


def statement(body: bytes) -> Statement:
    """Return what a payload states; raises NoAttestation. Unknown fields are passed over."""
    try:
        value: Any = json.loads(body)
        kinds = value["_type"], value["predicateType"]
        predicate, subjects = value["predicate"], value["subject"]
        heads = _texts(one["digest"]["sha256"] for one in subjects)
        said = Statement(_texts(predicate["heads"]), int(predicate["count"]), str(predicate["at"]))
    except (ArithmeticError, ValueError, LookupError, TypeError, RecursionError):
        raise NoAttestation("its payload is no statement about a ledger") from None
    if kinds != (STATEMENT, PREDICATE):
        raise NoAttestation(f"its payload is a {kinds[0]!r} with a predicate {kinds[1]!r}")
    if heads != said.heads or not heads or not all(map(_HEAD.fullmatch, heads)):
        raise NoAttestation("its subjects are not the heads that it names")
    return said


def _texts(values: Any) -> tuple[str, ...]:
    return tuple(sorted(str(one) for one in values))


def _bytes(text: str) -> bytes:
    try:
        return base64.b64decode(text.translate(_SAFE), validate=True)
    except binascii.Error:
        raise NoAttestation("it holds what is no base64") from None
