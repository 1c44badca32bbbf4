"""New guidelines from templates, and their entry in labelmeta.yaml."""

from __future__ import annotations

import os
import re
from typing import Any

from dvc_labelmeta.errors import LabelMetaError, Refused
from dvc_labelmeta.model.schema import ID
from dvc_labelmeta.write.splice import Text, plain
from dvc_labelmeta.write.stages import templates_folder


def tasks() -> list[str]:
    """Return the tasks there is a guideline template for."""
    return sorted(os.listdir(os.path.join(templates_folder(), "guidelines")))


def refuse_bad_id(id_: str) -> None:
    """Raise Refused for an id that could not be a file name everywhere."""
    if not re.match(ID, id_):
        raise Refused(f"{id_!r} is no id: use letters, digits, dots, dashes and underscores")


def from_template(id_: str, task: str) -> dict[str, bytes]:
    """Return the files of a new guideline by path from the root."""
    if task not in tasks():
        raise LabelMetaError(
            f"there is no guideline template {task!r}; there are {', '.join(tasks())}"
        )
    folder = os.path.join(templates_folder(), "guidelines", task)
    files = {}
    for name in sorted(os.listdir(folder)):
        with open(os.path.join(folder, name), encoding="utf-8") as file:
            files[f"guidelines/{id_}/{name}"] = file.read().replace("{{id}}", id_).encode()
    return files


def listed(text: str, current: Any, id_: str, path: str) -> str:
    """Return labelmeta.yaml with a guideline added; raises Refused where the id is taken."""
    known = current.get("guidelines") if isinstance(current, dict) else None
    entry = f"{{path: {plain(path)}}}"
    if isinstance(known, dict) and id_ in known:
        raise Refused(f"labelmeta.yaml lists a guideline {id_!r} already")
    spliced = Text(text)
    if known:
        return spliced.insert(("guidelines",), id_, entry).text
    if known == {}:
        node = spliced.node(("guidelines",))
        spot = (node.start_mark.index, node.end_mark.index)
        return spliced.replaced(*spot, f"{{{plain(id_)}: {entry}}}").text
    return text + ("" if text.endswith("\n") else "\n") + f"guidelines:\n  {plain(id_)}: {entry}\n"
