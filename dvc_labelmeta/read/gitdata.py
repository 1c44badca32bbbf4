"""Records of data that only Git tracks: the blob of a file, the tree of a folder."""

from __future__ import annotations

from collections.abc import Mapping

from dvc_labelmeta.model.snapshot import Place, Record
from dvc_labelmeta.read.git import Entry


def record(index: Mapping[str, Entry], path: str, *, dirty: bool) -> Record | None:
    """Return the record of a file or folder in the index; None where Git has nothing there.

    `dirty`: the working tree differs from the index, so that the data has no hash yet.
    """
    entry = index.get(path)
    if entry is not None:
        return Record(path, "git", "" if dirty else entry.object, Place(path))
    below = {p[len(path) + 1 :]: e for p, e in index.items() if p.startswith(path + "/")}
    if not below:
        return None
    value = "" if dirty else tree_hash(below)
    return Record(path, "git", value, Place(path), nfiles=len(below), folder=True)


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
