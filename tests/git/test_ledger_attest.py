"""Signed in-toto statements about the ledger: made with real SSH keys, read back, and attacked."""

from __future__ import annotations

import base64
import json
from pathlib import Path
from typing import Any

import pytest

from dvc_labelmeta.model.anchor import Anchor
from dvc_labelmeta.model.attestation import PAYLOAD, pae
from dvc_labelmeta.read.anchors import attestations
from dvc_labelmeta.read.git import open_repository
from dvc_labelmeta.read.ledger import Disk
from dvc_labelmeta.read.signatures import NAMESPACE, Signers, armoured
from tests.repo import Repo
from tests.ssh import Keys

pytestmark = pytest.mark.inside


def read(repo: Repo, allowed: Path | str = "") -> list[Anchor]:
    return attestations(
        Disk(str(repo.path)), Signers(open_repository(str(repo.path)), str(allowed))
    )


def total(repo: Repo) -> int:
    return len([*repo.path.glob("labelmeta/ledger/events/*/*.json")])


def the_file(repo: Repo) -> Path:
    return repo.path / f"labelmeta/attestations/{total(repo)}.intoto.json"


def value(repo: Repo) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(the_file(repo).read_bytes())
    return found


def test_a_statement_is_signed_and_others_can_verify_it(linked: Repo, keys: Keys) -> None:
    dry = linked.labelmeta("ledger", "attest", "--key", str(keys.path("ada")), "--dry-run").out
    assert f"would create labelmeta/attestations/{total(linked)}.intoto.json" in dry
    assert not the_file(linked).exists()
    events = total(linked)
    linked.labelmeta("ledger", "attest", "--key", str(keys.path("ada")))
    assert total(linked) == events  # what is attested does not change by it
    (head,) = (path.name for path in (linked.path / "labelmeta/ledger/heads").iterdir())
    sealed = value(linked)
    assert sealed["payloadType"] == PAYLOAD
    body = base64.b64decode(sealed["payload"])
    said = json.loads(body)
    assert said["subject"] == [
        {"name": f"labelmeta/ledger/events/{head[:2]}/{head}.json", "digest": {"sha256": head}}
    ]
    assert said["predicate"]["count"] == events
    assert said["predicate"]["at"] == "2026-01-05T09:00:00Z"
    # by hand, with nothing of ours but the text of DSSE's protocol.md
    signed = b"DSSEv1 %d %s %d %s" % (len(PAYLOAD), PAYLOAD.encode(), len(body), body)
    assert signed == pae(body)
    linked.write("sig", armoured(base64.b64decode(sealed["signatures"][0]["sig"])))
    linked.write("signed", signed)
    verify = (
        "ssh-keygen", "-Y", "verify", "-f", str(keys.allowed("ada")), "-I", "ada@example.org",
        "-n", NAMESPACE, "-s", "sig",
    )  # fmt: skip
    ran = linked.run("sh", "-c", '"$@" <signed', "-", *verify)
    assert sealed["signatures"][0]["keyid"] in ran.out

    (one,) = read(linked, keys.allowed("ada"))
    assert one == Anchor(
        "attestation", f"labelmeta/attestations/{events}.intoto.json", "", (head,), events,
        signature="good", signed="ada@example.org",
    )  # fmt: skip
    assert [(o.signature, o.signed) for o in read(linked)] == [("unknown", "")]
    assert [o.signature for o in read(linked, keys.allowed("bob"))] == ["unknown"]
    (quick,) = attestations(Disk(str(linked.path)))
    assert quick == one._replace(signature="", signed="")


def test_the_key_of_git_and_a_second_signature(linked: Repo, keys: Keys) -> None:
    ran = linked.labelmeta("ledger", "attest", code=2)
    assert "--key FILE" in ran.err
    keys.configure(linked, "ada")
    linked.labelmeta("ledger", "attest")
    assert "already" in linked.labelmeta("ledger", "attest").out
    linked.labelmeta("ledger", "attest", "--key", str(keys.path("bob")))
    (one,) = read(linked)
    assert (one.signature, one.signed) == ("good", "ada@example.org, bob@example.org")
    # one that does not fit takes nothing from one that does
    sealed = value(linked)
    sealed["signatures"][0]["sig"] = "AAAA"
    the_file(linked).write_text(json.dumps(sealed))
    (one,) = read(linked)
    assert (one.signature, one.signed) == ("good", "bob@example.org")


def test_a_key_that_cannot_sign_is_told(linked: Repo, keys: Keys) -> None:
    ran = linked.labelmeta("ledger", "attest", "--key", "nothing-there", code=2)
    assert "`ssh-keygen" in ran.err
    literal = keys.path("ada.pub").read_text().strip()
    keys.configure(linked, "ada")
    linked.git("config", "user.signingkey", f"key::{literal}")  # no agent holds it
    ran = linked.labelmeta("ledger", "attest", code=2, SSH_AUTH_SOCK="")
    assert "`ssh-keygen -Y sign` failed" in ran.err
    linked.git("config", "gpg.ssh.program", "no-such-program")
    assert "OpenSSH" in linked.labelmeta("ledger", "attest", code=2).err
    assert not the_file(linked).exists()


def test_what_was_signed_cannot_be_changed(linked: Repo, keys: Keys) -> None:
    linked.labelmeta("ledger", "attest", "--key", str(keys.path("ada")))
    whole = value(linked)
    body = base64.b64decode(whole["payload"])

    def changed(**parts: Any) -> Anchor:
        the_file(linked).write_text(json.dumps(whole | parts))
        (one,) = read(linked, keys.allowed("ada"))
        return one

    longer = body.replace(b'"count":%d' % total(linked), b'"count":1%d' % total(linked))
    assert "is not its name" in changed(payload=base64.b64encode(longer).decode()).fault
    later = body.replace(b"2026-01-05", b"2026-01-06")
    assert changed(payload=base64.b64encode(later).decode()).signature == "bad"
    assert changed(signatures=[]).signature == "none"
    assert changed(signatures=[{"sig": "AAAA"}]).signature == "bad"
    assert changed(payloadType="text/plain").fault
    ran = linked.labelmeta("ledger", "attest", "--key", str(keys.path("bob")), code=2)
    assert "move it away" in ran.err
    assert changed().signature == "good"
    # a signature for another purpose, by the right key, over the same bytes
    linked.write("signed", pae(body))
    linked.git("config", "x.y", "z")
    linked.run("ssh-keygen", "-q", "-Y", "sign", "-f", str(keys.path("ada")), "-n", "git", "signed")
    text = "".join(linked.read("signed.sig").splitlines()[1:-1])
    assert changed(signatures=[{"sig": text}]).signature == "bad"


def test_another_ledger_of_the_same_length_is_not_signed_over(linked: Repo, keys: Keys) -> None:
    linked.labelmeta("ledger", "attest", "--key", str(keys.path("ada")), "--out", "mine.json")
    linked.labelmeta("unlink", "data/dev.csv")
    the_file(linked).parent.mkdir()
    (linked.path / "mine.json").rename(the_file(linked))
    ran = linked.labelmeta("ledger", "attest", "--key", str(keys.path("ada")), code=2)
    assert "states another ledger" in ran.err
    (linked.path / "labelmeta/attestations/notes.txt").write_text("not read")
    (one,) = read(linked, keys.allowed("ada"))
    assert "is not its name" in one.fault


def test_a_key_counts_as_of_the_time_of_signing(linked: Repo, keys: Keys) -> None:
    linked.labelmeta("ledger", "attest", "--key", str(keys.path("ada")))
    key = keys.path("ada.pub").read_text()
    for valid, grade in (("20260101-20260201", "good"), ("20250101-20250201", "unknown")):
        after, _, before = valid.partition("-")
        text = f'ada@example.org valid-after="{after}",valid-before="{before}" {key}'
        assert [one.signature for one in read(linked, linked.write("allowed", text))] == [grade]


def test_a_signature_of_somebody_known_is_what_verify_asks_for(linked: Repo, keys: Keys) -> None:
    linked.labelmeta("ledger", "attest", "--key", str(keys.path("ada")))
    linked.commit("Attest")
    asked = ("ledger", "verify", "--signed", "--allowed-signers")
    assert "1 anchor (1 signed): intact" in linked.labelmeta(*asked, str(keys.allowed("ada"))).out
    assert "unsigned" in linked.labelmeta(*asked, str(keys.allowed("eve")), code=1).out
    linked.labelmeta("unlink", "data/dev.csv")
    linked.commit("Unlink")
    told = linked.labelmeta(*asked, str(keys.allowed("ada")), code=None).out
    assert "1 event comes after the last signature" in told
    sealed = the_file(linked).parent / f"{total(linked) - 1}.intoto.json"
    sealed.rename(sealed.with_name(f"{total(linked)}.intoto.json"))
    assert "is not its name" in linked.labelmeta("ledger", "verify", code=1).out
