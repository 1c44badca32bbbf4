"""A release as text: what guideline.yaml, the releases file and the changelog say afterwards."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

from dvc_labelmeta.write.splice import Text, flow, merged, quoted

_ENTRY = re.compile(r"^## ", re.MULTILINE)


def released_guideline(text: str, wanted: Mapping[str, Any]) -> str:
    """Return a guideline.yaml with new values of some fields; all else stays as it is.

    A field that was not there comes below `status`.
    """
    spliced = Text(text)
    for key, value in reversed(list(wanted.items())):
        source = quoted(value) if isinstance(value, str) else flow(value)
        if spliced.node((key,)) is None:
            spliced = spliced.insert_after(("status",), key, source)
        else:
            spliced = spliced.put((key,), source)
    return spliced.text


def releases_file(text: str, current: Any, entries: Mapping[str, Mapping[str, Any]]) -> str:
    """Return a releases file with entries added or completed, by version; text: "" for none."""
    if text:
        return merged(text, current, {"releases": entries})
    lines = ["schema: labelmeta/releases/v1", "releases:"]
    for version, entry in entries.items():
        lines.append(f"  {quoted(version)}:")
        for key, value in entry.items():
            if value is not None:
                source = quoted(value) if isinstance(value, str) else flow(value)
                lines.append(f"    {key}: {source}")
    return "\n".join([*lines, ""])


def changelog(text: str, id_: str, version: str, body: Iterable[str]) -> str:
    """Return a changelog with an entry on top, in place of one of the same version."""
    head, *entries = _ENTRY.split(text or f"# Changes of {id_}\n\n")
    entry = "\n".join([version, "", *body, "", ""])
    others = [one for one in entries if one.split("\n", 1)[0] != version]
    return "## ".join([head, entry, *others])


def archived(folder: str, version: str, files: Mapping[str, bytes]) -> dict[str, bytes]:
    """Return the files of a version by the path under which they are kept."""
    return {f"{folder}/{version}/{name}": content for name, content in files.items()}
