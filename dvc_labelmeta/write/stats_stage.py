"""The stage that writes statistics of annotation records as DVC metrics and plots."""

from __future__ import annotations

import os
import posixpath
import re

from dvc_labelmeta.write.splice import plain
from dvc_labelmeta.write.stages import refuse_unsafe, template, templates_folder

FOLDER = "labelmeta/stats"
NAME = "annotation-stats"


def stage_files(split: str, layer: str, records: str, sidecar: str) -> dict[str, str]:
    """Return {path: text} of the stage file and of the plot templates; all paths from the root.

    DVC looks for plot templates in `.dvc/plots`. Raises Refused for names that a shell would not
    take as they are.
    """
    refuse_unsafe(split)
    folder = f"{FOLDER}/{split}/{layer}"
    cmd = (
        f'labelmeta annotations stats --layer "{layer}" --metrics "{folder}/metrics.json" '
        f'--plots "{folder}/plots" -- "{split}"'
    )
    values = {
        "wdir": posixpath.relpath(".", folder),
        "cmd": "'" + cmd.replace("'", "''") + "'",
        "records": plain(records),
        "sidecar": plain(sidecar),
        "plots": f"{folder}/plots",  # in double quotes there; nothing in it needs more
        "metrics": f"{folder}/metrics.json",
    }
    text = template("stages", f"{NAME}.yaml")
    filled = re.sub(r"\{\{(\w+)\}\}", lambda one: values[one[1]], text)
    names = sorted(os.listdir(os.path.join(templates_folder(), "plots")))
    looks = {f".dvc/plots/labelmeta-{name}": template("plots", name) for name in names}
    return {f"{folder}/dvc.yaml": filled, **looks}
