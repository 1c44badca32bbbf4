"""The stage that runs a person's own migration script; nothing but DVC ever runs one."""

from __future__ import annotations

import posixpath
import re

from dvc_labelmeta.write.splice import plain
from dvc_labelmeta.write.stages import refuse_unsafe, template

FOLDER = "labelmeta/migrations"
NAME = "migration-script"


def script_stage(split: str, layer: str, records: str) -> tuple[str, str, str]:
    """Return path and text of the stage file, and the script that it runs; paths from the root.

    Raises Refused for names that a shell would not take as they are.
    """
    refuse_unsafe(split)
    refuse_unsafe(records)
    folder = f"{FOLDER}/{split}/{layer}"
    script, out = f"{folder}/migrate.py", f"{folder}/records.jsonl"
    cmd = f'python "{script}" "{records}" "{out}"'
    values = {
        "wdir": posixpath.relpath(".", folder),
        "cmd": "'" + cmd.replace("'", "''") + "'",
        "script": plain(script),
        "records": plain(records),
        "out": out,  # in double quotes there; nothing in it needs more
    }
    text = template("stages", f"{NAME}.yaml")
    return f"{folder}/dvc.yaml", re.sub(r"\{\{(\w+)\}\}", lambda one: values[one[1]], text), script
