"""Whether the caches in .labelmeta/ were made here: what they tell of is not judged again."""

from __future__ import annotations

import contextlib
import functools

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
        return any(map(_is_cache, Git(root).index(f":(icase){OWN_FOLDER}")))
    return False


def _is_cache(path: str) -> bool:
    start = f"{path.lower()}/"  # some systems do not tell case
    return start.startswith(_CACHE) or _CACHE.startswith(start)
