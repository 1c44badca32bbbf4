"""From an identity that has to go to files as they shall be, edits and events; nothing written."""

from __future__ import annotations

import json
import os
import shutil
import zlib
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from dvc_labelmeta.cli.events import Telling
from dvc_labelmeta.cli.sources import need_engine, reading
from dvc_labelmeta.errors import Refused, UnreadableFile
from dvc_labelmeta.model.annotators import REGISTRY
from dvc_labelmeta.model.config import OWN_FOLDER
from dvc_labelmeta.model.event import PEOPLE, Draft, person_path
from dvc_labelmeta.model.sidecar import SUFFIX
from dvc_labelmeta.model.snapshot import Snapshot
from dvc_labelmeta.read.digest import records_hash
from dvc_labelmeta.read.files import decode, misfits, parse
from dvc_labelmeta.read.ledger import Disk
from dvc_labelmeta.read.lines import delimiter
from dvc_labelmeta.read.sources import Source, shards, source_of
from dvc_labelmeta.read.traces import pattern
from dvc_labelmeta.write.annotators import reduced
from dvc_labelmeta.write.edits import Edit, content, remove_file, rewriting, write_file
from dvc_labelmeta.write.redaction import Swap, csv, jsonl, opened, packed
from dvc_labelmeta.write.splice import merged

PENDING = f"{OWN_FOLDER}/redacting.json"  # who is being erased, until it is done


class Rewritten(NamedTuple):
    """Records of a layer, or of several: `path` from the root, and what they will be.

    files: where the new content of each file is, by its path on disk. before, after: hashes.
    """

    source: Source
    path: str
    records: int
    before: str
    after: str
    files: Mapping[str, str]


class Plan(NamedTuple):
    """All that one erasure writes. removed: names of people by the commitments that lose them.

    entry: whether the registry has one. words: what may still stand elsewhere.
    """

    swap: Swap
    rewritten: Sequence[Rewritten]
    edits: Sequence[Edit]
    removed: Mapping[str, str]
    entry: bool
    words: tuple[str, ...]
    telling: Telling

    @property
    def empty(self) -> bool:
        """Whether there is nothing to do."""
        return not (self.rewritten or self.removed or self.entry)


def pending(root: str, old: str) -> dict[str, Any]:
    """Return what a killed erasure of this identity had planned, {} for none.

    Raises Refused where somebody else was being erased.
    """
    try:
        known: dict[str, Any] = json.loads(content(root, PENDING) or b"{}")
    except ValueError:
        return {}
    if known and known.get("old") != old:
        raise Refused(
            f"an erasure was not finished: run `labelmeta annotators redact {known.get('old')}` "
            "again first"
        )
    return known


def plan(
    snapshot: Snapshot, swap: Swap, reason: str, day: str, known: Mapping[str, Any], folder: str
) -> Plan:
    """Return what an erasure writes. known: of one that was killed. folder: for new content."""
    root = snapshot.root
    rewritten = _rewritten(snapshot, swap, folder, known.get("files", {}))
    before = content(root, REGISTRY)
    entries = registered(before)
    removed = _people(root, swap.old, entries.get(swap.old, {}).get("person", ""))
    edits = _sidecars(snapshot, rewritten)
    if before is not None and swap.old in entries:
        text = reduced(decode(before), swap.old, swap.new, day)
        edits.append(Edit(REGISTRY, before, text.encode()))
    for commitment in removed:
        path = person_path(commitment)
        edits.append(Edit(path, content(root, path), None))
    _refuse_names(swap.old, [reason, *(one.path for one in rewritten)])
    details: dict[str, Any] = {
        "removed": sorted(removed),
        "files": [
            {"path": one.path, "before": one.before, "after": one.after, "records": one.records}
            for one in rewritten
        ],
    }
    draft = Draft("redacted", f"annotator:{swap.new}", {}, details, reason)
    telling = Telling("redacted", note=reason, drafts=(draft,))
    return Plan(
        swap, rewritten, edits, removed, swap.old in entries, _words(swap.old, removed), telling
    )


def registered(registry: bytes | None) -> dict[str, Any]:
    """Return the entries of annotators.yaml; raises Refused where it does not fit its schema."""
    value = parse(decode(registry)) if registry and registry.strip() else {"annotators": {}}
    if registry and registry.strip() and (problems := misfits("annotators", value)):
        raise Refused(f"{REGISTRY}: {problems[0][1]}")
    return dict(value["annotators"])


def write(root: str, done: Plan) -> None:
    """Put the new content of all files in its place; before that, keep what a second run needs."""
    told = {one.path: {"before": one.before, "records": one.records} for one in done.rewritten}
    value = {"old": done.swap.old, "new": done.swap.new, "files": told}
    write_file(os.path.join(root, PENDING), json.dumps(value).encode())
    for one in done.rewritten:
        for path, new in one.files.items():
            with rewriting(path) as target, open(new, "rb") as source:
                shutil.copyfileobj(source, target)


def finish(root: str) -> None:
    """Forget what was pending, and what the cache knew of records."""
    shutil.rmtree(os.path.join(root, OWN_FOLDER, "cache", "records"), ignore_errors=True)
    remove_file(os.path.join(root, PENDING))


def all_sources(snapshot: Snapshot) -> dict[str, list[Source]]:
    """Return the records of all layers by their path from the root."""
    found: dict[str, list[Source]] = {}
    for one in snapshot.sidecars:
        for layer in one.layers:
            if layer.annotations is not None:
                source = source_of(snapshot, one, layer)
                path = os.path.relpath(source.path, snapshot.root).replace(os.sep, "/")
                found.setdefault(path, []).append(source)
    return found


def _rewritten(
    snapshot: Snapshot, swap: Swap, folder: str, known: Mapping[str, Any]
) -> list[Rewritten]:
    found = []
    for path, (source, *_) in all_sources(snapshot).items():
        try:
            files = shards(source.path, source.format)
        except UnreadableFile as error:
            raise Refused(
                f"{path} {error}; get it first (dvc pull), else the identity would stay in it"
            ) from None
        new, records = {}, 0
        for file in files:
            target = os.path.join(folder, str(len(os.listdir(folder))))
            if count := _copied(source, file, target, swap):
                new[file] = target
                records += count
        told = known.get(path, {})
        if new or told:
            before = told.get("before") or records_hash(source.path, files)
            after = records_hash(source.path, files, new)
            count = told.get("records", records)
            found.append(Rewritten(source, path, count, before, after, new))
    return found


def _copied(source: Source, file: str, target: str, swap: Swap) -> int:
    """Write a file with the identity replaced to `target`; return how many records had it."""
    if source.format == "parquet":
        need_engine()
        from dvc_labelmeta.read.engine import connect  # noqa: PLC0415  # DuckDB is an extra
        from dvc_labelmeta.write.redaction_parquet import parquet  # noqa: PLC0415  # as it

        with reading(source), connect(os.path.dirname(target)) as db:
            return parquet(db, file, target, swap)
    try:
        with opened(file) as old, open(target, "wb") as raw, packed(file, raw) as new:
            if source.format == "csv":
                return csv(old, new, swap, delimiter(file))
            return jsonl(old, new, swap)
    except (OSError, EOFError, zlib.error) as error:
        raise UnreadableFile(f"{file}: cannot be read: {error}") from None


def _people(root: str, old: str, commitment: str) -> dict[str, str]:
    """Return the names that openings tell of a person, by commitment."""
    files, found = Disk(root), {}
    for name in files.names(PEOPLE):
        one = name.removesuffix(".json")
        try:  # one that was changed tells a name as well
            who = str(json.loads(files.read(person_path(one)) or b"")["name"])
        except (ValueError, LookupError, TypeError, RecursionError):
            continue
        parts = {part.casefold() for part in (who, *_parts(who))}
        if one == commitment or old.casefold() in parts:
            found[one] = who
    return found


def _parts(who: str) -> tuple[str, ...]:
    """Return name and mail of "Name <mail>"."""
    name, _, mail = who.partition("<")
    return tuple(filter(None, (name.strip(), mail.strip(" >"))))


def _words(old: str, removed: Mapping[str, str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys([old, *(part for who in removed.values() for part in _parts(who))]))


def _sidecars(snapshot: Snapshot, rewritten: Sequence[Rewritten]) -> list[Edit]:
    """Return the edits of the sidecars that name these records, even if they change nothing.

    What they say of the content of records follows it.
    """
    changed = {one.path: one for one in rewritten}
    layers: dict[str, dict[str, Any]] = {}
    for path, sources in all_sources(snapshot).items():
        for source in sources if path in changed else ():
            assert source.sidecar is not None  # noqa: S101  # for the type checker: of a layer
            layers.setdefault(source.sidecar.split, {})[source.layer_name] = changed[path]
    edits = []
    for split, named in sorted(layers.items()):
        path = split + SUFFIX
        before = content(snapshot.root, path) or b""
        text = decode(before)
        value = parse(text)
        wanted = {
            layer: {"annotations": told}
            for layer, one in named.items()
            if (told := _followed(value["layers"][layer]["annotations"], one))
        }
        after = merged(text, value, {"layers": wanted}).encode() if wanted else before
        edits.append(Edit(path, before, after))
    return edits


def _followed(told: Mapping[str, Any], one: Rewritten) -> dict[str, Any]:
    """Return what a sidecar has to say anew of records: their hash, where it was the one before."""
    found: dict[str, Any] = {}
    if told.get("value") == one.before and told.get("hash", "md5") == "md5":
        found["value"] = one.after
    if told.get("summary", {}).get("value") == one.before:  # it counts people, and names none
        found["summary"] = {"value": one.after}
    return found


def _refuse_names(old: str, texts: Sequence[str]) -> None:
    for text in texts:
        if pattern([old]).search(text.encode(errors="surrogateescape")):
            raise Refused(
                f"{text!r} names the person and would stand in the ledger for good; call the "
                "file (and `path:` in the sidecar), or the reason, otherwise first"
            )
