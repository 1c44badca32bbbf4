"""annotators.yaml as text: entries added to what is there, and one reduced to its erasure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from dvc_labelmeta.write.splice import Text, flow, merged, plain

HEAD = "schema: labelmeta/annotators/v1\nannotators:\n"


def added(text: str, current: Any, id_: str, entry: Mapping[str, Any]) -> str:
    """Return the text with another entry, at the end; `current` is the parsed text, if any."""
    if not text.strip():
        lines = [f"    {plain(key)}: {flow(value)}" for key, value in entry.items()]
        empty = "" if lines else " {}"
        return "\n".join([HEAD + f"  {plain(id_)}:{empty}", *lines]) + "\n"
    if not current["annotators"]:
        return Text(text).put(("annotators",), flow({id_: dict(entry)})).text
    return merged(text, current, {"annotators": {id_: dict(entry)}})


def reduced(text: str, id_: str, new: str, day: str) -> str:
    """Return the text in which the entry `id_` says no more than when `new` was erased."""
    return Text(text).exchange(("annotators", id_), new, f'{{redacted: "{day}"}}').text
