"""What an erasure did and what stays, as text for a terminal."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from dvc_labelmeta.model.shell import typed
from dvc_labelmeta.report.text import plain

_WHY = {
    "released": "released text of guidelines: changing it changes what labels were made under",
    "ledger": "the ledger: an event cannot be changed",
    "owners": "owners and approvers: name another one there, by hand",
    "records": "records: what people wrote (notes, rationales), ids of items, lines that are no "
    "record; read it, and change it by hand",
    "made": "made by a stage: dvc repro makes it anew",
    "cache": "reports and caches of this machine: rm -r .labelmeta/cache .labelmeta/reports",
    "other": "other files: look at each",
}
_FEW = 10


def redaction_text(told: Mapping[str, Any], id_: str, *, everything: bool) -> str:
    """Return the lines to print.

    everything: what stays is listed, too, where nothing was there to change.
    """
    nothing = told["nothing_to_do"]
    lines = [*(_nothing(id_, everything) if nothing else _done(told))]
    if everything or not nothing:
        lines += _stays(told["stays"])
    return "\n".join(map(plain, lines))


def _nothing(id_: str, everything: bool) -> Iterator[str]:
    """Yield that an identity is unknown here, or was taken out before: that looks the same."""
    yield (
        f"nothing here holds {id_}: no record, entry of annotators.yaml or opening of the ledger "
        "names it"
    )
    if not everything:
        again = f"labelmeta --verbose annotators redact {typed(id_)}"
        yield f"what Git and DVC still hold: {again}"


def _done(told: Mapping[str, Any]) -> Iterator[str]:
    would = "would be" if told["dry_run"] else "is"
    new = told["pseudonym"]
    count = sum(one["records"] for one in told["records"])
    where = f"{_many(count, 'record')} of {_many(len(told['records']), 'file')}"
    yield f"the person {would} {new} in {where}"
    for one in told["records"]:
        yield f"  {one['path']}: {_many(one['records'], 'record')}"
    if told["registry"]:
        yield f"the entry in annotators.yaml {would} reduced to {new}: redacted"
    for commitment in told["openings"]:
        yield f"opening {commitment[:12]} {would} deleted: no event shows any more who acted"
    if told["dry_run"]:
        return
    made = [one["path"] for one in told["records"] if one["stage"]]
    if made:
        yield f"next: dvc commit, as stages make {', '.join(made)}: mend what they make it of, too"


def _stays(stays: Mapping[str, Any]) -> Iterator[str]:
    yield "what stays:"
    yield from _files(stays["files"])
    if stays["unsearched"]:
        yield "  packed files, which cannot be searched for words: look into them"
        yield from _listed(stays["unsearched"])
    yield from _git(stays["git"])
    yield from _dvc(stays["dvc"], stays["remotes"])
    yield "  every clone, fork, download and backup that somebody else has"
    yield "  the key of the pseudonyms (.labelmeta/salt): who has it, and ids of the platform, can"
    yield "    make the old pseudonym again; so does importing the same export again"


def _files(files: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    for why, meaning in _WHY.items():
        found = [one for one in files if one["why"] == why]
        if found:
            yield f"  {meaning}"
        for one in found:
            first, *_ = one["lines"]
            more = f" ({one['count']} times)" if one["count"] > 1 else ""
            yield f"    {one['path']}" + (f":{first}{more}" if first else " (its name)")


def _git(git: Mapping[str, Any]) -> Iterator[str]:
    if git["holding"] or git["authors"] or git["messages"]:
        yield (
            f"  Git's history: {_many(git['holding'], 'commit')} of the newest {git['searched']} "
            f"(of {git['all']}) added or took away such text; {git['authors']} name the person as "
            f"author or committer, {git['messages']} in their message"
        )
        yield from _listed(git["files"])
    if git["refs"]:
        yield f"    reached from {_many(len(git['refs']), 'ref')}:"
        yield from _listed(git["refs"])
    for tag in git["tags"]:
        yield f"    tag {tag} names the person in its text"
    if git["holding"] or git["authors"] or git["messages"] or git["tags"]:
        yield "    only a rewrite of the history removes that, with a tool of its own: git"
        yield "    filter-repo --replace-text FILE --mailmap FILE, then a forced push, deleted refs"
        yield "    and a new clone for everybody. All commits get other hashes: labelmeta link"
        yield "    --repair mends links, anchors of the ledger have to be made anew, and what"
        yield "    earlier events claim of these files cannot be shown any more"


def _dvc(versions: Sequence[Mapping[str, Any]], remotes: Sequence[str]) -> Iterator[str]:
    for one in versions:
        sure = "holds the person" if one["sure"] else "may hold the person"
        where = f": rm {one['cache']}" if one["cache"] else ", not in the cache of this machine"
        yield f"  version {one['md5']} of {one['path']} {sure}{where}"
    if versions and remotes:
        yield f"    the same hashes in remotes: {', '.join(remotes)}"
    if versions:
        yield "    after the commit, dvc gc --workspace (--cloud for remotes) removes all versions"
        yield "    that the working tree does not name, of all data: read its help first"


def _listed(names: Sequence[str]) -> Iterator[str]:
    yield from (f"      {name}" for name in names[:_FEW])
    if len(names) > _FEW:
        yield f"      and {len(names) - _FEW} more"


def _many(count: int, noun: str) -> str:
    return f"{count} {noun}{'s' * (count != 1)}"
