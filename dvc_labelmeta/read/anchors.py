"""What commit trailers, tags and attestations say about the ledger of a project."""

from __future__ import annotations

from collections.abc import Iterable

from dvc_labelmeta.errors import UnreadableFile
from dvc_labelmeta.model.anchor import (
    ATTESTATIONS,
    TRAILER,
    Anchor,
    anchor_of,
    number,
    said_in,
    tag_prefix,
)
from dvc_labelmeta.model.attestation import (
    SUFFIX,
    NoAttestation,
    envelope,
    pae,
    statement,
)
from dvc_labelmeta.read.git import Objects, Repository
from dvc_labelmeta.read.ledger import Files
from dvc_labelmeta.read.signatures import Judged, Signers
from dvc_labelmeta.read.stored import Stored


def anchors(
    repository: Repository, objects: Objects, files: Files, signers: Signers | None = None
) -> list[Anchor]:
    """Return all anchors: of HEAD's history, all tags, and the attestations among `files`.

    signers: whom to take signatures from; None = signatures are not looked at, which is faster.
    """
    found = [*trailers(repository, objects), *tags(repository, objects)]
    if signers is not None:
        found = with_signatures(objects, signers, found)
    return [*found, *attestations(files, signers)]


def with_signatures(objects: Objects, signers: Signers, found: list[Anchor]) -> list[Anchor]:
    """Return trailers and tags with what Git says of the signatures of their commits and tags.

    Each that is signed costs two processes.
    """
    return [_with_signature(objects, signers, one) for one in found]


def trailers(repository: Repository, objects: Objects, span: str = "") -> list[Anchor]:
    """Return what the trailers of a range of commits say, newest first; "" = HEAD's history.

    Of several in one message, which a squash merge collects, the last one counts, as for Git.
    """
    git = repository.git
    if not repository.head:
        return []
    key = f"%(trailers:key={TRAILER},valueonly,unfold,separator=%x0A)"
    how = ("--basic-regexp", "-i", f"--grep=^{TRAILER}:", "-z", f"--format=%H%n{key}")
    out = git.run("log", *how, span or repository.head, "--").decode(errors="replace")
    lines: list[tuple[str, str]] = []
    for record in filter(None, out.split("\0")):
        commit, *values = record.split("\n")
        of_us = [text for text in filter(str.strip, values) if _is_ours(text, git.prefix)]
        lines += [(commit, text) for text in of_us[-1:]]
    _ask(objects, git.prefix, [commit for commit, _ in lines])
    return [_trailer(objects, git.prefix, commit, text) for commit, text in lines]


def tags(repository: Repository, objects: Objects) -> list[Anchor]:
    """Return what the tags labelmeta/<count> say, the fewest events first."""
    git = repository.git
    start = f"refs/tags/{tag_prefix(git.prefix.rstrip('/'))}"
    # a pattern with a wildcard, as one without names a whole folder
    out = git.text("for-each-ref", "--format=%(refname) %(*objectname) %(objectname)", start + "*")
    found: list[tuple[int, str, str, str]] = []
    for line in out.splitlines():
        name, _, rest = line.partition(" ")
        peeled, object_ = rest.split(" ")
        total = number(name.removeprefix(start))
        if total is not None:
            found.append((total, name.removeprefix("refs/tags/"), peeled, object_))
    found.sort()
    commits = [peeled or object_ for _, _, peeled, object_ in found]
    _ask(objects, git.prefix, [*commits, *(object_ for _, _, _, object_ in found)])
    present = [one for one in commits if _kind(objects, one) == "commit"]
    away = git.outside(present, repository.head) if repository.head else frozenset(present)
    return [
        _tag(objects, git.prefix, total, name, peeled or object_, object_)._replace(
            inside=(peeled or object_) in present and (peeled or object_) not in away
        )
        for total, name, peeled, object_ in found
    ]


def attestations(files: Files, signers: Signers | None = None) -> list[Anchor]:
    """Return what the attestations of a project say, the fewest events first."""
    names = [name for name in files.names(ATTESTATIONS) if name.endswith(SUFFIX)]
    names.sort(key=lambda name: (number(name.removesuffix(SUFFIX)) or 0, name))
    return [_attestation(files, f"{ATTESTATIONS}/{name}", signers) for name in names]


def _attestation(files: Files, path: str, signers: Signers | None) -> Anchor:
    one = Anchor("attestation", path, "")
    try:
        sealed = envelope(files.read(path) or b"")
        said = statement(sealed.payload)
    except (NoAttestation, UnreadableFile) as error:
        return one._replace(fault=str(error))
    one = one._replace(heads=said.heads, total=said.total)
    if number(path.rpartition("/")[2].removesuffix(SUFFIX)) != said.total:
        one = one._replace(fault=f"it states {said.total} events, which is not its name")
    if signers is None:
        return one
    message = pae(sealed.payload)
    return _signed(one, [signers.of_ssh(s.content, message, said.at) for s in sealed.signatures])


def _signed(one: Anchor, judged: list[Judged]) -> Anchor:
    """Add what became of the signatures: one that is good is enough, as DSSE has it."""
    for grade in ("good", "bad", "unknown"):
        by = [each.by for each in judged if each.grade == grade]
        if by:
            return one._replace(signature=grade, signed=", ".join(filter(None, by)))
    return one._replace(signature="none")


def _with_signature(objects: Objects, signers: Signers, one: Anchor) -> Anchor:
    tag = one.kind == "tag"
    found = objects.get(f"refs/tags/{one.name}" if tag else one.commit)
    head, _, message = (found[2] if found else b"").partition(b"\n\n")
    mark = b"\n-----BEGIN " if tag else b"\ngpgsig"
    if mark not in (b"\n" + message if tag else head):
        return one._replace(signature="none")
    name = f"refs/tags/{one.name}" if tag else one.commit
    return _signed(one, [signers.of_git("verify-tag" if tag else "verify-commit", name)])


def _is_ours(text: str, prefix: str) -> bool:
    """Whether a trailer speaks of this project; what cannot be read may."""
    said = anchor_of(text)
    return said is None or said.folder == prefix.rstrip("/")


def _trailer(objects: Objects, prefix: str, commit: str, text: str) -> Anchor:
    said = anchor_of(text)
    one = Anchor("trailer", commit, commit, held=Stored(objects, commit, prefix).heads())
    if said is None:
        return one._replace(fault=f"its trailer {TRAILER} says {text.strip()[:60]!r}")
    return one._replace(heads=said.heads, total=said.total)


def _tag(objects: Objects, prefix: str, total: int, name: str, commit: str, object_: str) -> Anchor:
    one = Anchor("tag", name, commit, total=total, held=Stored(objects, commit, prefix).heads())
    found = objects.get(object_)
    if found is None or found[1] != "tag":
        return one._replace(fault="it is no annotated tag, so it says nothing")
    said = said_in(_message(found[2]), prefix.rstrip("/"))
    if _kind(objects, commit) not in ("commit", ""):  # "": a shallow clone does not have it
        return one._replace(fault="it is on no commit")
    if len(said) != 1 or said[0] is None:
        return one._replace(fault=f"its message holds no {TRAILER} that can be read")
    one = one._replace(heads=said[0].heads)
    if said[0].total != total:
        return one._replace(fault=f"its message says {said[0].total} events, its name {total}")
    return one


def _message(content: bytes) -> str:
    """Return the message of a tag without its signature."""
    message = content.decode(errors="replace").partition("\n\n")[2]
    return ("\n" + message).partition("\n-----BEGIN ")[0]


def _kind(objects: Objects, name: str) -> str:
    found = objects.get(name)
    return found[1] if found else ""


def _ask(objects: Objects, prefix: str, revs: Iterable[str]) -> None:
    Stored(objects, "", prefix).ask_heads([*dict.fromkeys(revs)])
