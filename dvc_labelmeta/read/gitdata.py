"""Records of data that only Git tracks: the blob of a file, the tree of a folder."""

from __future__ import annotations

from collections.abc import Collection, Container, Iterator, Mapping

from dvc_labelmeta.model.snapshot import Place, Record, enclosing
from dvc_labelmeta.read.git import Entry


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
