"""The object that a guideline will have once what is planned is committed."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Mapping

from dvc_labelmeta.read.git import Git


def object_of(git: Git, head: str, path: str, planned: Mapping[str, bytes]) -> str:
    """Return the tree (of a folder) or blob that `path` will be, all that is there being added.

    planned: contents that are not written yet, by path from the root. Git itself makes it, with
    the filters and ignores of the project, in an index and an object store that are thrown away.
    """
    with tempfile.TemporaryDirectory() as folder:
        env = {
            "GIT_INDEX_FILE": os.path.join(folder, "index"),
            "GIT_OBJECT_DIRECTORY": folder,
            "GIT_ALTERNATE_OBJECT_DIRECTORIES": os.path.join(
                os.path.realpath(git.folder), git.text("rev-parse", "--git-path", "objects")
            ),
        }
        if head:
            git.run("read-tree", head, env=env)
        git.run("add", "--all", "--", f":(top,literal){git.above(path)}", env=env)
        for name, content in planned.items():
            listed = git.run("ls-files", "-s", "--", f":(literal){name}", env=env)
            blob = git.run("hash-object", "-w", "--stdin", "--path", name, stdin=content, env=env)
            spot = f"{listed.decode().split(' ')[0]},{blob.decode().strip()},{git.above(name)}"
            git.run("update-index", "--cacheinfo", spot, env=env)
        if path in planned:
            return blob.decode().strip()
        tree = git.run("write-tree", "--missing-ok", f"--prefix={git.above(path)}/", env=env)
        return tree.decode().strip()
