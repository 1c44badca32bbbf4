"""Files as Git keeps them: a checkout may have other line ends (`core.autocrlf`, `text`)."""

from __future__ import annotations

import hashlib
import os

from dvc_labelmeta.read.git import Git

_CRLF = b"\r\n"


def committed(full: str, content: bytes) -> bytes:
    """Return the bytes that Git would keep of a file with this content: mostly the same ones.

    full: its path on disk. Git is asked only where there is a line end that it may change; what
    other filters make of a file (LFS) is not looked at.
    """
    if _CRLF not in content:
        return content
    git, name = Git(os.path.dirname(full)), os.path.basename(full)
    if _stays(git, name):
        return content
    kept = content.replace(_CRLF, b"\n")
    blob = git.run("hash-object", "--stdin", "--path", name, stdin=content, ok=(0, 128))
    return kept if blob.decode().strip() == _blob(kept, len(blob.strip())) else content


def _stays(git: Git, name: str) -> bool:
    """Return whether Git has this file with such line ends, and leaves them as they are.

    `hash-object` does not look at that: only an attribute that says text changes them.
    """
    told = git.run("ls-files", "--eol", "--", f":(literal){name}", ok=(0, 128)).decode(
        errors="surrogateescape"
    )
    fields = told.partition("\t")[0].split()
    index, attributes = fields[0] if fields else "", " ".join(fields[2:])
    says_text = {"attr/text", "attr/text eol=lf", "attr/text eol=crlf"}
    return index in {"i/crlf", "i/mixed"} and attributes not in says_text


def _blob(content: bytes, width: int) -> str:
    digest = hashlib.new("sha1" if width == 40 else "sha256", usedforsecurity=False)
    digest.update(b"blob %d\0" % len(content))
    digest.update(content)
    return digest.hexdigest()
