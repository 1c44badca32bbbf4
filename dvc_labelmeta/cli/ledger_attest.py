"""`ledger attest`: a signed in-toto statement of the ledger's heads and length, as a file."""

from __future__ import annotations

import os
from typing import Annotated

import typer

from dvc_labelmeta import __version__
from dvc_labelmeta.cli.common import DryRun, actor, carry_out, quiet, root_of
from dvc_labelmeta.cli.events import stamp
from dvc_labelmeta.cli.ledger_anchor import said_of
from dvc_labelmeta.errors import Refused
from dvc_labelmeta.model.anchor import Said
from dvc_labelmeta.model.attestation import (
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
from dvc_labelmeta.read.git import Repository, open_repository
from dvc_labelmeta.read.ledger import Disk
from dvc_labelmeta.read.signatures import NAMESPACE, Signers
from dvc_labelmeta.read.source import find_root
from dvc_labelmeta.report.text import plain
from dvc_labelmeta.write.edits import Edit, content, lock
from dvc_labelmeta.write.signing import sign

EXAMPLE = "Example: labelmeta ledger attest --key ~/.ssh/id_ed25519"


def attest(
    context: typer.Context,
    key: Annotated[
        str,
        typer.Option(
            help="File of an SSH key; default: user.signingkey, where Git signs with SSH.",
            metavar="FILE",
            show_default=False,
        ),
    ] = "",
    out: Annotated[
        str,
        typer.Option(
            help="Where to; default: labelmeta/attestations/COUNT.intoto.json.",
            metavar="FILE",
            show_default=False,
        ),
    ] = "",
    dry_run: DryRun = False,
) -> None:
    """Sign the ledger's heads and number of events with an SSH key, for others to keep.

    Writes an in-toto statement in a DSSE envelope. Run again with another key, it adds that
    signature. `labelmeta ledger verify` reads what is in labelmeta/attestations/.
    """
    root = find_root(root_of(context))
    repository = open_repository(root)
    with lock(root):
        said = said_of(Disk(root), repository)
        path = os.path.abspath(out or os.path.join(root, attestation_path(said.total)))
        inside = path.startswith(root + os.sep)
        folder = root if inside else os.path.dirname(path)
        name = os.path.relpath(path, folder).replace(os.sep, "/")
        before = content(folder, name)
        one = _unsigned(context, root, said) if before is None else _known(path, before, said)
        made = sign(
            pae(one.payload), key or _key(repository), NAMESPACE, Signers(repository).program
        )
        if made.key in {each.key for each in one.signatures}:
            if not quiet(context):
                typer.echo(plain(f"{name} is signed by {made.key} already"))
            return
        after = enveloped(
            one._replace(signatures=(*one.signatures, Signature(made.key, made.content)))
        )
        carry_out(context, folder, [Edit(name, before, after)], dry_run=dry_run)
    if not quiet(context):
        typer.echo(plain(f"{'would be ' if dry_run else ''}signed by {made.key}"))


def _unsigned(context: typer.Context, root: str, said: Said) -> Envelope:
    at = stamp(root, actor(context)).at
    told = Statement(said.heads, said.total, at)
    return Envelope(payload(told, f"dvc-labelmeta {__version__}"))


def _known(path: str, before: bytes, said: Said) -> Envelope:
    """Return the envelope that is there, to which a signature is added."""
    try:
        one = envelope(before)
        old = statement(one.payload)
    except NoAttestation as error:
        raise Refused(f"{path} is there, and {error}; move it away, or give --out") from None
    if (old.heads, old.total) != (tuple(sorted(said.heads)), said.total):
        raise Refused(f"{path} is there and states another ledger; find out who made it")
    return one


def _key(repository: Repository) -> str:
    """Return the key that Git signs with; raises Refused where it signs with no SSH key."""
    values = [
        repository.git.run("config", *kind, "--get", name, ok=(0, 1))
        for name, kind in (("gpg.format", ()), ("user.signingkey", ("--type=path",)))
    ]
    format_, key = (value.decode(errors="surrogateescape").strip() for value in values)
    if format_ != "ssh" or not key:
        raise Refused(
            "no SSH key to sign with: give --key FILE, or have Git sign with one (git config "
            "gpg.format ssh && git config user.signingkey ~/.ssh/id_ed25519.pub)"
        )
    return key
