"""Anchors, attestations and kept contents as values: what is said, read back, and refused."""

from __future__ import annotations

import base64
import contextlib
import json
from typing import Any

import pytest

from dvc_labelmeta.model.anchor import (
    Said,
    anchor_of,
    anchor_text,
    number,
    said_in,
    tag_name,
    without,
)
from dvc_labelmeta.model.attestation import (
    PAYLOAD,
    PREDICATE,
    STATEMENT,
    Envelope,
    NoAttestation,
    Signature,
    Statement,
    attestation_path,
    envelope,
    enveloped,
    pae,
    payload,
    statement,
)
from dvc_labelmeta.model.event import Event
from dvc_labelmeta.model.guideline import Guideline, Release
from dvc_labelmeta.model.kept import needed, ref_of
from dvc_labelmeta.model.sidecar import DataPin, Layer, Link, Sidecar

A, B = "a" * 64, "b" * 64
CONTENTS = [str(number) * 40 for number in range(4)]
C2 = "c2" * 20


@pytest.mark.parametrize(
    ("said", "text"),
    [
        (Said((B, A), 7), f"{A},{B} 7"),
        (Said((A,), 1, "team a/x"), f"{A} 1 team a/x"),
    ],
)
def test_a_trailer_is_read_as_it_was_written(said: Said, text: str) -> None:
    assert anchor_text(said) == text
    assert anchor_of(f" {text}\n") == said._replace(heads=tuple(sorted(said.heads)))


@pytest.mark.parametrize(
    "text",
    [
        "",
        A,
        f"{A} {'9' * 19}",
        f"{A} 0",
        f"{A} 07",
        f"{A[1:]} 7",
        f"{A}, {B} 7",
        f"{A.upper()} 7",
        f"{A} 7x",
    ],
)
def test_any_other_text_is_none(text: str) -> None:
    assert anchor_of(text) is None


def test_lines_of_a_message_and_names_of_tags() -> None:
    message = f"x\n\nlabelmeta-ledger: {A} 3\nLabelmeta-Ledger: {B} 4 sub\nLabelmeta-Ledger: ?\n"
    assert said_in(message, "") == [Said((A,), 3), None]
    assert said_in(message, "sub") == [Said((B,), 4, "sub"), None]
    rest = message.replace(f"labelmeta-ledger: {A} 3\n", "")
    assert (without(message, ""), without(rest, "")) == (rest, rest)
    names = tag_name(3), tag_name(3, "a b/c~")
    assert names == ("labelmeta/3", "labelmeta/a%20b/c%7E/3")
    assert [number(text) for text in ("12", "0", "1.0", "", "tone/1")] == [12, *[None] * 4]


def test_the_published_example_of_dsse_has_our_form() -> None:
    # protocol.md of DSSE v1: "DSSEv1 29 http://example.com/HelloWorld 11 hello world"
    assert pae(b"hello world") == b"DSSEv1 28 application/vnd.in-toto+json 11 hello world"
    assert pae("é".encode()) == b"DSSEv1 28 application/vnd.in-toto+json 2 \xc3\xa9"


def test_an_attestation_is_read_as_it_was_written() -> None:
    said = Statement((B, A), 9, "2026-01-05T09:00:00Z")
    body = payload(said, "dvc-labelmeta 0.1.0")
    value = json.loads(body)
    assert value["_type"] == STATEMENT
    assert value["subject"][0] == {
        "name": f"labelmeta/ledger/events/aa/{A}.json",
        "digest": {"sha256": A},
    }
    assert statement(body) == said._replace(heads=(A, B))
    sealed = Envelope(body, (Signature("SHA256:x", b"\xfb\xff\x00"), Signature("", b"")))
    content = enveloped(sealed)
    assert envelope(content) == sealed
    url_safe = content.replace(b"+/8A", b"-_8A")
    assert url_safe != content
    assert envelope(url_safe) == sealed
    more = json.loads(content) | {"later": 1}
    del more["signatures"][1]["keyid"]
    assert envelope(json.dumps(more).encode()) == sealed
    assert attestation_path(9) == "labelmeta/attestations/9.intoto.json"


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (b"", "no DSSE envelope"),
        (b"[]", "no DSSE envelope"),
        (b"{}", "no DSSE envelope"),
        ({"payload": 1}, "no DSSE envelope"),
        ({"signatures": [1]}, "no DSSE envelope"),
        ({"payload": "%%"}, "no base64"),
        ({"payload": "e30"}, "no base64"),
        ({"payloadType": "text/plain"}, "its payload is 'text/plain'"),
    ],
)
def test_what_is_no_envelope(content: Any, why: str) -> None:
    whole = {"payload": "e30=", "payloadType": PAYLOAD, "signatures": []}
    text = content if isinstance(content, bytes) else json.dumps(whole | content).encode()
    with pytest.raises(NoAttestation, match=why):
        envelope(text)


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"_type": "https://in-toto.io/Statement/v0.1"}, "Statement/v0.1"),
        ({"predicateType": "https://slsa.dev/provenance/v1"}, "slsa"),
        ({"subject": []}, "not the heads"),
        ({"subject": [{"digest": {"sha256": B}}]}, "not the heads"),
        ({"subject": [{"digest": {"sha512": A}}]}, "no statement"),
        ({"predicate": {"heads": ["x"], "count": 1, "at": ""}}, "not the heads"),
        ({"predicate": {"heads": [A], "count": "many", "at": ""}}, "no statement"),
        ({"predicate": {"heads": [A], "count": float("inf"), "at": ""}}, "no statement"),
        ({"predicate": {}}, "no statement"),
    ],
)
def test_what_is_no_statement(change: dict[str, Any], why: str) -> None:
    value = json.loads(payload(Statement((A,), 1, "2026-01-05T09:00:00Z"), "t")) | change
    with pytest.raises(NoAttestation, match=why):
        statement(json.dumps(value).encode())
    assert PREDICATE.endswith("/v1")
    assert base64.b64encode(b"{}") == b"e30="


def test_each_content_that_anything_names_is_needed_once() -> None:
    link = Link("tone", "1.0.0", "c1", CONTENTS[1])
    layers = tuple(Layer(name, link) for name in ("labels", "spans"))
    far = Layer("far", Link("far", "1.0.0", "c9", "o9"))
    one = Sidecar("s", "d", DataPin("d", "exact", "md5", "0"), layers=(*layers, far))
    guidelines = [
        Guideline("tone", "g", releases=(Release("0.9.0", "o0", "c0"),)),
        Guideline("far", "g", repo="docs"),
    ]
    layer = {"guideline": "tone", "version": "1.1.0", "object": CONTENTS[2], "commit": C2}
    events = [
        Event("", "linked", "split:d", "", "", (), 1, {"data": {}, "layers": {"labels": layer}}),
        Event("", "unlinked", "split:d", "", "", (), 2, {}),
        Event(
            "",
            "released",
            "guideline:tone",
            "",
            "",
            (),
            3,
            {"version": "1.1.0", "object": CONTENTS[2]},
        ),
        Event(
            "",
            "released",
            "guideline:tone",
            "",
            "",
            (),
            4,
            {"version": "2.0.0", "object": CONTENTS[3]},
        ),
        Event(
            "",
            "linked",
            "split:e",
            "",
            "",
            (),
            5,
            {"layers": {"a": 1, "b": layer | {"commit": "HEAD"}}},
        ),
        Event(
            "", "linked", "split:f", "", "", (), 5, {"layers": {"b": layer | {"object": "main"}}}
        ),
        Event("", "retired", "guideline:tone", "", "", (), 5, {"version": "2.0.0"}),
    ]
    assert needed([one], guidelines, events) == [
        Link("tone", "0.9.0", "c0", "o0"),
        link,
        Link("tone", "1.1.0", C2, CONTENTS[2]),
        Link("tone", "2.0.0", "", CONTENTS[3]),
    ]
    assert ref_of(link, "0123456789abcdef") == "refs/labelmeta/keep/tone/1.0.0-0123456789ab"


@pytest.mark.parametrize(
    ("id_", "version", "name"),
    [
        ("tone", "1.0.0-rc.1+x", "tone/1.0.0-rc.1+x"),
        ("a b", "1\ndelete refs/heads/main", "a%20b/1%0Adelete%20refs%2Fheads%2Fmain"),
        (".x", "../../heads/main~", "%2Ex/%2E.%2F%2E.%2Fheads%2Fmain%7E"),
    ],
)
def test_no_name_of_a_ref_leaves_its_folder(id_: str, version: str, name: str) -> None:
    ref = ref_of(Link(id_, version, "", CONTENTS[1]), CONTENTS[1])
    assert ref == f"refs/labelmeta/keep/{name}-111111111111"


def test_no_changed_byte_of_an_attestation_is_a_crash() -> None:
    sealed = Envelope(
        payload(Statement((A,), 9, "2026-01-05T09:00:00Z"), "t"), (Signature("k", b"s"),)
    )
    content = enveloped(sealed)
    for place in range(0, len(content), 3):
        for byte in (0x00, 0x22, 0x39, 0x7B, 0xFF):
            broken = content[:place] + bytes([byte]) + content[place + 1 :]
            with contextlib.suppress(NoAttestation):
                statement(envelope(broken).payload)
    for body in (b'{"_type": Infinity}', b"[" * 100_000, b"\xff"):
        with pytest.raises(NoAttestation):
            statement(body)
