"""The folder of caches in .labelmeta/: whether they were made here, and may be written there."""

from __future__ import annotations

import contextlib
import functools
import os
from collections.abc import Iterable

from dvc_labelmeta.errors import LabelMetaError
from dvc_labelmeta.model.config import OWN_FOLDER
from dvc_labelmeta.read.git import Git

_CACHE = f"{OWN_FOLDER}/cache/"


@functools.lru_cache(maxsize=8)
def shipped(root: str) -> bool:
    """Whether Git tracks something where caches are, or a link that leads to them.

    It came with a clone then, from somebody who may say of his own work that it was found sound.
    Git is asked once for each project.
    """
    with contextlib.suppress(LabelMetaError):  # records can be judged outside of a repository
        return are_caches(Git(root).index(f":(icase){OWN_FOLDER}"))
    return False


def are_caches(paths: Iterable[str]) -> bool:
    """Whether any of the paths that Git tracks, from the root, is of a cache, or leads to one."""
    return any(map(_is_cache, (path for path in paths if path[:1] == ".")))  # there may be many


def _is_cache(path: str) -> bool:
    start = f"{path.lower()}/"  # some systems do not tell case
    return start.startswith(_CACHE) or _CACHE.startswith(start)


def prepare(root: str, folder: str) -> None:
    """Make a folder for caches, out of Git's sight; raises OSError where a link leads elsewhere."""
    refuse_link(root, folder)
    os.makedirs(folder, exist_ok=True)
    ignore = os.path.join(root, OWN_FOLDER, ".gitignore")
    with contextlib.suppress(FileExistsError), open(ignore, "xb") as file:
        file.write(b"*\n")


def refuse_link(root: str, folder: str) -> None:
    """Raise OSError where a link leads elsewhere: a repository may hold one, to a home folder."""
    wanted = os.path.join(os.path.realpath(root), os.path.relpath(folder, root))
    if os.path.realpath(folder) != wanted:
        raise OSError(f"{folder} is, or is below, a link")
