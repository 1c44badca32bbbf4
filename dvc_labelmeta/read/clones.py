"""Bare clones of other repositories that hold guidelines; the only code that uses the network."""

from __future__ import annotations

import os
import shutil
import tempfile

import git

from dvc_labelmeta.errors import LabelMetaError
from dvc_labelmeta.model.config import Config
from dvc_labelmeta.read.source import CLONES, clone_folder, clone_name

_REFS = ("+refs/heads/*:refs/heads/*", "+refs/tags/*:refs/tags/*")
_ENVIRONMENT = {"GIT_TERMINAL_PROMPT": "0"}


def fetch(root: str, config: Config, repo: str) -> str:
    """Clone or update the repository `repo` of `repos:` and return its bare clone's folder.

    Nothing is pruned: a link may name a commit whose branch is gone. Raises LabelMetaError with
    Git's own words when the repository cannot be reached.
    """
    urls = dict(config.repos)
    if repo not in urls:
        raise LabelMetaError(f"labelmeta.yaml lists no repository {repo!r} under `repos:`")
    url = _absolute(root, urls[repo])
    folder = clone_folder(root, config, repo)
    try:
        if folder is None:
            return _clone(root, url, clone_name(repo, urls[repo]))
        with git.Repo(folder) as bare:
            bare.git.update_environment(**_ENVIRONMENT)
            bare.git.fetch(url, *_REFS)
    except git.GitError as error:  # also a URL that GitPython refuses, such as ext::
        words = (getattr(error, "stderr", "") or str(error)).strip()
        reason = words.removeprefix("stderr: ").strip("'")
        raise LabelMetaError(
            f"repository {repo!r} cannot be fetched from {url}: {reason}"
        ) from None
    return folder


def _clone(root: str, url: str, name: str) -> str:
    parent = os.path.join(root, CLONES)
    os.makedirs(parent, exist_ok=True)
    temporary = tempfile.mkdtemp(prefix=".clone-", dir=parent)
    try:
        git.Repo.clone_from(url, temporary, bare=True, env=_ENVIRONMENT).close()
        folder = os.path.join(parent, name)
        os.rename(temporary, folder)
        return folder
    finally:
        shutil.rmtree(temporary, ignore_errors=True)


def _absolute(root: str, url: str) -> str:
    """Return a path from the root as an absolute one; real URLs stay as they are."""
    if "://" in url or (":" in url and not os.path.exists(os.path.join(root, url))):
        return url
    return os.path.normpath(os.path.join(root, url))
