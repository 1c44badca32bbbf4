"""What Git says of data: the hash of what only Git tracks, and which hash a merge made."""

from __future__ import annotations

from collections.abc import Collection, Container, Iterable, Iterator, Mapping

from dvc_labelmeta.model.sidecar import Sidecar
from dvc_labelmeta.model.snapshot import Place, Record, enclosing
from dvc_labelmeta.read.git import Entry, Repository
from dvc_labelmeta.read.source import Source


def records(
    index: Mapping[str, Entry], paths: Collection[str], dirty: Container[str]
) -> Iterator[Record]:
    """Yield the records of those of `paths` (files or folders) that are in the index.

    `dirty`: where the working tree differs from the index, so that the data has no hash yet.
    """
    below = _below(index, {path for path in paths if path not in index})
    for path in paths:
        if path in index:
            value = "" if path in dirty else index[path].object
            yield Record(path, "git", value, Place(path))
        elif path in below:
            value = "" if path in dirty else tree_hash(below[path])
            count = len(below[path])
            yield Record(path, "git", value, Place(path), nfiles=count, folder=True)


def with_merges(
    records: Mapping[str, Record], sidecars: Iterable[Sidecar], source: Source, there: Repository
) -> dict[str, Record]:
    """Mark data whose present hash was made by a merge; asked only where the link differs."""
    found, changed = dict(records), dict[str, Record]()
    for one in sidecars:
        record = records.get(one.split)
        if record is None or record.value == one.data.value or record.stage is not None:
            continue
        path = record.place.path
        if there.head and path.endswith(".dvc") and not source.dirty([path]):
            changed[path] = record
    for path in there.git.merged(changed, there.head):
        newest = there.git.introduced(path, there.head)
        if newest is not None and len(newest[1]) > 1:
            record = changed[path]
            found[record.path] = record._replace(merged_in=newest[0])
    return found


def _below(index: Mapping[str, Entry], folders: Container[str]) -> dict[str, dict[str, Entry]]:
    """Return what the index holds in each folder; one walk, however many folders there are."""
    found: dict[str, dict[str, Entry]] = {}
    for path, entry in index.items() if folders else ():
        for folder in enclosing(path):
            if folder in folders:
                found.setdefault(folder, {})[path[len(folder) + 1 :]] = entry
    return found


def tree_hash(entries: Mapping[str, Entry]) -> str:
    """Return Git's tree hash of index entries by path, as `git write-tree` would.

    Format: https://git-scm.com/book/en/v2/Git-Internals-Git-Objects; names sort as bytes, and
    folders as if they ended with "/".
    """
    folders: dict[str, dict[str, Entry]] = {}
    rows: list[tuple[bytes, bytes]] = []
    for path, entry in entries.items():
        name, slash, rest = path.partition("/")
        if slash:
            folders.setdefault(name, {})[rest] = entry
        else:
            raw = name.encode(errors="surrogateescape")
            rows.append((raw, _row(entry.mode, raw, entry.object)))
    for name, inner in folders.items():
        raw = name.encode(errors="surrogateescape")
        rows.append((raw + b"/", _row("40000", raw, tree_hash(inner))))
    body = b"".join(row for _, row in sorted(rows))
    wide = len(next(iter(entries.values())).object) == 64
    import hashlib  # noqa: PLC0415  # OpenSSL starts slowly; most data is DVC's

    algorithm = hashlib.sha256 if wide else hashlib.sha1
    return algorithm(b"tree %d\0" % len(body) + body).hexdigest()


def _row(mode: str, name: bytes, object_: str) -> bytes:
    return mode.encode() + b" " + name + b"\0" + bytes.fromhex(object_)
