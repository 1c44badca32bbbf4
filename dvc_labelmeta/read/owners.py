"""Who owns what by CODEOWNERS: of a working tree, of a commit, of a project below the top level."""

from __future__ import annotations

from collections.abc import Callable

from dvc_labelmeta.errors import UnreadableFile
from dvc_labelmeta.model.codeowners import CODEOWNERS, Ownership, codeowners
from dvc_labelmeta.read.files import decode
from dvc_labelmeta.read.git import Objects


def codeowners_in(read: Callable[[str], bytes | None]) -> tuple[Ownership, ...]:
    """Return the lines of the first CODEOWNERS file that is there.

    read: the content of a file by its path from the top level, None where there is none.
    """
    try:
        return codeowners_of(next((one for one in map(read, CODEOWNERS) if one is not None), b""))
    except UnreadableFile:
        return ()


def codeowners_at(objects: Objects, commit: str) -> tuple[Ownership, ...]:
    """Return the lines of CODEOWNERS of a commit."""
    return codeowners_in(lambda path: objects.blob(f"{commit}:{path}"))


def codeowners_of(content: bytes | None) -> tuple[Ownership, ...]:
    """Return the lines of a CODEOWNERS file; one that cannot be read names nobody."""
    try:
        return codeowners(decode(content or b""))
    except UnreadableFile:
        return ()
